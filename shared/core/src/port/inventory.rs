use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;

use super::SwitchFault;
use crate::name::{AccountId, ConfigurationSetName, DestinationName, Region, SetKey, TopicArn};

/// SES takes no more event destinations than these for one configuration set (developer guide, service quotas).
pub const DESTINATIONS_PER_SET: usize = 10;
/// SES takes no more configuration sets than these for one account and Region, and grants no more on request (same page).
pub const SETS_PER_ACCOUNT: u64 = 10_000;

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it; a page may be empty and yet not be the last.
    pub items: Vec<T>,
    /// By which SES finds the next page; `None` on the last. How long SES remembers it is not documented.
    pub next: Option<String>,
}

/// What SES can publish of a mail.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventType {
    /// SES took the mail.
    Send,
    /// It bounced.
    Bounce,
    /// Its recipient complained.
    Complaint,
    /// What the guard does not count, in AWS's word.
    Other(String),
}

impl EventType {
    /// Those that the guard counts: it needs all three.
    pub const COUNTED: [Self; 3] = [Self::Send, Self::Bounce, Self::Complaint];

    /// AWS's word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Send => "SEND",
            Self::Bounce => "BOUNCE",
            Self::Complaint => "COMPLAINT",
            Self::Other(word) => word,
        }
    }
}

impl From<&str> for EventType {
    fn from(word: &str) -> Self {
        match word {
            "SEND" => Self::Send,
            "BOUNCE" => Self::Bounce,
            "COMPLAINT" => Self::Complaint,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where an event destination leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// An SNS topic, by its ARN.
    Topic(String),
    /// An EventBridge bus, by its ARN; SES takes the default bus only.
    EventBus(String),
    /// Anything else, in AWS's word.
    Other(&'static str),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Topic(arn) | Self::EventBus(arn) => f.write_str(arn),
            Self::Other(word) => f.write_str(word),
        }
    }
}

/// An event destination of a configuration set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventDestination {
    /// Its name, unique in its set.
    pub name: String,
    /// Whether SES publishes to it.
    pub enabled: bool,
    /// What SES publishes to it.
    pub events: BTreeSet<EventType>,
    /// Where it leads.
    pub target: Target,
}

impl EventDestination {
    /// What the guard needs: everything that it counts, to its topic.
    pub fn of_guard(name: &DestinationName, topic: &TopicArn) -> Self {
        Self {
            name: name.to_string(),
            enabled: true,
            events: BTreeSet::from(EventType::COUNTED),
            target: Target::Topic(topic.to_string()),
        }
    }
}

/// What became of a new event destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "only one of these is a new event destination"]
pub enum Created {
    /// It is there now.
    Done,
    /// One of this name was there already, with whatever content; it was left as it is.
    AlreadyThere,
    /// The set has as many as SES takes.
    Full,
}

/// What kind of sender was verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentityKind {
    /// All addresses of a domain.
    Domain,
    /// One address.
    EmailAddress,
}

/// A sender that the account verified, or meant to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// A domain or an address.
    pub name: String,
    /// Which of the two.
    pub kind: IdentityKind,
    /// Whether mail may be sent from it.
    pub sends: bool,
}

/// What there is in SES, and where its events go. One call is one request, no retry inside; SES grants about one call a
/// second of each kind, and whoever calls keeps to that.
pub trait Inventory: Send + Sync {
    /// A page of at most 1,000 configuration sets, in an order of SES's own; `after` is the `next` of the page before.
    /// [`SwitchFault::Refused`] also when SES no longer knows `after`: then begin anew.
    fn configuration_sets(
        &self,
        account: &AccountId,
        region: &Region,
        after: Option<&str>,
    ) -> impl Future<Output = Result<Page<ConfigurationSetName>, SwitchFault>> + Send;

    /// All event destinations of a set.
    fn event_destinations(
        &self,
        set: &SetKey,
    ) -> impl Future<Output = Result<Vec<EventDestination>, SwitchFault>> + Send;

    /// Adds an event destination; never changes one. May be repeated.
    fn create_event_destination(
        &self,
        set: &SetKey,
        destination: &EventDestination,
    ) -> impl Future<Output = Result<Created, SwitchFault>> + Send;

    /// Whether SES publishes the set's own bounce and complaint rates to CloudWatch.
    fn has_reputation_metrics(&self, set: &SetKey) -> impl Future<Output = Result<bool, SwitchFault>> + Send;

    /// Has SES publish them, from now on. May be repeated.
    fn start_reputation_metrics(&self, set: &SetKey) -> impl Future<Output = Result<(), SwitchFault>> + Send;

    /// A page of at most 1,000 identities, verified or not; otherwise as [`Inventory::configuration_sets`].
    fn identities(
        &self,
        account: &AccountId,
        region: &Region,
        after: Option<&str>,
    ) -> impl Future<Output = Result<Page<Identity>, SwitchFault>> + Send;

    /// The configuration set of an identity's mail that names none; `None` when such mail has none.
    fn default_set(
        &self,
        account: &AccountId,
        region: &Region,
        identity: &str,
    ) -> impl Future<Output = Result<Option<ConfigurationSetName>, SwitchFault>> + Send;
}
