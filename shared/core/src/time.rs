//! Slices of time. A mail belongs to the bucket of its `mail.timestamp`, whenever its events arrive.

use jiff::{SignedDuration, Timestamp};

/// 15 minutes: the width of a bucket, and the grain of the window and of the fence after a resume.
pub const BUCKET_SECONDS: i64 = 900;

/// One 15-minute slice, named by the epoch second in which it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bucket(i64);

impl Bucket {
    /// The bucket that holds this instant.
    pub fn of(instant: Timestamp) -> Self {
        Self(instant.as_second().div_euclid(BUCKET_SECONDS) * BUCKET_SECONDS)
    }

    /// The bucket that starts at this epoch second; `None` when none starts there.
    pub fn starting_at(second: i64) -> Option<Self> {
        (second.rem_euclid(BUCKET_SECONDS) == 0).then_some(Self(second))
    }

    /// Its first second, since the epoch.
    pub fn start_second(self) -> i64 {
        self.0
    }

    /// Its first instant.
    pub fn start(self) -> Timestamp {
        Timestamp::from_second(self.0).unwrap_or(Timestamp::MIN)
    }

    /// The instant just after its last: the next bucket's start.
    pub fn end(self) -> Timestamp {
        self.plus(1).start()
    }

    /// The bucket `count` later (earlier when negative).
    #[must_use]
    pub fn plus(self, count: i64) -> Self {
        Self(self.0.saturating_add(count.saturating_mul(BUCKET_SECONDS)))
    }
}

/// `later − earlier` in whole seconds; negative when they are the other way round.
pub fn seconds_between(earlier: Timestamp, later: Timestamp) -> i64 {
    later.as_second() - earlier.as_second()
}

/// `instant + seconds`, at the end of time at the latest.
pub fn plus_seconds(instant: Timestamp, seconds: i64) -> Timestamp {
    instant.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}

/// When an invocation stops beginning things: `reserve` seconds before its deadline. A deadline that lies beyond `longest`
/// seconds, or in the past, is not one (local Lambdas give such): then the invocation takes half of `longest`.
pub fn stop_at(deadline_millisecond: u64, now: Timestamp, reserve: i64, longest: i64) -> Timestamp {
    let deadline = i64::try_from(deadline_millisecond).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    match deadline {
        Some(deadline) if deadline > now && seconds_between(now, deadline) <= longest => {
            plus_seconds(deadline, -reserve)
        }
        Some(_) | None => plus_seconds(now, longest / 2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_the_quarter_of_an_hour_around_an_instant() {
        for (instant, start) in [
            ("2026-11-20T09:14:59.999Z", "2026-11-20T09:00:00Z"),
            ("2026-11-20T09:15:00Z", "2026-11-20T09:15:00Z"),
            ("2026-11-20T09:29:59.999Z", "2026-11-20T09:15:00Z"),
            ("1969-12-31T23:59:59Z", "1969-12-31T23:45:00Z"),
        ] {
            let bucket = Bucket::of(instant.parse().unwrap());
            assert_eq!(bucket.start(), start.parse().unwrap(), "{instant}");
        }
    }

    #[test]
    fn an_invocation_stops_before_its_deadline_and_does_not_trust_a_senseless_one() {
        let now: Timestamp = "2026-11-20T09:00:00Z".parse().unwrap();
        let ms = |seconds| u64::try_from(plus_seconds(now, seconds).as_millisecond()).unwrap();
        for (what, deadline, stop) in [
            ("in 30 s", ms(30), 27),
            ("as late as can be", ms(60), 57),
            ("later than any function runs", ms(61), 30),
            ("past", ms(-1), 30),
            ("this very moment", ms(0), 30),
            ("a literal that is no time at all", 600_000, 30),
            ("beyond all time", u64::MAX, 30),
        ] {
            assert_eq!(stop_at(deadline, now, 3, 60), plus_seconds(now, stop), "{what}");
        }
    }
}
