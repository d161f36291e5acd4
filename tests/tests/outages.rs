//! A function that is killed hundreds of times, tables that are away for ten minutes: nothing is lost, nothing is counted
//! twice, and nobody is paused for it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use guard_core::audit::AuditRecord;
use guard_core::event::SignalKind::{self, Bounce, Send};
use guard_core::name::SetKey;
use guard_core::port::{Clock, Committed, Fault, Glance, Landed, Ledger, Pending, Register};
use guard_core::state::{Change, Phase, State};
use guard_core::tally::{Addition, BucketTally, Held};
use guard_core::time::{Bucket, plus_seconds};
use guard_ingest::Ingest;
use guard_local::{ManualClock, MemoryLedger, MemoryRegister};
use guard_tests::crash::{Fuse, Mortal};
use guard_tests::guard::{Guard, receipt};
use guard_tests::mail::{QUEUE_ARN, at, record, set};
use guard_tests::queue::{Message, Queue, invocation};
use guard_tests::store::dynoxide;
use guard_tests::traffic::{Balance, IdleClock, Traffic, balance, dice};
use jiff::Timestamp;

const NOON: &str = "2026-11-20T12:00:00Z";

fn deadline(now: Timestamp) -> u64 {
    plus_seconds(now, 30).as_millisecond().unsigned_abs()
}

fn failures(response: impl serde::Serialize) -> BTreeSet<String> {
    let response = serde_json::to_value(response).unwrap();
    let failures = response["batchItemFailures"].as_array().expect("the answer lists its failures");
    failures.iter().map(|failure| failure["itemIdentifier"].as_str().unwrap().to_owned()).collect()
}

// ── Killed ──

/// What the kills hit.
struct Killed {
    deaths: u64,
    batches: u64,
    letters: usize,
    /// Messages that were handed out, and may have been counted by who died: one recipient each.
    again: u64,
    balance: Balance,
}

/// Counts so many mails and their bounces in batches, with processes that die at some await, `kills` of them in all. 3 of
/// 100 acknowledgements are lost, too.
async fn killed<L, R>(ledger: L, register: R, mails: u64, batch: usize, kills: u64) -> Killed
where
    L: Ledger + Clone,
    R: Register + Clone,
{
    let (mut traffic, mut queue) = (Traffic::new(at(NOON), 5_400, mails), Queue::default());
    let clock = IdleClock(ManualClock::at(plus_seconds(at(NOON), 5_400)));
    let begin = |fuse: &Fuse| {
        let (ledger, register) = (Mortal::new(ledger.clone(), fuse), Mortal::new(register.clone(), fuse));
        Ingest::new(QUEUE_ARN.to_owned(), Guard::reader(), ledger, register, clock.clone())
    };
    // The first one lives for a batch, to learn how many steps one has.
    let mut fuse = Fuse::of(1_000_000);
    let mut process = begin(&fuse);
    let (mut deaths, mut batches, mut steps_of_a_batch) = (0, 0, 0);
    let all_batches = mails * 11 / 10 / batch as u64;
    let (mut letters, mut again) = (0, 0);
    loop {
        if traffic.is_over() && queue.is_empty() {
            // Who was in a batch that died five times is put back.
            match queue.put_back() {
                0 => break,
                dead => letters += dead,
            }
        }
        traffic.next(batch as u64).into_iter().for_each(|body| {
            queue.send(body);
        });
        let now = clock.now();
        let messages = queue.receive(now, batch);
        batches += 1;
        // A dead letter that is put back is new to the queue.
        again += messages.iter().filter(|message| message.received > 1 || letters > 0).count() as u64;
        let answer = fuse.run(process.handle(invocation(&messages), deadline(now))).await;
        let died = answer.is_none();
        let failed = answer.map(failures).unwrap_or_default();
        assert!(failed.is_empty(), "nothing but death keeps a message: {failed:?}");
        queue.settle(messages, now, |message| died || dice(batches ^ number(message)) % 100 < 3);
        if batches == 1 {
            steps_of_a_batch = fuse.calls_since(1_000_000) * 2;
        }
        if died || batches == 1 {
            deaths += u64::from(died);
            // So that the kills are spread over three quarters of the run.
            let life = all_batches * 3 / 4 * steps_of_a_batch * 2 / kills;
            fuse = if deaths < kills { Fuse::of(dice(deaths) % life.max(1)) } else { Fuse::endless() };
            process = begin(&fuse);
        }
        clock.0.advance(1);
    }
    assert_eq!(deaths, kills);
    for (set, bad) in Traffic::sets() {
        assert!(register.read(&set).await.unwrap().to_judge || !bad, "{set} is marked");
    }
    Killed { deaths, batches, letters, again, balance: balance(&ledger, &traffic.truth).await }
}

fn number(message: &Message) -> u64 {
    message.id.rsplit('-').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn told(what: &str, killed: &Killed) {
    let Killed { deaths, batches, letters, again, balance: Balance { exact, bounded, width } } = *killed;
    println!(
        "{what}: {deaths} deaths in {batches} batches, {letters} dead letters, {again} messages handed out again; \
         {exact} counts exact, {bounded} between bounds that are {width} apart in all"
    );
    assert!(width <= again, "only what was handed out again is uncertain");
}

/// Where a bucket has room for the ids of all that is uncertain.
fn exact_for_the_most_part(killed: &Killed) {
    let Balance { exact, bounded, .. } = killed.balance;
    assert!(exact > bounded, "most are known to the last one");
}

#[tokio::test]
async fn ingest_is_killed_two_hundred_times_and_the_books_balance() {
    let killed = killed(MemoryLedger::default(), MemoryRegister::default(), 40_000, 100, 200).await;
    told("in memory", &killed);
    exact_for_the_most_part(&killed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ingest_is_killed_among_its_requests_to_dynamodb() {
    let (ledger, register) = dynoxide().await;
    let killed = killed(ledger, register, 3_000, 50, 20).await;
    told("in DynamoDB", &killed);
    exact_for_the_most_part(&killed);
}

#[tokio::test]
#[ignore = "minutes: `make soak`"]
async fn ingest_is_killed_two_hundred_times_in_a_million_events() {
    told("in memory", &killed(MemoryLedger::default(), MemoryRegister::default(), 960_000, 1_000, 200).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "minutes: `make soak`"]
async fn ingest_is_killed_two_hundred_times_among_its_requests_to_dynamodb() {
    let (ledger, register) = dynoxide().await;
    let killed = killed(ledger, register, 40_000, 100, 200).await;
    told("in DynamoDB", &killed);
    exact_for_the_most_part(&killed);
}

// ── Away ──

/// A store that can be away. While it fades, what it is asked is done, and the answer is lost.
#[derive(Debug, Clone)]
struct Away<P> {
    store: P,
    fades: Arc<AtomicBool>,
    away: Arc<AtomicBool>,
}

impl<P> Away<P> {
    fn of(store: P, fades: &Arc<AtomicBool>, away: &Arc<AtomicBool>) -> Self {
        Self { store, fades: fades.clone(), away: away.clone() }
    }

    async fn ask<T>(&self, asked: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        let lost = |landed| Fault { operation: "Any", subject: "table".into(), landed, source: "no answer".into() };
        if self.away.load(Ordering::SeqCst) {
            return Err(lost(Landed::Perhaps));
        }
        let answer = asked.await;
        if self.fades.load(Ordering::SeqCst) { Err(lost(Landed::Perhaps)) } else { answer }
    }
}

impl<P: Ledger> Ledger for Away<P> {
    async fn add(&self, addition: &Addition) -> Result<Held, Fault> {
        self.ask(self.store.add(addition)).await
    }
    async fn window(&self, set: &SetKey, from: Bucket, to: Bucket) -> Result<Vec<BucketTally>, Fault> {
        self.ask(self.store.window(set, from, to)).await
    }
}

impl<P: Register> Register for Away<P> {
    async fn mark(&self, set: &SetKey) -> Result<(), Fault> {
        self.ask(self.store.mark(set)).await
    }
    async fn read(&self, set: &SetKey) -> Result<State, Fault> {
        self.ask(self.store.read(set)).await
    }
    async fn commit(&self, change: &Change) -> Result<Committed, Fault> {
        self.ask(self.store.commit(change)).await
    }
    async fn pending(&self) -> Result<Vec<Pending>, Fault> {
        self.ask(self.store.pending()).await
    }
    async fn to_judge(&self) -> Result<Vec<SetKey>, Fault> {
        self.ask(self.store.to_judge()).await
    }
    async fn glances(&self) -> Result<Vec<Glance>, Fault> {
        self.ask(self.store.glances()).await
    }
    async fn states(&self) -> Result<Vec<(SetKey, State)>, Fault> {
        self.ask(self.store.states()).await
    }
    async fn history(&self, set: &SetKey, limit: u32) -> Result<Vec<AuditRecord>, Fault> {
        self.ask(self.store.history(set, limit)).await
    }
    async fn audit_record(&self, set: &SetKey, id: &guard_core::audit::AuditId) -> Result<Option<AuditRecord>, Fault> {
        self.ask(self.store.audit_record(set, id)).await
    }
}

#[tokio::test]
async fn dynamodb_is_away_for_ten_minutes_and_nothing_is_lost() {
    const MINUTE: u64 = 60;
    let sets: Vec<SetKey> = Traffic::sets().into_iter().map(|(set, _)| set).collect();
    let mut guard = Guard::of(at(NOON), &sets);
    let (fades, away) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (ledger, register) =
        (Away::of(guard.ledger.clone(), &fades, &away), Away::of(guard.register.clone(), &fades, &away));
    let ingest = Ingest::new(QUEUE_ARN.to_owned(), Guard::reader(), ledger, register, IdleClock(guard.clock.clone()));
    let (mut traffic, mut queue) = (Traffic::new(at(NOON), 25 * MINUTE, 30_000), Queue::default());
    let mut drained = None;
    for second in 0..40 * MINUTE {
        // Mail for 25 minutes; from the fifth to the fifteenth there is no table, and none answers in the ten seconds before.
        fades.store((5 * MINUTE - 10..5 * MINUTE).contains(&second), Ordering::SeqCst);
        away.store((5 * MINUTE..15 * MINUTE).contains(&second), Ordering::SeqCst);
        let unanswered = fades.load(Ordering::SeqCst) || away.load(Ordering::SeqCst);
        let now = plus_seconds(at(NOON), second.cast_signed());
        guard.clock.set(now);
        traffic.next(20).into_iter().for_each(|body| {
            queue.send(body);
        });
        while queue.has(now) {
            let messages = queue.receive(now, 1_000);
            let failed = failures(ingest.handle(invocation(&messages), deadline(now)).await);
            assert_eq!(failed.len() == messages.len(), unanswered, "{second} s: {} failed", failed.len());
            queue.settle(messages, now, |message| failed.contains(&message.id));
        }
        if !unanswered {
            guard.settle().await;
            if second % MINUTE == 0 {
                guard.sweep().await;
            }
            if second % (5 * MINUTE) == 0 {
                guard.look().await;
            }
        }
        // All that was published while the table was away, and what came since.
        if second >= 15 * MINUTE && queue.is_empty() {
            drained = drained.or(Some(second - 15 * MINUTE));
        }
    }
    let drained = drained.expect("the queue is empty in the end");
    println!("drained {drained} s after the table came back");
    assert!(drained < 300, "{drained} s");
    assert!(queue.is_empty() && queue.dead.is_empty(), "{} dead letters", queue.dead.len());
    balance(&guard.ledger, &traffic.truth).await;
    for (set, bad) in Traffic::sets() {
        assert_eq!(guard.ses.accepts(&set), !bad, "{set}");
        assert_eq!(guard.state(&set).await.phase == Phase::Paused, bad, "{set}");
    }
    let degraded: Vec<_> =
        guard.notices.all().into_iter().filter(|notice| notice.detail_type == "Counting Degraded").collect();
    assert!(!degraded.is_empty(), "people are told that the counts are uncertain");
    println!("told: {:?}", degraded.iter().map(|notice| &notice.subject).collect::<Vec<_>>());
}

// ── Dead letters ──

#[tokio::test]
async fn dead_letters_that_were_counted_pause_nobody_when_they_come_back() {
    // 3 % of 20,000 mails bounced, far more than a bucket holds ids. The state table is away, and only that one: each
    // bounce is counted and can't be marked, five times.
    let busy = set("busy");
    let mut guard = Guard::of(at(NOON), std::slice::from_ref(&busy));
    let (fades, away) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let register = Away::of(guard.register.clone(), &fades, &away);
    let ingest = Ingest::new(
        QUEUE_ARN.to_owned(),
        Guard::reader(),
        guard.ledger.clone(),
        register,
        IdleClock(guard.clock.clone()),
    );
    guard.mail("busy", Send, 0, 20_000, at(NOON)).await;
    let mut queue = Queue::default();
    for mail in 0..600 {
        queue.send(record("busy", Bounce, mail, at(NOON)).to_string());
    }
    for is_away in [true, false] {
        away.store(is_away, Ordering::SeqCst);
        while !queue.is_empty() {
            let now = guard.clock.now();
            let messages = queue.receive(now, 100);
            let failed = failures(ingest.handle(invocation(&messages), deadline(now)).await);
            queue.settle(messages, now, |message| failed.contains(&message.id));
            guard.clock.advance(5);
        }
        assert_eq!(queue.put_back(), if is_away { 600 } else { 0 });
    }
    guard.settle().await;
    let bucket = Bucket::of(at(NOON));
    let count = guard.ledger.window(&busy, bucket, bucket).await.unwrap()[0].counts.bounces;
    assert_eq!((count.lower(), count.receipts), (600, 3_600), "as often as they came: {count:?}");
    assert!(guard.ses.accepts(&busy), "600 of 20,000, where 1,010 pause");
}

/// What a set's counts come to, and where it stands: phase, generation, fence, records on file.
async fn standing(guard: &Guard, set: &SetKey) -> String {
    let (from, to) = (Bucket::of(at(NOON)), Bucket::of(plus_seconds(at(NOON), 7_200)));
    let tallies = guard.ledger.window(set, from, to).await.unwrap();
    let counts: Vec<_> =
        tallies.iter().map(|tally| SignalKind::ALL.map(|kind| tally.counts.of(kind).exact().expect("exact"))).collect();
    let State { phase, generation, fresh, pending, .. } = guard.state(set).await;
    let records = guard.register.history(set, 50).await.unwrap().len();
    format!("{set}: {counts:?} {phase:?} {generation} {fresh:?} {pending:?} {records}")
}

#[tokio::test]
async fn a_hundred_thousand_dead_letters_that_come_back_after_three_days_change_nothing() {
    // 400 sets with 247 mails each in four quarters of an hour; of each tenth set 30 bounced.
    let sets: Vec<SetKey> = (0..400).map(|number| set(&format!("tenant-{number:03}"))).collect();
    let mut guard = Guard::of(at(NOON), &sets);
    let mut letters = Vec::new();
    for (kind, mails) in [(Send, 0..247_u64), (Bounce, 0..30)] {
        for mail in mails {
            let sent_at = plus_seconds(at(NOON), (mail % 4).cast_signed() * 900);
            let those = sets.iter().step_by(if kind == Send { 1 } else { 10 });
            letters.extend(those.map(|set| receipt(set.name.as_str(), kind, mail, sent_at)));
        }
    }
    assert_eq!(letters.len(), 100_000);
    guard.clock.set(plus_seconds(at(NOON), 3_600));
    let mut standings = Vec::new();
    let mut told = Vec::new();
    for days in [0, 3] {
        guard.clock.advance(days * 86_400);
        // As new ones: whoever puts a dead letter back sends it anew.
        for batch in letters.chunks(1_000) {
            assert!(guard.count(batch, &Fuse::endless()).await.unwrap().failed.is_empty());
        }
        guard.settle().await;
        told.push(guard.notices.all().len());
        standings.push(futures::future::join_all(sets.iter().map(|set| standing(&guard, set))).await);
    }
    assert_eq!(sets.iter().filter(|set| !guard.ses.accepts(set)).count(), 40, "30 of 247, where 23 pause");
    assert_eq!(standings[1], standings[0]);
    assert_eq!(told[1], told[0]);
}
