//! The functions over the guard's ports in memory, each invoked through its own handler as AWS invokes it.

use std::collections::BTreeSet;

use guard_core::name::SetKey;
use guard_core::notice::Letterhead;
use guard_core::policy::stored::Policies;
use guard_core::steps::act::Actuator;
use guard_core::steps::operate::Operator;
use guard_core::time::plus_seconds;
use guard_ingest::Ingest;
use guard_sweep::Errand;
use serde_json::Value;

use crate::crash::Fuse;
use crate::guard::{Guard, ear};
use crate::mail::{QUEUE_ARN, batch};

impl Guard {
    fn deadline(&self) -> u64 {
        u64::try_from(plus_seconds(guard_core::port::Clock::now(&self.clock), 50).as_millisecond()).unwrap_or(0)
    }

    /// `ingest` with messages of these bodies. Gives the ids of those that go back.
    pub async fn invoke_ingest(&self, bodies: impl IntoIterator<Item = String>) -> Vec<String> {
        let (ledger, register) = (self.ledger.clone(), self.register.clone());
        let ingest = Ingest::new(QUEUE_ARN.to_owned(), Self::reader(), ledger, register, self.clock.clone());
        let answer = ingest.handle(batch(bodies, 1), self.deadline()).await;
        answer.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
    }

    /// `judge` with reminders of these texts.
    pub async fn invoke_judge(&self, reminders: impl IntoIterator<Item = String>) {
        let event = serde_json::to_value(batch(reminders, 1)).map(|mut event| {
            for record in event["Records"].as_array_mut().into_iter().flatten() {
                record["eventSource"] = "aws:sqs".into();
            }
            event
        });
        if let Ok(wake) = event.map_err(|_| ()).and_then(|event| guard_judge::Wake::parse(event).map_err(|_| ())) {
            let judge = self.sweeper(&Fuse::endless()).await.judge;
            guard_judge::handle(&judge, &wake, self.deadline()).await;
        }
    }

    /// `actuate` as a sweep wakes it for these sets.
    pub async fn invoke_actuate(&self, sets: BTreeSet<SetKey>) {
        let (ses, notices) = (self.ses.clone(), self.notices.clone());
        let letterhead = Letterhead::of(self.homes.clone(), "ses-reputation-guard-actuate");
        let actuator = Actuator::new(self.register.clone(), ses, notices, self.clock.clone()).writing_as(letterhead);
        let wake = guard_actuate::Wake::Sweep(sets);
        guard_actuate::handle(&actuator, &self.clock, &wake, "request", self.deadline()).await;
    }

    /// `sweep` with this event. `Err`: what its invocation failed with.
    pub async fn invoke_sweep(&self, event: &Value) -> Result<(), String> {
        let fuse = Fuse::endless();
        let now = guard_core::port::Clock::now(&self.clock);
        let errand = Errand::of(event, &self.homes, "guard-actuate", now);
        let (sweeper, accounts) = (self.sweeper(&fuse).await, [self.account_guard(&fuse).await]);
        let answer = guard_sweep::handle(&sweeper, &accounts, &self.lookout(&fuse), &errand, self.deadline()).await;
        answer.map_err(|error| error.to_string())
    }

    /// `operate` with this request.
    pub async fn invoke_operate(&self, request: Value) -> Value {
        let operator = Operator {
            ledger: self.ledger.clone(),
            register: self.register.clone(),
            switch: self.ses.clone(),
            clock: self.clock.clone(),
            policies: Policies::new(self.policy.clone(), self.policies.clone()),
            mode: self.mode,
            account_stop: self.account_stop,
            homes: self.homes.clone(),
            ear: ear(),
        };
        guard_operate::handle(&operator, request).await
    }
}
