use guard_core::notice::{Notice, SOURCE};
use guard_core::port::{Fault, Notifier};

use crate::Clients;
use crate::fault::{fault, unreadable};

/// Tells people by SNS and machines by EventBridge.
#[derive(Debug, Clone)]
pub struct AwsNotifier {
    sns: aws_sdk_sns::Client,
    topic_arn: String,
    events: aws_sdk_eventbridge::Client,
    bus: String,
}

impl AwsNotifier {
    /// To this topic and this bus.
    pub fn new(clients: &Clients, topic_arn: &str, bus: &str) -> Self {
        Self {
            sns: aws_sdk_sns::Client::new(clients.config()),
            topic_arn: topic_arn.to_owned(),
            events: aws_sdk_eventbridge::Client::new(clients.config()),
            bus: bus.to_owned(),
        }
    }
}

impl Notifier for AwsNotifier {
    async fn notify(&self, notice: &Notice) -> Result<(), Fault> {
        let published = self.sns.publish().topic_arn(&self.topic_arn).subject(&notice.subject).message(&notice.text);
        published.send().await.map_err(|error| fault("Publish", &self.topic_arn, error))?;

        let entry = aws_sdk_eventbridge::types::PutEventsRequestEntry::builder()
            .event_bus_name(&self.bus)
            .source(SOURCE)
            .detail_type(notice.detail_type)
            .detail(notice.detail.to_string())
            .build();
        let put = self.events.put_events().entries(entry).send().await;
        let put = put.map_err(|error| fault("PutEvents", &self.bus, error))?;
        // PutEvents answers 200 although it refused an entry.
        match put.entries().iter().find_map(|entry| entry.error_code()) {
            Some(code) => Err(unreadable("PutEvents", &self.bus, code.to_owned())),
            None => Ok(()),
        }
    }
}
