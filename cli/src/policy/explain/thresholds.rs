//! How many failures it takes, at every volume.

use guard_core::judge::Metric;
use guard_core::policy::{Line, Policy};

use super::numbers::{count, share};
use super::{METRICS, table};

const VOLUMES: [u64; 7] = [10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];

pub(super) fn text(policy: &Policy) -> String {
    let mut text = String::new();
    for (metric, name) in METRICS {
        text.push_str(&format!("\n  {name} of so many mails, in one stretch, that …\n"));
        let rows = VOLUMES.iter().map(|&mails| row(policy, metric, mails)).collect();
        text.push_str(&table(&["mails", "warn", "pause", "pause on trial"], rows));
    }
    text
}

fn row(policy: &Policy, metric: Metric, mails: u64) -> Vec<String> {
    let warn = policy.scaled(policy.effective_warn_line(metric), mails);
    let pause = policy.scaled(policy.effective_line(metric, false), mails);
    // A trial has ended by then.
    let trial = (mails < policy.trial_sends).then(|| policy.effective_line(metric, true));
    let cell = |line: Line| match line.at(mails) {
        failures if failures > mails => "never".to_owned(),
        failures => format!("{} ({})", count(failures), share(failures, mails)),
    };
    vec![count(mails), cell(warn), cell(pause), trial.map_or("–".to_owned(), cell)]
}
