//! Replaying: what core was fed with according to the journal is fed to it again, and what comes of it is compared.
//!
//! Every past decision can be made again from its row, the component and the state before it. So a journal can be held
//! to what it says, bit for bit, and a new component can be asked what it would have proposed. Rows come in and reports
//! go out; the only files that are read are the journal and the components beside it.
//!
//! What can't be compared is counted with its reason and never passed over: a replay that compared nothing must not
//! look like one that found nothing.

mod compare;
mod components;
mod open_loop;
mod replayer;
mod report;
mod seat;
#[cfg(test)]
mod tests;
mod words;

pub use compare::Field;
pub use components::Components;
pub use open_loop::{Largest, OpenLoop, Side};
pub use replayer::Replayer;
pub use report::{CampaignReport, Difference, Problem, Start};

use crate::journal::{JournalError, JournalReader};

/// Replays a campaign. `proceeding` is called with each decision's number in turn, from 1 on.
///
/// # Errors
/// The journal can't be read at all; where only its later rows can't, the report says so.
pub fn replay(
    reader: &JournalReader,
    components: &mut Components<'_>,
    campaign: &str,
    open_loop: Option<OpenLoop>,
    mut proceeding: impl FnMut(u64),
) -> Result<CampaignReport, JournalError> {
    let mut replayer = Replayer::new(campaign, components, open_loop);
    let mut rows = reader.replay(campaign, 0);
    for row in &mut rows {
        match row {
            Ok(row) => {
                replayer.take(&row);
                proceeding(replayer.decisions());
            }
            Err(error) => return Ok(replayer.break_off(&error)),
        }
    }
    let last = reader.state_after(campaign, rows.until())?;
    Ok(replayer.finish(last.as_deref()))
}
