use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use guard_core::event::SignalKind;
use guard_core::name::SetKey;
use guard_core::port::{Fault, Ledger};
use guard_core::tally::{Addition, BucketTally, Held, Ids, Interval, PerKind, Shares, Slot};
use guard_core::time::Bucket;

use crate::locked;

#[derive(Debug, Default, Clone)]
struct Stored {
    counts: PerKind<Interval>,
    ids: Ids,
    newest_send: Option<Slot>,
    newest_failure: Option<Slot>,
    senders: Shares,
}

impl Stored {
    fn tally(&self, bucket: Bucket) -> BucketTally {
        BucketTally {
            bucket,
            counts: self.counts,
            newest_send: self.newest_send.map(|slot| Slot::start_in(bucket, slot.number())),
            newest_failure: self.newest_failure.map(|slot| Slot::start_in(bucket, slot.number())),
            senders: self.senders.clone(),
        }
    }
}

/// The counts, in memory. Clones share them.
#[derive(Debug, Default, Clone)]
pub struct MemoryLedger {
    buckets: Arc<Mutex<BTreeMap<(SetKey, Bucket), Stored>>>,
}

impl Ledger for MemoryLedger {
    async fn add(&self, addition: &Addition) -> Result<Held, Fault> {
        let mut buckets = locked(&self.buckets);
        let stored = buckets.entry((addition.set.clone(), addition.bucket)).or_default();
        for (kind, receipts) in &addition.receipts {
            let ids = stored.ids.of_mut(*kind);
            if receipts.record_ids {
                ids.extend(&receipts.ids);
            }
            let count = stored.counts.of_mut(*kind);
            count.receipts += receipts.receipts;
            count.recorded += receipts.recorded();
            count.suspect += receipts.suspect;
            count.ids = ids.len() as u64;
        }
        stored.newest_send = stored.newest_send.max(addition.newest_send);
        stored.newest_failure = stored.newest_failure.max(addition.newest_failure);
        for (sender, shares) in &addition.senders {
            let of = stored.senders.entry(sender.clone()).or_default();
            for kind in SignalKind::ALL {
                let (sum, share) = (of.of_mut(kind), shares.of(kind));
                sum.receipts += share.receipts;
                sum.suspect += share.suspect;
            }
        }
        Ok(Held { tally: stored.tally(addition.bucket), ids: stored.ids.clone() })
    }

    async fn window(&self, set: &SetKey, from: Bucket, to: Bucket) -> Result<Vec<BucketTally>, Fault> {
        if to < from {
            return Ok(Vec::new());
        }
        let buckets = locked(&self.buckets);
        let range = buckets.range((set.clone(), from)..=(set.clone(), to));
        Ok(range.map(|((_, bucket), stored)| stored.tally(*bucket)).collect())
    }
}
