//! One contract, all inventories: the simulated SES, the same asked with patience, and SES's API in the local AWS where one
//! is running.
//!
//! The local AWS knows no limit of ten event destinations, forgets an identity's default set, and throttles nobody: that is
//! tried with the simulated SES alone.

use guard_aws::{Clients, SesInventory};
use guard_core::name::{AccountId, ConfigurationSetName, Region, SetKey};
use guard_core::port::{
    Created, DESTINATIONS_PER_SET, EventDestination, EventType, Identity, IdentityKind, Inventory, SwitchFault, Target,
};
use guard_core::steps::enrol::Patient;
use guard_local::{DESTINATION, EVENTS_TOPIC, ManualClock, SesFault, SimulatedSes};
use guard_tests::mail::{ACCOUNT, REGION, at, set};

/// More than fit on one page; `tests/demo/contract.py` makes the same in the local AWS.
const SETS: usize = 1_005;
const DOMAIN: &str = "inventory.example";
const ADDRESS: &str = "alone@inventory.example";

macro_rules! contract {
    ($($law:ident),* $(,)?) => {
        mod in_memory {
            $(#[tokio::test]
            async fn $law() {
                super::$law(super::simulated()).await;
            })*
        }
        mod asked_with_patience {
            $(#[tokio::test]
            async fn $law() {
                super::$law(super::patient()).await;
            })*
        }
        mod in_local_aws {
            $(#[tokio::test]
            async fn $law() {
                let Some(inventory) = super::local_aws() else {
                    eprintln!("skipped: GUARD_TEST_ENDPOINT names no local AWS; `make test` starts one");
                    return;
                };
                super::$law(inventory).await;
            })*
        }
    };
}

contract!(
    every_set_is_on_one_page,
    an_event_destination_is_read_as_it_was_created,
    what_is_there_is_never_changed,
    reputation_metrics_stay_on,
    identities_are_listed,
    what_does_not_exist_is_not_found,
    another_account_s_sets_are_not_touched,
);

fn here() -> (AccountId, Region) {
    (ACCOUNT.parse().unwrap(), REGION.parse().unwrap())
}

fn one(number: usize) -> SetKey {
    set(&format!("inventory-{number:04}"))
}

fn simulated() -> SimulatedSes {
    let (ses, (account, region)) = (SimulatedSes::default(), here());
    (0..SETS).for_each(|number| ses.create_bare(&one(number)));
    ses.verify(&account, &region, DOMAIN, Some(&one(0).name));
    ses.verify(&account, &region, ADDRESS, None);
    ses
}

fn patient() -> Patient<SimulatedSes, ManualClock> {
    Patient::new(simulated(), ManualClock::at(at("2026-11-20T12:00:00Z")))
}

fn local_aws() -> Option<SesInventory> {
    let endpoint = std::env::var("GUARD_TEST_ENDPOINT").ok().filter(|value| !value.is_empty())?;
    let (account, region) = here();
    Some(SesInventory::new(&Clients::local(&endpoint, REGION), account, region))
}

fn of_guard(name: &str) -> EventDestination {
    EventDestination::of_guard(&name.parse().unwrap(), &EVENTS_TOPIC.parse().unwrap())
}

async fn every_set_is_on_one_page(inventory: impl Inventory) {
    let (account, region) = here();
    let (mut names, mut after, mut pages) = (Vec::<ConfigurationSetName>::new(), None, 0);
    loop {
        let page = inventory.configuration_sets(&account, &region, after.as_deref()).await.unwrap();
        assert!(page.items.len() <= 1_000);
        names.extend(page.items);
        pages += 1;
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    names.retain(|name| name.as_str().starts_with("inventory-"));
    names.sort();
    assert_eq!((pages, names), (2, (0..SETS).map(|number| one(number).name).collect()));
}

async fn an_event_destination_is_read_as_it_was_created(inventory: impl Inventory) {
    let (to_topic, of) = (of_guard("guard"), one(1));
    let mut to_bus = to_topic.clone();
    to_bus.name = "bus".to_owned();
    to_bus.target = Target::EventBus(format!("arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"));
    to_bus.events = [EventType::Bounce, EventType::Other("DELIVERY".to_owned())].into();
    to_bus.enabled = false;
    assert_eq!(inventory.event_destinations(&of).await.unwrap(), []);
    for destination in [&to_topic, &to_bus] {
        assert_eq!(inventory.create_event_destination(&of, destination).await.unwrap(), Created::Done);
    }
    assert_eq!(inventory.event_destinations(&of).await.unwrap(), [to_topic, to_bus]);
    assert_eq!(inventory.event_destinations(&one(2)).await.unwrap(), [], "its neighbour has none");
}

async fn what_is_there_is_never_changed(inventory: impl Inventory) {
    let mut theirs = of_guard("guard");
    theirs.events.remove(&EventType::Send);
    let of = one(3);
    assert_eq!(inventory.create_event_destination(&of, &theirs).await.unwrap(), Created::Done);
    assert_eq!(inventory.create_event_destination(&of, &of_guard("guard")).await.unwrap(), Created::AlreadyThere);
    assert_eq!(inventory.event_destinations(&of).await.unwrap(), [theirs]);
}

async fn reputation_metrics_stay_on(inventory: impl Inventory) {
    for _ in 0..2 {
        inventory.start_reputation_metrics(&one(4)).await.unwrap();
        assert!(inventory.has_reputation_metrics(&one(4)).await.unwrap());
    }
}

async fn identities_are_listed(inventory: impl Inventory) {
    let (account, region) = here();
    let mut found = inventory.identities(&account, &region, None).await.unwrap().items;
    found.retain(|identity| identity.name.ends_with(DOMAIN));
    found.sort_by_key(|identity| identity.name.clone());
    let identity = |name: &str, kind| Identity { name: name.to_owned(), kind, sends: true };
    assert_eq!(found, [identity(ADDRESS, IdentityKind::EmailAddress), identity(DOMAIN, IdentityKind::Domain)]);
    assert_eq!(inventory.default_set(&account, &region, ADDRESS).await.unwrap(), None);
}

async fn what_does_not_exist_is_not_found(inventory: impl Inventory) {
    let (nobody, (account, region)) = (set("inventory-nobody"), here());
    let answers = [
        inventory.event_destinations(&nobody).await.map(drop),
        inventory.create_event_destination(&nobody, &of_guard("guard")).await.map(drop),
        inventory.has_reputation_metrics(&nobody).await.map(drop),
        inventory.start_reputation_metrics(&nobody).await.map(drop),
        inventory.default_set(&account, &region, "nobody.example").await.map(drop),
    ];
    for (number, answer) in answers.into_iter().enumerate() {
        assert!(matches!(answer, Err(SwitchFault::NotFound)), "{number}: {answer:?}");
    }
}

async fn another_account_s_sets_are_not_touched(inventory: impl Inventory) {
    let stranger: SetKey = format!("444455556666/{REGION}/{}", one(1).name).parse().unwrap();
    assert!(inventory.event_destinations(&stranger).await.is_err());
    assert!(inventory.create_event_destination(&stranger, &of_guard("stranger")).await.is_err());
    let names = inventory.event_destinations(&one(1)).await.unwrap().into_iter().map(|one| one.name);
    assert!(names.into_iter().all(|name| name != "stranger"));
}

#[tokio::test]
async fn an_identity_names_its_default_set() {
    let (account, region) = here();
    let default = simulated().default_set(&account, &region, DOMAIN).await.unwrap();
    assert_eq!(default, Some(one(0).name));
}

#[tokio::test]
async fn the_simulated_ses_has_ses_s_limits_and_faults() {
    let (ses, of) = (SimulatedSes::default(), set("promo"));
    ses.create(&of);
    assert_eq!(ses.published(&of), [of_guard(DESTINATION)]);
    for number in 1..DESTINATIONS_PER_SET {
        let created = ses.create_event_destination(&of, &of_guard(&format!("other-{number}"))).await.unwrap();
        assert_eq!(created, Created::Done, "{number}");
    }
    assert_eq!(ses.create_event_destination(&of, &of_guard("eleventh")).await.unwrap(), Created::Full);
    assert_eq!(ses.create_event_destination(&of, &of_guard(DESTINATION)).await.unwrap(), Created::AlreadyThere);

    ses.plant_in_inventory([SesFault::Throttled, SesFault::Denied, SesFault::Lost, SesFault::AnswerLost]);
    assert!(matches!(ses.start_reputation_metrics(&of).await, Err(SwitchFault::Throttled)));
    assert!(matches!(ses.start_reputation_metrics(&of).await, Err(SwitchFault::Refused(_))));
    assert!(matches!(ses.start_reputation_metrics(&of).await, Err(SwitchFault::Unknown(_))));
    ses.publish(&of, []);
    let lost = ses.create_event_destination(&of, &of_guard(DESTINATION)).await;
    assert!(matches!(lost, Err(SwitchFault::Unknown(_))) && ses.published(&of).len() == 1, "done, and nobody was told");
    assert!(!ses.has_reputation_metrics(&of).await.unwrap());
}
