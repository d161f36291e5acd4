//! What people are told of the account, each thing once.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::counts::Span;
use super::words;
use crate::account::{AccountWatch, RateWatch};
use crate::audit::{Act, AuditRecord};
use crate::judge::Metric;
use crate::name::{ConfigurationSetName, SetKey};
use crate::policy::{AccountPolicy, Ppm};
use crate::port::AccountStanding;
use crate::state::{State, Why};
use crate::time::plus_seconds;

/// How long SES's rate and ours must be apart before people are told.
const APART_SECONDS: i64 = 86_400;
/// For how long after its own call a change of the account's switch is taken for the guard's.
const OWN_SECONDS: i64 = 900;
/// How far apart: 3 parts of 10 of the greater.
const APART_TENTHS: u64 = 3;
/// With fewer failures than these by either reckoning a difference means nothing.
const FEWEST_FAILURES: u64 = 10;

/// Records of the account that are to be filed with its next change.
pub(super) struct News<'a> {
    key: &'a SetKey,
    state: &'a State,
    now: Timestamp,
    pub(super) records: Vec<AuditRecord>,
    /// Why the account as a whole is to be stopped.
    pub(super) stop: Option<Why>,
}

impl<'a> News<'a> {
    pub(super) fn new(key: &'a SetKey, state: &'a State, now: Timestamp) -> Self {
        Self { key, state, now, records: Vec::new(), stop: None }
    }

    /// `what` tells records of the same act apart.
    pub(super) fn file(&mut self, act: Act, what: impl ToString, why: Why) {
        let record = AuditRecord::of(self.key, self.now, act, self.state, self.state, why);
        self.records.push(record.once(&what.to_string()));
    }

    /// SES said how the account stands: people are told when that is other than before, and at first when it is not fine.
    pub(super) fn of_standing(&mut self, watch: &mut AccountWatch, standing: AccountStanding) {
        let facts = |one: &AccountStanding| (one.enforcement_status.clone(), one.sending_enabled);
        let is_news = match &watch.standing {
            Some(before) => facts(before) != facts(&standing) && !self.is_our_own(before, &standing),
            None => !standing.is_fine(),
        };
        if is_news {
            self.file(Act::AccountStandingChanged, "", words::standing(watch.standing.as_ref(), &standing));
        }
        watch.standing = Some(standing);
    }

    /// The guard turned the account's switch itself a moment ago, and nothing else changed.
    fn is_our_own(&self, before: &AccountStanding, standing: &AccountStanding) -> bool {
        let lately = self.state.confirmed_at.is_some_and(|at| self.now <= plus_seconds(at, OWN_SECONDS));
        lately
            && before.enforcement_status == standing.enforcement_status
            && standing.sending_enabled == self.state.wants_sending()
    }

    /// The rate is at the warn line and below the trigger: told once, until it was below.
    pub(super) fn of_warning(&mut self, policy: &AccountPolicy, metric: Metric, span: Span, rate: &mut RateWatch) {
        if !rate.warned {
            self.file(Act::AccountWarned, metric, words::warned(metric, policy.metric(metric), span, rate.ses_ppm));
        }
        rate.warned = true;
    }

    /// The rate is at the trigger and nobody is to be paused for it: told once, and again when other sets are behind it.
    pub(super) fn of_risk(
        &mut self,
        metric: Metric,
        named: BTreeSet<ConfigurationSetName>,
        rate: &mut RateWatch,
        why: Why,
    ) {
        let is_news = rate.named.as_ref().is_none_or(|known| !named.is_subset(known));
        if is_news {
            self.file(Act::AccountUndefended, metric, why);
        }
        rate.named.get_or_insert_default().extend(named);
    }

    /// SES's rate and ours are far apart, though the complaints that can't reach us are allowed for: told once, after a
    /// day of it.
    pub(super) fn of_difference(&mut self, metric: Metric, coverage: Ppm, rate: &mut RateWatch) {
        if !are_apart(metric, coverage, rate) {
            (rate.apart_since, rate.apart_told) = (None, false);
            return;
        }
        let since = *rate.apart_since.get_or_insert(self.now);
        if !rate.apart_told && plus_seconds(since, APART_SECONDS) <= self.now {
            self.file(Act::AccountDisputed, metric, words::disputed(metric, rate));
            rate.apart_told = true;
        }
    }
}

fn are_apart(metric: Metric, coverage: Ppm, rate: &RateWatch) -> bool {
    let (Some(ses), Some(ours)) = (rate.ses_ppm, rate.ours.rate_ppm()) else { return false };
    let ours = match metric {
        Metric::Bounce => ours,
        Metric::Complaint => ours.saturating_mul(1_000_000) / u64::from(coverage.get()).max(1),
    };
    let greater = ses.max(ours);
    let failures = u128::from(greater) * u128::from(rate.ours.sends) / 1_000_000;
    failures >= u128::from(FEWEST_FAILURES)
        && ses.abs_diff(ours).saturating_mul(10) > greater.saturating_mul(APART_TENTHS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::account::Counts;

    #[test]
    fn a_difference_counts_when_it_is_great_and_of_enough_failures() {
        let coverage = |ppm: u32| Ppm::try_from(ppm).unwrap();
        for (what, metric, ses, sends, events, covered, apart) in [
            ("30 % of the greater", Metric::Bounce, Some(10_000), 100_000, 700, 1_000_000, false),
            ("a little more", Metric::Bounce, Some(10_000), 100_000, 699, 1_000_000, true),
            ("ours is the greater", Metric::Bounce, Some(6_999), 100_000, 1_000, 1_000_000, true),
            ("SES said nothing", Metric::Bounce, None, 100_000, 1_000, 1_000_000, false),
            ("nine failures by either", Metric::Bounce, Some(99), 100_000, 0, 1_000_000, false),
            ("ten by SES, none by us", Metric::Bounce, Some(100), 100_000, 0, 1_000_000, true),
            ("half of the complaints", Metric::Complaint, Some(1_000), 100_000, 50, 1_000_000, true),
            ("which the policy knows", Metric::Complaint, Some(1_000), 100_000, 50, 500_000, false),
            ("coverage is of complaints", Metric::Bounce, Some(1_000), 100_000, 50, 500_000, true),
            ("nothing was sent", Metric::Bounce, Some(50_000), 0, 0, 1_000_000, false),
        ] {
            let rate = RateWatch { ours: Counts { sends, events }, ses_ppm: ses, ..RateWatch::default() };
            assert_eq!(are_apart(metric, coverage(covered), &rate), apart, "{what}");
        }
    }

    #[test]
    fn people_read_of_a_difference_after_a_day_of_it_and_once() {
        let key: SetKey = "111122223333/eu-west-1/*account*".parse().unwrap();
        let begun: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let state = State::default();
        let mut rate = RateWatch { ours: Counts { sends: 100_000, events: 1_000 }, ..RateWatch::default() };
        let (apart, together) = (Some(20_000), Some(10_000));
        for (what, ses, seconds, told) in [
            ("it begins", apart, 0, 0),
            ("not a day yet", apart, 86_399, 0),
            ("a day", apart, 86_400, 1),
            ("told already", apart, 200_000, 0),
            ("it is over", together, 300_000, 0),
            ("it begins anew", apart, 300_060, 0),
            ("not a day yet", apart, 386_459, 0),
            ("a day again", apart, 386_460, 1),
        ] {
            let mut news = News::new(&key, &state, plus_seconds(begun, seconds));
            rate.ses_ppm = ses;
            news.of_difference(Metric::Bounce, Ppm::ALL, &mut rate);
            let acts: Vec<Act> = news.records.iter().map(|record| record.act).collect();
            assert_eq!(acts, vec![Act::AccountDisputed; told], "{what}");
        }
    }
}
