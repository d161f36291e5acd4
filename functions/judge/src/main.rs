//! Wires the `judge` function to AWS.

use guard_aws::{
    Clients, DigestedLedger, DynamoDigests, DynamoLedger, DynamoPolicyStore, DynamoRegister, Settings, SqsReminder,
    SystemClock,
};
use guard_core::policy::stored::Policies;
use guard_core::steps::decide::Judge;
use guard_judge::{Wake, handle};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    guard_aws::log();
    let env = |name: &str| std::env::var(name).ok();
    let mut settings = Settings::new(&env);
    let (ledger, state, queue) = (settings.ledger_table(), settings.state_table(), settings.recheck_queue_url());
    let (digests, mode, policy) = (settings.digest_table(), settings.mode(), settings.policy());
    let read = (|| Some((ledger?, digests?, state?, queue?, mode?, policy?)))();
    let (ledger, digests, state, queue, mode, policy) = settings.finish(read)?;

    let clients = Clients::of_function()?;
    let policies = &Policies::new(policy, DynamoPolicyStore::new(&clients, &state));
    let (ledger, digests) = (DynamoLedger::new(&clients, &ledger), DynamoDigests::new(&clients, &digests));
    let ledger = &DigestedLedger::keeping(ledger, digests, SystemClock);
    let register = &DynamoRegister::new(&clients, &state);
    let reminder = &SqsReminder::new(&clients, &queue);
    run(service_fn(|event: LambdaEvent<Value>| async move {
        let wake = Wake::parse(event.payload)?;
        let policy = policies.in_force().await?.book;
        let (ledger, register, reminder) = (ledger.clone(), register.clone(), reminder.clone());
        let judge = Judge { ledger, register, reminder, clock: SystemClock, policy, mode };
        Ok::<_, Error>(handle(&judge, &wake, event.context.deadline).await)
    }))
    .await
}
