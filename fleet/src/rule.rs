//! The rules that are compared: the shipped one, and the simplest form of what people use instead.

use guard_core::judge::{BucketCount, Metric, Verdict, judge};
use guard_core::policy::Policy;
use guard_core::time::Bucket;

use crate::mail::{HOUR, Millis};

/// Buckets in an hour, a day and a week.
const HOUR_BUCKETS: u32 = 4;
const DAY_BUCKETS: u32 = 24 * HOUR_BUCKETS;
const WEEK_BUCKETS: u32 = 7 * DAY_BUCKETS;
const METRICS: [Metric; 2] = [Metric::Bounce, Metric::Complaint];

/// A rule with its name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// As the tables call it.
    pub name: &'static str,
    /// When a set is over.
    pub test: Test,
    /// Which bucket a failure is counted in.
    pub booked: Booked,
    /// When the rule is asked.
    pub asked: Asked,
    /// From the question to SES's refusal.
    pub latency: Millis,
}

/// When a set is over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Test {
    /// Never.
    Never,
    /// When `guard_core::judge` says pause.
    Shipped(Policy),
    /// When the failures of any of these windows, each so many buckets long, are too many for its mails.
    Windows(&'static [u32], Bound),
    /// When a day's rate is at the limit on the average of the last hour, as an alarm on a reputation metric sees it.
    HourlyAverage,
}

/// How many failures are too many. The first figure is for bounces, the second for complaints.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// 5 % or 0.1 % of the mails, whatever their number.
    Rate,
    /// The same, from so many mails on.
    FromMails(u64, u64),
    /// The same, from so many failures on.
    FromFailures(u64, u64),
    /// When the lower end of Wilson's one-sided 99 % interval is at the limit, from 3 failures on.
    Wilson,
}

/// Which bucket a failure is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Booked {
    /// That in which its mail was sent.
    WhenSent,
    /// That in which it became known.
    WhenKnown,
}

/// When a rule is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// At each bounce and complaint.
    EachFailure,
    /// At this interval, if there was a bounce or complaint.
    Every(Millis),
}

impl Rule {
    /// Nobody guards.
    pub const NOBODY: Self = Self::new("no guard", Test::Never, Booked::WhenSent);
    /// Rate at the limit, over a day.
    pub const NAIVE: Self = Self::day("naive, 24 h", Bound::Rate);
    /// The usual one: a rate, from a minimum volume on.
    pub const MIN_VOLUME: Self = Self::day("min volume 200/1000, 24 h", Bound::FromMails(200, 1_000));
    /// With a minimum volume that is big enough for statistics.
    pub const MIN_VOLUME_BIG: Self = Self::day("min volume 1000/10000, 24 h", Bound::FromMails(1_000, 10_000));
    /// A rate, from a minimum of failures on.
    pub const MIN_COUNT: Self = Self::day("min count 10/5, 24 h", Bound::FromFailures(10, 5));
    /// The same with failures booked to their mail, and with a week beside the day.
    pub const MIN_COUNT_SENT: Self = Self::new(
        "min count 10/5, 24 h + 7 d, send time",
        Test::Windows(&[DAY_BUCKETS, WEEK_BUCKETS], Bound::FromFailures(10, 5)),
        Booked::WhenSent,
    );
    /// A confidence interval.
    pub const WILSON: Self = Self::new(
        "Wilson 99 %, 24 h + 7 d, send time",
        Test::Windows(&[DAY_BUCKETS, WEEK_BUCKETS], Bound::Wilson),
        Booked::WhenSent,
    );
    /// An alarm on the hour's sums.
    pub const HOURLY_ALARM: Self = Self::new(
        "CloudWatch-like, failures/sends, 1 h",
        Test::Windows(&[HOUR_BUCKETS], Bound::Rate),
        Booked::WhenKnown,
    )
    .every(HOUR);
    /// An alarm on a reputation metric's hourly average.
    pub const HOURLY_AVERAGE: Self =
        Self::new("CloudWatch-like, reputation, 1 h", Test::HourlyAverage, Booked::WhenKnown).every(HOUR);

    /// The rule that this project ships.
    pub fn shipped() -> Self {
        Self::new("**shipped, `default`**", Test::Shipped(Policy::default()), Booked::WhenSent)
    }

    /// The rule that this project ships, with the option for big senders.
    pub fn shipped_high_volume() -> Self {
        let policy = Policy { scale_slack: true, ..Policy::default() };
        Self::new("shipped, `high-volume`", Test::Shipped(policy), Booked::WhenSent)
    }

    /// The rule that this project ships, fed with failures by arrival: what it would be without its buckets.
    pub fn by_arrival() -> Self {
        Self { name: "shipped rule, counted by arrival", booked: Booked::WhenKnown, ..Self::shipped() }
    }

    /// All that are compared, in the order of the study.
    pub fn all() -> Vec<Self> {
        vec![
            Self::NOBODY,
            Self::NAIVE,
            Self::MIN_VOLUME,
            Self::MIN_VOLUME_BIG,
            Self::MIN_COUNT,
            Self::MIN_COUNT_SENT,
            Self::HOURLY_AVERAGE,
            Self::HOURLY_ALARM,
            Self::WILSON,
            Self::shipped(),
            Self::shipped_high_volume(),
            Self::by_arrival(),
        ]
    }

    const fn day(name: &'static str, bound: Bound) -> Self {
        Self::new(name, Test::Windows(&[DAY_BUCKETS], bound), Booked::WhenKnown)
    }

    const fn new(name: &'static str, test: Test, booked: Booked) -> Self {
        Self { name, test, booked, asked: Asked::EachFailure, latency: 10_000 }
    }

    /// Asked at an interval instead.
    #[must_use]
    pub const fn every(self, interval: Millis) -> Self {
        Self { asked: Asked::Every(interval), ..self }
    }

    /// The metric that a set is over in, if it is. The counts come oldest first, each bucket once; those before `fresh`
    /// are not looked at.
    pub fn over(&self, counts: &[BucketCount], now: Bucket, fresh: Option<Bucket>) -> Option<Metric> {
        match self.test {
            Test::Never => None,
            Test::Shipped(policy) => {
                let judgement = judge(&policy, counts, now, fresh);
                // By arrival, an hour may well have more failures than mails: there it is no sign of wrong counts.
                let pauses = match self.booked {
                    Booked::WhenSent => judgement.verdict == Verdict::Pause,
                    Booked::WhenKnown => judgement.verdict >= Verdict::DataFault,
                };
                pauses.then_some(judgement.because?)
            }
            Test::Windows(windows, bound) => METRICS.into_iter().find(|metric| {
                windows.iter().any(|buckets| {
                    let (mails, failures) = sum(counts, now, *buckets, fresh, *metric);
                    bound.reached(*metric, mails, failures)
                })
            }),
            Test::HourlyAverage => METRICS.into_iter().find(|metric| {
                let rate = |ago: i64| {
                    let (mails, failures) = sum(counts, now.plus(-ago), DAY_BUCKETS, fresh, *metric);
                    if mails == 0 { 0.0 } else { failures as f64 / mails as f64 }
                };
                (0..i64::from(HOUR_BUCKETS)).map(rate).sum::<f64>() / f64::from(HOUR_BUCKETS) >= limit(*metric)
            }),
        }
    }
}

/// The limits of the simple rules.
fn limit(metric: Metric) -> f64 {
    match metric {
        Metric::Bounce => 0.05,
        Metric::Complaint => 0.001,
    }
}

impl Bound {
    fn reached(self, metric: Metric, mails: u64, failures: u64) -> bool {
        let of = |bounces, complaints| match metric {
            Metric::Bounce => bounces,
            Metric::Complaint => complaints,
        };
        let at_rate = |least: f64| mails > 0 && least >= limit(metric) * mails as f64;
        match self {
            Self::Rate => failures > 0 && at_rate(failures as f64),
            Self::FromMails(bounce, complaint) => mails >= of(bounce, complaint) && at_rate(failures as f64),
            Self::FromFailures(bounce, complaint) => failures >= of(bounce, complaint) && at_rate(failures as f64),
            Self::Wilson => failures >= 3 && at_rate(wilson_lower(failures, mails) * mails as f64),
        }
    }
}

/// The lower end of Wilson's interval for a share, one-sided at 99 %.
fn wilson_lower(failures: u64, mails: u64) -> f64 {
    const Z: f64 = 2.326;
    let mails = mails as f64;
    let share = (failures as f64 / mails).min(1.0);
    let spread = Z * ((share * (1.0 - share) + Z * Z / (4.0 * mails)) / mails).sqrt();
    (share + Z * Z / (2.0 * mails) - spread) / (1.0 + Z * Z / mails)
}

fn sum(counts: &[BucketCount], now: Bucket, buckets: u32, fresh: Option<Bucket>, metric: Metric) -> (u64, u64) {
    let oldest = now.plus(1 - i64::from(buckets));
    let oldest = fresh.map_or(oldest, |fresh| fresh.max(oldest));
    let looked_at = counts.iter().rev().skip_while(|one| one.bucket > now).take_while(|one| one.bucket >= oldest);
    looked_at.fold((0, 0), |(mails, failures), one| (mails + one.sends, failures + metric.events(one)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bound_is_reached_where_it_says() {
        use Metric::{Bounce, Complaint};
        for (bound, metric, mails, failures, reached) in [
            (Bound::Rate, Bounce, 20, 1, true),
            (Bound::Rate, Bounce, 21, 1, false),
            (Bound::Rate, Bounce, 0, 1, false),
            (Bound::Rate, Complaint, 1_000, 1, true),
            (Bound::Rate, Complaint, 1_001, 1, false),
            (Bound::FromMails(200, 1_000), Bounce, 199, 199, false),
            (Bound::FromMails(200, 1_000), Bounce, 200, 10, true),
            (Bound::FromMails(200, 1_000), Complaint, 999, 9, false),
            (Bound::FromMails(200, 1_000), Complaint, 1_000, 1, true),
            (Bound::FromFailures(10, 5), Bounce, 10, 9, false),
            (Bound::FromFailures(10, 5), Bounce, 200, 10, true),
            (Bound::FromFailures(10, 5), Complaint, 5_001, 5, false),
            (Bound::FromFailures(10, 5), Complaint, 5_000, 5, true),
            (Bound::Wilson, Bounce, 2, 2, false),
            (Bound::Wilson, Bounce, 100, 10, false),
            (Bound::Wilson, Bounce, 100, 11, true),
        ] {
            assert_eq!(bound.reached(metric, mails, failures), reached, "{bound:?}, {failures} of {mails}");
        }
    }

    #[test]
    fn wilsons_lower_end_is_that_of_the_textbook() {
        let found = wilson_lower(12, 100);
        assert!((found - 0.0633).abs() < 0.000_5, "{found}");
    }

    #[test]
    fn a_window_holds_as_many_buckets_as_it_says_and_nothing_from_before_the_fence() {
        let first = crate::replay::bucket(0);
        let counts: Vec<BucketCount> = (0..10)
            .map(|index| BucketCount { bucket: first.plus(index), sends: 100, bounces: 1, complaints: 0 })
            .collect();
        let now = first.plus(8);
        assert_eq!(sum(&counts, now, 4, None, Metric::Bounce), (400, 4));
        assert_eq!(sum(&counts, now, 4, Some(first.plus(7)), Metric::Bounce), (200, 2));
        assert_eq!(sum(&counts, now, 96, None, Metric::Complaint), (900, 0));
    }
}
