//! What each step does.

use super::super::{
    Actuator, CONSOLE, CRASHES, DUPLICATES, Event, Judge, Lease, Model, RESUMES, State, Sweep, Worker, Wrong,
};
use super::{Act, changed, intended, marked};
use crate::mutant::Mutant;

impl Model {
    /// The state after a step.
    pub fn next(&self, before: &State, act: Act) -> State {
        let mut state = before.clone();
        let s = &mut state;
        match act {
            Act::Send(event) => s.events[usize::from(event)] = Event::Queued(s.clock),
            Act::Duplicate(event) => {
                s.left[DUPLICATES] -= 1;
                if let Event::Acked(sent) = s.events[usize::from(event)] {
                    s.events[usize::from(event)] = Event::Queued(sent);
                }
            }
            Act::CrashWorker(worker) => {
                s.left[CRASHES] -= 1;
                s.workers[usize::from(worker)] = Worker::Idle;
            }
            Act::CrashJudge(judge) => {
                s.left[CRASHES] -= 1;
                s.judges[usize::from(judge)] = Judge::Idle;
            }
            Act::CrashActuator(actuator) => {
                s.left[CRASHES] -= 1;
                abandon(s, actuator);
                if s.lease == Lease::Held(actuator) {
                    s.lease = Lease::Dead;
                }
            }
            Act::CrashSweep => {
                s.left[CRASHES] -= 1;
                s.sweep = Sweep::Idle;
            }
            Act::Resume => {
                s.left[RESUMES] -= 1;
                s.clock += 1;
                (s.fresh, s.wanted, s.pending, s.external) = (s.clock, true, true, false);
                intended(s);
            }
            Act::Console(on) => {
                s.left[CONSOLE] -= 1;
                s.on = on;
                s.by_hand = (s.by_hand.0 || !on, s.by_hand.1 || on);
            }
            Act::Receive(worker, event) => {
                if self.held(s, event) {
                    s.left[DUPLICATES] -= 1;
                }
                s.workers[usize::from(worker)] = Worker::Got(event);
            }
            Act::Add(worker) => self.add(s, usize::from(worker)),
            Act::Mark(worker) => {
                marked(s);
                let worker = &mut s.workers[usize::from(worker)];
                *worker = match *worker {
                    Worker::Got(event) => Worker::PreMarked(event),
                    Worker::Wrote(event, _) => Worker::Marked(event),
                    Worker::AckedUnmarked(_) | Worker::Idle | Worker::Marked(_) | Worker::PreMarked(_) => Worker::Idle,
                };
            }
            Act::Ack(worker) => {
                let worker = &mut s.workers[usize::from(worker)];
                let (Worker::Marked(event) | Worker::Wrote(event, _)) = *worker else { return state };
                let is_marked = matches!(worker, Worker::Marked(_));
                *worker = if is_marked { Worker::Idle } else { Worker::AckedUnmarked(event) };
                if let Event::Queued(sent) = s.events[usize::from(event)] {
                    s.events[usize::from(event)] = Event::Acked(sent);
                }
            }
            Act::Read(_) | Act::Count(_) | Act::CountBehind(_) | Act::CallFirst(_) | Act::Commit(_) => {
                self.judge(s, act)
            }
            Act::Lease(_) | Act::FindOn(_) | Act::Call(_) | Act::Land(_) | Act::Settle(_) => self.actuate(s, act),
            Act::Throttle(actuator) => {
                s.calls[usize::from(actuator)] = None;
                s.actuators[usize::from(actuator)] = Actuator::Idle;
                self.give_back(s, actuator);
            }
            Act::Timeout(actuator) => {
                s.left[CRASHES] -= 1;
                abandon(s, actuator);
                if s.lease == Lease::Held(actuator) {
                    s.lease = if self.mutant == Mutant::TimeoutFreesLease { Lease::Free } else { Lease::Dead };
                }
            }
            Act::LandOrphan => {
                if let Some(on) = s.orphan.take() {
                    self.land(s, on);
                }
            }
            Act::DropOrphan => s.orphan = None,
            Act::Expire => s.lease = Lease::Free,
            Act::Replicate => s.behind = s.ledger,
            Act::Look => s.sweep = Sweep::Read { unchanged: true },
            Act::Ask => {
                if let Sweep::Read { unchanged } = s.sweep {
                    s.sweep = Sweep::Asked { unchanged, on: s.on };
                }
            }
            Act::Drift => self.drift(s),
        }
        if state.wrong.is_none() {
            self.sorted(&mut state);
        }
        state
    }

    fn add(&self, s: &mut State, worker: usize) {
        let (Worker::Got(event) | Worker::PreMarked(event)) = s.workers[worker] else { return };
        let index = usize::from(event);
        let (Event::Queued(sent) | Event::Acked(sent)) = s.events[index] else { return };
        let known = s.ledger >> event & 1 == 1;
        let booked = if self.mutant == Mutant::ArrivalTimeBuckets { s.clock } else { sent };
        if self.mutant == Mutant::StaleWindowRead {
            s.behind = s.ledger;
        }
        if !known {
            s.booked[index] = booked;
        }
        s.ledger |= 1 << event;
        if self.mutant == Mutant::AddCounters {
            let plain = &mut s.plain[usize::from(booked)];
            *plain = (*plain + 1).min(6);
        }
        let skips = self.mutant == Mutant::SkipMarkIfDuplicate && known;
        let premarked = matches!(s.workers[worker], Worker::PreMarked(_));
        s.workers[worker] = if premarked || skips { Worker::Marked(event) } else { Worker::Wrote(event, known) };
    }

    fn judge(&self, s: &mut State, act: Act) {
        match act {
            Act::Read(judge) => {
                // A paused set's counts are not read: its mark is taken off.
                s.judges[usize::from(judge)] = match s.wanted {
                    true => Judge::Read { unchanged: true, unmarked: true, fresh: s.fresh },
                    false => Judge::Counted { unchanged: true, unmarked: true, over: false },
                };
            }
            Act::Count(judge) | Act::CountBehind(judge) => {
                let Judge::Read { unchanged, unmarked, fresh } = s.judges[usize::from(judge)] else { return };
                let ledger = if matches!(act, Act::CountBehind(_)) { s.behind } else { s.ledger };
                let over = self.counted(s, ledger, fresh) >= self.line;
                s.judges[usize::from(judge)] = Judge::Counted { unchanged, unmarked, over };
            }
            Act::CallFirst(judge) => {
                let Judge::Counted { unchanged, unmarked, .. } = s.judges[usize::from(judge)] else { return };
                self.land(s, false);
                s.judges[usize::from(judge)] = Judge::Called { unchanged, unmarked };
            }
            _ => {
                let Act::Commit(judge) = act else { return };
                let (unchanged, unmarked, over) = match s.judges[usize::from(judge)] {
                    Judge::Counted { unchanged, unmarked, over } => (unchanged, unmarked, over),
                    Judge::Called { unchanged, unmarked } => (unchanged, unmarked, true),
                    Judge::Idle | Judge::Read { .. } => return,
                };
                s.judges[usize::from(judge)] = Judge::Idle;
                if !unchanged && self.mutant != Mutant::NoGenOnIntent {
                    return;
                }
                if over && s.wanted {
                    // The mark stays (`Mark::Keep`): one that came meanwhile must not make the pause wait.
                    self.pause(s);
                } else if unmarked || self.mutant == Mutant::DirtyBoolean {
                    s.marked = false;
                    changed(s);
                }
            }
        }
    }

    fn actuate(&self, s: &mut State, act: Act) {
        let (Act::Lease(actuator)
        | Act::FindOn(actuator)
        | Act::Call(actuator)
        | Act::Land(actuator)
        | Act::Settle(actuator)) = act
        else {
            return;
        };
        let index = usize::from(actuator);
        match (act, s.actuators[index]) {
            (Act::Lease(_), _) => {
                s.lease = Lease::Held(actuator);
                s.actuators[index] = Actuator::Leased { on: s.wanted, same: true };
                changed(s);
            }
            (Act::FindOn(_), Actuator::Leased { on, same }) => s.actuators[index] = Actuator::Done { on, same },
            (Act::Call(_), Actuator::Leased { on, same }) => {
                s.calls[index] = Some(on);
                s.actuators[index] = Actuator::Sent { on, same };
            }
            (Act::Land(_), Actuator::Sent { on, same }) => {
                s.calls[index] = None;
                s.actuators[index] = Actuator::Done { on, same };
                self.land(s, on);
            }
            (Act::Settle(_), Actuator::Done { same, .. }) => {
                s.actuators[index] = Actuator::Idle;
                // Whose lease it is not any more writes nothing.
                if s.lease == Lease::Held(actuator) || self.mutant == Mutant::NoLease {
                    if same || self.mutant == Mutant::RecordWithoutGen {
                        s.pending = false;
                    }
                    self.give_back(s, actuator);
                }
            }
            _ => {}
        }
    }

    fn give_back(&self, s: &mut State, actuator: u8) {
        if s.lease == Lease::Held(actuator) || self.mutant == Mutant::NoLease {
            s.lease = Lease::Free;
            changed(s);
        }
    }

    fn drift(&self, s: &mut State) {
        let Sweep::Asked { unchanged, on } = s.sweep else { return };
        s.sweep = Sweep::Idle;
        if !unchanged || !Self::at_rest(s) || on == s.wanted {
            return;
        }
        let by_hand = if on { s.by_hand.1 } else { s.by_hand.0 };
        if !by_hand {
            s.wrong = Some(Wrong::Misattributed);
        }
        if !on {
            // `found_off`
            (s.wanted, s.external, s.recorded) = (false, true, true);
        } else if s.external {
            // `found_on`: what was counted goes on counting, so the set is judged.
            (s.wanted, s.external) = (true, false);
            marked(s);
        } else if self.mutant == Mutant::AdoptOnEnable {
            s.clock += 1;
            (s.wanted, s.fresh) = (true, s.clock);
        } else {
            // `reassert`
            s.pending = true;
        }
        intended(s);
    }
}

/// Its call is on its way still, and nobody waits for it.
fn abandon(s: &mut State, actuator: u8) {
    let index = usize::from(actuator);
    if let Some(on) = s.calls[index].take() {
        s.orphan = Some(on);
    }
    s.actuators[index] = Actuator::Idle;
}
