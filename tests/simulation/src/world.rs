//! The world of one run: time, what is to happen in it, and everything the guard's processes share.
//!
//! Nothing happens but at an instant of the agenda, one thing after the other. A process's request is three such
//! things: it is sent, it takes effect, its answer comes; at any of them the process may be dead already.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

use guard_core::audit::AuditId;
use guard_core::home::Home;
use guard_core::name::SetKey;
use guard_core::port::{Glance, Pending, Register};
use guard_core::state::{Intent, State};
use guard_core::time::Bucket;
use guard_local::{MemoryDigests, MemoryLedger, MemoryPolicyStore, MemoryRegister};
use jiff::Timestamp;

use crate::dice::Dice;
use crate::fault::{Faults, Kind};
use crate::mutant::{Bent, Mutant};
use crate::now;
use crate::oracle::Oracle;
use crate::process::{Role, Start};
use crate::queue::{Delivery, Queue};
use crate::rules::{Rules, SETS};
use crate::script::{Script, Service};
use crate::ses::{Switch, Turn};
use crate::whole::Measures;

/// A process's number.
pub type Pid = u64;

/// When something happens, and in which order among what happens then.
pub type Instant = (i64, u64);

/// Something that changes the world.
pub type Happens = Box<dyn FnOnce(&mut World) + Send>;

/// Something of the agenda.
pub enum Event {
    /// The world changes.
    Happens(Happens),
    /// A process gets an answer, and runs on.
    Answers(Pid, Box<dyn FnOnce() + Send>),
    /// A process dies.
    Dies(Pid, &'static str),
}

/// A process that runs.
#[derive(Debug)]
pub struct Running {
    /// What it does.
    pub role: Role,
    /// The messages it holds.
    pub batch: Vec<Delivery>,
    /// The sets that it was woken for, and since when they wait.
    pub sets: BTreeMap<SetKey, i64>,
    /// Its requests that have not taken effect.
    pub in_flight: Vec<Instant>,
    /// How much had been counted when it read each set's state, and when it read its counts.
    pub began_at: BTreeMap<SetKey, usize>,
    /// The same, of the old counts, which may be known without reading them …
    pub known_at: BTreeMap<SetKey, usize>,
    /// … and of the others.
    pub read_at: BTreeMap<SetKey, usize>,
    /// The messages with failures that it counted, and how much had been counted then.
    pub landed: BTreeMap<u64, (SetKey, usize)>,
    /// The messages that it deleted from the queue.
    pub deleted: Vec<u64>,
    /// What SES told it.
    pub looked: BTreeMap<SetKey, Turn>,
    /// The sets it leased, and for what.
    pub leased: BTreeMap<SetKey, Intent>,
    /// The buckets of which it does not know whether it wrote them.
    pub unsure: BTreeSet<(SetKey, Bucket)>,
    /// What was in force when it asked for the policy.
    pub rules: Option<Rules>,
    /// How long its requests travel.
    pub dice: Dice,
    /// Whether it changed a state.
    pub wrote: bool,
    /// What a mutant remembers.
    pub bent: Bent,
}

impl Running {
    /// A process that has done nothing yet.
    pub fn of(role: Role) -> Self {
        Self {
            role,
            batch: Vec::new(),
            sets: BTreeMap::new(),
            in_flight: Vec::new(),
            began_at: BTreeMap::new(),
            known_at: BTreeMap::new(),
            read_at: BTreeMap::new(),
            landed: BTreeMap::new(),
            deleted: Vec::new(),
            looked: BTreeMap::new(),
            leased: BTreeMap::new(),
            unsure: BTreeSet::new(),
            rules: None,
            dice: Dice::of(0, 0),
            wrote: false,
            bent: Bent::default(),
        }
    }
}

/// Everything.
pub struct World {
    /// The time, in epoch milliseconds.
    pub now: i64,
    agenda: BTreeMap<Instant, Event>,
    sequence: u64,
    dice: Dice,
    /// Decides everything that goes wrong.
    pub seed: u64,
    /// What goes wrong.
    pub faults: Faults,
    /// What is wrong with this guard.
    pub mutant: Mutant,
    /// The script.
    pub script: Script,
    /// The configuration sets.
    pub sets: Vec<SetKey>,
    /// What operators pushed.
    pub policies: MemoryPolicyStore,
    /// What the texts say that they pushed.
    pub texts: BTreeMap<String, Rules>,
    /// The queue of events.
    pub queue: Queue,
    /// The counts.
    pub ledger: MemoryLedger,
    /// What spares reading the old ones.
    pub digests: MemoryDigests,
    /// The counts, as a copy shows them that is behind, and how much of them; for a mutant.
    pub replica: (MemoryLedger, usize),
    /// Counts without ids; for a mutant.
    pub plain: BTreeMap<(SetKey, Bucket), [u64; 4]>,
    /// The states.
    pub register: MemoryRegister,
    /// What is kept of the account as a whole.
    pub account: SetKey,
    /// AWS has stopped the account.
    pub is_shut_down: bool,
    /// Until when SES publishes nothing.
    pub deaf_until: i64,
    /// Since when nothing goes wrong any more.
    pub calm_since: i64,
    /// What CloudWatch was told.
    pub measures: Measures,
    /// SES's switches; the account's among them.
    pub switches: BTreeMap<SetKey, Switch>,
    /// The records that people were told of.
    pub told: BTreeSet<AuditId>,
    /// What the indexes showed when they were last asked.
    pub index: (Vec<Pending>, Vec<SetKey>, Vec<Glance>),
    /// Until when services are away.
    pub away: BTreeMap<Service, i64>,
    /// The processes.
    pub running: BTreeMap<Pid, Running>,
    /// The processes that are to be started.
    pub to_start: VecDeque<Start>,
    /// Sets that wait for the judge, and for the actuator, and since when.
    pub inbox: BTreeMap<Role, BTreeMap<SetKey, i64>>,
    /// How often the timer of the sweep goes off, in milliseconds; 0 once it is stopped.
    pub sweep_every: i64,
    /// Who knows better.
    pub oracle: Oracle,
    /// What happened, in words, if anybody wants to read it.
    pub trace: Option<Vec<String>>,
}

/// A world and all who share it.
pub type Shared = Arc<Mutex<World>>;

impl World {
    /// A world in which nothing has happened.
    pub fn new(seed: u64, script: Script, faults: Faults, mutant: Mutant, traced: bool) -> Self {
        let sets: Vec<SetKey> = SETS
            .iter()
            .take(script.sets)
            .filter_map(|name| format!("111122223333/eu-west-1/{name}").parse().ok())
            .collect();
        let account = Home::of(sets.first().expect("a world has sets")).whole();
        let switched = sets.iter().chain([&account]);
        Self {
            switches: switched.map(|set| (set.clone(), Switch::new(script.begins - 86_400_000))).collect(),
            account,
            is_shut_down: false,
            deaf_until: 0,
            calm_since: i64::MAX,
            measures: Measures::default(),
            now: script.begins,
            agenda: BTreeMap::new(),
            sequence: 0,
            dice: Dice::of(seed, 3),
            seed,
            faults,
            mutant,
            queue: Queue::default(),
            ledger: MemoryLedger::default(),
            digests: MemoryDigests::default(),
            replica: Default::default(),
            plain: BTreeMap::new(),
            register: MemoryRegister::default(),
            told: BTreeSet::new(),
            index: Default::default(),
            away: BTreeMap::new(),
            running: BTreeMap::new(),
            to_start: VecDeque::new(),
            inbox: BTreeMap::new(),
            sweep_every: 60_000,
            oracle: Oracle::new(script.rules, script.observes, script.skew_minutes),
            policies: MemoryPolicyStore::default(),
            texts: BTreeMap::new(),
            sets,
            script,
            trace: traced.then(Vec::new),
        }
    }

    /// Has something happen `after` so many milliseconds.
    pub fn after(&mut self, after: i64, event: Event) -> Instant {
        self.sequence += 1;
        // What falls on the same millisecond happens in any order.
        let order = self.dice.below(1 << 20) << 40 | self.sequence;
        let instant = (self.now + after.max(0), order);
        self.agenda.insert(instant, event);
        instant
    }

    /// Has the world change after so many milliseconds.
    pub fn later(&mut self, after: i64, happens: impl FnOnce(&mut Self) + Send + 'static) -> Instant {
        self.after(after, Event::Happens(Box::new(happens)))
    }

    /// The next thing that happens, at the latest then; time goes on to it.
    pub fn next(&mut self, latest: i64) -> Option<Event> {
        match self.agenda.first_key_value() {
            Some((&instant, _)) if instant.0 <= latest => {
                self.now = instant.0.max(self.now);
                self.agenda.remove(&instant)
            }
            _ => {
                self.now = self.now.max(latest);
                None
            }
        }
    }

    /// From `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        self.dice.between(low, high)
    }

    /// How long a request of this process travels, there and back: each process throws its own dice.
    pub fn trip(&mut self, pid: Pid, low: i64, high: i64) -> (i64, i64) {
        let dice = self.running.get_mut(&pid).map_or(&mut self.dice, |running| &mut running.dice);
        (dice.between(low, high), dice.between(low, high))
    }

    /// Writes a line of the trace.
    pub fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            let at = Timestamp::from_millisecond(self.now).unwrap_or_default();
            trace.push(format!("{at:.3}  {}", line()));
        }
    }

    /// An occasion for a fault.
    pub fn strikes(&mut self, kind: Kind) -> bool {
        let strikes = self.faults.strikes(kind);
        if strikes {
            self.note(|| format!("        * {kind:?}"));
        }
        strikes
    }

    /// The state of a set.
    pub fn state(&self, set: &SetKey) -> State {
        now(self.register.read(set)).unwrap_or_default()
    }

    /// A process's name in the trace.
    pub fn name(&self, pid: Pid) -> String {
        match self.running.get(&pid) {
            Some(running) => format!("{:?} {pid}", running.role),
            None => format!("dead process {pid}"),
        }
    }

    /// A process is dead: what it had sent and what has not taken effect is lost, or is not.
    pub fn died(&mut self, pid: Pid, of: &'static str) {
        let name = self.name(pid);
        let Some(dead) = self.running.remove(&pid) else { return };
        self.note(|| format!("{name} dies: {of}"));
        self.settle_debts(&dead);
        for instant in dead.in_flight {
            if self.dice.one_in(2) {
                self.agenda.remove(&instant);
            }
        }
        self.mourn(dead.role, dead.sets);
    }

    /// A process has ended: whoever waits for it gets its turn.
    pub fn ended(&mut self, pid: Pid) -> Option<Running> {
        self.running.remove(&pid)
    }

    /// What a process deleted from the queue it has counted, and marked.
    pub fn settle_debts(&mut self, gone: &Running) {
        for (set, landed) in gone.deleted.iter().filter_map(|message| gone.landed.get(message)) {
            let is_marked = self.state(set).to_judge;
            self.oracle.acknowledged(self.now, set, *landed, is_marked);
        }
    }
}
