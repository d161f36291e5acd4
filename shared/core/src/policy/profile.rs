//! Profiles: policies with a name. Four are built in; a policy file adds its own.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Line, MetricPolicy, Policy, Ppm};

/// A profile's name: 1 to 64 of `a-z 0-9 -`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProfileName(String);

/// Not a profile's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a profile's name must be 1 to 64 of a-z 0-9 -")]
pub struct ProfileNameError;

impl FromStr for ProfileName {
    type Err = ProfileNameError;
    fn from_str(text: &str) -> Result<Self, ProfileNameError> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let valid = (1..=64).contains(&text.len()) && text.bytes().all(fits);
        if valid { Ok(Self(text.to_owned())) } else { Err(ProfileNameError) }
    }
}

impl TryFrom<String> for ProfileName {
    type Error = ProfileNameError;
    fn try_from(text: String) -> Result<Self, ProfileNameError> {
        text.parse()
    }
}

impl From<ProfileName> for String {
    fn from(name: ProfileName) -> String {
        name.0
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ProfileName {
    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Of the profile for sets that no rule names.
    pub(super) fn of_default() -> Self {
        Self("default".to_owned())
    }

    /// Of a policy that was given without a name.
    pub(super) fn unnamed() -> Self {
        Self("unnamed".to_owned())
    }
}

/// A policy with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// What rules call it.
    pub name: ProfileName,
    /// Its numbers.
    pub policy: Policy,
}

/// The four that need no file; `default` comes first. Their figures are those of the policy page's §3.4 and §7.
pub(super) fn built_in() -> Vec<Profile> {
    let line = |ppm, slack| Line { rate_ppm: Ppm(ppm), slack };
    let default = Policy::default();
    // 80 % of AWS's review lines and about two thirds of the slack, for senders that nobody knows yet: finds them after
    // a sixth fewer mails, for four times the false pauses.
    let strict = Policy {
        bounce: MetricPolicy { pause: line(40_000, 7), warn: line(20_000, 7), trial_slack: 4 },
        complaint: MetricPolicy { pause: line(800, 4), warn: line(400, 4), trial_slack: 3 },
        ..default
    };
    // For 20,000 mails a day and more: at 4 % bounces or 0.05 % complaints such a set would be paused sooner or later.
    let high_volume = Policy { scale_slack: true, ..default };
    // Receipts and sign-in codes are missed when they don't come: twice the slack to pause, and warned as early as others.
    let transactional = Policy {
        bounce: MetricPolicy { pause: line(50_000, 20), trial_slack: 10, ..default.bounce },
        complaint: MetricPolicy { pause: line(1_000, 8), trial_slack: 4, ..default.complaint },
        ..default
    };
    [("default", default), ("strict", strict), ("high-volume", high_volume), ("transactional", transactional)]
        .map(|(name, policy)| Profile { name: ProfileName(name.to_owned()), policy })
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_profile_can_be_used() {
        for profile in built_in() {
            assert_eq!(profile.policy.validate(), Ok(()), "{}", profile.name);
            assert_eq!(profile.name.as_str().parse(), Ok(profile.name));
        }
    }

    #[test]
    fn the_default_comes_first() {
        assert_eq!((built_in()[0].name.as_str(), built_in()[0].policy), ("default", Policy::default()));
    }

    #[test]
    fn the_built_in_figures_are_those_of_the_manual() {
        let manual = include_str!("../../../../docs/POLICY.md");
        let line = |line: Line, slack: u32| format!("{slack} + {}", line.rate_ppm);
        let lines = |metric: MetricPolicy| {
            let MetricPolicy { pause, warn, trial_slack } = metric;
            [line(pause, pause.slack), line(warn, warn.slack), line(pause, trial_slack)].join(", ")
        };
        for Profile { name, policy } in built_in() {
            let row = manual.lines().find(|line| line.starts_with(&format!("| `{name}` |"))).unwrap();
            let figures = match policy == (Policy { scale_slack: true, ..Policy::default() }) {
                true => "| as `default`, the slack grows with the volume | same |".to_owned(),
                false => format!("| {} | {} |", lines(policy.bounce), lines(policy.complaint)),
            };
            assert!(row.ends_with(&figures), "{row}: {figures}");
        }
    }

    #[test]
    fn a_name_is_1_to_64_plain_characters() {
        for (text, valid) in [("a", true), ("news-2", true), ("", false), ("News", false), ("a b", false), ("ä", false)]
        {
            assert_eq!(text.parse::<ProfileName>().is_ok(), valid, "{text}");
        }
        assert!("a".repeat(64).parse::<ProfileName>().is_ok() && "a".repeat(65).parse::<ProfileName>().is_err());
    }
}
