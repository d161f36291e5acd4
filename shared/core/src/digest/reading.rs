//! What of a window is to be read from its buckets, and which digests are worth keeping.

use std::collections::BTreeMap;

use crate::digest::Keeping;
use crate::digest::sheet::{Digest, Sheet};
use crate::event::SignalKind;
use crate::tally::BucketTally;
use crate::time::Bucket;

/// What one read unit reads, consistently; each request costs at least one.
const UNIT_BYTES: u64 = 4_096;

/// A window while it is read.
#[derive(Debug)]
pub(super) struct Reading {
    from: Bucket,
    to: Bucket,
    /// What is known of each sheet without reading it: of each bucket the later of what a digest and a note say.
    known: BTreeMap<Sheet, Digest>,
    /// What is to be read.
    ranges: Vec<(Bucket, Bucket)>,
    /// What was read; of these ranges, all other buckets hold nothing.
    read: BTreeMap<Bucket, BucketTally>,
}

impl Reading {
    /// Of the buckets from `from` to `to`, both included, of which so much is known. A digest says what a bucket held when
    /// it was closed, and a note what it held later, if more was added: the later of the two is what it holds.
    pub(super) fn of(from: Bucket, to: Bucket, digests: Vec<Digest>, notes: Vec<BucketTally>) -> Self {
        let mut known: BTreeMap<Sheet, Digest> = digests.into_iter().map(|digest| (digest.sheet, digest)).collect();
        for note in notes {
            // Without a digest a note proves nothing: additions that were not late may have come after it.
            if let Some(digest) = known.get_mut(&Sheet::of(note.bucket)).filter(|digest| digest.covers(note.bucket)) {
                let bucket = note.bucket;
                digest.put(bucket, later(digest.held().get(&bucket).cloned(), Some(note)));
            }
        }
        let ranges = ranges(from, to, &known);
        Self { from, to, known, ranges, read: BTreeMap::new() }
    }

    /// The ranges that are to be read, both ends included, oldest first.
    pub(super) fn ranges(&self) -> &[(Bucket, Bucket)] {
        &self.ranges
    }

    /// This was read in one of them.
    pub(super) fn read(&mut self, tallies: Vec<BucketTally>) {
        self.read.extend(tallies.into_iter().map(|tally| (tally.bucket, tally)));
    }

    /// The window.
    pub(super) fn tallies(&self) -> Vec<BucketTally> {
        let known = self.known.values().flat_map(|digest| digest.held().range(self.from..=self.to));
        let mut held: BTreeMap<Bucket, BucketTally> = known.map(|(bucket, held)| (*bucket, held.clone())).collect();
        held.extend(self.read.clone());
        held.into_values().collect()
    }

    /// The digests that would have spared more reading than `keeping` puts up with; none when nothing of it was closed
    /// before `closed`.
    pub(super) fn worth_keeping(&self, closed: Bucket, keeping: Keeping) -> Vec<Digest> {
        let old: u64 = self.ranges.iter().map(|range| self.weight_before(closed, *range)).sum();
        if old <= keeping.above_bytes {
            return Vec::new();
        }
        let mut kept: BTreeMap<Sheet, Digest> = BTreeMap::new();
        for bucket in self.ranges.iter().flat_map(|(from, to)| buckets(*from, *to)).take_while(|one| *one < closed) {
            let (sheet, known) = (Sheet::of(bucket), self.known.get(&Sheet::of(bucket)));
            if !known.is_some_and(|digest| digest.covers(bucket)) {
                let digest = kept.entry(sheet).or_insert_with(|| known.cloned().unwrap_or_else(|| Digest::of(sheet)));
                digest.put(bucket, self.read.get(&bucket).cloned());
            }
        }
        kept.into_values().collect()
    }

    /// What a range weighs as far as it lies before `closed`: at least a unit, unless the rest of the range is read anyway.
    fn weight_before(&self, closed: Bucket, (from, to): (Bucket, Bucket)) -> u64 {
        if from >= closed {
            return 0;
        }
        let held = self.read.range(from..=to).take_while(|(bucket, _)| **bucket < closed);
        let bytes: u64 = held.map(|(_, tally)| weight(tally)).sum();
        if to < closed { bytes.max(UNIT_BYTES) } else { bytes }
    }
}

fn buckets(from: Bucket, to: Bucket) -> impl Iterator<Item = Bucket> {
    std::iter::successors(Some(from), |bucket| Some(bucket.plus(1))).take_while(move |bucket| *bucket <= to)
}

/// Those that are not known. What is known is read once more where it weighs less than another request.
fn ranges(from: Bucket, to: Bucket, known: &BTreeMap<Sheet, Digest>) -> Vec<(Bucket, Bucket)> {
    let mut ranges: Vec<(Bucket, Bucket)> = Vec::new();
    let mut between = 0;
    let mut digest = None;
    for bucket in buckets(from, to) {
        if bucket == from || Sheet::number(bucket) == 0 {
            digest = known.get(&Sheet::of(bucket));
        }
        if let Some(digest) = digest.filter(|digest| digest.covers(bucket)) {
            between += digest.held().get(&bucket).map_or(0, weight);
            continue;
        }
        match ranges.last_mut() {
            Some((_, to)) if between < UNIT_BYTES => *to = bucket,
            Some(_) | None => ranges.push((bucket, bucket)),
        }
        between = 0;
    }
    ranges
}

/// Of two states of one bucket the later: it only grows, and each addition brings receipts.
fn later(one: Option<BucketTally>, other: Option<BucketTally>) -> Option<BucketTally> {
    std::cmp::max_by_key(one, other, |tally| {
        tally.as_ref().map(|tally| (tally.receipts(), tally.newest_send, tally.newest_failure))
    })
}

/// About how many bytes the item of a bucket has: its keys, its numbers, nine bytes for each id, three for each slot, two
/// numbers with a name for each sender.
pub(super) fn weight(tally: &BucketTally) -> u64 {
    let of_kind = |kind: SignalKind| {
        let count = tally.counts.of(kind);
        if count.receipts == 0 { 0 } else { 20 + 9 * count.ids }
    };
    let slots = |newest: Option<jiff::Timestamp>| {
        newest.map_or(0, |newest| 5 + 3 * u64::from(crate::tally::Slot::of(newest).number()))
    };
    let counts: u64 = SignalKind::ALL.into_iter().map(of_kind).sum();
    let senders: u64 = tally.senders.keys().map(|sender| 2 * (10 + sender.as_str().len() as u64)).sum();
    80 + counts + senders + slots(tally.newest_send) + slots(tally.newest_failure)
}
