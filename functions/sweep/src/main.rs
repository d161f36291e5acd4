//! Wires the `sweep` function to AWS.

use guard_aws::{
    ActuateFunction, Clients, CloudWatchMonitor, DigestedLedger, DynamoDigests, DynamoLedger, DynamoPolicyStore,
    DynamoRegister, HomeClients, MemberRole, Pipeline, SesAccount, SesInventory, SesSwitch, Settings, SqsReminder,
    SystemClock,
};
use guard_core::account::AccountStop;
use guard_core::hearing::Ear;
use guard_core::home::Home;
use guard_core::policy::stored::Policies;
use guard_core::port::Clock;
use guard_core::steps::account::AccountGuard;
use guard_core::steps::decide::Judge;
use guard_core::steps::look::Lookout;
use guard_core::steps::sweep::{Listening, Sweeper};
use guard_sweep::{Errand, handle};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    guard_aws::log();
    let env = |name: &str| std::env::var(name).ok();
    let mut settings = Settings::new(&env);
    let (ledger, state, queue) = (settings.ledger_table(), settings.state_table(), settings.recheck_queue_url());
    let digests = settings.digest_table();
    let (homes, me, mode, policy) = (settings.homes(), settings.function_name(), settings.mode(), settings.policy());
    let (actuate, on_drift, stop) = (settings.actuate_function(), settings.on_drift(), settings.account_stop());
    let (topic, destination) = (settings.events_topic(), settings.event_destination());
    let (event_bus, enrol) = (settings.hears_event_bus(), settings.enrol_new_sets());
    let ear = (|| Some(Ear { topic: topic?, destination: destination?, event_bus: event_bus? }))();
    let (events, dead_events) = (settings.events_queue(), settings.events_dead_letter_queue());
    let (dead_wake_ups, judge) = (settings.wake_up_dead_letter_queue(), settings.judge_function());
    let pipeline = (|| {
        Some(Pipeline {
            events_queue: events?,
            events_dead_letter_queue: dead_events?,
            wake_up_dead_letter_queue: dead_wake_ups?,
            judge_function: judge?,
            actuate_function: actuate?,
        })
    })();
    let places = (|| Some((ledger?, digests?, state?, queue?, homes?, me?, pipeline?)))();
    let rules = (|| Some((mode?, policy?, on_drift?, stop?, ear?, enrol?)))();
    let ((ledger, digests, state, queue, homes, me, pipeline), (mode, policy, on_drift, stop, ear, enrol)) =
        settings.finish(places.zip(rules))?;
    let actuate = pipeline.actuate_function.clone();

    let clients = Clients::of_function()?;
    let (ledger, digests) = (DynamoLedger::new(&clients, &ledger), DynamoDigests::new(&clients, &digests));
    let ledger = DigestedLedger::keeping(ledger, digests, SystemClock);
    let register = DynamoRegister::new(&clients, &state);
    let reminder = SqsReminder::new(&clients, &queue);
    let looking = HomeClients::new(&clients, &homes, MemberRole::Look, &me).await;
    let switch = SesSwitch::new(&looking);
    // What is discovered and enrolled, the pipeline, and the mail that CloudWatch counts here, are the stack's own.
    let Home { account, region } = homes.own().clone();
    let inventory = SesInventory::new(&clients, account.clone(), region.clone());
    let listening = Listening::new(account.clone(), region.clone(), ear, enrol);
    let waker = ActuateFunction::new(&clients, &actuate);
    let views = looking.each(SesAccount::new);
    let lookout = &Lookout {
        ledger: ledger.clone(),
        register: register.clone(),
        clock: SystemClock,
        monitor: CloudWatchMonitor::new(&clients, pipeline),
        inventory: inventory.clone(),
        account,
        region,
    };
    let policies = &Policies::new(policy, DynamoPolicyStore::new(&clients, &state));
    let errand = &|event: &Value| Errand::of(event, &homes, &actuate, SystemClock.now());
    let guards = &async || {
        let policy = policies.in_force().await?.book;
        let of_account = |(home, view): (&Home, &SesAccount)| {
            let (ledger, register, view, policy) = (ledger.clone(), register.clone(), view.clone(), policy.clone());
            // What member.yaml grants in another home does not include it.
            let account_stop = if home == homes.own() { stop } else { AccountStop::Forbidden };
            let Home { account, region } = home.clone();
            AccountGuard { ledger, register, clock: SystemClock, view, policy, mode, account_stop, account, region }
        };
        let accounts: Vec<_> = views.iter().map(of_account).collect();
        let (ledger, register, reminder) = (ledger.clone(), register.clone(), reminder.clone());
        let judge = Judge { ledger, register, reminder, clock: SystemClock, policy: policy.clone(), mode };
        let (switch, waker) = (switch.clone(), waker.clone());
        let (inventory, listening) = (inventory.clone(), listening.clone());
        Ok::<_, Error>((Sweeper { judge, switch, inventory, listening, waker, on_drift }, accounts))
    };
    run(service_fn(|event: LambdaEvent<Value>| async move {
        let (sweeper, accounts) = guards().await?;
        let errand = errand(&event.payload);
        Ok::<_, Error>(handle(&sweeper, &accounts, lookout, &errand, event.context.deadline).await?)
    }))
    .await
}
