//! From an event to the page that answers it.

use guard_core::policy::stored::PolicyStore;
use guard_core::port::{Clock, Fault, Ledger, Register};
use guard_core::steps::watch::Watcher;
use serde_json::Value;

use crate::event::{Asked, Typed};
use crate::{Place, overview, set, trouble};

/// What the widget is and which parameters it takes, for whom adds it to a dashboard. The console takes the first block in
/// YAML for the parameters.
pub const DESCRIPTION: &str = include_str!("describe.md");

/// The page that an event asks for. `Err` when a store failed.
pub async fn respond<L: Ledger, R: Register, C: Clock, P: PolicyStore>(
    watcher: &Watcher<L, R, C, P>,
    place: &Place,
    event: &Value,
) -> Result<String, Fault> {
    Ok(match Asked::of(event) {
        Asked::Describe => DESCRIPTION.to_owned(),
        Asked::Overview(query) => overview(&watcher.overview(query).await?, place),
        Asked::Set(key, back) => match watcher.set(key).await? {
            Some(view) => set(&view, &back, place, Typed::of(event)),
            None => trouble(place, "Nothing is known of this configuration set."),
        },
        Asked::Nonsense(why) => trouble(place, why),
    })
}
