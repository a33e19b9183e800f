//! Connections that can be cut: reset before an answer, or closed in the middle of a body.
//!
//! A handler can't do either: whatever it returns, the server sends whole. So each connection carries a [`Cut`], which
//! the handler arms and the next write obeys.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::platform::lock;

/// Most connections open at once; further ones wait to be accepted.
const MAX_CONNECTIONS: usize = 4_096;

/// What the next writes of a connection are to do.
#[derive(Clone, Debug, Default)]
pub(super) struct Cut(Arc<Mutex<Plan>>);

#[derive(Clone, Copy, Debug, Default)]
enum Plan {
    /// Write.
    #[default]
    Whole,
    /// Reset the connection.
    Reset,
    /// Write the head, of whose blank line `matched` bytes have been seen, then `body` bytes.
    Head { matched: usize, body: usize },
    /// Write so many bytes, then close.
    Body(usize),
}

const BLANK_LINE: &[u8; 4] = b"\r\n\r\n";

impl Cut {
    /// Resets the connection instead of answering.
    pub(super) fn reset(&self) {
        *lock(&self.0) = Plan::Reset;
    }

    /// Closes the connection after so many bytes of the next answer's body.
    pub(super) fn after_body_bytes(&self, body: usize) {
        *lock(&self.0) = Plan::Head { matched: 0, body };
    }
}

impl Plan {
    /// How many of these bytes may be written.
    fn allows(self, bytes: &[u8]) -> usize {
        match self {
            Self::Whole => bytes.len(),
            Self::Reset => 0,
            Self::Body(left) => left.min(bytes.len()),
            Self::Head { matched, body } => match end_of_head(bytes, matched) {
                Ok(end) => (end + body).min(bytes.len()),
                Err(_) => bytes.len(),
            },
        }
    }

    /// The plan after these bytes were written.
    fn after(self, bytes: &[u8]) -> Self {
        match self {
            Self::Whole | Self::Reset => self,
            Self::Body(left) => Self::Body(left.saturating_sub(bytes.len())),
            Self::Head { matched, body } => match end_of_head(bytes, matched) {
                Ok(end) => Self::Body(body.saturating_sub(bytes.len() - end)),
                Err(matched) => Self::Head { matched, body },
            },
        }
    }
}

/// Where the head ends in `bytes`, or how much of the blank line has been seen at their end.
fn end_of_head(bytes: &[u8], mut matched: usize) -> Result<usize, usize> {
    for (place, byte) in bytes.iter().enumerate() {
        matched = match (*byte == BLANK_LINE[matched], *byte) {
            (true, _) => matched + 1,
            (false, b'\r') => 1,
            (false, _) => 0,
        };
        if matched == BLANK_LINE.len() {
            return Ok(place + 1);
        }
    }
    Err(matched)
}

/// A listener whose connections can be cut.
pub(super) struct Listening {
    listener: TcpListener,
    places: Arc<Semaphore>,
}

impl Listening {
    pub(super) fn new(listener: TcpListener) -> Self {
        Self { listener, places: Arc::new(Semaphore::new(MAX_CONNECTIONS)) }
    }
}

impl Listener for Listening {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        // The semaphore is never closed, so there is always a place in the end.
        let place = Arc::clone(&self.places).acquire_owned().await.ok();
        let (stream, address) = Listener::accept(&mut self.listener).await;
        // Small answers go out at once; where the system refuses that, they go out a little later.
        let _ = stream.set_nodelay(true);
        (Connection { stream, cut: Cut::default(), _place: place }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

impl Connected<IncomingStream<'_, Listening>> for Cut {
    fn connect_info(stream: IncomingStream<'_, Listening>) -> Self {
        stream.io().cut.clone()
    }
}

/// A connection that can be cut.
pub(super) struct Connection {
    stream: TcpStream,
    cut: Cut,
    _place: Option<OwnedSemaphorePermit>,
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let plan = *lock(&self.cut.0);
        let allowed = plan.allows(buf);
        if allowed == 0 && !buf.is_empty() {
            if matches!(plan, Plan::Reset) {
                // With this, closing sends RST; without it, FIN, which is bad enough.
                let _ = self.stream.set_zero_linger();
            }
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let written = std::task::ready!(Pin::new(&mut self.stream).poll_write(cx, &buf[..allowed]))?;
        *lock(&self.cut.0) = plan.after(&buf[..written]);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However the server splits its writes, the head and so many bytes of the body go out.
    #[test]
    fn the_body_is_cut_at_its_byte() {
        let message = b"HTTP/1.1 200 OK\r\nx: \r\r\n\r\n0123456789";
        for size in 1..=message.len() {
            let mut plan = Plan::Head { matched: 0, body: 4 };
            let mut sent = Vec::new();
            for bytes in message.chunks(size) {
                let allowed = plan.allows(bytes);
                sent.extend_from_slice(&bytes[..allowed]);
                plan = plan.after(&bytes[..allowed]);
                if allowed < bytes.len() {
                    break;
                }
            }
            assert!(sent.ends_with(b"\r\n\r\n0123"), "in writes of {size}: {}", String::from_utf8_lossy(&sent));
        }
    }
}
