//! What people and other machines do in a run, whatever the guard does: mail, orders, switches, outages.

mod rest;

use guard_core::event::SignalKind;

use crate::dice::Dice;
use crate::rules::Rules;

/// Milliseconds in a minute.
pub const MINUTE: i64 = 60_000;

/// What the guard asks of the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// The counts.
    Ledger,
    /// The states.
    Register,
    /// SES's control plane.
    Ses,
    /// Topic and event bus.
    Notices,
    /// The re-check queue.
    Recheck,
    /// Lambda's own queue of invocations.
    Lambda,
    /// What it was told of the guard.
    CloudWatch,
}

/// What an operator orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Stop it.
    Pause,
    /// Let it send again.
    Resume,
    /// The same, though it was not the guard that stopped it.
    ForceResume,
    /// Leave it alone.
    Hold,
    /// Take that back.
    Release,
}

/// What becomes of the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Push {
    /// These numbers come into force.
    New(Rules),
    /// Those of the version before the latest come into force again.
    Back,
    /// What was deployed comes into force again.
    Clear,
    /// An operator only wants to know what these numbers would do.
    Plan(Rules),
}

/// One event of a mail: so many units, published this long after the mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// What.
    pub kind: SignalKind,
    /// The first recipient it is about.
    pub first: u64,
    /// How many recipients; 1 for a complaint.
    pub units: u64,
    /// When it is published, in milliseconds after the mail.
    pub after: i64,
}

/// What happens by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// Somebody sends a mail; SES takes it if the set may send.
    Mail {
        /// Whose.
        set: usize,
        /// Its number in the run.
        mail: u64,
        /// What comes of it.
        parts: Vec<Part>,
    },
    /// An operator orders something.
    Ordered(usize, Order),
    /// Somebody turns the switch in the console.
    Turned(usize, bool),
    /// A CloudWatch alarm of the set goes off.
    Alarm(usize),
    /// A service is away for so many seconds.
    Outage(Service, i64),
    /// Dead letters are sent back to the queue.
    Replay,
    /// An operator pushes a policy.
    Pushed(Push),
    /// Somebody deletes the set in SES.
    Deleted(usize),
    /// Somebody creates it again.
    Created(usize),
    /// An operator orders something of the whole account.
    OrderedWhole(Order),
    /// Somebody turns the account's switch in the console.
    TurnedWhole(bool),
    /// AWS stops the account, or lets it send again.
    ShutDown(bool),
    /// SES publishes nothing for so many milliseconds.
    Deaf(i64),
}

/// A run, as far as it does not depend on the guard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// When it begins, in epoch milliseconds.
    pub begins: i64,
    /// How long faults and mail go on.
    pub lasts: i64,
    /// The number of configuration sets.
    pub sets: usize,
    /// The policy that was deployed.
    pub rules: Rules,
    /// Whether the stack was deployed to observe only.
    pub observes: bool,
    /// Whether the account as a whole may be stopped.
    pub may_stop: bool,
    /// How many identities have no default configuration set.
    pub bare_identities: usize,
    /// How many actuators may run at once.
    pub actuators: usize,
    /// How long a message is hidden from others.
    pub visibility: i64,
    /// After how many days dead letters are sent back, if ever.
    pub replay_after_days: Option<i64>,
    /// Whether the account as a whole is guarded, from 300 mails on.
    pub guards_account: bool,
    /// Whether clocks of those who count and judge may be off by minutes.
    pub skew_minutes: bool,
    /// What happens when, in milliseconds after the beginning.
    pub happenings: Vec<(i64, Happening)>,
}

/// 2026-11-20T12:00:00Z.
const NOON: i64 = 1_795_176_000_000;

impl Script {
    /// The script of a seed.
    pub fn of(seed: u64) -> Self {
        let mut dice = Dice::of(seed, 1);
        let lasts = dice.between(60, 200) * MINUTE;
        let sets = dice.pick(&[1, 2, 3, 3]);
        let mut script = Self {
            begins: NOON + dice.between(0, 15 * MINUTE),
            lasts,
            sets,
            rules: Rules::built_in(dice.pick(&[1, 2, 168, 168])),
            observes: false,
            may_stop: false,
            bare_identities: 0,
            actuators: dice.pick(&[1, 2]),
            visibility: dice.pick(&[30_000, 60_000, 180_000]),
            replay_after_days: dice.pick(&[None, Some(1), Some(3)]),
            guards_account: dice.one_in(3),
            skew_minutes: dice.one_in(4),
            happenings: Vec::new(),
        };
        script.send_mail(&mut dice);
        script.meddle(&mut dice);
        script.change_the_rest(&mut Dice::of(seed, 5));
        script.happenings.sort_by_key(|(at, _)| *at);
        script
    }

    fn send_mail(&mut self, dice: &mut Dice) {
        let mut mail = 0;
        for set in 0..self.sets {
            let mails = dice.between(60, 240);
            let turns_bad = dice.between(0, self.lasts / 2);
            let stays_bad = dice.between(5 * MINUTE, self.lasts);
            let bounces = dice.pick(&[0, 10, 20, 40]);
            let complains = dice.pick(&[0, 0, 40]);
            let mut at = 0;
            for _ in 0..mails {
                // In bursts: half of the mails follow the one before within a second.
                at = match dice.one_in(2) {
                    true => at + dice.between(0, 1_000),
                    false => dice.between(0, self.lasts),
                };
                let is_bad = (turns_bad..turns_bad + stays_bad).contains(&at);
                let (bounces, complains) = if is_bad { (bounces, complains) } else { (1, 0) };
                let parts = parts(dice, bounces, complains);
                self.happenings.push((at, Happening::Mail { set, mail, parts }));
                mail += 1;
            }
        }
    }

    fn meddle(&mut self, dice: &mut Dice) {
        let times = |dice: &mut Dice, most: i64| dice.between(-1, most).max(0);
        let mut add = |dice: &mut Dice, happening| {
            let at = dice.between(0, self.lasts);
            self.happenings.push((at, happening));
        };
        let set = |dice: &mut Dice| usize::try_from(dice.below(self.sets as u64)).unwrap_or(0);
        for _ in 0..times(dice, 8) {
            use Order::{ForceResume, Hold, Pause, Release, Resume};
            let (set, order) = (set(dice), dice.pick(&[Pause, Resume, Resume, Resume, ForceResume, Hold, Release]));
            add(dice, Happening::Ordered(set, order));
        }
        for _ in 0..times(dice, 5) {
            let (set, on) = (set(dice), dice.one_in(2));
            add(dice, Happening::Turned(set, on));
        }
        for _ in 0..times(dice, 2) {
            let set = set(dice);
            add(dice, Happening::Alarm(set));
        }
        for _ in 0..times(dice, 3) {
            use Service::{Ledger, Notices, Recheck, Register, Ses};
            let service = dice.pick(&[Ledger, Ledger, Register, Register, Ses, Notices, Recheck]);
            let seconds = dice.pick(&[5, 30, 120, 600, 1_200]);
            add(dice, Happening::Outage(service, seconds));
        }
        for _ in 0..times(dice, 1) {
            add(dice, Happening::Replay);
        }
    }
}

/// The events of one mail, of whose recipients so many in a hundred bounce, and which is complained of so often.
fn parts(dice: &mut Dice, bounces: u64, complains: u64) -> Vec<Part> {
    let recipients = if dice.one_in(12) { 50 } else { dice.between(1, 8).unsigned_abs() };
    let late = |dice: &mut Dice| match dice.below(5) {
        0 => dice.between(5 * MINUTE, 35 * MINUTE),
        1 => dice.between(10_000, 5 * MINUTE),
        _ => dice.between(800, 10_000),
    };
    let mut parts = vec![Part { kind: SignalKind::Send, first: 0, units: recipients, after: dice.between(200, 3_000) }];
    let mut first = 0;
    if dice.one_in(15) {
        let units = recipients.div_ceil(4);
        parts.push(Part { kind: SignalKind::Prevented, first, units, after: dice.between(300, 5_000) });
        first += units;
    }
    // Bounces come in one to three events.
    let mut bounced = (first..recipients).filter(|_| dice.percent(bounces)).count() as u64;
    while bounced > 0 {
        let units = dice.between(1, i64::try_from(bounced).unwrap_or(1)).unsigned_abs();
        parts.push(Part { kind: SignalKind::Bounce, first, units, after: late(dice) });
        (first, bounced) = (first + units, bounced - units);
    }
    if dice.percent(complains) {
        parts.push(Part { kind: SignalKind::Complaint, first: 0, units: 1, after: late(dice) });
    }
    parts
}
