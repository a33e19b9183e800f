//! The whole result as one JSON object.

use std::io::{self, Write};

use paced_core::policy::Policy;
use serde_json::{Value, json};

use super::{Replayed, text};
use crate::cli::journal::time;
use crate::replay::OpenLoop;

pub(super) fn print(replayed: &Replayed, out: &mut dyn Write) -> io::Result<()> {
    let campaigns: Vec<Value> = replayed
        .campaigns
        .iter()
        .map(|report| {
            let mut campaign = json!(report);
            campaign["is_clean"] = json!(report.is_clean());
            if let Some(open_loop) = &report.open_loop {
                campaign["open_loop"] = of(open_loop);
            }
            campaign
        })
        .collect();
    let policy = replayed.policy.as_ref().map(|policy| {
        json!({
            "name": policy.name(),
            "version": policy.loaded().descriptor().version,
            "component": policy.loaded().digest().to_string(),
            "revision": policy.revision().to_string(),
            "note": text::OPEN_LOOP,
        })
    });
    let result = json!({
        "journal": replayed.journal,
        "is_clean": replayed.is_clean(),
        "file_problems": replayed.file,
        "policy": policy,
        "campaigns": campaigns,
    });
    writeln!(out, "{result}")
}

fn of(open_loop: &OpenLoop) -> Value {
    let largest: Vec<Value> = open_loop
        .largest
        .iter()
        .map(|pair| json!({ "id": pair.id, "time": time(pair.at), "recorded": pair.recorded, "other": pair.other }))
        .collect();
    json!({
        "decisions": open_loop.decisions,
        "differing": open_loop.differing,
        "ruled_otherwise": open_loop.ruled_otherwise,
        "both_proposed": open_loop.both,
        "mean_difference": open_loop.mean(),
        "max_difference": open_loop.max,
        "recorded": open_loop.recorded,
        "other": open_loop.other,
        "largest": largest,
    })
}
