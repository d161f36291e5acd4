//! The file of what was decided, when, by whom and why. A record is written in the same transaction as the change
//! that it explains, and never changed.

use std::fmt;
use std::hash::Hasher;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher24};

use crate::name::SetKey;
use crate::state::{Phase, State, Why};

/// A record's id: a ULID of its time and of what it records, so that a repeated write is the same record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AuditId(String);

impl AuditId {
    /// Its 26 characters; they sort by time.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(set: &SetKey, at: Timestamp, act: Act, revision: u64) -> Self {
        let mut hasher = SipHasher24::new();
        hasher.write(set.to_string().as_bytes());
        hasher.write_u64(revision);
        hasher.write(&[act as u8]);
        let millisecond = u64::try_from(at.as_millisecond()).unwrap_or(0);
        Self(ulid::Ulid::from_parts(millisecond, hasher.finish128().as_u128()).to_string())
    }
}

impl FromStr for AuditId {
    type Err = ulid::DecodeError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        ulid::Ulid::from_string(text).map(|id| Self(id.to_string()))
    }
}

impl fmt::Display for AuditId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Act {
    /// The warning line was crossed.
    Warned,
    /// A pause was decided or ordered; SES is asked next.
    PauseIntended,
    /// A pause was due, and was not made: the guard observes, or an operator holds the set.
    WouldPause,
    /// SES confirmed the pause.
    Paused,
    /// An operator ordered the set's return.
    ResumeIntended,
    /// SES confirmed that the set sends again.
    Resumed,
    /// An operator said: leave it alone.
    Held,
    /// An operator took that back.
    Released,
    /// The counts of the set can't be trusted.
    CountingDegraded,
    /// SES no longer knows the set.
    Gone,
}

/// Who did it.
pub const GUARD: &str = "ses-reputation-guard";

/// One line of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditRecord {
    /// Its id.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// Whose.
    pub set: SetKey,
    /// What was done.
    pub act: Act,
    /// [`GUARD`], or the operator's name.
    pub actor: String,
    /// The generation of the intent it belongs to.
    pub generation: u64,
    /// The phase before.
    pub phase_before: Phase,
    /// The phase after.
    pub phase_after: Phase,
    /// Why, in one sentence with numbers.
    pub sentence: String,
    /// The operator's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The numbers that led to it: the judgement as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<serde_json::Value>,
}

impl AuditRecord {
    /// The record of the change from `before` to `after`.
    pub fn of(set: &SetKey, at: Timestamp, act: Act, before: &State, after: &State, why: Why) -> Self {
        Self {
            id: AuditId::of(set, at, act, before.revision),
            at,
            set: set.clone(),
            act,
            actor: why.actor,
            generation: after.generation,
            phase_before: before.phase,
            phase_after: after.phase,
            sentence: why.sentence,
            reason: why.reason,
            evidence: why.evidence,
        }
    }
}
