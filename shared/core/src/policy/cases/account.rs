//! Cases of the account's guard: the account's counts, its sets, and whom to pause. Caps on how much may be paused at once
//! are left out, as in the reference vectors.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::judge::Metric;
use crate::judge::account::{Allowance, Counts, Part, Standing, judge_account};
use crate::policy::{AccountLines, AccountPolicy, Ppm};

/// What is left out is as in the configuration below, and in the end as in the built-in policy.
#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub(super) struct GuardConfig {
    bounce: GuardLines,
    complaint: GuardLines,
    min_account_sends: Option<u64>,
    min_share_ppm: Option<Ppm>,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct GuardLines {
    trigger_ppm: Option<Ppm>,
    target_ppm: Option<Ppm>,
    min_events: Option<u32>,
}

#[derive(Deserialize)]
pub(super) struct GuardCase {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    name: String,
    metric: Metric,
    account_sends: u64,
    account_events: u64,
    #[serde(default)]
    ses_rate_ppm: Option<u64>,
    #[serde(default)]
    config_overrides: GuardConfig,
    /// Name, sends, failures, whether it is paused.
    tenants: Vec<(String, u64, u64, bool)>,
    /// Compared as far as it goes.
    pub(super) expect: Map<String, Value>,
}

/// What was found, in the cases' words.
#[derive(Serialize)]
pub(super) struct Found<'a> {
    triggered: bool,
    pause: Vec<&'a str>,
    effective_target_ppm: u32,
    projected_sends: u64,
    projected_events: u64,
}

impl GuardCase {
    pub(super) fn title(&self) -> String {
        super::title("account guard case", &self.id, &self.name)
    }

    pub(super) fn found(&self, defaults: &GuardConfig) -> Found<'_> {
        let policy = self.config_overrides.over(defaults.over(AccountPolicy::default()));
        let ours = Counts { sends: self.account_sends, events: self.account_events };
        let part = |&(_, sends, events, paused): &(String, u64, u64, bool)| Part {
            counts: Counts { sends, events },
            standing: if paused { Standing::Stopped } else { Standing::Sends },
        };
        let parts: Vec<Part> = self.tenants.iter().map(part).collect();
        let found = judge_account(&policy, self.metric, ours, self.ses_rate_ppm, &parts, Allowance::BOUNDLESS);
        Found {
            triggered: found.triggered,
            pause: found.chosen.iter().filter_map(|place| Some(self.tenants.get(*place)?.0.as_str())).collect(),
            effective_target_ppm: found.target.get(),
            projected_sends: found.projected.sends,
            projected_events: found.projected.events,
        }
    }
}

impl GuardConfig {
    fn over(&self, base: AccountPolicy) -> AccountPolicy {
        AccountPolicy {
            bounce: self.bounce.over(base.bounce),
            complaint: self.complaint.over(base.complaint),
            min_mails: self.min_account_sends.unwrap_or(base.min_mails),
            min_share_ppm: self.min_share_ppm.unwrap_or(base.min_share_ppm),
            ..base
        }
    }
}

impl GuardLines {
    fn over(&self, base: AccountLines) -> AccountLines {
        AccountLines {
            trigger_ppm: self.trigger_ppm.unwrap_or(base.trigger_ppm),
            target_ppm: self.target_ppm.unwrap_or(base.target_ppm),
            min_events: self.min_events.unwrap_or(base.min_events),
            ..base
        }
    }
}
