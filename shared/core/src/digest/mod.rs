//! A ledger that is read in few units: old buckets are known from digests, and what was added to them since from notes.
//!
//! What a bucket holds only grows, so of any two states of it the one with more receipts is the later. Whoever adds to
//! an old bucket notes the state that this left, before the addition counts as done. Whoever reads takes, of each
//! bucket, the later of its digest's state and its note's. Nothing is ever corrected or taken back: a digest that is lost, old or
//! written over by an older one costs reads, and no count. The buckets are the truth.

mod reading;
mod sheet;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;

pub use sheet::{Digest, SHEET_BUCKETS, Sheet, tally_from_bytes, tally_to_bytes};

use crate::name::SetKey;
use crate::port::{Clock, Digests, Fault, Known, Landed, Ledger};
use crate::tally::{Addition, BucketTally, Held};
use crate::time::{Bucket, plus_seconds};
use reading::Reading;

/// Requests in flight at once.
const IN_FLIGHT: usize = 8;

/// When a bucket is old. Clocks of those who count and judge may be four minutes off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ages {
    /// So many seconds after a bucket's end by the clock of whoever adds to it, additions are noted.
    pub noted: i64,
    /// So many seconds after its end by the clock of whoever reads it, it is closed to additions that are not noted: later
    /// than `noted` by more than two clocks may differ.
    pub closed: i64,
    /// So many seconds after notes began no process runs any more that does not write them.
    pub settled: i64,
}

impl Ages {
    /// Notes from an hour on, digests from an hour and a half on: a reserve of 22 minutes beyond two clocks' eight. An
    /// addition that is not noted landed before its writer read the clock, so no write's travelling time comes in. Of a
    /// function that was replaced no invocation is left after half an hour.
    pub const DEPLOYED: Self = Self { noted: 3_600, closed: 5_400, settled: 1_800 };

    fn is_noted(&self, bucket: Bucket, now: Timestamp) -> bool {
        now >= plus_seconds(bucket.end(), self.noted)
    }

    /// The first bucket that is not closed.
    fn first_open(&self, now: Timestamp) -> Bucket {
        Bucket::of(plus_seconds(now, -self.closed))
    }
}

/// When whoever reads keeps digests of what it read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keeping {
    /// When the closed buckets that it had to read weighed more than these bytes.
    pub above_bytes: u64,
}

impl Keeping {
    /// Two read units. A small set never weighs so much, and costs no writes.
    pub const DEPLOYED: Self = Self { above_bytes: 8_192 };
}

/// A ledger with digests and notes.
#[derive(Debug, Clone)]
pub struct Digested<L, D, C> {
    ledger: L,
    digests: D,
    clock: C,
    ages: Ages,
    keeping: Option<Keeping>,
    has_begun: Arc<AtomicBool>,
    is_settled: Arc<AtomicBool>,
}

impl<L: Ledger, D: Digests, C: Clock> Digested<L, D, C> {
    /// For those who add, or only read: no digest is written.
    pub fn new(ledger: L, digests: D, clock: C) -> Self {
        let (has_begun, is_settled) = Default::default();
        Self { ledger, digests, clock, ages: Ages::DEPLOYED, keeping: None, has_begun, is_settled }
    }

    /// For those who also keep digests of what they read.
    pub fn keeping(ledger: L, digests: D, clock: C) -> Self {
        Self { keeping: Some(Keeping::DEPLOYED), ..Self::new(ledger, digests, clock) }
    }

    /// The same by other figures.
    #[must_use]
    pub fn with(self, ages: Ages, keeping: Option<Keeping>) -> Self {
        Self { ages, keeping, ..self }
    }

    /// Once in a process says that late additions are noted. If that fails another process will: until one has, all is
    /// read from the buckets.
    async fn begin(&self) {
        if !self.has_begun.swap(true, Ordering::Relaxed) {
            drop(self.digests.begin(self.clock.now()).await);
        }
    }

    /// Whether all who add note what they add late. While it can't be told, it is not so.
    async fn settled(&self, now: Timestamp) -> bool {
        if self.is_settled.load(Ordering::Relaxed) {
            return true;
        }
        let begun = self.digests.begun().await.ok().flatten();
        let is_settled = begun.is_some_and(|begun| now >= plus_seconds(begun, self.ages.settled));
        self.is_settled.store(is_settled, Ordering::Relaxed);
        is_settled
    }

    /// Keeps what is worth it. What can't be kept is read again the next time.
    async fn keep(&self, set: &SetKey, reading: &Reading, now: Timestamp) {
        let Some(keeping) = self.keeping else { return };
        let digests = reading.worth_keeping(self.ages.first_open(now), keeping);
        if !digests.is_empty() && self.settled(now).await {
            futures::stream::iter(digests)
                .map(|digest| async move { drop(self.digests.keep(set, &digest).await) })
                .buffer_unordered(IN_FLIGHT)
                .collect::<()>()
                .await;
        }
    }
}

impl<L: Ledger, D: Digests, C: Clock> Ledger for Digested<L, D, C> {
    async fn add(&self, addition: &Addition) -> Result<Held, Fault> {
        self.begin().await;
        let held = self.ledger.add(addition).await?;
        // By a clock that is read after the write, an addition that is not noted landed before the bucket was closed.
        if self.ages.is_noted(addition.bucket, self.clock.now()) {
            let noted = self.digests.note(&addition.set, &held.tally).await;
            noted.map_err(|fault| Fault { landed: Landed::Perhaps, ..fault })?;
        }
        Ok(held)
    }

    async fn window(&self, set: &SetKey, from: Bucket, to: Bucket) -> Result<Vec<BucketTally>, Fault> {
        if to < from {
            return Ok(Vec::new());
        }
        let now = self.clock.now();
        let Ok(Known { digests, notes }) = self.digests.known(set, Sheet::of(from), Sheet::of(to)).await else {
            return self.ledger.window(set, from, to).await;
        };
        let mut reading = Reading::of(from, to, digests, notes);
        let read: Vec<_> = futures::stream::iter(reading.ranges().to_vec())
            .map(|(from, to)| self.ledger.window(set, from, to))
            .buffer_unordered(IN_FLIGHT)
            .try_collect()
            .await?;
        read.into_iter().for_each(|tallies| reading.read(tallies));
        self.keep(set, &reading, now).await;
        Ok(reading.tallies())
    }
}
