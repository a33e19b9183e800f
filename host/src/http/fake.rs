//! A scripted platform on a loopback port, for tests: it can answer, break off, or hang.
//!
//! It speaks just enough HTTP/1.1 to do what no proper server library would.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Seen {
    /// A header by its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn is_token_request(&self) -> bool {
        self.target == "/api/v2/oauth/token"
    }
}

/// What the platform does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// Answers properly.
    Proper { status: u16, headers: Vec<(&'static str, String)>, body: String },
    /// Sends these bytes and ends the connection.
    Raw(String),
    /// Never answers.
    Hang,
}

/// A proper answer.
pub(crate) fn answer(status: u16, body: impl Into<String>) -> Answer {
    Answer::Proper { status, headers: Vec::new(), body: body.into() }
}

impl Answer {
    /// The same with a header more.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        if let Self::Proper { headers, .. } = &mut self {
            headers.push((name, value.into()));
        }
        self
    }

    fn bytes(self) -> Option<String> {
        match self {
            Self::Proper { status, headers, body } => {
                let headers = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect::<String>();
                Some(format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()))
            }
            Self::Raw(bytes) => Some(bytes),
            Self::Hang => None,
        }
    }
}

type Handler = Box<dyn FnMut(&Seen) -> Answer + Send>;

/// The platform. It ends when this is dropped.
pub(crate) struct Fake {
    pub(crate) url: String,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

struct Shared {
    handler: Mutex<Handler>,
    seen: Mutex<Vec<Seen>>,
    connections: AtomicU32,
}

impl Fake {
    /// A platform that grants tokens ("token-1", "token-2", ...) and answers everything else by `handler`.
    pub(crate) async fn start(mut handler: impl FnMut(&Seen) -> Answer + Send + 'static) -> Self {
        let mut tokens = 0;
        Self::without_tokens(move |seen| {
            if !seen.is_token_request() {
                return handler(seen);
            }
            tokens += 1;
            answer(200, format!(r#"{{"access_token": "token-{tokens}", "expires_in": 3600}}"#))
        })
        .await
    }

    /// A platform that answers everything by `handler`, also requests for tokens.
    pub(crate) async fn without_tokens(handler: impl FnMut(&Seen) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            handler: Mutex::new(Box::new(handler)),
            seen: Mutex::default(),
            connections: AtomicU32::new(0),
        });
        let server = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self { url, shared, server }
    }

    /// All requests so far, but those for tokens.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.all_seen().iter().filter(|seen| !seen.is_token_request()).cloned().collect()
    }

    /// All requests so far.
    pub(crate) fn all_seen(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.shared.seen.lock().unwrap()
    }

    pub(crate) fn connections(&self) -> u32 {
        self.shared.connections.load(Ordering::Relaxed)
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        shared.connections.fetch_add(1, Ordering::Relaxed);
        connections.spawn(serve(stream, Arc::clone(&shared)));
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let mut stream = BufReader::new(stream);
    while let Some(seen) = read_request(&mut stream).await {
        shared.seen.lock().unwrap().push(seen.clone());
        let answer = (shared.handler.lock().unwrap())(&seen);
        let ends = matches!(answer, Answer::Raw(_));
        let Some(bytes) = answer.bytes() else { return std::future::pending().await };
        if stream.write_all(bytes.as_bytes()).await.is_err() || ends {
            return;
        }
    }
}

async fn read_request(stream: &mut BufReader<TcpStream>) -> Option<Seen> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|&length| length > 0)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut seen = Seen { method, target, headers, body: String::new() };
    let length = seen.header("content-length").map_or(0, |length| length.parse::<usize>().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    seen.body = String::from_utf8(body).unwrap();
    Some(seen)
}
