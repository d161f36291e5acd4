//! SES's list of sets, and where their events go: to the guard, each of them.

use guard_core::hearing::Ear;
use guard_core::name::{AccountId, ConfigurationSetName, Region, SetKey};
use guard_core::port::{
    Created, EventDestination, Fault, Identity, IdentityKind, Inventory, Landed, Page, SwitchFault,
};

use crate::port::Port;
use crate::script::Service;
use crate::world::World;

/// By what the guard of this world hears of its sets.
pub(crate) fn ear() -> Ear {
    Ear {
        topic: guard_local::EVENTS_TOPIC.parse().expect("the topic is well-formed"),
        destination: guard_local::DESTINATION.parse().expect("the name is well-formed"),
        event_bus: false,
    }
}

fn fault(fault: Fault) -> SwitchFault {
    match fault.landed {
        Landed::No => SwitchFault::Throttled,
        Landed::Perhaps => SwitchFault::Unknown(fault.source),
    }
}

impl Inventory for Port {
    async fn configuration_sets(
        &self,
        _: &AccountId,
        _: &Region,
        _: Option<&str>,
    ) -> Result<Page<ConfigurationSetName>, SwitchFault> {
        let all = |world: &mut World| {
            let there = world.switches.iter().filter(|(set, switch)| !set.is_account() && switch.now().exists);
            there.map(|(set, _)| set.name.clone()).collect()
        };
        let items = self.ask(Service::Ses, "list", "sets", false, all).await.map_err(fault)?;
        Ok(Page { items, next: None })
    }

    async fn event_destinations(&self, set: &SetKey) -> Result<Vec<EventDestination>, SwitchFault> {
        let (name, key) = (set.name.to_string(), set.clone());
        let exists = move |world: &mut World| world.switches.get(&key).is_some_and(|switch| switch.now().exists);
        let Ear { topic, destination, .. } = ear();
        match self.ask(Service::Ses, "destinations", &name, false, exists).await {
            Ok(true) => Ok(vec![EventDestination::of_guard(&destination, &topic)]),
            Ok(false) => Err(SwitchFault::NotFound),
            Err(failed) => Err(fault(failed)),
        }
    }

    /// Nobody is enrolled: all are.
    async fn create_event_destination(&self, _: &SetKey, _: &EventDestination) -> Result<Created, SwitchFault> {
        Ok(Created::AlreadyThere)
    }

    async fn has_reputation_metrics(&self, _: &SetKey) -> Result<bool, SwitchFault> {
        Ok(false)
    }

    async fn start_reputation_metrics(&self, _: &SetKey) -> Result<(), SwitchFault> {
        Ok(())
    }

    async fn identities(&self, _: &AccountId, _: &Region, _: Option<&str>) -> Result<Page<Identity>, SwitchFault> {
        let all = |world: &mut World| {
            let name = |number| format!("example-{number}.com");
            let identity = |number| Identity { name: name(number), kind: IdentityKind::Domain, sends: true };
            (0..world.script.bare_identities + 1).map(identity).collect()
        };
        let items = self.ask(Service::Ses, "list", "identities", false, all).await.map_err(fault)?;
        Ok(Page { items, next: None })
    }

    /// The last one has a default set.
    async fn default_set(
        &self,
        _: &AccountId,
        _: &Region,
        identity: &str,
    ) -> Result<Option<ConfigurationSetName>, SwitchFault> {
        let name = identity.to_owned();
        let default = move |world: &mut World| {
            let last = format!("example-{}.com", world.script.bare_identities);
            (name == last).then(|| world.sets.first().map(|set| set.name.clone())).flatten()
        };
        self.ask(Service::Ses, "look", "identity", false, default).await.map_err(fault)
    }
}
