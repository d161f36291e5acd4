//! What was counted, message by message, in the order in which the writes took effect.

use std::collections::{BTreeMap, BTreeSet};

use guard_core::event::SignalKind;
use guard_core::name::SetKey;

use crate::queue::{Body, Delivery};

/// A unit of a mail: its kind, its mail, its recipient.
type Unit = (usize, u64, u64);

/// Width of a bucket, in milliseconds.
pub const BUCKET: i64 = 900_000;

/// One message that was counted once more.
#[derive(Debug)]
struct Landing {
    delivery: Delivery,
    suspect: bool,
}

/// What is true of one kind in one bucket.
#[derive(Debug, Clone, Default)]
pub struct Truth {
    units: BTreeSet<Unit>,
    /// Receipts, however often the same came.
    pub receipts: u64,
    /// Receipts that are known to be perhaps not the first of their unit.
    pub suspect: u64,
    /// Receipts that were not the first of their unit, and could not be told from one.
    pub doubled: u64,
}

impl Truth {
    /// How many different units.
    pub fn count(&self) -> u64 {
        self.units.len() as u64
    }

    /// Never above what the guard may take for certain.
    pub fn certain(&self) -> u64 {
        self.count().min(self.receipts - self.suspect.min(self.receipts))
    }
}

/// Sends, bounces, complaints, prevented; per start of a bucket, in milliseconds.
pub type Truths = BTreeMap<i64, [Truth; 4]>;

/// All of it.
#[derive(Debug, Default)]
pub struct Landings {
    all: Vec<Landing>,
    known: BTreeSet<(SetKey, Unit)>,
    numbers: BTreeSet<usize>,
}

fn units(body: &Body) -> impl Iterator<Item = Unit> + '_ {
    (body.first..body.first + body.units).map(|unit| (body.kind as usize, body.mail, unit))
}

impl Landings {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.all.len()
    }

    /// A message was counted. Whether a bounce or complaint in it was new.
    pub fn add(&mut self, part: &Delivery, unsure: bool) -> bool {
        let mut brought = false;
        for unit in units(&part.body) {
            let is_new = self.known.insert((part.set.clone(), unit));
            brought |= is_new && part.body.kind.is_failure();
        }
        self.numbers.insert(part.body.number);
        self.all.push(Landing { delivery: part.clone(), suspect: part.again || unsure });
        brought
    }

    /// Whether the event of this number was counted.
    pub fn has(&self, number: usize) -> bool {
        self.numbers.contains(&number)
    }

    /// Receipts of sends of all sets, per bucket.
    pub fn receipts_of_sends(&self) -> BTreeMap<i64, u64> {
        let mut receipts = BTreeMap::new();
        for Landing { delivery, .. } in self.all.iter().filter(|one| one.delivery.body.kind == SignalKind::Send) {
            *receipts.entry(delivery.body.sent_at.div_euclid(BUCKET) * BUCKET).or_default() += delivery.body.units;
        }
        receipts
    }

    /// Different sends, bounces and complaints of all sets, of mail sent since then, per bucket.
    pub fn of_all(&self, since: i64) -> BTreeMap<i64, [u64; 3]> {
        let sets: BTreeSet<&SetKey> = self.all.iter().map(|one| &one.delivery.set).collect();
        let mut all: BTreeMap<i64, [u64; 3]> = BTreeMap::new();
        for set in sets {
            for (bucket, [sends, bounces, complaints, _]) in self.truths(set, self.count(), since) {
                let sums = all.entry(bucket).or_default();
                let more =
                    [sends.certain(), bounces.count() + bounces.doubled, complaints.count() + complaints.doubled];
                *sums = std::array::from_fn(|kind| sums[kind] + more[kind]);
            }
        }
        all
    }

    /// What is true of a set, of the first so many landings and of mail sent since then.
    pub fn truths(&self, set: &SetKey, upto: usize, since: i64) -> Truths {
        let mut truths = Truths::new();
        for Landing { delivery, suspect } in self.all.iter().take(upto) {
            let body = &delivery.body;
            if delivery.set != *set || body.sent_at < since {
                continue;
            }
            let bucket = body.sent_at.div_euclid(BUCKET) * BUCKET;
            let truth = &mut truths.entry(bucket).or_default()[body.kind as usize];
            truth.receipts += body.units;
            truth.suspect += if *suspect { body.units } else { 0 };
            for unit in units(body) {
                let is_new = truth.units.insert(unit);
                truth.doubled += u64::from(!is_new && !suspect);
            }
        }
        truths
    }
}
