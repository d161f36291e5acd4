//! What DynamoDB charges for counting, with its rule that a write is charged for each begun KB of the item: no table is
//! needed for that, only the additions that the guard would write.

use std::collections::{BTreeMap, BTreeSet};

use guard_core::event::SignalKind::{self, Bounce, Complaint, Send};
use guard_core::event::{ReceiptId, Signal};
use guard_core::name::SetKey;
use guard_core::tally::{Addition, Held, fold, fold_account, id_cap};
use guard_core::time::{Bucket, plus_seconds};
use jiff::Timestamp;
use serde::Serialize;

/// 2026-11-20T12:00:00Z, the start of a bucket.
const NOON: i64 = 1_795_176_000;
/// Sets of the busy account.
const SETS: u64 = 20_000;

/// How the account is counted, beside the sets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Way {
    /// Not at all.
    Never,
    /// As it is.
    Shipped,
    /// With as many ids as a set's bucket holds.
    AllIds,
    /// As it is, but only one send in so many, chosen by its id's hash.
    Sampled(u64),
}

/// One item of the ledger, as far as its size goes.
#[derive(Debug)]
struct Item {
    held: Held,
    numbers: BTreeMap<(SignalKind, char), u64>,
    slots: BTreeMap<char, BTreeSet<u8>>,
}

impl Item {
    fn of(bucket: Bucket) -> Self {
        Self { held: Held::nothing(bucket), numbers: BTreeMap::new(), slots: BTreeMap::new() }
    }

    /// Names and values: a number takes a byte for two digits and one more, and each element of a set one more than
    /// itself.
    fn bytes(&self, key: &SetKey) -> usize {
        let number = |value: u64| value.to_string().len().div_ceil(2) + 1;
        let keys = "p".len() + key.to_string().len() + "k".len() + 10 + "t".len() + number(1_700_000_000);
        let numbers: usize = self.numbers.values().map(|value| "sn".len() + number(*value)).sum();
        let slots: usize = self.slots.values().map(|slots| "sl".len() + slots.len() * 3).sum();
        let ids = SignalKind::ALL.map(|kind| self.held.ids.of(kind).len()).iter().map(|ids| ids * 9 + 2).sum::<usize>();
        let shares = self.held.tally.senders.iter().flat_map(|(sender, of)| {
            let of_kind = SignalKind::ALL.map(|kind| of.of(kind).receipts).into_iter().filter(|receipts| *receipts > 0);
            of_kind.map(move |receipts| "sn:".len() + sender.as_str().len() + number(receipts))
        });
        keys + numbers + slots + ids + shares.sum::<usize>()
    }

    fn add(&mut self, addition: &Addition) {
        for (kind, receipts) in &addition.receipts {
            for (what, count) in [('n', receipts.receipts), ('r', receipts.recorded())] {
                if count > 0 {
                    *self.numbers.entry((*kind, what)).or_default() += count;
                }
            }
            if receipts.record_ids {
                self.held.ids.of_mut(*kind).extend(&receipts.ids);
            }
        }
        for (sender, shares) in &addition.senders {
            let sum = self.held.tally.senders.entry(sender.clone()).or_default();
            for kind in SignalKind::ALL {
                sum.of_mut(kind).receipts += shares.of(kind).receipts;
            }
        }
        for (which, slot) in [('s', addition.newest_send), ('f', addition.newest_failure)] {
            self.slots.entry(which).or_default().extend(slot.map(|slot| slot.number()));
        }
    }
}

/// Write units charged so far.
#[derive(Debug, Default)]
struct Bill {
    items: BTreeMap<(SetKey, Bucket), Item>,
    units: u64,
    largest: usize,
    by_key: BTreeMap<SetKey, u64>,
}

impl Bill {
    fn write(&mut self, mut addition: Addition, all_ids: bool) {
        let item = {
            let bucket = addition.bucket;
            self.items.entry((addition.set.clone(), bucket)).or_insert_with(|| Item::of(bucket))
        };
        addition.record_what_fits(Some(&item.held));
        if all_ids {
            for (kind, receipts) in &mut addition.receipts {
                receipts.record_ids = item.held.ids.of(*kind).union(&receipts.ids).count() as u64 <= id_cap(*kind);
            }
        }
        item.add(&addition);
        let bytes = item.bytes(&addition.set);
        let units = bytes.div_ceil(1_024) as u64;
        self.units += units;
        self.largest = self.largest.max(bytes);
        *self.by_key.entry(addition.set).or_default() += units;
    }
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// A load: batches a second, events in each, sets, seconds that are billed after as many that are not.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// For people.
    pub name: &'static str,
    /// Batches a second.
    pub batches: u64,
    /// Events in each.
    pub events: u64,
    /// Configuration sets.
    pub sets: u64,
    /// How many seconds are billed.
    pub seconds: u64,
    /// One set sends so many percent of all mail, the others as Zipf has it.
    pub hot_percent: u64,
}

/// From a crowd to a trickle.
pub const LOADS: [Load; 5] = [
    Load { batches: 25, events: 1_000, seconds: 3, ..Load::busy("25,000/s in batches of 1,000") },
    Load { batches: 5, events: 1_000, seconds: 10, ..Load::busy("5,000/s in batches of 1,000") },
    Load { batches: 25, events: 200, seconds: 10, ..Load::busy("5,000/s in batches of 200") },
    Load { batches: 5, events: 10, sets: 60, seconds: 400, ..Load::busy("50/s in batches of 10") },
    Load { batches: 1, events: 1, sets: 60, seconds: 450, ..Load::busy("1/s, one by one") },
];

impl Load {
    const fn busy(name: &'static str) -> Self {
        Self { name, batches: 1, events: 1, sets: SETS, seconds: 1, hot_percent: 50 }
    }
}

/// What a load costs.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Cost {
    /// Write units of the ledger for each event.
    pub units: f64,
    /// Write units a second of the busiest set.
    pub hottest_set: f64,
    /// Write units a second of the dearest account shard.
    pub hottest_shard: f64,
    /// Bytes of the account's largest item.
    pub shard_bytes: usize,
    /// Sets marked to be judged, for each event.
    pub marks: f64,
    /// Events a second of the busiest set.
    pub hottest_events: f64,
}

/// 3 % bounce and 0.1 % complain.
fn event(
    random: &mut Random,
    load: &Load,
    names: &[SetKey],
    harmonic: &[f64],
    sent_at: Timestamp,
    number: u64,
) -> Signal {
    let index = match random.below(100) {
        part if part < load.hot_percent => 0,
        _ => {
            let point =
                random.below(1 << 40) as f64 / (1_u64 << 40) as f64 * harmonic.last().copied().unwrap_or_default();
            harmonic.partition_point(|sum| *sum < point)
        }
    };
    let kind = match random.below(1_031) {
        0..30 => Bounce,
        30 => Complaint,
        _ => Send,
    };
    let set = names[index.min(names.len() - 1)].clone();
    let id = ReceiptId((number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    // Each set is one user's, whose name is as long as the set's.
    let sender = set.name.as_str().parse().ok();
    Signal { set, kind, ids: vec![id], sender, sent_at, occurred_at: sent_at, simulated: false }
}

/// Counts a load.
pub fn cost(load: &Load, way: Way) -> Cost {
    let name = |number| format!("111122223333/eu-west-1/tenant-{number}").parse().expect("the key is well-formed");
    let names: Vec<SetKey> = (0..load.sets).map(name).collect();
    let harmonic: Vec<f64> = (1..=load.sets)
        .scan(0.0, |sum, rank| {
            *sum += 1.0 / rank as f64;
            Some(*sum)
        })
        .collect();
    let (mut random, mut sets, mut account) = (Random(1), Bill::default(), Bill::default());
    let (mut number, mut marks, mut of_hottest) = (0, 0, 0);
    for second in 0..2 * load.seconds {
        if second == load.seconds {
            for bill in [&mut sets, &mut account] {
                bill.units = 0;
                bill.by_key.clear();
            }
            (marks, of_hottest) = (0, 0);
        }
        let sent_at = Timestamp::from_second(NOON).expect("the time is well-formed");
        let sent_at = plus_seconds(sent_at, i64::try_from(second).expect("seconds are few"));
        for _ in 0..load.batches {
            let batch: Vec<Signal> = (0..load.events)
                .map(|_| {
                    number += 1;
                    event(&mut random, load, &names, &harmonic, sent_at, number)
                })
                .collect();
            let failing: BTreeSet<_> = batch.iter().filter(|one| one.kind.is_failure()).map(|one| &one.set).collect();
            marks += failing.len();
            of_hottest += batch.iter().filter(|one| Some(&one.set) == names.first()).count();
            for addition in fold(batch.iter().map(|one| (one, false))) {
                sets.write(addition, false);
            }
            let counted = batch.iter().filter(|one| match way {
                Way::Never => false,
                Way::Shipped | Way::AllIds => true,
                Way::Sampled(one_in) => {
                    one.kind != Send || one.ids.iter().any(|id| u64::from_be_bytes(id.0) % one_in == 0)
                }
            });
            for addition in fold_account(counted.map(|one| (one, false))) {
                account.write(addition, way == Way::AllIds);
            }
        }
    }
    let seconds = load.seconds as f64;
    let events = seconds * (load.batches * load.events) as f64;
    let hottest = |bill: &Bill| bill.by_key.values().copied().max().unwrap_or(0) as f64 / seconds;
    Cost {
        units: (sets.units + account.units) as f64 / events,
        hottest_set: hottest(&sets),
        hottest_shard: hottest(&account),
        shard_bytes: account.largest,
        marks: marks as f64 / events,
        hottest_events: of_hottest as f64 / seconds,
    }
}
