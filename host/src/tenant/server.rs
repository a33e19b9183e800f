//! Takes connections until told to stop, and keeps the centres from falling far behind.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::time::MissedTickBehavior;

use super::connection::{Cut, Listening};
use super::platform::Platform;
use super::{api, control};

/// How often all centres are moved on, in wall time, whether anybody asks or not.
const TICK: Duration = Duration::from_millis(250);

/// Serves until the platform is told to stop and every connection has ended.
pub(super) async fn serve(platform: Arc<Platform>, listener: TcpListener) -> std::io::Result<()> {
    let router = Router::new()
        .nest("/control", control::router())
        .fallback(api::serve)
        .with_state(Arc::clone(&platform))
        .into_make_service_with_connect_info::<Cut>();
    let stopped = async move { platform.stopped().await };
    axum::serve(Listening::new(listener), router).with_graceful_shutdown(stopped).await
}

/// Moves the centres on, one after the other, so that no request ever has much to catch up with.
pub(super) async fn advance(platform: Arc<Platform>) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = platform.stopped() => return,
        }
        for campaign in platform.campaigns.values() {
            campaign.advance(platform.clock.now());
            tokio::task::yield_now().await;
        }
    }
}
