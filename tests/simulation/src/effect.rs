//! What a request does where it lands.

use std::collections::BTreeSet;

use guard_core::digest::Sheet;
use guard_core::name::SetKey;
use guard_core::port::{Committed, Digests, Glance, Known, Ledger, Pending, Register};
use guard_core::state::{Change, Mark, State};
use guard_core::tally::{Addition, BucketTally, Held, Interval};
use guard_core::time::Bucket;
use jiff::Timestamp;

use crate::fault::Kind;
use crate::mutant::Mutant;
use crate::now;
use crate::oracle::{Seen, Violation};
use crate::process::Role;
use crate::queue::Delivery;
use crate::ses::{By, Turn};
use crate::world::{Pid, World};

/// How far the counts are behind that a mutant reads, in milliseconds.
const REPLICA_BEHIND: i64 = 500;

impl World {
    /// Adds to the counts; `parts` are the messages of the batch that belong to that bucket.
    pub fn add(&mut self, pid: Pid, addition: &Addition, parts: &[Delivery], unsure: bool) -> Option<Held> {
        if addition.set.is_account_shard() {
            let [(_, sends), ..] = &addition.receipts;
            let bucket = addition.bucket.start().as_millisecond();
            *self.oracle.account_sends.entry(bucket).or_default() += sends.receipts;
        }
        if !self.sets.contains(&addition.set) {
            return now(self.ledger.add(addition)).ok();
        }
        let brought = self.oracle.landed(parts, unsure);
        let landed = self.oracle.landings();
        if let Some(running) = self.running.get_mut(&pid) {
            for part in parts.iter().filter(|part| part.body.kind.is_failure()) {
                running.landed.insert(part.message, (part.set.clone(), landed));
            }
            running.bent.brought.insert((addition.set.clone(), addition.bucket), brought);
        }
        match self.mutant {
            Mutant::AddCounters => {
                let plain = self.plain.entry((addition.set.clone(), addition.bucket)).or_default();
                for (count, (_, receipts)) in plain.iter_mut().zip(&addition.receipts) {
                    *count += receipts.receipts;
                }
            }
            Mutant::StaleWindowRead => {
                let (addition, landed) = (addition.clone(), self.oracle.landings());
                self.later(REPLICA_BEHIND, move |world| {
                    drop(now(world.replica.0.add(&addition)));
                    world.replica.1 = landed;
                });
            }
            _ => {}
        }
        now(self.ledger.add(addition)).ok()
    }

    /// Notes what a bucket holds. Only now is what was added to it counted, for whoever reads.
    pub fn keep_note(&mut self, pid: Pid, set: &SetKey, held: &BucketTally) {
        if self.mutant == Mutant::ForgottenNotes {
            return;
        }
        drop(now(self.digests.note(set, held)));
        let landed = self.oracle.landings();
        if let Some(running) = self.running.get_mut(&pid) {
            running.landed.values_mut().filter(|(of, _)| of == set).for_each(|(_, at)| *at = landed);
        }
    }

    /// Reads what is known of the counts.
    pub fn known(&mut self, pid: Pid, set: &SetKey, from: Sheet, to: Sheet) -> Known {
        let landed = self.oracle.landings();
        if let Some(running) = self.running.get_mut(&pid) {
            running.known_at.insert(set.clone(), landed);
            running.read_at.insert(set.clone(), landed);
        }
        now(self.digests.known(set, from, to)).unwrap_or_default()
    }

    /// Reads the counts.
    pub fn window(&mut self, pid: Pid, set: &SetKey, from: Bucket, to: Bucket) -> Vec<BucketTally> {
        let behind = self.mutant == Mutant::StaleWindowRead;
        let seen = if behind { self.replica.1 } else { self.oracle.landings() };
        if let Some(running) = self.running.get_mut(&pid) {
            running.read_at.insert(set.clone(), seen);
        }
        let ledger = if behind { &self.replica.0 } else { &self.ledger };
        let mut tallies = now(ledger.window(set, from, to)).unwrap_or_default();
        if self.mutant == Mutant::AddCounters {
            for tally in &mut tallies {
                let Some(plain) = self.plain.get(&(set.clone(), tally.bucket)) else { continue };
                let exact = |count: u64| Interval { receipts: count, recorded: count, suspect: 0, ids: count };
                tally.counts.sends = exact(plain[0]);
                tally.counts.bounces = exact(plain[1]);
                tally.counts.complaints = exact(plain[2]);
                tally.counts.prevented = exact(plain[3]);
            }
        }
        tallies
    }

    /// Sets a mark.
    pub fn mark(&mut self, set: &SetKey) {
        drop(now(self.register.mark(set)));
        self.written(set);
    }

    /// Compares and replaces a state.
    pub fn commit(&mut self, pid: Pid, role: Role, change: &Change, seen: &Seen) -> Committed {
        let present = self.state(&change.set);
        let at = Timestamp::from_millisecond(self.now).unwrap_or_default();
        let bent = self.running.get_mut(&pid).map(|running| &mut running.bent);
        let Some(change) = self.mutant.commit(role, change, &present, bent, at) else {
            self.lease(pid, change);
            return Committed::Done;
        };
        let committed = now(self.register.commit(&change)).unwrap_or(Committed::Conflict);
        if committed == Committed::Conflict {
            self.note(|| format!("        {role:?} {pid} meets a conflict"));
            return committed;
        }
        self.lease(pid, &change);
        if change.mark == Mark::Clear {
            self.oracle.cleared(self.now, &change.set, seen);
        }
        for record in &change.audit {
            let (name, act, phase) = (&change.set.name, record.act, record.phase_after);
            self.note(|| format!("        written: {name} {act:?}, {} ({})", phase.as_str(), record.sentence));
        }
        if self.is_whole(&change.set) {
            let stored = self.state(&change.set);
            self.oracle.committed_whole(self.now, &change, &present, &stored, seen, self.script.may_stop);
            self.meddle_with(&change);
        } else {
            let stored = self.state(&change.set);
            let switch = self.switches.get(&change.set).map(|switch| switch.now());
            let latest = self.switches.get(&change.set).and_then(|switch| switch.latest(true, By::Person));
            self.oracle.committed(self.now, role, &change, &present, &stored, seen, switch, latest);
            self.meddle_with(&change);
        }
        self.written(&change.set);
        committed
    }

    /// What a process knows of its own commit.
    fn lease(&mut self, pid: Pid, change: &Change) {
        let Some(running) = self.running.get_mut(&pid) else { return };
        running.wrote = true;
        if let (Some(_), Some((intent, _))) = (&change.after.lease, change.after.pending) {
            running.leased.insert(change.set.clone(), intent);
        }
    }

    /// The indexes, which may be behind.
    pub fn index<T: Clone + Default>(
        &mut self,
        fresh: T,
        last: impl Fn(&mut (Vec<Pending>, Vec<SetKey>, Vec<Glance>)) -> &mut T,
    ) -> T {
        let behind = std::mem::replace(last(&mut self.index), fresh.clone());
        if self.strikes(Kind::IndexBehind) { behind } else { fresh }
    }

    /// Asks SES.
    pub fn look(&mut self, pid: Pid, set: &SetKey) -> Option<bool> {
        let behind = self.strikes(Kind::StaleLook);
        let switch = self.switches.get(set)?;
        let turn = if behind { switch.behind(self.now) } else { switch.now() };
        if let Some(running) = self.running.get_mut(&pid) {
            running.looked.insert(set.clone(), turn);
        }
        turn.exists.then_some(turn.on)
    }

    /// A call to turn a switch is on its way.
    pub fn turning(&mut self, pid: Pid, set: &SetKey, on: bool) {
        let leased = self.running.get(&pid).and_then(|running| running.leased.get(set).copied());
        let state = self.state(set);
        self.oracle.turning(self.now, set, on, &state, leased);
    }

    /// The guard turns a switch, if there is one.
    pub fn turn(&mut self, pid: Pid, set: &SetKey, on: bool) -> Option<()> {
        let present = self.switches.get(set)?.now();
        if !present.exists {
            if let Some(running) = self.running.get_mut(&pid) {
                running.looked.insert(set.clone(), present);
            }
            return None;
        }
        let state = self.state(set);
        let before = self.turn_switch(set, on, By::Guard)?;
        self.oracle.turned(self.now, set, on, before, &state);
        Some(())
    }

    /// Turns a switch.
    pub fn turn_switch(&mut self, set: &SetKey, on: bool, by: By) -> Option<Turn> {
        let at = self.now;
        let before = self.switches.get_mut(set)?.turn(on, by, at);
        self.note(|| format!("        SES: {} {} (by {by:?})", set.name, if on { "on" } else { "off" }));
        Some(before)
    }

    /// The judge is to be woken after so many seconds.
    pub fn remind(&mut self, set: &SetKey, seconds: u32) {
        let late =
            if self.strikes(Kind::RecordLate) { self.faults.degree(1_000, 60_000) } else { self.between(50, 1_500) };
        let set = set.clone();
        self.later(i64::from(seconds) * 1_000 + late, move |world| world.put_in(Role::Judge, set));
    }

    /// The actuator is to be woken.
    pub fn wake(&mut self, sets: &BTreeSet<SetKey>) {
        if self.strikes(Kind::WakeLost) {
            return;
        }
        let sets = sets.clone();
        let after = self.between(20, 500);
        self.later(after, move |world| sets.into_iter().for_each(|set| world.put_in(Role::Actuate, set)));
    }

    /// A state was written: the stream has a record of it as it is now.
    fn written(&mut self, set: &SetKey) {
        drop(self.register.take_stream());
        let State { to_judge, pending, untold, .. } = self.state(set);
        let to_act = pending.is_some() || !untold.is_empty();
        for (role, wanted) in [(Role::Judge, to_judge), (Role::Actuate, to_act)] {
            if !wanted || self.strikes(Kind::RecordLost) {
                continue;
            }
            let late = self.strikes(Kind::RecordLate);
            let after = if late { self.faults.degree(1_000, 60_000) } else { self.between(20, 800) };
            let set = set.clone();
            self.later(after, move |world| world.put_in(role, set));
        }
    }

    /// What is found wrong ends the run.
    pub fn violation(&self) -> Option<&Violation> {
        self.oracle.violation.as_ref()
    }
}
