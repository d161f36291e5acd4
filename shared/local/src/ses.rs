use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use guard_core::home::Home;
use guard_core::name::{AccountId, ConfigurationSetName, DestinationName, Region, SetKey, TopicArn};
use guard_core::port::{EventDestination, SendingSwitch, SwitchFault};
use guard_core::tenant::{SendingStatus, Tenant};

use crate::inventory::Asked;
use crate::locked;
use crate::tenants::Stored;

/// The topic to which sets publish that are created by [`SimulatedSes::create`].
pub const EVENTS_TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:guard-events";
/// The name of the event destination that leads there.
pub const DESTINATION: &str = "guard";

/// What the next calls to the simulated SES meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SesFault {
    /// 429; not done.
    Throttled,
    /// Denied; not done.
    Denied,
    /// No answer, and not done.
    Lost,
    /// No answer, though it was done.
    AnswerLost,
}

/// A configuration set.
#[derive(Debug, Default)]
pub(crate) struct Set {
    enabled: bool,
    pub(crate) destinations: Vec<EventDestination>,
    pub(crate) metrics: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Account {
    pub(crate) sets: BTreeMap<SetKey, Set>,
    pub(crate) identities: BTreeMap<(AccountId, Region, String), Option<ConfigurationSetName>>,
    pub(crate) tenants: BTreeMap<(Home, Tenant), Stored>,
    pub(crate) turned: Vec<(String, SendingStatus)>,
    faults: VecDeque<Option<SesFault>>,
    calls: Vec<(SetKey, Option<bool>)>,
    pub(crate) inventory_faults: VecDeque<Option<SesFault>>,
    pub(crate) asked: Vec<Asked>,
}

/// The part of SES that the guard touches: which sets there are, which of them may send, and where their events go.
/// Clones share it.
#[derive(Debug, Default, Clone)]
pub struct SimulatedSes(pub(crate) Arc<Mutex<Account>>);

impl SimulatedSes {
    /// Creates a configuration set that may send, and publishes its events to the guard.
    pub fn create(&self, set: &SetKey) {
        self.create_bare(set);
        if let (Ok(name), Ok(topic)) = (DESTINATION.parse::<DestinationName>(), EVENTS_TOPIC.parse::<TopicArn>()) {
            self.publish(set, [EventDestination::of_guard(&name, &topic)]);
        }
    }

    /// Creates a configuration set as SES does: it may send, and publishes its events to nobody.
    pub fn create_bare(&self, set: &SetKey) {
        locked(&self.0).sets.insert(set.clone(), Set { enabled: true, ..Set::default() });
    }

    /// Deletes one.
    pub fn delete(&self, set: &SetKey) {
        locked(&self.0).sets.remove(set);
    }

    /// What a person does in the console.
    pub fn toggle(&self, set: &SetKey, enabled: bool) {
        if let Some(stored) = locked(&self.0).sets.get_mut(set) {
            stored.enabled = enabled;
        }
    }

    /// The next calls meet these, one each; `None` lets its call through.
    pub fn plant(&self, faults: impl IntoIterator<Item = impl Into<Option<SesFault>>>) {
        locked(&self.0).faults.extend(faults.into_iter().map(Into::into));
    }

    /// Whether SES takes the set's mail, sent through its tenants if it has any; `false` when there is no such set.
    pub fn accepts(&self, set: &SetKey) -> bool {
        let account = locked(&self.0);
        account.sets.get(set).is_some_and(|stored| stored.enabled) && account.tenants_send(set)
    }

    /// Every call so far: the set, and what it was turned to (`None`: it was only looked at).
    pub fn calls(&self) -> Vec<(SetKey, Option<bool>)> {
        locked(&self.0).calls.clone()
    }

    fn call<T>(&self, set: &SetKey, turned: Option<bool>, act: impl FnOnce(&mut bool) -> T) -> Result<T, SwitchFault> {
        locked(&self.0).calls.push((set.clone(), turned));
        self.meeting_faults(|account| {
            account.sets.get_mut(set).ok_or(SwitchFault::NotFound).map(|stored| act(&mut stored.enabled))
        })
    }

    /// One call, which meets the next fault if one is planted.
    pub(crate) fn meeting_faults<T>(
        &self,
        act: impl FnOnce(&mut Account) -> Result<T, SwitchFault>,
    ) -> Result<T, SwitchFault> {
        let mut account = locked(&self.0);
        let fault = account.faults.pop_front().flatten();
        match fault {
            Some(SesFault::Throttled) => return Err(SwitchFault::Throttled),
            Some(SesFault::Denied) => return Err(SwitchFault::Refused("AccessDeniedException".into())),
            Some(SesFault::Lost) => return Err(SwitchFault::Unknown("connection reset".into())),
            Some(SesFault::AnswerLost) | None => {}
        }
        let done = act(&mut account)?;
        match fault {
            Some(_) => Err(SwitchFault::Unknown("time-out".into())),
            None => Ok(done),
        }
    }
}

impl SendingSwitch for SimulatedSes {
    async fn is_on(&self, set: &SetKey) -> Result<bool, SwitchFault> {
        self.call(set, None, |enabled| *enabled)
    }

    async fn turn(&self, set: &SetKey, on: bool) -> Result<(), SwitchFault> {
        self.call(set, Some(on), |enabled| *enabled = on)
    }
}
