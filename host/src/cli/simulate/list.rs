//! `paced simulate --list`: the shipped scenarios, a line each.

use std::io::{self, Write};

use serde_json::json;

use crate::cli::exit::Exit;
use crate::cli::policy::table::write_table;
use crate::scenario;

/// Lists the shipped scenarios.
///
/// # Errors
/// One of them is wrong, which tests rule out, or standard output can't be written.
pub(super) fn run(as_json: bool) -> anyhow::Result<Exit> {
    let loaded: Vec<_> = scenario::names().map(scenario::load).collect::<Result<_, _>>()?;
    let mut out = io::stdout().lock();
    if as_json {
        let rows: Vec<_> = loaded.iter().map(|one| json!({ "name": one.name, "summary": one.summary })).collect();
        writeln!(out, "{:#}", json!(rows))?;
        return Ok(Exit::Done);
    }
    let mut rows = vec![["NAME", "WHAT IT IS"].map(str::to_owned)];
    rows.extend(loaded.into_iter().map(|one| [one.name, one.summary]));
    write_table(&rows, &mut out)?;
    Ok(Exit::Done)
}
