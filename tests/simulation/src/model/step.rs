//! The steps: which may come next, and what each does.

use super::{Actuator, Judge, Lease, Model, State, Sweep, Wrong};
use crate::mutant::Mutant;

/// A step. Numbers are those of the process, and of the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// SES takes a mail that will bounce, if the set may send.
    Send(u8),
    /// The queue brings a message again.
    Duplicate(u8),
    /// A process dies.
    CrashWorker(u8),
    /// The same.
    CrashJudge(u8),
    /// The same.
    CrashActuator(u8),
    /// The same.
    CrashSweep,
    /// `steps/operate.rs`, `resume`, committed.
    Resume,
    /// Somebody turns the switch.
    Console(bool),
    /// SES answers 429: `Actuator::carry_out` gives the lease back.
    Throttle(u8),
    /// SES does not answer: `SwitchFault::Unknown`, and the lease stays.
    Timeout(u8),
    /// A call whose sender gave up never lands.
    DropOrphan,
    /// The copy that a mutant reads catches up.
    Replicate,
    /// The queue gives a message to an ingest.
    Receive(u8, u8),
    /// `Ledger::add`
    Add(u8),
    /// `Register::mark`
    Mark(u8),
    /// The answer of `Ingest::handle`: the message is deleted.
    Ack(u8),
    /// `Register::read` in `Judge::judge`
    Read(u8),
    /// `Ledger::window` and `decide` in `Judge::judge`
    Count(u8),
    /// The same, of counts that are behind.
    CountBehind(u8),
    /// `Register::commit` in `Judge::judge`
    Commit(u8),
    /// A mutant calls SES first.
    CallFirst(u8),
    /// `State::leased`, committed by `Actuator::carry_out`
    Lease(u8),
    /// `Actuator::switch_on`: SES says that the set is on, and that is believed.
    FindOn(u8),
    /// `SendingSwitch::turn`
    Call(u8),
    /// The call lands.
    Land(u8),
    /// The call lands whose sender has died or given up.
    LandOrphan,
    /// `Actuator::settle`
    Settle(u8),
    /// A dead one's lease runs out; its call can't land any more.
    Expire,
    /// `Register::read` in `Sweeper::look_at`
    Look,
    /// `SendingSwitch::is_on` in `Sweeper::look_at`
    Ask,
    /// `drift::drift`, committed by `Sweeper::look_at`
    Drift,
}

impl Act {
    /// Whether the guard goes on by it: all else is traffic, people, and faults.
    pub fn is_progress(self) -> bool {
        match self {
            Self::Send(_)
            | Self::Duplicate(_)
            | Self::CrashWorker(_)
            | Self::CrashJudge(_)
            | Self::CrashActuator(_)
            | Self::CrashSweep
            | Self::Resume
            | Self::Console(_)
            | Self::Throttle(_)
            | Self::Timeout(_)
            | Self::Replicate => false,
            Self::DropOrphan
            | Self::Receive(..)
            | Self::Add(_)
            | Self::Mark(_)
            | Self::Ack(_)
            | Self::Read(_)
            | Self::Count(_)
            | Self::CountBehind(_)
            | Self::Commit(_)
            | Self::CallFirst(_)
            | Self::Lease(_)
            | Self::FindOn(_)
            | Self::Call(_)
            | Self::Land(_)
            | Self::LandOrphan
            | Self::Settle(_)
            | Self::Expire
            | Self::Look
            | Self::Ask
            | Self::Drift => true,
        }
    }
}

/// Somebody committed a change: whoever has read the state before meets a conflict.
fn changed(state: &mut State) {
    for judge in &mut state.judges {
        match judge {
            Judge::Read { unchanged, .. } | Judge::Counted { unchanged, .. } | Judge::Called { unchanged, .. } => {
                *unchanged = false;
            }
            Judge::Idle => {}
        }
    }
    match &mut state.sweep {
        Sweep::Read { unchanged } | Sweep::Asked { unchanged, .. } => *unchanged = false,
        Sweep::Idle => {}
    }
}

/// The same, and it was a new intent.
fn intended(state: &mut State) {
    changed(state);
    for actuator in &mut state.actuators {
        match actuator {
            Actuator::Leased { same, .. } | Actuator::Sent { same, .. } | Actuator::Done { same, .. } => *same = false,
            Actuator::Idle => {}
        }
    }
}

fn marked(state: &mut State) {
    state.marked = true;
    for judge in &mut state.judges {
        match judge {
            Judge::Read { unmarked, .. } | Judge::Counted { unmarked, .. } | Judge::Called { unmarked, .. } => {
                *unmarked = false;
            }
            Judge::Idle => {}
        }
    }
}

mod may;
mod next;

impl Model {
    /// Nobody is at it: SES's answer can be held against the record.
    fn at_rest(state: &State) -> bool {
        !state.pending && state.lease == Lease::Free
    }

    fn pause(&self, state: &mut State) {
        if self.truth(state) < self.line {
            state.wrong = Some(Wrong::Unjustified);
        }
        state.paused = (true, state.paused.0 && state.clock > 0);
        (state.wanted, state.pending, state.external, state.recorded) = (false, true, false, true);
        intended(state);
    }

    /// A call of the guard lands.
    fn land(&self, state: &mut State, on: bool) {
        if !on && !state.recorded {
            state.wrong = Some(Wrong::Unrecorded);
        } else if Self::at_rest(state) && on != state.wanted && state.on != on && self.mutant != Mutant::PutBeforeIntent
        {
            state.wrong = Some(Wrong::Zombie);
        }
        state.on = on;
    }

    /// What a judge counts since its fence.
    fn counted(&self, state: &State, ledger: u8, fresh: u8) -> usize {
        if self.mutant == Mutant::AddCounters {
            return state.plain[usize::from(fresh)..].iter().map(|count| usize::from(*count)).sum();
        }
        let since = |event: &usize| self.mutant == Mutant::NoFreshStart || state.booked[*event] >= fresh;
        (0..self.events).filter(|event| ledger >> event & 1 == 1).filter(since).count()
    }

    /// Processes of a kind are alike: their order is not told apart.
    fn sorted(&self, state: &mut State) {
        state.workers[..self.workers].sort_unstable();
        state.judges[..self.judges].sort_unstable();
        if self.actuators == 2 && (state.actuators[1], state.calls[1]) < (state.actuators[0], state.calls[0]) {
            state.actuators.swap(0, 1);
            state.calls.swap(0, 1);
            if let Lease::Held(holder) = &mut state.lease {
                *holder = 1 - *holder;
            }
        }
    }
}
