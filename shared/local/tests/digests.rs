//! Whoever adds, reads, keeps and dies in whatever order: a window that is read with digests holds all that was added
//! before it was asked for, and nothing that no bucket ever held.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that fails says so loudly, its own stores included"
)]

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use futures::task::noop_waker_ref;
use guard_core::digest::{Ages, Digest, Digested, Keeping, Sheet};
use guard_core::event::{ReceiptId, SignalKind};
use guard_core::name::SetKey;
use guard_core::port::{Clock, Digests, Fault, Known, Landed, Ledger};
use guard_core::tally::{Addition, BucketTally, Held, Receipts, Slot};
use guard_core::time::Bucket;
use guard_local::{ManualClock, MemoryDigests, MemoryLedger};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

/// What is wrong with a guard, if anything is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Wrong {
    Nothing,
    /// Late additions are not noted.
    NoNotes,
    /// The state that is noted is the one before the addition.
    OldNotes,
    /// An older note replaces a later one.
    LatestNoteWins,
    /// Digests are made as soon as additions are noted.
    ClosedTooEarly,
    /// The clock is read before the write.
    ClockReadFirst,
}

/// What every process shares.
#[derive(Clone)]
struct World {
    ledger: MemoryLedger,
    digests: MemoryDigests,
    clock: ManualClock,
    wrong: Wrong,
    /// All states that each bucket ever was in.
    history: Arc<Mutex<BTreeMap<Bucket, Vec<BucketTally>>>>,
    /// What is to go wrong with the next requests, in order: 1 refused, 2 answer lost, else nothing.
    faults: Arc<Mutex<Vec<u8>>>,
    /// Notes as a mutant keeps them: the latest wins.
    notes: Arc<Mutex<BTreeMap<Bucket, BucketTally>>>,
}

/// The ports of one process, whose clock is off.
#[derive(Clone)]
struct Process {
    world: World,
    skew: i64,
    read_clock: Arc<Mutex<Option<Timestamp>>>,
}

/// Lets others go on.
async fn travel() {
    let mut is_there = false;
    std::future::poll_fn(move |context| {
        // Several requests of one process are polled again only when they say so.
        context.waker().wake_by_ref();
        if std::mem::replace(&mut is_there, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

impl Process {
    /// A request: it travels, takes effect, and its answer travels.
    async fn ask<T>(&self, effect: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        travel().await;
        let fault = self.world.faults.lock().unwrap().pop().unwrap_or(0);
        let failed = |landed| Fault { operation: "ask", subject: String::new(), landed, source: "planted".into() };
        if fault == 1 {
            return Err(failed(Landed::No));
        }
        let answer = effect.await?;
        travel().await;
        if fault == 2 { Err(failed(Landed::Perhaps)) } else { Ok(answer) }
    }
}

impl Clock for Process {
    fn now(&self) -> Timestamp {
        let now = self.world.clock.now().saturating_add(SignedDuration::from_secs(self.skew)).unwrap();
        self.read_clock.lock().unwrap().unwrap_or(now)
    }
    async fn sleep(&self, _: u64) {}
}

impl Ledger for Process {
    async fn add(&self, addition: &Addition) -> Result<Held, Fault> {
        if self.world.wrong == Wrong::ClockReadFirst {
            let now = self.now();
            *self.read_clock.lock().unwrap() = Some(now);
        }
        self.ask(async {
            let held = self.world.ledger.add(addition).await?;
            self.world.history.lock().unwrap().entry(addition.bucket).or_default().push(held.tally.clone());
            Ok(held)
        })
        .await
    }

    async fn window(&self, set: &SetKey, from: Bucket, to: Bucket) -> Result<Vec<BucketTally>, Fault> {
        self.ask(self.world.ledger.window(set, from, to)).await
    }
}

impl Digests for Process {
    async fn note(&self, set: &SetKey, held: &BucketTally) -> Result<(), Fault> {
        match self.world.wrong {
            Wrong::NoNotes => return Ok(()),
            Wrong::LatestNoteWins => {
                return self
                    .ask(async {
                        self.world.notes.lock().unwrap().insert(held.bucket, held.clone());
                        Ok(())
                    })
                    .await;
            }
            Wrong::OldNotes => {
                let before = self.world.history.lock().unwrap()[&held.bucket]
                    .iter()
                    .rfind(|state| state.receipts() < held.receipts())
                    .cloned();
                return match before {
                    Some(before) => self.ask(self.world.digests.note(set, &before)).await,
                    None => Ok(()),
                };
            }
            Wrong::Nothing | Wrong::ClosedTooEarly | Wrong::ClockReadFirst => {}
        }
        self.ask(self.world.digests.note(set, held)).await
    }

    async fn known(&self, set: &SetKey, from: Sheet, to: Sheet) -> Result<Known, Fault> {
        // Digests may lag: they are read some time before the notes.
        let digests = self.ask(self.world.digests.known(set, from, to)).await?.digests;
        let mut known = self.ask(self.world.digests.known(set, from, to)).await?;
        known.digests = digests;
        known.notes.extend(self.world.notes.lock().unwrap().values().cloned());
        Ok(known)
    }

    async fn keep(&self, set: &SetKey, digest: &Digest) -> Result<(), Fault> {
        self.ask(self.world.digests.keep(set, digest)).await
    }

    async fn begin(&self, now: Timestamp) -> Result<(), Fault> {
        self.world.digests.begin(now).await
    }

    async fn begun(&self) -> Result<Option<Timestamp>, Fault> {
        self.world.digests.begun().await
    }
}

/// 2026-11-20T12:00:00Z.
const NOON: i64 = 1_795_176_000;

fn first() -> Bucket {
    Bucket::starting_at(NOON).unwrap()
}

fn promo() -> SetKey {
    "111122223333/eu-west-1/promo".parse().unwrap()
}

fn addition(bucket: Bucket, number: u64) -> Addition {
    let one = Receipts { receipts: 1, suspect: 0, ids: [ReceiptId(number.to_be_bytes())].into(), record_ids: true };
    let receipts =
        SignalKind::ALL.map(|kind| (kind, if kind == SignalKind::Bounce { one.clone() } else { Receipts::default() }));
    Addition { receipts, newest_failure: Some(Slot::of(bucket.start())), ..Addition::empty(promo(), bucket) }
}

/// What happens next.
#[derive(Debug, Clone)]
enum Step {
    /// Somebody with this clock begins to add to the bucket so many before the present one.
    Add { skew: i64, back: i64 },
    /// Somebody with this clock begins to read.
    Read { skew: i64 },
    /// One of those who run goes on.
    GoOn(usize),
    /// One of them dies.
    Die(usize),
    /// Time passes, in minutes.
    Wait(i64),
    /// The next requests fail so.
    Fail(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let skew = || prop_oneof![Just(0), -240..=240_i64];
    prop_oneof![
        6 => (skew(), prop_oneof![0..4_i64, 4..9_i64, 0..30_i64]).prop_map(|(skew, back)| Step::Add { skew, back }),
        5 => skew().prop_map(|skew| Step::Read { skew }),
        40 => any::<usize>().prop_map(Step::GoOn),
        1 => any::<usize>().prop_map(Step::Die),
        5 => prop_oneof![0..3_i64, 3..40_i64].prop_map(Step::Wait),
        1 => (1..3_u8).prop_map(Step::Fail),
    ]
}

/// The states, by number, of which a reader must see these or later ones.
type Owed = BTreeMap<Bucket, u64>;
type Running = Pin<Box<dyn Future<Output = Done>>>;

enum Done {
    Added(Option<(Bucket, u64)>),
    Read { owed: Owed, window: Option<Vec<BucketTally>> },
}

/// Plays the steps; what was promised and not kept.
fn play(steps: &[Step], wrong: Wrong) -> Result<(), String> {
    let world = World {
        ledger: MemoryLedger::default(),
        digests: MemoryDigests::default(),
        clock: ManualClock::at(first().start()),
        wrong,
        history: Arc::default(),
        faults: Arc::default(),
        notes: Arc::default(),
    };
    let closed = if wrong == Wrong::ClosedTooEarly { 3_600 } else { Ages::DEPLOYED.closed };
    let ages = Ages { closed, settled: 0, ..Ages::DEPLOYED };
    let digested = |skew| {
        let process = Process { world: world.clone(), skew, read_clock: Arc::default() };
        Digested::new(process.clone(), process.clone(), process).with(ages, Some(Keeping { above_bytes: 0 }))
    };
    let mut owed = Owed::new();
    let mut running: Vec<Running> = Vec::new();
    let mut number = 0;
    // Whoever still runs goes on to its end; then somebody reads once more.
    let rest = std::iter::repeat_n(Step::GoOn(0), 2_000);
    let last = std::iter::once(Step::Read { skew: 0 }).chain(rest.clone());
    for step in steps.iter().cloned().chain(rest).chain(last) {
        match step {
            Step::Add { skew, back } => {
                let digested = digested(skew);
                number += 1;
                let addition = addition(Bucket::of(world.clock.now()).plus(-back), number);
                running.push(Box::pin(async move {
                    let held = digested.add(&addition).await.ok();
                    Done::Added(held.map(|held| (addition.bucket, held.tally.receipts())))
                }));
            }
            Step::Read { skew } => {
                let (digested, owed) = (digested(skew), owed.clone());
                let to = Bucket::of(world.clock.now()).plus(1);
                running.push(Box::pin(async move {
                    let window = digested.window(&promo(), first().plus(-40), to).await.ok();
                    Done::Read { owed, window }
                }));
            }
            Step::GoOn(which) if !running.is_empty() => {
                let which = which % running.len();
                let poll = running[which].as_mut().poll(&mut Context::from_waker(noop_waker_ref()));
                if let Poll::Ready(done) = poll {
                    drop(running.swap_remove(which));
                    settle(done, &world, &mut owed)?;
                }
            }
            Step::Die(which) if !running.is_empty() => drop(running.swap_remove(which % running.len())),
            Step::GoOn(_) | Step::Die(_) => {}
            Step::Wait(minutes) => world.clock.advance(minutes * 60),
            Step::Fail(how) => world.faults.lock().unwrap().push(how),
        }
    }
    assert!(running.is_empty(), "all have come to their end");
    Ok(())
}

fn settle(done: Done, world: &World, owed: &mut Owed) -> Result<(), String> {
    match done {
        Done::Added(None) | Done::Read { window: None, .. } => Ok(()),
        Done::Added(Some((bucket, receipts))) => {
            let most = owed.entry(bucket).or_default();
            *most = receipts.max(*most);
            Ok(())
        }
        Done::Read { owed, window: Some(window) } => {
            let history = world.history.lock().unwrap();
            let held: BTreeMap<Bucket, BucketTally> =
                window.iter().map(|tally| (tally.bucket, tally.clone())).collect();
            for tally in &window {
                if !history.get(&tally.bucket).is_some_and(|states| states.contains(tally)) {
                    return Err(format!("no bucket ever held {tally:?}"));
                }
            }
            match owed.into_iter().find(|(bucket, owed)| held.get(bucket).map_or(0, BucketTally::receipts) < *owed) {
                Some((bucket, owed)) => Err(format!("{owed} receipts of {bucket:?} were acknowledged, and not read")),
                None => Ok(()),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_window_holds_all_that_was_added_before_it_was_asked_for(steps in prop::collection::vec(step(), 0..400)) {
        prop_assert_eq!(play(&steps, Wrong::Nothing), Ok(()));
    }
}

#[test]
fn every_mistake_is_found() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let steps = prop::collection::vec(step(), 400);
    let plays: Vec<Vec<Step>> = (0..1_000).map(|_| steps.new_tree(&mut runner).unwrap().current()).collect();
    for wrong in [Wrong::NoNotes, Wrong::OldNotes, Wrong::LatestNoteWins, Wrong::ClosedTooEarly, Wrong::ClockReadFirst]
    {
        let found = plays.iter().position(|steps| play(steps, wrong).is_err());
        println!("{wrong:?}: {found:?}");
        assert!(found.is_some(), "{wrong:?} is found in none of {} plays", plays.len());
    }
}
