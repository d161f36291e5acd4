//! What the rules need of the world, in our words. Each port has an adapter in `guard-aws` and one in
//! `guard-local`, and one contract suite that both pass.

mod account;
mod digests;
mod inventory;
mod tenants;
mod vitals;

use std::collections::BTreeSet;
use std::error::Error;
use std::future::Future;

use jiff::Timestamp;

pub use account::{AccountStanding, AccountView, SendQuota, SesRates};
pub use digests::{Digests, Known};
pub use inventory::{
    Created, DESTINATIONS_PER_SET, EventDestination, EventType, Identity, IdentityKind, Inventory, Page,
    SETS_PER_ACCOUNT, Target,
};
pub use tenants::Tenants;
pub use vitals::{Monitor, Point, Vital, Vitals};

use crate::audit::{AuditId, AuditRecord};
use crate::home::Home;
use crate::name::{ConfigurationSetName, SetKey};
use crate::notice::Notice;
use crate::state::{Change, Intent, Phase, State, Totals};
use crate::tally::{Addition, BucketTally, Held};
use crate::time::Bucket;

/// Whether a failed write took effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Landed {
    /// Surely not: it was refused. Repeating it is safe.
    No,
    /// Perhaps: the answer was lost.
    Perhaps,
}

/// A store, a topic or a queue that did not do what it was asked. What was asked is to be tried again later.
#[derive(Debug, thiserror::Error)]
#[error("{operation} of {subject}")]
pub struct Fault {
    /// The operation, in AWS's words.
    pub operation: &'static str,
    /// The thing it was about; never an address.
    pub subject: String,
    /// Whether it took effect.
    pub landed: Landed,
    /// What went wrong.
    pub source: Box<dyn Error + Send + Sync>,
}

/// An error and all its causes, on one line.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}

/// Counts per configuration set and bucket.
pub trait Ledger: Send + Sync {
    /// Adds to one bucket: unconditional, order does not matter, and a repeat with all receipts marked suspect keeps
    /// the truth inside the interval. Gives what the bucket held right after it.
    fn add(&self, addition: &Addition) -> impl Future<Output = Result<Held, Fault>> + Send;

    /// The buckets from `from` to `to`, both included, oldest first; only those with mail, and none when `to` is before
    /// `from`. Sees every `add` that returned before the call.
    fn window(
        &self,
        set: &SetKey,
        from: Bucket,
        to: Bucket,
    ) -> impl Future<Output = Result<Vec<BucketTally>, Fault>> + Send;
}

/// What became of a [`Register::commit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a conflict means that nothing was written"]
pub enum Committed {
    /// State and audit record are stored, together.
    Done,
    /// Someone else changed the state since it was read; nothing was written. Read again, decide again.
    Conflict,
}

/// An intent that SES has not confirmed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Whose.
    pub set: SetKey,
    /// What is to be done.
    pub intent: Intent,
    /// How urgent: failed mails per 1,000 seconds.
    pub priority: u64,
}

/// What can be told of a set without reading all of its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glance {
    /// Whose; the account as a whole, too.
    pub set: SetKey,
    /// Where it stands.
    pub phase: Phase,
    /// [`State::totals`]
    pub totals: Option<Totals>,
    /// [`State::used_ppm`]
    pub used_ppm: u64,
    /// [`State::near`]
    pub near: bool,
    /// [`State::off_since`]
    pub off_since: Option<Timestamp>,
    /// [`State::looked_at`]
    pub looked_at: Option<Timestamp>,
    /// [`State::look_at`]
    pub look_at: Option<Timestamp>,
    /// [`State::reminded_at`]
    pub reminded_at: Option<Timestamp>,
    /// Whether an operator holds it.
    pub is_held: bool,
    /// Whether people are still to be told of something.
    pub is_untold: bool,
    /// Whether its events are known not to reach the guard.
    pub is_unheard: bool,
}

impl Glance {
    /// What a glance at this state tells.
    pub fn at(set: &SetKey, state: &State) -> Self {
        Self {
            set: set.clone(),
            phase: state.phase,
            totals: state.totals,
            used_ppm: state.used_ppm,
            near: state.near,
            off_since: state.off_since,
            looked_at: state.looked_at,
            look_at: state.look_at,
            reminded_at: state.reminded_at,
            is_held: state.hold.is_some(),
            is_untold: !state.untold.is_empty(),
            is_unheard: state.unheard.is_some(),
        }
    }

    /// Whether mail of its window had failed at the last evaluation.
    pub fn has_failures(&self) -> bool {
        self.totals.is_some_and(|totals| totals.bounces + totals.complaints > 0)
    }
}

/// The state of every configuration set, and the file of what was decided and why.
pub trait Register: Send + Sync {
    /// Notes that the set must be judged. May be repeated.
    fn mark(&self, set: &SetKey) -> impl Future<Output = Result<(), Fault>> + Send;

    /// The state of a set, [`State::default`] when nothing is known of it. Sees every write that returned before.
    fn read(&self, set: &SetKey) -> impl Future<Output = Result<State, Fault>> + Send;

    /// Compare and replace, with the audit record in the same transaction.
    fn commit(&self, change: &Change) -> impl Future<Output = Result<Committed, Fault>> + Send;

    /// All pending intents, pauses first and worst first. May lag behind the latest writes.
    fn pending(&self) -> impl Future<Output = Result<Vec<Pending>, Fault>> + Send;

    /// The sets whose mark is on. May lag behind the latest writes.
    fn to_judge(&self) -> impl Future<Output = Result<Vec<SetKey>, Fault>> + Send;

    /// A glance at everything whose state was ever changed, ordered by key; a mark alone is no change. Far cheaper than
    /// [`Register::states`]. May lag behind the latest writes.
    fn glances(&self) -> impl Future<Output = Result<Vec<Glance>, Fault>> + Send;

    /// Every set of which something is known, but not the account as a whole. May lag behind the latest writes.
    fn states(&self) -> impl Future<Output = Result<Vec<(SetKey, State)>, Fault>> + Send;

    /// The latest audit records of a set, newest first.
    fn history(&self, set: &SetKey, limit: u32) -> impl Future<Output = Result<Vec<AuditRecord>, Fault>> + Send;

    /// One audit record; `None` when there is none with this id.
    fn audit_record(
        &self,
        set: &SetKey,
        id: &AuditId,
    ) -> impl Future<Output = Result<Option<AuditRecord>, Fault>> + Send;
}

/// Why SES did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum SwitchFault {
    /// Too many calls (429); surely not done.
    #[error("SES is throttling")]
    Throttled,
    /// The configuration set, or the identity, does not exist (404).
    #[error("SES knows nothing of this name")]
    NotFound,
    /// Refused for another reason (denied, invalid); surely not done.
    #[error("SES refused the call")]
    Refused(#[source] Box<dyn Error + Send + Sync>),
    /// No answer: it may still take effect until the lease ends.
    #[error("SES did not answer")]
    Unknown(#[source] Box<dyn Error + Send + Sync>),
}

/// SES's switch of one configuration set; of all sending, where [`SetKey::is_account`]. One call is one request: no retry
/// inside. Beside it a set may be stopped through its tenant.
pub trait SendingSwitch: Tenants {
    /// Whether the set may send.
    fn is_on(&self, set: &SetKey) -> impl Future<Output = Result<bool, SwitchFault>> + Send;
    /// Lets the set send, or stops it. May be repeated.
    fn turn(&self, set: &SetKey, on: bool) -> impl Future<Output = Result<(), SwitchFault>> + Send;
}

/// Tells people and machines.
pub trait Notifier: Send + Sync {
    /// Delivers the notice at least once.
    fn notify(&self, notice: &Notice) -> impl Future<Output = Result<(), Fault>> + Send;
}

/// Wakes the judge later.
pub trait Reminder: Send + Sync {
    /// Has the set judged again, `seconds` from now or a little later.
    fn remind(&self, set: &SetKey, seconds: u32) -> impl Future<Output = Result<(), Fault>> + Send;
}

/// Wakes the actuator past the stream, which may have lost it.
pub trait Waker: Send + Sync {
    /// Has everything carried out that is pending, and what is untold of these sets told. Does not wait for it.
    fn wake(&self, sets: &BTreeSet<SetKey>) -> impl Future<Output = Result<(), Fault>> + Send;
}

/// What a CloudWatch alarm watches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Watched {
    /// The alarm's name.
    pub name: String,
    /// Whether it is in ALARM.
    pub in_alarm: bool,
    /// The sets its metrics are about, each once.
    pub configuration_sets: Vec<ConfigurationSetName>,
    /// Whether one of its metrics is SES's for the whole account.
    pub account_level: bool,
    /// Whether it is a composite alarm, which watches other alarms.
    pub composite: bool,
}

/// CloudWatch's alarms, to look up what a composite alarm does not say. An alarm is one of its home's.
pub trait Alarms: Send + Sync {
    /// What these alarms watch, at most 100; those that do not exist are left out.
    fn describe(&self, home: &Home, names: &[String]) -> impl Future<Output = Result<Vec<Watched>, Fault>> + Send;

    /// The names of the alarms in a composite alarm's rule that are in ALARM.
    fn children_in_alarm(
        &self,
        home: &Home,
        composite: &str,
    ) -> impl Future<Output = Result<Vec<String>, Fault>> + Send;
}

/// The only way to the time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
    /// Waits.
    fn sleep(&self, milliseconds: u64) -> impl Future<Output = ()> + Send;
}
