//! What a person may ask, checked before anything is looked up.

use serde::Deserialize;

use super::answer::{ErrorCode, Refusal};
use crate::name::ConfigurationSetName;
use crate::state::{Phase, Why};

/// A checked request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What is asked.
    pub action: Action,
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
    },
    /// The latest audit records of a set.
    History {
        /// Which.
        set: ConfigurationSetName,
        /// At most so many.
        limit: u32,
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
}

impl Action {
    /// Its word in a request.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::List { .. } => "list",
            Self::History { .. } => "history",
            Self::Pause { .. } => "pause",
            Self::Resume { .. } => "resume",
            Self::Hold { .. } => "hold",
            Self::Release { .. } => "release",
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
    /// As the record of what was done.
    pub(super) fn why(&self, done: &str) -> Why {
        Why::operator(format!("{} {done} it: {}", self.actor, self.reason), &self.actor, &self.reason)
    }
}

/// Longest reason.
const MAX_REASON: usize = 500;
/// Longest actor.
const MAX_ACTOR: usize = 128;
/// Most records that one `history` gives.
const MAX_HISTORY: u32 = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wire {
    action: String,
    configuration_set: Option<String>,
    reason: Option<String>,
    actor: Option<String>,
    force: Option<bool>,
    phase: Option<Phase>,
    limit: Option<u32>,
}

impl Request {
    /// Reads a request. Whatever is missing, unknown, malformed or does not belong to the action is refused.
    pub fn parse(json: serde_json::Value) -> Result<Self, Refusal> {
        let mut wire: Wire = serde_json::from_value(json).map_err(|error| Refusal::invalid(error.to_string()))?;
        let action = match wire.action.as_str() {
            "status" => Action::Status { set: wire.set()? },
            "list" => Action::List { phase: wire.phase.take() },
            "history" => {
                let limit = wire.limit.take().unwrap_or(20);
                if !(1..=MAX_HISTORY).contains(&limit) {
                    return Err(Refusal::invalid(format!("limit must be 1 to {MAX_HISTORY}")));
                }
                Action::History { set: wire.the_set()?, limit }
            }
            "pause" => Action::Pause { set: wire.the_set()?, order: wire.order()? },
            "resume" => {
                let force = wire.force.take().unwrap_or(false);
                Action::Resume { set: wire.the_set()?, order: wire.order()?, force }
            }
            "hold" => Action::Hold { set: wire.the_set()?, order: wire.order()? },
            "release" => Action::Release { set: wire.the_set()?, order: wire.order()? },
            _ => {
                let known = "status, list, history, pause, resume, hold, release";
                return Err(Refusal::new(ErrorCode::UnknownAction, format!("action must be one of {known}")));
            }
        };
        wire.nothing_left(action.as_str())?;
        Ok(Self { action })
    }
}

impl Wire {
    fn set(&mut self) -> Result<Option<ConfigurationSetName>, Refusal> {
        let Some(text) = self.configuration_set.take() else { return Ok(None) };
        text.parse().map(Some).map_err(|error: crate::name::NameError| Refusal::invalid(error.to_string()))
    }

    fn the_set(&mut self) -> Result<ConfigurationSetName, Refusal> {
        self.set()?.ok_or_else(|| Refusal::invalid(format!("{} needs configurationSet", self.action)))
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
            ("reason", self.reason.is_some()),
            ("actor", self.actor.is_some()),
            ("force", self.force.is_some()),
            ("phase", self.phase.is_some()),
            ("limit", self.limit.is_some()),
        ];
        // Who asks may always be said.
        match left.iter().find(|(field, left)| *left && !matches!(*field, "actor" | "reason")) {
            Some((field, _)) => Err(Refusal::invalid(format!("{action} takes no {field}"))),
            None => Ok(()),
        }
    }
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
    if text.chars().any(char::is_control) {
        return Err(Refusal::invalid(format!("{field} must not contain control characters")));
    }
    Ok(text.to_owned())
}
