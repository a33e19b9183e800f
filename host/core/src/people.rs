//! People come first: what the platform is found to be set to, compared with what paced set.
//!
//! A value that equals a directive of ours which was never confirmed is ours. Anything else was set by someone, and the
//! campaign is left alone until it is released.

use crate::entry::Event;
use crate::reading::{Setting, Status};
use crate::state::{CampaignState, Knowledge};
use crate::time::Timestamp;

/// The state after the platform was read back and found to have `found`.
#[must_use]
pub fn read_back(mut state: CampaignState, found: Setting, now: Timestamp) -> (CampaignState, Vec<Event>) {
    state.read_back_at = Some(now);
    if state.people_hold.is_some() {
        return (held(state, found), Vec::new());
    }
    let is_ours = state.owns(found);
    let was_known = state.knowledge;
    let expected = state.setting;
    // What changed while paced was away is where it starts from; but a pause, or the end of one, was someone's wish.
    let is_pause_involved = found.status == Status::Paused || expected.status == Status::Paused;
    let is_someones = !is_ours
        && match was_known {
            Knowledge::Confirmed => true,
            Knowledge::Journalled | Knowledge::Assumed => is_pause_involved,
            Knowledge::Released | Knowledge::Unreadable => false,
        };
    if is_someones {
        return take_over(state, expected, found);
    }
    let events =
        if was_known == Knowledge::Confirmed || found == expected { vec![] } else { vec![Event::Adopted(found)] };
    state.note_confirmed(found, now);
    (state, events)
}

/// As [`read_back`] in a dry run: nothing was sent, so whatever changed is what there is to start from.
#[must_use]
pub fn read_back_dry(mut state: CampaignState, found: Setting, now: Timestamp) -> (CampaignState, Vec<Event>) {
    state.knowledge = Knowledge::Released;
    read_back(state, found, now)
}

/// The state after the platform answered that it can't be read back.
#[must_use]
pub fn read_back_unavailable(mut state: CampaignState, now: Timestamp) -> (CampaignState, Vec<Event>) {
    state.read_back_at = Some(now);
    state.can_read_back = false;
    if state.knowledge != Knowledge::Confirmed {
        state.knowledge = Knowledge::Unreadable;
    }
    (state, vec![Event::ReadBackUnavailable])
}

/// The state after someone set the campaign to `found`, where paced had or wanted `expected`.
pub(crate) fn take_over(state: CampaignState, expected: Setting, found: Setting) -> (CampaignState, Vec<Event>) {
    (held(state, found), vec![Event::PeopleHold { expected, found }])
}

/// The campaign left alone with what someone set.
fn held(mut state: CampaignState, found: Setting) -> CampaignState {
    state.people_hold = Some(found);
    state.setting = found;
    state.knowledge = Knowledge::Confirmed;
    state.unconfirmed.clear();
    state
}

/// An operator's word on a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Command {
    /// Pause it until `Resume`.
    Pause,
    /// Undo `Pause`.
    Resume,
    /// Let paced pace it again after a person's change, from the platform's own ratio; a pause is lifted.
    Release,
}

impl Command {
    /// The word for logs and the journal.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Release => "release",
        }
    }
}

/// The state after an operator's command.
///
/// # Errors
/// The command does not fit the state; the text says why, and what would.
pub fn operate(mut state: CampaignState, command: Command) -> Result<(CampaignState, Vec<Event>), String> {
    match command {
        Command::Pause if state.people_hold.is_some() => {
            Err("a person changed this campaign and paced leaves it alone: release it first".to_owned())
        }
        Command::Pause => {
            state.operator_pause = true;
            Ok((state, Vec::new()))
        }
        Command::Resume if state.people_hold.is_some() => {
            Err("a person changed this campaign and paced leaves it alone: use `release`".to_owned())
        }
        Command::Resume if !state.operator_pause => Err("this campaign is not paused by an operator".to_owned()),
        Command::Resume => {
            state.operator_pause = false;
            Ok((state, Vec::new()))
        }
        Command::Release if state.people_hold.is_none() && !state.is_unknown => {
            let hint = if state.operator_pause { " and only paused by an operator: use `resume`" } else { "" };
            Err(format!("this campaign is paced already{hint}"))
        }
        Command::Release => {
            state.people_hold = None;
            state.is_unknown = false;
            state.operator_pause = false;
            state.can_read_back = true;
            state.knowledge = Knowledge::Released;
            Ok((state, vec![Event::Released]))
        }
    }
}
