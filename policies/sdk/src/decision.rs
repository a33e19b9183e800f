//! What a policy answers.

/// The most bytes that a reason may have; a longer one is cut.
pub const MAX_REASON_BYTES: usize = 256;

/// The most signals that a decision may have; the host takes more as a fault.
pub const MAX_SIGNALS: usize = 32;

/// What a policy wishes: the next dial ratio, or to hold, with a reason and numbers worth plotting.
///
/// ```
/// use paced_policy::Decision;
///
/// let decision = Decision::ratio(1.25).because("two agents wait").signal("error", 2.0);
/// assert_eq!(decision.dial_ratio, Some(1.25));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a decision does nothing unless it is returned"]
pub struct Decision {
    /// The next dial ratio, or none to hold on purpose. The guard has the last word: bounds, ramps, the abandonment
    /// ceiling, two decimals.
    pub dial_ratio: Option<f64>,
    /// Why, in a few words.
    pub reason: String,
    /// Names and values, in the order given; the values must be finite.
    pub signals: Vec<(String, f64)>,
}

impl Decision {
    /// This dial ratio next: lines dialled per available agent.
    pub const fn ratio(dial_ratio: f64) -> Self {
        Self { dial_ratio: Some(dial_ratio), reason: String::new(), signals: Vec::new() }
    }

    /// The ratio in force stays, on purpose.
    pub const fn hold() -> Self {
        Self { dial_ratio: None, reason: String::new(), signals: Vec::new() }
    }

    /// Says why, in at most 256 bytes; what is longer is cut.
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into();
        self.reason.truncate(self.reason.floor_char_boundary(MAX_REASON_BYTES));
        self
    }

    /// Adds a number worth plotting.
    pub fn signal(mut self, name: impl Into<String>, value: f64) -> Self {
        self.signals.push((name.into(), value));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let reason = Decision::hold().because("ö".repeat(200)).reason;
        assert_eq!(reason, "ö".repeat(128));
        let reason = Decision::hold().because(format!("x{}", "ö".repeat(200))).reason;
        assert_eq!(reason.len(), 255);
    }
}
