//! The guard's processes: each is one invocation of one function, and does what the function's handler does.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use guard_core::event::{HashKey, Signal, SignalKind};
use guard_core::name::SetKey;
use guard_core::policy::Deployed;
use guard_core::state::LEASE_SECONDS;
use guard_core::steps::act::Actuator;
use guard_core::steps::count::{Counter, Receipt};
use jiff::Timestamp;
use serde_json::Value;

use crate::fault::Kind;
use crate::handler::{actuate, created, ingest, judge_all, operate, push, respond, sweep, touched};
use crate::port::Port;
use crate::queue::{Body, Delivery};
use crate::rules::Rules;
use crate::script::Order;
use crate::wiring::{Counts, Deciding, counts};
use crate::world::{Pid, Running, Shared};

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Counts.
    Ingest,
    /// Judges.
    Judge,
    /// Calls SES, and tells.
    Actuate,
    /// Finishes what was lost.
    Sweep,
    /// Guards the account: the first thing that a sweep does.
    Account,
    /// Carries out orders.
    Operate,
    /// Takes up alarms.
    Alarm,
}

impl Role {
    /// The function's time-out in the template, and how long before it nothing is begun any more; in seconds.
    pub(crate) fn times(self) -> (i64, i64) {
        match self {
            Self::Ingest => (30, 3),
            Self::Judge => (30, 5),
            Self::Actuate => (120, 30),
            Self::Sweep | Self::Account => (55, 10),
            Self::Operate | Self::Alarm => (30, 0),
        }
    }
}

/// A process that is to be started.
#[derive(Debug, Clone)]
pub enum Start {
    /// With these messages.
    Ingest(Vec<Delivery>),
    /// For these sets, which have waited so long.
    Judge(BTreeMap<SetKey, i64>),
    /// The same.
    Actuate(BTreeMap<SetKey, i64>),
    /// For this minute.
    Sweep(Timestamp),
    /// For a set whose switch was turned.
    Touched(SetKey),
    /// For a set that was created.
    Created(SetKey),
    /// For this order.
    Operate(SetKey, Order),
    /// For this push of a policy.
    Push(Value),
    /// For the alarm of a set that went off then; so many attempts are left.
    Alarm(SetKey, Timestamp, u32),
}

impl Start {
    /// What it will do.
    pub fn role(&self) -> Role {
        match self {
            Self::Ingest(_) => Role::Ingest,
            Self::Judge(_) => Role::Judge,
            Self::Actuate(_) => Role::Actuate,
            Self::Sweep(_) | Self::Touched(_) | Self::Created(_) => Role::Sweep,
            Self::Operate(..) | Self::Push(_) => Role::Operate,
            Self::Alarm(..) => Role::Alarm,
        }
    }
}

/// A process, until it ends.
pub type Process = Pin<Box<dyn Future<Output = ()>>>;

type MachineOfIngest = (Port, Arc<Counter<Counts, Port, Port>>);
type MachineOfActuate = (Port, Arc<Actuator<Port, Port, Port, Port>>);

/// What a process leaves to the next one on the same machine.
pub enum Machine {
    /// What it remembers of the buckets.
    Ingest(MachineOfIngest),
    /// Its pace.
    Actuate(MachineOfActuate),
    /// The policy that it read.
    Deciding(Role, Arc<Deciding>),
}

/// Starts processes.
pub struct Starter {
    world: Shared,
    policy: Deployed,
    key: HashKey,
    pids: Pid,
    ingest: Vec<MachineOfIngest>,
    actuate: Vec<MachineOfActuate>,
    deciding: BTreeMap<Role, Vec<Arc<Deciding>>>,
}

impl Starter {
    /// For this world, in which these rules were deployed.
    pub fn new(world: &Shared, rules: Rules) -> Self {
        Self {
            world: world.clone(),
            policy: Deployed::read(&rules.text()).expect("the policy is well-formed"),
            key: HashKey::from_secret("a secret of at least thirty-two characters").expect("it is long enough"),
            pids: 0,
            ingest: Vec::new(),
            actuate: Vec::new(),
            deciding: BTreeMap::new(),
        }
    }

    /// A machine is free again.
    pub fn take_back(&mut self, machine: Machine) {
        match machine {
            Machine::Ingest(machine) => self.ingest.push(machine),
            Machine::Actuate(machine) => self.actuate.push(machine),
            Machine::Deciding(role, machine) => self.deciding.entry(role).or_default().push(machine),
        }
    }

    /// Starts a process.
    pub fn start(&mut self, start: Start) -> (Pid, Process, Machine) {
        self.pids += 1;
        let (pid, role) = (self.pids, start.role());
        match start {
            Start::Ingest(batch) => {
                let (port, counter) = self.ingest.pop().unwrap_or_else(|| {
                    let port = self.port(role);
                    (port.clone(), Arc::new(Counter::new(counts(&port), port.clone(), port)))
                });
                let receipts = batch.iter().map(|delivery| self.receipt(delivery)).collect();
                let running = Running { batch, ..Running::of(role) };
                port.begin(pid, running);
                let machine = Machine::Ingest((port.clone(), counter.clone()));
                (pid, Box::pin(ingest(port, pid, counter, receipts)), machine)
            }
            Start::Actuate(sets) => {
                let (port, actuator) = self.actuate.pop().unwrap_or_else(|| {
                    let port = self.port(role);
                    (port.clone(), Arc::new(Actuator::new(port.clone(), port.clone(), port.clone(), port)))
                });
                port.begin(pid, Running { sets: sets.clone(), ..Running::of(role) });
                let machine = Machine::Actuate((port.clone(), actuator.clone()));
                (pid, Box::pin(actuate(port, pid, actuator, sets)), machine)
            }
            Start::Judge(sets) => {
                let running = Running { sets: sets.clone(), ..Running::of(role) };
                self.decide(pid, running, move |machine| Box::pin(judge_all(machine, pid, sets)))
            }
            Start::Sweep(minute) => self.alone(pid, role, move |machine| Box::pin(sweep(machine, pid, minute))),
            Start::Touched(set) => self.alone(pid, role, move |machine| Box::pin(touched(machine, pid, set))),
            Start::Created(set) => self.alone(pid, role, move |machine| Box::pin(created(machine, pid, set))),
            Start::Operate(set, order) => {
                self.alone(pid, role, move |machine| Box::pin(operate(machine, pid, set, order)))
            }
            Start::Push(request) => self.alone(pid, role, move |machine| Box::pin(push(machine, pid, request))),
            Start::Alarm(set, at, attempts) => {
                self.alone(pid, role, move |machine| Box::pin(respond(machine, pid, set, at, attempts)))
            }
        }
    }

    fn alone(
        &mut self,
        pid: Pid,
        role: Role,
        process: impl FnOnce(Arc<Deciding>) -> Process,
    ) -> (Pid, Process, Machine) {
        self.decide(pid, Running::of(role), process)
    }

    fn decide(
        &mut self,
        pid: Pid,
        running: Running,
        process: impl FnOnce(Arc<Deciding>) -> Process,
    ) -> (Pid, Process, Machine) {
        let role = running.role;
        let free = self.deciding.get_mut(&role).and_then(Vec::pop);
        let machine = free.unwrap_or_else(|| Arc::new(Deciding::new(self.port(role), &self.policy)));
        machine.port.begin(pid, running);
        (pid, process(machine.clone()), Machine::Deciding(role, machine))
    }

    fn port(&self, role: Role) -> Port {
        let mut world = self.world.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let skew = world.skew(role);
        Port::new(&self.world, role, skew)
    }

    fn receipt(&self, delivery: &Delivery) -> Receipt {
        let Body { mail, kind, first, units, .. } = *delivery.body;
        let message = format!("mail-{mail}");
        let ids = (first..first + units).map(|unit| match kind {
            SignalKind::Complaint => self.key.complaint(&message, &format!("feedback-{unit}")),
            SignalKind::Send | SignalKind::Bounce | SignalKind::Prevented => {
                self.key.recipient(&message, &format!("r{unit}@example.net"))
            }
        });
        let sent_at = Timestamp::from_millisecond(delivery.booked_at).unwrap_or_default();
        let set = delivery.set.clone();
        let signal =
            Signal { set, kind, ids: ids.collect(), sender: None, sent_at, occurred_at: sent_at, simulated: false };
        Receipt { message_id: delivery.message.to_string(), suspect: delivery.again, signals: vec![signal] }
    }
}

impl Port {
    /// A process begins on this machine.
    fn begin(&self, pid: Pid, running: Running) {
        self.serve(pid);
        let mut world = self.world();
        let (lasts, _) = running.role.times();
        let poisoned = world.faults.active && running.batch.iter().any(|delivery| delivery.body.poison);
        world.begins(pid, running, lasts * 1_000);
        if poisoned {
            world.note(|| "        * Poison".to_owned());
            let after = world.between(1, 80);
            world.after(after, crate::world::Event::Dies(pid, "it reads poison"));
        }
    }
}

const _: () = assert!(LEASE_SECONDS == 60, "the delays of calls to SES are chosen for a lease of a minute");

impl crate::world::World {
    /// How far a machine's clock is off.
    pub fn skew(&mut self, role: Role) -> i64 {
        if !self.strikes(Kind::Skew) {
            return 0;
        }
        // Who leases, fences or compares times of two machines must be in step; AWS keeps its clocks within milliseconds.
        match role {
            Role::Ingest | Role::Judge if self.script.skew_minutes => self.faults.degree(-240_000, 240_000),
            Role::Ingest | Role::Judge | Role::Actuate | Role::Sweep | Role::Account | Role::Operate | Role::Alarm => {
                self.faults.degree(-1_500, 1_500)
            }
        }
    }
}
