//! Sheets of the ledger, and what their buckets came to, in few bytes.

use std::collections::BTreeMap;

use crate::event::SignalKind;
use crate::name::CallerIdentity;
use crate::tally::{BucketTally, Interval, PerKind, Share, Shares, Slot};
use crate::time::{BUCKET_SECONDS, Bucket};

/// Buckets of a sheet: six hours. The notes of a sheet stay about 1 KB, so that each is one write unit, two of the busiest.
pub const SHEET_BUCKETS: u8 = 24;

/// Six hours of buckets, named by the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sheet(Bucket);

impl Sheet {
    const SECONDS: i64 = SHEET_BUCKETS as i64 * BUCKET_SECONDS;

    /// The sheet that holds this bucket.
    pub fn of(bucket: Bucket) -> Self {
        let behind = bucket.start_second().rem_euclid(Self::SECONDS) / BUCKET_SECONDS;
        Self(bucket.plus(-behind))
    }

    /// Its first bucket.
    pub fn first(self) -> Bucket {
        self.0
    }

    /// The sheet after it.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.plus(i64::from(SHEET_BUCKETS)))
    }

    /// Its bucket of this number, 0 to 23.
    pub fn bucket(self, number: u8) -> Bucket {
        self.0.plus(i64::from(number))
    }

    /// The number of a bucket in its sheet.
    pub fn number(bucket: Bucket) -> u8 {
        let behind = bucket.start_second().rem_euclid(Self::SECONDS) / BUCKET_SECONDS;
        u8::try_from(behind).unwrap_or(SHEET_BUCKETS)
    }
}

/// What buckets of one sheet came to when they were read. All of them were closed then to additions that are not noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// Which sheet's.
    pub sheet: Sheet,
    /// A bit for each bucket that was read.
    read: u32,
    held: BTreeMap<Bucket, BucketTally>,
}

/// The first byte, so that an older or newer guard takes it for none.
const VERSION: u8 = 1;
/// Stored where no slot is known.
const NO_SLOT: u8 = u8::MAX;

impl Digest {
    /// Of this sheet, and nothing read yet.
    pub fn of(sheet: Sheet) -> Self {
        Self { sheet, read: 0, held: BTreeMap::new() }
    }

    /// A bucket of the sheet was read: what it held, if anything.
    pub fn put(&mut self, bucket: Bucket, held: Option<BucketTally>) {
        self.read |= 1 << Sheet::number(bucket);
        match held {
            Some(held) => drop(self.held.insert(bucket, held)),
            None => drop(self.held.remove(&bucket)),
        }
    }

    /// Whether this bucket, which is one of the sheet, was read.
    pub fn covers(&self, bucket: Bucket) -> bool {
        self.read & (1 << Sheet::number(bucket)) != 0
    }

    /// The buckets that were read.
    pub fn buckets(&self) -> impl Iterator<Item = Bucket> + '_ {
        (0..SHEET_BUCKETS).map(|number| self.sheet.bucket(number)).filter(|bucket| self.covers(*bucket))
    }

    /// What those of them held that held anything.
    pub fn held(&self) -> &BTreeMap<Bucket, BucketTally> {
        &self.held
    }

    /// As it is stored: which buckets were read, which of them held something, and what.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut held = 0_u32;
        let mut counts = Vec::new();
        for (bucket, tally) in &self.held {
            held |= 1 << Sheet::number(*bucket);
            write_tally(tally, &mut counts);
        }
        let [_, read @ ..] = self.read.to_be_bytes();
        let [_, held @ ..] = held.to_be_bytes();
        [&[VERSION][..], &read, &held, &counts].concat()
    }

    /// What is stored; `None` when it is nothing that [`Digest::to_bytes`] writes.
    pub fn from_bytes(sheet: Sheet, bytes: &[u8]) -> Option<Self> {
        let (&[version, r2, r1, r0, h2, h1, h0], mut counts) = bytes.split_first_chunk()?;
        let (read, numbers) = (u32::from_be_bytes([0, r2, r1, r0]), u32::from_be_bytes([0, h2, h1, h0]));
        if version != VERSION || numbers & !read != 0 {
            return None;
        }
        let mut held = BTreeMap::new();
        for number in (0..SHEET_BUCKETS).filter(|number| numbers & (1 << number) != 0) {
            let bucket = sheet.bucket(number);
            held.insert(bucket, read_tally(bucket, &mut counts)?);
        }
        counts.is_empty().then_some(Self { sheet, read, held })
    }
}

/// One tally as it is stored in a note.
pub fn tally_to_bytes(tally: &BucketTally) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_tally(tally, &mut bytes);
    bytes
}

/// The tally of a note; `None` when it is nothing that [`tally_to_bytes`] writes.
pub fn tally_from_bytes(bucket: Bucket, mut bytes: &[u8]) -> Option<BucketTally> {
    let tally = read_tally(bucket, &mut bytes)?;
    bytes.is_empty().then_some(tally)
}

/// Which kinds there are, and which of them are plain: one number instead of four while every id is recorded, each once.
fn write_tally(tally: &BucketTally, bytes: &mut Vec<u8>) {
    let mut kinds = 0_u8;
    let mut numbers = Vec::new();
    for (at, kind) in SignalKind::ALL.into_iter().enumerate() {
        let Interval { receipts, recorded, suspect, ids } = *tally.counts.of(kind);
        if receipts == recorded && receipts == ids && suspect == 0 {
            if receipts > 0 {
                kinds |= 0b1_0001 << at;
                numbers.push(receipts);
            }
        } else {
            kinds |= 1 << at;
            numbers.extend([receipts, recorded, suspect, ids]);
        }
    }
    bytes.push(kinds);
    numbers.into_iter().for_each(|number| write_number(number, bytes));
    for newest in [tally.newest_send, tally.newest_failure] {
        bytes.push(newest.map_or(NO_SLOT, |newest| Slot::of(newest).number()));
    }
    write_shares(&tally.senders, bytes);
}

/// How many senders, and of each its name and what of which kinds is its own.
fn write_shares(shares: &Shares, bytes: &mut Vec<u8>) {
    write_number(shares.len() as u64, bytes);
    for (sender, of) in shares {
        write_number(sender.as_str().len() as u64, bytes);
        bytes.extend_from_slice(sender.as_str().as_bytes());
        let kinds = SignalKind::ALL.into_iter().enumerate().filter(|(_, kind)| of.of(*kind).receipts > 0);
        bytes.push(kinds.clone().map(|(at, _)| 1_u8 << at).sum());
        for (_, kind) in kinds {
            let Share { receipts, suspect } = *of.of(kind);
            write_number(receipts, bytes);
            write_number(suspect, bytes);
        }
    }
}

fn read_shares(bytes: &mut &[u8]) -> Option<Shares> {
    let mut shares = Shares::new();
    for _ in 0..read_number(bytes)? {
        let length = usize::try_from(read_number(bytes)?).ok()?;
        let (name, rest) = bytes.split_at_checked(length)?;
        *bytes = rest;
        let sender: CallerIdentity = std::str::from_utf8(name).ok()?.parse().ok()?;
        let kinds = read_byte(bytes)?;
        let mut of = PerKind::<Share>::default();
        for (at, kind) in SignalKind::ALL.into_iter().enumerate() {
            if kinds & (1 << at) != 0 {
                *of.of_mut(kind) = Share { receipts: read_number(bytes)?, suspect: read_number(bytes)? };
            }
        }
        shares.insert(sender, of);
    }
    Some(shares)
}

fn read_tally(bucket: Bucket, bytes: &mut &[u8]) -> Option<BucketTally> {
    let kinds = read_byte(bytes)?;
    let mut counts = PerKind::<Interval>::default();
    for (at, kind) in SignalKind::ALL.into_iter().enumerate() {
        let (is_there, is_plain) = (kinds & (1 << at) != 0, kinds & (0b1_0000 << at) != 0);
        *counts.of_mut(kind) = match (is_there, is_plain) {
            (false, false) => Interval::default(),
            (false, true) => return None,
            (true, true) => {
                let count = read_number(bytes)?;
                Interval { receipts: count, recorded: count, suspect: 0, ids: count }
            }
            (true, false) => Interval {
                receipts: read_number(bytes)?,
                recorded: read_number(bytes)?,
                suspect: read_number(bytes)?,
                ids: read_number(bytes)?,
            },
        };
    }
    let mut slot = || match read_byte(bytes)? {
        NO_SLOT => Some(None),
        number => Some(Some(Slot::start_in(bucket, number))),
    };
    let (newest_send, newest_failure) = (slot()?, slot()?);
    Some(BucketTally { bucket, counts, newest_send, newest_failure, senders: read_shares(bytes)? })
}

fn read_byte(bytes: &mut &[u8]) -> Option<u8> {
    let (first, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(*first)
}

/// Seven bits a byte, the lowest first; the eighth bit says that more follow.
fn write_number(mut number: u64, bytes: &mut Vec<u8>) {
    let lowest = |number: u64| number.to_le_bytes()[0];
    while number > 0x7f {
        bytes.push(lowest(number) | 0x80);
        number >>= 7;
    }
    bytes.push(lowest(number));
}

fn read_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = read_byte(bytes)?;
        let part = u64::from(byte & 0x7f);
        number |= part.checked_shl(shift).filter(|shifted| shifted >> shift == part)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}
