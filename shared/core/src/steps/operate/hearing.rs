//! How the guard hears of the sets of its own home, to show.

use serde_json::{Value, json};

use crate::hearing::Ear;
use crate::home::Home;
use crate::name::SetKey;
use crate::port::SETS_PER_ACCOUNT;
use crate::state::State;

/// `whole` is what is known of the home as a whole.
pub(super) fn answer(home: &Home, whole: &State, states: &[(SetKey, State)], ear: &Ear) -> Value {
    let listing = whole.fleet.as_ref().map(|fleet| &fleet.listing);
    json!({
        "home": home,
        "eventsTopicArn": ear.topic,
        "eventDestination": ear.destination,
        "hearsEventBus": ear.event_bus,
        "unheard": states.iter().filter(|(_, state)| state.unheard.is_some()).count(),
        // What SES's own list came to; `null` until it was read to its end.
        "configurationSetsInSes": listing.and_then(|listing| listing.total),
        "listedAt": listing.and_then(|listing| listing.finished_at),
        "configurationSetsLimit": SETS_PER_ACCOUNT,
    })
}
