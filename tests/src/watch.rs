//! The guard's sweeps and its answers to alarms, over the same in-memory ports.

use guard_core::event::AlarmChange;
use guard_core::home::Home;
use guard_core::name::SetKey;
use guard_core::port::{Clock, Fault};
use guard_core::steps::account::{AccountGuard, Guarded};
use guard_core::steps::alarm::{Responder, Response};
use guard_core::steps::look::{Looked, Lookout};
use guard_core::steps::sweep::{Listening, Sweeper, Swept};
use guard_core::time::plus_seconds;
use guard_local::{
    ManualClock, MemoryRegister, RecordedReminders, RecordedWakes, SimulatedAccount, SimulatedAlarms, SimulatedMonitor,
    SimulatedSes,
};
use jiff::Timestamp;
use serde_json::Value;

use crate::crash::{Fuse, Mortal};
use crate::guard::{Guard, MortalLedger, ear};

/// A sweeper that dies where its fuse ends.
pub type MortalSweeper = Sweeper<
    MortalLedger,
    Mortal<MemoryRegister>,
    Mortal<RecordedReminders>,
    ManualClock,
    Mortal<SimulatedSes>,
    Mortal<RecordedWakes>,
    Mortal<SimulatedSes>,
>;
/// What guards the account, and dies where its fuse ends.
pub type MortalAccountGuard = AccountGuard<MortalLedger, Mortal<MemoryRegister>, ManualClock, Mortal<SimulatedAccount>>;
/// A lookout that dies where its fuse ends.
pub type MortalLookout =
    Lookout<MortalLedger, Mortal<MemoryRegister>, ManualClock, Mortal<SimulatedMonitor>, Mortal<SimulatedSes>>;
type MortalResponder = Responder<
    MortalLedger,
    Mortal<MemoryRegister>,
    Mortal<RecordedReminders>,
    ManualClock,
    Mortal<SimulatedSes>,
    Mortal<SimulatedAlarms>,
>;

impl Guard {
    /// What sweeps, with a process that has this fuse.
    pub async fn sweeper(&self, fuse: &Fuse) -> MortalSweeper {
        Sweeper {
            judge: self.mortal_judge(fuse).await,
            switch: Mortal::new(self.ses.clone(), fuse),
            inventory: Mortal::new(self.ses.clone(), fuse),
            listening: self.listening(),
            waker: Mortal::new(self.wakes.clone(), fuse),
            on_drift: self.on_drift,
        }
    }

    /// What guards the guard's own account, with a process that has this fuse.
    pub async fn account_guard(&self, fuse: &Fuse) -> MortalAccountGuard {
        self.account_guard_of(self.homes.own(), fuse).await
    }

    /// What guards the account of this home, with a process that has this fuse.
    pub async fn account_guard_of(&self, home: &Home, fuse: &Fuse) -> MortalAccountGuard {
        let judge = self.mortal_judge(fuse).await;
        AccountGuard {
            ledger: judge.ledger,
            register: judge.register,
            clock: judge.clock,
            view: Mortal::new(self.account.clone(), fuse),
            policy: judge.policy,
            mode: judge.mode,
            account_stop: self.account_stop,
            account: home.account.clone(),
            region: home.region.clone(),
        }
    }

    /// Looks at the account with a process that has this fuse.
    pub async fn guard_account_with(&self, fuse: &Fuse) -> Option<Guarded> {
        let stop_at = plus_seconds(self.clock.now(), 45);
        fuse.run(self.account_guard(fuse).await.guard(stop_at)).await
    }

    /// Looks at the account once and lets the guard come to rest.
    pub async fn guard_account(&mut self) -> Guarded {
        let guarded = self.guard_account_with(&Fuse::endless()).await.expect("the fuse is endless");
        assert!(guarded.faults.is_empty(), "{guarded:?}");
        self.settle().await;
        guarded
    }

    fn listening(&self) -> Listening {
        let Home { account, region } = self.homes.own().clone();
        Listening::new(account, region, ear(), self.enrol)
    }

    /// Sweeps for the present minute with a process that has this fuse. Whom it woke is left to wake.
    pub async fn sweep_with(&self, fuse: &Fuse) -> Option<Swept> {
        let now = self.clock.now();
        fuse.run(self.sweeper(fuse).await.sweep(now, plus_seconds(now, 45))).await
    }

    /// Sweeps with a process that must begin nothing at or after `stop_at`.
    pub async fn sweep_until(&self, stop_at: Timestamp) -> Swept {
        self.sweeper(&Fuse::endless()).await.sweep(self.clock.now(), stop_at).await
    }

    /// Sweeps once and lets the guard come to rest.
    pub async fn sweep(&mut self) -> Swept {
        let swept = self.sweep_with(&Fuse::endless()).await.expect("the fuse is endless");
        assert!(swept.faults.is_empty(), "{swept:?}");
        self.settle().await;
        swept
    }

    /// Someone turned this set's switch, and the guard hears of it.
    pub async fn touched(&mut self, set: &SetKey) -> Swept {
        let swept = self.sweeper(&Fuse::endless()).await.touched(set).await;
        self.settle().await;
        swept
    }

    /// Wakes the actuator as the sweeps asked for, and nobody by the stream, which is lost.
    pub async fn wake_by_sweeps_alone(&mut self) {
        self.register.take_stream();
        for woken in self.wakes.take() {
            self.actuate(&woken, &Fuse::endless()).await.expect("the fuse is endless");
        }
        self.register.take_stream();
    }

    /// What looks for blind spots, with a process that has this fuse.
    pub fn lookout(&self, fuse: &Fuse) -> MortalLookout {
        let Home { account, region } = self.homes.own().clone();
        Lookout {
            ledger: self.mortal_ledger(fuse),
            register: Mortal::new(self.register.clone(), fuse),
            clock: self.clock.clone(),
            monitor: Mortal::new(self.monitor.clone(), fuse),
            inventory: Mortal::new(self.ses.clone(), fuse),
            account,
            region,
        }
    }

    /// Looks in this minute with a process that has this fuse, after a sweep that found so many marks.
    pub async fn look_with(&self, minute: Timestamp, marked: usize, fuse: &Fuse) -> Option<Looked> {
        let stop_at = plus_seconds(self.clock.now(), 45);
        fuse.run(self.lookout(fuse).look(minute, marked, stop_at)).await
    }

    /// Looks in the present minute and lets the guard come to rest.
    pub async fn look(&mut self) -> Looked {
        let looked = self.look_with(self.clock.now(), 0, &Fuse::endless()).await.expect("the fuse is endless");
        assert!(looked.faults.is_empty(), "{looked:?}");
        self.settle().await;
        looked
    }

    /// Takes up what the alarm function is invoked with, and lets the guard come to rest.
    pub async fn alarm(&mut self, event: &Value) -> Result<(), guard_alarm::Unanswered> {
        let fuse = Fuse::endless();
        let responder = self.responder(&fuse).await;
        let inbox = guard_alarm::Inbox::new(&responder.homes.own().region).expect("the reader takes its key");
        let answer = inbox.handle(&responder, event).await;
        self.settle().await;
        answer
    }

    /// Takes up an alarm with a process that has this fuse.
    pub async fn respond(&self, alarm: &AlarmChange, fuse: &Fuse) -> Option<Result<Vec<Response>, Fault>> {
        fuse.run(self.responder(fuse).await.respond(alarm)).await
    }

    async fn responder(&self, fuse: &Fuse) -> MortalResponder {
        Responder {
            judge: self.mortal_judge(fuse).await,
            switch: Mortal::new(self.ses.clone(), fuse),
            alarms: Mortal::new(self.alarms.clone(), fuse),
            homes: self.homes.clone(),
        }
    }
}
