//! Stores that reckon what DynamoDB would charge.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::{Arc, Mutex};

use futures::FutureExt;
use guard_core::digest::{Digest, SHEET_BUCKETS, Sheet, tally_to_bytes};
use guard_core::event::SignalKind;
use guard_core::name::SetKey;
use guard_core::port::{Digests, Fault, Known, Ledger};
use guard_core::tally::{Addition, BucketTally, Held, Interval, PerKind};
use guard_core::time::Bucket;
use guard_local::{MemoryDigests, MemoryLedger};
use jiff::Timestamp;

/// Everything here is done at once.
pub(crate) fn now<T>(call: impl Future<Output = T>) -> T {
    call.now_or_never().expect("nothing waits")
}

/// Units charged so far.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Bill {
    /// Read units.
    pub(crate) read: f64,
    /// Write units.
    pub(crate) written: usize,
}

/// A number takes a byte for two digits and one more.
fn number(value: u64) -> usize {
    value.to_string().len().div_ceil(2) + 1
}

/// Both keys and the time to live.
fn keys(partition: &str) -> usize {
    "p".len() + partition.len() + "k".len() + 10 + "t".len() + number(1_700_000_000)
}

fn units(bytes: usize) -> f64 {
    bytes.div_ceil(4_096).max(1) as f64
}

#[derive(Debug, Default)]
struct Counts {
    sizes: BTreeMap<(SetKey, Bucket), usize>,
    slots: BTreeMap<(SetKey, Bucket), [BTreeSet<u8>; 2]>,
    bill: Bill,
}

/// The ledger.
#[derive(Debug, Default, Clone)]
pub(crate) struct MeteredLedger {
    ledger: MemoryLedger,
    counts: Arc<Mutex<Counts>>,
}

impl MeteredLedger {
    /// What was charged since it was last asked.
    pub(crate) fn take(&self) -> Bill {
        std::mem::take(&mut self.counts.lock().unwrap().bill)
    }
}

impl Ledger for MeteredLedger {
    async fn add(&self, addition: &Addition) -> Result<Held, Fault> {
        let held = self.ledger.add(addition).await?;
        let key = (addition.set.clone(), addition.bucket);
        let mut counts = self.counts.lock().unwrap();
        let slots = counts.slots.entry(key.clone()).or_default();
        slots[0].extend(addition.newest_send.map(|slot| slot.number()));
        slots[1].extend(addition.newest_failure.map(|slot| slot.number()));
        let slots: usize = slots.iter().filter(|slots| !slots.is_empty()).map(|slots| 2 + 3 * slots.len()).sum();
        let of_kind = |kind: SignalKind| {
            let Interval { receipts, recorded, suspect, ids } = *held.tally.counts.of(kind);
            let numbers = [receipts, recorded, suspect].into_iter().filter(|count| *count > 0);
            let ids = if ids > 0 { 2 + 9 * usize::try_from(ids).unwrap() } else { 0 };
            numbers.map(|count| 2 + number(count)).sum::<usize>() + ids
        };
        let bytes = keys(&addition.set.to_string()) + slots + SignalKind::ALL.map(of_kind).iter().sum::<usize>();
        counts.bill.written += bytes.div_ceil(1_024);
        counts.sizes.insert(key, bytes);
        Ok(held)
    }

    async fn window(&self, set: &SetKey, from: Bucket, to: Bucket) -> Result<Vec<BucketTally>, Fault> {
        {
            let mut counts = self.counts.lock().unwrap();
            let bytes = counts.sizes.range((set.clone(), from)..=(set.clone(), to)).map(|(_, bytes)| bytes).sum();
            counts.bill.read += units(bytes);
        }
        self.ledger.window(set, from, to).await
    }
}

#[derive(Debug, Default)]
struct Cache {
    digests: BTreeMap<(SetKey, Sheet), usize>,
    notes: BTreeMap<(SetKey, Sheet), BTreeMap<u8, usize>>,
    bill: Bill,
}

/// The digests and notes.
#[derive(Debug, Default, Clone)]
pub(crate) struct MeteredDigests {
    digests: MemoryDigests,
    cache: Arc<Mutex<Cache>>,
}

impl MeteredDigests {
    /// What was charged since it was last asked.
    pub(crate) fn take(&self) -> Bill {
        std::mem::take(&mut self.cache.lock().unwrap().bill)
    }
}

fn note(held: &BucketTally) -> usize {
    let name = format!("n{}", Sheet::number(held.bucket)).len();
    2 * name + number(held.receipts()) + tally_to_bytes(held).len()
}

fn sheet(set: &SetKey, notes: &BTreeMap<u8, usize>) -> usize {
    keys(&format!("late#{set}")) + notes.values().sum::<usize>()
}

/// The bytes of a sheet in which each bucket of such counts has a note.
pub(crate) fn full_sheet_of_notes(set: &SetKey, [sends, bounces, complaints, prevented]: [u64; 4]) -> usize {
    let of = |receipts: u64, ids: u64| Interval { receipts, recorded: ids, suspect: receipts / 100, ids };
    let shard = set.is_account_shard();
    let counts = PerKind {
        sends: of(sends, if shard { 0 } else { 64 }),
        bounces: of(bounces, if shard { 40 } else { 256 }),
        complaints: of(complaints, if shard { 24 } else { 256 }),
        prevented: of(prevented, if shard { 0 } else { 64 }),
    };
    let first = Sheet::of(Bucket::of(Timestamp::UNIX_EPOCH));
    let tally = |at| BucketTally { counts, ..BucketTally::nothing(first.bucket(at)) };
    sheet(set, &(0..SHEET_BUCKETS).map(|at| (at, note(&tally(at)))).collect())
}

impl Digests for MeteredDigests {
    async fn note(&self, set: &SetKey, held: &BucketTally) -> Result<(), Fault> {
        {
            let mut cache = self.cache.lock().unwrap();
            let notes = cache.notes.entry((set.clone(), Sheet::of(held.bucket))).or_default();
            notes.insert(Sheet::number(held.bucket), note(held));
            let written = sheet(set, notes).div_ceil(1_024);
            cache.bill.written += written;
        }
        self.digests.note(set, held).await
    }

    async fn known(&self, set: &SetKey, from: Sheet, to: Sheet) -> Result<Known, Fault> {
        {
            let mut cache = self.cache.lock().unwrap();
            let range = (set.clone(), from)..=(set.clone(), to);
            let digests: usize = cache.digests.range(range.clone()).map(|(_, bytes)| bytes).sum();
            let notes: usize = cache.notes.range(range).map(|((set, _), notes)| sheet(set, notes)).sum();
            cache.bill.read += units(digests) / 2.0 + units(notes);
        }
        self.digests.known(set, from, to).await
    }

    async fn keep(&self, set: &SetKey, digest: &Digest) -> Result<(), Fault> {
        let bytes = keys(&format!("digest#{set}")) + 1 + digest.to_bytes().len();
        {
            let mut cache = self.cache.lock().unwrap();
            cache.digests.insert((set.clone(), digest.sheet), bytes);
            cache.bill.written += bytes.div_ceil(1_024);
        }
        self.digests.keep(set, digest).await
    }

    async fn begin(&self, now: Timestamp) -> Result<(), Fault> {
        self.digests.begin(now).await
    }

    async fn begun(&self) -> Result<Option<Timestamp>, Fault> {
        self.cache.lock().unwrap().bill.read += 1.0;
        self.digests.begun().await
    }
}
