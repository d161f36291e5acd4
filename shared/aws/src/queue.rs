use guard_core::name::SetKey;
use guard_core::port::{Fault, Reminder};

use crate::Clients;
use crate::fault::fault;

/// SQS delays a message by 15 minutes at most.
const MAX_DELAY_SECONDS: u32 = 900;

/// Wakes the judge by a delayed message; its body is the set's key.
#[derive(Debug, Clone)]
pub struct SqsReminder {
    client: aws_sdk_sqs::Client,
    queue_url: String,
}

impl SqsReminder {
    /// By this queue.
    pub fn new(clients: &Clients, queue_url: &str) -> Self {
        Self { client: aws_sdk_sqs::Client::new(clients.config()), queue_url: queue_url.to_owned() }
    }
}

impl Reminder for SqsReminder {
    async fn remind(&self, set: &SetKey, seconds: u32) -> Result<(), Fault> {
        let delay = i32::try_from(seconds.min(MAX_DELAY_SECONDS)).unwrap_or(i32::MAX);
        let sent = self.client.send_message().queue_url(&self.queue_url).message_body(set.to_string());
        let sent = sent.delay_seconds(delay).send().await;
        sent.map(drop).map_err(|error| fault("SendMessage", &set.to_string(), error))
    }
}
