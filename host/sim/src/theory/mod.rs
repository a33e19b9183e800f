//! What textbooks say about queues and bursts of calls: the yardstick that the simulator is held against.
//!
//! Pure formulas, each with its source, by `libm` alone, so that they are the same bytes on every machine. They know
//! nothing of the simulator; a formula that borrowed from it would prove nothing. Loads are in erlangs (calls a second
//! times seconds of handling), times in multiples of the mean handling time, so that no formula has a unit to mistake.

mod erlang;
mod overdial;

pub use erlang::{erlang_a, erlang_b, load_at_blocking, mmn_constant_patience, utilization, utilization_from_empty};
pub use overdial::{Overdial, largest_burst};
