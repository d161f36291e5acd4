//! What others write while an actuator is at a set: nothing is lost, nothing is done or told twice, and nobody goes round
//! in circles.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use guard_core::audit::{AuditId, AuditRecord};
use guard_core::name::SetKey;
use guard_core::port::{Clock, Committed, Fault, Glance, Pending, Register, SendingSwitch, SwitchFault, Tenants};
use guard_core::state::{Change, Intent, Owner, Phase, State, Why};
use guard_core::steps::act::{Actuator, Deed};
use guard_core::time::plus_seconds;
use guard_local::{ManualClock, MemoryRegister, RecordedNotices, SimulatedSes};
use guard_tests::mail::{at, set};

const NOON: &str = "2026-11-20T12:07:00Z";

/// A register to which someone else writes just before one of the commits, and whose list of what is pending lags.
#[derive(Debug, Clone)]
struct Busy {
    register: MemoryRegister,
    /// Before the commit of this number.
    rival_at: usize,
    commits: Arc<AtomicUsize>,
    /// What is listed though it was carried out.
    stale: Vec<Pending>,
    lists: Arc<AtomicUsize>,
}

impl Busy {
    fn of(register: &MemoryRegister, rival_at: usize, stale: Vec<Pending>) -> Self {
        Self { register: register.clone(), rival_at, commits: Arc::default(), stale, lists: Arc::default() }
    }
}

impl Register for Busy {
    async fn mark(&self, set: &SetKey) -> Result<(), Fault> {
        self.register.mark(set).await
    }
    async fn read(&self, set: &SetKey) -> Result<State, Fault> {
        self.register.read(set).await
    }
    async fn commit(&self, change: &Change) -> Result<Committed, Fault> {
        if self.commits.fetch_add(1, Ordering::SeqCst) == self.rival_at {
            let state = self.register.read(&change.set).await?;
            let rival = Change::silent(&change.set, &state, state.clone());
            assert_eq!(self.register.commit(&rival).await?, Committed::Done);
        }
        self.register.commit(change).await
    }
    async fn pending(&self) -> Result<Vec<Pending>, Fault> {
        assert!(self.lists.fetch_add(1, Ordering::SeqCst) < 20, "it goes round in circles");
        let pending = self.register.pending().await?;
        Ok(self.stale.iter().cloned().chain(pending).collect())
    }
    async fn to_judge(&self) -> Result<Vec<SetKey>, Fault> {
        self.register.to_judge().await
    }
    async fn glances(&self) -> Result<Vec<Glance>, Fault> {
        self.register.glances().await
    }
    async fn states(&self) -> Result<Vec<(SetKey, State)>, Fault> {
        self.register.states().await
    }
    async fn history(&self, set: &SetKey, limit: u32) -> Result<Vec<AuditRecord>, Fault> {
        self.register.history(set, limit).await
    }
    async fn audit_record(&self, set: &SetKey, id: &AuditId) -> Result<Option<AuditRecord>, Fault> {
        self.register.audit_record(set, id).await
    }
}

/// `promo` is to be paused.
async fn to_be_paused() -> (MemoryRegister, SimulatedSes, SetKey) {
    let (register, ses, promo) = (MemoryRegister::default(), SimulatedSes::default(), set("promo"));
    ses.create(&promo);
    let over = State::default().intending(Intent::Pause, 1, Owner::Guard, Why::guard("Sending was paused: over."));
    let change = Change::silent(&promo, &State::default(), over);
    assert_eq!(register.commit(&change).await.unwrap(), Committed::Done);
    (register, ses, promo)
}

#[tokio::test]
async fn someone_else_writes_before_any_of_its_writes() {
    let mut rivals = 0;
    for rival_at in 0..20 {
        let what = format!("someone wrote before commit {rival_at}");
        let (register, ses, promo) = to_be_paused().await;
        let (notices, clock) = (RecordedNotices::default(), ManualClock::at(at(NOON)));
        let busy = Busy::of(&register, rival_at, Vec::new());
        let actuator = Actuator::new(busy.clone(), ses.clone(), notices.clone(), clock.clone());
        let drained = actuator.drain(&[promo.clone()].into(), "me", plus_seconds(clock.now(), 90)).await;
        assert!(drained.faults.is_empty() && drained.unfinished.is_empty(), "{what}: {drained:?}");
        let applied = drained.deeds.iter().filter(|deed| matches!(deed, Deed::Applied(_, Intent::Pause))).count();
        assert_eq!((applied, ses.calls().len(), notices.all().len()), (1, 1, 1), "{what}");
        let state = register.read(&promo).await.unwrap();
        assert_eq!((state.phase, state.applied, state.lease), (Phase::Paused, 1, None), "{what}");
        assert!(state.untold.is_empty(), "{what}");
        if busy.commits.load(Ordering::SeqCst) <= rival_at {
            break;
        }
        rivals += 1;
    }
    assert!(rivals >= 3, "{rivals} writes: the lease, what was done, who was told");
}

#[tokio::test]
async fn a_list_that_names_what_is_done_already_holds_nobody_up() {
    let (register, ses, promo) = to_be_paused().await;
    let done = Pending { set: set("shop"), intent: Intent::Pause, priority: 9 };
    let clock = ManualClock::at(at(NOON));
    let busy = Busy::of(&register, usize::MAX, vec![done]);
    let actuator = Actuator::new(busy, ses.clone(), RecordedNotices::default(), clock.clone());
    let drained = actuator.drain(&[promo.clone()].into(), "me", plus_seconds(clock.now(), 90)).await;
    assert!(drained.faults.is_empty() && drained.unfinished.is_empty(), "{drained:?}");
    assert_eq!(ses.calls(), [(promo, Some(false))]);
}

/// SES, during whose first call an operator orders the set's return; its answer takes a second.
#[derive(Debug, Clone)]
struct Overtaken {
    ses: SimulatedSes,
    register: MemoryRegister,
    clock: ManualClock,
}

impl Tenants for Overtaken {}

impl SendingSwitch for Overtaken {
    async fn is_on(&self, set: &SetKey) -> Result<bool, SwitchFault> {
        self.ses.is_on(set).await
    }
    async fn turn(&self, set: &SetKey, on: bool) -> Result<(), SwitchFault> {
        let state = self.register.read(set).await.unwrap();
        let why = Why::operator("Resumed.".to_owned(), "ops@example.com", "clean");
        let resumed = state.intending(Intent::Resume, 1, Owner::Operator, why);
        let change = Change::silent(set, &state, resumed);
        assert_eq!(self.register.commit(&change).await.unwrap(), Committed::Done);
        self.clock.advance(1);
        self.ses.turn(set, on).await
    }
}

#[tokio::test]
async fn what_was_ordered_while_ses_was_called_stays_to_be_done_and_the_call_is_remembered() {
    let (register, ses, promo) = to_be_paused().await;
    let clock = ManualClock::at(at(NOON));
    let overtaken = Overtaken { ses: ses.clone(), register: register.clone(), clock: clock.clone() };
    let actuator = Actuator::new(register.clone(), overtaken, RecordedNotices::default(), clock.clone());
    // There is time for one call.
    let stop_at = plus_seconds(clock.now(), 1);
    let drained = actuator.drain(&[promo.clone()].into(), "me", stop_at).await;
    assert!(drained.deeds.is_empty(), "nobody is told of a pause that is over: {drained:?}");
    assert_eq!(drained.unfinished, [promo.clone()].into());
    assert!(!ses.accepts(&promo), "the pause was carried out all the same");
    let state = register.read(&promo).await.unwrap();
    assert_eq!((state.phase, state.pending.map(|(intent, _)| intent)), (Phase::Resuming, Some(Intent::Resume)));
    assert_eq!((state.lease, state.applied), (None, 0));
    assert_eq!(state.confirmed_at, Some(clock.now()), "for two minutes SES may still answer as before");
}
