//! Two of everything at once, on a real DynamoDB API: of each generation there is one intent, and it is carried out.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use futures::future::join_all;
use guard_aws::{DynamoLedger, DynamoRegister};
use guard_core::account::AccountStop;
use guard_core::audit::Act;
use guard_core::event::SignalKind::{self, Bounce, Send};
use guard_core::home::Home;
use guard_core::name::SetKey;
use guard_core::policy::stored::Policies;
use guard_core::policy::{Deployed, PolicyBook};
use guard_core::port::{Clock, Register};
use guard_core::state::Phase;
use guard_core::steps::act::Actuator;
use guard_core::steps::count::{Counter, Receipt};
use guard_core::steps::decide::{Judge, Mode};
use guard_core::steps::operate::{Operator, Request};
use guard_core::steps::sweep::{EnrolNewSets, Listening, OnDrift, Sweeper};
use guard_core::time::{BUCKET_SECONDS, plus_seconds};
use guard_local::{MemoryPolicyStore, RecordedNotices, RecordedReminders, RecordedWakes, SimulatedSes};
use guard_tests::guard::{ear, receipt};
use guard_tests::mail::{at, homes, set};
use guard_tests::store::dynoxide;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// Real time, so many times as fast: a lease of a minute lasts two seconds.
const FASTER: u64 = 30;

/// A clock of real time that can be put forward.
#[derive(Debug, Clone)]
struct FastClock {
    began: Instant,
    base: Arc<Mutex<Timestamp>>,
}

impl FastClock {
    fn jump(&self, seconds: i64) {
        let mut base = self.base.lock().unwrap();
        *base = plus_seconds(*base, seconds);
    }
}

impl Clock for FastClock {
    fn now(&self) -> Timestamp {
        let passed = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(0) * FASTER;
        *self.base.lock().unwrap() + SignedDuration::from_millis(passed.cast_signed())
    }
    async fn sleep(&self, milliseconds: u64) {
        tokio::time::sleep(std::time::Duration::from_millis(milliseconds / FASTER)).await;
    }
}

/// The guard's processes share nothing but the tables and SES.
#[derive(Clone)]
struct World {
    ledger: DynamoLedger,
    register: DynamoRegister,
    ses: SimulatedSes,
    notices: RecordedNotices,
    clock: FastClock,
    promo: SetKey,
}

impl World {
    fn judge(&self) -> Judge<DynamoLedger, DynamoRegister, RecordedReminders, FastClock> {
        Judge {
            ledger: self.ledger.clone(),
            register: self.register.clone(),
            reminder: RecordedReminders::default(),
            clock: self.clock.clone(),
            policy: PolicyBook::default().into(),
            mode: Mode::Enforce,
        }
    }

    async fn count(&self, kind: SignalKind, mails: std::ops::Range<u64>, sent_at: Timestamp) {
        let counter = Counter::new(self.ledger.clone(), self.register.clone(), self.clock.clone());
        let batch: Vec<Receipt> = mails.map(|mail| receipt("promo", kind, mail, sent_at)).collect();
        let counted = counter.count(&batch, plus_seconds(self.clock.now(), 3_600)).await;
        assert!(counted.failed.is_empty() && counted.faults.is_empty(), "{counted:?}");
    }

    async fn decide(self) {
        self.judge().judge(&self.promo).await.unwrap();
    }

    async fn actuate(self, me: String) {
        let actuator = Actuator::new(self.register.clone(), self.ses.clone(), self.notices.clone(), self.clock.clone());
        let drained = actuator.drain(&[self.promo.clone()].into(), &me, plus_seconds(self.clock.now(), 90)).await;
        assert!(drained.faults.is_empty(), "{drained:?}");
    }

    async fn sweep(self) {
        let Home { account, region } = homes("").own().clone();
        let sweeper = Sweeper {
            judge: self.judge(),
            switch: self.ses.clone(),
            inventory: self.ses.clone(),
            listening: Listening::new(account, region, ear(), EnrolNewSets::Off),
            waker: RecordedWakes::default(),
            on_drift: OnDrift::Reassert,
        };
        let now = self.clock.now();
        let swept = sweeper.sweep(now, plus_seconds(now, 45)).await;
        assert!(swept.faults.is_empty(), "{swept:?}");
    }

    async fn resume(self, actor: &str) -> Value {
        let operator = Operator {
            ledger: self.ledger.clone(),
            register: self.register.clone(),
            switch: self.ses.clone(),
            clock: self.clock.clone(),
            policies: Policies::new(Deployed::default(), MemoryPolicyStore::default()),
            mode: Mode::Enforce,
            account_stop: AccountStop::Forbidden,
            homes: homes(""),
            ear: ear(),
        };
        let order = json!({"action": "resume", "configurationSet": "promo", "reason": "clean", "actor": actor});
        let Ok(order) = Request::parse(order) else { unreachable!("the order is well-formed") };
        operator.operate(order).await.to_json()
    }

    /// Two judges, two actuators and a sweep, all at once.
    async fn race(&self, round: u64) {
        let tasks = [
            tokio::spawn(self.clone().decide()),
            tokio::spawn(self.clone().actuate(format!("{round}-one"))),
            tokio::spawn(self.clone().decide()),
            tokio::spawn(self.clone().actuate(format!("{round}-other"))),
        ];
        let (ended, ()) = futures::join!(join_all(tasks), self.clone().sweep());
        ended.into_iter().for_each(|task| task.unwrap());
    }

    /// Who comes last may have come too early: until nothing is pending, as the stream would wake it.
    async fn rest(&self) {
        for attempt in 0..20 {
            let state = self.register.read(&self.promo).await.unwrap();
            if state.pending.is_none() && !state.to_judge && state.untold.is_empty() {
                return;
            }
            self.clone().decide().await;
            self.clone().actuate(format!("rest-{attempt}")).await;
        }
        panic!("it does not come to rest");
    }
}

/// Each round is two races: to pause, and to resume.
async fn rounds(rounds: u64) {
    let (ledger, register) = dynoxide().await;
    let base = Arc::new(Mutex::new(at("2026-11-20T12:00:00Z")));
    let world = World {
        ledger,
        register,
        ses: SimulatedSes::default(),
        notices: RecordedNotices::default(),
        clock: FastClock { began: Instant::now(), base },
        promo: set("promo"),
    };
    world.ses.create(&world.promo);
    for round in 0..rounds {
        // Past the fence of the last round's resume, and so that SES's answers have settled.
        world.clock.jump(2 * BUCKET_SECONDS);
        let sent_at = world.clock.now();
        let mails = round * 1_000..round * 1_000 + 60;
        world.count(Send, mails.clone(), sent_at).await;
        world.count(Bounce, mails.start..mails.start + 30, sent_at).await;
        world.race(round).await;
        world.rest().await;
        let state = world.register.read(&world.promo).await.unwrap();
        assert_eq!((state.phase, state.generation, state.applied), (Phase::Paused, 2 * round + 1, 2 * round + 1));
        assert!(!world.ses.accepts(&world.promo));

        world.clock.jump(BUCKET_SECONDS);
        // Two people: the same order of one person, twice in one millisecond, is one order to DynamoDB, and done for both.
        let [first, second] = [world.clone().resume("ann"), world.clone().resume("ben")];
        let (one, other, ()) = futures::join!(first, second, world.race(round));
        assert_ne!(one["ok"], other["ok"], "round {round}: one of two is told that it is done already: {one} {other}");
        world.rest().await;
        let state = world.register.read(&world.promo).await.unwrap();
        assert_eq!((state.phase, state.generation, state.applied), (Phase::Trial, 2 * round + 2, 2 * round + 2));
        assert!(world.ses.accepts(&world.promo));
        one_intent_per_generation(&world, round).await;
    }
    println!(
        "{rounds} rounds in {:.0} s, {} calls to SES",
        world.clock.began.elapsed().as_secs_f64(),
        world.ses.calls().len()
    );
}

/// Of the round's two generations: one intent of each, and at least one word that it is done.
async fn one_intent_per_generation(world: &World, round: u64) {
    let records = world.register.history(&world.promo, 20).await.unwrap();
    for (generation, intended, done) in
        [(2 * round + 1, Act::PauseIntended, Act::Paused), (2 * round + 2, Act::ResumeIntended, Act::Resumed)]
    {
        let acts: Vec<Act> =
            records.iter().filter(|record| record.generation == generation).map(|record| record.act).collect();
        let unlike: BTreeSet<_> =
            acts.iter().filter(|act| ![intended, done].contains(act)).map(|act| format!("{act:?}")).collect();
        assert!(unlike.is_empty(), "generation {generation}: {unlike:?}");
        assert_eq!(acts.iter().filter(|act| **act == intended).count(), 1, "generation {generation}: {acts:?}");
        assert_eq!(acts.iter().filter(|act| **act == done).count(), 1, "generation {generation}: {acts:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_each_generation_there_is_one_intent() {
    rounds(10).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "minutes: `make soak`"]
async fn of_each_generation_there_is_one_intent_in_a_thousand_races() {
    rounds(500).await;
}
