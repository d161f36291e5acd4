//! The worst contiguous stretch of a window: where failures exceed their share of the mails the most.

use serde::{Deserialize, Serialize};

use super::{BucketCount, Metric};
use crate::policy::Ppm;
use crate::time::Bucket;

/// A run of buckets and what their mail came to. In JSON its ends are instants: `from` its first, `until` the one just
/// after its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// Its first bucket.
    #[serde(with = "crate::judge::stretch::first_instant")]
    pub from: Bucket,
    /// Its last bucket, included.
    #[serde(rename = "until", with = "crate::judge::stretch::instant_after")]
    pub to: Bucket,
    /// Mails sent in it.
    pub sends: u64,
    /// Of them bounced, or complained about.
    pub events: u64,
}

/// The stretch with the largest excess of `failures − rate · mails`, and that excess in millionths of a failure; the
/// earliest, then the shortest, of equals. `None` when no stretch has any. Takes the buckets oldest first, each once.
///
/// This is Kadane's loop: a run that is no longer in excess can only burden what follows, so it is dropped there.
pub(super) fn worst_stretch(buckets: &[BucketCount], metric: Metric, rate: Ppm) -> Option<(Stretch, u64)> {
    let (mut excess, mut start) = (0_i64, 0);
    let (mut worst_excess, mut worst) = (0, 0..0);
    for (index, count) in buckets.iter().enumerate() {
        excess = excess.saturating_add(excess_micro(count.sends, metric.events(count), rate));
        if excess <= 0 {
            (excess, start) = (0, index + 1);
        } else if excess > worst_excess {
            (worst_excess, worst) = (excess, start..index + 1);
        }
    }
    let stretch = Stretch::over(buckets.get(worst)?, metric)?;
    Some((stretch, worst_excess.unsigned_abs()))
}

/// Exact up to a trillion mails in a bucket; beyond that, a trillion. So neither product overflows, and a sum that
/// does has long passed every slack.
pub(super) fn excess_micro(sends: u64, events: u64, rate: Ppm) -> i64 {
    let [sends, events] = [at_most_a_trillion(sends), at_most_a_trillion(events)];
    events * 1_000_000 - sends * i64::from(rate.get())
}

fn at_most_a_trillion(count: u64) -> i64 {
    const TRILLION: i64 = 1_000_000_000_000;
    i64::try_from(count).map_or(TRILLION, |count| count.min(TRILLION))
}

impl Stretch {
    fn over(buckets: &[BucketCount], metric: Metric) -> Option<Self> {
        let sum = |sum: u64, count: u64| sum.saturating_add(count);
        Some(Self {
            from: buckets.first()?.bucket,
            to: buckets.last()?.bucket,
            sends: buckets.iter().map(|count| count.sends).fold(0, sum),
            events: buckets.iter().map(|count| metric.events(count)).fold(0, sum),
        })
    }
}

mod first_instant {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::time::Bucket;

    pub(super) fn serialize<S: Serializer>(bucket: &Bucket, serializer: S) -> Result<S::Ok, S::Error> {
        bucket.start().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bucket, D::Error> {
        jiff::Timestamp::deserialize(deserializer).map(Bucket::of)
    }
}

mod instant_after {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::time::Bucket;

    pub(super) fn serialize<S: Serializer>(bucket: &Bucket, serializer: S) -> Result<S::Ok, S::Error> {
        bucket.end().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bucket, D::Error> {
        jiff::Timestamp::deserialize(deserializer).map(|end| Bucket::of(end).plus(-1))
    }
}
