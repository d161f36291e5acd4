//! One run: a seed, its script and its faults, and what came of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Waker};

use crate::fault::{Faults, Struck};
use crate::mutant::Mutant;
use crate::oracle::Violation;
use crate::process::{Machine, Process, Starter};
use crate::rules::Rules;
use crate::script::{MINUTE, Script};
use crate::world::{Event, Pid, Shared, World};

/// After the faults have ended: until the latest events have come, and the sweeps have had all their turns.
const QUIET: i64 = 60 * MINUTE;
/// After the dead letters were sent back.
const QUIET_AGAIN: i64 = 25 * MINUTE;
const DAY: i64 = 24 * 60 * MINUTE;

/// What is to be played.
#[derive(Debug, Clone)]
pub struct Play {
    /// Decides everything that is not written below.
    pub seed: u64,
    /// What is wrong with the guard.
    pub mutant: Mutant,
    /// What happens by itself.
    pub script: Script,
    /// The faults that may happen; `None` for those of the seed.
    pub only: Option<BTreeSet<Struck>>,
}

/// What came of it.
#[derive(Debug)]
pub struct Played {
    /// The promise that was broken, if one was.
    pub violation: Option<Violation>,
    /// The faults that happened.
    pub struck: Vec<Struck>,
    /// What happened, if it was to be written down.
    pub trace: Vec<String>,
    /// How many processes ran.
    pub processes: u64,
    /// How many pauses the guard decided on, how many of them after a resume, and how many for the account's sake.
    pub pauses: [u64; 3],
    /// How often it decided to stop the account as a whole.
    pub stops: u64,
    /// How often it told that it does not see something.
    pub blind: usize,
    /// How many messages were dead letters at the end of the faults.
    pub dead_letters: usize,
}

impl Play {
    /// A seed as it is drawn.
    pub fn of(seed: u64, mutant: Mutant) -> Self {
        Self { seed, mutant, script: Script::of(seed), only: None }
    }

    /// Plays it.
    pub fn run(&self, traced: bool) -> Played {
        let faults = match &self.only {
            Some(only) => Faults::only(self.seed, only),
            None => Faults::of(self.seed),
        };
        let world = World::new(self.seed, self.script.clone(), faults, self.mutant, traced);
        let mut stage = Stage::new(Arc::new(Mutex::new(world)), self.script.rules);
        let dead_letters = stage.play(&self.script);
        let processes = stage.started;
        // Processes hold the world: they go first.
        drop(stage.running);
        let mut world = stage.world.lock().unwrap_or_else(PoisonError::into_inner);
        Played {
            violation: world.oracle.violation.take(),
            struck: std::mem::take(&mut world.faults.struck),
            trace: world.trace.take().unwrap_or_default(),
            processes,
            pauses: [world.oracle.pauses, world.oracle.pauses_again, world.oracle.pauses_for_account],
            stops: world.oracle.stops,
            blind: world.oracle.blind.len(),
            dead_letters,
        }
    }
}

struct Stage {
    world: Shared,
    starter: Starter,
    running: BTreeMap<Pid, (Process, Machine)>,
    started: u64,
}

impl Stage {
    fn new(world: Shared, rules: Rules) -> Self {
        let starter = Starter::new(&world, rules);
        Self { world, starter, running: BTreeMap::new(), started: 0 }
    }

    fn with<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        change(&mut self.world.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Plays a script to its end, or to the first promise that is broken.
    fn play(&mut self, script: &Script) -> usize {
        self.with(|world| {
            for (after, happening) in script.happenings.iter().cloned() {
                world.later(after, move |world| world.happen(happening));
            }
            let first = world.between(0, MINUTE);
            world.later(first, World::timer);
            let minute = MINUTE - world.now.rem_euclid(MINUTE);
            world.later(minute, World::measure);
        });
        let mut end = script.begins + script.lasts;
        self.until(end);
        self.with(|world| {
            world.note(|| "--- nothing goes wrong any more ---".to_owned());
            world.faults.active = false;
            world.deaf_until = 0;
            world.calm_since = world.now;
            world.away.clear();
        });
        end += QUIET;
        self.until(end);
        let dead_letters = self.with(|world| {
            let dead_letters = world.queue.dead.len();
            world.check_rest(false);
            dead_letters
        });
        let Some(days) = script.replay_after_days.filter(|_| dead_letters > 0) else { return dead_letters };
        // Nothing but sweeps for days; a few stand for all of them.
        self.with(|world| world.sweep_every = DAY / 4);
        end += days * DAY;
        self.until(end);
        self.with(|world| {
            world.sweep_every = MINUTE;
            world.timer();
            world.replay();
        });
        self.until(end + QUIET_AGAIN);
        self.with(|world| world.check_rest(true));
        dead_letters
    }

    /// Goes on until then, or until a promise is broken.
    fn until(&mut self, end: i64) {
        loop {
            while let Some(start) = self.with(|world| world.to_start.pop_front()) {
                let (pid, process, machine) = self.starter.start(start);
                self.started += 1;
                self.running.insert(pid, (process, machine));
                self.poll(pid);
            }
            if self.with(|world| world.violation().is_some()) {
                return;
            }
            let Some(event) = self.with(|world| world.next(end)) else { return };
            match event {
                Event::Happens(happens) => self.with(happens),
                Event::Answers(pid, answer) => {
                    answer();
                    self.poll(pid);
                }
                Event::Dies(pid, of) => {
                    if self.running.remove(&pid).is_some() {
                        self.with(|world| world.died(pid, of));
                    }
                }
            }
        }
    }

    /// Lets a process run on to its next await.
    fn poll(&mut self, pid: Pid) {
        let Some((process, _)) = self.running.get_mut(&pid) else { return };
        let mut context = Context::from_waker(Waker::noop());
        if process.as_mut().poll(&mut context).is_ready()
            && let Some((_, machine)) = self.running.remove(&pid)
        {
            self.starter.take_back(machine);
        }
    }
}
