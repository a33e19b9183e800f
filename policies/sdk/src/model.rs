//! What pacing is calculated with: small, pure parts that a policy puts together.
//!
//! - [`Capacity`] and [`Binomial`]: how many calls a number of lines abandons, and how many lines a limit allows.
//! - [`Forecast`]: how busy a ratio keeps the agents in the long run, and what it abandons.
//! - [`shrunk_rate`], [`lower_rate`], [`upper_rate`]: a rate from few calls, without believing it more than it deserves.
//! - [`Traffic`]: answers per line and handle times from what the platform does report.
//! - [`Calibration`]: how far a forecast is off, learned from what came of it.
//! - [`Experience`]: these three put together, a forecast that learns.
//! - [`Filtered`]: a gauge without its noise, over a time constant in seconds whatever the polling interval.
//! - [`VelocityPi`], [`Slew`], [`Span`]: controllers that a limit or a person can override without a jump.
//!
//! Everything is deterministic: transcendental functions are `libm`'s, so that a native test and the component give the
//! same bits. And everything is cheap: one forecast costs 20,000 to 40,000 instructions whatever the group, where the
//! default fuel is ten million, and its time grows with the square root of the agents at most.

mod binomial;
mod calibration;
mod capacity;
mod control;
mod estimate;
mod experience;
mod forecast;
mod traffic;

pub use binomial::Binomial;
pub use calibration::Calibration;
pub use capacity::{Capacity, freed_probability};
pub use control::{Slew, Span, VelocityPi};
pub use estimate::{Filtered, lower_rate, shrunk_rate, upper_rate};
pub use experience::{Experience, Outlook, Seeds};
pub use forecast::Forecast;
pub use traffic::{News, Traffic};
