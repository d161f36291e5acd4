//! What AWS last said of tenants, in the events of its default bus. They are best effort and out of order, so each word is
//! kept with its time, and an older one changes nothing.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{SendingStatus, Tenant};
use crate::audit::Act;
use crate::event::{Origin, TenantEvent, TenantWord};
use crate::time::plus_seconds;

/// Of more tenants nothing is kept, so that the account's state stays small: those heard of last stay.
const MOST_TENANTS: usize = 100;
/// How long a tenant is kept of which nothing is wrong: as long as EventBridge may deliver an older word.
const KEPT_SECONDS: i64 = 86_400;
/// How long a finding is taken to be open whose end was never heard.
const OPEN_SECONDS: i64 = 30 * 86_400;

/// Every tenant of a home of which AWS said anything lately.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TenantsWatch(BTreeMap<Tenant, TenantWatch>);

/// What AWS last said of one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TenantWatch {
    /// Of the customer's own status.
    pub customer: Option<Said>,
    /// Of AWS's own.
    pub aws: Option<Said>,
    /// Of what it found, by type.
    pub findings: BTreeMap<String, Found>,
}

/// A status, and since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Said {
    /// The status.
    pub status: SendingStatus,
    /// AWS's reason.
    pub cause: Option<String>,
    /// When it was given.
    pub at: Timestamp,
    /// People were told that it is disabled.
    pub told: bool,
}

/// What AWS found of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Found {
    /// Whether it still holds.
    pub open: bool,
    /// `LOW` or `HIGH`, in AWS's word.
    pub impact: String,
    /// AWS's sentence.
    pub sentence: String,
    /// When this was said.
    pub at: Timestamp,
}

/// What people are to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantNews {
    /// Which way it went.
    pub act: Act,
    /// In one sentence.
    pub sentence: String,
}

impl TenantsWatch {
    /// Whether nothing was heard of any.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those of which something is wrong.
    pub fn in_trouble(&self) -> impl Iterator<Item = (&Tenant, &TenantWatch)> {
        self.0.iter().filter(|(_, watch)| watch.is_in_trouble())
    }

    /// Takes an event in; gives what is news of it. Who disabled a tenant through the guard (`ours`) need not be told.
    pub fn hear(&mut self, event: &TenantEvent, ours: bool, now: Timestamp) -> Option<TenantNews> {
        let news = self.0.entry(event.tenant.clone()).or_default().hear(event, ours);
        self.forget(now);
        news
    }

    fn forget(&mut self, now: Timestamp) {
        for watch in self.0.values_mut() {
            watch.findings.retain(|_, found| now <= plus_seconds(found.at, OPEN_SECONDS));
        }
        self.0.retain(|_, watch| watch.is_in_trouble() || now <= plus_seconds(watch.heard_at(), KEPT_SECONDS));
        while self.0.len() > MOST_TENANTS {
            let oldest = self.0.iter().min_by_key(|(_, watch)| (watch.is_in_trouble(), watch.heard_at()));
            let Some(oldest) = oldest.map(|(tenant, _)| tenant.clone()) else { return };
            self.0.remove(&oldest);
        }
    }
}

impl TenantWatch {
    fn is_in_trouble(&self) -> bool {
        let disabled = |said: &Option<Said>| said.as_ref().is_some_and(|one| one.status == SendingStatus::Disabled);
        disabled(&self.customer) || disabled(&self.aws) || self.findings.values().any(|found| found.open)
    }

    fn heard_at(&self) -> Timestamp {
        let said = [&self.customer, &self.aws].into_iter().flatten().map(|said| said.at);
        said.chain(self.findings.values().map(|found| found.at)).max().unwrap_or(Timestamp::MIN)
    }

    fn hear(&mut self, event: &TenantEvent, ours: bool) -> Option<TenantNews> {
        let (tenant, at) = (&event.tenant, event.at);
        match &event.word {
            TenantWord::Status { origin, status, cause } => {
                let slot = match origin {
                    Origin::Customer => &mut self.customer,
                    Origin::Aws => &mut self.aws,
                };
                if slot.as_ref().is_some_and(|known| known.at >= at) {
                    return None;
                }
                let was = slot.replace(Said { status: *status, cause: cause.clone(), at, told: false });
                let told = was.as_ref().is_some_and(|was| was.told);
                let was_disabled = was.is_some_and(|was| was.status == SendingStatus::Disabled);
                let act = match status {
                    SendingStatus::Disabled => {
                        let tells = !was_disabled && !ours;
                        slot.iter_mut().for_each(|said| said.told = told || tells);
                        tells.then_some(Act::TenantInTrouble)
                    }
                    SendingStatus::Enabled | SendingStatus::Reinstated => told.then_some(Act::TenantRecovered),
                };
                Some(TenantNews { act: act?, sentence: of_status(tenant, *origin, *status, cause.as_deref()) })
            }
            TenantWord::Finding { kind, impact, open, sentence } => {
                let known = self.findings.get(kind);
                if known.is_some_and(|known| known.at > at || (known.at == at && known.open == *open)) {
                    return None;
                }
                let was_open = known.is_some_and(|known| known.open);
                let found = Found { open: *open, impact: impact.clone(), sentence: sentence.clone(), at };
                self.findings.insert(kind.clone(), found);
                let (act, sentence) = match (was_open, open) {
                    (true, true) | (false, false) => return None,
                    (false, true) => (
                        Act::TenantInTrouble,
                        format!("AWS's finding about the tenant {tenant} ({kind}, impact {impact}): {sentence}"),
                    ),
                    (true, false) => {
                        (Act::TenantRecovered, format!("AWS's finding about the tenant {tenant} ({kind}) is resolved."))
                    }
                };
                Some(TenantNews { act, sentence })
            }
        }
    }
}

fn of_status(tenant: &Tenant, origin: Origin, status: SendingStatus, cause: Option<&str>) -> String {
    let said = match (status, origin) {
        (SendingStatus::Disabled, Origin::Aws) => {
            format!("AWS disabled the tenant {tenant}: SES refuses all of its mail, until AWS enables it.")
        }
        (SendingStatus::Disabled, Origin::Customer) => format!(
            "The tenant {tenant} was disabled, by one of yours or by its reputation policy: SES refuses all of its mail."
        ),
        (SendingStatus::Enabled, Origin::Aws) => format!("AWS enabled the tenant {tenant} again."),
        (SendingStatus::Enabled, Origin::Customer) => format!("The tenant {tenant} was enabled again."),
        (SendingStatus::Reinstated, Origin::Aws | Origin::Customer) => {
            format!("The tenant {tenant} was reinstated: what AWS has found of it no longer stops it.")
        }
    };
    cause.map_or_else(|| said.clone(), |cause| format!("{said} The reason that AWS gives: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + second).unwrap()
    }

    fn event(tenant: &str, second: i64, word: TenantWord) -> TenantEvent {
        let home = "111122223333/eu-west-1".parse().unwrap();
        TenantEvent { home, tenant: format!("{tenant}/tn-1").parse().unwrap(), at: at(second), word }
    }

    fn status(second: i64, origin: Origin, status: SendingStatus) -> TenantEvent {
        event("acme", second, TenantWord::Status { origin, status, cause: None })
    }

    fn finding(second: i64, kind: &str, open: bool) -> TenantEvent {
        let (impact, sentence) = ("HIGH".to_owned(), "The rate exceeded 15.0%.".to_owned());
        event("acme", second, TenantWord::Finding { kind: kind.to_owned(), impact, open, sentence })
    }

    #[test]
    fn each_change_is_told_once_and_an_older_word_changes_nothing() {
        use Origin::{Aws, Customer};
        use SendingStatus::{Disabled, Enabled, Reinstated};
        let (trouble, well) = (Some(Act::TenantInTrouble), Some(Act::TenantRecovered));
        let mut watch = TenantsWatch::default();
        for (what, event, ours, expected) in [
            ("enabled, of which nothing was known", status(0, Customer, Enabled), false, None),
            ("disabled by AWS", status(10, Aws, Disabled), false, trouble),
            ("the same again", status(10, Aws, Disabled), false, None),
            ("a later word of the same", status(20, Aws, Disabled), false, None),
            ("an older word comes late", status(15, Aws, Enabled), false, None),
            ("disabled by the guard", status(30, Customer, Disabled), true, None),
            ("let go by the guard", status(40, Customer, Enabled), false, None),
            ("disabled by someone", status(50, Customer, Disabled), false, trouble),
            ("reinstated", status(60, Customer, Reinstated), false, well),
            ("AWS lets it go", status(70, Aws, Enabled), false, well),
            ("a finding", finding(80, "BOUNCE", true), false, trouble),
            ("the same again", finding(80, "BOUNCE", true), false, None),
            ("it goes on", finding(90, "BOUNCE", true), false, None),
            ("another", finding(90, "COMPLAINT", true), false, trouble),
            ("closed before it was opened", finding(85, "BOUNCE", false), false, None),
            ("resolved in the same second", finding(90, "BOUNCE", false), false, well),
            ("resolved of which nothing was known", finding(95, "IP", false), false, None),
        ] {
            let news = watch.hear(&event, ours, at(100));
            assert_eq!(news.map(|news| news.act), expected, "{what}");
        }
        let left: Vec<_> = watch.in_trouble().flat_map(|(_, watch)| watch.findings.iter()).collect();
        assert_eq!(left.iter().filter(|(_, found)| found.open).count(), 1, "{left:?}");
    }

    #[test]
    fn what_is_kept_is_bounded_and_troubles_stay_longest() {
        let mut watch = TenantsWatch::default();
        let said = |tenant: &str, second, status| {
            event(tenant, second, TenantWord::Status { origin: Origin::Aws, status, cause: None })
        };
        watch.hear(&said("bad", 0, SendingStatus::Disabled), false, at(0));
        for number in 0..200 {
            watch.hear(&said(&format!("t{number}"), number, SendingStatus::Enabled), false, at(number));
        }
        assert_eq!(watch.0.len(), MOST_TENANTS);
        assert_eq!(watch.in_trouble().count(), 1);
        watch.hear(&said("late", 90_000, SendingStatus::Enabled), false, at(90_000));
        assert_eq!(watch.0.len(), 2, "the others are well for a day");
        watch.hear(&finding(0, "BOUNCE", true), false, at(0));
        for (seconds, in_trouble) in [(30 * 86_400, 2), (30 * 86_400 + 1, 1)] {
            watch.forget(at(seconds));
            assert_eq!(watch.in_trouble().count(), in_trouble, "a finding is open for 30 days, a status for good");
        }
    }
}
