//! The policy that was deployed with the guard, and where it comes from.

use serde::{Deserialize, Serialize};

use super::{PolicyBook, file};

/// Where the policy in force comes from. The first of these that there is wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// An operator pushed it.
    Stored,
    /// The text of `GUARD_POLICY`.
    Environment,
    /// None was given: every set is judged by the profile `default`.
    BuiltIn,
}

/// A policy and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployed {
    /// The policy.
    pub book: PolicyBook,
    /// Where it comes from.
    pub source: Source,
    /// The text; empty when there is none.
    pub text: String,
}

impl Deployed {
    /// From the text of `GUARD_POLICY`, TOML or JSON; a blank one is none.
    pub fn read(text: &str) -> Result<Self, file::Unfit> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        Ok(Self { book: PolicyBook::read(text)?, source: Source::Environment, text: text.to_owned() })
    }
}

/// The built-in policy.
impl Default for Deployed {
    fn default() -> Self {
        Self { book: PolicyBook::default(), source: Source::BuiltIn, text: String::new() }
    }
}
