//! What must hold once nothing goes wrong any more and the sweeps have had their time.

use guard_core::digest::Digested;
use guard_core::port::Ledger;
use guard_core::state::{Phase, State};
use guard_core::tally::{BucketTally, Interval};
use guard_core::time::Bucket;
use guard_local::ManualClock;

use super::landings::Truth;
use super::{Oracle, Violation};
use crate::now;
use crate::ses::{By, Turn};
use crate::wiring::AGES;
use crate::world::World;

impl World {
    /// Whether every promise holds at rest. `whole` says that no dead letters are left out.
    pub fn check_rest(&mut self, whole: bool) {
        let mut found = Vec::new();
        self.rest_of_queue(whole, &mut found);
        for set in self.sets.clone() {
            let (state, Some(switch)) = (self.state(&set), self.switches.get(&set)) else { continue };
            self.oracle.rest_of_set(self.now, &set, &state, switch.now(), &mut found);
            let (from, to) = (Bucket::starting_at(0), Bucket::starting_at(900 * 4_000_000));
            let (Some(from), Some(to)) = (from, to) else { continue };
            // What the guard would count by, mutants included.
            let tallies = self.window(0, &set, from, to);
            let stored = now(self.ledger.window(&set, from, to)).unwrap_or_default();
            self.oracle.rest_of_counts(self.now, &set, &tallies, &stored, &mut found);
            // A dead letter may be counted and not noted: it was not acknowledged.
            if self.queue.dead.is_empty() {
                let (present, begun) = (self.bucket_of(self.now), self.bucket_of(self.script.begins));
                let clock = ManualClock::at(present.start());
                let digested = Digested::new(self.ledger.clone(), self.digests.clone(), clock).with(AGES, None);
                let read = now(digested.window(&set, begun.plus(-1), present)).unwrap_or_default();
                self.oracle.rest_of_digests(self.now, &set, &read, &mut found);
            }
        }
        self.rest_of_account(whole, &mut found);
        if let Some(untold) = self.oracle.to_tell.difference(&self.told).next() {
            let what = format!("nobody was told of {untold}");
            found.push(Violation::new("L1 all is finished", self.now, what));
        }
        if let Some(first) = found.into_iter().next() {
            self.oracle.violates(first);
        }
    }

    fn bucket_of(&self, millisecond: i64) -> Bucket {
        Bucket::of(jiff::Timestamp::from_millisecond(millisecond).unwrap_or_default())
    }

    fn rest_of_queue(&self, whole: bool, found: &mut Vec<Violation>) {
        let mut violates = |what| found.push(Violation::new("S4 nothing is lost", self.now, what));
        if !self.queue.is_empty() {
            violates("messages wait in the queue".to_owned());
        }
        if whole && !self.queue.dead.is_empty() {
            violates(format!("{} dead letters after all faults ended", self.queue.dead.len()));
        }
        let dead = |number| self.queue.dead.iter().any(|body| body.number == number);
        if let Some(lost) = (0..self.oracle.published).find(|number| {
            let is_known = self.oracle.landings.has(*number) || self.oracle.unpublished.contains(number);
            !is_known && !dead(*number)
        }) {
            violates(format!("event {lost} was never counted"));
        }
    }
}

impl Oracle {
    fn rest_of_set(
        &self,
        at: i64,
        set: &guard_core::name::SetKey,
        state: &State,
        turn: Turn,
        found: &mut Vec<Violation>,
    ) {
        let mut violates = |promise, what: String| found.push(Violation::new(promise, at, format!("{set}: {what}")));
        let (phase, on) = (state.phase, turn.on);
        if on && state.hold.is_none() && self.must_pause(set, at) {
            let known = self.known(set, at, self.landings.count());
            violates("S3 nobody over the line is left sending", known);
        }
        if state.to_judge {
            violates("L1 all is finished", "it waits to be judged still".to_owned());
        }
        let sends = if on { "sends" } else { "does not send" };
        // Of a set that never had a bounce or a complaint nothing is known, and SES is not asked about it.
        if state.revision == 0 {
            return;
        }
        let matches = match phase {
            Phase::Paused | Phase::External => turn.exists && !on,
            Phase::Active | Phase::Warned | Phase::Trial => turn.exists && on,
            // One that was created again and never failed is found by SES's list, once a day. Till then it is a person's.
            Phase::Gone => !turn.exists || on || turn.by == By::Person,
            Phase::Pausing | Phase::Resuming => false,
        };
        if state.pending.is_some() {
            violates("L1 all is finished", format!("{:?} is pending still", state.pending));
        }
        if !matches {
            violates("S1 what is so is recorded", format!("it {sends}, and its phase is {}", phase.as_str()));
        }
        if phase != Phase::Gone && self.meant.get(set).copied().unwrap_or(true) != on {
            violates("S1 what was last decided is so", format!("it {sends}, and the latest record says otherwise"));
        }
        if !state.untold.is_empty() {
            violates("L1 all is finished", format!("{} records are untold still", state.untold.len()));
        }
    }

    /// What is read with digests lacks nothing. That it may lack repeats of what it has widens no interval.
    fn rest_of_digests(
        &self,
        at: i64,
        set: &guard_core::name::SetKey,
        read: &[BucketTally],
        found: &mut Vec<Violation>,
    ) {
        let truths = self.landings.truths(set, self.landings.count(), i64::MIN);
        for (start, truth) in &truths {
            let tally = read.iter().find(|tally| tally.bucket.start().as_millisecond() == *start);
            let counts = tally.map(|tally| tally.counts).unwrap_or_default();
            for (count, truth) in [counts.sends, counts.bounces, counts.complaints, counts.prevented].iter().zip(truth)
            {
                if count.exact().is_some_and(|exact| exact != truth.count())
                    || count.lower() > truth.count() + truth.doubled
                    || count.upper() < truth.count()
                {
                    let what = format!("{set}: {count:?} is read, truth {} at {start}", truth.count());
                    found.push(Violation::new("S4 the counts are right", at, what));
                }
            }
        }
    }

    fn rest_of_counts(
        &self,
        at: i64,
        set: &guard_core::name::SetKey,
        tallies: &[BucketTally],
        stored: &[BucketTally],
        found: &mut Vec<Violation>,
    ) {
        let truths = self.landings.truths(set, self.landings.count(), i64::MIN);
        let mut violates = |what| found.push(Violation::new("S4 the counts are right", at, format!("{set}: {what}")));
        if stored.len() != truths.len() {
            violates(format!("{} buckets hold counts, {} should", stored.len(), truths.len()));
        }
        for tally in tallies {
            let Some(truth) = truths.get(&tally.bucket.start().as_millisecond()) else {
                violates(format!("there are counts at {}, and no mail", tally.bucket.start()));
                continue;
            };
            let counts = &tally.counts;
            let kinds = [counts.sends, counts.bounces, counts.complaints, counts.prevented];
            for (kind, (count, truth)) in
                ["sends", "bounces", "complaints", "prevented"].iter().zip(kinds.iter().zip(truth))
            {
                if let Some(wrong) = wrong(count, truth) {
                    violates(format!(
                        "{kind} at {}: {wrong}; {count:?}, truth {}",
                        tally.bucket.start(),
                        truth.count()
                    ));
                }
            }
        }
    }
}

fn wrong(count: &Interval, truth: &Truth) -> Option<&'static str> {
    if count.exact().is_some_and(|exact| exact != truth.count()) {
        return Some("said to be exact");
    }
    if count.receipts != truth.receipts {
        return Some("receipts were not all added, once each");
    }
    if count.lower() > truth.count() + truth.doubled {
        return Some("the lower bound is above the truth");
    }
    (count.upper() < truth.count()).then_some("the upper bound is below the truth")
}
