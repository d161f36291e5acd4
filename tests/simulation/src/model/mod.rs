//! The guard's protocol as a model small enough to look at every order in which its steps can happen.
//!
//! One configuration set. An event is a bounce; `line` of them since the resume pause the set. A revision is not a
//! number here: each process that has read a state remembers whether it has been changed since, which is all that a
//! compare-and-replace asks (ADR 2). So there is no bound on how often anything changes, and the states stay finite.
//!
//! What a step stands for in the code is said at [`Act`]. Left out are the warning line, holds, orders to pause,
//! re-checks, notices and the policy: none of them takes part in who may write what.

mod explore;
mod step;

use crate::mutant::Mutant;

pub use explore::{Explored, explore};
pub use step::Act;

/// The most events, and the most processes of each kind.
pub const EVENTS: usize = 4;
/// See [`EVENTS`].
pub const PROCESSES: usize = 2;

/// How large the model is, and how much goes wrong.
#[derive(Clone, Copy, Debug)]
pub struct Model {
    /// Events that can happen.
    pub events: usize,
    /// How many of them since the resume are too many.
    pub line: usize,
    /// Ingests at once.
    pub workers: usize,
    /// Judges at once.
    pub judges: usize,
    /// Actuators at once.
    pub actuators: usize,
    /// Processes that die, and calls to SES that get no answer.
    pub crashes: u8,
    /// Messages that come twice.
    pub duplicates: u8,
    /// Resumes by an operator.
    pub resumes: u8,
    /// Turns of the switch in the console.
    pub console: u8,
    /// What is wrong with the guard.
    pub mutant: Mutant,
}

/// An event on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Event {
    /// Its mail was not sent.
    Unsent,
    /// In the queue; its mail was sent after so many resumes.
    Queued(u8),
    /// Deleted from the queue.
    Acked(u8),
}

/// An ingest: `steps/count.rs`, `Counter::count`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Worker {
    /// Waits.
    Idle,
    /// Has a message.
    Got(u8),
    /// Has counted it; `true`: it was known.
    Wrote(u8, bool),
    /// Has marked.
    Marked(u8),
    /// Deleted the message before it marked: a mutant.
    AckedUnmarked(u8),
    /// Marked before it counted: a mutant.
    PreMarked(u8),
}

/// A judge: `steps/decide.rs`, `Judge::judge`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Judge {
    /// Waits.
    Idle,
    /// Has read the state: whether nobody changed it since, whether nobody marked since, and its fence.
    Read { unchanged: bool, unmarked: bool, fresh: u8 },
    /// Has read the counts.
    Counted { unchanged: bool, unmarked: bool, over: bool },
    /// Has called SES before it wrote: a mutant.
    Called { unchanged: bool, unmarked: bool },
}

/// An actuator: `steps/act.rs`, `Actuator::carry_out`. `same` says that the intent is still the one it leased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Actuator {
    /// Waits.
    Idle,
    /// Has leased the set to turn it on or off.
    Leased { on: bool, same: bool },
    /// Has sent its call.
    Sent { on: bool, same: bool },
    /// Knows that SES has done it, or that it was so.
    Done { on: bool, same: bool },
}

/// A sweep's look at SES: `steps/sweep/mod.rs`, `Sweeper::look_at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sweep {
    /// Waits.
    Idle,
    /// Has read the state: whether nobody changed it since.
    Read { unchanged: bool },
    /// Has asked SES.
    Asked { unchanged: bool, on: bool },
}

/// The lease of the set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lease {
    /// Nobody's, or run out.
    Free,
    /// An actuator's.
    Held(u8),
    /// Of one that died or got no answer, until it runs out.
    Dead,
}

/// What was found wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wrong {
    /// S1: SES was told to stop the set before that was written.
    Unrecorded,
    /// S2: a pause without enough events since the resume.
    Unjustified,
    /// S5: a call turned a switch away from where it was left at rest.
    Zombie,
    /// S6: what the guard did was put down to a person.
    Misattributed,
}

/// Everything that the next step depends on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// The events.
    pub events: [Event; EVENTS],
    /// Those that are counted, a bit each.
    pub ledger: u8,
    /// Counts without ids, per fence; a mutant's.
    pub plain: [u8; 3],
    /// After how many resumes an event was booked.
    pub booked: [u8; EVENTS],
    /// Older counts that a read may show; a mutant's.
    pub behind: u8,
    /// Resumes so far: the model's clock.
    pub clock: u8,
    /// `State::wants_sending`
    pub wanted: bool,
    /// `State::pending` is there.
    pub pending: bool,
    /// `Phase::External`
    pub external: bool,
    /// `State::fresh`
    pub fresh: u8,
    /// `State::to_judge`
    pub marked: bool,
    /// `State::lease`
    pub lease: Lease,
    /// Whether SES lets the set send.
    pub on: bool,
    /// The call of each actuator that has not landed.
    pub calls: [Option<bool>; PROCESSES],
    /// A call whose sender died or gave up.
    pub orphan: Option<bool>,
    /// Ingests.
    pub workers: [Worker; PROCESSES],
    /// Judges.
    pub judges: [Judge; PROCESSES],
    /// Actuators.
    pub actuators: [Actuator; PROCESSES],
    /// The sweep.
    pub sweep: Sweep,
    /// What may still go wrong.
    pub left: [u8; 4],
    /// A pause was ever written.
    pub recorded: bool,
    /// It was paused by its counts, and again after a resume.
    pub paused: (bool, bool),
    /// A person turned it off; on.
    pub by_hand: (bool, bool),
    /// What was found wrong: the end.
    pub wrong: Option<Wrong>,
}

/// What may still go wrong, by index into [`State::left`].
pub(crate) const CRASHES: usize = 0;
pub(crate) const DUPLICATES: usize = 1;
pub(crate) const RESUMES: usize = 2;
pub(crate) const CONSOLE: usize = 3;

/// The sizes that are checked, by name.
pub const SIZES: [(&str, Model); 7] = {
    let base = Model {
        events: 3,
        line: 2,
        workers: 1,
        judges: 1,
        actuators: 1,
        crashes: 1,
        duplicates: 1,
        resumes: 1,
        console: 0,
        mutant: Mutant::None,
    };
    [
        ("A", base),
        ("B", Model { workers: 2, judges: 2, resumes: 0, ..base }),
        ("C", Model { events: 2, judges: 2, actuators: 2, crashes: 2, duplicates: 0, resumes: 2, console: 1, ..base }),
        ("D", Model { events: 4, judges: 2, actuators: 2, ..base }),
        ("E", Model { events: 4, workers: 2, judges: 2, ..base }),
        ("F", Model { workers: 2, actuators: 2, crashes: 2, console: 1, ..base }),
        ("G", Model { judges: 2, actuators: 2, crashes: 2, resumes: 2, console: 1, ..base }),
    ]
};

impl Model {
    /// Nothing has happened.
    pub fn init(&self) -> State {
        State {
            events: [Event::Unsent; EVENTS],
            ledger: 0,
            plain: [0; 3],
            booked: [0; EVENTS],
            behind: 0,
            clock: 0,
            wanted: true,
            pending: false,
            external: false,
            fresh: 0,
            marked: false,
            lease: Lease::Free,
            on: true,
            calls: [None; PROCESSES],
            orphan: None,
            workers: [Worker::Idle; PROCESSES],
            judges: [Judge::Idle; PROCESSES],
            actuators: [Actuator::Idle; PROCESSES],
            sweep: Sweep::Idle,
            left: [self.crashes, self.duplicates, self.resumes, self.console],
            recorded: false,
            paused: (false, false),
            by_hand: (false, false),
            wrong: None,
        }
    }

    /// Different counted events of mail sent since the fence: the truth.
    pub fn truth(&self, state: &State) -> usize {
        let counts = |event: usize| match state.events[event] {
            Event::Queued(sent) | Event::Acked(sent) => state.ledger >> event & 1 == 1 && sent >= state.fresh,
            Event::Unsent => false,
        };
        (0..self.events).filter(|event| counts(*event)).count()
    }

    /// What is wrong with a state in which nothing goes on by itself.
    pub fn wrong_at_rest(&self, state: &State) -> Option<&'static str> {
        if state.on != state.wanted {
            return Some(if state.on { "S3 sends, and is recorded as paused" } else { "S1 paused without a record" });
        }
        if state.pending {
            return Some("L1 an intent is stuck");
        }
        if state.on && self.truth(state) >= self.line {
            return Some("S3 over the line and sending");
        }
        (0..self.events).find_map(|event| match state.events[event] {
            Event::Queued(_) => Some("S4 a message is stuck"),
            Event::Acked(_) if state.ledger >> event & 1 == 0 => Some("S4 an event is lost"),
            Event::Acked(_) | Event::Unsent => None,
        })
    }
}
