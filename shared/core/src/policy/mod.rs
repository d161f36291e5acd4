//! The numbers a configuration set is judged by. The defaults are those of the simulation study in the policy page:
//! pause at 10 hard bounces plus 5 % of the mails, or at 5 complaints plus 0.1 % of the mails.

mod account;
mod book;
pub mod cases;
mod deployed;
mod fault;
pub mod file;
pub mod pattern;
mod profile;
mod senders;
pub mod stored;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::judge::Metric;
use crate::time::BUCKET_SECONDS;

pub use account::{AccountLines, AccountPolicy, StopLines};
pub use book::{AssignedRule, Exemption, Mode, PolicyBook, RuleUsed, SetPolicy};
pub use deployed::{Deployed, Source};
pub use fault::{LONGEST_WINDOW_BUCKETS, PolicyError, PolicyFault, aws_pause_line, aws_review_line};
pub use profile::{Profile, ProfileName, ProfileNameError};
pub use senders::{NotASender, SenderPattern, Senders};

/// Millionths of a failure in one.
const MICRO: u64 = 1_000_000;

/// A share in millionths, 0 to 1,000,000: 50,000 is 5 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Ppm(u32);

/// More than 1,000,000 ppm, which is more than everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} ppm is more than 100 % (1000000 ppm)")]
pub struct MoreThanAll(u32);

impl Ppm {
    /// 0 %.
    pub const NONE: Self = Self(0);
    /// 100 %.
    pub const ALL: Self = Self(1_000_000);

    /// As a number of millionths.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// This share of that share, rounded down.
    #[must_use]
    pub fn of(self, whole: Self) -> Self {
        let part = u64::from(self.0) * u64::from(whole.0) / 1_000_000;
        u32::try_from(part).map_or(whole, Self)
    }
}

impl TryFrom<u32> for Ppm {
    type Error = MoreThanAll;
    fn try_from(ppm: u32) -> Result<Self, MoreThanAll> {
        if ppm <= Self::ALL.0 { Ok(Self(ppm)) } else { Err(MoreThanAll(ppm)) }
    }
}

impl From<Ppm> for u32 {
    fn from(share: Ppm) -> u32 {
        share.0
    }
}

/// In percent, with as many decimals as it takes: `5 %`, `0.05 %`.
impl fmt::Display for Ppm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (percent, rest) = (self.0 / 10_000, self.0 % 10_000);
        let decimals = format!("{rest:04}");
        match decimals.trim_end_matches('0') {
            "" => write!(f, "{percent} %"),
            decimals => write!(f, "{percent}.{decimals} %"),
        }
    }
}

/// A bound on failures that grows with the mails: `slack + rate · mails`. At the line counts as over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Line {
    /// The share of mails that may fail.
    pub rate_ppm: Ppm,
    /// The failures allowed on top, whatever the volume. It stands in for a minimum volume and a confidence level.
    pub slack: u32,
}

/// The two lines of one metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MetricPolicy {
    /// At this line the set is paused.
    pub pause: Line,
    /// At this line its owner is warned.
    pub warn: Line,
    /// Stands in for the pause line's slack while the set is on trial.
    pub trial_slack: u32,
}

/// Which of SES's switches a pause turns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PauseThrough {
    /// The set's own.
    #[default]
    ConfigurationSet,
    /// The status of the tenant that it belongs to, if there is exactly one; else the set's own.
    Tenant,
}

/// What a configuration set is judged by. A policy that was read from JSON is valid; for one built by hand ask
/// [`Policy::validate`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, remote = "Self")]
pub struct Policy {
    /// Hard bounces.
    pub bounce: MetricPolicy,
    /// Complaints.
    pub complaint: MetricPolicy,
    /// How many buckets are looked at, the running one included.
    pub window_buckets: u32,
    /// The share of recipients whose provider reports complaints. SES divides by their mails only, so the complaint
    /// lines' rates are scaled by it.
    pub complaint_coverage_ppm: Ppm,
    /// A trial ends when this many mails were sent since the resume, …
    pub trial_sends: u64,
    /// … or when this many buckets have passed since.
    pub trial_buckets: u32,
    /// Lets the slack grow with the square root of the volume, for big senders near a line.
    pub scale_slack: bool,
    /// Whether a CloudWatch alarm of the set pauses it though its own counts do not agree.
    #[serde(default)]
    pub trust_alarm: bool,
    /// What a pause turns off.
    #[serde(default)]
    pub pause_through: PauseThrough,
}

impl Line {
    /// The failures at which so many mails reach the line, in millionths of a failure.
    pub fn allowed_micro(&self, sends: u64) -> u64 {
        let slack_micro = u64::from(self.slack) * MICRO;
        slack_micro.saturating_add(sends.saturating_mul(u64::from(self.rate_ppm.get())))
    }

    /// The smallest number of failures with which so many mails reach the line.
    pub fn at(&self, sends: u64) -> u64 {
        self.allowed_micro(sends).div_ceil(MICRO)
    }
}

impl Policy {
    /// The lines of one metric, as written.
    pub fn metric(&self, metric: Metric) -> &MetricPolicy {
        match metric {
            Metric::Bounce => &self.bounce,
            Metric::Complaint => &self.complaint,
        }
    }

    /// The pause line as it is drawn: for complaints at the covered share of the rate, on trial with the trial's slack.
    /// [`Policy::scaled`] is the last touch.
    pub fn effective_line(&self, metric: Metric, trial: bool) -> Line {
        let lines = self.metric(metric);
        let slack = if trial { lines.trial_slack } else { lines.pause.slack };
        self.covered(metric, Line { slack, ..lines.pause })
    }

    /// The warn line as it is drawn. A trial leaves it alone.
    pub fn effective_warn_line(&self, metric: Metric) -> Line {
        self.covered(metric, self.metric(metric).warn)
    }

    /// With `scale_slack`: at least √(rate · mails in the window), about the standard deviation of the failures of a set
    /// that sends exactly at the rate. Not for the line of a trial, which is short and meant to be strict.
    #[must_use]
    pub fn scaled(&self, line: Line, sends_in_window: u64) -> Line {
        let expected = u128::from(sends_in_window) * u128::from(line.rate_ppm.get()) / u128::from(MICRO);
        let root = u32::try_from(expected.isqrt()).unwrap_or(u32::MAX);
        if self.scale_slack { Line { slack: line.slack.max(root), ..line } } else { line }
    }

    /// Complaints reach us from part of the recipients only, so only that part of the rate is allowed.
    fn covered(&self, metric: Metric, line: Line) -> Line {
        match metric {
            Metric::Bounce => line,
            Metric::Complaint => Line { rate_ppm: self.complaint_coverage_ppm.of(line.rate_ppm), ..line },
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        const WEEK_BUCKETS: u32 = 7 * 96;
        const { assert!(WEEK_BUCKETS as i64 * BUCKET_SECONDS == 7 * 86_400) };
        let line = |ppm, slack| Line { rate_ppm: Ppm(ppm), slack };
        Self {
            bounce: MetricPolicy { pause: line(50_000, 10), warn: line(30_000, 10), trial_slack: 5 },
            complaint: MetricPolicy { pause: line(1_000, 5), warn: line(500, 5), trial_slack: 3 },
            window_buckets: WEEK_BUCKETS,
            complaint_coverage_ppm: Ppm::ALL,
            trial_sends: 10_000,
            trial_buckets: WEEK_BUCKETS,
            scale_slack: false,
            trust_alarm: false,
            pause_through: PauseThrough::ConfigurationSet,
        }
    }
}

// `remote = "Self"` leaves the derived code as inherent functions, so that reading can end with a check.
impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let policy = Self::deserialize(deserializer)?;
        policy.validate().map_err(de::Error::custom)?;
        Ok(policy)
    }
}

impl Serialize for Policy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_read_back_from_its_json() {
        let json = serde_json::to_string(&Policy::default()).unwrap();
        insta::assert_snapshot!(json, @r#"{"bounce":{"pause":{"ratePpm":50000,"slack":10},"warn":{"ratePpm":30000,"slack":10},"trialSlack":5},"complaint":{"pause":{"ratePpm":1000,"slack":5},"warn":{"ratePpm":500,"slack":5},"trialSlack":3},"windowBuckets":672,"complaintCoveragePpm":1000000,"trialSends":10000,"trialBuckets":672,"scaleSlack":false,"trustAlarm":false,"pauseThrough":"configurationSet"}"#);
        assert_eq!(serde_json::from_str::<Policy>(&json).unwrap(), Policy::default());
    }

    #[test]
    fn json_with_a_wrong_number_or_an_unknown_field_is_refused() {
        let json = serde_json::to_string(&Policy::default()).unwrap();
        for (what, from, to, message) in [
            ("misspelt", "scaleSlack", "scaleSlak", "unknown field"),
            ("misspelt deep down", "trialSlack", "trailSlack", "unknown field"),
            ("coverage above 100 %", "CoveragePpm\":1000000", "CoveragePpm\":1000001", "more than 100 %"),
            ("negative slack", "\"slack\":10", "\"slack\":-1", "invalid value"),
            ("no slack", "\"slack\":5", "\"slack\":0", "complaint: every slack must be at least 1"),
            ("everything allowed", "50000", "1000000", "bounce: the pause rate must be below 10 %"),
        ] {
            let error = serde_json::from_str::<Policy>(&json.replace(from, to)).unwrap_err().to_string();
            assert!(error.contains(message), "{what}: {error}");
        }
    }

    #[test]
    fn a_share_is_written_with_as_many_decimals_as_it_takes() {
        for (ppm, text) in
            [(0, "0 %"), (1, "0.0001 %"), (500, "0.05 %"), (1_000, "0.1 %"), (50_000, "5 %"), (1_000_000, "100 %")]
        {
            assert_eq!(Ppm::try_from(ppm).unwrap().to_string(), text);
        }
        assert_eq!(Ppm::try_from(1_000_001), Err(MoreThanAll(1_000_001)));
    }
}
