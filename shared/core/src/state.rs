//! What is known of one configuration set, and the changes it may go through.
//!
//! `generation` counts intents, `applied` is the one that SES is known to have carried out. A change is a compare
//! and replace on `revision`, so nobody acts on what is no longer so; only the mark (`dirty`) is added blindly.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::account::AccountWatch;
use crate::audit::{Act, AuditId, AuditRecord, GUARD};
use crate::fleet::Fleet;
use crate::hearing::Unheard;
use crate::name::SetKey;
use crate::policy::PauseThrough;
use crate::sight::Sight;
use crate::tenant::Lever;
use crate::time::{Bucket, plus_seconds};

/// How long an actuator may hold a set: longer than a call to SES can take effect after it was sent.
pub const LEASE_SECONDS: i64 = 60;

/// How long SES may go on answering as before an intent it confirmed. The design asks for two minutes; SES speaks of
/// "no more than a few minutes" in most cases (developer guide, troubleshooting general issues).
pub const SETTLED_SECONDS: i64 = 120;

/// Where a configuration set stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Phase {
    /// Sends, below the warning line.
    #[default]
    Active,
    /// Sends, above the warning line.
    Warned,
    /// To be paused; SES has not confirmed it yet.
    Pausing,
    /// Paused by the guard.
    Paused,
    /// To send again; SES has not confirmed it yet.
    Resuming,
    /// Sends again after a pause, watched with half the slack.
    Trial,
    /// Disabled in SES by someone else.
    External,
    /// SES no longer knows it.
    Gone,
}

impl Phase {
    /// Its word, as stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Warned => "WARNED",
            Self::Pausing => "PAUSING",
            Self::Paused => "PAUSED",
            Self::Resuming => "RESUMING",
            Self::Trial => "TRIAL",
            Self::External => "EXTERNAL",
            Self::Gone => "GONE",
        }
    }
}

/// What the actuator is to do in SES.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Intent {
    /// Stop the set.
    Pause,
    /// Let it send again.
    Resume,
}

/// Whose will the present phase is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Owner {
    /// The guard's, by its counts.
    Guard,
    /// An operator's.
    Operator,
}

/// An actuator's claim on a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Whose.
    pub id: String,
    /// Until when, absolutely.
    pub until: Timestamp,
}

/// An operator's "leave it alone".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hold {
    /// Who said so.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}

/// Why a set stands where it stands: what its records and notices say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Why {
    /// In one sentence with numbers.
    pub sentence: String,
    /// Who decided it.
    pub actor: String,
    /// The operator's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The judgement that led to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<serde_json::Value>,
}

impl Why {
    /// The guard's own, without evidence.
    pub fn guard(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), actor: GUARD.to_owned(), reason: None, evidence: None }
    }

    /// An operator's.
    pub fn operator(sentence: String, actor: &str, reason: &str) -> Self {
        Self { sentence, actor: actor.to_owned(), reason: Some(reason.to_owned()), evidence: None }
    }
}

/// The window's totals at the last evaluation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// Recipients sent to, those prevented taken off.
    pub sends: u64,
    /// Hard bounces.
    pub bounces: u64,
    /// Complaints.
    pub complaints: u64,
    /// Recipients that SES refused before sending.
    pub prevented: u64,
}

/// What is known of one set. The default is a set of which nothing is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// Grows with every change; 0 when none was ever written.
    pub revision: u64,
    /// Where it stands.
    pub phase: Phase,
    /// The latest intent's number.
    pub generation: u64,
    /// The number of the intent that SES is known to have carried out.
    pub applied: u64,
    /// Only mail sent in this bucket or later is judged.
    pub fresh: Option<Bucket>,
    /// Whose will the phase is.
    pub owner: Option<Owner>,
    /// How often it was marked to be judged.
    pub dirty: u64,
    /// The mark up to which it was judged.
    pub judged: u64,
    /// Whether it waits to be judged.
    pub to_judge: bool,
    /// The intent that waits for SES, with its priority.
    pub pending: Option<(Intent, u64)>,
    /// By what it is paused, or stopped by someone else; [`Lever::OwnSwitch`] while it sends.
    pub lever: Lever,
    /// The actuator that is at it.
    pub lease: Option<Lease>,
    /// An operator's hold.
    pub hold: Option<Hold>,
    /// Since when SES is known to refuse its mail.
    pub off_since: Option<Timestamp>,
    /// When SES last confirmed what it is to do, or until when a call that nobody answered for may have landed.
    pub confirmed_at: Option<Timestamp>,
    /// When SES was last asked by the sweep whether the set may send.
    pub looked_at: Option<Timestamp>,
    /// When SES is to be asked again whether the set may send: it was touched, and had not settled.
    pub look_at: Option<Timestamp>,
    /// When people were last reminded that it is paused.
    pub reminded_at: Option<Timestamp>,
    /// When a set that is over, but whose sends are counted late, is to be looked at again.
    pub recheck_at: Option<Timestamp>,
    /// It was half-way to a line, or beyond, at the last evaluation.
    pub near: bool,
    /// A pause that was due, and not made, was told.
    pub would_pause_told: bool,
    /// That its counts can't be trusted was told.
    pub degraded_told: bool,
    /// When people were last told that others than the policy names send with it.
    pub strangers_told_at: Option<Timestamp>,
    /// Audit records that people have not been told of yet.
    pub untold: BTreeSet<AuditId>,
    /// Why it stands where it stands.
    pub why: Option<Why>,
    /// The totals at the last evaluation.
    pub totals: Option<Totals>,
    /// How much of what its pause line allows it had used up then, in millionths; 0 without totals.
    pub used_ppm: u64,
    /// What is remembered of the account as a whole; of no set.
    pub account: Option<Box<AccountWatch>>,
    /// That its events do not reach the guard, as far as that is known.
    pub unheard: Option<Unheard>,
    /// What is known of the account's sets as a whole; only of the account.
    pub fleet: Option<Fleet>,
    /// Of the account alone: what the guard as a whole does not see.
    pub sight: Option<Sight>,
}

/// What a change does to the mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Leaves it.
    Keep,
    /// Takes it off, if there was none since the state was read; else the change is a conflict.
    Clear,
    /// Sets it: the set is to be judged.
    Set,
}

/// A compare and replace of one set's state, with the records that explain it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Whose.
    pub set: SetKey,
    /// The state as it was read.
    pub before: State,
    /// The state as it is to be; its `revision`, `dirty` and `to_judge` are the store's to keep.
    pub after: State,
    /// What becomes of the mark.
    pub mark: Mark,
    /// The records.
    pub audit: Vec<AuditRecord>,
}

impl Change {
    /// A change that nobody needs to read about.
    pub fn silent(set: &SetKey, before: &State, after: State) -> Self {
        Self { set: set.clone(), before: before.clone(), after, mark: Mark::Keep, audit: Vec::new() }
    }

    /// Adds the record of the change; `tell` has people told of it.
    #[must_use]
    pub fn recorded(mut self, record: AuditRecord, tell: bool) -> Self {
        if tell {
            self.after.untold.insert(record.id.clone());
        }
        self.audit.push(record);
        self
    }

    /// Takes the mark off: everything up to it is judged.
    #[must_use]
    pub fn judged(mut self) -> Self {
        self.after.judged = self.before.dirty;
        self.mark = Mark::Clear;
        self
    }

    /// The state as stored once the change is done: what every adapter must leave behind.
    pub fn stored(&self) -> State {
        let mut stored = self.after.clone();
        stored.revision = self.before.revision + 1;
        match self.mark {
            Mark::Keep => {}
            Mark::Clear => stored.to_judge = false,
            Mark::Set => {
                stored.to_judge = true;
                stored.dirty += 1;
            }
        }
        stored
    }
}

impl State {
    /// Whether the guard means it to send.
    pub fn wants_sending(&self) -> bool {
        match self.phase {
            Phase::Active | Phase::Warned | Phase::Resuming | Phase::Trial | Phase::Gone => true,
            Phase::Pausing | Phase::Paused | Phase::External => false,
        }
    }

    /// To be paused through what its policy says. What was stopped already, or is being let go, keeps its lever: nobody
    /// else remembers it.
    #[must_use]
    pub fn by(&self, through: PauseThrough) -> Self {
        let lever = match (self.phase, through) {
            (Phase::Pausing | Phase::Paused | Phase::Resuming | Phase::External, _) => self.lever.clone(),
            (Phase::Active | Phase::Warned | Phase::Trial | Phase::Gone, PauseThrough::ConfigurationSet) => {
                Lever::OwnSwitch
            }
            (Phase::Active | Phase::Warned | Phase::Trial | Phase::Gone, PauseThrough::Tenant) => Lever::ItsTenant,
        };
        Self { lever, ..self.clone() }
    }

    /// With a new intent for the actuator.
    #[must_use]
    pub fn intending(&self, intent: Intent, priority: u64, owner: Owner, why: Why) -> Self {
        let mut next = self.clone();
        next.generation += 1;
        next.pending = Some((intent, priority));
        match intent {
            Intent::Pause => next.phase = Phase::Pausing,
            Intent::Resume => {
                next.phase = Phase::Resuming;
                // From now on SES may take its mail, whether it says so or not.
                next.off_since = None;
                next.confirmed_at = self.may_have_landed_until();
            }
        }
        next.owner = Some(owner);
        next.why = Some(why);
        next.recheck_at = None;
        next.look_at = None;
        next.reminded_at = None;
        next.would_pause_told = false;
        next
    }

    /// The fence of a resume at `now`: the present bucket if SES was off before it began, else the next one. Mail from
    /// before the fence can't pause the set again.
    pub fn fence(&self, now: Timestamp) -> Bucket {
        let present = Bucket::of(now);
        match self.off_since {
            Some(off_since) if off_since < present.start() => present,
            Some(_) | None => present.plus(1),
        }
    }

    /// Whether an actuator may take it on.
    pub fn is_free(&self, now: Timestamp) -> bool {
        self.lease.as_ref().is_none_or(|lease| lease.until < now)
    }

    /// Leased to `id` from `now` on.
    #[must_use]
    pub fn leased(&self, id: &str, now: Timestamp) -> Self {
        let lease = Lease { id: id.to_owned(), until: plus_seconds(now, LEASE_SECONDS) };
        let confirmed_at = match self.pending {
            Some((Intent::Pause, _)) => self.may_have_landed_until(),
            // What a resume may have done already is what it wants.
            Some((Intent::Resume, _)) | None => self.confirmed_at,
        };
        Self { lease: Some(lease), confirmed_at, ..self.clone() }
    }

    /// Until when SES may have done something: whoever holds or held the lease may have called it.
    fn may_have_landed_until(&self) -> Option<Timestamp> {
        self.confirmed_at.max(self.lease.as_ref().map(|lease| lease.until))
    }

    /// From when on SES's answer is to be believed; `None` when the guard never changed anything there.
    pub fn settles_at(&self) -> Option<Timestamp> {
        self.confirmed_at.map(|at| plus_seconds(at, SETTLED_SECONDS))
    }

    /// Whether SES's answer is to be believed.
    pub fn is_settled(&self, now: Timestamp) -> bool {
        self.settles_at().is_none_or(|at| at <= now)
    }

    /// Whether `id` holds the lease.
    pub fn is_leased_to(&self, id: &str) -> bool {
        self.lease.as_ref().is_some_and(|lease| lease.id == id)
    }

    /// Without its lease.
    #[must_use]
    pub fn unleased(&self) -> Self {
        Self { lease: None, ..self.clone() }
    }

    /// SES has confirmed the pending intent.
    #[must_use]
    pub fn confirmed(&self, set: &SetKey, intent: Intent, now: Timestamp) -> Change {
        let mut next = self.unleased();
        next.applied = self.generation;
        next.pending = None;
        next.confirmed_at = Some(now);
        let act = match intent {
            Intent::Pause => {
                next.phase = Phase::Paused;
                next.off_since = Some(now);
                Act::Paused
            }
            Intent::Resume => {
                next.phase = Phase::Trial;
                next.off_since = None;
                next.owner = None;
                Act::Resumed
            }
        };
        let record = AuditRecord::of(set, now, act, self, &next, self.why.clone().unwrap_or_default());
        if intent == Intent::Resume {
            next.lever = Lever::OwnSwitch;
        }
        Change::silent(set, self, next).recorded(record, true)
    }

    /// SES does not know the set: whatever was intended is void, and only mail of a new set of that name counts.
    #[must_use]
    pub fn gone(&self, set: &SetKey, now: Timestamp) -> Change {
        let mut next = self.unleased();
        next.applied = self.generation;
        next.pending = None;
        next.phase = Phase::Gone;
        next.owner = None;
        next.off_since = None;
        next.look_at = None;
        next.unheard = None;
        next.fresh = Some(Bucket::of(now).plus(1));
        let mut sentence =
            "SES knows no configuration set of this name any more; there is nothing to pause or resume.".to_owned();
        if let Some(tenant) = std::mem::take(&mut next.lever).tenant() {
            sentence += &format!(" Its tenant {tenant}, through which it was stopped, stays disabled.");
        }
        let why = Why::guard(sentence);
        let record = AuditRecord::of(set, now, Act::Gone, self, &next, why);
        Change::silent(set, self, next).recorded(record, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_has_one_word() {
        use Phase::{Active, External, Gone, Paused, Pausing, Resuming, Trial, Warned};
        for phase in [Active, Warned, Pausing, Paused, Resuming, Trial, External, Gone] {
            assert_eq!(serde_json::to_value(phase).unwrap(), phase.as_str());
        }
        assert_eq!(Paused.as_str(), "PAUSED");
    }

    #[test]
    fn the_present_bucket_counts_after_a_resume_when_ses_was_off_before_it_began() {
        let now: Timestamp = "2026-11-20T12:07:30Z".parse().unwrap();
        let present = Bucket::of(now);
        for (off_since, fence) in [
            (None, present.plus(1)),
            (Some("2026-11-20T11:59:59.999Z"), present),
            (Some("2026-11-20T12:00:00Z"), present.plus(1)),
            (Some("2026-11-20T12:00:00.001Z"), present.plus(1)),
        ] {
            let state = State { off_since: off_since.map(|at| at.parse().unwrap()), ..State::default() };
            assert_eq!(state.fence(now), fence, "off since {off_since:?}");
        }
    }

    #[test]
    fn a_lease_is_one_actuator_s_until_it_is_over() {
        let now: Timestamp = "2026-11-20T12:07:30Z".parse().unwrap();
        let leased = State::default().leased("me", now);
        assert!(State::default().is_free(now) && leased.unleased().is_free(now));
        assert!(leased.is_leased_to("me") && !leased.is_leased_to("you") && !State::default().is_leased_to("me"));
        for (seconds, free) in [(0, false), (59, false), (60, false), (61, true)] {
            assert_eq!(leased.is_free(plus_seconds(now, seconds)), free, "after {seconds} s");
        }
    }
}
