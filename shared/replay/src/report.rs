//! What the replay came to, in the form in which it is written.

mod accounts;
mod assemble;
mod series;

use guard_core::name::{AccountId, ConfigurationSetName, Region};
use guard_core::policy::Mode;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

pub(crate) use assemble::assemble;
pub use series::Series;

use crate::intake::Intake;

/// The whole report.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Of this form.
    pub version: u32,
    /// What the report can't say, to be read first.
    pub limits: Vec<String>,
    /// What was read.
    pub intake: Intake,
    /// When the first of the mail was sent; `None` without any.
    pub from: Option<Timestamp>,
    /// When the last of it was sent, or failed.
    pub until: Option<Timestamp>,
    /// Events of so many seconds were taken for one batch: 1, or more when there were too many.
    pub grain_seconds: u32,
    /// Seconds from a decision until SES refuses mail.
    pub latency_seconds: u32,
    /// The policies' names, in the order in which outcomes are listed.
    pub policies: Vec<String>,
    /// The worst verdict first, then by mail saved, then by volume.
    pub sets: Vec<SetReport>,
    /// One per account and Region.
    pub accounts: Vec<AccountReport>,
}

/// Counts and their rates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Recipients sent to, those prevented taken off.
    pub mails: u64,
    /// Hard bounces.
    pub bounces: u64,
    /// Complaints.
    pub complaints: u64,
    /// Recipients that SES refused before sending.
    pub prevented: u64,
    /// Bounces per million mails; `None` without mails.
    pub bounce_rate_ppm: Option<u64>,
    /// Complaints per million mails.
    pub complaint_rate_ppm: Option<u64>,
}

impl Counts {
    /// With their rates.
    pub fn of(sends: u64, bounces: u64, complaints: u64, prevented: u64) -> Self {
        let mails = sends.saturating_sub(prevented);
        let rate = |part: u64| part.saturating_mul(1_000_000).checked_div(mails);
        Self {
            mails,
            bounces,
            complaints,
            prevented,
            bounce_rate_ppm: rate(bounces),
            complaint_rate_ppm: rate(complaints),
        }
    }
}

/// One configuration set.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SetReport {
    /// Its name.
    pub configuration_set: ConfigurationSetName,
    /// Whose it is.
    pub account: AccountId,
    /// Where it sends from.
    pub region: Region,
    /// All it sent, and what came of it.
    #[serde(flatten)]
    pub counts: Counts,
    /// Over time.
    pub series: Series,
    /// One per policy.
    pub outcomes: Vec<PolicyOutcome>,
}

/// How far it went with a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Nothing happened.
    Ok,
    /// More failures than sends were counted: nothing can be said.
    NotJudged,
    /// It was warned.
    Warned,
    /// It would have been paused, were it not exempt.
    Exempt,
    /// It would have been paused.
    Paused,
}

/// What one policy would have done to a set.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyOutcome {
    /// The policy.
    pub policy: String,
    /// How far it went.
    pub verdict: Verdict,
    /// The profile that judged it last.
    pub profile: String,
    /// Whether the policy only observes this set; what enforcing it would do is reported all the same.
    pub mode: Option<Mode>,
    /// Why it must not be paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exempt: Option<String>,
    /// The first warning.
    pub warned: Option<Decision>,
    /// How many warnings there were.
    pub warnings: u64,
    /// The pause.
    pub paused: Option<Decision>,
    /// The pause that an exemption prevented.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub would_pause: Option<Decision>,
    /// Why the counts can't be trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub degraded: Option<Decision>,
    /// The mail that would not have gone out.
    pub saved: Saved,
}

/// One decision with its evidence.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// When.
    pub at: Timestamp,
    /// From when on SES refuses mail, should it be a pause.
    pub effective_at: Timestamp,
    /// In one sentence with numbers.
    pub sentence: String,
    /// The judgement.
    pub evidence: Option<Value>,
}

/// Mail that was sent after a pause would have been in force, until the archive ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Saved {
    /// Recipients, those prevented taken off.
    pub mails: u64,
    /// Hard bounces of them.
    pub bounces: u64,
    /// Complaints about them.
    pub complaints: u64,
    /// Of them prevented.
    pub prevented: u64,
}

/// One account in one Region.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountReport {
    /// Its id.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
    /// What really happened.
    #[serde(flatten)]
    pub counts: Counts,
    /// The worst of its days.
    pub worst_bounce_day: Option<WorstDay>,
    /// The worst of its days.
    pub worst_complaint_day: Option<WorstDay>,
    /// Over time.
    pub series: Series,
    /// What would have happened, one per policy.
    pub with_guard: Vec<WithGuard>,
}

/// An account's past without the mail that would not have gone out.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WithGuard {
    /// The policy.
    pub policy: String,
    /// Configuration sets that would have been paused.
    pub paused_sets: u64,
    /// What would have been left.
    #[serde(flatten)]
    pub counts: Counts,
    /// The worst of its days.
    pub worst_bounce_day: Option<WorstDay>,
    /// The worst of its days.
    pub worst_complaint_day: Option<WorstDay>,
    /// Over time.
    pub series: Series,
}

/// A day of UTC, by when the mail was sent, with at least 1,000 mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorstDay {
    /// The day.
    pub day: jiff::civil::Date,
    /// Its counts.
    #[serde(flatten)]
    pub counts: Counts,
}
