//! Rounds of pauses: chosen, written down, carried out.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::counts::{AccountCounts, Span, spans_of};
use super::news::News;
use super::{ATTEMPTS, AccountGuard, Attempt, Guarded, words};
use crate::account::{AccountWatch, Chosen, Round};
use crate::audit::{Act, AuditRecord};
use crate::judge::Metric;
use crate::judge::account::{AccountFinding, Allowance, judge_account};
use crate::name::{ConfigurationSetName, SetKey};
use crate::policy::{AccountPolicy, Policy};
use crate::port::{AccountView, Clock, Committed, Fault, Ledger, Register};
use crate::state::{Change, Intent, Owner, Phase, State};
use crate::steps::decide::spared;
use crate::time::{plus_seconds, seconds_between};

/// The time over which the caps hold. A round that could not be carried out within it is given up: its numbers are old.
const CAPPED_SECONDS: i64 = 900;
/// SES's rate is believed up to so many times ours: as when a quarter of all recipients reports complaints. Beyond, it
/// speaks of mail that the guard did not count, and to pause those that it did count would not help.
const BELIEVED_TIMES: u64 = 4;

impl<L: Ledger, R: Register, C: Clock, V: AccountView> AccountGuard<L, R, C, V> {
    /// Whether sets may be looked through now: a round needs time to show, and an account that sends nothing needs none.
    pub(super) fn may_choose(&self, state: &State, watch: &AccountWatch, now: Timestamp) -> bool {
        let wait = i64::from(self.policy.account().wait_seconds);
        let is_on = watch.standing.as_ref().is_none_or(|one| one.sending_enabled);
        let sends = is_on && !watch.is_stopped_by_aws() && state.wants_sending();
        sends && watch.chose_at.is_none_or(|at| plus_seconds(at, wait) <= now)
    }

    /// Judges the account by one metric, and chooses whom to pause.
    pub(super) async fn judge(
        &self,
        metric: Metric,
        counts: &AccountCounts,
        may_choose: bool,
        watch: &mut AccountWatch,
        news: &mut News<'_>,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let policy = self.policy.account();
        let ses = watch.of(metric).ses_ppm;
        let spans: Vec<Span> = spans_of(metric).iter().map(|hours| counts.span(metric, *hours, now)).collect();
        let found = |span: &Span| judge_account(policy, metric, span.counts, ses, &[], Allowance::BOUNDLESS);
        let triggered = spans.iter().find(|span| found(span).triggered);
        let warned = spans.iter().find(|span| found(span).warned);
        let rate = watch.of_mut(metric);
        if let Some(shown) = triggered.or(warned).or(spans.first()) {
            (rate.ours, rate.hours) = (shown.counts, shown.hours);
        }
        match (triggered, warned) {
            (Some(span), _) => {
                rate.warned = true;
                if may_choose {
                    self.choose(metric, *span, watch, news, now).await?;
                    watch.chose_at = Some(now);
                }
            }
            (None, Some(span)) => news.of_warning(policy, metric, *span, rate),
            (None, None) => (rate.warned, rate.named) = (false, None),
        }
        let coverage = self.policy.profiles().next().map_or(Policy::default(), |first| first.policy);
        news.of_difference(metric, coverage.complaint_coverage_ppm, watch.of_mut(metric));
        Ok(())
    }

    async fn choose(
        &self,
        metric: Metric,
        span: Span,
        watch: &mut AccountWatch,
        news: &mut News<'_>,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let policy = self.policy.account();
        let taken: BTreeSet<ConfigurationSetName> = watch
            .rounds
            .iter()
            .filter(|round| !round.done)
            .flat_map(|round| round.sets.iter().map(|one| one.name.clone()))
            .collect();
        let shares = self.shares(metric, span, &taken, now).await?;
        let allowance = allowance(policy, &watch.rounds, span, now);
        let ses = watch.of(metric).ses_ppm;
        let believed = ses.map(|ses| ses.min(span.counts.rate_ppm().unwrap_or(0).saturating_mul(BELIEVED_TIMES)));
        let parts: Vec<_> = shares.iter().map(super::field::Share::part).collect();
        let found = judge_account(policy, metric, span.counts, believed, &parts, allowance);
        let found = AccountFinding { ses_ppm: ses, ..found };

        let line = policy.stop.and_then(|stop| stop.of(metric));
        if let Some(line) =
            line.filter(|line| found.projected.sends >= policy.min_mails && found.projected.reach(*line))
        {
            news.stop = Some(words::stopped(&found, line, span));
        }
        let why = words::triggered(&found, policy.metric(metric), span, &shares);
        let names = |places: &[usize]| -> BTreeSet<ConfigurationSetName> {
            places.iter().filter_map(|place| shares.get(*place)).map(|one| one.name.clone()).collect()
        };
        let named: BTreeSet<_> =
            [&found.chosen, &found.causes, &found.beyond].into_iter().flat_map(|places| names(places)).collect();
        if found.chosen.is_empty() {
            news.of_risk(metric, named, watch.of_mut(metric), why);
            return Ok(());
        }
        watch.of_mut(metric).named.get_or_insert_default().extend(named);
        news.file(Act::AccountDefended, metric, why);
        let sets = found.chosen.iter().filter_map(|place| shares.get(*place));
        let chosen = |one: &super::field::Share| Chosen {
            name: one.name.clone(),
            counts: one.counts,
            generation: one.generation,
        };
        watch.rounds.push(Round {
            at: now,
            metric,
            ours: span.counts,
            hours: span.hours,
            target: found.target,
            sets: sets.map(chosen).collect(),
            done: false,
        });
        Ok(())
    }

    /// Carries out what is written down in the account's `state`, and notes that it is done.
    pub(super) async fn finish(&self, key: &SetKey, state: &State, guarded: &mut Guarded) -> Result<Attempt, Fault> {
        let mut watch = state.account.as_deref().cloned().unwrap_or_default();
        for round in watch.rounds.iter_mut().filter(|round| !round.done) {
            if seconds_between(round.at, self.clock.now()) < CAPPED_SECONDS {
                for one in &round.sets {
                    guarded.paused.extend(self.pause(round, one).await?);
                }
            }
            round.done = true;
        }
        let after = State { account: Some(Box::new(watch)), ..state.clone() };
        // A conflict is no harm: the next look finds the round, and every set of it changed since it was chosen.
        let _ = self.register.commit(&Change::silent(key, state, after)).await?;
        Ok(Attempt::Again)
    }

    /// `None` when someone has changed the set since it was chosen, or said that it must not be paused.
    async fn pause(&self, round: &Round, one: &Chosen) -> Result<Option<AuditRecord>, Fault> {
        let set = SetKey { account: self.account.clone(), region: self.region.clone(), name: one.name.clone() };
        for _ in 0..ATTEMPTS {
            let state = self.register.read(&set).await?;
            match state.phase {
                Phase::Active | Phase::Warned | Phase::Trial if state.generation == one.generation => {}
                Phase::Active | Phase::Warned | Phase::Trial => return Ok(None),
                Phase::Pausing | Phase::Paused | Phase::Resuming | Phase::External | Phase::Gone => return Ok(None),
            }
            let judged_by = self.policy.for_set(&set.name, self.clock.now());
            if spared(&judged_by, self.mode, &state).is_some() {
                return Ok(None);
            }
            let why = words::paused(round, one);
            let after = state.by(judged_by.policy.pause_through);
            let after = after.intending(Intent::Pause, priority(round, one), Owner::Guard, why.clone());
            let record = AuditRecord::of(&set, self.clock.now(), Act::PauseIntended, &state, &after, why);
            let change = Change::silent(&set, &state, after).recorded(record.clone(), false);
            if self.register.commit(&change).await? == Committed::Done {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }
}

/// What the caps leave, after the rounds of the last 15 minutes.
fn allowance(policy: &AccountPolicy, rounds: &[Round], span: Span, now: Timestamp) -> Allowance {
    let recent = || rounds.iter().filter(|round| seconds_between(round.at, now) < CAPPED_SECONDS);
    let sets = recent().map(|round| round.sets.len()).sum::<usize>();
    let volume = u128::from(span.counts.sends) * u128::from(policy.max_volume_ppm.get()) / 1_000_000;
    Allowance {
        sets: policy.max_sets.saturating_sub(u32::try_from(sets).unwrap_or(u32::MAX)),
        sends: u64::try_from(volume).unwrap_or(u64::MAX).saturating_sub(recent().map(Round::sends).sum()),
    }
}

/// Those of the last 15 minutes count for the caps; the last one is for people.
pub(super) fn forget_old(rounds: &mut Vec<Round>, now: Timestamp) {
    let last = rounds.last().map(|round| round.at);
    rounds.retain(|round| Some(round.at) == last || seconds_between(round.at, now) < CAPPED_SECONDS);
}

/// Failed mails per 1,000 seconds, as of any pause; but not the least urgent.
fn priority(round: &Round, one: &Chosen) -> u64 {
    let seconds = (u64::from(round.hours) * 3_600).max(1);
    (one.counts.events.saturating_mul(1_000) / seconds).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::account::Counts;
    use crate::policy::Ppm;
    use crate::time::Bucket;

    fn now() -> Timestamp {
        "2026-11-20T12:07:00Z".parse().unwrap()
    }

    /// So many seconds ago sets were paused that sent this much.
    fn round(seconds_ago: i64, sends: &[u64]) -> Round {
        let chosen = |sends: &u64| Chosen {
            name: "promo".parse().unwrap(),
            counts: Counts { sends: *sends, events: *sends / 10 },
            generation: 0,
        };
        Round {
            at: plus_seconds(now(), -seconds_ago),
            metric: Metric::Bounce,
            ours: Counts { sends: 100_000, events: 5_000 },
            hours: 24,
            target: Ppm::NONE,
            sets: sends.iter().map(chosen).collect(),
            done: true,
        }
    }

    #[test]
    fn the_caps_are_of_fifteen_minutes_and_of_all_rounds_in_them() {
        // Of 100,000 mails a fifth, and ten sets.
        let span = Span { from: Bucket::of(now()), hours: 24, counts: Counts { sends: 100_000, events: 5_000 } };
        for (what, rounds, sets, sends) in [
            ("no round yet", vec![], 10, 20_000),
            ("one of two sets", vec![round(60, &[3_000, 4_000])], 8, 13_000),
            ("fifteen minutes ago, less a second", vec![round(899, &[3_000, 4_000])], 8, 13_000),
            ("fifteen minutes ago", vec![round(900, &[3_000, 4_000])], 10, 20_000),
            ("two rounds", vec![round(700, &[3_000]), round(60, &[4_000, 5_000])], 7, 8_000),
            ("all of it", vec![round(60, &[20_000])], 9, 0),
        ] {
            let left = allowance(&AccountPolicy::default(), &rounds, span, now());
            assert_eq!(left, Allowance { sets, sends }, "{what}");
        }
    }

    #[test]
    fn rounds_are_remembered_while_they_count_and_the_last_one_for_ever() {
        for (ago, kept) in [
            (&[][..], &[][..]),
            (&[900], &[900]),
            (&[86_400], &[86_400]),
            (&[899, 60], &[899, 60]),
            (&[900, 60], &[60]),
            (&[5_000, 901, 900], &[900]),
        ] {
            let mut rounds: Vec<Round> = ago.iter().map(|seconds| round(*seconds, &[1])).collect();
            forget_old(&mut rounds, now());
            let left: Vec<i64> = rounds.iter().map(|round| seconds_between(round.at, now())).collect();
            assert_eq!(left, kept, "{ago:?}");
        }
    }

    #[test]
    fn urgent_is_who_fails_most_in_the_time_that_was_looked_at() {
        for (hours, events, urgent) in [(24, 0, 1), (24, 172, 1), (24, 173, 2), (24, 8_640, 100), (72, 8_640, 33)] {
            let round = Round { hours, ..round(0, &[]) };
            let counts = Counts { sends: 10_000, events };
            let one = Chosen { name: "promo".parse().unwrap(), counts, generation: 0 };
            assert_eq!(priority(&round, &one), urgent, "{events} in {hours} hours");
        }
    }
}
