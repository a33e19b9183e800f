//! SIGINT and SIGTERM: the first ends paced well, a second one at once. SIGHUP: look at the configuration now.

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

/// Does `act` at each SIGHUP.
///
/// # Errors
/// The system won't let the signal be handled. Otherwise it never ends.
pub(crate) async fn each_hangup(act: impl Fn()) -> io::Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    while hangup.recv().await.is_some() {
        act();
    }
    std::future::pending().await
}
