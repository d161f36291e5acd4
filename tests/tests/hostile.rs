//! What nobody should send: each bad message fails alone, and neither its words nor its times get anywhere.

use std::collections::BTreeSet;

use guard_core::event::SignalKind::{self, Bounce, Complaint, Prevented, Send};
use guard_core::port::{Ledger, Register};
use guard_core::state::Phase;
use guard_core::tally::Interval;
use guard_core::time::{Bucket, plus_seconds};
use guard_ingest::Ingest;
use guard_local::{ManualClock, MemoryLedger, MemoryRegister};
use guard_tests::guard::Guard;
use guard_tests::mail::{QUEUE_ARN, at, record, set};
use guard_tests::queue::{Message, Queue, invocation};
use guard_tests::story::{guard, order, with_bounces};
use guard_tests::traffic::{Traffic, balance};
use jiff::Timestamp;
use serde_json::{Value, json};

const NOON: &str = "2026-11-20T12:00:00Z";

/// The function, its tables and its clock.
struct Function {
    ledger: MemoryLedger,
    register: MemoryRegister,
    clock: ManualClock,
    ingest: Ingest<MemoryLedger, MemoryRegister, ManualClock>,
}

impl Function {
    fn at(now: Timestamp) -> Self {
        let (ledger, register, clock) = (MemoryLedger::default(), MemoryRegister::default(), ManualClock::at(now));
        let ingest =
            Ingest::new(QUEUE_ARN.to_owned(), Guard::reader(), ledger.clone(), register.clone(), clock.clone());
        Self { ledger, register, clock, ingest }
    }

    /// Empties the queue, and gives the dead letters.
    async fn drain(&self, queue: &mut Queue) -> Vec<Message> {
        use guard_core::port::Clock;
        while !queue.is_empty() {
            let now = self.clock.now();
            let messages = queue.receive(now, 1_000);
            let deadline = plus_seconds(now, 30).as_millisecond().unsigned_abs();
            let response = self.ingest.handle(invocation(&messages), deadline).await;
            let response = serde_json::to_value(response).unwrap();
            let failures = response["batchItemFailures"].as_array().unwrap();
            let failed: BTreeSet<&str> = failures.iter().map(|one| one["itemIdentifier"].as_str().unwrap()).collect();
            queue.settle(messages, now, |message| failed.contains(message.id.as_str()));
            self.clock.advance(10);
        }
        std::mem::take(&mut queue.dead)
    }

    async fn counts(&self, name: &str, sent_at: Timestamp, kind: SignalKind) -> Interval {
        let held = self.ledger.window(&set(name), Bucket::of(sent_at), Bucket::of(sent_at)).await.unwrap();
        held.first().map(|tally| *tally.counts.of(kind)).unwrap_or_default()
    }
}

/// What can't be read, each in another way.
fn poison(number: u64, now: Timestamp) -> String {
    let good = record("clean-00", Send, 1_000_000 + number, now);
    let with = |path: &str, value: Value| {
        let mut record = good.clone();
        *record.pointer_mut(path).unwrap() = value;
        record.to_string()
    };
    match number % 6 {
        0 => good.to_string()[..200].to_owned(),
        1 => with("/mail/sendingAccountId", json!("999988887777")),
        2 => with("/mail/timestamp", json!("2100-01-01T00:00:00.000Z")),
        3 => with("/mail/tags/ses:configuration-set/0", json!("clean-00\u{0}")),
        4 => with("/mail/source", json!("x".repeat(300 * 1024))),
        _ => "[".repeat(200_000),
    }
}

/// One in 20,000 can't be read.
async fn poisoned(events: u64) {
    let function = Function::at(plus_seconds(at(NOON), 900));
    let (mut traffic, mut queue) = (Traffic::new(at(NOON), 900, events), Queue::default());
    let mut poisoned = BTreeSet::new();
    for _ in 0..events / 1_000 {
        for body in traffic.next(1_000) {
            let number = queue.send(body);
            if number % 20_000 == 10_000 {
                let bad = poison(number / 20_000, at(NOON));
                poisoned.insert(bad.clone());
                queue.send(bad);
            }
        }
    }
    traffic.next(1_000).into_iter().for_each(|body| {
        queue.send(body);
    });
    assert!(traffic.is_over());
    let dead: Vec<Message> = function.drain(&mut queue).await;
    println!("{} of {} messages are dead letters", dead.len(), events);
    assert_eq!(dead.len(), poisoned.len(), "one dead letter each");
    assert_eq!(dead.into_iter().map(|message| message.body).collect::<BTreeSet<_>>(), poisoned);
    let balance = balance(&function.ledger, &traffic.truth).await;
    assert_eq!(balance.width, 0, "no neighbour came twice: {balance:?}");
}

#[tokio::test]
async fn one_unreadable_message_in_twenty_thousand_is_one_dead_letter_and_its_neighbours_are_counted() {
    poisoned(120_000).await;
}

/// The paths of all texts in a value.
fn texts(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(path.to_owned()),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(n, one)| texts(one, &format!("{path}/{n}"), found));
        }
        Value::Object(map) => map.iter().for_each(|(key, one)| {
            texts(one, &format!("{path}/{}", key.replace('~', "~0").replace('/', "~1")), found);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[tokio::test]
async fn control_characters_in_any_field_get_no_further_than_the_message_itself() {
    let now = at(NOON);
    let function = Function::at(now);
    let mut queue = Queue::default();
    let (mut sent, mut mail) = (0, 0);
    for kind in [Send, Bounce, Complaint, Prevented] {
        let mut paths = Vec::new();
        texts(&record("promo", kind, 0, now), "", &mut paths);
        for path in &paths {
            for text in ["\u{0}", "\u{1b}[31mred", "\n", "\r\n{\"eventType\":\"Send\"}", "\u{7f}", "\u{85}", "\u{2028}"]
            {
                for whole in [true, false] {
                    mail += 1;
                    let mut bad = record("promo", kind, mail, now);
                    let field = bad.pointer_mut(path).unwrap();
                    let before = if whole { "" } else { field.as_str().unwrap() };
                    *field = format!("{before}{text}").into();
                    queue.send(bad.to_string());
                    queue.send(record("neighbour", kind, mail, now).to_string());
                    sent += 1;
                }
            }
        }
    }
    let dead = function.drain(&mut queue).await;
    let different: BTreeSet<&String> = dead.iter().map(|message| &message.body).collect();
    assert_eq!(different.len(), dead.len(), "one dead letter each");
    assert!(dead.iter().all(|message| !message.body.contains("neighbour")), "and none of a neighbour");
    let mut neighbours = 0;
    for kind in [Send, Bounce, Complaint, Prevented] {
        let count = function.counts("neighbour", now, kind).await;
        assert_eq!(count.lower(), count.upper(), "{kind:?}: {count:?}");
        neighbours += count.upper();
    }
    assert_eq!(neighbours, sent, "each neighbour is counted");
    println!("{sent} messages with control characters, {} of them dead letters", dead.len());
    let sets: BTreeSet<_> = function.register.to_judge().await.unwrap().into_iter().collect();
    assert_eq!(sets, ["neighbour", "promo"].map(set).into(), "no other set came of it");
    let stored = format!("{:?}{:?}", function.ledger, function.register);
    for trace in ["\\0", "\\u{1b}", "\\n", "\\r", "[31m", "\\u{7f}", "\\u{85}", "\\u{2028}"] {
        assert!(!stored.contains(trace), "{trace} is stored");
    }
}

#[tokio::test]
async fn the_greatest_message_is_counted_and_a_greater_one_is_one_dead_letter() {
    let now = at(NOON);
    let function = Function::at(now);
    let mut queue = Queue::default();
    let to = |count: u64, mail: u64| {
        let addresses: Vec<String> = (0..count).map(|n| format!("r{mail}-{n}@example.net")).collect();
        let mut record = record("promo", Send, mail, now);
        record["mail"]["destination"] = json!(addresses);
        record
    };
    let padded = |bytes: usize, mail: u64| {
        let body = record("promo", Send, mail, now).to_string();
        format!("{body}{}", " ".repeat(bytes - body.len()))
    };
    let (fits, too_many, too_long) = (to(50, 1), to(51, 2), padded(300 * 1024, 3));
    for body in [fits.to_string(), too_many.to_string(), padded(256 * 1024, 4), too_long.clone()] {
        queue.send(body);
    }
    let dead: Vec<String> = function.drain(&mut queue).await.into_iter().map(|message| message.body).collect();
    assert_eq!(dead, [too_many.to_string(), too_long]);
    let count = function.counts("promo", now, Send).await;
    assert_eq!((count.lower(), count.upper()), (51, 51), "50 recipients and one: {count:?}");
}

// ── Time ──

/// What becomes of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Counted(&'static str),
    LeftOut,
    DeadLetter,
}

#[tokio::test]
async fn strange_times_and_clocks_that_are_off_by_five_minutes_find_the_right_bucket_or_none() {
    use Fate::{Counted, DeadLetter, LeftOut};
    let (noon, quarter) = ("2026-11-20T12:00:00Z", "2026-11-20T12:15:00Z");
    // It is 12:10 in truth.
    let cases = [
        ("2026-11-20T12:10:00.000Z", Counted(noon)),
        ("2026-11-20T12:14:59.999Z", Counted(noon)),
        ("2026-11-20T12:15:00.000Z", Counted(quarter)),
        ("2026-11-20T12:00:00.000Z", Counted(noon)),
        ("2026-11-20T11:59:59.999Z", Counted("2026-11-20T11:45:00Z")),
        ("2026-11-20T13:10:00.000+01:00", Counted(noon)),
        // A leap second that never was, and one that was: the second before.
        ("2026-11-20T11:59:60.000Z", Counted("2026-11-20T11:45:00Z")),
        ("2016-12-31T23:59:60.000Z", LeftOut),
        ("1970-01-01T00:00:00.000Z", LeftOut),
        ("0001-01-01T00:00:00.000Z", LeftOut),
        ("2100-01-01T00:00:00.000Z", DeadLetter),
        ("9999-12-31T23:59:59.999Z", DeadLetter),
        // Still ahead of every clock when it comes for the fifth time, twelve minutes later.
        ("2026-11-20T12:40:01.000Z", DeadLetter),
        ("2026-11-20T12:10:00.000", DeadLetter),
        ("2026-11-20 12:10:00", DeadLetter),
        ("2026-11-20T24:00:00.000Z", DeadLetter),
        ("2026-02-29T12:00:00.000Z", DeadLetter),
        ("2026-11-20T12:10:61.000Z", DeadLetter),
        ("1795176600", DeadLetter),
        ("", DeadLetter),
    ];
    for skew in [-300, 0, 300] {
        for (timestamp, expected) in cases {
            let what = format!("{timestamp}, with a clock that is {skew} s off");
            let function = Function::at(plus_seconds(at(NOON), 600 + skew));
            let mut queue = Queue::default();
            let mut strange = record("promo", Send, 1, at(NOON));
            strange["mail"]["timestamp"] = timestamp.into();
            queue.send(strange.to_string());
            queue.send(record("neighbour", Send, 1, at(NOON)).to_string());
            let dead = function.drain(&mut queue).await.len();
            let window = (Bucket::of(at("2026-11-01T00:00:00Z")), Bucket::of(at("2026-12-01T00:00:00Z")));
            let held = function.ledger.window(&set("promo"), window.0, window.1).await.unwrap();
            let buckets: Vec<_> = held.iter().map(|tally| tally.bucket.start()).collect();
            match expected {
                Counted(bucket) => assert_eq!((buckets, dead), (vec![at(bucket)], 0), "{what}"),
                LeftOut => assert_eq!((buckets, dead), (vec![], 0), "{what}"),
                DeadLetter => assert_eq!((buckets, dead), (vec![], 1), "{what}"),
            }
            assert_eq!(function.counts("neighbour", at(NOON), Send).await.exact(), Some(1), "{what}");
        }
    }
}

#[tokio::test]
async fn a_clock_that_is_off_by_five_minutes_pauses_whom_the_true_one_pauses() {
    // At the edge of a quarter of an hour, in the middle of one, and where a slow clock is still in the one before the mail's.
    for (edge, skew) in
        [(0, -300), (0, 300), (1, -300), (1, 300), (100, -300), (450, -300), (450, 300), (899, -300), (899, 300)]
    {
        for (bounces, over) in [(59, false), (60, true)] {
            let what = format!("{edge} s into a quarter, {skew} s off, {bounces} bounces");
            let (mut guard, promo, _) = guard();
            let truth = plus_seconds(at(NOON), edge);
            guard.clock.set(plus_seconds(truth, skew));
            guard.mail("promo", Send, 0, 1_000, plus_seconds(truth, -60)).await;
            guard.mail("promo", Bounce, 0, bounces, plus_seconds(truth, -60)).await;
            assert_eq!(guard.ses.accepts(&promo), !over, "{what}");
            guard.clock.set(plus_seconds(truth, 60));
            guard.sweep().await;
            assert_eq!(guard.ses.accepts(&promo), !over, "{what}, and the true clock agrees");
        }
    }
}

#[tokio::test]
async fn late_bounces_pause_nobody_again_though_the_clock_of_the_resume_is_five_minutes_fast() {
    for minutes in [1, 5, 10, 60] {
        for skew in [0, 300] {
            let (mut guard, promo, now) = with_bounces(98).await;
            guard.clock.set(plus_seconds(now, minutes * 60 + skew));
            assert_eq!(guard.operate(order("resume")).await["ok"], true);
            guard.clock.set(plus_seconds(now, minutes * 60));
            // Of mail from before the pause: as many as may bounce.
            guard.mail("promo", Bounce, 98, 800, plus_seconds(now, -600)).await;
            assert_eq!(guard.state(&promo).await.phase, Phase::Trial, "{minutes} min, {skew} s off");
        }
    }
}
