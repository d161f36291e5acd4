//! A process that dies between any two of its steps.
//!
//! Every port is wrapped: before and after each call the process burns one step of its fuse, and where the fuse ends
//! it never runs on. Whoever polls it drops it there, as the kernel drops a killed process: what was sent was sent,
//! what was not written is lost.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::future::{Either, select};
use guard_core::audit::{AuditId, AuditRecord};
use guard_core::digest::{Digest, Sheet};
use guard_core::home::Home;
use guard_core::name::{AccountId, ConfigurationSetName, Region, SetKey};
use guard_core::notice::Notice;
use guard_core::port::{
    AccountStanding, AccountView, Alarms, Committed, Created, Digests, EventDestination, Fault, Glance, Identity,
    Inventory, Known, Ledger, Monitor, Notifier, Page, Pending, Register, Reminder, SendingSwitch, SesRates,
    SwitchFault, Tenants, Vitals, Waker, Watched,
};
use guard_core::state::{Change, State};
use guard_core::tally::{Addition, BucketTally, Held};
use guard_core::tenant::{Tenant, TenantStatus};
use guard_core::time::Bucket;
use jiff::Timestamp;
use tokio::sync::Notify;

/// Counts steps down to the crash.
#[derive(Debug, Clone)]
pub struct Fuse(Arc<Burning>);

#[derive(Debug)]
struct Burning {
    steps: AtomicU64,
    ended: Notify,
}

impl Fuse {
    /// Ends after this many steps.
    pub fn of(steps: u64) -> Self {
        Self(Arc::new(Burning { steps: AtomicU64::new(steps), ended: Notify::new() }))
    }

    /// Never ends.
    pub fn endless() -> Self {
        Self::of(u64::MAX)
    }

    /// How many calls were made: each burns two steps.
    pub fn calls_since(&self, steps: u64) -> u64 {
        (steps - self.0.steps.load(Ordering::SeqCst)) / 2
    }

    async fn step(&self) {
        let left = self.0.steps.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if left.is_err() {
            self.0.ended.notify_one();
            std::future::pending::<()>().await;
        }
    }

    /// Runs a process until it ends or its fuse does; `None` when it crashed.
    pub async fn run<T>(&self, process: impl Future<Output = T>) -> Option<T> {
        let process = std::pin::pin!(process);
        let ended = std::pin::pin!(self.0.ended.notified());
        match select(process, ended).await {
            Either::Left((done, _)) => Some(done),
            Either::Right(_) => None,
        }
    }
}

/// A port of a process that dies where its fuse ends.
#[derive(Debug, Clone)]
pub struct Mortal<P> {
    port: P,
    fuse: Fuse,
}

impl<P> Mortal<P> {
    /// This port, for a process with this fuse.
    pub fn new(port: P, fuse: &Fuse) -> Self {
        Self { port, fuse: fuse.clone() }
    }

    async fn call<T>(&self, call: impl Future<Output = T>) -> T {
        self.fuse.step().await;
        let answer = call.await;
        self.fuse.step().await;
        answer
    }
}

impl<P: Ledger> Ledger for Mortal<P> {
    async fn add(&self, addition: &Addition) -> Result<Held, Fault> {
        self.call(self.port.add(addition)).await
    }
    async fn window(&self, set: &SetKey, from: Bucket, to: Bucket) -> Result<Vec<BucketTally>, Fault> {
        self.call(self.port.window(set, from, to)).await
    }
}

impl<P: Digests> Digests for Mortal<P> {
    async fn note(&self, set: &SetKey, held: &BucketTally) -> Result<(), Fault> {
        self.call(self.port.note(set, held)).await
    }
    async fn known(&self, set: &SetKey, from: Sheet, to: Sheet) -> Result<Known, Fault> {
        self.call(self.port.known(set, from, to)).await
    }
    async fn keep(&self, set: &SetKey, digest: &Digest) -> Result<(), Fault> {
        self.call(self.port.keep(set, digest)).await
    }
    async fn begin(&self, now: Timestamp) -> Result<(), Fault> {
        self.call(self.port.begin(now)).await
    }
    async fn begun(&self) -> Result<Option<Timestamp>, Fault> {
        self.call(self.port.begun()).await
    }
}

impl<P: Register> Register for Mortal<P> {
    async fn mark(&self, set: &SetKey) -> Result<(), Fault> {
        self.call(self.port.mark(set)).await
    }
    async fn read(&self, set: &SetKey) -> Result<State, Fault> {
        self.call(self.port.read(set)).await
    }
    async fn commit(&self, change: &Change) -> Result<Committed, Fault> {
        self.call(self.port.commit(change)).await
    }
    async fn pending(&self) -> Result<Vec<Pending>, Fault> {
        self.call(self.port.pending()).await
    }
    async fn to_judge(&self) -> Result<Vec<SetKey>, Fault> {
        self.call(self.port.to_judge()).await
    }
    async fn glances(&self) -> Result<Vec<Glance>, Fault> {
        self.call(self.port.glances()).await
    }
    async fn states(&self) -> Result<Vec<(SetKey, State)>, Fault> {
        self.call(self.port.states()).await
    }
    async fn history(&self, set: &SetKey, limit: u32) -> Result<Vec<AuditRecord>, Fault> {
        self.call(self.port.history(set, limit)).await
    }
    async fn audit_record(&self, set: &SetKey, id: &AuditId) -> Result<Option<AuditRecord>, Fault> {
        self.call(self.port.audit_record(set, id)).await
    }
}

impl<P: SendingSwitch> SendingSwitch for Mortal<P> {
    async fn is_on(&self, set: &SetKey) -> Result<bool, SwitchFault> {
        self.call(self.port.is_on(set)).await
    }
    async fn turn(&self, set: &SetKey, on: bool) -> Result<(), SwitchFault> {
        self.call(self.port.turn(set, on)).await
    }
}

impl<P: Tenants> Tenants for Mortal<P> {
    async fn tenants_of(&self, set: &SetKey) -> Result<Vec<Tenant>, SwitchFault> {
        self.call(self.port.tenants_of(set)).await
    }
    async fn sets_of(&self, home: &Home, tenant: &Tenant) -> Result<Vec<ConfigurationSetName>, SwitchFault> {
        self.call(self.port.sets_of(home, tenant)).await
    }
    async fn tenant_status(&self, home: &Home, tenant: &Tenant) -> Result<TenantStatus, SwitchFault> {
        self.call(self.port.tenant_status(home, tenant)).await
    }
    async fn turn_tenant(&self, home: &Home, tenant: &Tenant, on: bool) -> Result<(), SwitchFault> {
        self.call(self.port.turn_tenant(home, tenant, on)).await
    }
}

impl<P: Notifier> Notifier for Mortal<P> {
    async fn notify(&self, notice: &Notice) -> Result<(), Fault> {
        self.call(self.port.notify(notice)).await
    }
}

impl<P: Reminder> Reminder for Mortal<P> {
    async fn remind(&self, set: &SetKey, seconds: u32) -> Result<(), Fault> {
        self.call(self.port.remind(set, seconds)).await
    }
}

impl<P: Waker> Waker for Mortal<P> {
    async fn wake(&self, sets: &BTreeSet<SetKey>) -> Result<(), Fault> {
        self.call(self.port.wake(sets)).await
    }
}

impl<P: AccountView> AccountView for Mortal<P> {
    async fn rates(&self, now: Timestamp) -> Result<SesRates, Fault> {
        self.call(self.port.rates(now)).await
    }
    async fn standing(&self) -> Result<AccountStanding, Fault> {
        self.call(self.port.standing()).await
    }
}

impl<P: Alarms> Alarms for Mortal<P> {
    async fn describe(&self, home: &Home, names: &[String]) -> Result<Vec<Watched>, Fault> {
        self.call(self.port.describe(home, names)).await
    }
    async fn children_in_alarm(&self, home: &Home, composite: &str) -> Result<Vec<String>, Fault> {
        self.call(self.port.children_in_alarm(home, composite)).await
    }
}

impl<P: Monitor> Monitor for Mortal<P> {
    async fn vitals(&self, from: Timestamp, to: Timestamp) -> Result<Vitals, Fault> {
        self.call(self.port.vitals(from, to)).await
    }
}

impl<P: Inventory> Inventory for Mortal<P> {
    async fn configuration_sets(
        &self,
        account: &AccountId,
        region: &Region,
        after: Option<&str>,
    ) -> Result<Page<ConfigurationSetName>, SwitchFault> {
        self.call(self.port.configuration_sets(account, region, after)).await
    }
    async fn event_destinations(&self, set: &SetKey) -> Result<Vec<EventDestination>, SwitchFault> {
        self.call(self.port.event_destinations(set)).await
    }
    async fn create_event_destination(&self, set: &SetKey, new: &EventDestination) -> Result<Created, SwitchFault> {
        self.call(self.port.create_event_destination(set, new)).await
    }
    async fn has_reputation_metrics(&self, set: &SetKey) -> Result<bool, SwitchFault> {
        self.call(self.port.has_reputation_metrics(set)).await
    }
    async fn start_reputation_metrics(&self, set: &SetKey) -> Result<(), SwitchFault> {
        self.call(self.port.start_reputation_metrics(set)).await
    }
    async fn identities(
        &self,
        account: &AccountId,
        region: &Region,
        after: Option<&str>,
    ) -> Result<Page<Identity>, SwitchFault> {
        self.call(self.port.identities(account, region, after)).await
    }
    async fn default_set(
        &self,
        account: &AccountId,
        region: &Region,
        identity: &str,
    ) -> Result<Option<ConfigurationSetName>, SwitchFault> {
        self.call(self.port.default_set(account, region, identity)).await
    }
}
