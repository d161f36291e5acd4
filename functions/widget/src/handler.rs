use guard_core::policy::stored::PolicyStore;
use guard_core::port::{Clock, Ledger, Register, chain};
use guard_core::steps::watch::Watcher;
use guard_page::{Place, respond, trouble};
use serde_json::Value;
use tracing::error;

/// Answers a dashboard with HTML. `me` is this function's ARN and `operate` that of the one that takes orders: the page's
/// buttons name them, and the dashboard calls them in the name of whoever looks at it.
pub async fn handle<L: Ledger, R: Register, C: Clock, P: PolicyStore>(
    watcher: &Watcher<L, R, C, P>,
    me: &str,
    operate: &str,
    event: &Value,
) -> String {
    let place = Place::of(event, me, Some(operate));
    // Boxed: with the AWS clients in it, the future is nested deeper than the compiler looks by default.
    match Box::pin(respond(watcher, &place, event)).await {
        Ok(page) => page,
        Err(fault) => {
            error!(error = chain(&fault), "{fault} failed; the dashboard shows that it did");
            trouble(&place, &format!("The guard's tables could not be read: {fault} failed. Its log says more."))
        }
    }
}
