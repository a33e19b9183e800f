//! Comparing two policies on live campaigns: who gets which policy when, and what may be said of it afterwards.
//!
//! Calls of one campaign can't be split: it has one dial ratio and its agents are shared. So the unit that chance
//! decides on is a whole campaign ([`split`]) or a block of a campaign's time ([`switchback`]), and every p-value
//! permutes over exactly the assignments that this chance could have drawn ([`permutation`]). Nothing else is assumed
//! about the calls, which are anything but independent. In a [`shadow`] nothing is assigned at all.
//!
//! The rules that a reader could break: a block belongs to the arm that was drawn for it, whatever ran then (intention
//! to treat); only five-minute buckets wholly inside a block and after its washout count; and what is estimated by
//! looking often ([`sequential`], [`guard`]) must hold at every look.
//!
//! The shell resolves globs, calendars and time zones, wires the arms to policies, keeps the drawn [`Schedule`] and
//! [`Assignment`] in its journal, and shows the [`Report`].
//!
//! [`Schedule`]: switchback::Schedule
//! [`Assignment`]: split::Assignment
//! [`Report`]: report::Report

pub mod analysis;
mod campaigns;
pub mod carry_over;
pub mod design;
pub mod guard;
pub mod orders;
mod pairs;
pub mod permutation;
pub mod power;
mod quantity;
pub mod report;
pub mod sequential;
pub mod shadow;
pub mod split;
pub mod sums;
pub mod switchback;
pub mod tally;
pub mod verdict;
