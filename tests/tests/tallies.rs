//! What a tally promises: order, repeats, races and lost answers do not change what is known to the last one, and the
//! truth never leaves the interval.

use std::collections::BTreeSet;

use guard_core::event::SignalKind::{self, Bounce, Complaint, Prevented, Send};
use guard_core::name::SetKey;
use guard_core::port::{Clock, Fault, Landed, Ledger};
use guard_core::steps::count::Counter;
use guard_core::tally::{Addition, BucketTally, Held, account_id_cap, id_cap};
use guard_core::time::{Bucket, plus_seconds};
use guard_local::{ManualClock, MemoryLedger, MemoryRegister};
use guard_tests::guard::receipt;
use guard_tests::mail::{at, set};
use proptest::prelude::*;

const NOON: &str = "2026-11-20T12:07:00Z";

/// A ledger whose answers are lost, or that refuses, in the pattern of these bits.
struct FlakyLedger {
    ledger: MemoryLedger,
    pattern: Vec<u8>,
    calls: std::sync::atomic::AtomicUsize,
}

impl Ledger for FlakyLedger {
    async fn add(&self, addition: &Addition) -> Result<Held, Fault> {
        let call = self.calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let fate = self.pattern.get(call % self.pattern.len().max(1)).copied().unwrap_or(0);
        let fault =
            |landed| Fault { operation: "UpdateItem", subject: "promo".into(), landed, source: "planted".into() };
        match fate % 4 {
            1 => Err(fault(Landed::No)),
            2 => {
                self.ledger.add(addition).await?;
                Err(fault(Landed::Perhaps))
            }
            3 => Err(fault(Landed::Perhaps)),
            _ => self.ledger.add(addition).await,
        }
    }
    async fn window(&self, _: &SetKey, _: Bucket, _: Bucket) -> Result<Vec<BucketTally>, Fault> {
        unreachable!("a counter reads nothing")
    }
}

fn kind(number: u8) -> SignalKind {
    [Send, Bounce, Complaint, Prevented][usize::from(number % 4)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Each delivery is (kind, mail); the same one may come many times, through either of two functions, in any batch.
    /// A batch that fails comes again, suspect, until all of it is stored: at least once, as SQS promises.
    #[test]
    fn the_truth_stays_inside_the_interval(
        deliveries in prop::collection::vec((0u8..4, 0u64..150), 1..300),
        batch_size in 1usize..40,
        pattern in prop::collection::vec(0u8..8, 1..20),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (ledger, now) = (MemoryLedger::default(), at(NOON));
        let counter = |offset: usize| {
            let mut pattern = pattern.clone();
            let length = pattern.len();
            pattern.rotate_left(offset % length);
            let flaky = FlakyLedger { ledger: ledger.clone(), pattern, calls: 0.into() };
            Counter::new(flaky, MemoryRegister::default(), ManualClock::at(now))
        };
        let counters = [counter(0), counter(3)];
        let mut seen: BTreeSet<(u8, u64)> = BTreeSet::new();
        for (number, batch) in deliveries.chunks(batch_size).enumerate() {
            let mut left: Vec<_> = batch
                .iter()
                .map(|(of, mail)| {
                    // What was delivered before in this run is a redelivery, and SQS says so.
                    let mut one = receipt("promo", kind(*of), *mail, now);
                    one.suspect = !seen.insert((*of % 4, *mail));
                    one
                })
                .collect();
            for attempt in 0..50 {
                let stop_at = plus_seconds(now, 1_000_000);
                let counted = runtime.block_on(counters[(number + attempt) % 2].count(&left, stop_at));
                left.retain(|one| counted.failed.contains(&one.message_id));
                left.iter_mut().for_each(|one| one.suspect = true);
                if left.is_empty() {
                    break;
                }
            }
            prop_assume!(left.is_empty());
        }
        // What could not be added to the account waits for the next batch, were it an empty one.
        for counter in &counters {
            let left = (0..50).map(|_| runtime.block_on(counter.count(&[], plus_seconds(now, 1_000_000))).account_kept);
            prop_assume!(left.into_iter().any(|kept| kept == 0));
        }
        let of = |set: &SetKey| runtime.block_on(ledger.window(set, Bucket::of(now), Bucket::of(now))).unwrap().swap_remove(0);
        let promo = set("promo");
        let (tally, account) = (of(&promo), of(&promo.account_shard()));
        for (number, of) in (0u8..4).map(|number| (number, kind(number))) {
            let truth = seen.iter().filter(|(seen, _)| *seen == number).count() as u64;
            for (what, count) in [("set", tally.counts.of(of)), ("account", account.counts.of(of))] {
                let inside = count.lower() <= truth && truth <= count.upper();
                prop_assert!(inside, "{}, {:?}: {} not in {:?}", what, of, truth, count);
            }
            if truth <= id_cap(of) / 2 {
                let exact = tally.counts.of(of).exact();
                prop_assert_eq!(exact, Some(truth), "{:?}: few enough to be known to the last one", of);
            }
            if truth <= account_id_cap(of) / 2 {
                prop_assert_eq!(account.counts.of(of).exact(), Some(truth), "{:?} of the account", of);
            }
        }
    }

    /// Whatever sets the mail is of, the shards together hold it once more, and no more than that.
    #[test]
    fn the_account_is_the_sum_of_its_sets(
        deliveries in prop::collection::vec((0u8..4, 0u64..20, 0u64..400), 1..200),
        batch_size in 1usize..100,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (ledger, register, now) = (MemoryLedger::default(), MemoryRegister::default(), at(NOON));
        let counter = Counter::new(ledger.clone(), register.clone(), ManualClock::at(now));
        for batch in deliveries.chunks(batch_size) {
            let batch: Vec<_> =
                batch.iter().map(|(of, tenant, mail)| receipt(&format!("tenant-{tenant}"), kind(*of), *mail, now)).collect();
            let counted = runtime.block_on(counter.count(&batch, plus_seconds(now, 60)));
            prop_assert!(counted.failed.is_empty() && counted.account_faults.is_empty());
        }
        let receipts = |sets: &[SetKey]| {
            let mut sum = [0; 4];
            for set in sets {
                for tally in runtime.block_on(ledger.window(set, Bucket::of(now), Bucket::of(now))).unwrap() {
                    (0u8..4).for_each(|number| sum[usize::from(number)] += tally.counts.of(kind(number)).receipts);
                }
            }
            sum
        };
        let sets: Vec<SetKey> = (0..20).map(|tenant| set(&format!("tenant-{tenant}"))).collect();
        let shards = SetKey::account_shards(&sets[0].account, &sets[0].region);
        prop_assert_eq!(receipts(&sets), receipts(&shards));
        let states = runtime.block_on(guard_core::port::Register::to_judge(&register)).unwrap();
        prop_assert!(states.iter().all(|set| !set.is_account_shard()), "a shard is never judged");
    }

    #[test]
    fn the_order_of_deliveries_changes_nothing(
        deliveries in prop::collection::vec((0u8..4, 0u64..40, 0i64..3_000), 1..120).prop_shuffle(),
        batch_size in 1usize..50,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let now = at(NOON);
        let counted = |deliveries: &[(u8, u64, i64)], batch_size: usize| {
            let ledger = MemoryLedger::default();
            let counter = Counter::new(ledger.clone(), MemoryRegister::default(), ManualClock::at(now));
            for batch in deliveries.chunks(batch_size) {
                let batch: Vec<_> = batch
                    .iter()
                    .map(|(of, mail, second)| receipt("promo", kind(*of), *mail, plus_seconds(now, *second)))
                    .collect();
                runtime.block_on(counter.count(&batch, plus_seconds(now, 60)));
            }
            let window = runtime.block_on(ledger.window(&set("promo"), Bucket::of(now), Bucket::of(now).plus(9))).unwrap();
            window
                .into_iter()
                .map(|tally| {
                    let counts = [Send, Bounce, Complaint, Prevented].map(|of| tally.counts.of(of).ids);
                    (tally.bucket, counts, tally.newest_send, tally.newest_failure)
                })
                .collect::<Vec<_>>()
        };
        let mut sorted = deliveries.clone();
        sorted.sort_unstable();
        prop_assert_eq!(counted(&deliveries, batch_size), counted(&sorted, 30));
    }
}

/// A ledger that refuses the account's own counts, and only these.
#[derive(Clone)]
struct NoAccount {
    ledger: MemoryLedger,
    refuses: std::sync::Arc<std::sync::atomic::AtomicBool>,
}

impl Ledger for NoAccount {
    async fn add(&self, addition: &Addition) -> Result<Held, Fault> {
        if addition.set.is_account_shard() && self.refuses.load(std::sync::atomic::Ordering::SeqCst) {
            let (operation, subject) = ("UpdateItem", addition.set.to_string());
            return Err(Fault { operation, subject, landed: Landed::No, source: "throttled".into() });
        }
        self.ledger.add(addition).await
    }
    async fn window(&self, set: &SetKey, from: Bucket, to: Bucket) -> Result<Vec<BucketTally>, Fault> {
        self.ledger.window(set, from, to).await
    }
}

/// What SES or SNS sends twice nobody marks. It shows where its ids are recorded, and is not forgotten once there is no room
/// for more of them.
#[tokio::test]
async fn what_came_twice_while_there_was_room_for_ids_is_known_for_good() {
    let now = at(NOON);
    let ledger = MemoryLedger::default();
    let counter = Counter::new(ledger.clone(), MemoryRegister::default(), ManualClock::at(now));
    let of = async || ledger.window(&set("promo"), Bucket::of(now), Bucket::of(now)).await.unwrap()[0].counts.sends;
    // For the ids of the last there is no room.
    for (mails, truth) in [(0..30, 30), (20..30, 30), (100..200, 130)] {
        let batch: Vec<_> = mails.clone().map(|mail| receipt("promo", Send, mail, now)).collect();
        assert!(counter.count(&batch, plus_seconds(now, 60)).await.failed.is_empty());
        let sends = of().await;
        assert_eq!((sends.lower(), sends.upper()), (truth, truth), "{mails:?}: {sends:?}");
    }
}

/// A ledger that takes nothing of `shop`.
struct WithoutShop(MemoryLedger);

impl Ledger for WithoutShop {
    async fn add(&self, addition: &Addition) -> Result<Held, Fault> {
        if addition.set == set("shop") {
            let (operation, subject) = ("UpdateItem", "shop".into());
            return Err(Fault { operation, subject, landed: Landed::No, source: "planted".into() });
        }
        self.0.add(addition).await
    }
    async fn window(&self, _: &SetKey, _: Bucket, _: Bucket) -> Result<Vec<BucketTally>, Fault> {
        unreachable!("a counter reads nothing")
    }
}

#[tokio::test]
async fn only_what_could_not_be_stored_comes_again() {
    let now = at(NOON);
    let counter = Counter::new(WithoutShop(MemoryLedger::default()), MemoryRegister::default(), ManualClock::at(now));
    let later = plus_seconds(now, 900);
    let batch = [("promo", Send, now), ("promo", Bounce, now), ("promo", Send, later), ("shop", Send, now)];
    let batch: Vec<_> = (0..).zip(batch).map(|(mail, (name, kind, at))| receipt(name, kind, mail, at)).collect();
    let counted = counter.count(&batch, plus_seconds(now, 27)).await;
    assert_eq!(counted.failed, [batch[3].message_id.clone()].into());
    assert_eq!((counted.additions, counted.marked), (2, 1), "two buckets of promo, which is to be judged");
}

#[tokio::test]
async fn simulated_mail_is_the_set_s_and_not_the_account_s() {
    let now = at(NOON);
    let (ledger, register) = (MemoryLedger::default(), MemoryRegister::default());
    let counter = Counter::new(ledger.clone(), register.clone(), ManualClock::at(now));
    let mut batch: Vec<_> = (0..30).map(|mail| receipt("canary", kind((mail % 2) as u8), mail, now)).collect();
    for one in batch.iter_mut().take(20).flat_map(|one| &mut one.signals) {
        one.simulated = true;
    }
    let counted = counter.count(&batch, plus_seconds(now, 60)).await;
    assert_eq!((counted.marked, counted.failed.len(), counted.account_faults.len()), (1, 0, 0), "{counted:?}");
    let canary = set("canary");
    let of = async |set: &SetKey| ledger.window(set, Bucket::of(now), Bucket::of(now)).await.unwrap()[0].counts;
    let (tally, account) = (of(&canary).await, of(&canary.account_shard()).await);
    assert_eq!([tally.sends, tally.bounces].map(|count| count.exact()), [Some(15); 2]);
    assert_eq!((account.sends.lower(), account.sends.upper(), account.bounces.exact()), (5, 5, Some(5)));
}

#[tokio::test]
async fn a_set_neither_fails_nor_waits_for_the_account_and_the_account_catches_up() {
    let now = at(NOON);
    let refuses = std::sync::Arc::new(true.into());
    let ledger = NoAccount { ledger: MemoryLedger::default(), refuses };
    let register = MemoryRegister::default();
    let clock = ManualClock::at(now);
    let counter = Counter::new(ledger.clone(), register.clone(), clock.clone());
    let batch: Vec<_> = (0..30).map(|mail| receipt("promo", kind((mail % 2) as u8), mail, now)).collect();
    let counted = counter.count(&batch, plus_seconds(now, 60)).await;
    assert!(counted.failed.is_empty() && counted.faults.is_empty(), "{counted:?}");
    assert_eq!((counted.marked, counted.account_faults.len(), counted.account_kept), (1, 1, 1));
    let promo = set("promo");
    let of = async |set: &SetKey| ledger.window(set, Bucket::of(now), Bucket::of(now)).await.unwrap();
    assert_eq!(of(&promo).await[0].counts.sends.exact(), Some(15));
    assert!(of(&promo.account_shard()).await.is_empty());

    ledger.refuses.store(false, std::sync::atomic::Ordering::SeqCst);
    let more: Vec<_> = (30..40).map(|mail| receipt("promo", Send, mail, now)).collect();
    let counted = counter.count(&more, plus_seconds(now, 60)).await;
    assert_eq!((counted.account_kept, counted.account_lost), (0, 0));
    let account = of(&promo.account_shard()).await[0].counts;
    assert_eq!((account.sends.lower(), account.sends.upper(), account.bounces.exact()), (25, 25, Some(15)));

    ledger.refuses.store(true, std::sync::atomic::Ordering::SeqCst);
    let mut lost = 0;
    for one in more.iter().cycle().take(70) {
        let stop_at = plus_seconds(clock.now(), 27);
        let counted = counter.count(std::slice::from_ref(one), stop_at).await;
        assert!(counted.failed.is_empty() && counted.account_kept <= 64);
        lost += counted.account_lost;
    }
    assert_eq!(lost, 6, "what is kept is bounded, and what is lost is said");
}
