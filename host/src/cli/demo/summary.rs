//! What the demo came to: a table for people, JSON lines for machines.
//!
//! Utilization, abandonment and answers are the simulated centre's own truth, not what the platform reported.

use std::path::{Path, PathBuf};

use anyhow::Context;
use paced_sim::Totals;

use super::rehearsal::AGENTS;
use crate::board::Board;
use crate::http::sent::RequestsSent;
use crate::journal::{Filter, JournalReader};

/// Characters of a sparkline.
const SPARK_WIDTH: usize = 60;
/// The platform's highest ratio: a sparkline's top.
const HIGHEST_RATIO: f64 = 5.0;

/// The outcome of a demo.
pub(in crate::cli) struct Summary {
    rows: Vec<Row>,
    requests: RequestsSent,
    journal: PathBuf,
}

struct Row {
    campaign: String,
    agents: u32,
    utilization: Option<f64>,
    abandonment: Option<f64>,
    answers: u64,
    abandoned: u64,
    answers_per_agent_hour: Option<f64>,
    decisions: u64,
    missed_ticks: u64,
    ratios: Vec<f64>,
}

impl Summary {
    pub(super) fn new(
        totals: Vec<Totals>,
        board: &Board,
        requests: RequestsSent,
        journal: &Path,
    ) -> anyhow::Result<Self> {
        let reader = JournalReader::open(journal).context("can't read the demo's journal")?;
        let board = board.read();
        let rows = (1_u32..).zip(AGENTS).zip(totals).map(|((id, agents), totals)| {
            let campaign = id.to_string();
            let filter = Filter { campaign: Some(campaign.clone()), ..Filter::default() };
            let ratios = reader
                .decisions(filter)
                .map(|row| row.map(|row| row.ratio.value()))
                .collect::<Result<_, _>>()
                .context("can't read the demo's journal")?;
            let status = board.get(&campaign);
            Ok(Row {
                agents,
                utilization: totals.utilization(),
                abandonment: totals.abandonment(),
                answers: totals.answered,
                abandoned: totals.abandoned,
                answers_per_agent_hour: totals.answers_per_agent_hour(),
                decisions: status.map_or(0, |status| status.decisions),
                missed_ticks: status.map_or(0, |status| status.missed_ticks),
                ratios,
                campaign,
            })
        });
        let rows = rows.collect::<anyhow::Result<_>>()?;
        Ok(Self { rows, requests, journal: journal.to_owned() })
    }

    /// For people.
    #[expect(clippy::print_stdout, reason = "the demo's output")]
    pub(in crate::cli) fn print(&self) {
        println!("campaign  agents  utilization  abandonment        answers/agent-hour  decisions");
        for row in &self.rows {
            println!(
                "{:<8}  {:>6}  {:>11}  {:<17}  {:>18}  {:>9}",
                row.campaign,
                row.agents,
                percent(row.utilization),
                format!("{} of {}", percent(row.abandonment), row.answers + row.abandoned),
                row.answers_per_agent_hour.map_or_else(|| "-".to_owned(), |answers| format!("{answers:.1}")),
                row.decisions,
            );
        }
        println!("\ncampaign  the ratio's course, 0.1 to 5.0");
        for row in &self.rows {
            println!("{:<8}  {}", row.campaign, sparkline(&row.ratios, SPARK_WIDTH));
        }
        let RequestsSent { token, query, read_back, update } = self.requests;
        println!(
            "\n{} requests sent: {token} for tokens, {query} queries, {read_back} read-backs, {update} updates",
            self.requests.total()
        );
        let journal = self.journal.display();
        println!(
            "\nThe journal is {journal}. Try next:\n  \
             paced demo --policy fixed   a constant ratio, for comparison\n  \
             paced demo --faults         the platform misbehaves for a few minutes\n  \
             docs/writing-a-policy.md    your own policy in ten minutes\n  \
             paced journal show {journal}"
        );
    }

    /// For machines.
    pub(in crate::cli) fn log(&self) {
        for row in &self.rows {
            tracing::info!(
                event = "demo_summary",
                campaign = row.campaign,
                agents = row.agents,
                utilization = row.utilization,
                abandonment = row.abandonment,
                answers = row.answers,
                abandoned = row.abandoned,
                answers_per_agent_hour = row.answers_per_agent_hour,
                decisions = row.decisions,
                missed_ticks = row.missed_ticks,
                ratio = sparkline(&row.ratios, SPARK_WIDTH),
            );
        }
        let RequestsSent { token, query, read_back, update } = self.requests;
        tracing::info!(
            event = "demo_ended",
            token_requests = token,
            analytics_requests = query,
            read_backs = read_back,
            updates = update,
            journal = %self.journal.display(),
        );
    }
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", share * 100.0))
}

/// The course of the ratio in at most `width` characters, each the mean of its stretch.
pub(super) fn sparkline(ratios: &[f64], width: usize) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let count = width.min(ratios.len());
    (0..count)
        .map(|index| {
            let stretch = &ratios[index * ratios.len() / count..(index + 1) * ratios.len() / count];
            let mean = stretch.iter().sum::<f64>() / stretch.len() as f64;
            BARS[((mean / HIGHEST_RATIO * 8.0) as usize).min(7)]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparkline_shows_the_course_in_the_width_given() {
        assert_eq!(sparkline(&[0.1, 1.0, 2.5, 5.0], 40), "▁▂▅█");
        assert_eq!(sparkline(&[0.1, 0.1, 5.0, 5.0], 2), "▁█");
        assert_eq!(sparkline(&[], 40), "");
    }
}
