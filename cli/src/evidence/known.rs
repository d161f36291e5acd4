//! The answers that the document is made of, as far as it needs them.

use guard_core::audit::AuditRecord;
use guard_core::home::Home;
use guard_core::name::{AccountId, ConfigurationSetName, Region};
use guard_core::policy::{Exemption, Line, Mode, Policy, ProfileName};
use guard_core::sight::Shown;
use guard_core::state::{Hold, Phase};
use jiff::Timestamp;
use serde::Deserialize;

/// Everything that was answered.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) evidence: Evidence,
    /// `None` of the account as a whole.
    pub(super) status: Option<Status>,
    pub(super) guard: Guard,
    pub(super) policy: Policies,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Evidence {
    pub(super) configuration_set: String,
    pub(super) account: AccountId,
    pub(super) region: Region,
    pub(super) since: Timestamp,
    pub(super) until: Timestamp,
    pub(super) counts_since: Timestamp,
    pub(super) hours: Vec<Hour>,
    pub(super) records: Vec<AuditRecord>,
    pub(super) complete: bool,
    pub(super) configuration_sets: Vec<Switched>,
    pub(super) configuration_sets_complete: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Hour {
    pub(super) hour: Timestamp,
    pub(super) sends: Between,
    pub(super) bounces: Between,
    pub(super) complaints: Between,
    pub(super) prevented: Between,
}

/// Between which numbers a count lies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Between {
    pub(super) at_least: u64,
    pub(super) at_most: u64,
}

/// A set that was paused or let send again.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Switched {
    pub(super) configuration_set: ConfigurationSetName,
    pub(super) records: Vec<AuditRecord>,
    pub(super) complete: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Status {
    pub(super) phase_after: Phase,
    pub(super) sending_enabled: Option<bool>,
    pub(super) hold: Option<Hold>,
    pub(super) thresholds: Thresholds,
    pub(super) judged_by: JudgedBy,
    pub(super) unheard: Option<Unheard>,
    pub(super) sentence: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Thresholds {
    pub(super) bounce: Line,
    pub(super) complaint: Line,
}

#[derive(Debug, Deserialize)]
pub(super) struct JudgedBy {
    pub(super) profile: ProfileName,
    pub(super) mode: Mode,
    pub(super) exempt: Option<Exemption>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Unheard {
    pub(super) since: Timestamp,
    pub(super) sentence: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Guard {
    pub(super) mode: Mode,
    pub(super) homes: Vec<Home>,
    pub(super) policy: Policy,
    pub(super) account: Option<Account>,
    pub(super) sight: Option<Sight>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sight {
    pub(super) blind_spots: Vec<Shown>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Account {
    pub(super) at: Option<Timestamp>,
    pub(super) bounce: Rate,
    pub(super) complaint: Rate,
    pub(super) enforcement_status: Option<String>,
    pub(super) sending_enabled: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rate {
    pub(super) hours: u32,
    pub(super) sends: u64,
    pub(super) events: u64,
    pub(super) rate_ppm: Option<u64>,
    pub(super) ses_rate_ppm: Option<u64>,
    pub(super) trigger_ppm: u64,
    pub(super) target_ppm: u64,
    pub(super) aws_review_ppm: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Policies {
    pub(super) versions: Vec<Version>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Version {
    pub(super) version: u64,
    pub(super) at: Timestamp,
    pub(super) actor: String,
    pub(super) reason: String,
    pub(super) cleared: bool,
}
