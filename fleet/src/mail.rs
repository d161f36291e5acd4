//! What one configuration set would send if nobody stopped it, and what would become of it.

use guard_core::judge::Metric;

use crate::draw::{Draw, whole};

/// Milliseconds since a run's start. All times and lengths of a run are in it.
pub type Millis = u64;
/// A second.
pub const SECOND: Millis = 1_000;
/// A minute.
pub const MINUTE: Millis = 60 * SECOND;
/// An hour.
pub const HOUR: Millis = 60 * MINUTE;
/// A day.
pub const DAY: Millis = 24 * HOUR;
/// A run.
pub const RUN: Millis = 14 * DAY;
/// A bucket of the ledger.
pub const BUCKET: Millis = guard_core::time::BUCKET_SECONDS.unsigned_abs() * SECOND;

/// Mails at equal distances within one bucket: the n-th of them has its instant, without being stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// From.
    pub start: Millis,
    /// For so long.
    pub length: Millis,
    /// So many.
    pub mails: u64,
    /// Whether they fail more often than AWS accepts: mail that should have been stopped.
    pub bad: bool,
}

impl Slice {
    /// When the mail of this index goes out.
    pub fn sent_at(&self, index: u64) -> Millis {
        self.start + (2 * index + 1) * self.length / (2 * self.mails.max(1))
    }

    /// How many go out before this instant.
    pub fn before(&self, instant: Millis) -> u64 {
        let passed = instant.saturating_sub(self.start).min(self.length);
        (2 * self.mails * passed).saturating_sub(self.length).div_ceil(2 * self.length.max(1))
    }

    /// How many of them go out in spite of these pauses.
    pub fn spared(&self, pauses: &[Pause]) -> u64 {
        self.spared_before(self.start + self.length, pauses)
    }

    /// How many go out before this instant in spite of these pauses.
    pub fn spared_before(&self, instant: Millis, pauses: &[Pause]) -> u64 {
        let stopped = |pause: &Pause| self.before(pause.until.min(instant)) - self.before(pause.from.min(instant));
        self.before(instant) - pauses.iter().map(stopped).sum::<u64>()
    }
}

/// A time in which SES refuses a set's mail: `from` included, `until` not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// Its first instant.
    pub from: Millis,
    /// The first instant after it.
    pub until: Millis,
}

impl Pause {
    /// Whether a mail of this instant is refused.
    pub fn stops(&self, sent_at: Millis) -> bool {
        (self.from..self.until).contains(&sent_at)
    }
}

/// A mail that bounced for good or was complained about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// Which of both.
    pub metric: Metric,
    /// When the mail went out.
    pub sent_at: Millis,
    /// When that became known.
    pub known_at: Millis,
}

/// All mail of one set, in order: slices by their start, failures by the time they become known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mail {
    /// The mails.
    pub slices: Vec<Slice>,
    /// Those of them that fail, within the run.
    pub failures: Vec<Failure>,
}

/// Of how many mails a failure comes back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// The share that bounces for good.
    pub bounce: f64,
    /// The share that is complained about.
    pub complaint: f64,
}

impl Rates {
    /// At AWS's line for a review, in one of both.
    pub fn are_bad(self) -> bool {
        self.bounce >= 0.05 || self.complaint >= 0.001
    }

    /// With more or fewer failures.
    #[must_use]
    pub fn times(self, bounce: f64, complaint: f64) -> Self {
        Self { bounce: self.bounce * bounce, complaint: self.complaint * complaint }
    }
}

impl Mail {
    /// Adds so many mails from `start` on, with their outcomes. What lies beyond the run is left out.
    pub fn add(&mut self, draw: &mut Draw, start: Millis, length: Millis, mails: u64, rates: Rates, bad: bool) {
        let length = length.max(1);
        let all = Slice { start, length, mails, bad };
        let mut from = start;
        while from < (start + length).min(RUN) {
            let until = ((from / BUCKET + 1) * BUCKET).min(start + length);
            let mails = all.before(until) - all.before(from);
            if mails > 0 {
                let slice = Slice { start: from, length: until - from, mails, bad };
                self.fail(draw, &slice, rates);
                self.slices.push(slice);
            }
            from = until;
        }
    }

    fn fail(&mut self, draw: &mut Draw, slice: &Slice, rates: Rates) {
        for (metric, share) in [(Metric::Bounce, rates.bounce), (Metric::Complaint, rates.complaint)] {
            for index in draw.failing(slice.mails, share) {
                let sent_at = slice.sent_at(index);
                let known_at = sent_at + 1 + delay(draw, metric);
                if known_at < RUN {
                    self.failures.push(Failure { metric, sent_at, known_at });
                }
            }
        }
    }

    /// Puts everything into its order. To be called once all is added.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.slices.sort_by_key(|slice| slice.start);
        self.failures.sort_by_key(|failure| failure.known_at);
        self
    }
}

/// Bounces: 85 % after about 8 s, 12 % after 3 minutes, 3 % after 2 hours. Complaints: half within 3 hours, 88 % in a
/// day, 96 % in three, 98.7 % in a week.
fn delay(draw: &mut Draw, metric: Metric) -> Millis {
    let seconds = match metric {
        Metric::Bounce if draw.chance(0.85) => draw.exponential(8.0),
        Metric::Bounce if draw.chance(0.8) => draw.exponential(180.0),
        Metric::Bounce => draw.exponential(7_200.0),
        Metric::Complaint => draw.log_normal(3.0 * 3_600.0, 1.8),
    };
    whole(seconds * 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_counts_its_mails_as_they_go_out() {
        for (start, length, mails) in [(0, 1, 1), (7, 900_000, 3), (100, 10, 25), (BUCKET, 333, 100)] {
            let slice = Slice { start, length, mails, bad: false };
            for instant in [0, start, start + 1, start + length / 2, start + length, start + 2 * length] {
                let sent = (0..mails).filter(|index| slice.sent_at(*index) < instant).count() as u64;
                assert_eq!(slice.before(instant), sent, "{mails} mails in {length} ms, before {instant}");
            }
            let pause = [Pause { from: start + length / 3, until: start + length / 2 }];
            let spared = (0..mails).filter(|index| !pause[0].stops(slice.sent_at(*index))).count() as u64;
            assert_eq!(slice.spared(&pause), spared);
        }
    }

    #[test]
    fn what_is_added_stays_whole_across_buckets() {
        let rates = Rates { bounce: 0.5, complaint: 0.1 };
        let mut mail = Mail::default();
        mail.add(&mut Draw::of(1, 0, 0), BUCKET - 1_000, 2 * BUCKET, 1_001, rates, false);
        assert_eq!(mail.slices.iter().map(|slice| slice.mails).sum::<u64>(), 1_001);
        assert!(mail.slices.iter().all(|slice| slice.start / BUCKET == (slice.start + slice.length - 1) / BUCKET));
        let bounces = mail.failures.iter().filter(|failure| failure.metric == Metric::Bounce).count();
        assert!((420..=580).contains(&bounces), "{bounces} of 1,001 at 50 %");
    }

    #[test]
    fn delays_are_those_of_the_study() {
        let mut draw = Draw::of(1, 0, 0);
        for (metric, within, share) in [
            (Metric::Bounce, MINUTE, 0.885),
            (Metric::Complaint, 3 * HOUR, 0.5),
            (Metric::Complaint, DAY, 0.88),
            (Metric::Complaint, 3 * DAY, 0.96),
            (Metric::Complaint, 7 * DAY, 0.987),
        ] {
            let known = (0..10_000).filter(|_| delay(&mut draw, metric) <= within).count();
            let found = known as f64 / 10_000.0;
            assert!((found - share).abs() < 0.015, "{metric} within {within} ms: {found}, not {share}");
        }
    }
}
