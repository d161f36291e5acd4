//! How fast SES's control plane may be called: at most once a second, and slower while it throttles.

use jiff::{SignedDuration, Timestamp};

/// One call a second: what SES grants an account for each action.
const FASTEST: u64 = 1_000;
/// One call in 8 seconds: two of them, and a call's time-out, still fit into a lease.
const SLOWEST: u64 = 8_000;
/// After this long without a refusal the pace doubles again.
const RECOVERY_SECONDS: i64 = 60;

/// Says when the next call may go out.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    gap_milliseconds: u64,
    last: Option<Timestamp>,
    throttled_at: Option<Timestamp>,
}

impl Default for Pace {
    fn default() -> Self {
        Self { gap_milliseconds: FASTEST, last: None, throttled_at: None }
    }
}

impl Pace {
    /// How many milliseconds to wait before a call at `now`; 0 when it may go out.
    pub fn wait(&self, now: Timestamp) -> u64 {
        let Some(last) = self.last else { return 0 };
        let passed = u64::try_from(now.duration_since(last).as_millis()).unwrap_or(0);
        self.gap_milliseconds.saturating_sub(passed)
    }

    /// A call goes out now.
    pub fn called(&mut self, now: Timestamp) {
        self.last = Some(now);
        if self.throttled_at.is_some_and(|at| now.duration_since(at) >= SignedDuration::from_secs(RECOVERY_SECONDS)) {
            self.gap_milliseconds = (self.gap_milliseconds / 2).max(FASTEST);
            self.throttled_at = (self.gap_milliseconds > FASTEST).then_some(now);
        }
    }

    /// SES refused the call with 429: half as fast from now on.
    pub fn throttled(&mut self, now: Timestamp) {
        self.gap_milliseconds = (self.gap_milliseconds * 2).min(SLOWEST);
        self.throttled_at = Some(now);
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
    fn each_refusal_halves_the_pace_and_a_quiet_minute_doubles_it() {
        let mut pace = Pace::default();
        pace.called(at(0));
        for expected in [2_000, 4_000, 8_000, 8_000] {
            pace.throttled(at(0));
            assert_eq!(pace.wait(at(0)), expected);
        }
        let mut seen = Vec::new();
        for minute in [1, 2, 3, 4] {
            pace.called(at(minute * 60_000));
            seen.push(pace.wait(at(minute * 60_000)));
        }
        assert_eq!(seen, [4_000, 2_000, 1_000, 1_000]);
    }
}
