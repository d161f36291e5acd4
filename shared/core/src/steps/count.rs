//! Counting: sends before failures, then the mark, then the account's own counts, and only then the acknowledgement.
//!
//! A crash between any two steps leaves the messages unacknowledged. When they come again the ids make the counts a
//! no-op, the mark is set again and the decision is taken again.
//!
//! The account comes last and gives no message back: a message that came again for the account's sake alone would be
//! counted a second time for its set, as a suspect. What could not be added to the account is kept for the next batch.

use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;

use futures::StreamExt;
use jiff::Timestamp;

use crate::event::Signal;
use crate::name::SetKey;
use crate::port::{Clock, Fault, Landed, Ledger, Register};
use crate::tally::{Addition, Held, fold, fold_account};
use crate::time::Bucket;

/// Writes in flight at once.
const IN_FLIGHT: usize = 64;
/// Attempts at one write, and the waits between them.
const BACKOFF_MILLISECONDS: [u64; 4] = [25, 100, 400, 1_000];
/// Buckets of which it is remembered what they hold: 10 MB, were all of them full.
const REMEMBERED_BUCKETS: usize = 2_000;
/// Additions to the account's counts that are kept for the next batch: 1 MB, were each of a full batch.
const KEPT_ADDITIONS: usize = 64;

/// One message of a batch, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The queue's id of it, to give it back under.
    pub message_id: String,
    /// Whether it was delivered before, and so may have been counted.
    pub suspect: bool,
    /// What it says.
    pub signals: Vec<Signal>,
}

/// What became of a batch.
#[derive(Debug, Default)]
pub struct Counted {
    /// Messages that are to come again: something of theirs is not stored.
    pub failed: BTreeSet<String>,
    /// What went wrong, one fault for each write that was given up.
    pub faults: Vec<Fault>,
    /// Writes to the ledger.
    pub additions: usize,
    /// Sets marked to be judged.
    pub marked: usize,
    /// Why the account's counts are behind, one fault for each write that was given up. No message comes again for it.
    pub account_faults: Vec<Fault>,
    /// Additions to the account's counts that wait for the next batch.
    pub account_kept: usize,
    /// Additions to the account's counts that are given up: it is counted too low by them.
    pub account_lost: usize,
}

/// Counts batches, and remembers between them what the buckets hold.
#[derive(Debug)]
pub struct Counter<L, R, C> {
    ledger: L,
    register: R,
    clock: C,
    held: Mutex<HashMap<(SetKey, Bucket), Held>>,
    kept: Mutex<Vec<Addition>>,
}

impl<L: Ledger, R: Register, C: Clock> Counter<L, R, C> {
    /// A counter that has seen nothing yet.
    pub fn new(ledger: L, register: R, clock: C) -> Self {
        Self { ledger, register, clock, held: Mutex::default(), kept: Mutex::default() }
    }

    /// Counts a batch. Everything that is not named in [`Counted::failed`] is stored, and its set marked. Nothing is
    /// begun at or after `stop_at`.
    pub async fn count(&self, batch: &[Receipt], stop_at: Timestamp) -> Counted {
        let mut counted = Counted::default();
        let additions = fold(batch.iter().flat_map(|one| one.signals.iter().map(|signal| (signal, one.suspect))));
        let to_mark: BTreeSet<SetKey> =
            additions.iter().filter(|one| one.has_failures()).map(|one| one.set.clone()).collect();
        let (with_sends, without): (Vec<_>, Vec<_>) =
            additions.into_iter().partition(|one| one.counts(crate::event::SignalKind::Send));

        let mut lost: BTreeSet<(SetKey, Bucket)> = BTreeSet::new();
        let mut behind: BTreeSet<SetKey> = BTreeSet::new();
        for wave in [with_sends, without] {
            // Failures without the sends of the same batch would read as a rate that is too high.
            let (held_back, wave): (Vec<_>, Vec<_>) = wave.into_iter().partition(|one| behind.contains(&one.set));
            lost.extend(held_back.into_iter().map(|one| (one.set, one.bucket)));
            for (one, result) in self.add_all(wave, stop_at).await {
                match result {
                    Ok(()) => counted.additions += 1,
                    Err(fault) => {
                        counted.faults.extend(fault);
                        behind.insert(one.set.clone());
                        lost.insert((one.set, one.bucket));
                    }
                }
            }
        }

        let marks: Vec<_> = futures::stream::iter(to_mark)
            .map(|set| async move {
                let result = self.mark(&set, stop_at).await;
                (set, result)
            })
            .buffer_unordered(IN_FLIGHT)
            .collect()
            .await;
        let mut unmarked: BTreeSet<SetKey> = BTreeSet::new();
        for (set, result) in marks {
            match result {
                Ok(()) => counted.marked += 1,
                Err(fault) => {
                    counted.faults.extend(fault);
                    unmarked.insert(set);
                }
            }
        }

        let is_lost = |signal: &Signal| {
            let stored = lost.is_empty() || !lost.contains(&(signal.set.clone(), Bucket::of(signal.sent_at)));
            let marked = !signal.kind.is_failure() || !unmarked.contains(&signal.set);
            !(stored && marked)
        };
        let (failed, done): (Vec<_>, Vec<_>) = batch.iter().partition(|one| one.signals.iter().any(is_lost));
        counted.failed = failed.into_iter().map(|one| one.message_id.clone()).collect();
        self.count_account(&done, stop_at, &mut counted).await;
        counted
    }

    /// Adds what is done with to the account's counts, and what was left of earlier batches.
    async fn count_account(&self, done: &[&Receipt], stop_at: Timestamp, counted: &mut Counted) {
        let mut additions = self.kept.lock().map(|mut kept| std::mem::take(&mut *kept)).unwrap_or_default();
        // SES leaves the simulator out of the account's rates, so the canary's mail to it may not bring others to a pause.
        let real = |one: &&Signal| !one.simulated;
        additions.extend(fold_account(
            done.iter().flat_map(|one| one.signals.iter().filter(real).map(|signal| (signal, one.suspect))),
        ));
        let mut left = Vec::new();
        for (one, result) in self.add_all(additions, stop_at).await {
            if let Err(fault) = result {
                counted.account_faults.extend(fault);
                left.push(one);
            }
        }
        counted.account_lost = left.len().saturating_sub(KEPT_ADDITIONS);
        left.truncate(KEPT_ADDITIONS);
        counted.account_kept = left.len();
        if let Ok(mut kept) = self.kept.lock() {
            kept.extend(left);
        }
    }

    async fn add_all(
        &self,
        additions: Vec<Addition>,
        stop_at: Timestamp,
    ) -> Vec<(Addition, Result<(), Option<Fault>>)> {
        futures::stream::iter(additions)
            .map(|mut one| async move {
                let result = self.add(&mut one, stop_at).await;
                (one, result)
            })
            .buffer_unordered(IN_FLIGHT)
            .collect()
            .await
    }

    /// Stores one addition. `Err(None)` when there was no time to begin.
    async fn add(&self, addition: &mut Addition, stop_at: Timestamp) -> Result<(), Option<Fault>> {
        let bucket = (addition.set.clone(), addition.bucket);
        self.record_what_fits(&bucket, addition);
        let mut last = None;
        for wait in BACKOFF_MILLISECONDS {
            if self.clock.now() >= stop_at {
                return Err(last);
            }
            match self.ledger.add(addition).await {
                Ok(held) => {
                    self.remember(bucket, held);
                    return Ok(());
                }
                Err(fault) => {
                    if fault.landed == Landed::Perhaps {
                        addition.suspect_all();
                    }
                    last = Some(fault);
                }
            }
            self.clock.sleep(wait).await;
        }
        Err(last)
    }

    async fn mark(&self, set: &SetKey, stop_at: Timestamp) -> Result<(), Option<Fault>> {
        let mut last = None;
        for wait in BACKOFF_MILLISECONDS {
            if self.clock.now() >= stop_at {
                break;
            }
            match self.register.mark(set).await {
                Ok(()) => return Ok(()),
                Err(fault) => last = Some(fault),
            }
            self.clock.sleep(wait).await;
        }
        Err(last)
    }

    fn record_what_fits(&self, bucket: &(SetKey, Bucket), addition: &mut Addition) {
        let known = self.held.lock().ok();
        addition.record_what_fits(known.as_ref().and_then(|known| known.get(bucket)));
    }

    fn remember(&self, bucket: (SetKey, Bucket), held: Held) {
        if let Ok(mut known) = self.held.lock() {
            if known.len() >= REMEMBERED_BUCKETS {
                known.clear();
            }
            known.insert(bucket, held);
        }
    }
}
