//! What wakes whom, and what becomes of what was not done: queue, stream, timer and Lambda.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use guard_core::name::SetKey;
use guard_core::time::Bucket;
use jiff::Timestamp;
use serde_json::Value;

use crate::dice::Dice;
use crate::fault::Kind;
use crate::mutant::Mutant;
use crate::oracle::Violation;
use crate::process::{Role, Start};
use crate::queue::{Body, Delivery};
use crate::script::Order;
use crate::world::{Event, Pid, Running, World};

/// How many ingests run at once, and how many judges.
const INGESTS: usize = 3;
const JUDGES: usize = 2;
/// How long the stream keeps a record that nobody could finish.
const RECORD_LIVES: i64 = 900_000;

impl World {
    /// A process begins; it dies after so many milliseconds, if it has not ended.
    pub fn begins(&mut self, pid: Pid, mut running: Running, lasts: i64) {
        running.dice = Dice::of(self.seed, 1_000_000 + pid);
        self.running.insert(pid, running);
        self.after(lasts, Event::Dies(pid, "its time is over"));
    }

    fn count_of(&self, role: Role) -> usize {
        self.running.values().filter(|running| running.role == role).count()
            + self.to_start.iter().filter(|start| start.role() == role).count()
    }

    /// The event source takes messages from the queue, if an ingest is free.
    pub fn poll(&mut self) {
        while self.count_of(Role::Ingest) < INGESTS {
            let mut visible = self.queue.visible(self.now);
            if visible.is_empty() {
                return;
            }
            let mut batch = Vec::new();
            for _ in 0..self.between(1, 12) {
                if visible.is_empty() {
                    break;
                }
                let last = i64::try_from(visible.len()).unwrap_or(1) - 1;
                let number = visible.swap_remove(usize::try_from(self.between(0, last)).unwrap_or(0));
                let hidden = if self.strikes(Kind::Redelivered) {
                    self.faults.degree(1, 20_000)
                } else {
                    self.script.visibility
                };
                if let Some(delivery) = self.receive(number, hidden) {
                    batch.push(delivery);
                }
                self.later(hidden, Self::poll);
            }
            if !batch.is_empty() {
                self.to_start.push_back(Start::Ingest(batch));
            }
        }
    }

    fn receive(&mut self, number: u64, hidden: i64) -> Option<Delivery> {
        let delivery = self.queue.receive(number, self.now + hidden);
        let Some((message, again, body)) = delivery else {
            self.note(|| format!("        message {number} is a dead letter"));
            return None;
        };
        let booked_at = if self.mutant == Mutant::ArrivalTimeBuckets { self.now } else { body.sent_at };
        let set = self.sets.get(body.set)?.clone();
        self.note(|| {
            let (kind, units, mail) = (body.kind, body.units, body.mail);
            format!(
                "        message {number}: {units} {kind:?} of mail {mail} of {}{}",
                set.name,
                if again { ", again" } else { "" }
            )
        });
        Some(Delivery { message, again, set, booked_at, body })
    }

    /// SES publishes an event.
    pub fn publish(&mut self, body: Body) {
        if self.now < self.deaf_until {
            self.oracle.unpublished(body.number);
            return;
        }
        let body = Arc::new(body);
        let copies = if self.strikes(Kind::PublishedTwice) { 2 } else { 1 };
        for _ in 0..copies {
            let late = if self.strikes(Kind::Reordered) { self.faults.degree(10_000, 600_000) } else { 0 };
            let body = body.clone();
            self.later(late, move |world| {
                world.queue.put(body, world.now);
                let window = world.between(20, 1_000);
                world.later(window, Self::poll);
            });
        }
    }

    /// The messages of a process that belong to a bucket, and whether it may have written them before.
    pub fn parts_of(&self, pid: Pid, bucket: &(SetKey, Bucket)) -> (Vec<Delivery>, bool) {
        let Some(running) = self.running.get(&pid) else { return (Vec::new(), false) };
        let parts = running.batch.iter().filter(|delivery| delivery.bucket() == *bucket).cloned();
        (parts.collect(), running.unsure.contains(bucket))
    }

    /// What a mutant's ingest does at a mark; whether it marks at all.
    pub fn goes_on_to_mark(&mut self, pid: Pid, mutant: Mutant, set: &SetKey) -> bool {
        let Some(running) = self.running.get(&pid) else { return true };
        match mutant {
            Mutant::MarkBeforeWrite => !running.bent.has_marked,
            Mutant::SkipMarkIfDuplicate => running.bent.brought.iter().any(|((of, _), brought)| of == set && *brought),
            Mutant::AckBeforeMark => {
                let written = |delivery: &&Delivery| running.bent.brought.contains_key(&delivery.bucket());
                let messages: Vec<u64> = running.batch.iter().filter(written).map(|one| one.message).collect();
                messages.into_iter().for_each(|message| self.delete(pid, message));
                true
            }
            _ => true,
        }
    }

    /// An ingest has ended: what it counted is deleted from the queue.
    pub fn counted(&mut self, pid: Pid, failed: &BTreeSet<String>) {
        let Some(running) = self.running.get(&pid) else { return };
        for delivery in running.batch.clone() {
            if !failed.contains(&delivery.message.to_string()) && !self.strikes(Kind::AckLost) {
                self.delete(pid, delivery.message);
            }
        }
        if let Some(ended) = self.ended(pid) {
            self.settle_debts(&ended);
        }
        self.poll();
    }

    fn delete(&mut self, pid: Pid, message: u64) {
        self.queue.delete(message);
        if let Some(running) = self.running.get_mut(&pid) {
            running.deleted.push(message);
        }
    }

    /// A judge or an actuator has ended: what it left over comes again.
    pub fn left_over(&mut self, pid: Pid, sets: &BTreeSet<SetKey>) {
        let Some(ended) = self.ended(pid) else { return };
        let left = ended.sets.into_iter().filter(|(set, _)| sets.contains(set)).collect();
        self.mourn(ended.role, left);
    }

    /// A process has ended, and nobody waits for it.
    pub fn finished(&mut self, pid: Pid) {
        drop(self.ended(pid));
    }

    /// These sets were not finished: the stream brings them again, until their records are too old.
    pub fn mourn(&mut self, role: Role, sets: BTreeMap<SetKey, i64>) {
        match role {
            Role::Judge | Role::Actuate => {
                for (set, since) in sets {
                    self.measures.dead_wake_ups += u64::from(self.now - since >= RECORD_LIVES);
                    if self.now - since < RECORD_LIVES {
                        let after = self.between(500, 3_000);
                        self.later(after, move |world| {
                            world.inbox.entry(role).or_default().entry(set).or_insert(since);
                            world.dispatch(role);
                        });
                    }
                }
                self.dispatch(role);
            }
            Role::Ingest => self.poll(),
            Role::Sweep | Role::Account | Role::Operate | Role::Alarm => {}
        }
    }

    /// Somebody is to be woken for a set.
    pub fn put_in(&mut self, role: Role, set: SetKey) {
        let since = self.now;
        self.inbox.entry(role).or_default().entry(set).or_insert(since);
        self.dispatch(role);
    }

    fn dispatch(&mut self, role: Role) {
        let most = if role == Role::Actuate { self.script.actuators } else { JUDGES };
        if self.count_of(role) >= most {
            return;
        }
        let sets = self.inbox.remove(&role).unwrap_or_default();
        if let Some(since) = sets.values().min() {
            self.waited(role, self.now - since);
        }
        if !sets.is_empty() {
            self.to_start.push_back(if role == Role::Actuate { Start::Actuate(sets) } else { Start::Judge(sets) });
        }
    }

    /// The timer of the sweep goes off.
    pub fn timer(&mut self) {
        if self.sweep_every == 0 {
            return;
        }
        self.later(self.sweep_every, Self::timer);
        if self.mutant == Mutant::NoSweeper || self.strikes(Kind::SweepLost) {
            return;
        }
        let minute = Timestamp::from_millisecond(self.now - self.now.rem_euclid(60_000)).unwrap_or_default();
        self.to_start.push_back(Start::Sweep(minute));
        if self.strikes(Kind::SweepTwice) {
            let after = self.faults.degree(0, 20_000);
            self.later(after, move |world| world.to_start.push_back(Start::Sweep(minute)));
        }
    }

    /// An operator has an answer. Who is told to try again may do so.
    pub fn answered(&mut self, pid: Pid, set: SetKey, order: Order, answer: &Value) {
        let Some(ended) = self.ended(pid) else { return };
        let ok = answer["ok"] == true;
        let message = answer["error"]["message"].as_str().unwrap_or("done").to_owned();
        self.note(|| format!("        {order:?} of {}: {message}", set.name));
        let uncertain = message.contains("perhaps");
        if ok != ended.wrote && !uncertain {
            let what = format!("{order:?} of {}: ok is {ok}, and written is {}: {message}", set.name, ended.wrote);
            self.oracle.violates(Violation::new("an answer tells what was done", self.now, what));
        }
        if answer["error"]["code"] == "unavailable" && self.between(0, 1) == 0 {
            let after = self.between(5_000, 60_000);
            self.later(after, move |world| world.to_start.push_back(Start::Operate(set, order)));
        }
    }

    /// An alarm was taken up, or is to be taken up again so many times.
    pub fn took_up(&mut self, pid: Pid, set: SetKey, at: Timestamp, attempts: u32) {
        self.finished(pid);
        if attempts > 0 {
            self.later(60_000, move |world| world.to_start.push_back(Start::Alarm(set, at, attempts - 1)));
        }
    }
}
