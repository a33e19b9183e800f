//! The demo on a terminal: a line for each campaign, redrawn in place.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use paced_core::reading::Status as Dialling;
use paced_core::time::Timestamp;

use crate::board::Status;
use crate::clock::Clock;
use crate::daemon::Daemon;

/// How often the lines are redrawn.
const FRAME: Duration = Duration::from_millis(150);

/// Shows the daemon's campaigns until `end`.
pub(super) async fn show(daemon: &Daemon, clock: Clock, end: Timestamp) {
    let screen = MultiProgress::new();
    let start = clock.now();
    // The first moments have passed already.
    let minutes = end.since(start).as_secs().div_ceil(60);
    let bar = screen.add(
        ProgressBar::new(end.since(start).as_secs())
            .with_style(style("pacing 3 simulated campaigns  {wide_bar:.cyan/dim}  {msg}")),
    );
    let heading = screen.add(ProgressBar::new_spinner().with_style(style("{wide_msg:.dim}")));
    heading.set_message("campaign   ratio  utilization  abandonment        breaker    policy, and what the guard did");
    let mut lines: BTreeMap<String, ProgressBar> = BTreeMap::new();
    while clock.now() < end {
        let passed = clock.now().since(start).as_secs();
        bar.set_position(passed);
        bar.set_message(format!("{:>3} of {minutes} min", passed / 60));
        for (campaign, status) in daemon.board().read() {
            let line = lines
                .entry(campaign.clone())
                .or_insert_with(|| screen.add(ProgressBar::new_spinner().with_style(style("{wide_msg}"))));
            line.set_message(describe(&campaign, &status));
        }
        tokio::time::sleep(FRAME).await;
    }
    let _ = screen.clear();
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates of this file are well formed")
}

fn describe(campaign: &str, status: &Status) -> String {
    let ratio = match status.setting.status {
        Dialling::Active => status.setting.ratio.to_string(),
        Dialling::Paused => "paused".to_owned(),
    };
    let utilization = status.utilization.map_or_else(|| "-".to_owned(), |share| format!("{:.0} %", share * 100.0));
    let abandonment = status
        .abandonment
        .map_or_else(|| "-".to_owned(), |rate| format!("{:.1} % of {}", rate * 100.0, status.answers));
    format!(
        "{campaign:<8} {ratio:>7} {utilization:>12}  {abandonment:<17}  {:<9}  {}@{} {}",
        status.breaker, status.policy, status.revision, status.reasons
    )
}
