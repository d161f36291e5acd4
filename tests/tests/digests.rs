//! Old counts are known from digests and notes: the same promises by every store, and whoever dies in between.

use std::collections::BTreeSet;

use futures::future::join_all;
use guard_aws::{Clients, DynamoDigests, DynamoLedger};
use guard_core::digest::{Ages, Digest, Digested, Keeping, Sheet};
use guard_core::event::SignalKind::{Bounce, Send};
use guard_core::name::SetKey;
use guard_core::port::{Digests, Known, Ledger};
use guard_core::state::Phase;
use guard_core::steps::count::Receipt;
use guard_core::tally::{BucketTally, Interval, PerKind, fold};
use guard_core::time::{Bucket, plus_seconds};
use guard_local::{ManualClock, MemoryDigests, MemoryLedger};
use guard_tests::crash::Fuse;
use guard_tests::guard::{Guard, receipt};
use guard_tests::mail::{REGION, at, set, signal};

const NOON: &str = "2026-11-20T12:07:00Z";
const HOUR: i64 = 3_600;

/// Runs each law against each store.
macro_rules! contract {
    ($($law:ident),* $(,)?) => {
        mod in_memory {
            $(#[tokio::test]
            async fn $law() {
                super::$law(super::MemoryLedger::default(), super::MemoryDigests::default(), "").await;
            })*
        }
        mod in_dynamodb {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $law() {
                let (ledger, digests) = guard_tests::store::digests().await;
                super::$law(ledger, digests, "").await;
            })*
        }
        mod in_local_aws {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $law() {
                let Some((ledger, digests)) = super::local_aws() else {
                    eprintln!("skipped: GUARD_TEST_ENDPOINT names no local AWS; `make test` starts one");
                    return;
                };
                super::$law(ledger, digests, &format!("{}-", stringify!($law).replace('_', "-"))).await;
            })*
        }
    };
}

contract!(
    of_two_notes_the_one_with_more_receipts_stays,
    racing_notes_leave_the_latest,
    a_digest_is_kept_in_place_of_the_one_before,
    only_the_sheets_that_were_asked_for_are_known,
    notes_began_once,
    a_week_reads_the_same_with_digests,
);

/// The tables of a stack in the local AWS; sets are named by law, so that laws don't meet.
fn local_aws() -> Option<(DynamoLedger, DynamoDigests)> {
    let env = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let clients = Clients::local(&env("GUARD_TEST_ENDPOINT")?, REGION);
    let (ledger, digests) = (env("GUARD_TEST_LEDGER_TABLE")?, env("GUARD_TEST_DIGEST_TABLE")?);
    Some((DynamoLedger::new(&clients, &ledger), DynamoDigests::new(&clients, &digests)))
}

fn noon() -> Bucket {
    Bucket::of(at("2026-11-20T12:00:00Z"))
}

fn sent(bucket: Bucket, receipts: u64) -> BucketTally {
    let count = Interval { receipts, recorded: receipts, suspect: 0, ids: receipts };
    let counts = PerKind { sends: count, ..PerKind::default() };
    BucketTally { counts, ..BucketTally::nothing(bucket) }
}

async fn notes(digests: &impl Digests, set: &SetKey) -> Vec<BucketTally> {
    digests.known(set, Sheet::of(noon()), Sheet::of(noon())).await.unwrap().notes
}

async fn of_two_notes_the_one_with_more_receipts_stays(_: impl Ledger, digests: impl Digests, test: &str) {
    let set = set(&format!("{test}a"));
    for (receipts, noted) in [(9, 9), (10, 10), (9, 10), (10, 10), (100, 100), (99, 100), (1_000_000, 1_000_000)] {
        digests.note(&set, &sent(noon(), receipts)).await.unwrap();
        assert_eq!(notes(&digests, &set).await, [sent(noon(), noted)], "after {receipts}");
    }
    digests.note(&set, &sent(noon().plus(23), 3)).await.unwrap();
    assert_eq!(notes(&digests, &set).await, [sent(noon(), 1_000_000), sent(noon().plus(23), 3)]);
}

async fn racing_notes_leave_the_latest(_: impl Ledger, digests: impl Digests, test: &str) {
    let set = set(&format!("{test}a"));
    let noting = (1..40).map(|receipts| {
        let (digests, set, tally) = (&digests, &set, sent(noon().plus(receipts % 3), receipts.unsigned_abs()));
        async move { digests.note(set, &tally).await.unwrap() }
    });
    join_all(noting).await;
    assert_eq!(notes(&digests, &set).await, [sent(noon(), 39), sent(noon().plus(1), 37), sent(noon().plus(2), 38)]);
}

async fn a_digest_is_kept_in_place_of_the_one_before(_: impl Ledger, digests: impl Digests, test: &str) {
    let set = set(&format!("{test}a"));
    let sheet = Sheet::of(noon());
    for receipts in [5, 7, 6] {
        let mut digest = Digest::of(sheet);
        digest.put(noon(), Some(sent(noon(), receipts)));
        digest.put(noon().plus(1), None);
        digests.keep(&set, &digest).await.unwrap();
        let known = digests.known(&set, sheet, sheet).await.unwrap();
        assert_eq!(known, Known { digests: vec![digest], notes: Vec::new() });
    }
}

async fn only_the_sheets_that_were_asked_for_are_known(_: impl Ledger, digests: impl Digests, test: &str) {
    let (of, other) = (set(&format!("{test}a")), set(&format!("{test}ab")));
    let sheets: Vec<Sheet> = (-2..3).map(|number| Sheet::of(noon().plus(24 * number))).collect();
    for sheet in &sheets {
        let bucket = sheet.first().plus(3);
        let mut digest = Digest::of(*sheet);
        digest.put(bucket, None);
        digests.keep(&of, &digest).await.unwrap();
        digests.note(&of, &sent(bucket, 1)).await.unwrap();
    }
    let known = digests.known(&of, sheets[1], sheets[3]).await.unwrap();
    assert_eq!(known.digests.iter().map(|digest| digest.sheet).collect::<Vec<_>>(), sheets[1..=3]);
    assert_eq!(known.notes.iter().map(|note| Sheet::of(note.bucket)).collect::<Vec<_>>(), sheets[1..=3]);
    assert_eq!(digests.known(&other, sheets[0], sheets[4]).await.unwrap(), Known::default());
}

async fn notes_began_once(_: impl Ledger, digests: impl Digests, _: &str) {
    digests.begin(at("2026-11-20T12:00:00Z")).await.unwrap();
    let begun = digests.begun().await.unwrap().unwrap();
    digests.begin(plus_seconds(begun, HOUR)).await.unwrap();
    assert_eq!(digests.begun().await.unwrap(), Some(begun), "the first who said so is right");
}

/// A week of mail, some of it counted days late, read now and then by whoever keeps digests.
async fn a_week_reads_the_same_with_digests(ledger: impl Ledger, digests: impl Digests, test: &str) {
    let (name, clock) = (format!("{test}a"), ManualClock::at(at(NOON)));
    let ages = Ages { settled: 0, ..Ages::DEPLOYED };
    let ledger = &ledger;
    let digested = Digested::new(Borrowed(ledger), digests, clock.clone()).with(ages, Some(Keeping { above_bytes: 0 }));
    let set = set(&name);
    for quarter in 0..40_i64 {
        let now = plus_seconds(at(NOON), quarter * 900);
        clock.set(now);
        // Half of all mail is of now, the rest is up to ten hours old.
        for (mail, back) in (0..).zip([0, 0, quarter / 2, quarter]) {
            let kind = if mail % 2 == 0 { Send } else { Bounce };
            let number = quarter.unsigned_abs() * 10 + mail;
            let signal = signal(&name, kind, number, plus_seconds(now, -back * 900));
            for mut addition in fold([(&signal, false)]) {
                addition.record_what_fits(None);
                digested.add(&addition).await.unwrap();
            }
        }
        let (from, to) = (Bucket::of(now).plus(-30), Bucket::of(now).plus(1));
        let read = digested.window(&set, from, to).await.unwrap();
        assert_eq!(read, ledger.window(&set, from, to).await.unwrap(), "after {quarter} quarters of an hour");
    }
}

/// A ledger that others read too.
struct Borrowed<'a, L>(&'a L);

impl<L: Ledger> Ledger for Borrowed<'_, L> {
    async fn add(
        &self,
        addition: &guard_core::tally::Addition,
    ) -> Result<guard_core::tally::Held, guard_core::port::Fault> {
        self.0.add(addition).await
    }
    async fn window(
        &self,
        set: &SetKey,
        from: Bucket,
        to: Bucket,
    ) -> Result<Vec<BucketTally>, guard_core::port::Fault> {
        self.0.window(set, from, to).await
    }
}

/// A set that sent 1,000 mails three hours ago, 55 of which bounced by now: its old buckets are known from a digest. Then 50
/// more bounces of that mail come.
async fn digested_set() -> (Guard, Vec<Receipt>) {
    let sent_at = at(NOON);
    let mut guard = Guard::of(sent_at, &[set("promo")]);
    guard.mail("promo", Send, 0, 1_000, sent_at).await;
    guard.mail("promo", Bounce, 0, 55, sent_at).await;
    guard.clock.set(plus_seconds(sent_at, 3 * HOUR));
    let now = guard_core::port::Clock::now(&guard.clock);
    guard.mail("promo", Send, 2_000, 1, now).await;
    guard.mail("promo", Bounce, 2_000, 1, now).await;
    guard.settle().await;
    assert!(guard.digests.kept(&set("promo")) > 0, "the judge kept a digest");
    assert_eq!((guard.digests.noted(&set("promo")), guard.state(&set("promo")).await.phase), (0, Phase::Warned));
    let late = (100..150).map(|mail| receipt("promo", Bounce, mail, sent_at)).collect();
    (guard, late)
}

#[tokio::test]
async fn ingest_may_die_between_any_two_steps_of_a_late_addition() {
    let mut deaths = 0;
    for steps in 0..100 {
        let (mut guard, late) = digested_set().await;
        let survived = guard.count(&late, &Fuse::of(steps)).await.is_some();
        if !survived {
            deaths += 1;
            guard.settle().await;
            let again: Vec<Receipt> = late.iter().cloned().map(|one| Receipt { suspect: true, ..one }).collect();
            guard.count(&again, &Fuse::endless()).await.unwrap();
        }
        guard.settle().await;
        let promo = set("promo");
        assert_eq!(guard.state(&promo).await.phase, Phase::Paused, "after {steps} steps");
        assert!(!guard.ses.accepts(&promo), "after {steps} steps");
        assert_eq!(guard.digests.noted(&promo), 1, "after {steps} steps");
        if survived {
            break;
        }
    }
    let what = "before and after saying that it notes, the write, its note, the mark, the account's write and its note";
    assert_eq!(deaths, 12, "{what}");
}

#[tokio::test]
async fn a_judge_may_die_while_it_keeps_digests() {
    for steps in 0..100 {
        let (mut guard, late) = digested_set().await;
        guard.digests = MemoryDigests::default();
        guard.count(&late, &Fuse::endless()).await.unwrap();
        let survived = guard.judge(&set("promo"), &Fuse::of(steps)).await.is_some();
        guard.settle().await;
        assert_eq!(guard.state(&set("promo")).await.phase, Phase::Paused, "after {steps} steps");
        if survived {
            assert!(steps > 8, "it kept some: {steps} steps");
            return;
        }
    }
    panic!("it never survives");
}

#[tokio::test]
async fn before_all_who_add_write_notes_no_digest_is_kept() {
    let (guard, _) = digested_set().await;
    let (promo, now) = (set("promo"), guard_core::port::Clock::now(&guard.clock));
    let (from, to) = (Bucket::of(now).plus(-100), Bucket::of(now));
    for (what, begun, kept) in [
        ("nobody ever wrote a note", None, false),
        ("a process that writes none may be left", Some(-1_799), false),
        ("none is left", Some(-1_800), true),
    ] {
        let digests = MemoryDigests::default();
        if let Some(seconds) = begun {
            digests.begin(plus_seconds(now, seconds)).await.unwrap();
        }
        let digested = Digested::new(guard.ledger.clone(), digests.clone(), guard.clock.clone())
            .with(Ages::DEPLOYED, Some(Keeping { above_bytes: 0 }));
        digested.window(&promo, from, to).await.unwrap();
        assert_eq!(digests.kept(&promo) > 0, kept, "{what}");
    }
}

#[tokio::test]
async fn where_nothing_is_known_the_buckets_are_read() {
    let (guard, late) = digested_set().await;
    guard.count(&late, &Fuse::endless()).await.unwrap();
    let (promo, now) = (set("promo"), guard_core::port::Clock::now(&guard.clock));
    let (from, to) = (Bucket::of(now).plus(-100), Bucket::of(now));
    let stored = guard.ledger.window(&promo, from, to).await.unwrap();
    let digested = Digested::new(guard.ledger.clone(), Lost, guard.clock.clone());
    assert_eq!(digested.window(&promo, from, to).await.unwrap(), stored);
    assert_eq!(stored.iter().map(|tally| tally.counts.bounces.exact()).collect::<Vec<_>>(), [Some(105), Some(1)]);
    let different: BTreeSet<Bucket> = stored.iter().map(|tally| tally.bucket).collect();
    assert_eq!(different.len(), 2);
}

/// Digests that can't be reached.
struct Lost;

fn lost<T>() -> Result<T, guard_core::port::Fault> {
    let landed = guard_core::port::Landed::No;
    Err(guard_core::port::Fault { operation: "Query", subject: "promo".into(), landed, source: "denied".into() })
}

impl Digests for Lost {
    async fn note(&self, _: &SetKey, _: &BucketTally) -> Result<(), guard_core::port::Fault> {
        lost()
    }
    async fn known(&self, _: &SetKey, _: Sheet, _: Sheet) -> Result<Known, guard_core::port::Fault> {
        lost()
    }
    async fn keep(&self, _: &SetKey, _: &Digest) -> Result<(), guard_core::port::Fault> {
        lost()
    }
    async fn begin(&self, _: jiff::Timestamp) -> Result<(), guard_core::port::Fault> {
        lost()
    }
    async fn begun(&self) -> Result<Option<jiff::Timestamp>, guard_core::port::Fault> {
        lost()
    }
}
