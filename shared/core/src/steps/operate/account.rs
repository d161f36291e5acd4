//! How the account stands, in the answer of `status`: what the guard wrote down at its last look.

use serde_json::{Value, json};

use crate::account::{AccountWatch, Round};
use crate::judge::Metric;
use crate::policy::{AccountPolicy, aws_review_line};
use crate::tenant::{Said, SendingStatus, Tenant, TenantWatch};

/// `null` while the account was never looked at.
pub(super) fn answer(watch: Option<&AccountWatch>, policy: &AccountPolicy) -> Value {
    let Some(watch) = watch else { return Value::Null };
    let standing = watch.standing.as_ref();
    json!({
        "at": watch.at,
        "bounce": rate(watch, policy, Metric::Bounce),
        "complaint": rate(watch, policy, Metric::Complaint),
        "enforcementStatus": standing.map(|one| &one.enforcement_status),
        "sendingEnabled": standing.map(|one| one.sending_enabled),
        "quota": standing.and_then(|one| one.quota),
        "askedSesAt": watch.asked_at,
        // Why SES's own figures are missing.
        "unread": watch.unread,
        "lastRound": watch.rounds.last().map(round),
        "tenants": watch.tenants.in_trouble().map(tenant).collect::<Vec<_>>(),
    })
}

fn rate(watch: &AccountWatch, policy: &AccountPolicy, metric: Metric) -> Value {
    let (rate, lines) = (watch.of(metric), policy.metric(metric));
    json!({
        "hours": rate.hours,
        "sends": rate.ours.sends,
        "events": rate.ours.events,
        "ratePpm": rate.ours.rate_ppm(),
        "sesRatePpm": rate.ses_ppm,
        "warnPpm": lines.warn_ppm,
        "triggerPpm": lines.trigger_ppm,
        "targetPpm": lines.target_ppm,
        "awsReviewPpm": aws_review_line(metric),
        // The share of complaints that reach the guard, as far as the difference tells.
        "estimatedCoveragePpm": match metric {
            Metric::Bounce => None,
            Metric::Complaint => rate.coverage(),
        },
        "atRisk": rate.named,
    })
}

/// One of which something is wrong.
fn tenant((tenant, watch): (&Tenant, &TenantWatch)) -> Value {
    let disabled = |said: &Option<Said>| said.as_ref().filter(|said| said.status == SendingStatus::Disabled).map(since);
    let open = watch.findings.iter().filter(|(_, found)| found.open);
    let open: Vec<_> = open
        .map(|(kind, found)| json!({"type": kind, "impact": found.impact, "sentence": found.sentence, "at": found.at}))
        .collect();
    json!({
        "tenant": tenant,
        "disabledByAws": disabled(&watch.aws),
        "disabledByCustomer": disabled(&watch.customer),
        "findings": open,
    })
}

fn since(said: &Said) -> Value {
    json!({"since": said.at, "cause": said.cause})
}

fn round(round: &Round) -> Value {
    let names: Vec<_> = round.sets.iter().map(|one| &one.name).collect();
    json!({
        "at": round.at, "metric": round.metric, "targetPpm": round.target, "configurationSets": names, "done": round.done,
    })
}
