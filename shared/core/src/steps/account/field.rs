//! The sets among which the account's guard chooses: those that failed most, and how each stands.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;

use super::AccountGuard;
use super::counts::Span;
use crate::judge::Metric;
use crate::judge::account::{Counts, Part, Standing};
use crate::name::{ConfigurationSetName, SetKey};
use crate::port::{AccountView, Clock, Fault, Glance, Ledger, Register};
use crate::standing::count;
use crate::state::{Phase, State};
use crate::steps::decide::spared;
use crate::strangers::apart;
use crate::tally::BucketTally;
use crate::time::Bucket;

/// Sets that are read at most, two reads each. With the built-in policy who is chosen has 2 % of the account's failures,
/// and no more than 50 sets can.
const CANDIDATES: usize = 200;
/// Sets that are read at once.
const IN_FLIGHT: usize = 8;

/// A part of the account's mail, and whose it is.
#[derive(Debug)]
pub(super) struct Share {
    pub(super) name: ConfigurationSetName,
    pub(super) counts: Counts,
    pub(super) standing: Standing,
    /// The set's latest intent.
    pub(super) generation: u64,
    /// Why it must not be paused.
    pub(super) spared: Option<String>,
}

impl Share {
    pub(super) fn part(&self) -> Part {
        Part { counts: self.counts, standing: self.standing }
    }
}

impl<L: Ledger, R: Register, C: Clock, V: AccountView> AccountGuard<L, R, C, V> {
    /// The shares of the sets with most failures. `taken` are to be paused already.
    pub(super) async fn shares(
        &self,
        metric: Metric,
        span: Span,
        taken: &BTreeSet<ConfigurationSetName>,
        now: Timestamp,
    ) -> Result<Vec<Share>, Fault> {
        let glances = self.register.glances().await?;
        let candidates = candidates(&glances, metric, &self.account_key());
        let read: Vec<_> = futures::stream::iter(candidates)
            .map(|set| async move {
                let state = self.register.read(&set).await?;
                let tallies = self.ledger.window(&set, span.from, Bucket::of(now).plus(1)).await?;
                Ok::<_, Fault>((set, state, tallies))
            })
            .buffered(IN_FLIGHT)
            .try_collect()
            .await?;
        let mut shares = Vec::new();
        for (set, state, tallies) in read {
            let judged_by = self.policy.for_set(&set.name, now);
            let spared = spared(&judged_by, self.mode, &state);
            let standing = match state.phase {
                Phase::Active | Phase::Warned | Phase::Trial if taken.contains(&set.name) => Standing::Stopped,
                Phase::Active | Phase::Warned | Phase::Trial if spared.is_some() => Standing::Spared,
                Phase::Active | Phase::Warned | Phase::Trial => Standing::Sends,
                Phase::Pausing | Phase::Paused | Phase::Resuming | Phase::External | Phase::Gone => Standing::Stopped,
            };
            let (tallies, _) = apart(&judged_by, tallies);
            let (over, goes_on) = split(&state, &tallies, metric);
            let share = |counts, standing, spared| Share {
                name: set.name.clone(),
                counts,
                standing,
                generation: state.generation,
                spared,
            };
            shares.extend([share(over, Standing::Stopped, None), share(goes_on, standing, spared)]);
        }
        Ok(shares)
    }
}

/// Sets on trial, whose earlier mail no longer counts for them, then those with most failures in their own windows.
fn candidates(glances: &[Glance], metric: Metric, account: &SetKey) -> Vec<SetKey> {
    let events = |glance: &Glance| {
        let totals = glance.totals.unwrap_or_default();
        match metric {
            Metric::Bounce => totals.bounces,
            Metric::Complaint => totals.complaints,
        }
    };
    let ours = |glance: &&Glance| {
        let here = glance.set.account == account.account && glance.set.region == account.region;
        here && !glance.set.is_account()
    };
    let was_resumed = |glance: &Glance| matches!(glance.phase, Phase::Resuming | Phase::Trial);
    let mut sets: Vec<&Glance> =
        glances.iter().filter(ours).filter(|one| was_resumed(one) || events(one) > 0).collect();
    sets.sort_by_key(|glance| (Reverse(was_resumed(glance)), Reverse(events(glance))));
    sets.into_iter().take(CANDIDATES).map(|glance| glance.set.clone()).collect()
}

/// What was sent before the fence of a resume, and what since.
fn split(state: &State, tallies: &[BucketTally], metric: Metric) -> (Counts, Counts) {
    let (mut over, mut goes_on) = (Counts::default(), Counts::default());
    for tally in tallies {
        let one = count(tally, tally.counts.sends.upper());
        let side = if state.fresh.is_some_and(|fresh| tally.bucket < fresh) { &mut over } else { &mut goes_on };
        *side = side.and(Counts { sends: one.sends, events: metric.events(&one) });
    }
    (over, goes_on)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Totals;
    use crate::tally::{Interval, PerKind};

    #[test]
    fn who_was_resumed_comes_first_then_who_failed_most_and_nobody_of_another_home() {
        let glance = |key: &str, phase, bounces, complaints| {
            let totals = Some(Totals { sends: 100, bounces, complaints, prevented: 0 });
            Glance::at(&key.parse().unwrap(), &State { phase, totals, ..State::default() })
        };
        let glances = [
            glance("111122223333/eu-west-1/few", Phase::Active, 1, 9),
            glance("111122223333/eu-west-1/many", Phase::Warned, 20, 2),
            glance("111122223333/eu-west-1/one-complaint", Phase::Active, 0, 1),
            glance("111122223333/eu-west-1/nothing", Phase::Active, 0, 0),
            glance("111122223333/eu-west-1/on-trial", Phase::Trial, 0, 0),
            glance("111122223333/eu-west-1/resuming", Phase::Resuming, 5, 0),
            glance("111122223333/eu-west-1/*account*", Phase::Trial, 30, 30),
            glance("111122223333/us-east-1/many", Phase::Active, 30, 30),
            glance("444455556666/eu-west-1/many", Phase::Active, 30, 30),
        ];
        let account = "111122223333/eu-west-1/*account*".parse().unwrap();
        for (metric, expected) in [
            (Metric::Bounce, &["resuming", "on-trial", "many", "few"][..]),
            (Metric::Complaint, &["on-trial", "resuming", "few", "many", "one-complaint"]),
        ] {
            let found = candidates(&glances, metric, &account);
            assert!(
                found.iter().all(|set| set.account == account.account && set.region == account.region),
                "{found:?}"
            );
            let names: Vec<&str> = found.iter().map(|set| set.name.as_str()).collect();
            assert_eq!(names, expected, "{metric}");
        }
    }

    #[test]
    fn what_was_sent_from_the_fence_on_goes_on() {
        let fence = Bucket::of("2026-11-20T12:07:00Z".parse().unwrap());
        let tally = |after: i64, mails| {
            let known = |count| Interval { receipts: count, recorded: count, suspect: 0, ids: count };
            let counts = PerKind { sends: known(mails), bounces: known(mails / 10), ..PerKind::default() };
            BucketTally { counts, ..BucketTally::nothing(fence.plus(after)) }
        };
        let tallies = [tally(-2, 1_000), tally(-1, 100), tally(0, 20), tally(1, 10)];
        for (what, fresh, over, goes_on) in [
            ("never resumed", None, (0, 0), (1_130, 113)),
            ("resumed", Some(fence), (1_100, 110), (30, 3)),
            ("resumed just now", Some(fence.plus(2)), (1_130, 113), (0, 0)),
        ] {
            let state = State { fresh, ..State::default() };
            let counts = |(sends, events)| Counts { sends, events };
            assert_eq!(split(&state, &tallies, Metric::Bounce), (counts(over), counts(goes_on)), "{what}");
        }
    }
}
