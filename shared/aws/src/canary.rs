//! What `ses-guard doctor --canary` does in AWS: mail to SES's mailbox simulator from the stack's canary set; or a set that
//! comes and goes, and events of mail that was never sent.

use std::error::Error;

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};
use guard_core::port::chain;
use serde_json::{Value, json};

use crate::Clients;

/// What acts in AWS for a canary.
#[derive(Debug)]
pub struct Canary {
    ses: aws_sdk_sesv2::Client,
    sns: aws_sdk_sns::Client,
    lambda: aws_sdk_lambda::Client,
}

/// By which way the events came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By the topic, as SES's do.
    Topic,
    /// Straight to `ingest`: the topic lets nobody publish but SES, as it should.
    Ingest,
}

/// What SES made of one mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mailed {
    /// It was accepted.
    Accepted,
    /// The set is paused, or all sending is.
    Paused,
    /// It was refused for another reason.
    Refused(String),
}

fn told(error: &(dyn Error + 'static)) -> String {
    chain(error)
}

impl Canary {
    /// With whose credentials this runs.
    pub fn new(clients: &Clients) -> Self {
        let config = clients.config();
        Self {
            ses: aws_sdk_sesv2::Client::new(config),
            sns: aws_sdk_sns::Client::new(config),
            lambda: aws_sdk_lambda::Client::new(config),
        }
    }

    /// Sends one mail of this set that bounces. It goes to the mailbox simulator and to nobody else, whatever is given.
    pub async fn mail(&self, set: &str, from: &str, number: usize) -> Mailed {
        let text = |text: &str| Content::builder().data(text).build();
        let (subject, body) =
            (text("ses-guard canary"), text("ses-guard doctor sent this to Amazon SES's mailbox simulator."));
        let content = subject.and_then(|subject| {
            let body = Body::builder().text(body?).build();
            Ok(EmailContent::builder().simple(Message::builder().subject(subject).body(body).build()).build())
        });
        let content = match content {
            Ok(content) => content,
            Err(error) => return Mailed::Refused(told(&error)),
        };
        let to = Destination::builder().to_addresses(format!("bounce+{number}@simulator.amazonses.com")).build();
        let mail = self.ses.send_email().configuration_set_name(set).from_email_address(from);
        match mail.destination(to).content(content).send().await {
            Ok(_) => Mailed::Accepted,
            Err(error) if error.as_service_error().is_some_and(SendEmailError::is_sending_paused_exception) => {
                Mailed::Paused
            }
            Err(error) => {
                let why = match error.as_service_error().and_then(|refusal| refusal.meta().message()) {
                    Some(why) => why.to_owned(),
                    None => told(&error),
                };
                Mailed::Refused(format!("ses:SendEmail: {why}"))
            }
        }
    }

    /// Makes the set.
    pub async fn create(&self, set: &str) -> Result<(), String> {
        let made = self.ses.create_configuration_set().configuration_set_name(set).send().await;
        made.map(drop).map_err(|error| format!("ses:CreateConfigurationSet: {}", told(&error)))
    }

    /// Takes it away again.
    pub async fn delete(&self, set: &str) -> Result<(), String> {
        let gone = self.ses.delete_configuration_set().configuration_set_name(set).send().await;
        gone.map(drop).map_err(|error| format!("ses:DeleteConfigurationSet: {}", told(&error)))
    }

    /// Brings events in: by the topic where that is allowed, else by an invocation of `ingest` in the queue's name.
    pub async fn bring(&self, topic: &str, ingest: &str, queue_arn: &str, events: &[Value]) -> Result<Way, String> {
        let mut published = 0;
        for event in events {
            match self.sns.publish().topic_arn(topic).message(event.to_string()).send().await {
                Ok(_) => published += 1,
                Err(_) if published == 0 => break,
                Err(error) => return Err(format!("sns:Publish: {}", told(&error))),
            }
        }
        if published == events.len() {
            return Ok(Way::Topic);
        }
        let record = |(number, event): (usize, &Value)| {
            json!({"messageId": format!("canary-{number}"), "body": event.to_string(), "eventSource": "aws:sqs",
                "eventSourceARN": queue_arn, "attributes": {"ApproximateReceiveCount": "1"}, "messageAttributes": {}})
        };
        let records: Vec<Value> = events.iter().enumerate().map(record).collect();
        let payload = Blob::new(json!({ "Records": records }).to_string());
        let answer = self.lambda.invoke().function_name(ingest).payload(payload).send().await;
        let answer = answer.map_err(|error| format!("lambda:InvokeFunction of {ingest}: {}", told(&error)))?;
        let said: Value =
            answer.payload().and_then(|said| serde_json::from_slice(said.as_ref()).ok()).unwrap_or_default();
        match said.get("batchItemFailures").and_then(Value::as_array).map(Vec::len) {
            Some(0) if answer.function_error().is_none() => Ok(Way::Ingest),
            Some(failed) => Err(format!("{ingest} gave {failed} of {} events back; its log says why", events.len())),
            None => Err(format!("{ingest} failed; its log says why")),
        }
    }
}
