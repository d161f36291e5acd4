//! What the guard remembers of the account as a whole from one minute to the next: what it counted, what SES said, whom
//! it paused and what people were told. It is kept in the account's own state.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::judge::Metric;
use crate::judge::account::Counts;
use crate::name::ConfigurationSetName;
use crate::policy::Ppm;
use crate::port::AccountStanding;
use crate::tenant::TenantsWatch;

/// Of fewer complaints a ratio says nothing.
const FEWEST_COMPLAINTS: u64 = 10;

/// Whether the account as a whole may be stopped at all: what the stack's functions were granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountStop {
    /// By its own policy, and on an operator's word.
    Allowed,
    /// By nobody.
    Forbidden,
}

/// All that is remembered of the account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AccountWatch {
    /// When these figures were written down.
    pub at: Option<Timestamp>,
    /// Hard bounces.
    pub bounce: RateWatch,
    /// Complaints.
    pub complaint: RateWatch,
    /// What SES last said of the account, and what people know of it.
    pub standing: Option<AccountStanding>,
    /// When SES was last asked.
    pub asked_at: Option<Timestamp>,
    /// Why SES's own figures are missing: what failed when it was last asked.
    pub unread: Option<String>,
    /// When a CloudWatch alarm of the account went off that the guard has not looked into yet.
    pub alarmed_at: Option<Timestamp>,
    /// When sets were last looked through for whom to pause.
    pub chose_at: Option<Timestamp>,
    /// The latest rounds of pauses, oldest first.
    pub rounds: Vec<Round>,
    /// What AWS last said of the account's tenants.
    #[serde(skip_serializing_if = "TenantsWatch::is_empty")]
    pub tenants: TenantsWatch,
}

/// What is remembered of one metric.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RateWatch {
    /// The account's own counts …
    pub ours: Counts,
    /// … of the mail of so many hours.
    pub hours: u32,
    /// SES's rate, when it said one.
    pub ses_ppm: Option<u64>,
    /// People were warned, and it has not been below the line since.
    pub warned: bool,
    /// People were told that the account is at risk, and which sets are behind it; it has not been below the warn line
    /// since.
    pub named: Option<BTreeSet<ConfigurationSetName>>,
    /// Since when SES's rate and ours are far apart.
    pub apart_since: Option<Timestamp>,
    /// People were told so, and they have not come together since.
    pub apart_told: bool,
}

/// Sets that were chosen together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Round {
    /// When.
    pub at: Timestamp,
    /// For which rate.
    pub metric: Metric,
    /// The account's own counts then …
    pub ours: Counts,
    /// … of the mail of so many hours.
    pub hours: u32,
    /// To which rate the rest was to be brought.
    pub target: Ppm,
    /// Whom, largest excess first.
    pub sets: Vec<Chosen>,
    /// Whether every pause is written down.
    pub done: bool,
}

/// A set that is paused for the account's sake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Chosen {
    /// Its name.
    pub name: ConfigurationSetName,
    /// Its part of the account's counts.
    pub counts: Counts,
    /// Its latest intent when it was chosen: who has changed it since knows more.
    pub generation: u64,
}

impl AccountWatch {
    /// What is remembered of one metric.
    pub fn of(&self, metric: Metric) -> &RateWatch {
        match metric {
            Metric::Bounce => &self.bounce,
            Metric::Complaint => &self.complaint,
        }
    }

    /// Whether AWS has stopped the account, as far as is known: nobody but AWS lets it send then.
    pub fn is_stopped_by_aws(&self) -> bool {
        self.standing.as_ref().is_some_and(|standing| standing.enforcement_status == "SHUTDOWN")
    }

    /// Without what changes by the minute: what is left is worth writing down when it changes.
    #[must_use]
    pub fn without_figures(&self) -> Self {
        let rate = |rate: &RateWatch| RateWatch { ours: Counts::default(), hours: 0, ..rate.clone() };
        Self { at: None, bounce: rate(&self.bounce), complaint: rate(&self.complaint), ..self.clone() }
    }

    /// The same, to change it.
    pub fn of_mut(&mut self, metric: Metric) -> &mut RateWatch {
        match metric {
            Metric::Bounce => &mut self.bounce,
            Metric::Complaint => &mut self.complaint,
        }
    }
}

impl RateWatch {
    /// The share of complaints that reach us as far as SES's rate tells: ours / SES's, where SES's is the higher and there
    /// are enough to tell.
    pub fn coverage(&self) -> Option<Ppm> {
        let (ours, ses) = (self.ours.rate_ppm()?, self.ses_ppm?);
        if ses <= ours || self.ours.events < FEWEST_COMPLAINTS {
            return None;
        }
        u32::try_from(ours.saturating_mul(1_000_000) / ses).ok()?.try_into().ok()
    }
}

impl Round {
    /// How much mail its sets sent, together.
    pub fn sends(&self) -> u64 {
        self.sets.iter().map(|one| one.counts.sends).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(sends: u64, events: u64, ses_ppm: Option<u64>) -> RateWatch {
        RateWatch { ours: Counts { sends, events }, ses_ppm, ..RateWatch::default() }
    }

    #[test]
    fn coverage_is_what_ses_has_seen_more_of_than_the_guard() {
        for (what, sends, complaints, ses, coverage) in [
            ("a quarter", 100_000, 25, Some(1_000), Some(250_000)),
            ("the same", 100_000, 25, Some(250), None),
            ("SES saw less", 100_000, 25, Some(249), None),
            ("SES saw a little more", 100_000, 25, Some(251), Some(996_015)),
            ("nine complaints tell nothing", 100_000, 9, Some(1_000), None),
            ("ten do", 100_000, 10, Some(1_000), Some(100_000)),
            ("SES is silent", 100_000, 25, None, None),
            ("nothing was sent", 0, 25, Some(1_000), None),
        ] {
            assert_eq!(rate(sends, complaints, ses).coverage().map(Ppm::get), coverage, "{what}");
        }
    }

    #[test]
    fn figures_alone_are_not_worth_writing_down_and_all_else_is() {
        let at = |minute: i64| Some(Timestamp::from_second(minute * 60).unwrap());
        let before = AccountWatch { at: at(1), bounce: rate(1_000, 10, Some(9_000)), ..AccountWatch::default() };
        let mut later = AccountWatch { at: at(2), ..before.clone() };
        for metric in [Metric::Bounce, Metric::Complaint] {
            (later.of_mut(metric).ours, later.of_mut(metric).hours) = (Counts { sends: 2_000, events: 11 }, 25);
        }
        assert_eq!(later.without_figures(), before.without_figures());
        for (what, change) in [
            ("SES was asked", AccountWatch { asked_at: at(2), ..before.clone() }),
            ("an alarm went off", AccountWatch { alarmed_at: at(2), ..before.clone() }),
            ("sets were looked through", AccountWatch { chose_at: at(2), ..before.clone() }),
            ("warned", AccountWatch { bounce: RateWatch { warned: true, ..before.bounce.clone() }, ..before.clone() }),
        ] {
            assert_ne!(change.without_figures(), before.without_figures(), "{what}");
        }
    }

    #[test]
    fn nothing_is_stored_of_tenants_while_nothing_was_heard_of_any() {
        let stored = serde_json::to_value(AccountWatch::default()).unwrap();
        assert!(stored.get("tenants").is_none(), "{stored}");
        assert_eq!(serde_json::from_value::<AccountWatch>(stored).unwrap(), AccountWatch::default());
    }
}
