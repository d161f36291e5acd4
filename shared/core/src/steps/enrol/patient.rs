use std::future::Future;
use std::sync::Mutex;

use crate::name::{AccountId, ConfigurationSetName, Region, SetKey};
use crate::pace::Pace;
use crate::port::{Clock, Created, EventDestination, Identity, Inventory, Page, SwitchFault};

/// How often a call is made that SES does not answer.
const ATTEMPTS: u32 = 4;

/// An inventory that is asked no faster than SES grants, for whoever has time: it waits its turn, slows down and asks
/// again while SES throttles, and asks a few times more when there is no answer.
#[derive(Debug)]
pub struct Patient<I, C> {
    inventory: I,
    clock: C,
    pace: Mutex<Pace>,
}

impl<I: Inventory, C: Clock> Patient<I, C> {
    /// Nobody was asked yet.
    pub fn new(inventory: I, clock: C) -> Self {
        Self { inventory, clock, pace: Mutex::default() }
    }

    async fn ask<T, F>(&self, call: impl Fn() -> F) -> Result<T, SwitchFault>
    where
        F: Future<Output = Result<T, SwitchFault>>,
    {
        let mut attempts = 0;
        loop {
            self.take_turn().await;
            match call().await {
                Err(SwitchFault::Throttled) => self.with_pace(|pace, _| pace.throttled()),
                Err(SwitchFault::Unknown(_)) if attempts + 1 < ATTEMPTS => attempts += 1,
                answer => {
                    self.with_pace(|pace, _| pace.taken());
                    return answer;
                }
            }
        }
    }

    async fn take_turn(&self) {
        loop {
            let wait = self.with_pace(|pace, now| pace.wait(now));
            if wait == 0 {
                break self.with_pace(|pace, now| pace.called(now));
            }
            self.clock.sleep(wait).await;
        }
    }

    fn with_pace<T>(&self, change: impl FnOnce(&mut Pace, jiff::Timestamp) -> T) -> T {
        let mut pace = self.pace.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        change(&mut pace, self.clock.now())
    }
}

impl<I: Inventory, C: Clock> Inventory for Patient<I, C> {
    async fn configuration_sets(
        &self,
        account: &AccountId,
        region: &Region,
        after: Option<&str>,
    ) -> Result<Page<ConfigurationSetName>, SwitchFault> {
        self.ask(|| self.inventory.configuration_sets(account, region, after)).await
    }

    async fn event_destinations(&self, set: &SetKey) -> Result<Vec<EventDestination>, SwitchFault> {
        self.ask(|| self.inventory.event_destinations(set)).await
    }

    async fn create_event_destination(&self, set: &SetKey, new: &EventDestination) -> Result<Created, SwitchFault> {
        self.ask(|| self.inventory.create_event_destination(set, new)).await
    }

    async fn has_reputation_metrics(&self, set: &SetKey) -> Result<bool, SwitchFault> {
        self.ask(|| self.inventory.has_reputation_metrics(set)).await
    }

    async fn start_reputation_metrics(&self, set: &SetKey) -> Result<(), SwitchFault> {
        self.ask(|| self.inventory.start_reputation_metrics(set)).await
    }

    async fn identities(
        &self,
        account: &AccountId,
        region: &Region,
        after: Option<&str>,
    ) -> Result<Page<Identity>, SwitchFault> {
        self.ask(|| self.inventory.identities(account, region, after)).await
    }

    async fn default_set(
        &self,
        account: &AccountId,
        region: &Region,
        identity: &str,
    ) -> Result<Option<ConfigurationSetName>, SwitchFault> {
        self.ask(|| self.inventory.default_set(account, region, identity)).await
    }
}
