//! The exact bytes of a row: what core was fed with, and sums that tell whether a replay comes to the same.
//!
//! A row's bytes are a body and a seal of nine bytes: a sum of the body, which tells a byte that went wrong on the disk
//! from a replay that differs; a sum of everything that came of it (proposal, directive, events and the campaign's whole
//! state); and the number of this form. So each row is held to the bit, and what it is held to need not be stored.
//!
//! Postcard's bytes have no field names: whoever changes what a body or a state consists of must raise [`FORM`], or
//! older rows are read as something else.

use paced_core::config::CampaignConfig;
use paced_core::directive::Directive;
use paced_core::entry::Event;
use paced_core::policy::Fault;
use paced_core::settle::Fed;
use paced_core::state::CampaignState;
use paced_core::step::Step;
use paced_core::time::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The number of the form that rows are written in.
pub const FORM: u8 = 1;
/// Bytes of a sum: the first ones of a SHA-256. One wrong row in four billion would pass for a right one.
const SUM_BYTES: usize = 4;
/// Bytes of a seal: two sums and the form.
const SEAL_BYTES: usize = 2 * SUM_BYTES + 1;

type Sum = [u8; SUM_BYTES];

/// Who answered for a campaign's policy in a step. Which component it was follows from the decision's revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// The component, where it was asked.
    Component,
    /// Nobody: no component could be had, for this reason, and core was told so.
    Vacant(String),
    /// The component, with a fault that depends on the wall's clock and can't be had again by running it.
    Fault(Fault),
}

/// A campaign with all that steps depend on, for a replay to start from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Its state.
    pub state: CampaignState,
    /// Its settings in force.
    pub config: CampaignConfig,
}

/// A row that only a replay needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Quiet {
    /// Core was fed with this, and nothing worth telling came of it.
    Fed(Fed),
    /// The rows before were written, some after them could not be: what is between here and the next anchor can't be
    /// replayed.
    Lost,
    /// The campaign as it is from here on.
    Anchor(Why, Box<Checkpoint>),
}

/// Why a campaign is as its anchor says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Why {
    /// This version of paced started, and goes on from what stood in the journal.
    Started(String),
    /// Its settings were changed while paced runs; its state was not.
    Configured,
    /// Its state was changed by something other than what core is fed with: this, in a few words.
    Changed(String),
    /// The journal can be written again.
    Found,
}

/// Bytes that no replay can use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// They are of another form.
    #[error("it was written in form {0}, and this paced replays form {FORM}")]
    Form(u8),
    /// They are not what was written.
    #[error("its exact bytes are damaged: their sum is wrong")]
    Damaged,
    /// They are too few.
    #[error("it has {0} exact bytes: rows written before paced could replay have none that it can use")]
    Short(usize),
    /// The sum is right and the bytes make no sense.
    #[error("its exact bytes can't be read: {0}")]
    Senseless(postcard::Error),
}

/// The bytes of a plain record.
#[must_use]
pub fn bytes<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    postcard::to_allocvec(value).expect("core's plain records always serialise")
}

/// The row of a step that came after the one at `before`: `state` holds the bytes of the state that it led to.
///
/// A step that the journal lost would go unnoticed where the next one leads to the same state; hence `before`.
#[must_use]
pub fn of_step(fed: &Fed, answer: &Answer, before: Option<Timestamp>, step: &Step, state: &[u8]) -> Vec<u8> {
    seal(bytes(&(fed, answer)), &came_of(before, step), state)
}

/// The row of anything else that core was fed with, which led to `events` and `state`.
#[must_use]
pub fn of_change(fed: &Fed, events: &[Event], state: &[u8]) -> Vec<u8> {
    seal(bytes(fed), events, state)
}

/// The row of the directive that paced ends with.
#[must_use]
pub fn of_exit(fed: &Fed, directive: &Directive, state: &[u8]) -> Vec<u8> {
    seal(bytes(fed), directive, state)
}

/// A quiet row; `state` as it is after it.
#[must_use]
pub fn of_quiet(quiet: &Quiet, state: &[u8]) -> Vec<u8> {
    seal(bytes(quiet), &(), state)
}

/// A checkpoint's bytes, made of those of its state.
#[must_use]
pub fn of_checkpoint(state: &[u8], config: &CampaignConfig) -> Vec<u8> {
    let body = postcard::to_extend(config, state.to_vec()).expect("core's plain records always serialise");
    seal(body, &(), &[])
}

/// What came of a step beside the state. What it cost is left out.
fn came_of(before: Option<Timestamp>, step: &Step) -> impl Serialize + '_ {
    let entry = &step.entry;
    (before, &entry.proposal, &entry.fault, &step.directive, &entry.events)
}

fn seal<T: Serialize + ?Sized>(mut body: Vec<u8>, came: &T, state: &[u8]) -> Vec<u8> {
    let sums = [sum_of_body(&body), sum_of_all(&body, came, state)];
    body.extend(sums.as_flattened());
    body.push(FORM);
    body
}

fn sum_of_body(body: &[u8]) -> Sum {
    first_bytes(Sha256::new().chain_update(body))
}

fn sum_of_all<T: Serialize + ?Sized>(body: &[u8], came: &T, state: &[u8]) -> Sum {
    first_bytes(Sha256::new().chain_update(body).chain_update(bytes(came)).chain_update(state))
}

fn first_bytes(hash: Sha256) -> Sum {
    let hash: [u8; 32] = hash.finalize().into();
    std::array::from_fn(|index| hash[index])
}

/// A row whose body is what was written.
#[derive(Clone, Copy, Debug)]
pub struct Opened<'b> {
    body: &'b [u8],
    all: Sum,
}

impl<'b> Opened<'b> {
    /// Breaks the seal.
    ///
    /// # Errors
    /// The bytes are of another form, or not what was written.
    pub fn of(exact: &'b [u8]) -> Result<Self, Unreadable> {
        let Some((body, seal)) = exact.len().checked_sub(SEAL_BYTES).map(|length| exact.split_at(length)) else {
            return Err(Unreadable::Short(exact.len()));
        };
        let (sums, form) = seal.split_at(2 * SUM_BYTES);
        if form != [FORM] {
            return Err(Unreadable::Form(form[0]));
        }
        let (of_body, of_all) = sums.split_at(SUM_BYTES);
        if of_body != sum_of_body(body) {
            return Err(Unreadable::Damaged);
        }
        Ok(Self { body, all: std::array::from_fn(|index| of_all[index]) })
    }

    /// What a step was fed with, and who answered.
    ///
    /// # Errors
    /// The body is of something else.
    pub fn step(&self) -> Result<(Fed, Answer), Unreadable> {
        self.read()
    }

    /// What core was fed with otherwise.
    ///
    /// # Errors
    /// The body is of something else.
    pub fn fed(&self) -> Result<Fed, Unreadable> {
        self.read()
    }

    /// A quiet row. What it says of a whole state is what was written.
    ///
    /// # Errors
    /// The body is of something else, or its second sum is wrong.
    pub fn quiet(&self) -> Result<Quiet, Unreadable> {
        let quiet = self.read()?;
        let is_whole = match &quiet {
            Quiet::Fed(_) => true,
            Quiet::Lost => self.came_to_quiet(&[]),
            Quiet::Anchor(_, checkpoint) => self.came_to_quiet(&bytes(&checkpoint.state)),
        };
        if is_whole { Ok(quiet) } else { Err(Unreadable::Damaged) }
    }

    /// A checkpoint.
    ///
    /// # Errors
    /// The body is of something else, or its second sum is wrong.
    pub fn checkpoint(&self) -> Result<Checkpoint, Unreadable> {
        if self.came_to_quiet(&[]) { self.read() } else { Err(Unreadable::Damaged) }
    }

    /// Whether this step, after the one at `before`, is what came of it, with `state` as the bytes of the state.
    #[must_use]
    pub fn came_to_step(&self, before: Option<Timestamp>, step: &Step, state: &[u8]) -> bool {
        self.all == sum_of_all(self.body, &came_of(before, step), state)
    }

    /// Whether these events and this state are what came of it.
    #[must_use]
    pub fn came_to_change(&self, events: &[Event], state: &[u8]) -> bool {
        self.all == sum_of_all(self.body, events, state)
    }

    /// Whether this directive and this state are what came of it.
    #[must_use]
    pub fn came_to_exit(&self, directive: &Directive, state: &[u8]) -> bool {
        self.all == sum_of_all(self.body, directive, state)
    }

    /// Whether this state is what came of a quiet row.
    #[must_use]
    pub fn came_to_quiet(&self, state: &[u8]) -> bool {
        self.all == sum_of_all(self.body, &(), state)
    }

    fn read<T: DeserializeOwned>(&self) -> Result<T, Unreadable> {
        match postcard::take_from_bytes(self.body) {
            Ok((value, [])) => Ok(value),
            Ok(_) => Err(Unreadable::Senseless(postcard::Error::SerdeDeCustom)),
            Err(error) => Err(Unreadable::Senseless(error)),
        }
    }
}

/// Any bytes under a seal that opens.
#[cfg(test)]
pub(crate) fn sealed(body: Vec<u8>) -> Vec<u8> {
    seal(body, &(), &[])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row() -> Vec<u8> {
        of_change(&Fed::ReadBackUnavailable(Timestamp::from_millis(7)), &[Event::ReadBackUnavailable], b"state")
    }

    #[test]
    fn a_row_is_held_to_what_came_of_it() {
        let row = row();
        let opened = Opened::of(&row).unwrap();
        assert_eq!(opened.fed().unwrap(), Fed::ReadBackUnavailable(Timestamp::from_millis(7)));
        assert!(opened.came_to_change(&[Event::ReadBackUnavailable], b"state"));
        assert!(!opened.came_to_change(&[Event::ReadBackUnavailable], b"State"));
        assert!(!opened.came_to_change(&[], b"state"));
        assert!(matches!(opened.step(), Err(Unreadable::Senseless(_))));
    }

    #[test]
    fn other_forms_and_old_rows_are_told_apart() {
        let mut other = row();
        *other.last_mut().unwrap() = 2;
        assert_eq!(Opened::of(&other).err(), Some(Unreadable::Form(2)));
        assert_eq!(Opened::of(&[]).err(), Some(Unreadable::Short(0)));
    }

    #[test]
    fn a_checkpoint_reads_what_it_writes() {
        let config = CampaignConfig::with_defaults("1", 20);
        let state = CampaignState::new(&config);
        let exact = of_checkpoint(&bytes(&state), &config);
        assert_eq!(Opened::of(&exact).unwrap().checkpoint().unwrap(), Checkpoint { state, config });
    }

    proptest! {
        #[test]
        fn no_wrong_bit_goes_unnoticed(bit in 0..8 * row().len()) {
            let mut wrong = row();
            wrong[bit / 8] ^= 1 << (bit % 8);
            let passes = Opened::of(&wrong)
                .is_ok_and(|opened| opened.came_to_change(&[Event::ReadBackUnavailable], b"state"));
            prop_assert!(!passes);
        }

        #[test]
        fn any_bytes_are_opened_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let sealed = seal(bytes.clone(), &(), &[]);
            let opened = Opened::of(&sealed).unwrap();
            let _ = (opened.step(), opened.fed(), opened.quiet(), opened.checkpoint());
            prop_assert!(Opened::of(&bytes).is_err());
        }
    }
}
