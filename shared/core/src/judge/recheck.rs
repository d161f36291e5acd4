//! Sends that are counted late make rates look worse than they are.

use std::time::Duration;

use jiff::Timestamp;

use crate::time::seconds_between;

/// How long to wait before judging a set once more, when a failure was counted for mail that is newer than the newest
/// send counted; `None` when the sends are in step and the verdict may be acted upon.
///
/// Wait once, then act: during a blast the sends never catch up, and whoever waits for it waits while it burns.
pub fn recheck_after(newest_failure_sent_at: Timestamp, newest_send_counted_at: Timestamp) -> Option<Duration> {
    let gap_seconds = u64::try_from(seconds_between(newest_send_counted_at, newest_failure_sent_at)).ok()?;
    let half_as_long_again = gap_seconds.saturating_mul(3).div_ceil(2);
    (gap_seconds > 0).then(|| Duration::from_secs(half_as_long_again.clamp(15, 60)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_is_half_as_long_again_as_the_gap_between_15_and_60_seconds() {
        for (gap_seconds, wait_seconds) in [
            (-1, None),
            (0, None),
            (1, Some(15)),
            (10, Some(15)),
            (11, Some(17)),
            (12, Some(18)),
            (39, Some(59)),
            (40, Some(60)),
            (41, Some(60)),
            (1_000_000, Some(60)),
        ] {
            let send = Timestamp::from_second(1_000).unwrap();
            let failure = Timestamp::from_second(1_000 + gap_seconds).unwrap();
            assert_eq!(recheck_after(failure, send).map(|wait| wait.as_secs()), wait_seconds, "gap {gap_seconds}");
        }
        assert!(recheck_after(Timestamp::MAX, Timestamp::MIN).is_some());
        assert!(recheck_after(Timestamp::MIN, Timestamp::MAX).is_none());
    }
}
