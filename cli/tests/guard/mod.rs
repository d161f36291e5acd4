//! A guard in memory behind the real `operate` handler: its answers are the deployed function's, byte for byte.

use guard_core::account::AccountStop;
use guard_core::audit::{Act, AuditRecord};
use guard_core::event::SignalKind;
use guard_core::hearing::Ear;
use guard_core::home::{Home, Homes};
use guard_core::name::SetKey;
use guard_core::notice::sentence;
use guard_core::policy::stored::Policies;
use guard_core::policy::{Deployed, Policy};
use guard_core::port::{Committed, Ledger, Register};
use guard_core::sight::{BlindSpot, Sight, View};
use guard_core::standing::assess;
use guard_core::state::{Change, Intent, Owner, State, Totals, Why};
use guard_core::steps::decide::Mode;
use guard_core::steps::operate::Operator;
use guard_core::tally::{Addition, Receipts};
use guard_core::time::Bucket;
use guard_local::{
    DESTINATION, EVENTS_TOPIC, ManualClock, MemoryLedger, MemoryPolicyStore, MemoryRegister, SimulatedSes,
};
use jiff::Timestamp;
use serde_json::Value;

pub(crate) const NOW: &str = "2026-11-20T09:20:02Z";

#[derive(Debug, Clone)]
pub(crate) struct Guard {
    pub(crate) ledger: MemoryLedger,
    pub(crate) register: MemoryRegister,
    pub(crate) ses: SimulatedSes,
    pub(crate) policies: MemoryPolicyStore,
    pub(crate) homes: Homes,
}

pub(crate) fn set(name: &str) -> SetKey {
    format!("111122223333/eu-west-1/{name}").parse().unwrap()
}

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

impl Guard {
    /// Knows nothing; SES has no configuration set.
    pub(crate) fn empty() -> Self {
        Self {
            ledger: MemoryLedger::default(),
            register: MemoryRegister::default(),
            ses: SimulatedSes::default(),
            policies: MemoryPolicyStore::default(),
            homes: Homes::only(Home::of(&set("any"))),
        }
    }

    /// A set that was paused for its bought list, one that is fine, one that is new, one that someone else disabled.
    pub(crate) fn with_four_sets() -> Self {
        let guard = Self::empty();
        for name in ["marketing-weekly", "transactional", "brand-new", "disabled-by-hand"] {
            guard.ses.create(&set(name));
        }
        guard.mail("marketing-weekly", [1_240, 98, 1, 3]);
        guard.pause("marketing-weekly");
        guard.mail("transactional", [240_000, 120, 2, 0]);
        guard.judge("transactional", [240_000, 120, 2, 0]);
        guard.judge("brand-new", [0; 4]);
        guard.ses.toggle(&set("disabled-by-hand"), false);
        guard.looks("2026-11-20T09:15:00Z", []);
        guard
    }

    /// What the deployed function answers.
    pub(crate) fn answer(&self, request: &Value) -> Value {
        let operator = Operator {
            ledger: self.ledger.clone(),
            register: self.register.clone(),
            switch: self.ses.clone(),
            clock: ManualClock::at(now()),
            policies: Policies::new(Deployed::default(), self.policies.clone()),
            mode: Mode::Enforce,
            account_stop: AccountStop::Forbidden,
            homes: self.homes.clone(),
            ear: Ear {
                topic: EVENTS_TOPIC.parse().unwrap(),
                destination: DESTINATION.parse().unwrap(),
                event_bus: false,
            },
        };
        wait(guard_operate::handle(&operator, request.clone()))
    }

    /// Sends, bounces, complaints and prevented recipients of ten minutes ago.
    fn mail(&self, name: &str, counts: [u64; 4]) {
        let bucket = Bucket::of("2026-11-20T09:10:00Z".parse().unwrap());
        let mut counts = counts.into_iter();
        let receipts = SignalKind::ALL.map(|kind| {
            let receipts = counts.next().unwrap();
            (kind, Receipts { receipts, ..Receipts::default() })
        });
        let addition = Addition { receipts, ..Addition::empty(set(name), bucket) };
        wait(self.ledger.add(&addition)).unwrap();
    }

    fn judge(&self, name: &str, [sends, bounces, complaints, prevented]: [u64; 4]) {
        let totals = Some(Totals { sends, bounces, complaints, prevented });
        self.commit(&Change::silent(&set(name), &State::default(), State { totals, ..State::default() }));
    }

    /// As the judge and the actuator do it, two seconds apart.
    fn pause(&self, name: &str) {
        let set = set(name);
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (intended, paused) = (at("2026-11-20T09:14:02Z"), at("2026-11-20T09:14:04Z"));
        let everything = Bucket::of(Timestamp::UNIX_EPOCH);
        let tallies = wait(self.ledger.window(&set, everything, Bucket::of(now()))).unwrap();
        let found = assess(&Policy::default(), &tallies, None, intended);
        let why = Why::guard(sentence::paused(&found.judgement, intended));
        let before = State::default();
        let mut after = before.intending(Intent::Pause, found.priority, Owner::Guard, why.clone());
        after.totals = Some(found.totals);
        let record = AuditRecord::of(&set, intended, Act::PauseIntended, &before, &after, why);
        self.commit(&Change::silent(&set, &before, after).recorded(record, false));
        self.ses.toggle(&set, false);
        self.commit(&wait(self.register.read(&set)).unwrap().confirmed(&set, Intent::Pause, paused));
    }

    /// The guard looked for blind spots at this time, and found these.
    pub(crate) fn looks(&self, at: &str, found: impl IntoIterator<Item = (BlindSpot, &'static str)>) {
        let (set, at) = (set("any"), at.parse().unwrap());
        let account = SetKey::account(set.account, set.region);
        let before = wait(self.register.read(&account)).unwrap();
        let mut sight = before.sight.clone().unwrap_or_else(|| Sight::beginning(at));
        sight.checked_at = Some(at);
        for (spot, sentence) in found {
            sight.saw(spot, View::Blind(sentence.to_owned()), at);
        }
        self.commit(&Change::silent(&account, &before, State { sight: Some(sight), ..before.clone() }));
    }

    pub(crate) fn commit(&self, change: &Change) {
        assert_eq!(wait(self.register.commit(change)).unwrap(), Committed::Done);
    }
}
