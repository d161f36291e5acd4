//! The account as a whole, in the answer about the guard as a whole.

use comfy_table::{Cell, Color};
use guard_core::port::SendQuota;
use guard_core::tenant::Tenant;
use jiff::Timestamp;
use serde::Deserialize;

use super::figure::{self, Share};
use super::words;

/// How many sets of a round are named.
const NAMED: usize = 5;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Account {
    at: Option<Timestamp>,
    bounce: Rate,
    complaint: Rate,
    enforcement_status: Option<String>,
    sending_enabled: Option<bool>,
    quota: Option<SendQuota>,
    unread: Option<String>,
    last_round: Option<Round>,
    #[serde(default)]
    tenants: Vec<TenantShown>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rate {
    hours: u32,
    sends: u64,
    events: u64,
    rate_ppm: Option<u64>,
    ses_rate_ppm: Option<u64>,
    warn_ppm: u64,
    trigger_ppm: u64,
    aws_review_ppm: u64,
    estimated_coverage_ppm: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Round {
    at: Timestamp,
    metric: String,
    configuration_sets: Vec<String>,
}

/// A tenant of SES of which something is wrong.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TenantShown {
    tenant: Tenant,
    disabled_by_aws: Option<Disabled>,
    disabled_by_customer: Option<Disabled>,
    findings: Vec<Finding>,
}

#[derive(Debug, Deserialize)]
struct Disabled {
    since: Timestamp,
    cause: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Finding {
    r#type: String,
    impact: String,
    sentence: String,
    at: Timestamp,
}

impl Account {
    pub(super) fn rows(&self) -> Vec<(&'static str, Cell)> {
        let mut rows = vec![
            ("account", self.standing()),
            ("  bounces", self.bounce.cell(Share::Bounce)),
            ("  complaints", self.complaint.cell(Share::Complaint)),
        ];
        if let Some(coverage) = self.complaint.estimated_coverage_ppm {
            let text =
                format!("{} of them reach the guard, by SES's rate", figure::share(Share::Bounce, Some(coverage)));
            rows.push(("  coverage", Cell::new(text)));
        }
        if let Some(round) = &self.last_round {
            rows.push(("  last round", words(&round.text())));
        }
        rows.extend(self.tenants.iter().map(|tenant| ("  tenant", words(&tenant.text()).fg(Color::DarkYellow))));
        if let Some(unread) = &self.unread {
            rows.push(("  SES not read", words(unread).fg(Color::DarkYellow)));
        }
        rows
    }

    fn standing(&self) -> Cell {
        let status = self.enforcement_status.as_deref().unwrap_or("SES was not heard yet");
        let off = if self.sending_enabled == Some(false) { ", may not send" } else { "" };
        let quota = self.quota.map(|quota| {
            let (sent, most) = (quota.sent_last_24_hours.unsigned_abs(), quota.max_24_hours);
            let most = u64::try_from(most).map_or("unlimited".to_owned(), figure::count);
            format!("; sent {} of {most} in 24 hours", figure::count(sent))
        });
        let at = self.at.map(|at| format!(" ({})", figure::time(at)));
        let cell = words(&format!("{status}{off}{}{}", quota.unwrap_or_default(), at.unwrap_or_default()));
        match (status, self.sending_enabled) {
            ("HEALTHY", Some(true)) => cell.fg(Color::DarkGreen),
            (_, Some(_)) => cell.fg(Color::DarkRed),
            (_, None) => cell,
        }
    }
}

impl Rate {
    fn cell(&self, of: Share) -> Cell {
        let share = |ppm| figure::share(of, ppm);
        let text = format!(
            "{} of {} in {} hours ({}); SES says {}; warns at {}, pauses for it at {}, AWS reviews at {}",
            figure::count(self.events),
            figure::count(self.sends),
            self.hours,
            share(self.rate_ppm),
            share(self.ses_rate_ppm),
            share(Some(self.warn_ppm)),
            share(Some(self.trigger_ppm)),
            share(Some(self.aws_review_ppm)),
        );
        let rate = self.rate_ppm.max(self.ses_rate_ppm).unwrap_or(0);
        match () {
            () if rate >= self.trigger_ppm => Cell::new(text).fg(Color::DarkRed),
            () if rate >= self.warn_ppm => Cell::new(text).fg(Color::DarkYellow),
            () => Cell::new(text),
        }
    }
}

impl TenantShown {
    fn text(&self) -> String {
        let by = |who: &str, disabled: &Option<Disabled>| {
            let Disabled { since, cause } = disabled.as_ref()?;
            let cause = cause.as_ref().map_or(String::new(), |cause| format!(" ({cause})"));
            Some(format!("disabled by {who} since {}{cause}", figure::time(*since)))
        };
        let findings = self.findings.iter().map(|found| {
            let Finding { r#type, impact, sentence, at } = found;
            format!("AWS's finding {} of {}, impact {impact}: {sentence}", figure::time(*at), r#type)
        });
        let parts = [by("AWS", &self.disabled_by_aws), by("the customer", &self.disabled_by_customer)];
        let parts: Vec<String> = parts.into_iter().flatten().chain(findings).collect();
        format!("{}: {}", self.tenant, parts.join("; "))
    }
}

impl Round {
    fn text(&self) -> String {
        let more = self.configuration_sets.len().saturating_sub(NAMED);
        let named: Vec<&str> = self.configuration_sets.iter().take(NAMED).map(String::as_str).collect();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{}: paused for the {} rate: {}{more}", figure::time(self.at), self.metric, named.join(", "))
    }
}
