//! SIGINT and SIGTERM: the first ends paced well, a second one at once.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Exit code after a second signal: 128 and the number of SIGINT, as shells have it.
pub(crate) const SECOND_SIGNAL: i32 = 130;

/// Waits for the first SIGINT or SIGTERM; from then on another one ends the process at once.
///
/// # Errors
/// The system won't let signals be handled.
pub(crate) async fn first() -> io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        std::process::exit(SECOND_SIGNAL);
    });
    Ok(())
}
