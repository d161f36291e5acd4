//! What a tally promises: order, repeats, races and lost answers do not change what is known to the last one, and the
//! truth never leaves the interval.

use std::collections::BTreeSet;

use guard_core::event::SignalKind::{self, Bounce, Complaint, Prevented, Send};
use guard_core::port::{Fault, Landed, Ledger};
use guard_core::steps::count::Counter;
use guard_core::tally::{Addition, BucketTally, Ids, id_cap_unseen};
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
    async fn add(&self, addition: &Addition) -> Result<Ids, Fault> {
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
    async fn window(&self, _: &guard_core::name::SetKey, _: Bucket, _: Bucket) -> Result<Vec<BucketTally>, Fault> {
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
        let tally = runtime.block_on(ledger.window(&set("promo"), Bucket::of(now), Bucket::of(now))).unwrap()[0];
        for (number, of) in (0u8..4).map(|number| (number, kind(number))) {
            let truth = seen.iter().filter(|(seen, _)| *seen == number).count() as u64;
            let count = tally.counts.of(of);
            prop_assert!(count.lower() <= truth && truth <= count.upper(), "{of:?}: {truth} not in {count:?}");
            if truth <= id_cap_unseen(of) {
                prop_assert_eq!(count.exact(), Some(truth), "{:?}: few enough to be known to the last one", of);
            }
        }
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
