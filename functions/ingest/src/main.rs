//! Wires the `ingest` function to AWS.

use aws_lambda_events::event::sqs::SqsEvent;
use guard_aws::{Clients, DigestedLedger, DynamoDigests, DynamoLedger, DynamoRegister, Settings, SystemClock};
use guard_core::event::Reader;
use guard_ingest::Ingest;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    guard_aws::log();
    let env = |name: &str| std::env::var(name).ok();
    let mut settings = Settings::new(&env);
    let (ledger, digests, state) = (settings.ledger_table(), settings.digest_table(), settings.state_table());
    let (homes, key, queue) = (settings.homes(), settings.hash_key(), settings.events_queue_arn());
    let canary = settings.canary();
    let read = (|| Some((ledger?, digests?, state?, homes?, key?, queue?)))();
    let (ledger, digests, state, homes, key, queue) = settings.finish(read)?;

    let clients = Clients::of_function()?;
    let (ledger, digests) = (DynamoLedger::new(&clients, &ledger), DynamoDigests::new(&clients, &digests));
    let ledger = DigestedLedger::new(ledger, digests, SystemClock);
    let register = DynamoRegister::new(&clients, &state);
    let canary = canary.map(|name| homes.own().set(name));
    let ingest = &Ingest::new(queue, Reader::guarding(homes, key).with_canary(canary), ledger, register, SystemClock);
    run(service_fn(|event: LambdaEvent<SqsEvent>| async move {
        Ok::<_, Error>(ingest.handle(event.payload, event.context.deadline).await)
    }))
    .await
}
