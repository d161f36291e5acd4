//! SES's tenants: what a set may be paused through instead of by its own switch, and what AWS says of them.

mod watch;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use watch::{Found, Said, TenantNews, TenantWatch, TenantsWatch};

use crate::name::NameError;

/// A tenant of SES: its name, and the id that tells it from another of that name. Its text is `<name>/<id>`, as at the end
/// of its ARN; it is shown by its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tenant {
    name: String,
    id: String,
}

impl Tenant {
    /// Its name: 1 to 64 of `A-Z a-z 0-9 _ -`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The end of its ARN: `<name>/<id>`.
    pub fn path(&self) -> String {
        format!("{}/{}", self.name, self.id)
    }
}

impl FromStr for Tenant {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let word = |text: &str| {
            (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        };
        match text.split_once('/') {
            Some((name, id)) if word(name) && word(id) => Ok(Self { name: name.to_owned(), id: id.to_owned() }),
            Some(_) | None => Err(NameError::Tenant),
        }
    }
}

impl TryFrom<String> for Tenant {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<Tenant> for String {
    fn from(tenant: Tenant) -> String {
        tenant.path()
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// Whether a tenant may send, in SES's words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SendingStatus {
    /// It may; also while nobody has said anything.
    #[default]
    Enabled,
    /// It may not.
    Disabled,
    /// It may, whatever AWS found. The guard never says so: that would have AWS look away.
    Reinstated,
}

/// What is said of a tenant. It may send while neither is [`SendingStatus::Disabled`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TenantStatus {
    /// By the customer: by people, by the guard.
    pub customer: SendingStatus,
    /// By AWS, and nobody else changes it.
    pub aws: SendingStatus,
}

/// By which of SES's switches a set is stopped, and let go again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Lever {
    /// Its own.
    #[default]
    OwnSwitch,
    /// Its tenant's status, and nobody has looked yet which tenant that is: nothing was done.
    ItsTenant,
    /// This tenant's status.
    Tenant(Tenant),
}

impl Lever {
    /// Whether it is the set's own switch.
    pub fn is_own(&self) -> bool {
        *self == Self::OwnSwitch
    }

    /// The tenant whose status it is, once that is known.
    pub fn tenant(&self) -> Option<&Tenant> {
        match self {
            Self::Tenant(tenant) => Some(tenant),
            Self::OwnSwitch | Self::ItsTenant => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_is_named_by_name_and_id() {
        let longest = format!("{}/tn-1", "a".repeat(64));
        let too_long = format!("{}/tn-1", "a".repeat(65));
        for (text, valid) in [
            ("acme/tn-1a2b", true),
            ("A_c-me/1", true),
            (longest.as_str(), true),
            (too_long.as_str(), false),
            ("acme", false),
            ("acme/", false),
            ("/tn-1", false),
            ("acme/tn-1/more", false),
            ("ac me/tn-1", false),
        ] {
            assert_eq!(text.parse::<Tenant>().is_ok(), valid, "{text}");
        }
        let acme: Tenant = "acme/tn-1a2b".parse().unwrap();
        assert_eq!((acme.to_string().as_str(), acme.path().as_str()), ("acme", "acme/tn-1a2b"));
    }

    #[test]
    fn a_lever_is_the_sets_own_or_a_tenants() {
        let acme: Tenant = "acme/tn-1a2b".parse().unwrap();
        for (lever, own, tenant) in [
            (Lever::OwnSwitch, true, None),
            (Lever::ItsTenant, false, None),
            (Lever::Tenant(acme.clone()), false, Some(&acme)),
        ] {
            assert_eq!((lever.is_own(), lever.tenant()), (own, tenant), "{lever:?}");
        }
    }
}
