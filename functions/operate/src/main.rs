//! Wires the `operate` function to AWS.

use guard_aws::{
    Clients, DigestedLedger, DynamoDigests, DynamoLedger, DynamoPolicyStore, DynamoRegister, HomeClients, MemberRole,
    SesSwitch, Settings, SystemClock,
};
use guard_core::hearing::Ear;
use guard_core::policy::stored::Policies;
use guard_core::steps::operate::Operator;
use guard_operate::handle;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    guard_aws::log();
    let env = |name: &str| std::env::var(name).ok();
    let mut settings = Settings::new(&env);
    let (ledger, digests, state) = (settings.ledger_table(), settings.digest_table(), settings.state_table());
    let (homes, me, mode, policy) = (settings.homes(), settings.function_name(), settings.mode(), settings.policy());
    let (account_stop, topic) = (settings.account_stop(), settings.events_topic());
    let (destination, event_bus) = (settings.event_destination(), settings.hears_event_bus());
    let ear = (|| Some(Ear { topic: topic?, destination: destination?, event_bus: event_bus? }))();
    let read = (|| Some((ledger?, digests?, state?, homes?, me?, mode?, policy?, account_stop?, ear?)))();
    let (ledger, digests, state, homes, me, mode, policy, account_stop, ear) = settings.finish(read)?;

    let clients = Clients::of_function()?;
    let (ledger, digests) = (DynamoLedger::new(&clients, &ledger), DynamoDigests::new(&clients, &digests));
    let operator = &Operator {
        ledger: DigestedLedger::new(ledger, digests, SystemClock),
        register: DynamoRegister::new(&clients, &state),
        switch: SesSwitch::new(&HomeClients::new(&clients, &homes, MemberRole::Look, &me).await),
        clock: SystemClock,
        policies: Policies::new(policy, DynamoPolicyStore::new(&clients, &state)),
        mode,
        account_stop,
        homes,
        ear,
    };
    run(service_fn(|event: LambdaEvent<Value>| async move { Ok::<_, Error>(handle(operator, event.payload).await) }))
        .await
}
