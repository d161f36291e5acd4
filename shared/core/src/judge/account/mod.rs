//! Judging the account: its own rate against its lines, and whom to pause so that the rest is at the target.
//!
//! Sets are taken by *excess*, the failures beyond what the target allows their mails: `failures − target · mails`. A set
//! at or below the target has none, however large it is, so it is never taken: without it the account would be worse.

#[cfg(test)]
mod tests;

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::Metric;
use crate::policy::{AccountPolicy, Ppm};

/// A million: ppm in one, and millionths of a failure in one.
const MILLION: u128 = 1_000_000;

/// A set must lie above the target by this many standard deviations: the lower end of Wilson's interval at 97.7 %. A rate
/// of few mails proves little.
const DEVIATIONS: u128 = 2;

/// Mails, and how many of them failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Recipients sent to.
    pub sends: u64,
    /// Of them bounced, or complained about.
    pub events: u64,
}

impl Counts {
    /// The rate, rounded down; `None` of no mail. More failures than mails is above 1,000,000.
    pub fn rate_ppm(self) -> Option<u64> {
        let ppm = (u128::from(self.events) * MILLION).checked_div(u128::from(self.sends))?;
        Some(u64::try_from(ppm).unwrap_or(u64::MAX))
    }

    /// Whether the rate is at `line` or above it.
    pub fn reach(self, line: Ppm) -> bool {
        self.sends > 0 && u128::from(self.events) * MILLION >= u128::from(self.sends) * u128::from(line.get())
    }

    /// What is left without these.
    #[must_use]
    pub fn without(self, part: Self) -> Self {
        Self { sends: self.sends.saturating_sub(part.sends), events: self.events.saturating_sub(part.events) }
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { sends: self.sends.saturating_add(other.sends), events: self.events.saturating_add(other.events) }
    }

    /// Failures beyond what `target` allows these mails, in millionths of a failure.
    pub fn excess_micro(self, target: Ppm) -> u128 {
        (u128::from(self.events) * MILLION).saturating_sub(u128::from(self.sends) * u128::from(target.get()))
    }

    /// Whether the rate is above `target` beyond doubt. That the lower end of Wilson's interval lies above it is the same
    /// as that the failures exceed those expected at the target by so many of their standard deviations.
    fn surely_above(self, target: Ppm) -> bool {
        let (sends, target_ppm) = (u128::from(self.sends), u128::from(target.get()));
        let excess = self.excess_micro(target);
        let variance = sends.saturating_mul(target_ppm).saturating_mul(MILLION.saturating_sub(target_ppm));
        excess.saturating_mul(excess) > variance.saturating_mul(DEVIATIONS.pow(2))
    }
}

/// How a set stands, as far as choosing it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It sends, and may be paused.
    Sends,
    /// It sends, and must not be paused: it is exempt, held, or only observed.
    Spared,
    /// What it sent is over: it is paused, or this was before its resume.
    Stopped,
}

/// A set's part of the account's mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// How much.
    pub counts: Counts,
    /// How the set stands.
    pub standing: Standing,
}

/// What may still be paused without asking people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// So many sets …
    pub sets: u32,
    /// … that sent no more than this, together.
    pub sends: u64,
}

impl Allowance {
    /// All of it.
    pub const BOUNDLESS: Self = Self { sets: u32::MAX, sends: u64::MAX };
}

/// What the account's rate of one metric comes to. The lists name parts by their place, largest excess first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountFinding {
    /// What was counted.
    pub metric: Metric,
    /// The account's own counts.
    pub ours: Counts,
    /// What SES says of the rate.
    pub ses_ppm: Option<u64>,
    /// The account is at the trigger, by its own counts or by SES's.
    pub triggered: bool,
    /// It is at the warn line, by the same.
    pub warned: bool,
    /// The target; scaled by ours / SES's where SES's rate is the higher.
    pub target: Ppm,
    /// Whom to pause.
    pub chosen: Vec<usize>,
    /// Who would be paused, but must not be.
    pub causes: Vec<usize>,
    /// Who would be paused, but for the allowance.
    pub beyond: Vec<usize>,
    /// What goes on once the chosen are paused; all of the account while nothing is triggered.
    pub projected: Counts,
}

impl AccountFinding {
    /// Whether what goes on is at the target.
    pub fn meets_target(&self) -> bool {
        at_target(self.projected, self.target)
    }
}

/// Judges the account by one metric. `parts` need not add up to `ours`: mail of sets that are not among them stays in the
/// rest, and nobody is chosen for it.
pub fn judge_account(
    policy: &AccountPolicy,
    metric: Metric,
    ours: Counts,
    ses_ppm: Option<u64>,
    parts: &[Part],
    allowance: Allowance,
) -> AccountFinding {
    let lines = policy.metric(metric);
    let at = |line: Ppm| {
        let by_own_counts = ours.sends >= policy.min_mails && ours.reach(line);
        by_own_counts || ses_ppm.is_some_and(|ses| ses >= u64::from(line.get()))
    };
    let mut found = AccountFinding {
        metric,
        ours,
        ses_ppm,
        triggered: at(lines.trigger_ppm),
        warned: at(lines.warn_ppm),
        target: scaled(lines.target_ppm, ours, ses_ppm),
        chosen: Vec::new(),
        causes: Vec::new(),
        beyond: Vec::new(),
        projected: ours,
    };
    if found.triggered {
        choose(policy, parts, allowance, &mut found);
    }
    found
}

fn choose(policy: &AccountPolicy, parts: &[Part], allowance: Allowance, found: &mut AccountFinding) {
    let target = found.target;
    for stopped in parts.iter().filter(|part| part.standing == Standing::Stopped) {
        found.projected = found.projected.without(stopped.counts);
    }
    let min_events = policy.metric(found.metric).min_events;
    let all_events = found.projected.events;
    let stands_out = |part: &Part| {
        let Counts { sends, events } = part.counts;
        let share = u128::from(events) * MILLION >= u128::from(all_events) * u128::from(policy.min_share_ppm.get());
        // More failures than mails: the counts are wrong, and prove nothing.
        events <= sends
            && events >= u64::from(min_events)
            && part.counts.excess_micro(target) >= u128::from(min_events) * MILLION
            && share
            && part.counts.surely_above(target)
    };
    let mut ranked: Vec<(usize, &Part)> = parts.iter().enumerate().filter(|(_, part)| stands_out(part)).collect();
    ranked.sort_by_key(|(place, part)| (Reverse(part.counts.excess_micro(target)), *place));

    // Who must not be paused is reckoned as gone, so that nobody else is paused, or named, for what it did.
    let (mut rest, mut left) = (found.projected, allowance);
    for (place, part) in ranked {
        if at_target(rest, target) {
            break;
        }
        match part.standing {
            Standing::Stopped => {}
            Standing::Spared => {
                found.causes.push(place);
                rest = rest.without(part.counts);
            }
            Standing::Sends if found.beyond.is_empty() && left.sets > 0 && part.counts.sends <= left.sends => {
                found.chosen.push(place);
                rest = rest.without(part.counts);
                found.projected = found.projected.without(part.counts);
                left = Allowance { sets: left.sets - 1, sends: left.sends - part.counts.sends };
            }
            // From here on people decide: that a lesser one would fit is no reason to pause it first.
            Standing::Sends => {
                found.beyond.push(place);
                rest = rest.without(part.counts);
            }
        }
    }
}

fn at_target(counts: Counts, target: Ppm) -> bool {
    counts.excess_micro(target) == 0
}

/// SES divides by fewer mails than we do (those to domains that report complaints), or counts failures that we don't see.
/// What is to be at the target by SES's counts must be lower by ours.
fn scaled(target: Ppm, ours: Counts, ses_ppm: Option<u64>) -> Ppm {
    match (ours.rate_ppm(), ses_ppm) {
        (Some(ours), Some(ses)) if ses > ours => {
            let scaled = u128::from(target.get()) * u128::from(ours) / u128::from(ses);
            u32::try_from(scaled).ok().and_then(|ppm| Ppm::try_from(ppm).ok()).unwrap_or(target)
        }
        (Some(_) | None, Some(_) | None) => target,
    }
}
