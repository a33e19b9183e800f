//! What a policy says of itself, checked before anyone relies on it.

use std::collections::BTreeSet;

use paced_core::params::{Descriptor, ParamKind, ParamSpec};

/// Most parameters.
const MAX_PARAMS: usize = 64;
/// Longest name of a policy, a parameter or a choice's word, bytes.
const MAX_NAME_BYTES: usize = 64;
/// Longest summary, help text or unit, bytes.
const MAX_TEXT_BYTES: usize = 256;
/// Most words of a choice.
const MAX_WORDS: usize = 64;
/// Longest text that a parameter may take, bytes.
const MAX_PARAM_TEXT_BYTES: u32 = 4 << 10;

/// A descriptor that the host does not take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DescriptorError {
    /// A name is empty, too long, or has other characters.
    #[error("{what} is named {name:?}: a name is 1 to {MAX_NAME_BYTES} of a-z, 0-9, `-` and `_`, a letter first")]
    Name {
        /// What bears the name.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// The version is no semantic version.
    #[error("its version is {0:?}: write it as \"1.2.0\"")]
    Version(String),
    /// A text is too long or not one line.
    #[error("{what} has {bytes} bytes or a control character: one line of at most {MAX_TEXT_BYTES} bytes is taken")]
    Text {
        /// Which text.
        what: String,
        /// Its length.
        bytes: usize,
    },
    /// There are too many parameters.
    #[error("it has {0} parameters: at most {MAX_PARAMS} are taken")]
    TooMany(usize),
    /// Two parameters have one name.
    #[error("it has two parameters named `{0}`")]
    Twice(String),
    /// The bounds of a parameter allow nothing, or are no numbers.
    #[error("parameter `{name}` has bounds that can't hold: {problem}")]
    Bounds {
        /// The parameter.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// The default of a parameter is outside its own bounds.
    #[error("parameter `{name}` has the default {default}: it must be {expected}")]
    Default {
        /// The parameter.
        name: String,
        /// The default.
        default: String,
        /// What would be right.
        expected: String,
    },
}

/// Checks a descriptor.
pub(super) fn check(descriptor: &Descriptor) -> Result<(), DescriptorError> {
    name("the policy", &descriptor.name)?;
    if semver::Version::parse(&descriptor.version).is_err() || descriptor.version.len() > MAX_NAME_BYTES {
        return Err(DescriptorError::Version(descriptor.version.chars().take(MAX_NAME_BYTES).collect()));
    }
    text("the summary", &descriptor.summary)?;
    if descriptor.params.len() > MAX_PARAMS {
        return Err(DescriptorError::TooMany(descriptor.params.len()));
    }
    let mut names = BTreeSet::new();
    for spec in &descriptor.params {
        param(spec)?;
        if !names.insert(&spec.name) {
            return Err(DescriptorError::Twice(spec.name.clone()));
        }
    }
    Ok(())
}

fn param(spec: &ParamSpec) -> Result<(), DescriptorError> {
    name("a parameter", &spec.name)?;
    text(&format!("the help of `{}`", spec.name), &spec.help)?;
    text(&format!("the unit of `{}`", spec.name), &spec.unit)?;
    if let Some(problem) = bounds_problem(&spec.kind) {
        return Err(DescriptorError::Bounds { name: spec.name.clone(), problem });
    }
    // A default of the kind's own type, too: that a whole number does for a number is a favour to configurations.
    if spec.kind.accept(&spec.default).as_ref() == Some(&spec.default) {
        return Ok(());
    }
    Err(DescriptorError::Default {
        name: spec.name.clone(),
        default: spec.default.to_string(),
        expected: spec.kind.expected(),
    })
}

fn bounds_problem(kind: &ParamKind) -> Option<String> {
    match kind {
        ParamKind::Number { min, max } if !(min.is_finite() && max.is_finite()) => {
            Some(format!("{min} to {max} is not finite"))
        }
        ParamKind::Number { min, max } if min > max => Some(format!("{min} is above {max}")),
        ParamKind::Integer { min, max } if min > max => Some(format!("{min} is above {max}")),
        ParamKind::Text { max_bytes } if *max_bytes > MAX_PARAM_TEXT_BYTES => {
            Some(format!("{max_bytes} bytes of text; at most {MAX_PARAM_TEXT_BYTES} are taken"))
        }
        ParamKind::Choice(words) if words.is_empty() || words.len() > MAX_WORDS => {
            Some(format!("{} words to choose from; 1 to {MAX_WORDS} are taken", words.len()))
        }
        ParamKind::Choice(words) if words.iter().any(|word| !is_word(word)) => {
            Some(format!("a word to choose is one line of 1 to {MAX_NAME_BYTES} bytes"))
        }
        _ => None,
    }
}

fn is_word(word: &str) -> bool {
    (1..=MAX_NAME_BYTES).contains(&word.len()) && !word.chars().any(char::is_control)
}

fn name(what: &'static str, name: &str) -> Result<(), DescriptorError> {
    let letters = name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'));
    if letters && name.len() <= MAX_NAME_BYTES && name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Ok(());
    }
    Err(DescriptorError::Name { what, name: name.chars().take(MAX_NAME_BYTES).collect() })
}

fn text(what: &str, text: &str) -> Result<(), DescriptorError> {
    if text.len() <= MAX_TEXT_BYTES && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err(DescriptorError::Text { what: what.to_owned(), bytes: text.len() })
}

#[cfg(test)]
mod tests {
    use paced_core::params::ParamValue;

    use super::*;

    fn with(params: Vec<ParamSpec>) -> Descriptor {
        Descriptor {
            name: "test".to_owned(),
            version: "1.0.0".to_owned(),
            summary: "does nothing".to_owned(),
            state_version: 1,
            params,
        }
    }

    fn spec(name: &str, kind: ParamKind, default: ParamValue) -> ParamSpec {
        ParamSpec { name: name.to_owned(), kind, default, unit: String::new(), help: String::new() }
    }

    fn refused(params: Vec<ParamSpec>) -> String {
        check(&with(params)).unwrap_err().to_string()
    }

    #[test]
    fn a_sound_descriptor_passes() {
        let gain = spec("kp", ParamKind::Number { min: 0.0, max: 1.0 }, ParamValue::Number(1.0));
        let mode = spec("mode", ParamKind::Choice(vec!["fast".to_owned()]), ParamValue::Text("fast".to_owned()));
        assert_eq!(check(&with(vec![gain, mode])), Ok(()));
    }

    #[test]
    fn names_and_versions_have_a_form() {
        for name in ["", "Kp", "1st", "with space", "ümlaut", &"x".repeat(65)] {
            let flag = spec(name, ParamKind::Flag, ParamValue::Flag(true));
            assert!(matches!(check(&with(vec![flag])), Err(DescriptorError::Name { .. })), "{name}");
            assert!(check(&Descriptor { name: name.to_owned(), ..with(vec![]) }).is_err(), "{name}");
        }
        for version in ["", "1", "1.0", "v1.0.0"] {
            let descriptor = Descriptor { version: version.to_owned(), ..with(vec![]) };
            assert_eq!(check(&descriptor), Err(DescriptorError::Version(version.to_owned())));
        }
        let summary = "two\nlines".to_owned();
        assert!(matches!(check(&Descriptor { summary, ..with(vec![]) }), Err(DescriptorError::Text { .. })));
    }

    #[test]
    fn bounds_hold_and_the_default_lies_within_them() {
        let number = |min, max, default| spec("x", ParamKind::Number { min, max }, ParamValue::Number(default));
        assert!(refused(vec![number(1.0, 0.0, 0.5)]).contains("1 is above 0"));
        assert!(refused(vec![number(f64::NAN, 1.0, 0.5)]).contains("not finite"));
        assert!(refused(vec![number(0.0, f64::INFINITY, 0.5)]).contains("not finite"));
        assert_eq!(
            refused(vec![number(0.0, 1.0, 1.5)]),
            "parameter `x` has the default 1.5: it must be a number from 0 to 1"
        );
        assert!(refused(vec![number(0.0, 1.0, f64::NAN)]).contains("default NaN"));
        let whole_for_number = spec("x", ParamKind::Number { min: 0.0, max: 1.0 }, ParamValue::Integer(1));
        assert!(refused(vec![whole_for_number]).contains("default 1"));
        let choice = |words: &[&str]| {
            let words = words.iter().map(|word| (*word).to_owned()).collect();
            spec("x", ParamKind::Choice(words), ParamValue::Text("a".to_owned()))
        };
        assert!(refused(vec![choice(&[])]).contains("0 words"));
        assert!(refused(vec![choice(&["b"])]).contains("must be one of b"));
    }

    #[test]
    fn parameters_are_few_and_distinct() {
        let flag = |name: &str| spec(name, ParamKind::Flag, ParamValue::Flag(true));
        assert_eq!(refused(vec![flag("x"), flag("x")]), "it has two parameters named `x`");
        let many = (0..65).map(|n| flag(&format!("x{n}"))).collect();
        assert_eq!(refused(many), "it has 65 parameters: at most 64 are taken");
    }
}
