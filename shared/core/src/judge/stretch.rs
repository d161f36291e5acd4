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

/// A stretch and its failures in excess of their share, in millionths of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Excess {
    pub(super) micro: i128,
    pub(super) stretch: Stretch,
}

/// The stretch with the largest excess of `failures − rate · mails`; the earliest, then the shortest, of equals. `None`
/// when no stretch has any. Takes the buckets oldest first, each once.
///
/// This is Kadane's loop: a run that is no longer in excess can only burden what follows, so it is dropped there.
pub(super) fn worst_stretch(buckets: &[BucketCount], metric: Metric, rate: Ppm) -> Option<Excess> {
    let mut worst: Option<Excess> = None;
    let mut run: Option<Excess> = None;
    for count in buckets {
        let extended = Excess::extended(run, count, metric, rate);
        run = (extended.micro > 0).then_some(extended);
        if extended.micro > worst.map_or(0, |worst| worst.micro) {
            worst = run;
        }
    }
    worst
}

impl Excess {
    /// The run with one more bucket, or a run of this bucket alone.
    fn extended(run: Option<Self>, count: &BucketCount, metric: Metric, rate: Ppm) -> Self {
        let events = metric.events(count);
        // In 128 bits neither the products nor the sum over any slice that fits in memory can overflow.
        let micro = i128::from(events) * 1_000_000 - i128::from(count.sends) * i128::from(rate.get());
        let (before, stretch) = match run {
            Some(run) => (run.micro, run.stretch),
            None => (0, Stretch { from: count.bucket, to: count.bucket, sends: 0, events: 0 }),
        };
        let (sends, events) = (stretch.sends.saturating_add(count.sends), stretch.events.saturating_add(events));
        Self { micro: before + micro, stretch: Stretch { to: count.bucket, sends, events, ..stretch } }
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
