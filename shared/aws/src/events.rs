use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use guard_core::notice::{Audience, Notice, SOURCE};
use guard_core::port::{Fault, Notifier};

use crate::Clients;
use crate::fault::{fault, unreadable};

/// How many notices it remembers that went some of their ways and not all.
const REMEMBERED: usize = 1_000;

/// Where notices go.
#[derive(Debug, Clone)]
pub struct Destinations {
    /// The topic whose subscribers get mails.
    pub notices_topic_arn: String,
    /// The topic that Amazon Q Developer in chat applications listens to; empty is none.
    pub chat_topic_arn: String,
    /// The event bus for machines.
    pub event_bus: String,
}

/// Tells people by SNS, as mails and in chats, and machines by EventBridge. A notice that went some ways and not all goes
/// only the others when it comes again, as long as this process lives: a broken bus must not mail people every minute.
#[derive(Debug)]
pub struct AwsNotifier {
    sns: aws_sdk_sns::Client,
    events: aws_sdk_eventbridge::Client,
    to: Destinations,
    gone: Mutex<BTreeMap<String, BTreeSet<Way>>>,
}

/// A way that a notice goes, in the order in which they are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Mail,
    Chat,
    Bus,
}

impl AwsNotifier {
    /// To these.
    pub fn new(clients: &Clients, to: Destinations) -> Self {
        Self {
            sns: aws_sdk_sns::Client::new(clients.config()),
            events: aws_sdk_eventbridge::Client::new(clients.config()),
            to,
            gone: Mutex::default(),
        }
    }

    fn ways(&self, audience: Audience) -> Vec<Way> {
        let ways: &[Way] = match audience {
            Audience::All => &[Way::Mail, Way::Chat, Way::Bus],
            Audience::People => &[Way::Mail, Way::Chat],
            Audience::Machines => &[Way::Bus],
        };
        ways.iter().copied().filter(|way| *way != Way::Chat || !self.to.chat_topic_arn.is_empty()).collect()
    }

    async fn go(&self, way: Way, notice: &Notice) -> Result<(), Fault> {
        match way {
            Way::Mail => self.publish(&self.to.notices_topic_arn, &notice.subject, notice.text.clone()).await,
            Way::Chat => self.publish(&self.to.chat_topic_arn, &notice.subject, notice.chat.to_string()).await,
            Way::Bus => self.put(notice).await,
        }
    }

    async fn publish(&self, topic_arn: &str, subject: &str, message: String) -> Result<(), Fault> {
        let published = self.sns.publish().topic_arn(topic_arn).subject(subject).message(message).send().await;
        published.map(drop).map_err(|error| fault("Publish", topic_arn, error))
    }

    async fn put(&self, notice: &Notice) -> Result<(), Fault> {
        let bus = &self.to.event_bus;
        let entry = aws_sdk_eventbridge::types::PutEventsRequestEntry::builder()
            .event_bus_name(bus)
            .source(SOURCE)
            .detail_type(notice.detail_type)
            .detail(notice.detail.to_string())
            .build();
        let put = self.events.put_events().entries(entry).send().await;
        let put = put.map_err(|error| fault("PutEvents", bus, error))?;
        // PutEvents answers 200 although it refused an entry.
        match put.entries().iter().find_map(|entry| entry.error_code()) {
            Some(code) => Err(unreadable("PutEvents", bus, code.to_owned())),
            None => Ok(()),
        }
    }

    fn with_gone<T>(&self, change: impl FnOnce(&mut BTreeMap<String, BTreeSet<Way>>) -> T) -> T {
        change(&mut self.gone.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Notifier for AwsNotifier {
    async fn notify(&self, notice: &Notice) -> Result<(), Fault> {
        let mut gone = self.with_gone(|all| all.remove(&notice.id)).unwrap_or_default();
        let mut failed = None;
        for way in self.ways(notice.audience) {
            if gone.contains(&way) {
                continue;
            }
            match self.go(way, notice).await {
                Ok(()) => drop(gone.insert(way)),
                Err(fault) => failed = failed.or(Some(fault)),
            }
        }
        let Some(fault) = failed else { return Ok(()) };
        self.with_gone(|all| {
            if all.len() >= REMEMBERED {
                all.pop_first();
            }
            all.insert(notice.id.clone(), gone);
        });
        Err(fault)
    }
}
