use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::series::{Span, Sums};
use super::{AccountReport, WithGuard, WorstDay};
use guard_core::name::{AccountId, Region};

/// A day with less mail says little.
const LEAST_MAILS: u64 = 1_000;

/// An account's sums: as it was, and under each policy.
#[derive(Debug, Clone)]
pub(super) struct Account {
    really: BTreeMap<u32, Sums>,
    guarded: Vec<(u64, BTreeMap<u32, Sums>)>,
}

impl Account {
    pub(super) fn with_policies(count: usize) -> Self {
        Self { really: BTreeMap::new(), guarded: vec![(0, BTreeMap::new()); count] }
    }

    pub(super) fn add(&mut self, really: &BTreeMap<u32, Sums>) {
        absorb(&mut self.really, really);
    }

    pub(super) fn add_guarded(&mut self, policy: usize, paused: bool, left: &BTreeMap<u32, Sums>) {
        if let Some((sets, sums)) = self.guarded.get_mut(policy) {
            *sets += u64::from(paused);
            absorb(sums, left);
        }
    }

    pub(super) fn report(&self, account: AccountId, region: Region, policies: &[String], span: &Span) -> AccountReport {
        let guarded = policies.iter().zip(&self.guarded).map(|(policy, (paused_sets, sums))| WithGuard {
            policy: policy.clone(),
            paused_sets: *paused_sets,
            counts: total(sums).counts(),
            worst_bounce_day: worst_day(sums, |sums| sums.bounces),
            worst_complaint_day: worst_day(sums, |sums| sums.complaints),
            series: span.series(sums),
        });
        AccountReport {
            account,
            region,
            counts: total(&self.really).counts(),
            worst_bounce_day: worst_day(&self.really, |sums| sums.bounces),
            worst_complaint_day: worst_day(&self.really, |sums| sums.complaints),
            series: span.series(&self.really),
            with_guard: guarded.collect(),
        }
    }
}

fn absorb(into: &mut BTreeMap<u32, Sums>, from: &BTreeMap<u32, Sums>) {
    for (at, sums) in from {
        into.entry(*at).or_default().absorb(*sums);
    }
}

pub(super) fn total(buckets: &BTreeMap<u32, Sums>) -> Sums {
    let mut total = Sums::default();
    buckets.values().for_each(|sums| total.absorb(*sums));
    total
}

fn worst_day(buckets: &BTreeMap<u32, Sums>, failures: fn(&Sums) -> u64) -> Option<WorstDay> {
    let mut days: BTreeMap<Date, Sums> = BTreeMap::new();
    for (at, sums) in buckets {
        let day = Timestamp::from_second((*at).into()).ok()?.to_zoned(TimeZone::UTC).date();
        days.entry(day).or_default().absorb(*sums);
    }
    let telling = days.into_iter().filter(|(_, sums)| sums.counts().mails >= LEAST_MAILS);
    let rate = |sums: &Sums| failures(sums).saturating_mul(1_000_000).checked_div(sums.counts().mails);
    // The earliest of equals.
    let worst = telling.rev().max_by_key(|(_, sums)| rate(sums));
    worst.filter(|(_, sums)| failures(sums) > 0).map(|(day, sums)| WorstDay { day, counts: sums.counts() })
}
