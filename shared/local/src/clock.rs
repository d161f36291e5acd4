use std::sync::{Arc, Mutex};

use guard_core::port::Clock;
use jiff::{SignedDuration, Timestamp};

use crate::locked;

/// A clock that stands still until it is told otherwise; whoever sleeps on it moves it on.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<Mutex<Timestamp>>);

impl ManualClock {
    /// Stands at this instant.
    pub fn at(now: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(now)))
    }

    /// Moves on.
    pub fn advance(&self, seconds: i64) {
        self.move_by(SignedDuration::from_secs(seconds));
    }

    /// Jumps, backwards too.
    pub fn set(&self, now: Timestamp) {
        *locked(&self.0) = now;
    }

    fn move_by(&self, duration: SignedDuration) {
        let mut now = locked(&self.0);
        *now = now.saturating_add(duration).unwrap_or(Timestamp::MAX);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *locked(&self.0)
    }

    async fn sleep(&self, milliseconds: u64) {
        self.move_by(SignedDuration::from_millis(i64::try_from(milliseconds).unwrap_or(i64::MAX)));
    }
}
