//! Which policy a configuration set is judged by: profiles, and rules that assign them.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::account::AccountPolicy;
use super::pattern::Pattern;
use super::profile::{self, Profile, ProfileName};
use super::senders::Senders;
use super::{Policy, file};
use crate::name::ConfigurationSetName;

/// Whether the guard pauses, or only says that it would.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Mode {
    /// It pauses.
    Enforce,
    /// It says what it would do.
    Observe,
}

impl Mode {
    /// As it is written in settings and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Observe => "observe",
        }
    }

    /// The more careful of two: who observes can't be overruled.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Enforce, Self::Enforce) => Self::Enforce,
            (Self::Observe, _) | (_, Self::Observe) => Self::Observe,
        }
    }
}

/// Everything a policy file says, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyBook {
    /// Never empty; sets that no rule names are judged by the first.
    pub(super) profiles: Vec<Profile>,
    pub(super) rules: Vec<Rule>,
    pub(super) exempt: Vec<Exempt>,
    pub(super) mode: Mode,
    pub(super) account: AccountPolicy,
}

/// One pattern of an `[[assign]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) pattern: Pattern,
    pub(super) line: usize,
    pub(super) profile: usize,
    pub(super) mode: Option<Mode>,
    pub(super) senders: Option<Senders>,
}

/// What one name or wildcard is assigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AssignedRule<'a> {
    /// The name or wildcards.
    pub pattern: &'a str,
    /// Its line in the policy's text.
    pub line: usize,
    /// Its profile.
    pub profile: &'a ProfileName,
    /// Its own mode, if it has one.
    pub mode: Option<Mode>,
    /// Who may send with its sets, if it says so.
    pub senders: Option<&'a Senders>,
}

/// One pattern of an `[[exempt]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Exempt {
    pub(super) pattern: Pattern,
    pub(super) exemption: Exemption,
}

/// A set that is never paused, for a reason and for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exemption {
    /// Why, in the operator's words.
    pub reason: String,
    /// The last day on which it holds, in UTC.
    pub expires: Date,
}

impl fmt::Display for Exemption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exempt until {}: {}", self.expires, self.reason)
    }
}

impl Exemption {
    /// Whether it holds at this instant.
    pub fn holds(&self, now: Timestamp) -> bool {
        now.to_zoned(TimeZone::UTC).date() <= self.expires
    }
}

/// The rule that assigned a set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleUsed {
    /// The name or wildcards that matched.
    pub pattern: String,
    /// Its line in the policy's text.
    pub line: usize,
}

/// What one configuration set is judged by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetPolicy {
    /// The numbers.
    pub policy: Policy,
    /// Where they come from.
    pub profile: ProfileName,
    /// Whether the guard may pause it.
    pub mode: Mode,
    /// Set while it must not be paused, whatever the mode.
    pub exempt: Option<Exemption>,
    /// The rule that assigned it; `None` when none names it.
    pub rule: Option<RuleUsed>,
    /// Who may send with it; `None` when nothing says so, and then everybody may.
    pub senders: Option<Senders>,
}

impl SetPolicy {
    /// As if the guard were to pause any set by it: enforced, and nobody exempt.
    #[must_use]
    pub fn enforced(self) -> PolicyBook {
        let everything = "*".parse().ok();
        let rule = everything.map(|pattern| Rule { pattern, line: 1, profile: 0, mode: None, senders: self.senders });
        PolicyBook { rules: rule.into_iter().collect(), ..PolicyBook::from(self.policy) }
    }
}

impl PolicyBook {
    /// Reads a policy's text, TOML or JSON. `Err` says everything that is wrong with it, and where.
    pub fn read(text: &str) -> Result<Self, file::Unfit> {
        file::read(text)
    }

    /// What `set` is judged by at `now`. The first rule that matches assigns it.
    pub fn for_set(&self, set: &ConfigurationSetName, now: Timestamp) -> SetPolicy {
        let rule = self.rules.iter().find(|rule| rule.pattern.matches(set));
        let profile = self.profiles.get(rule.map_or(0, |rule| rule.profile)).cloned();
        let Profile { name, policy } = profile.unwrap_or_else(default_profile);
        let mut exempt = self.exempt.iter().filter(|exempt| exempt.pattern.matches(set));
        SetPolicy {
            policy,
            profile: name,
            mode: rule.and_then(|rule| rule.mode).unwrap_or(self.mode),
            exempt: exempt.find(|exempt| exempt.exemption.holds(now)).map(|exempt| exempt.exemption.clone()),
            rule: rule.map(|rule| RuleUsed { pattern: rule.pattern.to_string(), line: rule.line }),
            senders: rule.and_then(|rule| rule.senders.clone()),
        }
    }

    /// Every profile that may be assigned; first the one for sets that no rule names.
    pub fn profiles(&self) -> impl Iterator<Item = &Profile> {
        self.profiles.iter()
    }

    /// The profiles that a set can come to be judged by: the first, and those that rules assign.
    pub fn profiles_in_use(&self) -> impl Iterator<Item = &Profile> {
        let used = |index| index == 0 || self.rules.iter().any(|rule| rule.profile == index);
        self.profiles.iter().enumerate().filter(move |(index, _)| used(*index)).map(|(_, profile)| profile)
    }

    /// What is assigned, in the order in which it is tried.
    pub fn rules(&self) -> impl Iterator<Item = AssignedRule<'_>> {
        self.rules.iter().filter_map(|rule| {
            let profile = &self.profiles.get(rule.profile)?.name;
            let senders = rule.senders.as_ref();
            Some(AssignedRule { pattern: rule.pattern.as_str(), line: rule.line, profile, mode: rule.mode, senders })
        })
    }

    /// What the account as a whole is guarded by.
    pub fn account(&self) -> &AccountPolicy {
        &self.account
    }

    /// The mode of sets whose rule says none.
    pub fn mode(&self) -> Mode {
        self.mode
    }
}

/// The built-in one: every set by the profile `default`, and enforced.
impl Default for PolicyBook {
    fn default() -> Self {
        Self {
            profiles: profile::built_in(),
            rules: Vec::new(),
            exempt: Vec::new(),
            mode: Mode::Enforce,
            account: AccountPolicy::default(),
        }
    }
}

/// Every set by this policy, under the name `unnamed`.
impl From<Policy> for PolicyBook {
    fn from(policy: Policy) -> Self {
        let unnamed = Profile { name: ProfileName::unnamed(), policy };
        Self { profiles: vec![unnamed], ..Self::default() }
    }
}

fn default_profile() -> Profile {
    Profile { name: ProfileName::of_default(), policy: Policy::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_s_policy_can_be_held_against_any_set_as_if_it_were_enforced() {
        let book = PolicyBook::read(
            "mode = 'observe'\n[[assign]]\nsets = 'a'\nprofile = 'strict'\nsenders = 'a-*'\n\
             [[exempt]]\nsets = 'a'\nreason = 'import'\nexpires = 2026-12-31\n",
        )
        .unwrap();
        let now = "2026-11-20T09:14:02Z".parse().unwrap();
        let own = book.for_set(&"a".parse().unwrap(), now);
        assert!(own.mode == Mode::Observe && own.exempt.is_some() && own.senders.is_some());
        for name in ["a", "another"] {
            let found = own.clone().enforced().for_set(&name.parse().unwrap(), now);
            assert_eq!((found.policy, &found.senders), (own.policy, &own.senders), "{name}");
            assert_eq!((found.mode, found.exempt), (Mode::Enforce, None), "{name}");
        }
    }
}
