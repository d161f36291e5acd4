//! Wires the `sweep` function to AWS.

use guard_aws::{
    ActuateFunction, Clients, DynamoLedger, DynamoPolicyStore, DynamoRegister, SesAccount, SesSwitch, Settings,
    SqsReminder, SystemClock,
};
use guard_core::policy::stored::Policies;
use guard_core::port::Clock;
use guard_core::steps::account::AccountGuard;
use guard_core::steps::decide::Judge;
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
    let (account, region, mode, policy) = (settings.account(), settings.region(), settings.mode(), settings.policy());
    let (actuate, on_drift) = (settings.actuate_function(), settings.on_drift());
    let read = (|| Some((ledger?, state?, queue?, account?, region?, mode?, policy?, actuate?, on_drift?)))();
    let (ledger, state, queue, account, region, mode, policy, actuate, on_drift) = settings.finish(read)?;

    let clients = Clients::from_env(None).await;
    let (ledger, register) = (DynamoLedger::new(&clients, &ledger), DynamoRegister::new(&clients, &state));
    let reminder = SqsReminder::new(&clients, &queue);
    let switch = SesSwitch::new(&clients, account.clone(), region.clone());
    let waker = ActuateFunction::new(&clients, &actuate);
    let view = SesAccount::new(&clients);
    let policies = &Policies::new(policy, DynamoPolicyStore::new(&clients, &state));
    let errand = &|event: &Value| Errand::of(event, &account, &region, &actuate, SystemClock.now());
    let guards = &async || {
        let policy = policies.in_force().await?.book;
        let (clock, account, region) = (SystemClock, account.clone(), region.clone());
        let (view, of_account) = (view.clone(), policy.clone());
        let account = {
            let (ledger, register) = (ledger.clone(), register.clone());
            AccountGuard { ledger, register, clock, view, policy: of_account, mode, account, region }
        };
        let (ledger, register, reminder) = (ledger.clone(), register.clone(), reminder.clone());
        let judge = Judge { ledger, register, reminder, clock, policy, mode };
        Ok::<_, Error>((Sweeper { judge, switch: switch.clone(), waker: waker.clone(), on_drift }, account))
    };
    run(service_fn(|event: LambdaEvent<Value>| async move {
        let (sweeper, account) = guards().await?;
        Ok::<_, Error>(handle(&sweeper, &account, &errand(&event.payload), event.context.deadline).await?)
    }))
    .await
}
