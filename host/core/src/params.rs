//! A policy's parameters: what a descriptor declares, and a configuration's values checked against it.

use serde::{Deserialize, Serialize};

/// What a policy says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Descriptor {
    /// Lower-case name.
    pub name: String,
    /// Semantic version.
    pub version: String,
    /// What it does, in one line.
    pub summary: String,
    /// Version of its state's bytes.
    pub state_version: u32,
    /// Its parameters.
    pub params: Vec<ParamSpec>,
}

/// One parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParamSpec {
    /// Lower-case name.
    pub name: String,
    /// Kind and bounds.
    pub kind: ParamKind,
    /// The value where a configuration names none.
    pub default: ParamValue,
    /// Unit, or "".
    pub unit: String,
    /// One line of help.
    pub help: String,
}

/// The kind of a parameter with its bounds, both inclusive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ParamKind {
    /// A finite number.
    Number {
        /// Lowest value.
        min: f64,
        /// Highest value.
        max: f64,
    },
    /// A whole number.
    Integer {
        /// Lowest value.
        min: i64,
        /// Highest value.
        max: i64,
    },
    /// True or false.
    Flag,
    /// Text of at most so many bytes.
    Text {
        /// Longest text, in bytes.
        max_bytes: u32,
    },
    /// One of these words.
    Choice(Vec<String>),
}

/// A parameter's value; a choice is text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ParamValue {
    /// A number.
    Number(f64),
    /// A whole number.
    Integer(i64),
    /// True or false.
    Flag(bool),
    /// Text, or the word of a choice.
    Text(String),
}

/// A value that a parameter does not take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParamError {
    /// No such parameter.
    #[error("`{name}` is no parameter of this policy; it has {known}")]
    Unknown {
        /// The name given.
        name: String,
        /// The names that there are, or "none".
        known: String,
    },
    /// The value is out of the kind's range, or of another kind.
    #[error("`{name}` is {value}: it must be {expected}")]
    OutOfRange {
        /// The parameter.
        name: String,
        /// The value given.
        value: String,
        /// What would be right.
        expected: String,
    },
}

impl ParamKind {
    /// What values are right, in words: "a number from 0 to 5".
    #[must_use]
    pub fn expected(&self) -> String {
        match self {
            Self::Number { min, max } => format!("a number from {min} to {max}"),
            Self::Integer { min, max } => format!("a whole number from {min} to {max}"),
            Self::Flag => "true or false".to_owned(),
            Self::Text { max_bytes } => format!("text of at most {max_bytes} bytes"),
            Self::Choice(words) => format!("one of {}", words.join(", ")),
        }
    }

    /// The value as this kind holds it (a whole number does for a number), if it is within the bounds.
    #[must_use]
    pub fn accept(&self, value: &ParamValue) -> Option<ParamValue> {
        let taken = match (self, value) {
            (Self::Number { .. }, ParamValue::Integer(whole)) => ParamValue::Number(*whole as f64),
            _ => value.clone(),
        };
        let fits = match (self, &taken) {
            (Self::Number { min, max }, ParamValue::Number(x)) => x.is_finite() && min <= x && x <= max,
            (Self::Integer { min, max }, ParamValue::Integer(x)) => min <= x && x <= max,
            (Self::Flag, ParamValue::Flag(_)) => true,
            (Self::Text { max_bytes }, ParamValue::Text(text)) => text.len() as u64 <= u64::from(*max_bytes),
            (Self::Choice(words), ParamValue::Text(word)) => words.contains(word),
            _ => false,
        };
        fits.then_some(taken)
    }
}

impl std::fmt::Display for ParamValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(x) => write!(f, "{x}"),
            Self::Integer(x) => write!(f, "{x}"),
            Self::Flag(x) => write!(f, "{x}"),
            Self::Text(text) => write!(f, "{text:?}"),
        }
    }
}

impl Descriptor {
    /// Every parameter with the value given for it, or its default; later entries of `given` win.
    ///
    /// # Errors
    /// All values that no parameter takes.
    pub fn resolve(&self, given: &[(String, ParamValue)]) -> Result<Vec<(String, ParamValue)>, Vec<ParamError>> {
        let errors: Vec<_> = given.iter().filter_map(|(name, value)| self.reject(name, value)).collect();
        if !errors.is_empty() {
            return Err(errors);
        }
        let value_of = |spec: &ParamSpec| {
            let set = given.iter().rev().find(|(name, _)| *name == spec.name);
            set.and_then(|(_, value)| spec.kind.accept(value)).unwrap_or_else(|| spec.default.clone())
        };
        Ok(self.params.iter().map(|spec| (spec.name.clone(), value_of(spec))).collect())
    }

    fn reject(&self, name: &str, value: &ParamValue) -> Option<ParamError> {
        match self.params.iter().find(|spec| spec.name == name) {
            None => {
                let names: Vec<_> = self.params.iter().map(|spec| spec.name.as_str()).collect();
                let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
                Some(ParamError::Unknown { name: name.to_owned(), known })
            }
            Some(spec) if spec.kind.accept(value).is_none() => Some(ParamError::OutOfRange {
                name: name.to_owned(),
                value: value.to_string(),
                expected: spec.kind.expected(),
            }),
            Some(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn descriptor() -> Descriptor {
        let kp = ParamSpec {
            name: "kp".to_owned(),
            kind: ParamKind::Number { min: 0.0, max: 5.0 },
            default: ParamValue::Number(0.15),
            unit: String::new(),
            help: "gain".to_owned(),
        };
        Descriptor {
            name: "test".to_owned(),
            version: "1.0.0".to_owned(),
            summary: String::new(),
            state_version: 1,
            params: vec![kp],
        }
    }

    #[test]
    fn the_last_value_given_wins_and_defaults_fill_the_rest() {
        let number = |x| vec![("kp".to_owned(), ParamValue::Number(x))];
        assert_eq!(descriptor().resolve(&[]), Ok(number(0.15)));
        let given = [number(1.0), vec![("kp".to_owned(), ParamValue::Integer(2))]].concat();
        assert_eq!(descriptor().resolve(&given), Ok(number(2.0)));
    }

    #[test]
    fn every_wrong_value_is_reported_with_what_would_be_right() {
        let given = [("kp".to_owned(), ParamValue::Number(9.0)), ("ki".to_owned(), ParamValue::Flag(true))];
        let messages: Vec<_> = descriptor().resolve(&given).unwrap_err().iter().map(ToString::to_string).collect();
        assert_eq!(
            messages,
            ["`kp` is 9: it must be a number from 0 to 5", "`ki` is no parameter of this policy; it has kp"]
        );
    }

    #[test]
    fn numbers_that_are_not_finite_are_refused() {
        let kind = ParamKind::Number { min: f64::NEG_INFINITY, max: f64::INFINITY };
        assert_eq!(kind.accept(&ParamValue::Number(f64::NAN)), None);
        assert_eq!(kind.accept(&ParamValue::Number(f64::INFINITY)), None);
    }
}
