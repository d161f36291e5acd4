//! Sight: what keeps the guard as a whole from seeing, and so from pausing anybody. Silence is never read as health, and
//! neither is a question that nobody answered.
//!
//! [`checks`] turns numbers into a [`View`] of each [`BlindSpot`], [`Sight`] remembers what was seen and says when a
//! blind spot has begun and when it is over, [`Survey`] walks through the identities.

pub mod checks;
mod survey;
#[cfg(test)]
mod tests;
mod track;
mod words;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use survey::{Survey, Surveyed};
pub use track::{Sight, Turn};

/// Something that the guard as a whole does not see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum BlindSpot {
    /// SES takes mail whose events do not arrive: [`checks::silence`].
    Silence,
    /// Events, marks or intents wait too long: [`checks::behind`].
    Behind,
    /// Too many of the account's sends may be counted twice: [`checks::suspect`].
    Suspect,
    /// Identities without a default configuration set: [`Survey`].
    NoDefaultSet,
    /// Something was given up: [`checks::dead_letters`].
    DeadLetters,
    /// One of the other questions has no answer.
    CantTell,
    /// Nobody looks any more. Only who asks can find that: it is never stored.
    Unchecked,
}

/// What one look showed of a blind spot, in one sentence with numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum View {
    /// It is not there.
    Clear(String),
    /// Neither here nor there: too little to tell, or between the lines at which it begins and ends.
    Between,
    /// It is there.
    Blind(String),
    /// There was no answer, for this reason.
    Unknown(String),
}

/// A blind spot as people are shown it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    /// Which.
    pub blind_spot: BlindSpot,
    /// Since when; `None` when that is not known.
    pub since: Option<Timestamp>,
    /// What was seen last, with numbers.
    pub sentence: String,
    /// What to do.
    pub next: String,
}

impl BlindSpot {
    /// Each that a look may show.
    pub const ALL: [Self; 6] =
        [Self::Silence, Self::Behind, Self::Suspect, Self::NoDefaultSet, Self::DeadLetters, Self::CantTell];

    /// How many looks in a row make it begin. The figures of one look are in [`checks`].
    pub const fn begins_after(self) -> u8 {
        match self {
            // Another hour each time, a quarter of an hour later: a metric that is late once is not twice.
            Self::Silence | Self::CantTell => 2,
            // An unreadable message counts as waiting for six minutes, until SQS leaves it out of the age; two looks ask
            // for three minutes of five, and five more.
            Self::Behind => 2,
            // Nothing that passes by itself within minutes.
            Self::Suspect | Self::NoDefaultSet | Self::DeadLetters | Self::Unchecked => 1,
        }
    }

    /// How many clear looks in a row end it. A look without an answer is none of them.
    pub const fn ends_after(self) -> u8 {
        match self {
            Self::Silence | Self::Suspect | Self::CantTell => 2,
            // Of five minutes each: a queue that is behind comes and goes.
            Self::Behind | Self::DeadLetters => 3,
            // A look is a whole survey of all identities; it leaves nothing to chance.
            Self::NoDefaultSet | Self::Unchecked => 1,
        }
    }
}
