//! The whole guard in one process: the real steps over in-memory ports, woken as the stream wakes them.

use std::collections::{BTreeSet, VecDeque};

use guard_core::account::AccountStop;
use guard_core::digest::{Ages, Digested, Keeping};
use guard_core::event::{Reader, SignalKind};
use guard_core::hearing::Ear;
use guard_core::home::Homes;
use guard_core::name::SetKey;
use guard_core::notice::Letterhead;
use guard_core::policy::Deployed;
use guard_core::policy::stored::Policies;
use guard_core::port::{Clock, Fault, Register};
use guard_core::state::State;
use guard_core::steps::act::{Actuator, Drained};
use guard_core::steps::count::{Counted, Counter, Receipt};
use guard_core::steps::decide::{Judge, Mode, Outcome};
use guard_core::steps::operate::{Operator, Request};
use guard_core::steps::sweep::{EnrolNewSets, OnDrift};
use guard_core::time::plus_seconds;
use guard_local::{
    DESTINATION, EVENTS_TOPIC, ManualClock, MemoryDigests, MemoryLedger, MemoryPolicyStore, MemoryRegister,
    RecordedNotices, RecordedReminders, RecordedWakes, SimulatedAccount, SimulatedAlarms, SimulatedMonitor,
    SimulatedSes,
};
use jiff::Timestamp;
use serde_json::Value;

use crate::crash::{Fuse, Mortal};
use crate::mail::{hash_key, homes, signal};
use crate::schema;

/// The counts, for a process that dies where its fuse ends.
pub type MortalLedger = Digested<Mortal<MemoryLedger>, Mortal<MemoryDigests>, ManualClock>;
/// A judge that dies where its fuse ends.
pub(crate) type MortalJudge = Judge<MortalLedger, Mortal<MemoryRegister>, Mortal<RecordedReminders>, ManualClock>;

/// The guard, its world, and the messages that wait in its stream.
#[derive(Debug)]
pub struct Guard {
    /// The counts.
    pub ledger: MemoryLedger,
    /// What spares reading the old ones.
    pub digests: MemoryDigests,
    /// When digests are kept: wherever one would have spared anything.
    pub keeping: Keeping,
    /// The states.
    pub register: MemoryRegister,
    /// SES.
    pub ses: SimulatedSes,
    /// What people were told.
    pub notices: RecordedNotices,
    /// What the judge was to be reminded of.
    pub reminders: RecordedReminders,
    /// Whom the actuator was woken for by a sweep.
    pub wakes: RecordedWakes,
    /// CloudWatch's alarms.
    pub alarms: SimulatedAlarms,
    /// What SES thinks of the account.
    pub account: SimulatedAccount,
    /// CloudWatch's metrics.
    pub monitor: SimulatedMonitor,
    /// What becomes of a paused set that someone else lets send.
    pub on_drift: OnDrift,
    /// What a sweep does by itself with sets that are not heard.
    pub enrol: EnrolNewSets,
    /// The time.
    pub clock: ManualClock,
    /// What it judges by.
    pub policy: Deployed,
    /// What operators pushed.
    pub policies: MemoryPolicyStore,
    /// Whether it pauses at all.
    pub mode: Mode,
    /// Whether the account as a whole may be stopped.
    pub account_stop: AccountStop,
    /// What it guards.
    pub homes: Homes,
    stream: VecDeque<SetKey>,
    invocations: u64,
}

impl Guard {
    /// A guard that knows nothing yet, of an account with these configuration sets.
    pub fn of(now: Timestamp, sets: &[SetKey]) -> Self {
        let ses = SimulatedSes::default();
        sets.iter().for_each(|set| ses.create(set));
        Self {
            ledger: MemoryLedger::default(),
            digests: MemoryDigests::default(),
            keeping: Keeping { above_bytes: 0 },
            register: MemoryRegister::default(),
            ses,
            notices: RecordedNotices::default(),
            reminders: RecordedReminders::default(),
            wakes: RecordedWakes::default(),
            alarms: SimulatedAlarms::default(),
            account: SimulatedAccount::default(),
            monitor: SimulatedMonitor::default(),
            on_drift: OnDrift::Reassert,
            enrol: EnrolNewSets::Off,
            clock: ManualClock::at(now),
            policy: Deployed::default(),
            policies: MemoryPolicyStore::default(),
            mode: Mode::Enforce,
            account_stop: AccountStop::Forbidden,
            homes: homes(""),
            stream: VecDeque::new(),
            invocations: 0,
        }
    }

    fn in_force(&self) -> Policies<MemoryPolicyStore> {
        Policies::new(self.policy.clone(), self.policies.clone())
    }

    /// A reader for the test account.
    pub fn reader() -> Reader {
        Reader::guarding(homes(""), hash_key())
    }

    /// The counts for a process with this fuse.
    pub fn mortal_ledger(&self, fuse: &Fuse) -> MortalLedger {
        let (ledger, digests) = (Mortal::new(self.ledger.clone(), fuse), Mortal::new(self.digests.clone(), fuse));
        let ages = Ages { settled: 0, ..Ages::DEPLOYED };
        Digested::new(ledger, digests, self.clock.clone()).with(ages, Some(self.keeping))
    }

    /// Counts a batch with a process that has this fuse.
    pub async fn count(&self, batch: &[Receipt], fuse: &Fuse) -> Option<Counted> {
        let register = Mortal::new(self.register.clone(), fuse);
        let counter = Counter::new(self.mortal_ledger(fuse), register, self.clock.clone());
        let stop_at = plus_seconds(self.clock.now(), 27);
        fuse.run(counter.count(batch, stop_at)).await
    }

    /// Judges one set with a process that has this fuse.
    pub async fn judge(&self, set: &SetKey, fuse: &Fuse) -> Option<Result<Outcome, Fault>> {
        fuse.run(self.mortal_judge(fuse).await.judge(set)).await
    }

    pub(crate) async fn mortal_judge(&self, fuse: &Fuse) -> MortalJudge {
        Judge {
            ledger: self.mortal_ledger(fuse),
            register: Mortal::new(self.register.clone(), fuse),
            reminder: Mortal::new(self.reminders.clone(), fuse),
            clock: self.clock.clone(),
            policy: self.in_force().in_force().await.expect("the policy was checked").book,
            mode: self.mode,
        }
    }

    /// Carries out what is pending with a process that has this fuse. Whatever it tells is as published.
    pub async fn actuate(&mut self, woken: &BTreeSet<SetKey>, fuse: &Fuse) -> Option<Drained> {
        self.invocations += 1;
        let actuator = Actuator::new(
            Mortal::new(self.register.clone(), fuse),
            Mortal::new(self.ses.clone(), fuse),
            Mortal::new(self.notices.clone(), fuse),
            self.clock.clone(),
        )
        .writing_as(Letterhead::of(self.homes.clone(), "ses-reputation-guard-actuate").with_dashboard("guard"));
        let me = format!("invocation-{}", self.invocations);
        let stop_at = plus_seconds(self.clock.now(), 90);
        let told = self.notices.all().len();
        let drained = fuse.run(actuator.drain(woken, &me, stop_at)).await;
        for notice in self.notices.all().iter().skip(told) {
            assert_eq!(schema::faults(notice), Vec::<String>::new(), "{notice:?}");
        }
        drained
    }

    /// Wakes judge and actuator by the stream until nothing is written any more, each set again while it failed.
    pub async fn settle(&mut self) {
        for _ in 0..20_000 {
            self.stream.extend(self.register.take_stream());
            let Some(set) = self.stream.pop_front() else { return };
            let state = self.state(&set).await;
            if state.to_judge {
                let outcome = self.judge(&set, &Fuse::endless()).await.expect("the fuse is endless");
                assert!(outcome.is_ok(), "{outcome:?}");
            }
            let drained = self.actuate(&BTreeSet::from([set]), &Fuse::endless()).await.expect("the fuse is endless");
            self.stream.extend(drained.unfinished);
        }
        panic!("the guard does not come to rest");
    }

    /// Counts these units of a set, one receipt each, numbered from `first`, all sent at `sent_at`; then lets the guard
    /// come to rest.
    pub async fn mail(&mut self, name: &str, kind: SignalKind, first: u64, count: u64, sent_at: Timestamp) {
        let batch: Vec<Receipt> = (first..first + count).map(|mail| receipt(name, kind, mail, sent_at)).collect();
        for batch in batch.chunks(1_000) {
            let counted = self.count(batch, &Fuse::endless()).await.expect("the fuse is endless");
            assert!(counted.failed.is_empty() && counted.faults.is_empty(), "{counted:?}");
        }
        self.settle().await;
    }

    /// What is known of a set.
    pub async fn state(&self, set: &SetKey) -> State {
        self.register.read(set).await.expect("the register is in memory")
    }

    /// Asks as an operator, and lets the guard come to rest.
    pub async fn operate(&mut self, request: Value) -> Value {
        let answer = self.operate_only(request).await;
        self.settle().await;
        answer
    }

    /// Asks as an operator; whom that would wake is not woken.
    pub async fn operate_only(&self, request: Value) -> Value {
        let operator = Operator {
            ledger: self.mortal_ledger(&Fuse::endless()),
            register: self.register.clone(),
            switch: self.ses.clone(),
            clock: self.clock.clone(),
            policies: self.in_force(),
            mode: self.mode,
            account_stop: self.account_stop,
            homes: self.homes.clone(),
            ear: ear(),
        };
        match Request::parse(request) {
            Ok(request) => operator.operate(request).await.to_json(),
            Err(refusal) => guard_core::steps::operate::Answer::refused(refusal).to_json(),
        }
    }
}

/// By what the guard hears of its sets.
pub fn ear() -> Ear {
    Ear {
        topic: EVENTS_TOPIC.parse().expect("the topic is well-formed"),
        destination: DESTINATION.parse().expect("the name is well-formed"),
        event_bus: false,
    }
}

/// A message with one unit.
pub fn receipt(name: &str, kind: SignalKind, mail: u64, sent_at: Timestamp) -> Receipt {
    let signals = vec![signal(name, kind, mail, sent_at)];
    Receipt { message_id: format!("{name}-{kind:?}-{mail}"), suspect: false, signals }
}
