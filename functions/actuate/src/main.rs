//! Wires the `actuate` function to AWS.

use guard_actuate::{Wake, handle};
use guard_aws::{
    AwsNotifier, Clients, Destinations, DynamoRegister, HomeClients, MemberRole, SesSwitch, Settings, SystemClock,
};
use guard_core::notice::Letterhead;
use guard_core::steps::act::Actuator;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    guard_aws::log();
    let env = |name: &str| std::env::var(name).ok();
    let mut settings = Settings::new(&env);
    let (state, topic, bus) = (settings.state_table(), settings.notices_topic_arn(), settings.event_bus());
    let (homes, me) = (settings.homes(), settings.function_name());
    let (chat_topic_arn, runbook, dashboard) =
        (settings.chat_topic_arn(), settings.runbook_url(), settings.dashboard());
    let read = (|| Some((state?, topic?, bus?, homes?, me?)))();
    let (state, notices_topic_arn, event_bus, homes, me) = settings.finish(read)?;

    let clients = Clients::of_function()?;
    let switch = SesSwitch::new(&HomeClients::new(&clients, &homes, MemberRole::Switch, &me).await);
    let notifier = AwsNotifier::new(&clients, Destinations { notices_topic_arn, chat_topic_arn, event_bus });
    let actuator = Actuator::new(DynamoRegister::new(&clients, &state), switch, notifier, SystemClock);
    let letterhead = Letterhead::of(homes, &me).with_runbook(&runbook).with_dashboard(&dashboard);
    let actuator = &actuator.writing_as(letterhead);
    run(service_fn(|event: LambdaEvent<Value>| async move {
        let (wake, context) = (Wake::parse(event.payload)?, event.context);
        Ok::<_, Error>(handle(actuator, &SystemClock, &wake, &context.request_id, context.deadline).await)
    }))
    .await
}
