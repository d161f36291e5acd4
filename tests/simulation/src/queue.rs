//! The queue of events: hides what somebody reads, brings back what nobody deleted, and gives up after five times.

use std::collections::BTreeMap;
use std::sync::Arc;

use guard_core::event::SignalKind;
use guard_core::name::SetKey;
use guard_core::time::Bucket;
use jiff::Timestamp;

/// How often a message is received before it is a dead letter.
const MAX_RECEIVES: u32 = 5;

/// An event that SES published.
#[derive(Debug, PartialEq, Eq)]
pub struct Body {
    /// Its number in the run: the same for both messages of an event that was published twice.
    pub number: usize,
    /// Whose.
    pub set: usize,
    /// Which mail's.
    pub mail: u64,
    /// What.
    pub kind: SignalKind,
    /// The first recipient it is about.
    pub first: u64,
    /// How many.
    pub units: u64,
    /// When SES took the mail, in epoch milliseconds.
    pub sent_at: i64,
    /// Kills who reads it.
    pub poison: bool,
}

/// A message as one reader has it.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The queue's number of it.
    pub message: u64,
    /// Whether it was received before.
    pub again: bool,
    /// Whose mail it is about.
    pub set: SetKey,
    /// The time to which it is booked: when the mail was sent.
    pub booked_at: i64,
    /// What it says.
    pub body: Arc<Body>,
}

impl Delivery {
    /// The bucket to which it is booked.
    pub fn bucket(&self) -> (SetKey, Bucket) {
        (self.set.clone(), Bucket::of(Timestamp::from_millisecond(self.booked_at).unwrap_or_default()))
    }
}

#[derive(Debug)]
struct Message {
    body: Arc<Body>,
    put_at: i64,
    receives: u32,
    visible_at: i64,
}

/// The queue and its dead letters.
#[derive(Debug, Default)]
pub struct Queue {
    messages: BTreeMap<u64, Message>,
    next: u64,
    /// Messages that were received too often.
    pub dead: Vec<Arc<Body>>,
}

impl Queue {
    /// A new message.
    pub fn put(&mut self, body: Arc<Body>, now: i64) {
        self.next += 1;
        self.messages.insert(self.next, Message { body, put_at: now, receives: 0, visible_at: now });
    }

    /// The messages that may be received now.
    pub fn visible(&self, now: i64) -> Vec<u64> {
        let visible = self.messages.iter().filter(|(_, message)| message.visible_at <= now);
        visible.map(|(number, _)| *number).collect()
    }

    /// Receives a message and hides it until then; `None` when that was once too often.
    /// Else its number, whether it was received before, and what it says.
    pub fn receive(&mut self, number: u64, hidden_until: i64) -> Option<(u64, bool, Arc<Body>)> {
        let message = self.messages.get_mut(&number)?;
        if message.receives >= MAX_RECEIVES {
            let message = self.messages.remove(&number)?;
            self.dead.push(message.body);
            return None;
        }
        message.receives += 1;
        message.visible_at = hidden_until;
        Some((number, message.receives > 1, message.body.clone()))
    }

    /// Since when the oldest message waits.
    pub fn oldest(&self) -> Option<i64> {
        self.messages.values().map(|message| message.put_at).min()
    }

    /// Deletes a message, if it is there still.
    pub fn delete(&mut self, number: u64) {
        self.messages.remove(&number);
    }

    /// Whether nothing waits, dead letters aside.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Sends all dead letters back, as new messages. Gives how many.
    pub fn replay(&mut self, now: i64) -> usize {
        let dead = std::mem::take(&mut self.dead);
        let count = dead.len();
        dead.into_iter().for_each(|body| self.put(body, now));
        count
    }
}
