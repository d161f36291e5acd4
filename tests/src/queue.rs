//! The events queue: a message comes again until it is acknowledged, and is a dead letter when it came too often.

use std::collections::VecDeque;

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use guard_core::time::plus_seconds;
use jiff::Timestamp;

use crate::mail::QUEUE_ARN;

/// How long a message that was handed out is hidden from others. A test of the template holds it to this.
const HIDDEN_SECONDS: i64 = 180;
/// How often a message is handed out before it is a dead letter, by the template.
const MOST_RECEIVES: u32 = 5;

/// One message.
#[derive(Debug, Clone)]
pub struct Message {
    /// The queue's id of it.
    pub id: String,
    /// What it says.
    pub body: String,
    /// How often it was handed out.
    pub received: u32,
    /// Who sent it, in SQS's words: the topic, or whoever put it back.
    pub sender: &'static str,
}

/// SNS.
const TOPIC: &str = "AIDAEXAMPLE";
/// A person in a role; SQS adds the session's name.
const OPERATOR: &str = "AROAEXAMPLE:ops";

/// The queue and its dead letters.
#[derive(Debug, Default)]
pub struct Queue {
    waiting: VecDeque<Message>,
    hidden: VecDeque<(Timestamp, Message)>,
    /// What came too often.
    pub dead: Vec<Message>,
    sent: u64,
}

impl Queue {
    /// Takes a message, and gives its number, from 1.
    pub fn send(&mut self, body: String) -> u64 {
        self.send_as(TOPIC, body)
    }

    fn send_as(&mut self, sender: &'static str, body: String) -> u64 {
        self.sent += 1;
        self.waiting.push_back(Message { id: format!("message-{}", self.sent), body, received: 0, sender });
        self.sent
    }

    /// An operator puts the dead letters back: to SQS they are new messages. How many they are.
    pub fn put_back(&mut self) -> usize {
        let dead = std::mem::take(&mut self.dead);
        let letters = dead.len();
        dead.into_iter().for_each(|message| {
            self.send_as(OPERATOR, message.body);
        });
        letters
    }

    /// Hands out at most so many messages, oldest first.
    pub fn receive(&mut self, now: Timestamp, most: usize) -> Vec<Message> {
        while self.hidden.front().is_some_and(|(until, _)| *until <= now) {
            self.waiting.extend(self.hidden.pop_front().map(|(_, message)| message));
        }
        let mut batch = Vec::new();
        while batch.len() < most
            && let Some(mut message) = self.waiting.pop_front()
        {
            if message.received >= MOST_RECEIVES {
                self.dead.push(message);
                continue;
            }
            message.received += 1;
            batch.push(message);
        }
        batch
    }

    /// What was handed out at `received` is done with, but for these, which come again.
    pub fn settle(&mut self, batch: Vec<Message>, received: Timestamp, comes_again: impl Fn(&Message) -> bool) {
        let until = plus_seconds(received, HIDDEN_SECONDS);
        self.hidden.extend(batch.into_iter().filter(|message| comes_again(message)).map(|message| (until, message)));
    }

    /// Whether no message waits, or is hidden.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.hidden.is_empty()
    }

    /// Whether a message waits now.
    pub fn has(&self, now: Timestamp) -> bool {
        !self.waiting.is_empty() || self.hidden.front().is_some_and(|(until, _)| *until <= now)
    }
}

/// What the function is invoked with for these messages.
pub fn invocation(batch: &[Message]) -> SqsEvent {
    let mut event = SqsEvent::default();
    event.records = batch
        .iter()
        .map(|one| {
            let mut message = SqsMessage::default();
            message.message_id = Some(one.id.clone());
            message.event_source_arn = Some(QUEUE_ARN.to_owned());
            message.body = Some(one.body.clone());
            message.attributes.insert("ApproximateReceiveCount".to_owned(), one.received.to_string());
            message.attributes.insert("SenderId".to_owned(), one.sender.to_owned());
            message
        })
        .collect();
    event
}
