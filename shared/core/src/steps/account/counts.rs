//! The account's own counts: the shards added up, over as much time as it takes to say anything.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;

use crate::judge::account::Counts;
use crate::judge::{BucketCount, Metric};
use crate::name::{ACCOUNT_SHARDS, AccountId, Region, SetKey};
use crate::port::{Fault, Ledger};
use crate::standing::count;
use crate::time::{BUCKET_SECONDS, Bucket};

/// A rate is looked at over no fewer mails than these, if the ledger holds so many: AWS looks at a "representative
/// volume", and a day of a small account is none.
const FEWEST_MAILS: u64 = 50_000;
/// How far back the ledger is read for a small account: a day less than it keeps.
const LONGEST_HOURS: i64 = 14 * 24;
/// How far back it is always read.
const USUAL_HOURS: i64 = 72;

/// Over how many hours at least a rate is looked at; over the first that triggers it is acted on. Half of all complaints
/// come within hours of the mail and an eighth takes longer than a day, so a day alone shows them too low, and three
/// days alone show a spammer of today too late.
pub(super) fn spans_of(metric: Metric) -> &'static [i64] {
    match metric {
        Metric::Bounce => &[24],
        Metric::Complaint => &[72, 24],
    }
}

/// The account's counts by bucket.
#[derive(Debug, Default)]
pub(super) struct AccountCounts {
    buckets: BTreeMap<Bucket, BucketCount>,
    /// Mail sent before counts no longer.
    fresh: Option<Bucket>,
}

/// The mail of some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// Its first bucket.
    pub(super) from: Bucket,
    /// How long it is.
    pub(super) hours: u32,
    /// What it came to.
    pub(super) counts: Counts,
}

impl AccountCounts {
    /// Those of mail that was sent at the fence `fresh` or later. Eight queries; eight more while the account sends less than [`FEWEST_MAILS`] in three days.
    pub(super) async fn read<L: Ledger>(
        ledger: &L,
        account: &AccountId,
        region: &Region,
        fresh: Option<Bucket>,
        now: Timestamp,
    ) -> Result<Self, Fault> {
        let mut counts = Self { fresh, ..Self::default() };
        let (usual, longest) = (start(now, USUAL_HOURS), start(now, LONGEST_HOURS));
        counts.read_between(ledger, account, region, usual, Bucket::of(now).plus(1)).await?;
        if counts.buckets.values().map(|one| one.sends).sum::<u64>() < FEWEST_MAILS {
            counts.read_between(ledger, account, region, longest, usual.plus(-1)).await?;
        }
        counts.buckets.retain(|bucket, _| fresh.is_none_or(|fresh| *bucket >= fresh));
        Ok(counts)
    }

    async fn read_between<L: Ledger>(
        &mut self,
        ledger: &L,
        account: &AccountId,
        region: &Region,
        from: Bucket,
        to: Bucket,
    ) -> Result<(), Fault> {
        let shards = SetKey::account_shards(account, region);
        let windows: Vec<_> = futures::stream::iter(shards)
            .map(|shard| async move { ledger.window(&shard, from, to).await })
            .buffer_unordered(ACCOUNT_SHARDS)
            .try_collect()
            .await?;
        for tally in windows.into_iter().flatten() {
            let one = count(&tally, tally.counts.sends.upper());
            let none = BucketCount { bucket: tally.bucket, sends: 0, bounces: 0, complaints: 0 };
            let sum = self.buckets.entry(tally.bucket).or_insert(none);
            sum.sends += one.sends;
            sum.bounces += one.bounces;
            sum.complaints += one.complaints;
        }
        Ok(())
    }

    /// The last `hours`, or as many more as it takes to come to [`FEWEST_MAILS`].
    pub(super) fn span(&self, metric: Metric, hours: i64, now: Timestamp) -> Span {
        let mut counts = Counts::default();
        let edge = start(now, hours);
        // The sets' parts are of the same time.
        let mut from = self.fresh.map_or(edge, |fresh| fresh.max(edge));
        let add =
            |counts: Counts, one: &BucketCount| counts.and(Counts { sends: one.sends, events: metric.events(one) });
        for one in self.buckets.range(from..).map(|(_, one)| one) {
            counts = add(counts, one);
        }
        for (bucket, one) in self.buckets.range(..from).rev() {
            if counts.sends >= FEWEST_MAILS {
                break;
            }
            (from, counts) = (*bucket, add(counts, one));
        }
        let seconds = Bucket::of(now).plus(1).start_second() - from.start_second();
        Span { from, hours: u32::try_from((seconds + 3_599) / 3_600).unwrap_or(0), counts }
    }
}

/// The first of the buckets of the last `hours`, the running one included.
fn start(now: Timestamp, hours: i64) -> Bucket {
    Bucket::of(now).plus(1 - hours * 3_600 / BUCKET_SECONDS)
}

#[cfg(test)]
mod tests;
