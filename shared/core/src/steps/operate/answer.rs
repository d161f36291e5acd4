//! What a person is told back.

use jiff::Timestamp;
use serde::Serialize;

use super::refusal::{ErrorCode, Refusal};
use super::request::Request;
use crate::audit::AuditRecord;
use crate::hearing::{Gap, Unheard};
use crate::home::Home;
use crate::judge::{Judgement, Metric};
use crate::name::{AccountId, ConfigurationSetName, Region, SetKey};
use crate::notice::sentence;
use crate::policy::stored::InForce;
use crate::policy::{Exemption, Line, ProfileName, RuleUsed, SetPolicy};
use crate::sight::{Shown, Sight};
use crate::standing::Assessment;
use crate::state::{Hold, Intent, Owner, Phase, State, Totals};
use crate::steps::decide::Mode;
use crate::strangers::SendersAnswer;
use crate::tenant::Tenant;

/// An answer; as JSON it always begins with `ok`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// Of one set.
    Set(Box<SetAnswer>),
    /// Everything else, whole.
    Other(serde_json::Value),
    /// Nothing was changed, unless the message says so.
    Refused(RefusedAnswer),
}

/// `{"ok": false, "error": {…}}`
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RefusedAnswer {
    ok: bool,
    error: Refusal,
}

impl RefusedAnswer {
    /// Why, for programs.
    pub fn code(&self) -> ErrorCode {
        self.error.code
    }

    /// Why, for people too.
    pub fn refusal(&self) -> &Refusal {
        &self.error
    }
}

/// What is known of one set.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SetAnswer {
    ok: bool,
    /// What was asked.
    pub action: &'static str,
    /// Which.
    pub configuration_set: ConfigurationSetName,
    account: AccountId,
    region: Region,
    /// The phase before the action.
    pub phase_before: Phase,
    /// The phase after it.
    pub phase_after: Phase,
    /// What SES says; `null` when it did not say.
    sending_enabled: Option<bool>,
    owner: Option<Owner>,
    pending: Option<Intent>,
    hold: Option<Hold>,
    fresh: Option<Timestamp>,
    generation: u64,
    tally: Tally,
    thresholds: Thresholds,
    judged_by: JudgedBy,
    /// Only where the policy says who may send with the set.
    #[serde(skip_serializing_if = "Option::is_none")]
    senders: Option<SendersAnswer>,
    /// `null` while its events reach the guard, or nobody knows yet.
    unheard: Option<UnheardAnswer>,
    /// Only where the set is stopped through its tenant, or its tenant is disabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<TenantAnswer>,
    /// The reason, in one sentence.
    pub sentence: String,
}

/// The tenant through which a set is stopped.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TenantAnswer {
    /// Its name and id.
    pub(super) tenant: Tenant,
    /// AWS keeps it disabled, and nobody else lets it send again.
    pub(super) disabled_by_aws: bool,
    /// What resumes the set enables it.
    pub(super) paused_through: bool,
}

/// What the guard as a whole does not see.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SightAnswer {
    /// When it last looked; `null` when it never did.
    checked_at: Option<Timestamp>,
    /// What it does not see now; none while all is well.
    blind_spots: Vec<Shown>,
}

impl SightAnswer {
    pub(super) fn of(sight: Option<&Sight>, now: Timestamp) -> Self {
        Self { checked_at: sight.and_then(|sight| sight.checked_at), blind_spots: Sight::shown(sight, now) }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Tally {
    #[serde(flatten)]
    totals: Totals,
    /// `null` when nothing was sent: no mail has no rate.
    bounce_rate_ppm: Option<u64>,
    complaint_rate_ppm: Option<u64>,
    /// The worst stretch of the window, as judged.
    judgement: Judgement,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Thresholds {
    bounce: Line,
    complaint: Line,
    /// How many failures pause the set at its present volume, were they all in one stretch.
    bounces_at_this_volume: u64,
    complaints_at_this_volume: u64,
}

/// That a set's events do not reach the guard.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct UnheardAnswer {
    gap: Gap,
    since: Timestamp,
    sentence: &'static str,
}

impl From<Unheard> for UnheardAnswer {
    fn from(unheard: Unheard) -> Self {
        Self { gap: unheard.gap, since: unheard.since, sentence: unheard.gap.as_str() }
    }
}

/// Which part of the policy a set falls under.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct JudgedBy {
    profile: ProfileName,
    /// `null` when no rule names the set.
    rule: Option<RuleUsed>,
    mode: Mode,
    exempt: Option<Exemption>,
}

impl SetAnswer {
    pub(super) fn new(
        request: &Request,
        set: &SetKey,
        before: &State,
        after: &State,
        sending_enabled: Option<bool>,
        found: &Assessment,
        judged_by: SetPolicy,
    ) -> Self {
        let SetPolicy { policy, profile, mode, exempt, rule, senders: _ } = judged_by;
        let totals = found.totals;
        let trial = found.judgement.trial;
        let line = |metric| match policy.effective_line(metric, trial) {
            line if trial => line,
            line => policy.scaled(line, totals.sends),
        };
        let (bounce, complaint) = (line(Metric::Bounce), line(Metric::Complaint));
        let why = after.why.as_ref().map(|why| why.sentence.clone());
        Self {
            ok: true,
            action: request.action.as_str(),
            configuration_set: set.name.clone(),
            account: set.account.clone(),
            region: set.region.clone(),
            phase_before: before.phase,
            phase_after: after.phase,
            sending_enabled,
            owner: after.owner,
            pending: after.pending.map(|(intent, _)| intent),
            hold: after.hold.clone(),
            fresh: after.fresh.map(crate::time::Bucket::start),
            generation: after.generation,
            tally: Tally {
                totals,
                bounce_rate_ppm: rate_ppm(totals.bounces, totals.sends),
                complaint_rate_ppm: rate_ppm(totals.complaints, totals.sends),
                judgement: found.judgement.clone(),
            },
            thresholds: Thresholds {
                bounces_at_this_volume: bounce.at(totals.sends),
                complaints_at_this_volume: complaint.at(totals.sends),
                bounce,
                complaint,
            },
            judged_by: JudgedBy { profile, rule, mode, exempt },
            senders: None,
            unheard: after.unheard.map(UnheardAnswer::from),
            tenant: None,
            sentence: why.unwrap_or_else(|| sentence::standing(&totals, bounce, complaint)),
        }
    }
}

impl SetAnswer {
    /// With who may send with the set, and who else did.
    pub(super) fn naming(self, senders: Option<SendersAnswer>) -> Self {
        Self { senders, ..self }
    }

    /// With the tenant through which it is stopped.
    pub(super) fn of(self, tenant: Option<TenantAnswer>) -> Self {
        Self { tenant, ..self }
    }
}

fn rate_ppm(part: u64, whole: u64) -> Option<u64> {
    (whole > 0).then(|| part.saturating_mul(1_000_000) / whole)
}

impl Answer {
    /// As JSON.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// `{"ok": false, "error": {…}}`
    pub fn refused(refusal: Refusal) -> Self {
        Self::Refused(RefusedAnswer { ok: false, error: refusal })
    }

    pub(super) fn history(set: &SetKey, records: Vec<AuditRecord>) -> Self {
        Self::Other(serde_json::json!({
            "ok": true, "action": "history", "configurationSet": set.name, "account": set.account, "region": set.region,
            "records": records,
        }))
    }

    pub(super) fn overview(
        mode: Mode,
        policy: &InForce,
        homes: &[Home],
        states: &[(SetKey, State)],
        account: serde_json::Value,
        hearing: serde_json::Value,
        sight: &SightAnswer,
    ) -> Self {
        let mut phases = std::collections::BTreeMap::<Phase, u64>::new();
        for (_, state) in states {
            *phases.entry(state.phase).or_default() += 1;
        }
        let count = |wanted: fn(&State) -> bool| states.iter().filter(|(_, state)| wanted(state)).count();
        Self::Other(serde_json::json!({
            "ok": true,
            "action": "status",
            "mode": mode.and(policy.book.mode()),
            "homes": homes,
            "configurationSets": states.len(),
            "phases": phases,
            "held": count(|state| state.hold.is_some()),
            "toJudge": count(|state| state.to_judge),
            "pending": count(|state| state.pending.is_some()),
            "hearing": hearing,
            "sight": sight,
            "policySource": policy.source,
            "policyVersion": policy.version,
            "account": account,
            // Of the sets that no rule names.
            "policy": policy.book.profiles().next().map(|profile| profile.policy).unwrap_or_default(),
        }))
    }

    /// Those that need someone first: by phase, then by bounces over sends.
    pub(super) fn list(mut states: Vec<(SetKey, State)>) -> Self {
        let rate = |state: &State| {
            let totals = state.totals.unwrap_or_default();
            rate_ppm(totals.bounces, totals.sends)
        };
        let urgency = |phase| match phase {
            Phase::Pausing => 0,
            Phase::Paused => 1,
            Phase::External => 2,
            Phase::Resuming => 3,
            Phase::Trial => 4,
            Phase::Warned => 5,
            Phase::Active => 6,
            Phase::Gone => 7,
        };
        states.sort_by_key(|(set, state)| {
            (urgency(state.phase), std::cmp::Reverse(rate(state)), set.name.clone(), Home::of(set))
        });
        let rows: Vec<_> = states
            .iter()
            .map(|(set, state)| {
                let totals = state.totals.unwrap_or_default();
                serde_json::json!({
                    "configurationSet": set.name,
                    "account": set.account,
                    "region": set.region,
                    "phase": state.phase,
                    "held": state.hold.is_some(),
                    "unheard": state.unheard.map(|unheard| unheard.gap),
                    "sends": totals.sends,
                    "bounces": totals.bounces,
                    "complaints": totals.complaints,
                    "bounceRatePpm": rate_ppm(totals.bounces, totals.sends),
                    "complaintRatePpm": rate_ppm(totals.complaints, totals.sends),
                    "sentence": state.why.as_ref().map(|why| &why.sentence),
                })
            })
            .collect();
        Self::Other(serde_json::json!({ "ok": true, "action": "list", "configurationSets": rows }))
    }
}
