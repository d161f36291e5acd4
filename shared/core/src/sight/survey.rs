//! The survey: once a day all identities are asked for their default configuration set, a few at a time.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::View;
use crate::notice::sentence::grouped;
use crate::port::{Identity, IdentityKind};
use crate::time::plus_seconds;

/// From the end of one survey to the begin of the next.
const EVERY_SECONDS: i64 = 86_400;
/// Domains that are named; the others are counted.
const NAMED: usize = 5;

/// How far the present survey is, and what it has found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Survey {
    /// When the last one was finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// By which SES finds the page that is being looked through; `None` is the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// Identities of that page that were looked at.
    pub of_page: usize,
    /// Why SES did not answer, when it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Identities that may send.
    senders: u64,
    /// The first domains without a default set.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    domains: Vec<String>,
    /// All domains without one.
    domain_count: u64,
    /// Addresses without one; they are never named.
    addresses: u64,
}

/// What came of one identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surveyed {
    /// Mail from it that names no configuration set has one all the same.
    Covered,
    /// It has none.
    Bare,
    /// It can't send, or is gone.
    Silent,
}

impl Survey {
    /// Whether one is underway, or due.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.finished_at.is_none_or(|at| plus_seconds(at, EVERY_SECONDS) <= now)
    }

    /// Notes what came of the next identity of the page.
    pub fn note(&mut self, identity: &Identity, surveyed: Surveyed) {
        self.of_page += 1;
        match (surveyed, identity.kind) {
            (Surveyed::Silent, _) => return,
            (Surveyed::Covered, _) => {}
            (Surveyed::Bare, IdentityKind::EmailAddress) => self.addresses += 1,
            (Surveyed::Bare, IdentityKind::Domain) => {
                self.domain_count += 1;
                if self.domains.len() < NAMED && is_domain(&identity.name) {
                    self.domains.push(identity.name.clone());
                }
            }
        }
        self.senders += 1;
    }

    /// The page is done. Without a next one the survey is over, and this is what it saw.
    pub fn turn_page(&mut self, next: Option<String>, now: Timestamp) -> Option<View> {
        (self.page, self.of_page) = (next, 0);
        if self.page.is_some() {
            return None;
        }
        let view = self.view();
        *self = Self { finished_at: Some(now), ..Self::default() };
        Some(view)
    }

    /// SES no longer knows the page: all over again.
    pub fn begin_anew(&mut self) {
        *self = Self { finished_at: self.finished_at, ..Self::default() };
    }

    fn view(&self) -> View {
        let all = grouped(self.senders);
        if self.domain_count == 0 && self.addresses == 0 {
            return View::Clear(format!("All {all} identities that may send have a default configuration set."));
        }
        let unnamed = self.domain_count.saturating_sub(self.domains.len() as u64);
        let named = match (self.domains.as_slice(), unnamed) {
            ([], _) => String::new(),
            (domains, 0) => format!(" ({})", domains.join(", ")),
            (domains, more) => format!(" ({} and {} more)", domains.join(", "), grouped(more)),
        };
        View::Blind(format!(
            "Of the {all} identities that may send, {} domains{named} and {} addresses have no default configuration set: \
             what they send without naming one is not counted, and no pause stops it.",
            grouped(self.domain_count),
            grouped(self.addresses)
        ))
    }
}

/// Nothing else is ever printed: an address that SES took for a domain is none.
fn is_domain(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> Timestamp {
        "2026-11-20T12:05:00Z".parse().unwrap()
    }

    fn identity(name: &str) -> Identity {
        let kind = if name.contains('@') { IdentityKind::EmailAddress } else { IdentityKind::Domain };
        Identity { name: name.to_owned(), kind, sends: true }
    }

    #[test]
    fn a_survey_names_some_domains_and_no_address() {
        let mut survey = Survey::default();
        survey.note(&identity("shop.example"), Surveyed::Covered);
        survey.note(&identity("parked.example"), Surveyed::Silent);
        assert_eq!(survey.turn_page(Some("page-2".to_owned()), noon()), None);
        assert_eq!(survey.page.as_deref(), Some("page-2"));
        let view = survey.turn_page(None, noon());
        assert_eq!(
            view,
            Some(View::Clear("All 1 identities that may send have a default configuration set.".to_owned()))
        );
        assert!(!survey.is_due(plus_seconds(noon(), 86_399)) && survey.is_due(plus_seconds(noon(), 86_400)));

        let odd = Identity { name: "jane@example.com\n".to_owned(), kind: IdentityKind::Domain, sends: true };
        survey.note(&odd, Surveyed::Bare);
        survey.begin_anew();
        assert_eq!(survey, Survey { finished_at: Some(noon()), ..Survey::default() }, "SES no longer knew the page");

        survey.note(&odd, Surveyed::Bare);
        for number in 0..7 {
            survey.note(&identity(&format!("d{number}.example")), Surveyed::Bare);
        }
        survey.note(&identity("jane@example.com"), Surveyed::Bare);
        let Some(View::Blind(sentence)) = survey.turn_page(None, noon()) else { panic!("some are bare") };
        insta::assert_snapshot!(sentence, @"Of the 9 identities that may send, 8 domains (d0.example, d1.example, d2.example, d3.example, d4.example and 3 more) and 1 addresses have no default configuration set: what they send without naming one is not counted, and no pause stops it.");
    }
}
