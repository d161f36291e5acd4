use guard_core::name::{AccountId, ConfigurationSetName, Region, SetKey};
use guard_core::port::{
    Created, DESTINATIONS_PER_SET, EventDestination, Identity, IdentityKind, Inventory, Page, SwitchFault,
};

use crate::SimulatedSes;
use crate::locked;
use crate::ses::{SesFault, Set};

/// Sets on a page, as in SES.
const PAGE_SIZE: usize = 1_000;

/// One call to the simulated SES that was not about a switch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// A page of configuration sets.
    ConfigurationSets,
    /// The event destinations of this set.
    Destinations(SetKey),
    /// A new event destination for this set.
    NewDestination(SetKey),
    /// The options of this set.
    Metrics(SetKey),
    /// Reputation metrics for this set.
    NewMetrics(SetKey),
    /// A page of identities.
    Identities,
    /// The options of this identity.
    DefaultSet(String),
}

impl SimulatedSes {
    /// Gives a set these event destinations, and no others.
    pub fn publish(&self, set: &SetKey, destinations: impl IntoIterator<Item = EventDestination>) {
        if let Some(stored) = locked(&self.0).sets.get_mut(set) {
            stored.destinations = destinations.into_iter().collect();
        }
    }

    /// The event destinations of a set; none when there is no such set.
    pub fn published(&self, set: &SetKey) -> Vec<EventDestination> {
        locked(&self.0).sets.get(set).map(|stored| stored.destinations.clone()).unwrap_or_default()
    }

    /// Verifies an identity of the account and Region of this set, with this default set.
    pub fn verify(&self, account: &AccountId, region: &Region, identity: &str, default: Option<&ConfigurationSetName>) {
        let key = (account.clone(), region.clone(), identity.to_owned());
        locked(&self.0).identities.insert(key, default.cloned());
    }

    /// The next calls that are not about a switch meet these, one each; `None` lets its call through.
    pub fn plant_in_inventory(&self, faults: impl IntoIterator<Item = impl Into<Option<SesFault>>>) {
        locked(&self.0).inventory_faults.extend(faults.into_iter().map(Into::into));
    }

    /// Every call so far that was not about a switch.
    pub fn asked(&self) -> Vec<Asked> {
        locked(&self.0).asked.clone()
    }

    fn answer<T>(
        &self,
        asked: Asked,
        act: impl FnOnce(&mut crate::ses::Account) -> Result<T, SwitchFault>,
    ) -> Result<T, SwitchFault> {
        let mut account = locked(&self.0);
        account.asked.push(asked);
        let fault = account.inventory_faults.pop_front().flatten();
        match fault {
            Some(SesFault::Throttled) => Err(SwitchFault::Throttled),
            Some(SesFault::Denied) => Err(SwitchFault::Refused("AccessDeniedException".into())),
            Some(SesFault::Lost) => Err(SwitchFault::Unknown("connection reset".into())),
            Some(SesFault::AnswerLost) => act(&mut account).and(Err(SwitchFault::Unknown("time-out".into()))),
            None => act(&mut account),
        }
    }

    fn of_set<T>(&self, asked: Asked, set: &SetKey, act: impl FnOnce(&mut Set) -> T) -> Result<T, SwitchFault> {
        self.answer(asked, |account| account.sets.get_mut(set).map(act).ok_or(SwitchFault::NotFound))
    }
}

/// The page after the item of this text.
fn page<T>(all: impl Iterator<Item = (String, T)>, after: Option<&str>) -> Page<T> {
    let mut rest = all.skip_while(|(text, _)| after.is_some_and(|after| text.as_str() <= after));
    let (mut items, mut last) = (Vec::new(), None);
    for (text, item) in rest.by_ref().take(PAGE_SIZE) {
        items.push(item);
        last = Some(text);
    }
    Page { items, next: last.filter(|_| rest.next().is_some()) }
}

impl Inventory for SimulatedSes {
    async fn configuration_sets(
        &self,
        account: &AccountId,
        region: &Region,
        after: Option<&str>,
    ) -> Result<Page<ConfigurationSetName>, SwitchFault> {
        self.answer(Asked::ConfigurationSets, |ses| {
            let here = ses.sets.keys().filter(|set| set.account == *account && set.region == *region);
            Ok(page(here.map(|set| (set.name.to_string(), set.name.clone())), after))
        })
    }

    async fn event_destinations(&self, set: &SetKey) -> Result<Vec<EventDestination>, SwitchFault> {
        self.of_set(Asked::Destinations(set.clone()), set, |stored| stored.destinations.clone())
    }

    async fn create_event_destination(&self, set: &SetKey, new: &EventDestination) -> Result<Created, SwitchFault> {
        self.of_set(Asked::NewDestination(set.clone()), set, |stored| {
            if stored.destinations.iter().any(|one| one.name == new.name) {
                return Created::AlreadyThere;
            }
            if stored.destinations.len() >= DESTINATIONS_PER_SET {
                return Created::Full;
            }
            stored.destinations.push(new.clone());
            Created::Done
        })
    }

    async fn has_reputation_metrics(&self, set: &SetKey) -> Result<bool, SwitchFault> {
        self.of_set(Asked::Metrics(set.clone()), set, |stored| stored.metrics)
    }

    async fn start_reputation_metrics(&self, set: &SetKey) -> Result<(), SwitchFault> {
        self.of_set(Asked::NewMetrics(set.clone()), set, |stored| stored.metrics = true)
    }

    async fn identities(
        &self,
        account: &AccountId,
        region: &Region,
        after: Option<&str>,
    ) -> Result<Page<Identity>, SwitchFault> {
        self.answer(Asked::Identities, |ses| {
            let here = ses.identities.keys().filter(|(of, at, _)| of == account && at == region);
            let identity = |(_, _, name): &(AccountId, Region, String)| {
                let kind = if name.contains('@') { IdentityKind::EmailAddress } else { IdentityKind::Domain };
                (name.clone(), Identity { name: name.clone(), kind, sends: true })
            };
            Ok(page(here.map(identity), after))
        })
    }

    async fn default_set(
        &self,
        account: &AccountId,
        region: &Region,
        identity: &str,
    ) -> Result<Option<ConfigurationSetName>, SwitchFault> {
        self.answer(Asked::DefaultSet(identity.to_owned()), |ses| {
            let key = (account.clone(), region.clone(), identity.to_owned());
            ses.identities.get(&key).cloned().ok_or(SwitchFault::NotFound)
        })
    }
}
