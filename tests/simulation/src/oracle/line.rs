//! The lines as the README prints them, held against what is true.

use guard_core::name::SetKey;

use super::landings::{BUCKET, Truth, Truths};
use super::{Oracle, Seen};
use crate::rules::Rules;

/// Failures, and the mails they are held against, of one bucket.
type Held = (u64, u64);

/// Whether any stretch of these buckets is at the line.
fn is_at(line: (u64, u64), buckets: &[Held]) -> bool {
    let (rate, slack) = line;
    (0..buckets.len()).any(|first| {
        let (mut failures, mut mails) = (0, 0);
        buckets[first..].iter().any(|(more_failures, more_mails)| {
            (failures, mails) = (failures + more_failures, mails + more_mails);
            failures > 0 && failures * 1_000_000 >= slack * 1_000_000 + rate * mails
        })
    })
}

impl Oracle {
    fn since(&self, set: &SetKey, from: impl Fn(super::Resumed) -> i64) -> (i64, bool) {
        self.resumed.get(set).map_or((i64::MIN, false), |resumed| (from(*resumed), true))
    }

    /// Whether the guard may pause: at the lowest line that could be drawn, by all failures that were counted, and by as
    /// few sends as the guard may have taken for certain.
    pub(super) fn may_pause(&self, set: &SetKey, now: i64, upto: usize, rules: Rules) -> bool {
        let (since, on_trial) = self.since(set, |resumed| resumed.may_from);
        let truths = self.in_window(rules, self.landings.truths(set, upto, since), now + self.skew, 1);
        let (receipts, suspect) =
            truths.values().fold((0, 0), |sum, one| (sum.0 + one[0].receipts, sum.1 + one[0].suspect));
        let trusted = suspect * 10 <= receipts;
        let held = |kind: usize| -> Vec<Held> {
            let one = |truth: &[Truth; 4]| {
                let [sends, _, _, prevented] = truth;
                let sends = if trusted { sends.certain() } else { sends.count() };
                let failures = truth[kind].count() + truth[kind].doubled;
                (failures, sends.saturating_sub(prevented.count() + prevented.doubled))
            };
            truths.values().map(one).collect()
        };
        let slack = |line: (u64, u64, u64)| (line.0, if on_trial { line.2 } else { line.1 });
        is_at(slack(rules.bounces), &held(1)) || is_at(slack(rules.complaints), &held(2))
    }

    /// Whether nothing that was counted says that the set sent anything: then an alarm is followed blindly.
    pub(super) fn knows_no_send(&self, set: &SetKey, now: i64, upto: usize, seen: &Seen) -> bool {
        let truths = self.landings.truths(set, upto, i64::MIN);
        self.in_window(self.rules_of(seen), truths, now + self.skew, -1).values().all(|[sends, ..]| sends.count() == 0)
    }

    /// Whether the set may be paused for the account's sake: it failed often enough since its resume, and above what the
    /// account is to come down to. Mail that was counted since it was chosen may have halved its rate.
    pub(super) fn may_pause_for_account(&self, set: &SetKey) -> bool {
        let (since, _) = self.since(set, |resumed| resumed.may_from);
        let truths = self.landings.truths(set, self.landings.count(), since);
        let sum = |kind: usize| -> u64 { truths.values().map(|truth| truth[kind].count() + truth[kind].doubled).sum() };
        let sends: u64 = truths.values().map(|truth| truth[0].certain()).sum();
        let above =
            |failures: u64, least: u64, target: u64| failures >= least && failures * 2_000_000 >= target * sends;
        above(sum(1), 5, 20_000) || above(sum(2), 3, 400)
    }

    /// Whether the guard must have paused: by the failures it has for certain, and by all sends it ever received.
    pub(super) fn must_pause(&self, set: &SetKey, now: i64) -> bool {
        let rules = self.rules;
        if self.observes || rules.spare(set.name.as_str()) {
            return false;
        }
        let (since, on_trial) = self.since(set, |resumed| resumed.must_from);
        let truths = self.landings.truths(set, self.landings.count(), since);
        let slack = |line: (u64, u64, u64)| (line.0, if on_trial { line.2 } else { line.1 });
        // Whatever the clock of the judge says, and before as well as after a bucket has fallen out of the window.
        [-self.skew, self.skew].into_iter().all(|skew| {
            let truths = self.in_window(rules, truths.clone(), now + skew, -1);
            let held = |kind: usize| -> Vec<Held> {
                let one =
                    |truth: &[Truth; 4]| (truth[kind].certain(), truth[0].receipts.saturating_sub(truth[3].certain()));
                truths.values().map(one).collect()
            };
            // With more failures than mails the counts prove nothing. By its ids the guard may know how many there were of both.
            let is_whole = |truth: &[Truth; 4], kind: usize| {
                let [sends, _, _, prevented] = truth;
                truth[kind].count() + truth[kind].doubled
                    <= sends.count().saturating_sub(prevented.count() + prevented.doubled)
            };
            let counts_are_whole = truths.values().all(|truth| [1, 2].into_iter().all(|kind| is_whole(truth, kind)));
            counts_are_whole && (is_at(slack(rules.bounces), &held(1)) || is_at(slack(rules.complaints), &held(2)))
        })
    }

    /// Those in the window, which is longer by so many buckets.
    fn in_window(&self, rules: Rules, truths: Truths, now: i64, longer: i64) -> Truths {
        let present = now.div_euclid(BUCKET) * BUCKET;
        let oldest = present - (i64::from(rules.window_hours) * 4 - 1 + longer) * BUCKET;
        truths.into_iter().filter(|(bucket, _)| *bucket >= oldest).collect()
    }

    /// In words.
    pub(super) fn known(&self, set: &SetKey, now: i64, upto: usize) -> String {
        let (since, on_trial) = self.since(set, |resumed| resumed.may_from);
        let truths = self.in_window(self.rules, self.landings.truths(set, upto, since), now + self.skew, 1);
        let buckets = truths.iter().map(|(bucket, [sends, bounces, complaints, prevented])| {
            let (certain, at) = (sends.certain(), super::time(*bucket));
            format!(
                "[{at}: {} sends ({certain} certain), {} bounces, {} complaints, {} prevented]",
                sends.count(),
                bounces.count(),
                complaints.count(),
                prevented.count()
            )
        });
        let buckets: Vec<String> = buckets.collect();
        format!("{}{} by {:?}", buckets.join(" "), if on_trial { " on trial" } else { "" }, self.rules)
    }
}
