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

#[cfg(test)]
mod tests {
    use paced_policy::testing::{self, InputBuilder};

    use super::*;

    #[test]
    fn the_ratio_is_the_parameter_whatever_happens() {
        let quiet = InputBuilder::new().calls(0, 0, 0).build();
        let over_limit = InputBuilder::new().calls(100, 50, 50).dial_ratio(4.0).build();
        for input in [quiet, over_limit] {
            let ratio = |params| testing::run::<Fixed>(&params, &mut (), &input).unwrap().dial_ratio;
            assert_eq!(ratio(Params::default()), Some(1.0));
            assert_eq!(ratio(Params { ratio: 1.8 }), Some(1.8));
        }
    }
}
