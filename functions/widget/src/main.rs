//! Wires the `widget` function to AWS.

use guard_aws::{
    Clients, DigestedLedger, DynamoDigests, DynamoLedger, DynamoPolicyStore, DynamoRegister, Settings, SystemClock,
};
use guard_core::policy::stored::Policies;
use guard_core::steps::watch::Watcher;
use guard_widget::handle;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    guard_aws::log();
    let env = |name: &str| std::env::var(name).ok();
    let mut settings = Settings::new(&env);
    let (ledger, digests, state) = (settings.ledger_table(), settings.digest_table(), settings.state_table());
    let (homes, mode, policy, operate) =
        (settings.homes(), settings.mode(), settings.policy(), settings.operate_function_arn());
    let read = (|| Some((ledger?, digests?, state?, homes?, mode?, policy?, operate?)))();
    let (ledger, digests, state, homes, mode, policy, operate) = settings.finish(read)?;

    let clients = Clients::of_function()?;
    let (ledger, digests) = (DynamoLedger::new(&clients, &ledger), DynamoDigests::new(&clients, &digests));
    let watcher = &Watcher {
        ledger: DigestedLedger::new(ledger, digests, SystemClock),
        register: DynamoRegister::new(&clients, &state),
        clock: SystemClock,
        policies: Policies::new(policy, DynamoPolicyStore::new(&clients, &state)),
        mode,
        homes,
    };
    let operate = &operate;
    run(service_fn(|event: LambdaEvent<Value>| async move {
        let me = &event.context.invoked_function_arn;
        Ok::<_, Error>(handle(watcher, me, operate, &event.payload).await)
    }))
    .await
}
