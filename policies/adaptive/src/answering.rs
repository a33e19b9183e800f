//! How often a line brings an answer, and whether that has just changed.
use paced_policy::model::shrunk_rate;
use serde::{Deserialize, Serialize};

const SEED: f64 = 0.28 / 13.0;
const SEED_CALLS: f64 = 20.0;
const ALARM: f64 = 6.5;
const SPREAD: f64 = 0.15;

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Answering {
    answers: f64,
    line_s: f64,
    recent_answers: f64,
    recent_line_s: f64,
    pub(crate) suspicion: f64,
    pub(crate) silent: f64,
}

impl Answering {
    pub(crate) fn rate(&self) -> f64 {
        shrunk_rate(self.answers, self.line_s, SEED, SEED_CALLS / SEED)
    }
    pub(crate) fn calls(&self) -> f64 {
        self.answers + SEED_CALLS
    }
    pub(crate) fn take(&mut self, live: f64, line_s: f64, abandoned: f64, forecast: f64, kept: f64) {
        let expected = self.rate() * line_s;
        self.silent = if live > 0.0 { 0.0 } else { self.silent + expected };
        if self.is_silent() {
            return;
        }
        self.answers = self.answers * kept + live;
        self.line_s = self.line_s * kept + line_s;
        self.recent_answers += live;
        self.recent_line_s += line_s;
        self.suspicion +=
            (live * 0.693 - expected) / (1.0 + SPREAD * expected) + (abandoned * 1.79 - 5.0 * forecast) / 2.0;
        if self.suspicion >= ALARM {
            self.answers = self.recent_answers;
            self.line_s = self.recent_line_s;
            self.suspicion = 0.0;
        }
        if self.suspicion <= 0.0 {
            self.suspicion = 0.0;
            self.recent_answers = 0.0;
            self.recent_line_s = 0.0;
        }
    }
    pub(crate) fn is_silent(&self) -> bool {
        self.silent > 8.0
    }
}
