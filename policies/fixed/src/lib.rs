//! A constant dial ratio: the baseline that any other policy has to beat.

use paced_policy::{Decision, Input, Policy, params};

params! {
    /// Parameters of [`Fixed`].
    pub struct Params {
        /// The dial ratio to keep.
        pub ratio: f64 = 1.0, in 0.1..=5.0, unit "lines per available agent";
    }
}

/// Answers the same ratio every time, whatever it is shown.
pub struct Fixed;

impl Policy for Fixed {
    const NAME: &'static str = "fixed";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "A constant dial ratio";
    type Params = Params;
    type State = ();

    fn decide(params: &Params, (): &mut (), _: &Input) -> Result<Decision, String> {
        Ok(Decision::ratio(params.ratio).because("constant"))
    }
}

paced_policy::export!(Fixed);
