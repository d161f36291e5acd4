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
            if over != Counts::default() {
                shares.push(share(over, Standing::Stopped, None));
            }
            shares.push(share(goes_on, standing, spared));
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
