//! The account as a whole: SES's switch of it, what AWS says of it, and what CloudWatch publishes of the guard.

use std::collections::{BTreeMap, VecDeque};

use guard_core::name::SetKey;
use guard_core::port::{AccountStanding, AccountView, Fault, Monitor, Point, SesRates, Vital, Vitals};
use jiff::Timestamp;

use crate::fault::Kind;
use crate::mutant::Mutant;
use crate::port::Port;
use crate::process::{Role, Start};
use crate::script::{MINUTE, Order, Service};
use crate::ses::By;
use crate::world::World;

/// Milliseconds in a bucket.
const BUCKET: i64 = 900_000;
/// How many minutes' numbers are kept.
const KEPT: usize = 120;

/// One minute's numbers of the guard.
#[derive(Debug, Clone, Copy)]
struct Minute {
    begins: i64,
    /// Seconds that the oldest event waits.
    events_age: u64,
    judge_age: Option<u64>,
    actuate_age: Option<u64>,
    dead_letters: u64,
    dead_wake_ups: u64,
}

/// What CloudWatch was told.
#[derive(Debug, Default)]
pub struct Measures {
    minutes: VecDeque<Minute>,
    ages: BTreeMap<Role, u64>,
    /// Recipients of the mail that SES took, per bucket.
    pub taken: BTreeMap<i64, u64>,
    /// Wake-up calls that were given up.
    pub dead_wake_ups: u64,
    /// Up to when events waited long, or nothing was measured.
    pub rough_until: i64,
}

impl World {
    /// A minute is over.
    pub fn measure(&mut self) {
        self.later(MINUTE, Self::measure);
        let oldest = self.queue.oldest().map_or(0, |at| self.now - at);
        let ages = std::mem::take(&mut self.measures.ages);
        let minute = Minute {
            begins: self.now - MINUTE,
            events_age: u64::try_from(oldest / 1_000).unwrap_or(0),
            judge_age: ages.get(&Role::Judge).copied(),
            actuate_age: ages.get(&Role::Actuate).copied(),
            dead_letters: self.queue.dead.len() as u64,
            dead_wake_ups: self.measures.dead_wake_ups,
        };
        let is_lost = self.strikes(Kind::Unmeasured);
        if is_lost || minute.events_age > 15 {
            self.measures.rough_until = self.now;
        }
        if !is_lost {
            self.measures.minutes.push_back(minute);
        }
        if self.measures.minutes.len() > KEPT {
            self.measures.minutes.pop_front();
        }
    }

    /// A wake-up call waited so many milliseconds.
    pub fn waited(&mut self, role: Role, milliseconds: i64) {
        let seconds = u64::try_from(milliseconds / 1_000).unwrap_or(0);
        let age = self.measures.ages.entry(role).or_default();
        *age = seconds.max(*age);
    }

    fn vitals(&self, from: Timestamp, to: Timestamp) -> Vitals {
        let (from, to) = (from.as_millisecond(), to.as_millisecond());
        let mut vitals = Vitals::new();
        let mut add = |vital, at: i64, value| {
            let at = Timestamp::from_millisecond(at).unwrap_or_default();
            vitals.entry(vital).or_default().push(Point { at, value });
        };
        let looks_away = self.mutant == Mutant::SilenceIsHealth;
        for (bucket, taken) in self.measures.taken.range(from..to) {
            if bucket + BUCKET <= self.now {
                add(Vital::Sends, *bucket, if looks_away { 0 } else { *taken });
            }
        }
        for minute in self.measures.minutes.iter().filter(|one| (from..to).contains(&one.begins)) {
            add(Vital::EventsAge, minute.begins, minute.events_age);
            let optional = [
                (Vital::JudgeAge, minute.judge_age),
                (Vital::ActuateAge, minute.actuate_age),
                (Vital::EventDeadLetters, (minute.dead_letters > 0).then_some(minute.dead_letters)),
                (Vital::WakeUpDeadLetters, (minute.dead_wake_ups > 0).then_some(minute.dead_wake_ups)),
            ];
            for (vital, value) in optional {
                if let Some(value) = value {
                    add(vital, minute.begins, value);
                }
            }
        }
        vitals
    }

    /// Whether SES takes mail of anybody.
    pub fn account_sends(&self) -> bool {
        !self.is_shut_down && self.switches.get(&self.account).is_some_and(|switch| switch.now().on)
    }

    /// An operator orders something of the whole account.
    pub fn order_whole(&mut self, order: Order) {
        self.faults.counted(Kind::Order);
        self.note(|| format!("an operator: {order:?} the account"));
        self.to_start.push_back(Start::Operate(self.account.clone(), order));
    }

    /// Somebody turns the account's switch in the console.
    pub fn turn_whole(&mut self, on: bool) {
        self.faults.counted(Kind::Console);
        let account = self.account.clone();
        self.turn_switch(&account, on, By::Person);
    }

    fn standing(&mut self) -> AccountStanding {
        let behind = self.strikes(Kind::StaleLook);
        let turn =
            self.switches.get(&self.account).map(|switch| if behind { switch.behind(self.now) } else { switch.now() });
        let enforcement_status = if self.is_shut_down { "SHUTDOWN" } else { "HEALTHY" };
        let sending_enabled = turn.is_none_or(|turn| turn.on);
        AccountStanding { enforcement_status: enforcement_status.to_owned(), sending_enabled, quota: None }
    }

    /// Of which set something is kept as a whole.
    pub fn is_whole(&self, set: &SetKey) -> bool {
        *set == self.account
    }
}

/// SES publishes no rates of the account.
impl AccountView for Port {
    async fn rates(&self, _: Timestamp) -> Result<SesRates, Fault> {
        Ok(SesRates::default())
    }

    async fn standing(&self) -> Result<AccountStanding, Fault> {
        self.ask(Service::Ses, "look", "account", false, World::standing).await
    }
}

impl Monitor for Port {
    async fn vitals(&self, from: Timestamp, to: Timestamp) -> Result<Vitals, Fault> {
        let effect = move |world: &mut World| world.vitals(from, to);
        self.ask(Service::CloudWatch, "vitals", "account", false, effect).await
    }
}
