//! How fast SES's control plane may be called: at most once a second, and slower while it throttles.

use jiff::Timestamp;

/// One call a second: what SES grants an account for each action. In calls per 1,000 seconds.
const FASTEST: u64 = 1_000;
/// One call in 8 seconds: two of them, and a call's time-out, still fit into a lease.
const SLOWEST: u64 = 125;
/// By how much each call that SES takes makes the next ones faster: from the slowest to the fastest in four, 14 seconds.
/// A minute's wait for each doubling, as it was once, cost two minutes after a throttling of minutes.
const FASTER: u64 = 250;

/// Says when the next call may go out.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    per_1000_seconds: u64,
    last: Option<Timestamp>,
}

impl Default for Pace {
    fn default() -> Self {
        Self { per_1000_seconds: FASTEST, last: None }
    }
}

impl Pace {
    /// How many milliseconds to wait before a call at `now`; 0 when it may go out.
    pub fn wait(&self, now: Timestamp) -> u64 {
        let Some(last) = self.last else { return 0 };
        let passed = u64::try_from(now.duration_since(last).as_millis()).unwrap_or(0);
        (1_000_000 / self.per_1000_seconds).saturating_sub(passed)
    }

    /// A call goes out now.
    pub fn called(&mut self, now: Timestamp) {
        self.last = Some(now);
    }

    /// SES took the call: a little faster from now on, up to what it grants.
    pub fn taken(&mut self) {
        self.per_1000_seconds = (self.per_1000_seconds + FASTER).min(FASTEST);
    }

    /// SES refused the call with 429: half as fast from now on.
    pub fn throttled(&mut self) {
        self.per_1000_seconds = (self.per_1000_seconds / 2).max(SLOWEST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(1_795_000_000_000 + milliseconds).unwrap()
    }

    #[test]
    fn calls_are_a_second_apart() {
        let mut pace = Pace::default();
        assert_eq!(pace.wait(at(0)), 0, "the first goes out at once");
        pace.called(at(0));
        for (now, wait) in [(0, 1_000), (1, 999), (999, 1), (1_000, 0), (5_000, 0)] {
            assert_eq!(pace.wait(at(now)), wait, "at {now} ms");
        }
    }

    #[test]
    fn each_refusal_halves_the_pace_and_what_ses_takes_quickens_it() {
        let mut pace = Pace::default();
        pace.called(at(0));
        let waits = |pace: &mut Pace, change: fn(&mut Pace)| -> Vec<u64> {
            (0..5)
                .map(|_| {
                    change(pace);
                    pace.wait(at(0))
                })
                .collect()
        };
        assert_eq!(waits(&mut pace, Pace::throttled), [2_000, 4_000, 8_000, 8_000, 8_000]);
        assert_eq!(waits(&mut pace, Pace::taken), [2_666, 1_600, 1_142, 1_000, 1_000]);
    }
}
