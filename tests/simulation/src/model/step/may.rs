//! Which steps may come next.

use super::super::{Actuator, CONSOLE, CRASHES, DUPLICATES, Event, Judge, Lease, Model, RESUMES, State, Sweep, Worker};
use super::Act;
use crate::mutant::Mutant;

fn holds(worker: Worker, event: u8) -> bool {
    matches!(worker, Worker::Got(of) | Worker::Wrote(of, _) | Worker::Marked(of) | Worker::PreMarked(of) if of == event)
}

impl Model {
    pub(super) fn held(&self, state: &State, event: u8) -> bool {
        state.workers[..self.workers].iter().any(|worker| holds(*worker, event))
    }

    /// The steps that may come next.
    pub fn acts(&self, state: &State, acts: &mut Vec<Act>) {
        if state.wrong.is_some() {
            return;
        }
        let may_crash = state.left[CRASHES] > 0;
        if let Some(event) = (0..self.events).find(|event| state.events[*event] == Event::Unsent)
            && state.on
        {
            acts.push(Act::Send(event as u8));
        }
        for event in 0..self.events {
            if matches!(state.events[event], Event::Acked(_)) && state.left[DUPLICATES] > 0 {
                acts.push(Act::Duplicate(event as u8));
            }
        }
        for worker in 0..self.workers {
            self.acts_of_worker(state, worker, acts);
            if may_crash && state.workers[worker] != Worker::Idle {
                acts.push(Act::CrashWorker(worker as u8));
            }
        }
        for judge in 0..self.judges {
            self.acts_of_judge(state, judge, acts);
            if may_crash && state.judges[judge] != Judge::Idle {
                acts.push(Act::CrashJudge(judge as u8));
            }
        }
        for actuator in 0..self.actuators {
            self.acts_of_actuator(state, actuator, acts);
        }
        if state.orphan.is_some() {
            acts.extend([Act::LandOrphan, Act::DropOrphan]);
        }
        if state.lease == Lease::Dead && (state.orphan.is_none() || self.mutant == Mutant::LeaseShorterThanPut) {
            acts.push(Act::Expire);
        }
        if self.mutant != Mutant::NoSweeper {
            match state.sweep {
                Sweep::Idle if Self::at_rest(state) && state.on != state.wanted => acts.push(Act::Look),
                Sweep::Idle => {}
                Sweep::Read { .. } => acts.push(Act::Ask),
                Sweep::Asked { .. } => acts.push(Act::Drift),
            }
            if may_crash && state.sweep != Sweep::Idle {
                acts.push(Act::CrashSweep);
            }
        }
        if state.left[RESUMES] > 0 && !state.wanted {
            acts.push(Act::Resume);
        }
        if state.left[CONSOLE] > 0 {
            acts.push(Act::Console(!state.on));
        }
        if self.mutant == Mutant::StaleWindowRead && state.behind != state.ledger {
            acts.push(Act::Replicate);
        }
    }

    fn acts_of_worker(&self, state: &State, worker: usize, acts: &mut Vec<Act>) {
        let number = worker as u8;
        match state.workers[worker] {
            Worker::Idle => {
                // Of several that wait, the first.
                if state.workers[..worker].contains(&Worker::Idle) {
                    return;
                }
                for event in 0..self.events {
                    let queued = matches!(state.events[event], Event::Queued(_));
                    if queued && (!self.held(state, event as u8) || state.left[DUPLICATES] > 0) {
                        acts.push(Act::Receive(number, event as u8));
                    }
                }
            }
            Worker::Got(_) if self.mutant == Mutant::MarkBeforeWrite => acts.push(Act::Mark(number)),
            Worker::Got(_) | Worker::PreMarked(_) => acts.push(Act::Add(number)),
            Worker::Wrote(..) if self.mutant == Mutant::AckBeforeMark => acts.push(Act::Ack(number)),
            Worker::Wrote(..) | Worker::AckedUnmarked(_) => acts.push(Act::Mark(number)),
            Worker::Marked(_) => acts.push(Act::Ack(number)),
        }
    }

    fn acts_of_judge(&self, state: &State, judge: usize, acts: &mut Vec<Act>) {
        let number = judge as u8;
        match state.judges[judge] {
            Judge::Idle => {
                // A set that resumes is judged later (`Outcome::Later`): the mark stays.
                let resumes = state.wanted && state.pending;
                if state.marked && !resumes && !state.judges[..judge].contains(&Judge::Idle) {
                    acts.push(Act::Read(number));
                }
            }
            Judge::Read { .. } => {
                acts.push(Act::Count(number));
                if self.mutant == Mutant::StaleWindowRead && state.behind != state.ledger {
                    acts.push(Act::CountBehind(number));
                }
            }
            Judge::Counted { over: true, .. } if self.mutant == Mutant::PutBeforeIntent && state.wanted => {
                acts.push(Act::CallFirst(number));
            }
            Judge::Counted { .. } | Judge::Called { .. } => acts.push(Act::Commit(number)),
        }
    }

    fn acts_of_actuator(&self, state: &State, actuator: usize, acts: &mut Vec<Act>) {
        let number = actuator as u8;
        let may_crash = state.left[CRASHES] > 0;
        match state.actuators[actuator] {
            Actuator::Idle => {
                let free = state.lease == Lease::Free || self.mutant == Mutant::NoLease;
                if state.pending && free && !state.actuators[..actuator].contains(&Actuator::Idle) {
                    acts.push(Act::Lease(number));
                }
            }
            Actuator::Leased { on, .. } => {
                acts.push(Act::Call(number));
                // While SES may still show what was before, it is not believed, and called all the same.
                if on && state.on {
                    acts.push(Act::FindOn(number));
                }
            }
            Actuator::Sent { .. } => {
                acts.extend([Act::Land(number), Act::Throttle(number)]);
                if may_crash && state.orphan.is_none() {
                    acts.push(Act::Timeout(number));
                }
            }
            Actuator::Done { .. } => acts.push(Act::Settle(number)),
        }
        let room = state.calls[actuator].is_none() || state.orphan.is_none();
        if may_crash && state.actuators[actuator] != Actuator::Idle && room {
            acts.push(Act::CrashActuator(number));
        }
    }
}
