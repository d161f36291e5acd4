//! Homes: what is guarded, account by account and Region by Region.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::name::{AccountId, ConfigurationSetName, NameError, Region, SetKey};

/// One account in one Region. SES keeps configuration sets, limits and reputation apart by it.
/// Its text is `<account>/<region>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Home {
    /// The account.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
}

impl Home {
    /// The home of a configuration set, or of an account as a whole.
    pub fn of(set: &SetKey) -> Self {
        Self { account: set.account.clone(), region: set.region.clone() }
    }

    /// The configuration set of this name that lives here.
    pub fn set(&self, name: ConfigurationSetName) -> SetKey {
        SetKey { account: self.account.clone(), region: self.region.clone(), name }
    }

    /// What is told and filed of this home as a whole is kept under this key.
    pub fn whole(&self) -> SetKey {
        SetKey::account(self.account.clone(), self.region.clone())
    }
}

impl FromStr for Home {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        let (account, region) = text.split_once('/').ok_or(NameError::Home)?;
        Ok(Self { account: account.parse()?, region: region.parse()? })
    }
}

impl TryFrom<String> for Home {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<Home> for String {
    fn from(home: Home) -> String {
        home.to_string()
    }
}

impl fmt::Display for Home {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.region)
    }
}

/// The homes that one stack guards: its own, always, and those that are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Homes {
    own: Home,
    others: BTreeSet<Home>,
}

/// One entry of a list of homes is malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("entry {number} of the list: {source} (an entry is <account>/<region>, such as 111122223333/eu-west-1)")]
pub struct HomesError {
    /// Which, counted from 1.
    pub number: usize,
    /// What is wrong with it.
    pub source: NameError,
}

/// A home that is not guarded. Its text says how it would be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not guarded here; to guard it, deploy member.yaml there and list it in the stack's parameter Accounts")]
pub struct NotGuarded(pub Home);

impl Homes {
    /// The stack's own home and no other.
    pub fn only(own: Home) -> Self {
        Self { own, others: BTreeSet::new() }
    }

    /// The stack's own home and those of a list, separated by commas; an empty list is none. That the list names its own
    /// home, or one twice, changes nothing.
    pub fn listed(own: Home, list: &str) -> Result<Self, HomesError> {
        let mut others = BTreeSet::new();
        if !list.trim().is_empty() {
            for (index, entry) in list.split(',').enumerate() {
                let home = entry.trim().parse();
                others.insert(home.map_err(|source| HomesError { number: index + 1, source })?);
            }
        }
        others.remove(&own);
        Ok(Self { own, others })
    }

    /// Where the stack is.
    pub fn own(&self) -> &Home {
        &self.own
    }

    /// All but the stack's own, in the order of their text.
    pub fn others(&self) -> impl Iterator<Item = &Home> {
        self.others.iter()
    }

    /// All of them, the stack's own first.
    pub fn iter(&self) -> impl Iterator<Item = &Home> {
        std::iter::once(&self.own).chain(self.others())
    }

    /// Whether there is another than the stack's own.
    pub fn are_several(&self) -> bool {
        !self.others.is_empty()
    }

    /// Whether this one is guarded.
    pub fn contains(&self, home: &Home) -> bool {
        *home == self.own || self.others.contains(home)
    }

    /// `Err` when this one is not guarded.
    pub fn check(&self, home: &Home) -> Result<(), NotGuarded> {
        if self.contains(home) { Ok(()) } else { Err(NotGuarded(home.clone())) }
    }

    /// The one account of all homes; `None` when there are more.
    pub fn only_account(&self) -> Option<&AccountId> {
        self.others().all(|home| home.account == self.own.account).then_some(&self.own.account)
    }

    /// The one Region in which this account is guarded; `None` when there is none, or more.
    pub fn only_region_of(&self, account: &AccountId) -> Option<&Region> {
        let mut regions = self.iter().filter(|home| home.account == *account).map(|home| &home.region);
        regions.next().filter(|_| regions.next().is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "111122223333/eu-west-1";

    fn home(text: &str) -> Home {
        text.parse().unwrap()
    }

    fn listed(list: &str) -> Result<Vec<String>, String> {
        let homes = Homes::listed(home(OWN), list).map_err(|error| error.to_string())?;
        assert_eq!(homes.own(), &home(OWN));
        Ok(homes.others().map(ToString::to_string).collect())
    }

    #[test]
    fn a_list_of_homes_is_read_whole_or_not_at_all() {
        let like = "(an entry is <account>/<region>, such as 111122223333/eu-west-1)";
        let wrong = |number: usize, what: &str| Err(format!("entry {number} of the list: {what} {like}"));
        let (account, region) = ("the account id must be 12 digits", "the Region must look like eu-west-1");
        let home = "the home must be <account>/<region>";
        let others = |homes: &[&str]| Ok(homes.iter().map(|home| (*home).to_owned()).collect());
        for (what, list, read) in [
            ("nothing", "", others(&[])),
            ("blanks", " \n", others(&[])),
            ("another Region", "111122223333/us-east-1", others(&["111122223333/us-east-1"])),
            ("another account", "444455556666/eu-west-1", others(&["444455556666/eu-west-1"])),
            (
                "several, with blanks",
                "444455556666/us-east-1, 111122223333/us-east-1",
                others(&["111122223333/us-east-1", "444455556666/us-east-1"]),
            ),
            ("one twice", "444455556666/eu-west-1,444455556666/eu-west-1", others(&["444455556666/eu-west-1"])),
            ("its own", OWN, others(&[])),
            ("an account only", "444455556666", wrong(1, home)),
            ("a Region only", "us-east-1", wrong(1, home)),
            ("the other way round", "us-east-1/444455556666", wrong(1, account)),
            ("11 digits", "44445555666/us-east-1", wrong(1, account)),
            ("a set", "444455556666/us-east-1/promo", wrong(1, region)),
            ("no Region", "444455556666/", wrong(1, region)),
            ("a wildcard", "*/us-east-1", wrong(1, account)),
            ("a comma too many", "444455556666/us-east-1,", wrong(2, home)),
            ("the second is wrong", "444455556666/us-east-1,444455556666/Frankfurt", wrong(2, region)),
        ] {
            assert_eq!(listed(list), read, "{what}");
        }
    }

    #[test]
    fn only_listed_pairs_of_account_and_region_are_guarded() {
        let homes = Homes::listed(home(OWN), "444455556666/us-east-1,444455556666/eu-central-1").unwrap();
        for (text, guarded) in [
            (OWN, true),
            ("444455556666/us-east-1", true),
            ("444455556666/eu-central-1", true),
            ("444455556666/eu-west-1", false),
            ("111122223333/us-east-1", false),
            ("999988887777/eu-west-1", false),
        ] {
            assert_eq!(homes.contains(&home(text)), guarded, "{text}");
            assert_eq!(homes.check(&home(text)).is_ok(), guarded, "{text}");
        }
        let all: Vec<String> = homes.iter().map(ToString::to_string).collect();
        assert_eq!(all, [OWN, "444455556666/eu-central-1", "444455556666/us-east-1"], "its own first");
        let not_guarded = homes.check(&home("999988887777/eu-west-1")).unwrap_err().to_string();
        assert!(not_guarded.starts_with("999988887777/eu-west-1 is not guarded here; to guard it, "), "{not_guarded}");
    }

    #[test]
    fn what_a_record_leaves_out_is_known_only_where_there_is_no_choice() {
        let (one, other) = (home(OWN).account, home("444455556666/us-east-1").account);
        let region = |homes: &Homes, account| homes.only_region_of(account).map(ToString::to_string);
        let alone = Homes::only(home(OWN));
        assert_eq!((alone.only_account(), alone.are_several()), (Some(&one), false));
        assert_eq!((region(&alone, &one), region(&alone, &other)), (Some("eu-west-1".to_owned()), None));
        let regions = Homes::listed(home(OWN), "111122223333/us-east-1").unwrap();
        assert_eq!((regions.only_account(), regions.are_several()), (Some(&one), true));
        assert_eq!(region(&regions, &one), None);
        let accounts = Homes::listed(home(OWN), "444455556666/us-east-1").unwrap();
        assert_eq!(accounts.only_account(), None);
        assert_eq!(region(&accounts, &other), Some("us-east-1".to_owned()));
    }

    #[test]
    fn a_set_has_its_home_and_a_home_its_sets() {
        let set: SetKey = "111122223333/eu-west-1/promo".parse().unwrap();
        assert_eq!(Home::of(&set), home(OWN));
        assert_eq!(home(OWN).set(set.name.clone()), set);
        assert_eq!(home(OWN).whole().to_string(), "111122223333/eu-west-1/*account*");
    }
}
