//! Wires the `sweep` function to AWS.

use guard_aws::{
    ActuateFunction, Clients, CloudWatchMonitor, DynamoLedger, DynamoPolicyStore, DynamoRegister, HomeClients,
    MemberRole, Pipeline, SesAccount, SesInventory, SesSwitch, Settings, SqsReminder, SystemClock,
};
use guard_core::account::AccountStop;
use guard_core::home::Home;
use guard_core::policy::stored::Policies;
use guard_core::port::Clock;
use guard_core::steps::account::AccountGuard;
use guard_core::steps::decide::Judge;
use guard_core::steps::look::Lookout;
use guard_core::steps::sweep::Sweeper;
use guard_sweep::{Errand, handle};
use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let env = |name: &str| std::env::var(name).ok();
    let mut settings = Settings::new(&env);
    let (ledger, state, queue) = (settings.ledger_table(), settings.state_table(), settings.recheck_queue_url());
    let (homes, me, mode, policy) = (settings.homes(), settings.function_name(), settings.mode(), settings.policy());
    let (actuate, on_drift, stop) = (settings.actuate_function(), settings.on_drift(), settings.account_stop());
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
    let read = (|| Some((ledger?, state?, queue?, homes?, me?, mode?, policy?, pipeline?, on_drift?, stop?)))();
    let (ledger, state, queue, homes, me, mode, policy, pipeline, on_drift, stop) = settings.finish(read)?;
    let actuate = pipeline.actuate_function.clone();

    let clients = Clients::from_env(None).await;
    let (ledger, register) = (DynamoLedger::new(&clients, &ledger), DynamoRegister::new(&clients, &state));
    let reminder = SqsReminder::new(&clients, &queue);
    let looking = HomeClients::new(&clients, &homes, MemberRole::Look, &me).await;
    let switch = SesSwitch::new(&looking);
    let waker = ActuateFunction::new(&clients, &actuate);
    let views = looking.each(SesAccount::new);
    // The pipeline is the stack's own, and so is the mail that CloudWatch counts here.
    let Home { account, region } = homes.own().clone();
    let lookout = &Lookout {
        ledger: ledger.clone(),
        register: register.clone(),
        clock: SystemClock,
        monitor: CloudWatchMonitor::new(&clients, pipeline),
        inventory: SesInventory::new(&clients, account.clone(), region.clone()),
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
        Ok::<_, Error>((Sweeper { judge, switch: switch.clone(), waker: waker.clone(), on_drift }, accounts))
    };
    run(service_fn(|event: LambdaEvent<Value>| async move {
        let (sweeper, accounts) = guards().await?;
        let errand = errand(&event.payload);
        Ok::<_, Error>(handle(&sweeper, &accounts, lookout, &errand, event.context.deadline).await?)
    }))
    .await
}
