use std::collections::BTreeMap;
use std::future::Future;

use jiff::Timestamp;

use super::Fault;

/// One of the numbers that CloudWatch keeps of the account's mail and of the guard itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Vital {
    /// Mails that SES took from the whole account in each quarter of an hour, with a configuration set or without.
    Sends,
    /// Seconds that the oldest event waits to be counted, each minute.
    EventsAge,
    /// Seconds that the oldest mark waited before the stream woke `judge`, in each minute in which it did.
    JudgeAge,
    /// Seconds that the oldest intent waited before the stream woke `actuate`, in each minute in which it did.
    ActuateAge,
    /// Events that could not be counted, each minute.
    EventDeadLetters,
    /// Wake-up calls that were given up, each minute.
    WakeUpDeadLetters,
}

impl Vital {
    /// Each of them.
    pub const ALL: [Self; 6] = [
        Self::Sends,
        Self::EventsAge,
        Self::JudgeAge,
        Self::ActuateAge,
        Self::EventDeadLetters,
        Self::WakeUpDeadLetters,
    ];

    /// Seconds from one [`Point`] to the next.
    pub const fn period_seconds(self) -> i32 {
        match self {
            Self::Sends => 900,
            Self::EventsAge | Self::JudgeAge | Self::ActuateAge | Self::EventDeadLetters | Self::WakeUpDeadLetters => {
                60
            }
        }
    }
}

/// A number of one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// When the period begins.
    pub at: Timestamp,
    /// The period's sum or maximum, rounded up.
    pub value: u64,
}

/// The points of each vital, oldest first. A period without data has no point, and a vital of which nothing was
/// published or given is not there: it may rest, be late or be refused.
pub type Vitals = BTreeMap<Vital, Vec<Point>>;

/// CloudWatch, to hold the guard's own counts against.
pub trait Monitor: Send + Sync {
    /// All vitals from `from` up to and without `to`, in one request.
    fn vitals(&self, from: Timestamp, to: Timestamp) -> impl Future<Output = Result<Vitals, Fault>> + Send;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::BUCKET_SECONDS;

    #[test]
    fn sends_come_by_the_bucket_and_what_waits_by_the_minute() {
        for vital in Vital::ALL {
            let expected = if vital == Vital::Sends { BUCKET_SECONDS } else { 60 };
            assert_eq!(i64::from(vital.period_seconds()), expected, "{vital:?}");
        }
    }
}
