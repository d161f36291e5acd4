//! What people do: they send mail, order, and turn switches; and at inconvenient moments above all.

use guard_core::audit::Act;
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
        }
    }

    fn mail(&mut self, set: usize, mail: u64, parts: Vec<Part>) {
        let key = self.sets[set].clone();
        if !self.switches.get(&key).is_some_and(|switch| switch.now().on) {
            return;
        }
        let sent_at = self.now;
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
        let before = self.turn_switch(&key, on, By::Person);
        let changed = before.is_some_and(|before| before.on != on);
        if changed && !self.strikes(Kind::TouchLost) {
            let after = self.between(500, MINUTE);
            self.later(after, move |world| world.to_start.push_back(Start::Touched(key)));
        }
    }

    fn alarm(&mut self, set: usize) {
        let at = Timestamp::from_millisecond(self.now).unwrap_or_default();
        let set = self.sets[set].clone();
        self.to_start.push_back(Start::Alarm(set, at, 2));
    }

    /// Something was written down: whoever sees it may act just now.
    pub fn meddle_with(&mut self, change: &Change) {
        let Some(set) = self.sets.iter().position(|set| *set == change.set) else { return };
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
