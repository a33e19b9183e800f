//! The control socket: `paced pause|resume|release` talk to a running daemon through it.
//!
//! A Unix socket in the data directory, one JSON line each way. Who may write to the directory may command the daemon;
//! nobody else can reach it.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use paced_core::people::Command;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::campaign::Order;

/// The socket's name in the data directory.
const FILE_NAME: &str = "paced.sock";
/// Longest line taken from a client, and from a daemon.
const MAX_LINE_BYTES: u64 = 4096;
/// Clients served at once.
const MAX_CLIENTS: usize = 8;
/// Time, by the wall, for one exchange.
const EXCHANGE: Duration = Duration::from_secs(10);

/// Where each campaign's commands go.
pub type Routes = Arc<HashMap<String, mpsc::Sender<Order>>>;

#[derive(Debug, Serialize, Deserialize)]
struct Request {
    command: Command,
    campaign: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Reply {
    ok: bool,
    message: String,
}

/// A command did not reach the daemon, or was refused.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Nothing listens.
    #[error("no paced is running on {}: {source}", path.display())]
    NotRunning {
        /// The socket.
        path: PathBuf,
        /// What connecting said.
        source: io::Error,
    },
    /// The daemon did not answer.
    #[error("the running paced did not answer: {0}")]
    NoAnswer(String),
    /// The daemon refused.
    #[error("{0}")]
    Refused(String),
}

/// Listens in `data_dir` until the task is aborted.
///
/// # Errors
/// The socket can't be made, for one because its path is longer than the system allows (about 100 bytes).
pub fn listen(data_dir: &Path, routes: Routes) -> io::Result<JoinHandle<()>> {
    let path = data_dir.join(FILE_NAME);
    // Whoever holds the data directory's lock may replace a socket that a killed daemon left.
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    Ok(tokio::spawn(accept(listener, routes)))
}

async fn accept(listener: UnixListener, routes: Routes) {
    let places = Arc::new(Semaphore::new(MAX_CLIENTS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let routes = Arc::clone(&routes);
                tokio::spawn(async move {
                    // A client that goes away or takes too long only loses its own answer.
                    let _ = tokio::time::timeout(EXCHANGE, serve(stream, &routes)).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(event = "control_failed", message = %error);
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn serve(mut stream: UnixStream, routes: &Routes) -> io::Result<()> {
    let line = read_line(&mut stream).await?;
    let result = match serde_json::from_str(&line) {
        Ok(request) => forward(request, routes).await,
        Err(error) => Err(format!("not a command: {error}")),
    };
    let (ok, message) = match result {
        Ok(message) => (true, message),
        Err(message) => (false, message),
    };
    write_line(&mut stream, &Reply { ok, message }).await
}

async fn forward(request: Request, routes: &Routes) -> Result<String, String> {
    let Some(batch) = routes.get(&request.campaign) else {
        return Err(format!("campaign `{}` is not in this paced's configuration", request.campaign));
    };
    let (reply, answer) = oneshot::channel();
    let order = Order { campaign: request.campaign, command: request.command, reply };
    batch.send(order).await.map_err(|_| "paced is stopping".to_owned())?;
    answer.await.unwrap_or_else(|_| Err("paced is stopping".to_owned()))
}

async fn read_line(stream: &mut UnixStream) -> io::Result<String> {
    let mut line = String::new();
    BufReader::new(stream.take(MAX_LINE_BYTES)).read_line(&mut line).await?;
    Ok(line)
}

async fn write_line(stream: &mut UnixStream, value: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    stream.shutdown().await
}

/// Sends a command to the daemon that runs on `data_dir`, and gives its answer.
///
/// # Errors
/// No daemon runs there, it does not answer, or it refuses.
pub async fn send(data_dir: &Path, command: Command, campaign: &str) -> Result<String, ControlError> {
    let path = data_dir.join(FILE_NAME);
    let mut stream =
        UnixStream::connect(&path).await.map_err(|source| ControlError::NotRunning { path: path.clone(), source })?;
    let exchange = async {
        write_request(&mut stream, command, campaign).await?;
        read_line(&mut stream).await
    };
    let line = match tokio::time::timeout(EXCHANGE, exchange).await {
        Ok(line) => line.map_err(|error| ControlError::NoAnswer(error.to_string()))?,
        Err(_) => return Err(ControlError::NoAnswer(format!("nothing came within {} s", EXCHANGE.as_secs()))),
    };
    let reply: Reply = serde_json::from_str(&line).map_err(|error| ControlError::NoAnswer(error.to_string()))?;
    if reply.ok { Ok(reply.message) } else { Err(ControlError::Refused(reply.message)) }
}

async fn write_request(stream: &mut UnixStream, command: Command, campaign: &str) -> io::Result<()> {
    let mut line = serde_json::to_vec(&Request { command, campaign: campaign.to_owned() })?;
    line.push(b'\n');
    stream.write_all(&line).await
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn daemon(data_dir: &Path) -> JoinHandle<()> {
        let (sender, mut orders) = mpsc::channel::<Order>(1);
        tokio::spawn(async move {
            while let Some(order) = orders.recv().await {
                let reply = match order.command {
                    Command::Pause => Ok(format!("pausing {}", order.campaign)),
                    _ => Err("not now".to_owned()),
                };
                order.reply.send(reply).unwrap();
            }
        });
        listen(data_dir, Arc::new(HashMap::from([("7".to_owned(), sender)]))).unwrap()
    }

    #[tokio::test]
    async fn a_command_reaches_its_campaign_and_the_answer_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        let _daemon = daemon(dir.path()).await;
        assert_eq!(send(dir.path(), Command::Pause, "7").await.unwrap(), "pausing 7");
        let refused = send(dir.path(), Command::Resume, "7").await.unwrap_err();
        assert_eq!(refused.to_string(), "not now");
        let unknown = send(dir.path(), Command::Pause, "8").await.unwrap_err();
        assert_eq!(unknown.to_string(), "campaign `8` is not in this paced's configuration");
    }

    #[tokio::test]
    async fn a_socket_left_by_a_killed_daemon_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        drop(std::os::unix::net::UnixListener::bind(dir.path().join(FILE_NAME)).unwrap());
        assert!(matches!(send(dir.path(), Command::Pause, "7").await, Err(ControlError::NotRunning { .. })));
        let _daemon = daemon(dir.path()).await;
        assert!(send(dir.path(), Command::Pause, "7").await.is_ok());
    }

    #[tokio::test]
    async fn a_line_that_is_no_command_is_answered_as_such() {
        let dir = tempfile::tempdir().unwrap();
        let _daemon = daemon(dir.path()).await;
        let mut stream = UnixStream::connect(dir.path().join(FILE_NAME)).await.unwrap();
        stream.write_all(b"hello\n").await.unwrap();
        let reply: Reply = serde_json::from_str(&read_line(&mut stream).await.unwrap()).unwrap();
        assert!(!reply.ok && reply.message.starts_with("not a command"));
    }
}
