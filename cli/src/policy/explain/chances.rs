//! What the lines do to senders: how likely a healthy one is paused, and what a bad one gets out before it is.

use guard_core::judge::Metric;
use guard_core::policy::{Line, Policy};

use super::numbers::{chance, count};
use super::{METRICS, table};
use crate::policy::chance::{bound, mails_until_paused, within};

/// Of the rate at which a set is paused.
const HEALTHY_BOUNCERS: [f64; 5] = [0.2, 0.4, 0.6, 0.7, 0.8];
const HEALTHY_COMPLAINERS: [f64; 4] = [0.2, 0.3, 0.5, 0.7];
const BAD_BOUNCERS: [f64; 4] = [1.4, 2.0, 4.0, 6.0];
const BAD_COMPLAINERS: [f64; 4] = [2.0, 3.0, 5.0, 10.0];

const QUICK_SLACK: u32 = 16;
const NEXT_TO_NOTHING: f64 = 1e-9;

/// A trial may be made longer, but its first million mails tell enough.
const LONGEST_TRIAL: u64 = 1_000_000;

pub(super) fn text(policy: &Policy) -> String {
    let mut text = String::new();
    for (metric, name) in METRICS {
        let (chances, bad) = match metric {
            Metric::Bounce => (healthy(policy, metric, &HEALTHY_BOUNCERS, [10_000, 100_000]), &BAD_BOUNCERS),
            Metric::Complaint => {
                (healthy(policy, metric, &HEALTHY_COMPLAINERS, [100_000, 1_000_000]), &BAD_COMPLAINERS)
            }
        };
        text.push_str(&format!(
            "\n  a healthy sender's chance to be paused for {name}, at worst (judged after every mail)\n{chances}"
        ));
        text.push_str(&format!("\n  mails a bad sender gets out before it is paused for {name}\n"));
        text.push_str(&mails_out(policy, metric, bad));
    }
    text
}

fn healthy(policy: &Policy, metric: Metric, shares: &[f64], mails: [u32; 2]) -> String {
    let line = policy.effective_line(metric, false);
    let trial = policy.effective_line(metric, true);
    let trial_mails = u32::try_from(policy.trial_sends.min(LONGEST_TRIAL)).unwrap_or(u32::MAX);
    let rows = shares.iter().map(|share| {
        let failing = share * rate(line);
        let within = |line, mails| shown(line, failing, mails);
        let mut row = vec![percent(failing), chance(bound(line, failing))];
        row.extend(mails.map(|mails| within(policy.scaled(line, mails.into()), mails)));
        row.push(within(trial, trial_mails));
        row
    });
    let [few, many] = mails.map(|mails| format!("in {} mails", count(mails.into())));
    let on_trial = format!("on trial, in {} mails", count(trial_mails.into()));
    table(&["fails", "from one start, ever", &few, &many, &on_trial], rows.collect())
}

/// A stretch may begin at each mail, so no chance is above the bound times the mails. That is enough to know of a large
/// slack, whose exact figure takes seconds.
fn shown(line: Line, failing: f64, mails: u32) -> String {
    let ceiling = (bound(line, failing) * f64::from(mails)).min(1.0);
    if line.slack > QUICK_SLACK && ceiling < NEXT_TO_NOTHING {
        return format!("< {NEXT_TO_NOTHING:e}");
    }
    within(line, failing, mails).map_or_else(|| format!("<= {}", chance(ceiling)), chance)
}

fn mails_out(policy: &Policy, metric: Metric, shares: &[f64]) -> String {
    let line = policy.effective_line(metric, false);
    let rows = shares.iter().map(|share| share * rate(line)).filter(|failing| *failing <= 1.0).map(|failing| {
        let figures = mails_until_paused(line, failing);
        let (mean, latest) = figures.map_or(("–".to_owned(), "–".to_owned()), |(mean, latest)| {
            (format!("{mean:.0}"), count(latest.into()))
        });
        let mean = mean.parse().map_or(mean, count);
        vec![percent(failing), mean, latest]
    });
    table(&["fails", "on average", "95 of 100 times at most"], rows.collect())
}

fn rate(line: Line) -> f64 {
    f64::from(line.rate_ppm.get()) / 1e6
}

fn percent(failing: f64) -> String {
    let text = format!("{:.5}", failing * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}
