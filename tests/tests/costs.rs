//! What counting the account a second time costs, with DynamoDB's rule that a write is charged for each begun KB of the
//! item. Print the table with `cargo test -p guard-tests --test costs -- --nocapture`.

use std::collections::BTreeMap;

use guard_core::event::SignalKind::{self, Bounce, Complaint, Send};
use guard_core::event::{ReceiptId, Signal};
use guard_core::name::SetKey;
use guard_core::tally::{Addition, Held, fold, fold_account, id_cap};
use guard_core::time::Bucket;
use guard_tests::mail::{at, set};
use jiff::Timestamp;

const NOON: &str = "2026-11-20T12:00:00Z";
/// Sets of the busy account; one of them sends half of all mail, the others as Zipf has it.
const SETS: u64 = 20_000;

/// How the account is counted, beside the sets.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
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
#[derive(Default)]
struct Item {
    held: Held,
    numbers: BTreeMap<(SignalKind, char), u64>,
    slots: BTreeMap<char, std::collections::BTreeSet<u8>>,
}

impl Item {
    /// Names and values: a number takes a byte for two digits and one more, and each element of a set one more than
    /// itself.
    fn bytes(&self, key: &SetKey) -> usize {
        let number = |value: u64| value.to_string().len().div_ceil(2) + 1;
        let keys = "p".len() + key.to_string().len() + "k".len() + 10 + "t".len() + number(1_700_000_000);
        let numbers: usize = self.numbers.values().map(|value| "sn".len() + number(*value)).sum();
        let slots: usize = self.slots.values().map(|slots| "sl".len() + slots.len() * 3).sum();
        let ids = SignalKind::ALL.map(|kind| self.held.ids.of(kind).len()).iter().map(|ids| ids * 9 + 2).sum::<usize>();
        keys + numbers + slots + ids
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
        for (which, slot) in [('s', addition.newest_send), ('f', addition.newest_failure)] {
            self.slots.entry(which).or_default().extend(slot.map(|slot| slot.number()));
        }
    }
}

/// Write units charged so far.
#[derive(Default)]
struct Bill {
    items: BTreeMap<(SetKey, Bucket), Item>,
    units: u64,
    largest: usize,
    by_key: BTreeMap<SetKey, u64>,
}

impl Bill {
    fn write(&mut self, mut addition: Addition, all_ids: bool) {
        let item = self.items.entry((addition.set.clone(), addition.bucket)).or_default();
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
struct Load {
    name: &'static str,
    batches: u64,
    events: u64,
    sets: u64,
    seconds: u64,
}

const LOADS: [Load; 5] = [
    Load { name: "25,000/s in batches of 1,000", batches: 25, events: 1_000, sets: SETS, seconds: 3 },
    Load { name: "5,000/s in batches of 1,000", batches: 5, events: 1_000, sets: SETS, seconds: 10 },
    Load { name: "5,000/s in batches of 200", batches: 25, events: 200, sets: SETS, seconds: 10 },
    Load { name: "50/s in batches of 10", batches: 5, events: 10, sets: 60, seconds: 400 },
    Load { name: "1/s, one by one", batches: 1, events: 1, sets: 60, seconds: 450 },
];

/// 3 % bounce and 0.1 % complain.
fn event(random: &mut Random, names: &[SetKey], harmonic: &[f64], sent_at: Timestamp, number: u64) -> Signal {
    let index = match random.below(2) {
        0 => 0,
        _ => {
            let point = random.below(1 << 40) as f64 / (1_u64 << 40) as f64 * harmonic.last().unwrap();
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
    Signal { set, kind, ids: vec![id], sender: None, sent_at, occurred_at: sent_at }
}

/// Write units per event, those of the dearest account shard a second, and the largest of its items.
fn cost(load: &Load, way: Way) -> (f64, f64, usize) {
    let names: Vec<SetKey> = (0..load.sets).map(|number| set(&format!("tenant-{number}"))).collect();
    let harmonic: Vec<f64> = (1..=load.sets)
        .scan(0.0, |sum, rank| {
            *sum += 1.0 / rank as f64;
            Some(*sum)
        })
        .collect();
    let (mut random, mut sets, mut account) = (Random(1), Bill::default(), Bill::default());
    let mut number = 0;
    for second in 0..2 * load.seconds {
        if second == load.seconds {
            (sets.units, account.units) = (0, 0);
            account.by_key.clear();
        }
        let sent_at = guard_core::time::plus_seconds(at(NOON), i64::try_from(second).unwrap());
        for _ in 0..load.batches {
            let batch: Vec<Signal> = (0..load.events)
                .map(|_| {
                    number += 1;
                    event(&mut random, &names, &harmonic, sent_at, number)
                })
                .collect();
            for addition in fold(batch.iter().map(|one| (one, false))) {
                sets.write(addition, false);
            }
            let counted = batch.iter().filter(|one| match way {
                Way::Never => false,
                Way::Shipped | Way::AllIds => true,
                Way::Sampled(one_in) => one.kind != Send || u64::from_be_bytes(one.ids[0].0) % one_in == 0,
            });
            for addition in fold_account(counted.map(|one| (one, false))) {
                account.write(addition, way == Way::AllIds);
            }
        }
    }
    let events = (load.seconds * load.batches * load.events) as f64;
    let hottest = account.by_key.values().copied().max().unwrap_or(0) as f64 / load.seconds as f64;
    ((sets.units + account.units) as f64 / events, hottest, account.largest)
}

#[test]
fn counting_the_account_costs_little_and_a_sample_would_save_little() {
    println!("| load | sets alone | with the account | all ids | one send in 16 | in 256 | hottest shard | its item |");
    for load in &LOADS {
        let (sets, _, _) = cost(load, Way::Never);
        let (shipped, hottest, bytes) = cost(load, Way::Shipped);
        let (all_ids, hottest_all_ids, bytes_all_ids) = cost(load, Way::AllIds);
        let (sampled, _, _) = cost(load, Way::Sampled(16));
        let (sampled_more, _, _) = cost(load, Way::Sampled(256));
        println!(
            "| {} | {sets:.3} | {shipped:.3} | {all_ids:.3} | {sampled:.3} | {sampled_more:.3} | {hottest:.0}/s, all ids {hottest_all_ids:.0}/s | {bytes} B, all ids {bytes_all_ids} B |",
            load.name
        );
        assert!(bytes <= 1_024, "{}: a write to the account's counts is one unit, and not {bytes} B", load.name);
        let batches = load.batches as f64;
        assert!(hottest <= batches + f64::EPSILON, "{}: at most one unit a batch and shard: {hottest}", load.name);
        let most = 8.0_f64.min(load.events as f64) / load.events as f64;
        assert!(shipped - sets <= most + f64::EPSILON, "{}: eight units a batch at most", load.name);
        assert!(all_ids >= shipped && sampled <= shipped + f64::EPSILON && sampled_more <= sampled + f64::EPSILON);
    }
}
