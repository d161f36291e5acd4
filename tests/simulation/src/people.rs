//! What people do: they send mail, order, and turn switches; and at inconvenient moments above all.

use guard_core::audit::Act;
use guard_core::event::SignalKind;
use guard_core::state::{Change, Intent};
use jiff::Timestamp;

use crate::fault::Kind;
use crate::process::Start;
use crate::queue::Body;
use crate::script::{Happening, MINUTE, Order, Part};
use crate::ses::By;
use crate::world::World;

impl World {
    /// Something of the script happens.
    pub fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Mail { set, mail, parts } => self.mail(set, mail, parts),
            Happening::Ordered(set, order) => {
                self.faults.counted(Kind::Order);
                let set = self.sets[set].clone();
                self.note(|| format!("an operator: {order:?} {}", set.name));
                self.to_start.push_back(Start::Operate(set, order));
            }
            Happening::Turned(set, on) => {
                self.faults.counted(Kind::Console);
                self.turn_by_hand(set, on);
            }
            Happening::Alarm(set) => {
                self.faults.counted(Kind::Alarm);
                self.alarm(set);
            }
            Happening::Outage(service, seconds) => {
                self.faults.counted(Kind::Outage);
                self.note(|| format!("        * {service:?} is away for {seconds} s"));
                self.away.insert(service, self.now + seconds * 1_000);
            }
            Happening::Replay => {
                self.faults.counted(Kind::Replay);
                self.replay();
            }
            Happening::Pushed(push) => {
                self.faults.counted(Kind::Push);
                self.pushed(push);
            }
            Happening::Deleted(set) => {
                self.faults.counted(Kind::Deleted);
                self.delete_set(set);
            }
            Happening::Created(set) => self.create_set(set),
            Happening::OrderedWhole(order) => self.order_whole(order),
            Happening::TurnedWhole(on) => self.turn_whole(on),
            Happening::ShutDown(is_shut_down) => {
                self.faults.counted(Kind::ShutDown);
                self.note(|| format!("        AWS {} the account", if is_shut_down { "stops" } else { "frees" }));
                self.is_shut_down = is_shut_down;
            }
            Happening::Deaf(milliseconds) => {
                self.faults.counted(Kind::Deaf);
                self.note(|| format!("        * SES publishes nothing for {} s", milliseconds / 1_000));
                self.deaf_until = self.now + milliseconds;
            }
        }
    }

    fn mail(&mut self, set: usize, mail: u64, parts: Vec<Part>) {
        let key = self.sets[set].clone();
        let sends = self.switches.get(&key).is_some_and(|switch| switch.now().on && switch.now().exists);
        if !sends || !self.account_sends() {
            return;
        }
        let sent_at = self.now;
        let recipients = parts.iter().filter(|part| part.kind == SignalKind::Send).map(|part| part.units).sum::<u64>();
        *self.measures.taken.entry(sent_at.div_euclid(900_000) * 900_000).or_default() += recipients;
        let first = self.oracle.accepted(&key, sent_at, parts.len());
        self.note(|| format!("mail {mail} of {}", key.name));
        for (index, Part { kind, first: recipient, units, after }) in parts.into_iter().enumerate() {
            let poison = self.strikes(Kind::Poison);
            let body = Body { number: first + index, set, mail, kind, first: recipient, units, sent_at, poison };
            self.later(after, move |world| world.publish(body));
        }
    }

    /// Dead letters go back to the queue.
    pub fn replay(&mut self) {
        let count = self.queue.replay(self.now);
        self.note(|| format!("{count} dead letters are sent back"));
        self.poll();
    }

    fn turn_by_hand(&mut self, set: usize, on: bool) {
        let key = self.sets[set].clone();
        if !self.switches.get(&key).is_some_and(|switch| switch.now().exists) {
            return;
        }
        let before = self.turn_switch(&key, on, By::Person);
        let changed = before.is_some_and(|before| before.on != on);
        if changed && !self.strikes(Kind::TouchLost) {
            let after = self.between(500, MINUTE);
            self.later(after, move |world| world.to_start.push_back(Start::Touched(key)));
        }
    }

    fn delete_set(&mut self, set: usize) {
        let (key, at) = (self.sets[set].clone(), self.now);
        self.note(|| format!("        SES: {} is deleted", key.name));
        if let Some(switch) = self.switches.get_mut(&key) {
            switch.exists(false, at);
        }
    }

    fn create_set(&mut self, set: usize) {
        let (key, at) = (self.sets[set].clone(), self.now);
        let Some(switch) = self.switches.get_mut(&key).filter(|switch| !switch.now().exists) else { return };
        switch.exists(true, at);
        self.note(|| format!("        SES: {} is created", key.name));
        if !self.strikes(Kind::TouchLost) {
            let after = self.between(500, MINUTE);
            self.later(after, move |world| world.to_start.push_back(Start::Created(key)));
        }
    }

    fn alarm(&mut self, set: usize) {
        let at = Timestamp::from_millisecond(self.now).unwrap_or_default();
        let set = self.sets[set].clone();
        self.to_start.push_back(Start::Alarm(set, at, 2));
    }

    /// Something was written down: whoever sees it may act just now.
    pub fn meddle_with(&mut self, change: &Change) {
        let Some(set) = self.sets.iter().position(|set| *set == change.set) else {
            let stops = change.audit.iter().any(|record| record.act == Act::PauseIntended);
            if stops && self.strikes(Kind::Order) {
                let after = self.soon();
                self.later(after, |world| world.order_whole(Order::Resume));
            }
            return;
        };
        // The moment at which an actuator is about to call SES is the worst.
        if let (Some(_), None, Some((intent, _))) = (&change.after.lease, &change.before.lease, change.after.pending)
            && self.strikes(Kind::Order)
        {
            let (after, key) = (self.faults.degree(0, 1_500), change.set.clone());
            let order = match intent {
                Intent::Pause => Order::Resume,
                Intent::Resume => Order::Pause,
            };
            self.later(after, move |world| world.to_start.push_back(Start::Operate(key, order)));
        }
        for record in &change.audit {
            match record.act {
                Act::PauseIntended | Act::Reasserted if self.strikes(Kind::Order) => {
                    let after = self.soon();
                    let key = self.sets[set].clone();
                    self.later(after, move |world| world.to_start.push_back(Start::Operate(key, Order::Resume)));
                }
                Act::ResumeIntended if self.strikes(Kind::Order) => {
                    let (after, key) = (self.soon(), self.sets[set].clone());
                    self.later(after, move |world| world.to_start.push_back(Start::Operate(key, Order::Pause)));
                }
                Act::Paused | Act::Resumed | Act::FoundOff if self.strikes(Kind::Console) => {
                    let (after, on) = (self.soon(), record.act != Act::Resumed);
                    self.later(after, move |world| world.turn_by_hand(set, on));
                }
                Act::PauseIntended | Act::Warned | Act::Resumed if self.strikes(Kind::Push) => {
                    let (after, sets) = (self.soon(), self.script.clone());
                    let push = sets.any_push(self.faults.dice());
                    self.later(after, move |world| world.pushed(push));
                }
                Act::PauseIntended | Act::Resumed | Act::Released if self.strikes(Kind::Hold) => {
                    let (after, key) = (self.soon(), self.sets[set].clone());
                    self.later(after, move |world| world.to_start.push_back(Start::Operate(key, Order::Hold)));
                }
                Act::Held | Act::WouldPause if self.strikes(Kind::Hold) => {
                    let (after, key) = (self.soon(), self.sets[set].clone());
                    self.later(after, move |world| world.to_start.push_back(Start::Operate(key, Order::Release)));
                }
                Act::PauseIntended | Act::Paused | Act::ResumeIntended | Act::Resumed | Act::FoundOff
                    if self.strikes(Kind::Deleted) =>
                {
                    let (after, back) = (self.soon(), self.soon());
                    self.later(after, move |world| world.delete_set(set));
                    self.later(after + back, move |world| world.create_set(set));
                }
                Act::Warned if self.strikes(Kind::Alarm) => {
                    let after = self.soon();
                    self.later(after, move |world| world.alarm(set));
                }
                _ => {}
            }
        }
    }

    fn soon(&mut self) -> i64 {
        match self.faults.degree(0, 2) {
            0 => self.faults.degree(0, 3_000),
            1 => self.faults.degree(3_000, MINUTE),
            _ => self.faults.degree(MINUTE, 15 * MINUTE),
        }
    }
}
