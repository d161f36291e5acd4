//! What a person may ask, checked before anything is looked up.

use std::str::FromStr;

use jiff::Timestamp;
use serde::Deserialize;

use super::refusal::{ErrorCode, Refusal};
use crate::home::Home;
use crate::line::has_no_place;
use crate::name::{AccountId, ConfigurationSetName, NameError, Region};
use crate::state::{Phase, Why};

/// A checked request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What is asked.
    pub action: Action,
    /// Where.
    pub place: Place,
}

/// Of which account and Region something is asked; what is not said is left open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The account.
    pub account: Option<AccountId>,
    /// The Region.
    pub region: Option<Region>,
}

impl Place {
    /// Whether it may be this home.
    pub fn includes(&self, home: &Home) -> bool {
        self.account.as_ref().is_none_or(|account| *account == home.account)
            && self.region.as_ref().is_none_or(|region| *region == home.region)
    }
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Of one set, or of the whole guard.
    Status {
        /// Which.
        set: Option<ConfigurationSetName>,
    },
    /// Every set of which something is known.
    List {
        /// Only those in this phase.
        phase: Option<Phase>,
        /// Only those whose events do not reach the guard.
        unheard: bool,
    },
    /// The latest audit records of a set.
    History {
        /// Which.
        set: ConfigurationSetName,
        /// At most so many.
        limit: u32,
    },
    /// What is on file of a set, or of the account as a whole.
    Evidence {
        /// Which.
        set: ConfigurationSetName,
        /// From when on.
        since: Timestamp,
    },
    /// Stop it.
    Pause {
        /// Which.
        set: ConfigurationSetName,
        /// On whose word.
        order: Order,
    },
    /// Let it send again, starting afresh.
    Resume {
        /// Which.
        set: ConfigurationSetName,
        /// On whose word.
        order: Order,
        /// Even if it was not the guard that stopped it.
        force: bool,
    },
    /// Never pause it, only tell.
    Hold {
        /// Which.
        set: ConfigurationSetName,
        /// On whose word.
        order: Order,
    },
    /// Take the hold back.
    Release {
        /// Which.
        set: ConfigurationSetName,
        /// On whose word.
        order: Order,
    },
    /// The policy in force, or one that was pushed, and the latest versions.
    Policy {
        /// Which; `None` for the one in force.
        version: Option<u64>,
        /// At most so many versions.
        limit: u32,
    },
    /// Put a policy into force.
    SetPolicy {
        /// TOML or JSON.
        text: String,
        /// On whose word.
        order: Order,
        /// Only if this is the latest version (0: none was ever pushed).
        base: Option<u64>,
        /// Only say what it would do.
        plan: bool,
    },
    /// Put the deployed policy into force again.
    ClearPolicy {
        /// On whose word.
        order: Order,
        /// Only if this is the latest version.
        base: Option<u64>,
        /// Only say what it would do.
        plan: bool,
    },
}

impl Action {
    /// Its word in a request.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::List { .. } => "list",
            Self::History { .. } => "history",
            Self::Evidence { .. } => "evidence",
            Self::Pause { .. } => "pause",
            Self::Resume { .. } => "resume",
            Self::Hold { .. } => "hold",
            Self::Release { .. } => "release",
            Self::Policy { .. } => "policy",
            Self::SetPolicy { .. } => "setPolicy",
            Self::ClearPolicy { .. } => "clearPolicy",
        }
    }

    /// Whether it may be about one account and Region; a policy is for all.
    fn is_of_a_place(&self) -> bool {
        match self {
            Self::Status { .. }
            | Self::List { .. }
            | Self::History { .. }
            | Self::Evidence { .. }
            | Self::Pause { .. }
            | Self::Resume { .. }
            | Self::Hold { .. }
            | Self::Release { .. } => true,
            Self::Policy { .. } | Self::SetPolicy { .. } | Self::ClearPolicy { .. } => false,
        }
    }
}

/// On whose word something is done, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    actor: String,
    reason: String,
}

impl Order {
    /// Who said so.
    pub(super) fn actor(&self) -> &str {
        &self.actor
    }

    /// Why.
    pub(super) fn reason(&self) -> &str {
        &self.reason
    }

    /// As the record of what was done.
    pub(super) fn why(&self, done: &str) -> Why {
        Why::operator(format!("{} {done} it: {}", self.actor, self.reason), &self.actor, &self.reason)
    }
}

/// Longest reason.
const MAX_REASON: usize = 500;
/// Longest actor.
const MAX_ACTOR: usize = 128;
/// Most records that one `history`, or versions that one `policy`, gives.
const MAX_HISTORY: u32 = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wire {
    action: String,
    configuration_set: Option<String>,
    account: Option<String>,
    region: Option<String>,
    reason: Option<String>,
    actor: Option<String>,
    force: Option<bool>,
    phase: Option<Phase>,
    unheard: Option<bool>,
    limit: Option<u32>,
    since: Option<Timestamp>,
    policy: Option<String>,
    version: Option<u64>,
    base_version: Option<u64>,
    plan: Option<bool>,
}

impl Request {
    /// Reads a request. Whatever is missing, unknown, malformed or does not belong to the action is refused.
    pub fn parse(json: serde_json::Value) -> Result<Self, Refusal> {
        let mut wire: Wire =
            serde_json::from_value(json).map_err(|error| Refusal::invalid(plain(&error.to_string())))?;
        let action = match wire.action.as_str() {
            "status" => Action::Status { set: wire.set()? },
            "list" => Action::List { phase: wire.phase.take(), unheard: wire.unheard.take().unwrap_or(false) },
            "history" => Action::History { limit: wire.limit()?, set: wire.the_set()? },
            "evidence" => Action::Evidence { since: wire.since()?, set: wire.the_set()? },
            "pause" => Action::Pause { set: wire.the_set()?, order: wire.order()? },
            "resume" => {
                let force = wire.force.take().unwrap_or(false);
                Action::Resume { set: wire.the_set()?, order: wire.order()?, force }
            }
            "hold" => Action::Hold { set: wire.the_set()?, order: wire.order()? },
            "release" => Action::Release { set: wire.the_set()?, order: wire.order()? },
            "policy" => Action::Policy { version: wire.version.take(), limit: wire.limit()? },
            "setPolicy" => Action::SetPolicy {
                text: wire
                    .policy
                    .take()
                    .ok_or_else(|| Refusal::invalid("setPolicy needs policy, the policy's text"))?,
                order: wire.order()?,
                base: wire.base_version.take(),
                plan: wire.plan.take().unwrap_or(false),
            },
            "clearPolicy" => Action::ClearPolicy {
                order: wire.order()?,
                base: wire.base_version.take(),
                plan: wire.plan.take().unwrap_or(false),
            },
            _ => {
                let known =
                    "status, list, history, evidence, pause, resume, hold, release, policy, setPolicy, clearPolicy";
                return Err(Refusal::new(ErrorCode::UnknownAction, format!("action must be one of {known}")));
            }
        };
        let place = if action.is_of_a_place() { wire.place()? } else { Place::default() };
        wire.nothing_left(action.as_str())?;
        Ok(Self { action, place })
    }
}

impl Wire {
    fn set(&mut self) -> Result<Option<ConfigurationSetName>, Refusal> {
        let text = self.configuration_set.take();
        text.map(|text| ConfigurationSetName::or_account(&text).map_err(|error| Refusal::invalid(error.to_string())))
            .transpose()
    }

    fn place(&mut self) -> Result<Place, Refusal> {
        Ok(Place { account: name(self.account.take())?, region: name(self.region.take())? })
    }

    fn the_set(&mut self) -> Result<ConfigurationSetName, Refusal> {
        self.set()?.ok_or_else(|| Refusal::invalid(format!("{} needs configurationSet", self.action)))
    }

    fn limit(&mut self) -> Result<u32, Refusal> {
        let limit = self.limit.take().unwrap_or(20);
        match (1..=MAX_HISTORY).contains(&limit) {
            true => Ok(limit),
            false => Err(Refusal::invalid(format!("limit must be 1 to {MAX_HISTORY}"))),
        }
    }

    fn since(&mut self) -> Result<Timestamp, Refusal> {
        let needed = || Refusal::invalid(format!("{} needs since, such as 2026-11-20T00:00:00Z", self.action));
        self.since.take().ok_or_else(needed)
    }

    fn order(&mut self) -> Result<Order, Refusal> {
        let action = self.action.clone();
        let actor = words(&action, "actor", self.actor.take(), MAX_ACTOR)?;
        let reason = words(&action, "reason", self.reason.take(), MAX_REASON)?;
        Ok(Order { actor, reason })
    }

    /// What an action does not know it must not silently ignore.
    fn nothing_left(&self, action: &str) -> Result<(), Refusal> {
        let left = [
            ("configurationSet", self.configuration_set.is_some()),
            ("account", self.account.is_some()),
            ("region", self.region.is_some()),
            ("reason", self.reason.is_some()),
            ("actor", self.actor.is_some()),
            ("force", self.force.is_some()),
            ("phase", self.phase.is_some()),
            ("unheard", self.unheard.is_some()),
            ("limit", self.limit.is_some()),
            ("since", self.since.is_some()),
            ("policy", self.policy.is_some()),
            ("version", self.version.is_some()),
            ("baseVersion", self.base_version.is_some()),
            ("plan", self.plan.is_some()),
        ];
        // Who asks may always be said.
        match left.iter().find(|(field, left)| *left && !matches!(*field, "actor" | "reason")) {
            Some((field, _)) => Err(Refusal::invalid(format!("{action} takes no {field}"))),
            None => Ok(()),
        }
    }
}

/// What is wrong with a request may quote it: on one line.
fn plain(message: &str) -> String {
    message.chars().map(|letter| if has_no_place(letter) { '\u{fffd}' } else { letter }).collect()
}

fn name<T: FromStr<Err = NameError>>(text: Option<String>) -> Result<Option<T>, Refusal> {
    text.map(|text| text.parse().map_err(|error: NameError| Refusal::invalid(error.to_string()))).transpose()
}

fn words(action: &str, field: &str, text: Option<String>, longest: usize) -> Result<String, Refusal> {
    let text = text.unwrap_or_default();
    let text = text.trim();
    if text.is_empty() {
        return Err(Refusal::invalid(format!("{action} needs a non-empty {field}")));
    }
    if text.chars().count() > longest {
        return Err(Refusal::invalid(format!("{field} may have at most {longest} characters")));
    }
    if text.chars().any(has_no_place) {
        return Err(Refusal::invalid(format!("{field} must not contain control characters")));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn order(actor: &str, reason: &str) -> Value {
        json!({"action": "hold", "configurationSet": "promo", "actor": actor, "reason": reason})
    }

    #[test]
    fn a_name_and_a_reason_may_be_as_long_as_a_record_shows_them() {
        for (what, request, taken) in [
            ("the longest name", order(&"o".repeat(128), "x"), true),
            ("a name that is too long", order(&"o".repeat(129), "x"), false),
            ("the longest reason", order("ops", &"ü".repeat(500)), true),
            ("a reason that is too long", order("ops", &"x".repeat(501)), false),
        ] {
            assert_eq!(Request::parse(request).is_ok(), taken, "{what}");
        }
    }

    #[test]
    fn what_is_quoted_of_a_bad_request_stays_on_one_line() {
        let refused = Request::parse(json!({"action": "status", "con\nfiguration\u{1b}Set": "promo"})).unwrap_err();
        let quoted = "unknown field `con\u{fffd}figuration\u{fffd}Set`, expected one of ";
        assert!(refused.message.starts_with(quoted), "{}", refused.message);
    }
}
