//! What a revision is made of, as bytes that the journal keeps: with these and the component, any past decision can be
//! made again.
//!
//! The bytes begin with the version of their form. A new limit or kind of param needs a new version, and the old one
//! must still be read: journals outlive programs.

use paced_core::params::ParamValue;
use paced_core::policy::Revision;
use serde::{Deserialize, Serialize};

use super::limits::Limits;
use super::revision::{self, Digest};

/// The version of the form that is written.
const VERSION: u8 = 1;

/// A component with the params and limits that it decides under.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// SHA-256 of the component.
    pub component: Digest,
    /// The resolved params, in the descriptor's order.
    pub params: Vec<(String, ParamValue)>,
    /// The limits of each call.
    pub limits: Limits,
}

/// Bytes that are no recipe.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecipeError {
    /// A newer paced wrote them.
    #[error(
        "what the revision is made of was written in form {0}, and this paced reads form {VERSION}: use the newer paced"
    )]
    Newer(u8),
    /// They are damaged.
    #[error("what the revision is made of can't be read: {0}")]
    Damaged(postcard::Error),
}

impl Recipe {
    /// The revision of this component with these params and limits.
    #[must_use]
    pub fn revision(&self) -> Revision {
        revision::revision(&self.component, &self.params, &self.limits)
    }

    /// The recipe as bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let bytes = postcard::to_extend(self, vec![VERSION]);
        bytes.expect("a recipe's plain records always serialise")
    }

    /// Reads what [`Recipe::encode`] wrote.
    ///
    /// # Errors
    /// The bytes are damaged, or of a form that this paced does not know.
    pub fn decode(bytes: &[u8]) -> Result<Self, RecipeError> {
        match bytes.split_first() {
            Some((&VERSION, recipe)) => postcard::from_bytes(recipe).map_err(RecipeError::Damaged),
            Some((newer, _)) => Err(RecipeError::Newer(*newer)),
            None => Err(RecipeError::Damaged(postcard::Error::DeserializeUnexpectedEnd)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe() -> Recipe {
        let params = [
            ("kp", ParamValue::Number(0.1 + 0.2)),
            ("n", ParamValue::Integer(-2)),
            ("on", ParamValue::Flag(true)),
            ("word", ParamValue::Text("fast".to_owned())),
        ];
        let params = params.map(|(name, value)| (name.to_owned(), value)).to_vec();
        // A default of its time, so that what is pinned below stays.
        let limits = Limits { fuel: 10_000_000, ..Limits::default() };
        Recipe { component: Digest::of(b"component"), params, limits }
    }

    #[test]
    fn a_recipe_reads_what_it_writes_to_the_bit() {
        let read = Recipe::decode(&recipe().encode()).unwrap();
        assert_eq!((read.revision(), &read), (recipe().revision(), &recipe()));
    }

    #[test]
    fn the_form_never_changes() {
        // A change here makes every journal's revisions unreadable: write a new version beside this one instead.
        let hash = Digest::of(&recipe().encode()).to_string();
        assert_eq!(hash, "6ff37cba88cabf819dedf0def101b799a1e48d67946ddfc53eeca1a13300d35e");
    }

    #[test]
    fn damaged_and_newer_bytes_are_told_apart() {
        assert!(matches!(Recipe::decode(&[]), Err(RecipeError::Damaged(_))));
        assert!(matches!(Recipe::decode(&recipe().encode()[..40]), Err(RecipeError::Damaged(_))));
        assert_eq!(Recipe::decode(&[2, 0]), Err(RecipeError::Newer(2)));
    }
}
