//! What the stories begin with: the tenant `promo`, its neighbour `shop`, and noon.

use guard_core::event::SignalKind::{Bounce, Send};
use guard_core::name::SetKey;
use guard_core::notice::Audience;
use guard_core::time::plus_seconds;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::guard::Guard;
use crate::mail::{at, set};

/// When the stories begin.
pub const NOON: &str = "2026-11-20T12:07:00Z";

/// A guard of `promo` and `shop` that knows nothing yet.
pub fn guard() -> (Guard, SetKey, Timestamp) {
    let (promo, now) = (set("promo"), at(NOON));
    (Guard::of(now, &[promo.clone(), set("shop")]), promo, now)
}

/// 1,000 mails of `promo` ten minutes ago, of which these many bounced.
pub async fn with_bounces(bounces: u64) -> (Guard, SetKey, Timestamp) {
    let (mut guard, promo, now) = guard();
    let sent_at = plus_seconds(now, -600);
    guard.mail("promo", Send, 0, 1_000, sent_at).await;
    guard.mail("promo", Bounce, 0, bounces, sent_at).await;
    (guard, promo, now)
}

/// An operator's order about `promo`.
pub fn order(action: &str) -> Value {
    json!({"action": action, "configurationSet": "promo", "reason": "list cleaned, ticket 4711", "actor": "ops@example.com"})
}

/// What people were told, in short.
pub fn subjects(guard: &Guard) -> Vec<String> {
    let for_people = guard.notices.all().into_iter().filter(|notice| notice.audience != Audience::Machines);
    for_people.map(|notice| notice.subject).collect()
}
