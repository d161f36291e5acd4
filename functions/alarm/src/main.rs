//! Wires the `alarm` function to AWS.

use guard_alarm::Inbox;
use guard_aws::{
    Clients, CloudWatchAlarms, DigestedLedger, DynamoDigests, DynamoLedger, DynamoPolicyStore, DynamoRegister,
    HomeClients, MemberRole, SesSwitch, Settings, SqsReminder, SystemClock,
};
use guard_core::policy::stored::Policies;
use guard_core::steps::alarm::Responder;
use guard_core::steps::decide::Judge;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    guard_aws::log();
    let env = |name: &str| std::env::var(name).ok();
    let mut settings = Settings::new(&env);
    let (ledger, state, queue) = (settings.ledger_table(), settings.state_table(), settings.recheck_queue_url());
    let (homes, me, mode, policy) = (settings.homes(), settings.function_name(), settings.mode(), settings.policy());
    let digests = settings.digest_table();
    let read = (|| Some((ledger?, digests?, state?, queue?, homes?, me?, mode?, policy?)))();
    let (ledger, digests, state, queue, homes, me, mode, policy) = settings.finish(read)?;

    let clients = Clients::of_function()?;
    let (ledger, digests) = (DynamoLedger::new(&clients, &ledger), DynamoDigests::new(&clients, &digests));
    let ledger = DigestedLedger::new(ledger, digests, SystemClock);
    let register = DynamoRegister::new(&clients, &state);
    let reminder = SqsReminder::new(&clients, &queue);
    let looking = HomeClients::new(&clients, &homes, MemberRole::Look, &me).await;
    let (switch, alarms) = (SesSwitch::new(&looking), CloudWatchAlarms::new(&looking));
    let policies = &Policies::new(policy, DynamoPolicyStore::new(&clients, &state));
    let inbox = &Inbox::new(&homes.own().region).ok_or("the reader takes no key")?;
    let responder = &async || {
        let (ledger, register, reminder) = (ledger.clone(), register.clone(), reminder.clone());
        let policy = policies.in_force().await?.book;
        let judge = Judge { ledger, register, reminder, clock: SystemClock, policy, mode };
        Ok::<_, Error>(Responder { judge, switch: switch.clone(), alarms: alarms.clone(), homes: homes.clone() })
    };
    run(service_fn(|event: LambdaEvent<Value>| async move {
        Ok::<_, Error>(inbox.handle(&responder().await?, &event.payload).await?)
    }))
    .await
}
