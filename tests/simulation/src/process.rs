//! The guard's processes: each is one invocation of one function, and does what the function's handler does.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use guard_core::account::AccountStop;
use guard_core::digest::{Ages, Digested, Keeping};
use guard_core::event::{HashKey, Signal, SignalKind};
use guard_core::home::{Home, Homes};
use guard_core::name::SetKey;
use guard_core::policy::Deployed;
use guard_core::policy::stored::Policies;
use guard_core::state::LEASE_SECONDS;
use guard_core::steps::account::AccountGuard;
use guard_core::steps::act::Actuator;
use guard_core::steps::alarm::Responder;
use guard_core::steps::count::{Counter, Receipt};
use guard_core::steps::decide::{Judge, Mode};
use guard_core::steps::operate::{Operator, Request};
use guard_core::steps::sweep::{EnrolNewSets, Listening, OnDrift, Sweeper};
use guard_local::MemoryPolicyStore;
use jiff::Timestamp;

use crate::fault::Kind;
use crate::handler::{actuate, alarm, ingest, judge_all, request, stop_at};
use crate::inventory::ear;
use crate::mutant::Mutant;
use crate::port::Port;
use crate::queue::{Body, Delivery};
use crate::script::Order;
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
    /// For this order.
    Operate(SetKey, Order),
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
            Self::Sweep(_) | Self::Touched(_) => Role::Sweep,
            Self::Operate(..) => Role::Operate,
            Self::Alarm(..) => Role::Alarm,
        }
    }
}

/// A process, until it ends.
pub type Process = Pin<Box<dyn Future<Output = ()>>>;

/// The counts, read with digests.
pub(crate) type Counts = Digested<Port, Port, Port>;
type MachineOfIngest = (Port, Arc<Counter<Counts, Port, Port>>);
type MachineOfActuate = (Port, Arc<Actuator<Port, Port, Port, Port>>);

/// What a process leaves to the next one on the same machine.
pub enum Machine {
    /// What it remembers of the buckets.
    Ingest(MachineOfIngest),
    /// Its pace.
    Actuate(MachineOfActuate),
    /// Nothing.
    Plain,
}

/// Starts processes.
pub struct Starter {
    world: Shared,
    policy: Deployed,
    policies: MemoryPolicyStore,
    key: HashKey,
    pids: Pid,
    ingest: Vec<MachineOfIngest>,
    actuate: Vec<MachineOfActuate>,
}

impl Starter {
    /// For this world, which judges by a window of so many buckets.
    pub fn new(world: &Shared, window_buckets: u32) -> Self {
        let hours = window_buckets / 4;
        let text = format!(
            "[profile.run]\nbased_on = \"default\"\nwindow = \"{hours} hours\"\n\
             [[assign]]\nsets = [\"*\"]\nprofile = \"run\"\n\
             [account]\nmin_mails = 300\n"
        );
        Self {
            world: world.clone(),
            policy: Deployed::read(&text).expect("the policy is well-formed"),
            policies: MemoryPolicyStore::default(),
            key: HashKey::from_secret("a secret of at least thirty-two characters").expect("it is long enough"),
            pids: 0,
            ingest: Vec::new(),
            actuate: Vec::new(),
        }
    }

    /// A machine is free again.
    pub fn take_back(&mut self, machine: Machine) {
        match machine {
            Machine::Ingest(machine) => self.ingest.push(machine),
            Machine::Actuate(machine) => self.actuate.push(machine),
            Machine::Plain => {}
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
            Start::Judge(sets) => {
                let port = self.port(role);
                port.begin(pid, Running { sets: sets.clone(), ..Running::of(role) });
                let judge = self.judge(&port);
                (pid, Box::pin(judge_all(port, pid, judge, sets)), Machine::Plain)
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
            Start::Sweep(minute) => {
                let port = self.begin(role, pid);
                let (sweeper, account) = (self.sweeper(&port), self.account_guard(&port));
                let process = async move {
                    let stop_at = stop_at(&port, role);
                    if let Some(account) = account {
                        drop(account.guard(stop_at).await);
                    }
                    drop(sweeper.sweep(minute, stop_at).await);
                    port.world().finished(pid);
                };
                (pid, Box::pin(process), Machine::Plain)
            }
            Start::Touched(set) => {
                let port = self.begin(role, pid);
                let sweeper = self.sweeper(&port);
                let process = async move {
                    drop(sweeper.touched(&set).await);
                    port.world().finished(pid);
                };
                (pid, Box::pin(process), Machine::Plain)
            }
            Start::Operate(set, order) => {
                let port = self.begin(role, pid);
                let operator = Operator {
                    ledger: counts(&port),
                    register: port.clone(),
                    switch: port.clone(),
                    clock: port.clone(),
                    policies: Policies::new(self.policy.clone(), self.policies.clone()),
                    mode: Mode::Enforce,
                    account_stop: AccountStop::Forbidden,
                    homes: Homes::only(Home::of(&set)),
                    ear: ear(),
                };
                let request = Request::parse(request(&set, order)).expect("the order is well-formed");
                let process = async move {
                    let answer = operator.operate(request).await.to_json();
                    port.world().answered(pid, set, order, &answer);
                };
                (pid, Box::pin(process), Machine::Plain)
            }
            Start::Alarm(set, at, attempts) => {
                let port = self.begin(role, pid);
                let responder = Responder {
                    judge: self.judge(&port),
                    switch: port.clone(),
                    alarms: port.clone(),
                    homes: Homes::only(Home::of(&set)),
                };
                let process = async move {
                    let taken_up = responder.respond(&alarm(&set, at)).await.is_ok();
                    port.world().took_up(pid, set, at, if taken_up { 0 } else { attempts });
                };
                (pid, Box::pin(process), Machine::Plain)
            }
        }
    }

    fn port(&self, role: Role) -> Port {
        let mut world = self.world.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let skew = world.skew(role);
        Port::new(&self.world, role, skew)
    }

    fn begin(&self, role: Role, pid: Pid) -> Port {
        let port = self.port(role);
        port.begin(pid, Running::of(role));
        port
    }

    fn judge(&self, port: &Port) -> Judge<Counts, Port, Port, Port> {
        Judge {
            ledger: counts(port),
            register: port.clone(),
            reminder: port.clone(),
            clock: port.clone(),
            policy: Arc::new(self.policy.book.clone()),
            mode: Mode::Enforce,
        }
    }

    fn sweeper(&self, port: &Port) -> Sweeper<Counts, Port, Port, Port, Port, Port, Port> {
        let (adopts, home) = {
            let world = port.world();
            (world.mutant == Mutant::AdoptOnEnable, Home::of(world.sets.first().expect("a world has sets")))
        };
        let Home { account, region } = home;
        Sweeper {
            judge: self.judge(port),
            switch: port.clone(),
            inventory: port.clone(),
            listening: Listening::new(account, region, ear(), EnrolNewSets::Off),
            waker: port.clone(),
            on_drift: if adopts { OnDrift::Adopt } else { OnDrift::Reassert },
        }
    }

    fn account_guard(&self, port: &Port) -> Option<AccountGuard<Counts, Port, Port, Port>> {
        let world = port.world();
        let Home { account, region } = Home::of(world.sets.first()?);
        let guards = world.script.guards_account;
        drop(world);
        let port = port.of(Role::Account);
        let policy = Arc::new(self.policy.book.clone());
        let (ledger, register, clock) = (counts(&port), port.clone(), port.clone());
        let (mode, account_stop) = (Mode::Enforce, AccountStop::Forbidden);
        let guard = AccountGuard { ledger, register, clock, view: port, policy, mode, account_stop, account, region };
        guards.then_some(guard)
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
        let signal = Signal { set, kind, ids: ids.collect(), sender: None, sent_at, occurred_at: sent_at };
        Receipt { message_id: delivery.message.to_string(), suspect: delivery.again, signals: vec![signal] }
    }
}

/// Mail is old sooner than in the guard, as a run lasts hours and no week: additions are noted from five minutes on, and
/// digests made ten minutes later, which is two minutes more than two clocks are apart.
pub(crate) const AGES: Ages = Ages { noted: 300, closed: 900, settled: 0 };

fn counts(port: &Port) -> Counts {
    let is_early = port.world().mutant == Mutant::EarlyDigests;
    let ages = if is_early { Ages { closed: 0, ..AGES } } else { AGES };
    Digested::new(port.clone(), port.clone(), port.clone()).with(ages, Some(Keeping { above_bytes: 0 }))
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
