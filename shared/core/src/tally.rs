//! Counts that stay right when events come twice, late or in any order.
//!
//! A count is an interval: `n` raw receipts, of which `r` had their id recorded, `x` of them *suspect*
//! (delivered or written more than once, perhaps), and the set of recorded ids. What is recorded comes to exactly the size of
//! that set, whatever was duplicated, so the truth lies in `[max(ids, n − x), ids + n − r]`, and is that size while every
//! receipt's id is recorded.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::event::{ReceiptId, Signal, SignalKind};
use crate::name::{CallerIdentity, SetKey};
use crate::time::Bucket;

/// How many ids of each kind one bucket may hold: a write is charged by the item's size.
pub const fn id_cap(kind: SignalKind) -> u64 {
    match kind {
        SignalKind::Send | SignalKind::Prevented => 64,
        SignalKind::Bounce | SignalKind::Complaint => 256,
    }
}

/// The same of a bucket of the account's own counts, to which every batch adds: as many as leave its item below 1 KB, so
/// that each write is charged once. A small account is known to the last failure all the same.
pub const fn account_id_cap(kind: SignalKind) -> u64 {
    match kind {
        SignalKind::Send | SignalKind::Prevented => 0,
        SignalKind::Bounce => 40,
        SignalKind::Complaint => 24,
    }
}

/// Of how many senders one bucket of a set is told apart: an item must stay small, whoever sends with the set. What
/// others send there is counted with the rest, as nobody's.
pub const SENDERS: usize = 8;

/// One value per [`SignalKind`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PerKind<T> {
    /// Of sends.
    pub sends: T,
    /// Of hard bounces.
    pub bounces: T,
    /// Of complaints.
    pub complaints: T,
    /// Of prevented recipients.
    pub prevented: T,
}

impl<T> PerKind<T> {
    /// The value of one kind.
    pub fn of(&self, kind: SignalKind) -> &T {
        match kind {
            SignalKind::Send => &self.sends,
            SignalKind::Bounce => &self.bounces,
            SignalKind::Complaint => &self.complaints,
            SignalKind::Prevented => &self.prevented,
        }
    }

    /// The value of one kind, to change it.
    pub fn of_mut(&mut self, kind: SignalKind) -> &mut T {
        match kind {
            SignalKind::Send => &mut self.sends,
            SignalKind::Bounce => &mut self.bounces,
            SignalKind::Complaint => &mut self.complaints,
            SignalKind::Prevented => &mut self.prevented,
        }
    }
}

/// The ids that a bucket holds.
pub type Ids = PerKind<BTreeSet<ReceiptId>>;

/// What a bucket holds after an addition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Its counts, this addition's and all before it, and whose they are.
    pub tally: BucketTally,
    /// The ids behind them.
    pub ids: Ids,
}

impl Held {
    /// What a bucket holds to which nothing was added yet.
    pub fn nothing(bucket: Bucket) -> Self {
        Self { tally: BucketTally::nothing(bucket), ids: Ids::default() }
    }
}

/// How much of a count is one sender's: the truth lies in `[receipts − suspect, receipts]`. No ids are kept of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    /// Raw receipts.
    pub receipts: u64,
    /// Those of them that are suspect.
    pub suspect: u64,
}

impl Share {
    /// Never above the truth.
    pub fn lower(self) -> u64 {
        self.receipts.saturating_sub(self.suspect)
    }
}

/// How much of a bucket's counts is whose.
pub type Shares = BTreeMap<CallerIdentity, PerKind<Share>>;

/// A stored count of one kind in one bucket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Interval {
    /// Raw receipts (`n`).
    pub receipts: u64,
    /// Receipts whose id was recorded (`r`).
    pub recorded: u64,
    /// Suspect receipts (`x`).
    pub suspect: u64,
    /// Different ids recorded (`|i|`).
    pub ids: u64,
}

impl Interval {
    /// The count, when it is known to the last one.
    pub fn exact(self) -> Option<u64> {
        (self.receipts == self.recorded).then_some(self.ids)
    }

    /// Never above the truth, where who delivers twice says so.
    pub fn lower(self) -> u64 {
        self.ids.max(self.receipts.saturating_sub(self.suspect)).min(self.upper())
    }

    /// Never below the truth.
    pub fn upper(self) -> u64 {
        self.ids + self.receipts.saturating_sub(self.recorded)
    }

    /// What is left without this share: again never below and never above the truth. Ids say nothing of it, so it is no
    /// longer exact.
    #[must_use]
    pub fn without(self, share: Share) -> Self {
        if share.receipts == 0 {
            return self;
        }
        let upper = self.upper().saturating_sub(share.lower());
        let lower = self.lower().saturating_sub(share.receipts);
        Self { receipts: upper, recorded: 0, suspect: upper - lower, ids: 0 }
    }
}

/// What is stored of one configuration set in one bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketTally {
    /// When its mail was sent.
    pub bucket: Bucket,
    /// Its counts.
    pub counts: PerKind<Interval>,
    /// `sent_at` of the newest counted send, to 10 seconds.
    pub newest_send: Option<Timestamp>,
    /// `sent_at` of the newest mail among the counted bounces and complaints, to 10 seconds.
    pub newest_failure: Option<Timestamp>,
    /// How much of it is whose, as far as that is known.
    pub senders: Shares,
}

impl BucketTally {
    /// Of a bucket to which nothing was added yet.
    pub fn nothing(bucket: Bucket) -> Self {
        let (newest_send, newest_failure) = (None, None);
        Self { bucket, counts: PerKind::default(), newest_send, newest_failure, senders: Shares::new() }
    }

    /// The same without what these senders sent.
    #[must_use]
    pub fn without(mut self, strangers: &BTreeSet<CallerIdentity>) -> Self {
        for (_, shares) in self.senders.iter().filter(|(sender, _)| strangers.contains(*sender)) {
            for kind in SignalKind::ALL {
                let count = self.counts.of_mut(kind);
                *count = count.without(*shares.of(kind));
            }
        }
        self
    }

    /// Raw receipts of all kinds: more with each addition.
    pub fn receipts(&self) -> u64 {
        SignalKind::ALL.into_iter().map(|kind| self.counts.of(kind).receipts).sum()
    }
}

/// A 10-second slot of a bucket (0 to 89): coarse enough that a bucket holds few, fine enough to see that the
/// sends' counter lags. A set of slots grows by union, so its greatest survives every repeat and every order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(u8);

impl Slot {
    const SECONDS: i64 = 10;

    /// The slot of an instant in its bucket.
    pub fn of(instant: Timestamp) -> Self {
        let second = instant.as_second() - Bucket::of(instant).start_second();
        Self(u8::try_from(second / Self::SECONDS).unwrap_or(u8::MAX))
    }

    /// Its number, as stored.
    pub fn number(self) -> u8 {
        self.0
    }

    /// Where the slot with this number starts in a bucket.
    pub fn start_in(bucket: Bucket, number: u8) -> Timestamp {
        crate::time::plus_seconds(bucket.start(), i64::from(number) * Self::SECONDS)
    }
}

/// The receipts of one kind that one write adds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Receipts {
    /// Raw receipts.
    pub receipts: u64,
    /// Those of them that are suspect.
    pub suspect: u64,
    /// Their ids.
    pub ids: BTreeSet<ReceiptId>,
    /// Whether the ids are recorded with them.
    pub record_ids: bool,
}

impl Receipts {
    /// How many of them have their id recorded.
    pub fn recorded(&self) -> u64 {
        if self.record_ids { self.receipts } else { 0 }
    }
}

/// One write: what a batch adds to one bucket of one configuration set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addition {
    /// Whose.
    pub set: SetKey,
    /// Which mail's.
    pub bucket: Bucket,
    /// What.
    pub receipts: [(SignalKind, Receipts); 4],
    /// Slot of the newest send among them.
    pub newest_send: Option<Slot>,
    /// Slot of the newest mail among the bounces and complaints.
    pub newest_failure: Option<Slot>,
    /// How much of it is whose, as far as that is told apart; nothing for the account's own counts.
    pub senders: Shares,
}

impl Addition {
    /// Adds nothing yet.
    pub fn empty(set: SetKey, bucket: Bucket) -> Self {
        let receipts = SignalKind::ALL.map(|kind| (kind, Receipts::default()));
        Self { set, bucket, receipts, newest_send: None, newest_failure: None, senders: Shares::new() }
    }

    fn include(&mut self, signal: &Signal, suspect: bool) {
        for (kind, receipts) in &mut self.receipts {
            if *kind == signal.kind {
                receipts.receipts += signal.count();
                receipts.suspect += if suspect { signal.count() } else { 0 };
                receipts.ids.extend(&signal.ids);
            }
        }
        if let Some(sender) = &signal.sender {
            self.share(sender, signal.kind, signal.count(), suspect);
        }
        let newest = match signal.kind {
            SignalKind::Send => &mut self.newest_send,
            SignalKind::Bounce | SignalKind::Complaint => &mut self.newest_failure,
            SignalKind::Prevented => return,
        };
        *newest = (*newest).max(Some(Slot::of(signal.sent_at)));
    }

    /// Counts so many of the receipts as this sender's, if there is room for one more.
    pub fn share(&mut self, sender: &CallerIdentity, kind: SignalKind, receipts: u64, suspect: bool) {
        // No `entry`: nearly always the sender is there, and its name need not be copied.
        if !self.senders.contains_key(sender) {
            if self.senders.len() >= SENDERS {
                return;
            }
            self.senders.insert(sender.clone(), PerKind::default());
        }
        if let Some(shares) = self.senders.get_mut(sender) {
            let share = shares.of_mut(kind);
            share.receipts += receipts;
            share.suspect += if suspect { receipts } else { 0 };
        }
    }

    /// Whether it counts any receipt of this kind.
    pub fn counts(&self, kind: SignalKind) -> bool {
        self.receipts.iter().any(|(of, receipts)| *of == kind && receipts.receipts > 0)
    }

    /// Whether it counts a bounce or a complaint.
    pub fn has_failures(&self) -> bool {
        SignalKind::ALL.into_iter().any(|kind| kind.is_failure() && self.counts(kind))
    }

    /// Records the ids of each kind that fit under its cap, all or none: `stored` is what the bucket held when it was
    /// last seen, if it was. An id that is there already takes no room, so a bucket that stays under its cap stays exact
    /// however often its events come. Of senders those that are there already are told apart, and as many more as fit.
    pub fn record_what_fits(&mut self, stored: Option<&Held>) {
        let of_account = self.set.is_account_shard();
        let mut room = match stored {
            Some(stored) => SENDERS.saturating_sub(stored.tally.senders.len()),
            None => SENDERS / 2,
        };
        self.senders.retain(|sender, _| {
            let there = stored.is_some_and(|stored| stored.tally.senders.contains_key(sender));
            let fits = there || room > 0;
            room = if there { room } else { room.saturating_sub(1) };
            fits
        });
        for (kind, receipts) in &mut self.receipts {
            let cap = if of_account { account_id_cap(*kind) } else { id_cap(*kind) };
            let (there, cap) = match stored {
                Some(stored) => (stored.ids.of(*kind).union(&receipts.ids).count(), cap),
                None => (receipts.ids.len(), cap / 2),
            };
            receipts.record_ids = there as u64 <= cap;
        }
    }

    /// Marks all of it suspect: it may have been written once already.
    pub fn suspect_all(&mut self) {
        for (_, receipts) in &mut self.receipts {
            receipts.suspect = receipts.receipts;
        }
        for shares in self.senders.values_mut() {
            for kind in SignalKind::ALL {
                let share = shares.of_mut(kind);
                share.suspect = share.receipts;
            }
        }
    }
}

/// Folds a batch: one addition per configuration set and bucket. `true` beside a signal marks it suspect.
pub fn fold<'a>(signals: impl IntoIterator<Item = (&'a Signal, bool)>) -> Vec<Addition> {
    let mut additions = BTreeMap::new();
    for (signal, suspect) in signals {
        let bucket = Bucket::of(signal.sent_at);
        additions
            .entry((&signal.set, bucket))
            .or_insert_with(|| Addition::empty(signal.set.clone(), bucket))
            .include(signal, suspect);
    }
    additions.into_values().collect()
}

/// What the same batch adds to the account's own counts: one addition per shard and bucket.
pub fn fold_account<'a>(signals: impl IntoIterator<Item = (&'a Signal, bool)>) -> Vec<Addition> {
    let mut additions: BTreeMap<(SetKey, Bucket), Addition> = BTreeMap::new();
    for of_set in fold(signals) {
        let (shard, bucket) = (of_set.set.account_shard(), of_set.bucket);
        let sum = additions.entry((shard.clone(), bucket)).or_insert_with(|| Addition::empty(shard, bucket));
        for ((_, sum), (_, receipts)) in sum.receipts.iter_mut().zip(of_set.receipts) {
            sum.receipts += receipts.receipts;
            sum.suspect += receipts.suspect;
            sum.ids.extend(receipts.ids);
        }
        // Whether the sends are counted late is asked of each set; here the slots would only make the item larger.
        sum.newest_send = sum.newest_send.max(of_set.newest_send);
    }
    additions.into_values().collect()
}
