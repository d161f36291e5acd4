//! The file of what was decided, when, by whom and why. A record is written in the same transaction as the change
//! that it explains, and never changed.

use std::fmt;
use std::hash::Hasher;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher24;

use crate::name::SetKey;
use crate::state::{Phase, State, Why};
use crate::tenant::Tenant;

/// A record's id: a ULID of its time, then of the revision it explains, so that records of the same millisecond stay in
/// order and a repeated write is the same record.
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
        // The 80 bits that a ULID leaves: 32 of the revision, 8 of the act, 40 of whose record it is.
        let revision = u128::from(revision & u64::from(u32::MAX));
        let tail = revision << 48 | u128::from(act as u8) << 40 | u128::from(hasher.finish() >> 24);
        let millisecond = u64::try_from(at.as_millisecond()).unwrap_or(0);
        Self(ulid::Ulid::from_parts(millisecond, tail).to_string())
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

/// What was done. New ones come last: a record's id holds the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
    /// A CloudWatch alarm went off, and the set was not paused for it.
    AlarmNotFollowed,
    /// A CloudWatch alarm came that says nothing the guard can act on.
    AlarmNotUnderstood,
    /// A CloudWatch alarm of the whole account went off.
    AccountAtRisk,
    /// Someone let a paused set send again; it is to be paused again.
    Reasserted,
    /// Someone let a paused set send again, and the guard lets that stand.
    Adopted,
    /// Someone else disabled the set.
    FoundOff,
    /// Who disabled the set enabled it again.
    FoundOn,
    /// The set is still paused, and someone should know.
    StillPaused,
    /// The account's own rate crossed its warning line.
    AccountWarned,
    /// The account's own rate reached its trigger; these sets are to be paused for it.
    AccountDefended,
    /// The account's own rate reached its trigger, and nobody can be paused for it, or not all.
    AccountUndefended,
    /// SES reckons the account's rate otherwise than the guard.
    AccountDisputed,
    /// AWS reviews the account, stopped it, or let it go again.
    AccountStandingChanged,
    /// The set's events do not reach the guard.
    Unheard,
    /// They do again.
    HeardAgain,
    /// The guard gave the set an event destination.
    Enrolled,
    /// A set that SES did not know exists again.
    FoundAgain,
    /// Many sets are not heard, or were enrolled.
    ManyUnheard,
    /// There are nearly as many sets as SES takes.
    SetsNearLimit,
    /// The guard as a whole does not see something.
    WentBlind,
    /// It sees that again.
    SeesAgain,
    /// Others than the policy names send with the set.
    StrangersSend,
    /// AWS found something of a tenant, or it was disabled.
    TenantInTrouble,
    /// That is over.
    TenantRecovered,
    /// The set's trial ended, and nothing was wrong.
    TrialEnded,
}

impl Act {
    /// Each of them, in their order.
    pub const ALL: [Self; 35] = [
        Self::Warned,
        Self::PauseIntended,
        Self::WouldPause,
        Self::Paused,
        Self::ResumeIntended,
        Self::Resumed,
        Self::Held,
        Self::Released,
        Self::CountingDegraded,
        Self::Gone,
        Self::AlarmNotFollowed,
        Self::AlarmNotUnderstood,
        Self::AccountAtRisk,
        Self::Reasserted,
        Self::Adopted,
        Self::FoundOff,
        Self::FoundOn,
        Self::StillPaused,
        Self::AccountWarned,
        Self::AccountDefended,
        Self::AccountUndefended,
        Self::AccountDisputed,
        Self::AccountStandingChanged,
        Self::Unheard,
        Self::HeardAgain,
        Self::Enrolled,
        Self::FoundAgain,
        Self::ManyUnheard,
        Self::SetsNearLimit,
        Self::WentBlind,
        Self::SeesAgain,
        Self::StrangersSend,
        Self::TenantInTrouble,
        Self::TenantRecovered,
        Self::TrialEnded,
    ];
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
    /// The tenant through which the set is stopped or let go; `None` for its own switch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<Tenant>,
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
            through: after.lever.tenant().cloned(),
            sentence: why.sentence,
            reason: why.reason,
            evidence: why.evidence,
        }
    }

    /// The record of something that is filed once, however often it is reported: `what` and the record's time name it.
    /// A second record of the same is not written: its change is a conflict.
    #[must_use]
    pub fn once(mut self, what: &str) -> Self {
        let mut hasher = SipHasher24::new();
        hasher.write(what.as_bytes());
        self.id = AuditId::of(&self.set, self.at, self.act, hasher.finish());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_of_one_millisecond_stay_in_the_order_of_their_changes() {
        let set: SetKey = "111122223333/eu-west-1/promo".parse().unwrap();
        let at: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let later = "2026-11-20T12:00:00.001Z".parse().unwrap();
        let ids = [
            (at, Act::Paused, 0),
            (at, Act::Warned, 1),
            (at, Act::Held, 1),
            (at, Act::Warned, 300),
            (later, Act::Warned, 2),
        ]
        .map(|(at, act, revision)| AuditId::of(&set, at, act, revision));
        assert!(ids.is_sorted(), "{ids:?}");
        assert_eq!(ids[0], AuditId::of(&set, at, Act::Paused, 0), "a repeat is the same record");
        let state = |revision| State { revision, ..State::default() };
        let once = |what: &str, revision| {
            let record = AuditRecord::of(&set, at, Act::AlarmNotFollowed, &state(revision), &state(1), Why::default());
            record.once(what).id
        };
        assert_eq!(once("alarm-a", 1), once("alarm-a", 9), "whatever happened to the state meanwhile");
        assert_ne!(once("alarm-a", 1), once("alarm-b", 1));
        let other: SetKey = "111122223333/eu-west-1/shop".parse().unwrap();
        assert_ne!(ids[0], AuditId::of(&other, at, Act::Paused, 0));
    }
}
