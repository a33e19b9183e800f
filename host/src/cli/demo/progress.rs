//! The demo on a terminal: a line for each campaign with the ratio's course, redrawn in place.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use paced_core::reading::Status as Dialling;
use paced_core::time::Timestamp;

use super::summary::sparkline;
use crate::board::Status;
use crate::clock::Clock;
use crate::daemon::Daemon;

/// How often the lines are redrawn.
const FRAME: Duration = Duration::from_millis(150);
/// Decisions whose ratio is shown: five minutes of them at an interval of 15 s.
const COURSE: usize = 20;

/// The screen: a bar for the time, a heading, then the campaigns.
pub(in crate::cli) struct Progress {
    screen: MultiProgress,
    bar: ProgressBar,
    heading: ProgressBar,
    lines: BTreeMap<String, Line>,
    clock: Clock,
    start: Timestamp,
    end: Timestamp,
}

/// A campaign's line.
struct Line {
    bar: ProgressBar,
    ratios: VecDeque<f64>,
    decisions: u64,
}

impl Progress {
    /// A screen from now until `end`.
    pub(in crate::cli) fn until(clock: Clock, end: Timestamp) -> Self {
        let start = clock.now();
        let screen = MultiProgress::new();
        let bar = screen.add(
            ProgressBar::new(end.since(start).as_secs())
                .with_style(style("pacing 3 simulated campaigns  {wide_bar:.cyan/dim}  {msg}")),
        );
        let heading = screen.add(ProgressBar::new_spinner().with_style(style("{wide_msg:.dim}")));
        heading.set_message(format!(
            "campaign   ratio  {:<COURSE$}  utilization  abandonment        breaker    policy, and what the guard did",
            "its course"
        ));
        Self { screen, bar, heading, lines: BTreeMap::new(), clock, start, end }
    }

    /// Shows the daemon's campaigns until the end; dropped before, it leaves the screen as it is.
    pub(in crate::cli) async fn show(mut self, daemon: &Daemon) {
        while self.clock.now() < self.end {
            self.draw(daemon);
            tokio::time::sleep(FRAME).await;
        }
        let _ = self.screen.clear();
    }

    /// Something to print above the lines, for good.
    pub(in crate::cli) fn printer(&self) -> MultiProgress {
        self.screen.clone()
    }

    fn draw(&mut self, daemon: &Daemon) {
        // The first moments have passed already.
        let minutes = self.end.since(self.start).as_secs().div_ceil(60);
        let passed = self.clock.now().since(self.start).as_secs();
        self.bar.set_position(passed);
        self.bar.set_message(format!("{:>3} of {minutes} min", passed / 60));
        self.heading.tick();
        for (campaign, status) in daemon.board().read() {
            let screen = &self.screen;
            let line = self.lines.entry(campaign.clone()).or_insert_with(|| Line::on(screen));
            line.show(&campaign, &status);
        }
    }
}

impl Line {
    fn on(screen: &MultiProgress) -> Self {
        let bar = screen.add(ProgressBar::new_spinner().with_style(style("{wide_msg}")));
        Self { bar, ratios: VecDeque::with_capacity(COURSE), decisions: 0 }
    }

    fn show(&mut self, campaign: &str, status: &Status) {
        if status.decisions != self.decisions {
            self.decisions = status.decisions;
            if self.ratios.len() == COURSE {
                self.ratios.pop_front();
            }
            self.ratios.push_back(status.setting.ratio.value());
        }
        let course = sparkline(self.ratios.make_contiguous(), COURSE);
        self.bar.set_message(describe(campaign, status, &course));
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates of this file are well formed")
}

fn describe(campaign: &str, status: &Status, course: &str) -> String {
    let ratio = match status.setting.status {
        Dialling::Active => status.setting.ratio.to_string(),
        Dialling::Paused => "paused".to_owned(),
    };
    let utilization = status.utilization.map_or_else(|| "-".to_owned(), |share| format!("{:.0} %", share * 100.0));
    let abandonment = status
        .abandonment
        .map_or_else(|| "-".to_owned(), |rate| format!("{:.1} % of {}", rate * 100.0, status.answers));
    format!(
        "{campaign:<8} {ratio:>7}  {course:<COURSE$} {utilization:>12}  {abandonment:<17}  {:<9}  {}@{} {}",
        status.breaker, status.policy, status.revision, status.reasons
    )
}
