//! What a deployed stack is found to be like: read by an adapter, judged by [`examine`](super::examine).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use crate::name::ConfigurationSetName;
use crate::port::EventDestination;

/// What was read, or why it could not be.
pub type Known<T> = Result<T, String>;

/// Everything that was read of a stack, and when.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The stack's name.
    pub stack: String,
    /// The clock of who asks.
    pub now: Timestamp,
    /// Its functions by their names without the stack's.
    pub functions: BTreeMap<&'static str, Known<Option<Function>>>,
    /// The policies of each function's role, as JSON texts.
    pub roles: BTreeMap<&'static str, Known<Vec<String>>>,
    /// What each of the functions that read queues or streams is fed by.
    pub mappings: BTreeMap<&'static str, Known<Vec<Mapping>>>,
    /// The topic to which SES publishes.
    pub events_topic: Known<Option<Topic>>,
    /// The topic by which people are told.
    pub notices_topic: Known<Option<Topic>>,
    /// The queue of events, and those of what could not be done: by their role.
    pub queues: BTreeMap<QueueRole, Known<Option<Queue>>>,
    /// Both tables, by their names.
    pub tables: BTreeMap<String, Known<Option<Table>>>,
    /// The stack's alarms.
    pub alarms: Known<Vec<Alarm>>,
    /// The rules that call `sweep`.
    pub timers: Known<Vec<Rule>>,
    /// The configuration sets that SES was asked about, with where their events go.
    pub sets: Known<Vec<(ConfigurationSetName, Vec<EventDestination>)>>,
    /// How many configuration sets there are, those that SES was not asked about included.
    pub sets_in_all: usize,
    /// What `operate` says of the whole guard.
    pub status: Known<Value>,
    /// What it says of each set that is paused, or that somebody else disabled.
    pub stopped: Known<Vec<Value>>,
}

impl Facts {
    /// This function, if AWS says that it is there.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.get(name)?.as_ref().ok()?.as_ref()
    }

    /// What this function's environment says.
    pub fn variable(&self, function: &str, name: &str) -> Option<&str> {
        self.function(function)?.environment.get(name).map(String::as_str)
    }

    /// Account and Region of each other home that `operate` was given.
    pub(super) fn other_homes(&self) -> impl Iterator<Item = (&str, &str)> {
        let listed = self.variable("operate", "GUARD_ACCOUNTS").unwrap_or_default();
        listed.split(',').filter_map(|home| home.trim().split_once('/'))
    }
}

/// A deployed function.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Function {
    /// Its ARN.
    pub arn: String,
    /// Its role's ARN.
    pub role: String,
    /// Its environment.
    pub environment: BTreeMap<String, String>,
    /// `Active`, or what keeps it from running.
    pub state: String,
    /// How many of it may run at once; `None` when nothing limits it.
    pub reserved: Option<i32>,
}

/// What feeds a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// By which AWS finds it.
    pub id: String,
    /// The queue or stream.
    pub source_arn: String,
    /// `Enabled`, `Disabled` or on the way.
    pub state: String,
    /// Whether single messages may fail.
    pub reports_failures: bool,
}

/// Which of the stack's queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum QueueRole {
    /// Events that wait to be counted.
    Events,
    /// Events that could not be counted.
    EventsDead,
    /// Wake-ups that were given up.
    WakeUpsDead,
}

/// A queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Its ARN.
    pub arn: String,
    /// Its URL.
    pub url: String,
    /// Its policy; empty when it has none.
    pub policy: String,
    /// Whether what fails again and again goes to a dead-letter queue.
    pub has_dead_letters: bool,
    /// How many messages it holds, those out for processing included.
    pub messages: u64,
}

/// A topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Its ARN.
    pub arn: String,
    /// Its policy.
    pub policy: String,
    /// Who is subscribed.
    pub subscriptions: Vec<Subscription>,
}

/// A subscription of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Its ARN; `None` while it is not confirmed.
    pub arn: Option<String>,
    /// Its protocol.
    pub protocol: String,
    /// To where; of a person, not to be shown.
    pub endpoint: String,
    /// Whether the queue gets messages as they were published.
    pub raw: bool,
    /// Whether some messages are kept back.
    pub filtered: bool,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// `ACTIVE`, or what keeps it from being used.
    pub status: String,
    /// Whether changes are streamed.
    pub streams: bool,
}

/// An alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    pub state: String,
    /// Whether it calls anybody.
    pub calls: bool,
}

/// A rule of EventBridge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// Whether it is on.
    pub enabled: bool,
    /// When it comes, of a timer.
    pub schedule: Option<String>,
}
