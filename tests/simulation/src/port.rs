//! The guard's ports in this world: each call is a request that may go wrong.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, MutexGuard, PoisonError};

use guard_core::audit::{AuditId, AuditRecord};
use guard_core::digest::{Digest, Sheet};
use guard_core::home::Home;
use guard_core::name::SetKey;
use guard_core::notice::Notice;
use guard_core::port::{
    Alarms, Clock, Committed, Digests, Fault, Glance, Known, Landed, Ledger, Notifier, Pending, Register, Reminder,
    SendingSwitch, SwitchFault, Tenants, Waker, Watched,
};
use guard_core::state::{Change, State};
use guard_core::tally::{Addition, BucketTally, Held};
use guard_core::time::Bucket;
use jiff::Timestamp;

use crate::mutant::{Mutant, intends_pause};
use crate::now;
use crate::oracle::Seen;
use crate::process::Role;
use crate::request::Answer;
use crate::script::Service;
use crate::world::{Pid, Shared, World};

/// All ports of one process, one after the other of the same machine.
#[derive(Clone)]
pub struct Port {
    world: Shared,
    pid: Arc<AtomicU64>,
    role: Role,
    skew: i64,
}

impl Port {
    /// The ports of a machine whose clock is off by so many milliseconds.
    pub fn new(world: &Shared, role: Role, skew: i64) -> Self {
        Self { world: world.clone(), pid: Arc::default(), role, skew }
    }

    /// The same, for another of the process's duties.
    pub fn of(&self, role: Role) -> Self {
        Self { role, ..self.clone() }
    }

    /// This process has the machine now.
    pub fn serve(&self, pid: Pid) {
        self.pid.store(pid, Ordering::Relaxed);
    }

    /// The world, for as long as nothing is awaited.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn pid(&self) -> Pid {
        self.pid.load(Ordering::Relaxed)
    }

    /// Sends a request and awaits its answer.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        to: Service,
        operation: &'static str,
        subject: &str,
        changes: bool,
        effect: impl FnOnce(&mut World) -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let what = || format!("{operation} {subject}");
        let reply = self.world().send(self.pid(), to, changes, what, effect);
        let fault = |landed, source: &str| {
            Err(Fault { operation, subject: subject.to_owned(), landed, source: source.to_owned().into() })
        };
        match reply.await {
            Answer::Done(done) => Ok(done),
            Answer::Refused => fault(Landed::No, "throttled"),
            Answer::Silence => fault(Landed::Perhaps, "no answer"),
        }
    }

    async fn read_from<T: Send + 'static>(
        &self,
        operation: &'static str,
        subject: &str,
        effect: impl FnOnce(&mut World) -> T + Send + 'static,
    ) -> Result<T, Fault> {
        self.ask(Service::Register, operation, subject, false, effect).await
    }
}

fn short(set: &SetKey) -> &str {
    set.name.as_str()
}

impl Ledger for Port {
    async fn add(&self, addition: &Addition) -> Result<Held, Fault> {
        let (pid, wanted) = (self.pid(), addition.clone());
        let bucket = (addition.set.clone(), addition.bucket);
        let (parts, unsure) = self.world().parts_of(pid, &bucket);
        let subject = format!("{} {}", short(&addition.set), addition.bucket.start());
        let effect = move |world: &mut World| world.add(pid, &wanted, &parts, unsure);
        let added = self.ask(Service::Ledger, "add", &subject, true, effect).await;
        if let (Err(Fault { landed: Landed::Perhaps, .. }), Some(running)) =
            (&added, self.world().running.get_mut(&pid))
        {
            running.unsure.insert(bucket);
        }
        added.map(|held| held.expect("the ledger is in memory"))
    }

    async fn window(&self, set: &SetKey, from: Bucket, to: Bucket) -> Result<Vec<BucketTally>, Fault> {
        let (pid, key) = (self.pid(), set.clone());
        let effect = move |world: &mut World| world.window(pid, &key, from, to);
        self.ask(Service::Ledger, "window", short(set), false, effect).await
    }
}

impl Digests for Port {
    async fn note(&self, set: &SetKey, held: &BucketTally) -> Result<(), Fault> {
        let (pid, key, tally) = (self.pid(), set.clone(), held.clone());
        let subject = format!("{} {}", short(set), held.bucket.start());
        let effect = move |world: &mut World| world.keep_note(pid, &key, &tally);
        let noted = self.ask(Service::Ledger, "note", &subject, true, effect).await;
        // It is added once more, and said to be perhaps not the first.
        if let (Err(_), Some(running)) = (&noted, self.world().running.get_mut(&pid)) {
            running.unsure.insert((set.clone(), held.bucket));
        }
        noted
    }

    async fn known(&self, set: &SetKey, from: Sheet, to: Sheet) -> Result<Known, Fault> {
        let (pid, key) = (self.pid(), set.clone());
        let effect = move |world: &mut World| world.known(pid, &key, from, to);
        self.ask(Service::Ledger, "known", short(set), false, effect).await
    }

    async fn keep(&self, set: &SetKey, digest: &Digest) -> Result<(), Fault> {
        let (key, digest) = (set.clone(), digest.clone());
        let effect = move |world: &mut World| drop(now(world.digests.keep(&key, &digest)));
        self.ask(Service::Ledger, "keep", short(set), true, effect).await
    }

    async fn begin(&self, at: Timestamp) -> Result<(), Fault> {
        let effect = move |world: &mut World| drop(now(world.digests.begin(at)));
        self.ask(Service::Ledger, "begin", "notes", true, effect).await
    }

    async fn begun(&self) -> Result<Option<Timestamp>, Fault> {
        let effect = |world: &mut World| now(world.digests.begun()).ok().flatten();
        self.ask(Service::Ledger, "begun", "notes", false, effect).await
    }
}

impl Register for Port {
    async fn mark(&self, set: &SetKey) -> Result<(), Fault> {
        let (pid, key) = (self.pid(), set.clone());
        let mutant = self.world().mutant;
        if self.role == Role::Ingest && !self.world().goes_on_to_mark(pid, mutant, set) {
            return Ok(());
        }
        self.ask(Service::Register, "mark", short(set), true, move |world| world.mark(&key)).await
    }

    async fn read(&self, set: &SetKey) -> Result<State, Fault> {
        let (pid, role, key) = (self.pid(), self.role, set.clone());
        let effect = move |world: &mut World| {
            let mut state = world.state(&key);
            let landed = world.oracle.landings();
            if let Some(running) = world.running.get_mut(&pid) {
                running.began_at.insert(key.clone(), landed);
                running.known_at.remove(&key);
                running.read_at.remove(&key);
            }
            world.mutant.read(role, &key, &mut state, world.running.get(&pid).map(|running| &running.bent));
            state
        };
        self.read_from("read", short(set), effect).await
    }

    async fn commit(&self, change: &Change) -> Result<Committed, Fault> {
        let (pid, role, wanted) = (self.pid(), self.role, change.clone());
        if self.world().mutant == Mutant::PutBeforeIntent && role != Role::Operate && intends_pause(change) {
            drop(self.turn(&change.set, false).await);
        }
        let seen = Seen::by(self.world().running.get(&pid), &change.set);
        let subject = format!("{} {:?} → {:?}", short(&change.set), change.before.phase, change.after.phase);
        let effect = move |world: &mut World| world.commit(pid, role, &wanted, &seen);
        self.ask(Service::Register, "commit", &subject, true, effect).await
    }

    async fn pending(&self) -> Result<Vec<Pending>, Fault> {
        let effect = |world: &mut World| {
            let fresh = now(world.register.pending()).unwrap_or_default();
            world.index(fresh, |index| &mut index.0)
        };
        self.read_from("query", "pending", effect).await
    }

    async fn to_judge(&self) -> Result<Vec<SetKey>, Fault> {
        let effect = |world: &mut World| {
            let fresh = now(world.register.to_judge()).unwrap_or_default();
            world.index(fresh, |index| &mut index.1)
        };
        self.read_from("query", "todo", effect).await
    }

    async fn glances(&self) -> Result<Vec<Glance>, Fault> {
        let effect = |world: &mut World| {
            let fresh = now(world.register.glances()).unwrap_or_default();
            world.index(fresh, |index| &mut index.2)
        };
        self.read_from("query", "phase", effect).await
    }

    async fn states(&self) -> Result<Vec<(SetKey, State)>, Fault> {
        self.read_from("scan", "states", |world| now(world.register.states()).unwrap_or_default()).await
    }

    async fn history(&self, set: &SetKey, limit: u32) -> Result<Vec<AuditRecord>, Fault> {
        let key = set.clone();
        let effect = move |world: &mut World| now(world.register.history(&key, limit)).unwrap_or_default();
        self.read_from("query", "history", effect).await
    }

    async fn audit_record(&self, set: &SetKey, id: &AuditId) -> Result<Option<AuditRecord>, Fault> {
        let (key, id) = (set.clone(), id.clone());
        let effect = move |world: &mut World| now(world.register.audit_record(&key, &id)).ok().flatten();
        self.read_from("get", "record", effect).await
    }
}

impl Tenants for Port {}

impl SendingSwitch for Port {
    async fn is_on(&self, set: &SetKey) -> Result<bool, SwitchFault> {
        let (pid, key) = (self.pid(), set.clone());
        let effect = move |world: &mut World| world.look(pid, &key);
        self.switch("look", set, false, effect).await
    }

    async fn turn(&self, set: &SetKey, on: bool) -> Result<(), SwitchFault> {
        let (pid, key) = (self.pid(), set.clone());
        self.world().turning(pid, set, on);
        let effect = move |world: &mut World| world.turn(pid, &key, on);
        self.switch(if on { "turn on" } else { "turn off" }, set, true, effect).await
    }
}

impl Port {
    async fn switch<T: Send + 'static>(
        &self,
        operation: &'static str,
        set: &SetKey,
        changes: bool,
        effect: impl FnOnce(&mut World) -> Option<T> + Send + 'static,
    ) -> Result<T, SwitchFault> {
        match self.ask(Service::Ses, operation, short(set), changes, effect).await {
            Ok(Some(done)) => Ok(done),
            Ok(None) => Err(SwitchFault::NotFound),
            Err(Fault { landed: Landed::No, .. }) => Err(SwitchFault::Throttled),
            Err(_) if self.world().mutant == Mutant::TimeoutFreesLease => Err(SwitchFault::Throttled),
            Err(fault) => Err(SwitchFault::Unknown(fault.source)),
        }
    }
}

impl Notifier for Port {
    async fn notify(&self, notice: &Notice) -> Result<(), Fault> {
        let id = notice.detail["audit"]["id"].as_str().and_then(|id| id.parse().ok());
        self.ask(Service::Notices, "notify", &notice.subject, true, move |world| world.told.extend(id)).await
    }
}

impl Reminder for Port {
    async fn remind(&self, set: &SetKey, seconds: u32) -> Result<(), Fault> {
        let key = set.clone();
        self.ask(Service::Recheck, "remind", short(set), true, move |world| world.remind(&key, seconds)).await
    }
}

impl Waker for Port {
    async fn wake(&self, sets: &BTreeSet<SetKey>) -> Result<(), Fault> {
        let sets = sets.clone();
        self.ask(Service::Lambda, "invoke", "actuate", true, move |world| world.wake(&sets)).await
    }
}

/// All alarms of the runs are of one metric each: nothing is looked up.
impl Alarms for Port {
    async fn describe(&self, _: &Home, _: &[String]) -> Result<Vec<Watched>, Fault> {
        Ok(Vec::new())
    }

    async fn children_in_alarm(&self, _: &Home, _: &str) -> Result<Vec<String>, Fault> {
        Ok(Vec::new())
    }
}

impl Clock for Port {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.world().now + self.skew).unwrap_or_default()
    }

    async fn sleep(&self, milliseconds: u64) {
        let milliseconds = i64::try_from(milliseconds).unwrap_or(i64::MAX).max(1);
        let reply = self.world().wait(self.pid(), milliseconds);
        let _awoken = reply.await;
    }
}
