//! Mail of many configuration sets, one number a mail, and what is true of it.

use std::collections::{BTreeMap, VecDeque};

use guard_core::event::SignalKind;
use guard_core::name::SetKey;
use guard_core::port::{Clock, Ledger};
use guard_core::tally::Interval;
use guard_core::time::{Bucket, plus_seconds};
use guard_local::ManualClock;
use jiff::Timestamp;

use crate::mail::{record, set};

/// A number that follows from another, and looks like any other.
pub fn dice(number: u64) -> u64 {
    let mut mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x2545_f491_4f6c_dd1d);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A clock on which sleeping costs nothing: what waits, waits beside others.
#[derive(Debug, Clone)]
pub struct IdleClock(pub ManualClock);

impl Clock for IdleClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
    async fn sleep(&self, _: u64) {}
}

/// Of one kind, in one bucket of a set.
pub type Cell = (SetKey, Bucket, SignalKind);

/// Mail to one recipient each, of 14 clean sets (1 % bounces), 4 bad ones (20 %) and 2 small ones (2 %).
#[derive(Debug)]
pub struct Traffic {
    begins: Timestamp,
    seconds: u64,
    mails: u64,
    sent: u64,
    bounces: VecDeque<(u64, String)>,
    /// How many different ones there are.
    pub truth: BTreeMap<Cell, u64>,
}

/// A bounce comes so many mails after its own.
const BOUNCES_LATER: u64 = 400;

impl Traffic {
    /// So many mails, evenly over so many seconds.
    pub fn new(begins: Timestamp, seconds: u64, mails: u64) -> Self {
        Self { begins, seconds, mails, sent: 0, bounces: VecDeque::new(), truth: BTreeMap::new() }
    }

    /// The sets, and whether each is bad.
    pub fn sets() -> Vec<(SetKey, bool)> {
        let clean = (0..14).map(|n| (set(&format!("clean-{n:02}")), false));
        let bad = (0..4).map(|n| (set(&format!("bad-{n}")), true));
        clean.chain(bad).chain((0..2).map(|n| (set(&format!("small-{n}")), false))).collect()
    }

    /// The events of the next so many mails, and the bounces that are due; none at the end.
    pub fn next(&mut self, mails: u64) -> Vec<String> {
        let mut events = Vec::new();
        for _ in 0..mails {
            if self.sent < self.mails {
                self.send(&mut events);
            }
            self.sent += 1;
            while self.bounces.front().is_some_and(|(due, _)| *due <= self.sent) {
                events.extend(self.bounces.pop_front().map(|(_, body)| body));
            }
        }
        events
    }

    fn send(&mut self, events: &mut Vec<String>) {
        let mail = self.sent;
        let thrown = dice(mail);
        let (name, rate) = match thrown % 1_000 {
            0..=2 => (format!("small-{}", thrown % 2), 20),
            3..=199 => (format!("bad-{}", thrown % 4), 200),
            _ => (format!("clean-{:02}", thrown % 14), 10),
        };
        let sent_at = plus_seconds(self.begins, i64::try_from(mail * self.seconds / self.mails).unwrap_or(i64::MAX));
        events.push(self.event(&name, SignalKind::Send, mail, sent_at));
        if (thrown >> 20) % 1_000 < rate {
            let bounce = self.event(&name, SignalKind::Bounce, mail, sent_at);
            self.bounces.push_back((mail + BOUNCES_LATER, bounce));
        }
    }

    fn event(&mut self, name: &str, kind: SignalKind, mail: u64, sent_at: Timestamp) -> String {
        *self.truth.entry((set(name), Bucket::of(sent_at), kind)).or_default() += 1;
        record(name, kind, mail, sent_at).to_string()
    }

    /// Whether there is nothing more to come.
    pub fn is_over(&self) -> bool {
        self.sent >= self.mails && self.bounces.is_empty()
    }
}

/// How a ledger's counts compare with the truth.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// Counts that are known to the last one, and right.
    pub exact: u64,
    /// Others, which hold the truth between their bounds.
    pub bounded: u64,
    /// Of the others, all that lies between the bounds.
    pub width: u64,
}

/// Holds each count against the truth; panics at one that is wrong.
pub async fn balance(ledger: &impl Ledger, truth: &BTreeMap<Cell, u64>) -> Balance {
    let mut balance = Balance::default();
    for ((set, bucket, kind), different) in truth {
        let held = ledger.window(set, *bucket, *bucket).await.expect("the ledger is there");
        let count: Interval = held.first().map(|tally| *tally.counts.of(*kind)).unwrap_or_default();
        let inside = count.lower() <= *different && *different <= count.upper();
        assert!(inside, "{set}, {kind:?} of {bucket:?}: {different} is not in {count:?}");
        match count.exact() {
            Some(_) => balance.exact += 1,
            None => {
                balance.bounded += 1;
                balance.width += count.upper() - count.lower();
            }
        }
    }
    balance
}
