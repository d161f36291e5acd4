//! Why nothing was done.

use serde::Serialize;

use crate::home::{Home, NotGuarded};
use crate::name::ConfigurationSetName;
use crate::port::{Fault, Landed};
use crate::state::{Hold, State};
use crate::tenant::Tenant;

/// Why nothing was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// For programs.
    pub code: ErrorCode,
    /// For people: what is wrong and what to do.
    pub message: String,
}

/// Why nothing was done, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "each is what its name says")]
pub enum ErrorCode {
    InvalidRequest,
    InvalidPolicy,
    UnknownAction,
    UnknownConfigurationSet,
    AmbiguousConfigurationSet,
    NotGuarded,
    NotPaused,
    NotPausedByGuard,
    AlreadyPaused,
    AlreadyResuming,
    AlreadyHeld,
    NotHeld,
    AccountStopForbidden,
    StoppedByAws,
    Conflict,
    Unavailable,
}

impl Refusal {
    pub(super) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidRequest, message)
    }

    pub(super) fn unavailable(message: &str) -> Self {
        Self::new(ErrorCode::Unavailable, message)
    }

    /// The write itself failed. Whoever lost its answer can't know, and must not be told that nothing was changed.
    pub(super) fn unwritten(fault: Fault) -> Self {
        match fault.landed {
            Landed::No => fault.into(),
            Landed::Perhaps => Self::unavailable(&format!(
                "{fault} was not answered; perhaps it was done, so look at the status before you try again"
            )),
        }
    }

    pub(super) fn unmarked(version: u64, fault: &Fault) -> Self {
        Self::unavailable(&format!(
            "version {version} is in force, but {fault} failed: sets that have no failures now are judged by it later; \
             push it again to have all of them judged at once"
        ))
    }

    pub(super) fn conflict() -> Self {
        Self::new(ErrorCode::Conflict, "others kept changing this configuration set; nothing was changed, try again")
    }

    pub(super) fn unknown_set() -> Self {
        Self::new(
            ErrorCode::UnknownConfigurationSet,
            "SES knows no configuration set of this name in this account and Region",
        )
    }

    pub(super) fn ambiguous(name: &ConfigurationSetName, elsewhere: &[&Home]) -> Self {
        let homes: Vec<String> = elsewhere.iter().map(ToString::to_string).collect();
        let homes = homes.join(" and ");
        let message = format!("there is a {name} in {homes}, too; say which is meant, by account and region (--home)");
        Self::new(ErrorCode::AmbiguousConfigurationSet, message)
    }

    pub(super) fn not_guarded(not_guarded: &NotGuarded) -> Self {
        Self::new(ErrorCode::NotGuarded, not_guarded.to_string())
    }

    pub(super) fn guards_nothing_there() -> Self {
        Self::new(ErrorCode::NotGuarded, "nothing of this account and Region is guarded here; status lists the homes")
    }

    pub(super) fn not_paused() -> Self {
        Self::new(ErrorCode::NotPaused, "the configuration set is not paused: SES accepts its mail")
    }

    pub(super) fn not_paused_by_guard() -> Self {
        Self::new(
            ErrorCode::NotPausedByGuard,
            "the configuration set was disabled in SES by someone else; find out why, then repeat with \"force\": true",
        )
    }

    pub(super) fn already_paused(state: &State) -> Self {
        let why = state.why.as_ref().map_or("", |why| why.sentence.as_str());
        Self::new(ErrorCode::AlreadyPaused, format!("the configuration set is already {}. {why}", state.phase.as_str()))
    }

    pub(super) fn already_resuming() -> Self {
        Self::new(ErrorCode::AlreadyResuming, "the configuration set is being resumed already")
    }

    pub(super) fn already_held(hold: &Hold) -> Self {
        Self::new(ErrorCode::AlreadyHeld, format!("held since {} by {}: {}", hold.since, hold.actor, hold.reason))
    }

    pub(super) fn account_stop_forbidden() -> Self {
        Self::new(
            ErrorCode::AccountStopForbidden,
            "this stack may not stop that account as a whole; its own it may, when deployed with AllowAccountStop=true",
        )
    }

    pub(super) fn stopped_by_aws() -> Self {
        Self::new(
            ErrorCode::StoppedByAws,
            "AWS has stopped this account, and nobody but AWS lets it send again: answer the case in the Support Center, and \
             resume when AWS has",
        )
    }

    pub(super) fn tenant_stopped_by_aws(tenant: &Tenant) -> Self {
        Self::new(
            ErrorCode::StoppedByAws,
            format!(
                "AWS keeps the tenant {tenant} disabled, and nobody but AWS lets it send again: answer the case in the \
                 Support Center, and resume the configuration set when AWS has enabled its tenant"
            ),
        )
    }

    pub(super) fn not_held() -> Self {
        Self::new(ErrorCode::NotHeld, "the configuration set is not held")
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::unavailable(&format!("{fault} failed; nothing was changed, try again"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_told_that_nothing_was_changed_who_can_not_know() {
        for (landed, sure) in [(Landed::No, true), (Landed::Perhaps, false)] {
            let fault = Fault { operation: "UpdateItem", subject: "promo".into(), landed, source: "why".into() };
            let refusal = Refusal::unwritten(fault);
            assert_eq!(refusal.message.contains("nothing was changed"), sure, "{landed:?}: {}", refusal.message);
            assert_eq!(refusal.message.contains("perhaps"), !sure, "{landed:?}: {}", refusal.message);
        }
    }
}
