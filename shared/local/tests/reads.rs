//! What a decision reads, by DynamoDB's rules: a query reads the sum of its items in units of begun 4 KB, half of that if
//! it may be behind, and one unit at least; a write is charged for each begun KB of its item. Print the tables with
//! `cargo test -p guard-local --test reads -- --nocapture`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that fails says so loudly, its own stores included"
)]

mod metered;

use guard_core::digest::Digested;
use guard_core::event::ReceiptId;
use guard_core::event::SignalKind::{self, Bounce, Complaint, Prevented, Send};
use guard_core::name::SetKey;
use guard_core::port::{Clock, Ledger};
use guard_core::tally::{Addition, Receipts, Slot, account_id_cap, id_cap};
use guard_core::time::{BUCKET_SECONDS, Bucket, plus_seconds};
use guard_local::ManualClock;
use metered::{Bill, MeteredDigests, MeteredLedger, now};

const DAY: i64 = 96;
/// 2026-11-20T12:00:00Z.
const NOON: i64 = 1_795_176_000;

/// How a set sends.
struct Sender {
    name: &'static str,
    set: &'static str,
    /// Of a bucket, by its number: sends, bounces, complaints, prevented.
    mails: fn(i64) -> [u64; 4],
    /// Buckets of its window.
    window: i64,
    /// Most read units of a decision, on average and at worst.
    target: (f64, f64),
}

const SENDERS: [Sender; 7] = [
    Sender {
        name: "12,500 mails a second, all week",
        set: "marketing-weekly",
        mails: |_| [11_250_000, 337_500, 11_250, 112_500],
        window: 7 * DAY,
        target: (90.0, 90.0),
    },
    Sender {
        name: "the same, 14 days",
        set: "marketing-weekly",
        mails: |_| [11_250_000, 337_500, 11_250, 112_500],
        window: 14 * DAY,
        target: (90.0, 90.0),
    },
    Sender {
        name: "5 mails a second, all week",
        set: "marketing-weekly",
        mails: |_| [4_500, 135, 5, 40],
        window: 7 * DAY,
        target: (25.0, 25.0),
    },
    Sender {
        name: "20,000 mails in two hours a day",
        set: "marketing-weekly",
        mails: |number| if number.rem_euclid(DAY) < 8 { [2_500, 25, 1, 10] } else { [0; 4] },
        window: 7 * DAY,
        target: (25.0, 25.0),
    },
    Sender {
        name: "1,000 mails a day, at any hour",
        set: "marketing-weekly",
        mails: |number| [10, u64::from(number % 10 == 0), u64::from(number % 100 == 0), 0],
        window: 7 * DAY,
        target: (25.0, 25.0),
    },
    Sender {
        name: "20 mails a day",
        set: "marketing-weekly",
        mails: |number| if number.rem_euclid(DAY) < 3 { [7, u64::from(number % 5 == 0), 0, 0] } else { [0; 4] },
        window: 7 * DAY,
        target: (5.0, 5.0),
    },
    Sender {
        name: "a shard of a busy account, three days",
        set: "*account*#3",
        mails: |_| [1_000_000, 30_000, 1_000, 10_000],
        window: 3 * DAY,
        target: (25.0, 25.0),
    },
];

fn key(name: &str) -> SetKey {
    format!("111122223333/eu-central-1/{name}").parse().unwrap()
}

/// The additions of a bucket, as ingest makes them: ids until their cap is reached, and then none; the slot of the newest
/// mail with each batch.
fn additions(set: &SetKey, bucket: Bucket, counts: [u64; 4], first_id: &mut u64) -> Vec<Addition> {
    if counts == [0; 4] {
        return Vec::new();
    }
    let kinds = [Send, Bounce, Complaint, Prevented];
    let cap = |kind| if set.is_account_shard() { account_id_cap(kind) } else { id_cap(kind) };
    let mut ids = |count: u64| {
        (0..count)
            .map(|_| {
                *first_id += 1;
                ReceiptId(first_id.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes())
            })
            .collect()
    };
    let of = |kind: SignalKind| counts[kinds.iter().position(|one| *one == kind).unwrap()];
    let addition = |receipts: &mut dyn FnMut(SignalKind) -> Receipts, slot: u8| {
        let at = plus_seconds(bucket.start(), i64::from(slot) * 10);
        let fails = of(Bounce) + of(Complaint) > 0 && !set.is_account_shard();
        let mut addition = Addition {
            receipts: SignalKind::ALL.map(|kind| (kind, receipts(kind))),
            newest_send: (of(Send) > 0).then(|| Slot::of(at)),
            newest_failure: fails.then(|| Slot::of(at)),
            ..Addition::empty(set.clone(), bucket)
        };
        if !set.is_account_shard() {
            // All of it one user's, as it should be.
            let sender = "news-sender".parse().unwrap();
            for (kind, receipts) in addition.receipts.clone() {
                addition.share(&sender, kind, receipts.receipts, false);
            }
        }
        addition
    };
    let recorded = |kind| of(kind).min(cap(kind));
    let mut with_ids = |kind| {
        let count = recorded(kind);
        Receipts { receipts: count, suspect: 0, ids: ids(count), record_ids: count > 0 }
    };
    let mut all = vec![addition(&mut with_ids, 0)];
    let mut without = |kind| Receipts { receipts: of(kind) - recorded(kind), ..Receipts::default() };
    let batches = u8::try_from((of(Send) / 10).clamp(1, 90)).unwrap();
    all.push(addition(&mut without, batches - 1));
    all.extend((1..batches - 1).map(|slot| addition(&mut |_| Receipts::default(), slot)));
    all
}

/// Counts one bounce, long after its mail.
fn late_bounce(set: &SetKey, bucket: Bucket, id: u64) -> Addition {
    let ids = [ReceiptId(id.to_be_bytes())].into();
    let one = Receipts { receipts: 1, suspect: 0, ids, record_ids: false };
    let receipts = SignalKind::ALL.map(|kind| (kind, if kind == Bounce { one.clone() } else { Receipts::default() }));
    Addition { receipts, newest_failure: Some(Slot::of(bucket.start())), ..Addition::empty(set.clone(), bucket) }
}

/// A week of a sender, and then a day of decisions.
struct Week {
    set: SetKey,
    sender: &'static Sender,
    ledger: MeteredLedger,
    digests: MeteredDigests,
    clock: ManualClock,
    ids: u64,
}

impl Week {
    fn of(sender: &'static Sender) -> Self {
        let noon = Bucket::starting_at(NOON).unwrap();
        let (ledger, digests, clock) =
            (MeteredLedger::default(), MeteredDigests::default(), ManualClock::at(noon.start()));
        let mut week = Self { set: key(sender.set), sender, ledger, digests, clock, ids: 0 };
        for number in -sender.window..0 {
            week.send(number);
        }
        week
    }

    fn bucket(number: i64) -> Bucket {
        Bucket::starting_at(NOON).unwrap().plus(number)
    }

    /// All mail of a bucket, as it was counted at its time.
    fn send(&mut self, number: i64) {
        let bucket = Self::bucket(number);
        for addition in additions(&self.set, bucket, (self.sender.mails)(number), &mut self.ids) {
            now(self.ledger.add(&addition)).unwrap();
        }
    }

    fn range(&self) -> (Bucket, Bucket) {
        let present = Bucket::of(self.clock.now());
        (present.plus(1 - self.sender.window), present.plus(1))
    }

    /// What a decision reads, and what it writes.
    fn decide(&self) -> Bill {
        let (from, to) = self.range();
        let plain = now(self.ledger.window(&self.set, from, to)).unwrap();
        self.take();
        let digested = Digested::keeping(self.ledger.clone(), self.digests.clone(), self.clock.clone());
        assert_eq!(now(digested.window(&self.set, from, to)).unwrap(), plain, "the window is the same");
        self.take()
    }

    /// What it read without digests.
    fn plain(&self) -> f64 {
        let (from, to) = self.range();
        self.take();
        now(self.ledger.window(&self.set, from, to)).unwrap();
        self.take().read
    }

    fn take(&self) -> Bill {
        let (ledger, digests) = (self.ledger.take(), self.digests.take());
        Bill { read: ledger.read + digests.read, written: ledger.written + digests.written }
    }

    /// One bounce into each of so many old buckets that have mail, the latest first.
    fn late(&mut self, buckets: usize) -> usize {
        let present = Bucket::of(self.clock.now()).start_second();
        let latest = (present - NOON) / BUCKET_SECONDS - 9;
        let sent: Vec<i64> = (-self.sender.window..=latest)
            .rev()
            .filter(|at| (self.sender.mails)(*at) != [0; 4])
            .take(buckets)
            .collect();
        let digested = Digested::new(self.ledger.clone(), self.digests.clone(), self.clock.clone());
        for number in &sent {
            self.ids += 1;
            now(digested.add(&late_bounce(&self.set, Self::bucket(*number), self.ids))).unwrap();
        }
        sent.len()
    }
}

#[test]
fn a_decision_reads_little_whatever_comes_late() {
    println!(
        "| a set that sends | without digests | first decision | then, on average | at most | after a late bounce in each of so many old buckets | digests written a day |"
    );
    for sender in &SENDERS {
        let mut week = Week::of(sender);
        now(guard_core::port::Digests::begin(&week.digests, plus_seconds(week.clock.now(), -86_400))).unwrap();
        let plain = week.plain();
        let first = week.decide();
        // A day, decided upon every five minutes, with three late bounces each time.
        let (mut reads, mut most, mut written, mut decisions) = (0.0, 0.0_f64, 0, 0.0);
        for bucket in 0..DAY {
            week.send(bucket);
            for _ in 0..3 {
                week.clock.advance(BUCKET_SECONDS / 3);
                week.late(3);
                week.take();
                let bill = week.decide();
                (reads, most, decisions) = (reads + bill.read, most.max(bill.read), decisions + 1.0);
                written += bill.written;
            }
        }
        let late = week.late(300);
        week.take();
        let after = week.decide();
        println!(
            "| {} | {plain} | {} | {:.1} | {most} | {} ({late}) | {written} units |",
            sender.name,
            first.read,
            reads / decisions,
            after.read
        );
        let (average, at_most) = sender.target;
        assert!(reads / decisions <= average, "{}: {} on average", sender.name, reads / decisions);
        assert!(most <= at_most && after.read <= at_most, "{}: {most}, {} after a storm", sender.name, after.read);
        assert!(first.read <= plain + 2.5, "{}: what is known costs little where nothing is", sender.name);
    }
}

/// POLICY's delays: 3 % of bounces come after about two hours, and half of all complaints after three.
#[test]
fn notes_cost_little_beside_the_counts() {
    println!("| load | late events a batch | units an event for notes | the busiest set's notes |");
    for (name, batches, events, hot) in
        [("25,000/s in batches of 1,000", 25.0, 1_000.0, 0.5), ("5,000/s in batches of 200", 25.0, 200.0, 0.5)]
    {
        // Of 1,031 events 30 are bounces, of which 3 % come late, and one is a complaint, of which 71 % do.
        let late = events * (30.0 * 0.03 + 0.71) / 1_031.0;
        // Each is an addition of its own to a set's bucket and to a shard's.
        let sheet = |of: &str, counts| metered::full_sheet_of_notes(&key(of), counts).div_ceil(1_024) as f64;
        let busiest = sheet("marketing-weekly", [11_250_000, 337_500, 11_250, 112_500]);
        let shard = sheet("*account*#3", [3_000_000, 90_000, 3_000, 30_000]);
        let units = (late * (busiest + shard)) / events;
        let hottest = batches * late * hot * busiest;
        println!("| {name} | {late:.1} | {units:.4} | {hottest:.0}/s |");
        assert!(units <= 0.01 && hottest <= 60.0);
    }
}
