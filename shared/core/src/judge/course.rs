//! How near a set came to its pause line, and by which way: the figures behind the verdict, for people who look on.

use super::stretch::{Stretch, excess_micro, worst_stretch};
use super::{BucketCount, Metric, finding, on_trial, window};
use crate::policy::{Line, Policy};
use crate::time::Bucket;

/// How far one metric's running stretch was up to one bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The bucket.
    pub bucket: Bucket,
    /// How much of what the pause line allows it had used up, in millionths; at 1,000,000 the set is paused.
    pub used_ppm: u64,
}

/// The way of one metric through the window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    /// Whose.
    pub metric: Metric,
    /// The pause line as it was drawn for this set.
    pub line: Line,
    /// One step for each bucket with mail, oldest first.
    pub steps: Vec<Step>,
    /// Where it came nearest to the line; `None` when no stretch exceeds the line's rate.
    pub worst: Option<Stretch>,
}

impl Course {
    /// How much of what is allowed the worst stretch used up, in millionths.
    pub fn used_ppm(&self) -> u64 {
        self.worst.map_or(0, |worst| used_ppm_of(self.line, worst.sends, worst.events))
    }
}

/// The way of one metric. It judges the same counts as [`super::judge`], so a course reaches 1,000,000 exactly when they
/// are at the pause line.
pub fn course(policy: &Policy, counts: &[BucketCount], now: Bucket, fresh: Option<Bucket>, metric: Metric) -> Course {
    let trial = fresh.is_some_and(|fresh| on_trial(policy, counts, now, fresh));
    let window = window(policy, counts, now, fresh);
    let sends = window.iter().fold(0, |sum: u64, count| sum.saturating_add(count.sends));
    let line = finding::pause_line(policy, metric, trial, sends);
    let (mut sends, mut events, mut excess) = (0_u64, 0_u64, 0_i64);
    let step = |count: &BucketCount| {
        excess = excess.saturating_add(excess_micro(count.sends, metric.events(count), line.rate_ppm));
        if excess <= 0 {
            (sends, events, excess) = (0, 0, 0);
        } else {
            (sends, events) = (sends.saturating_add(count.sends), events.saturating_add(metric.events(count)));
        }
        Step { bucket: count.bucket, used_ppm: used_ppm_of(line, sends, events) }
    };
    let steps = window.iter().map(step).collect();
    Course { metric, line, steps, worst: worst_stretch(&window, metric, line.rate_ppm).map(|(worst, _)| worst) }
}

/// The larger of the two metrics' shares that the worst stretch used up of what the pause line allows, in millionths.
pub fn used_ppm(policy: &Policy, counts: &[BucketCount], now: Bucket, fresh: Option<Bucket>) -> u64 {
    let trial = fresh.is_some_and(|fresh| on_trial(policy, counts, now, fresh));
    let window = window(policy, counts, now, fresh);
    let sends = window.iter().fold(0, |sum: u64, count| sum.saturating_add(count.sends));
    let used = |metric| {
        let line = finding::pause_line(policy, metric, trial, sends);
        worst_stretch(&window, metric, line.rate_ppm)
            .map_or(0, |(worst, _)| used_ppm_of(line, worst.sends, worst.events))
    };
    used(Metric::Bounce).max(used(Metric::Complaint))
}

/// Failures over what is allowed for so many mails. The slack is at least 1, so something always is.
fn used_ppm_of(line: Line, sends: u64, events: u64) -> u64 {
    let allowed = u128::from(line.allowed_micro(sends)).max(1);
    u64::try_from(u128::from(events) * 1_000_000 * 1_000_000 / allowed).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::judge::{Verdict, judge};

    const NOW: i64 = 1_795_165_200;

    fn bucket(back: i64) -> Bucket {
        Bucket::starting_at(NOW).unwrap().plus(-back)
    }

    fn counts(of: &[(i64, u64, u64)]) -> Vec<BucketCount> {
        let count = |&(back, sends, bounces)| BucketCount { bucket: bucket(back), sends, bounces, complaints: 0 };
        of.iter().map(count).collect()
    }

    #[test]
    fn a_course_is_at_its_end_one_bounce_before_and_one_after_the_line() {
        for (bounces, used) in [(0, 0), (7, 466_666), (14, 933_333), (15, 1_000_000), (16, 1_066_666)] {
            let counts = counts(&[(3, 100, bounces)]);
            let course = course(&Policy::default(), &counts, bucket(0), None, Metric::Bounce);
            assert_eq!(course.used_ppm(), used, "{bounces} of 100");
            assert_eq!(course.steps, [Step { bucket: bucket(3), used_ppm: used }], "{bounces} of 100");
            assert_eq!(used_ppm(&Policy::default(), &counts, bucket(0), None), used, "{bounces} of 100");
        }
    }

    #[test]
    fn good_mail_takes_a_course_back_and_a_new_stretch_begins_at_nothing() {
        let counts = counts(&[(9, 100, 12), (8, 100, 0), (7, 1_000, 0), (2, 100, 10)]);
        let course = course(&Policy::default(), &counts, bucket(0), None, Metric::Bounce);
        let used: Vec<u64> = course.steps.iter().map(|step| step.used_ppm).collect();
        assert_eq!(used, [800_000, 600_000, 0, 666_666]);
        assert_eq!(course.worst.map(|worst| (worst.sends, worst.events)), Some((100, 12)));
    }

    proptest! {
        #[test]
        fn a_course_reaches_its_end_exactly_when_the_set_is_at_the_pause_line(
            mail in prop::collection::vec((0_u64..300, 0_u64..60, 0_u64..8), 1..60), fresh in prop::option::of(0_i64..60),
        ) {
            let counts: Vec<BucketCount> = mail
                .iter()
                .enumerate()
                .map(|(index, &(sends, bounces, complaints))| BucketCount {
                    bucket: bucket(60 - i64::try_from(index).unwrap()), sends, bounces, complaints,
                })
                .collect();
            let (policy, fresh) = (Policy::default(), fresh.map(bucket));
            let judgement = judge(&policy, &counts, bucket(0), fresh);
            for metric in [Metric::Bounce, Metric::Complaint] {
                let course = course(&policy, &counts, bucket(0), fresh, metric);
                let at_line = judgement.finding(metric).verdict > Verdict::Warn;
                prop_assert_eq!(course.used_ppm() >= 1_000_000, at_line);
                prop_assert_eq!(course.steps.iter().any(|step| step.used_ppm >= 1_000_000), at_line);
            }
            let larger = used_ppm(&policy, &counts, bucket(0), fresh);
            prop_assert_eq!(larger >= 1_000_000, judgement.verdict > Verdict::Warn);
        }
    }
}
