//! A request: sent, carried out, answered; or not.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::fault::Kind;
use crate::process::Role;
use crate::script::Service;
use crate::world::{Event, Pid, World};

/// What a process learns of its request.
#[derive(Debug)]
pub enum Answer<T> {
    /// It was done.
    Done(T),
    /// It was refused: surely not done.
    Refused,
    /// Nothing: it may have been done, or may be later.
    Silence,
}

#[derive(Debug)]
struct Slot<T> {
    answer: Option<Answer<T>>,
    has_come: bool,
    waker: Option<Waker>,
}

/// An answer that is awaited.
#[derive(Debug)]
pub struct Reply<T>(Arc<Mutex<Slot<T>>>);

impl<T> Future for Reply<T> {
    type Output = Answer<T>;
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.has_come {
            return Poll::Ready(slot.answer.take().unwrap_or(Answer::Silence));
        }
        slot.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

/// What becomes of a request.
struct Fate {
    /// When it takes effect, if it does.
    lands: Option<i64>,
    /// When its answer comes.
    answers: i64,
    says: Says,
}

/// What the answer says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    WhatWasDone,
    Refused,
    Nothing,
}

impl World {
    /// Sends a request of a process. `changes` tells whether it changes anything there.
    pub fn send<T: Send + 'static>(
        &mut self,
        pid: Pid,
        to: Service,
        changes: bool,
        what: impl FnOnce() -> String,
        effect: impl FnOnce(&mut Self) -> T + Send + 'static,
    ) -> Reply<T> {
        let mut fate = self.fate(pid, to, changes);
        if self.strikes(Kind::Stalled) {
            let calls_ses = self.running.get(&pid).is_some_and(|running| running.role == Role::Actuate);
            fate.answers += self.faults.degree(300, if calls_ses { 3_000 } else { 20_000 });
        }
        if self.trace.is_some() {
            let outcome = match (fate.says, fate.lands) {
                (Says::WhatWasDone, _) => String::new(),
                (Says::Refused, _) => ": refused".to_owned(),
                (Says::Nothing, None) => ": lost".to_owned(),
                (Says::Nothing, Some(after)) => format!(": lands in {after} ms, no answer"),
            };
            let (name, what) = (self.name(pid), what());
            self.note(|| format!("{name}: {what}{outcome}"));
        }
        let slot = Arc::new(Mutex::new(Slot { answer: None, has_come: false, waker: None }));
        if let Some(after) = fate.lands {
            let slot = slot.clone();
            let instant = self.later(after, move |world| {
                let done = effect(world);
                locked(&slot).answer = Some(Answer::Done(done));
            });
            // What has been sent to SES lands there, whether its sender lives or not.
            if let Some(running) = self.running.get_mut(&pid).filter(|_| to != Service::Ses) {
                running.in_flight.push(instant);
            }
        }
        let reply = Reply(slot.clone());
        let answer = move || {
            let mut slot = locked(&slot);
            match fate.says {
                Says::WhatWasDone => {}
                Says::Refused => slot.answer = Some(Answer::Refused),
                Says::Nothing => slot.answer = Some(Answer::Silence),
            }
            slot.has_come = true;
            if let Some(waker) = slot.waker.take() {
                waker.wake();
            }
        };
        self.after(fate.answers, Event::Answers(pid, Box::new(answer)));
        if self.strikes(Kind::Crash) {
            let after = self.faults.degree(0, fate.answers);
            self.after(after, Event::Dies(pid, "it crashes"));
        }
        reply
    }

    /// An answer that comes by itself after so many milliseconds: a wait.
    pub fn wait(&mut self, pid: Pid, milliseconds: i64) -> Reply<()> {
        let slot = Arc::new(Mutex::new(Slot { answer: Some(Answer::Done(())), has_come: false, waker: None }));
        let reply = Reply(slot.clone());
        let wake = move || {
            let mut slot = locked(&slot);
            slot.has_come = true;
            if let Some(waker) = slot.waker.take() {
                waker.wake();
            }
        };
        self.after(milliseconds, Event::Answers(pid, Box::new(wake)));
        reply
    }

    fn fate(&mut self, pid: Pid, to: Service, changes: bool) -> Fate {
        let (there, back) = match to {
            Service::Ses => self.trip(pid, 40, 300),
            Service::Ledger | Service::Register => self.trip(pid, 1, 30),
            Service::Notices | Service::Recheck | Service::Lambda | Service::CloudWatch => self.trip(pid, 5, 60),
        };
        let done = Fate { lands: Some(there), answers: there + back, says: Says::WhatWasDone };
        let refused = Fate { lands: None, answers: there + back, says: Says::Refused };
        if self.away.get(&to).is_some_and(|until| self.now < *until) {
            // Half of the time it says so; half of the time nobody hears anything.
            return match there % 2 {
                0 => refused,
                _ => Fate { lands: None, answers: 5_000, says: Says::Nothing },
            };
        }
        match to {
            Service::Ses if self.strikes(Kind::SesThrottled) => refused,
            Service::Ses if self.strikes(Kind::SesLost) => Fate { lands: None, answers: 5_000, says: Says::Nothing },
            Service::Ses if changes && self.strikes(Kind::SesLate) => {
                Fate { lands: Some(self.faults.degree(5_000, 45_000)), answers: 5_000, says: Says::Nothing }
            }
            Service::Ses if changes && self.strikes(Kind::SesAnswerLost) => {
                Fate { lands: Some(there), answers: 5_000, says: Says::Nothing }
            }
            Service::Ses => done,
            _ if self.strikes(Kind::Throttled) => refused,
            _ if changes && self.strikes(Kind::AnswerLost) => {
                Fate { lands: Some(there), answers: self.faults.degree(1_000, 5_000), says: Says::Nothing }
            }
            _ => done,
        }
    }
}

fn locked<T>(slot: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}
