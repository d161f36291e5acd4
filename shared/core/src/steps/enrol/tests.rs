//! What SES says of a new event destination, and of those that it has: each may be older than the other.

use futures::FutureExt;

use super::*;
use crate::name::{AccountId, ConfigurationSetName, Region};
use crate::port::{DESTINATIONS_PER_SET, Identity, Page, Target};

/// A set with these event destinations, and what SES answers when it is to have another.
struct Answers {
    created: Created,
    found: Vec<EventDestination>,
}

impl Inventory for Answers {
    async fn event_destinations(&self, _: &SetKey) -> Result<Vec<EventDestination>, SwitchFault> {
        Ok(self.found.clone())
    }

    async fn create_event_destination(&self, _: &SetKey, _: &EventDestination) -> Result<Created, SwitchFault> {
        Ok(self.created)
    }

    async fn has_reputation_metrics(&self, _: &SetKey) -> Result<bool, SwitchFault> {
        Ok(true)
    }

    async fn start_reputation_metrics(&self, _: &SetKey) -> Result<(), SwitchFault> {
        Ok(())
    }

    async fn configuration_sets(
        &self,
        _: &AccountId,
        _: &Region,
        _: Option<&str>,
    ) -> Result<Page<ConfigurationSetName>, SwitchFault> {
        Err(SwitchFault::NotFound)
    }

    async fn identities(&self, _: &AccountId, _: &Region, _: Option<&str>) -> Result<Page<Identity>, SwitchFault> {
        Err(SwitchFault::NotFound)
    }

    async fn default_set(
        &self,
        _: &AccountId,
        _: &Region,
        _: &str,
    ) -> Result<Option<ConfigurationSetName>, SwitchFault> {
        Err(SwitchFault::NotFound)
    }
}

#[test]
fn a_set_is_enrolled_when_it_is_heard_whoever_saw_to_that() {
    let topic = "arn:aws:sns:eu-west-1:111122223333:guard-events".parse().unwrap();
    let ear = Ear { topic, destination: "guard".parse().unwrap(), event_bus: false };
    let ours = EventDestination::of_guard(&ear.destination, &ear.topic);
    let theirs =
        |name: &str| EventDestination { name: name.to_owned(), target: Target::Other("Firehose"), ..ours.clone() };
    let others = |count: usize| (0..count).map(|number| theirs(&format!("lake-{number}"))).collect::<Vec<_>>();
    use Created::{AlreadyThere, Done, Full};
    for (what, created, found, gap) in [
        ("it was created", Done, vec![], None),
        ("it was created before, and the answer was lost", AlreadyThere, vec![ours.clone()], None),
        ("its name leads elsewhere", AlreadyThere, vec![theirs("guard")], Some(Gap::NameTaken)),
        ("ten others were faster", Full, others(DESTINATIONS_PER_SET), Some(Gap::Full)),
        ("the list does not show the tenth yet", Full, others(DESTINATIONS_PER_SET - 1), Some(Gap::Full)),
    ] {
        let inventory = Answers { created, found };
        let (wanted, steps) =
            (Wanted { ear: ear.clone(), metrics: false }, Steps { destination: true, metrics: false });
        let set = "111122223333/eu-west-1/promo".parse().unwrap();
        let enrolled = carry_out(&inventory, &wanted, &set, steps).now_or_never().unwrap().unwrap();
        assert_eq!(enrolled.err().map(|finding| finding.gap), gap, "{what}");
    }
}
