//! The numbers a configuration set is judged by. The defaults are those of the simulation study in the policy page:
//! pause at 10 hard bounces plus 5 % of the mails, or at 5 complaints plus 0.1 % of the mails.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::judge::Metric;
use crate::time::BUCKET_SECONDS;

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
}

/// What is wrong with one number of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PolicyFault {
    /// A line without slack pauses on the first failure.
    #[error("{0}: every slack must be at least 1")]
    NoSlack(Metric),
    /// The warning would come after the pause, or never.
    #[error("{0}: the warn line must not lie above the pause line")]
    WarnAbovePause(Metric),
    /// The trial would be laxer than ordinary times.
    #[error("{0}: the trial's slack must not be larger than the pause line's")]
    LaxTrial(Metric),
    /// AWS pauses the whole account at this rate; a set must be paused before.
    #[error("{metric}: the pause rate must be below {line}, where AWS pauses the account")]
    AtAwsPauseLine {
        /// The metric.
        metric: Metric,
        /// AWS's line.
        line: Ppm,
    },
    /// Nothing would ever be judged.
    #[error("the window must be at least 1 bucket")]
    NoWindow,
    /// No complaint would be allowed beyond the slack, at any volume.
    #[error("the complaint coverage must be above 0 ppm")]
    NoCoverage,
}

/// A policy that must not be used, with everything that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError {
    /// What is wrong; never empty.
    pub faults: Vec<PolicyFault>,
}

impl std::error::Error for PolicyError {}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults: Vec<String> = self.faults.iter().map(ToString::to_string).collect();
        write!(f, "the policy cannot be used: {}", faults.join("; "))
    }
}

impl Policy {
    /// The lines of one metric.
    pub fn metric(&self, metric: Metric) -> &MetricPolicy {
        match metric {
            Metric::Bounce => &self.bounce,
            Metric::Complaint => &self.complaint,
        }
    }

    /// Names everything that would make the guard useless or wild.
    pub fn validate(&self) -> Result<(), PolicyError> {
        let mut faults = Vec::new();
        for metric in [Metric::Bounce, Metric::Complaint] {
            self.metric(metric).find_faults(metric, &mut faults);
        }
        if self.window_buckets == 0 {
            faults.push(PolicyFault::NoWindow);
        }
        if self.complaint_coverage_ppm == Ppm::NONE {
            faults.push(PolicyFault::NoCoverage);
        }
        if faults.is_empty() { Ok(()) } else { Err(PolicyError { faults }) }
    }
}

impl MetricPolicy {
    fn find_faults(&self, metric: Metric, faults: &mut Vec<PolicyFault>) {
        if [self.pause.slack, self.warn.slack, self.trial_slack].contains(&0) {
            faults.push(PolicyFault::NoSlack(metric));
        }
        if self.warn.rate_ppm > self.pause.rate_ppm || self.warn.slack > self.pause.slack {
            faults.push(PolicyFault::WarnAbovePause(metric));
        }
        if self.trial_slack > self.pause.slack {
            faults.push(PolicyFault::LaxTrial(metric));
        }
        let line = aws_pause_line(metric);
        if self.pause.rate_ppm >= line {
            faults.push(PolicyFault::AtAwsPauseLine { metric, line });
        }
    }
}

/// Where AWS may pause the account (SES guide, "Sending review process FAQs").
fn aws_pause_line(metric: Metric) -> Ppm {
    match metric {
        Metric::Bounce => Ppm(100_000),
        Metric::Complaint => Ppm(5_000),
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

    fn changed(change: impl Fn(&mut Policy)) -> Policy {
        let mut policy = Policy::default();
        change(&mut policy);
        policy
    }

    #[test]
    fn each_number_is_refused_from_its_boundary_on() {
        use Metric::{Bounce, Complaint};
        use PolicyFault::{AtAwsPauseLine, LaxTrial, NoCoverage, NoSlack, NoWindow, WarnAbovePause};
        let aws_bounce = AtAwsPauseLine { metric: Bounce, line: Ppm(100_000) };
        let aws_complaint = AtAwsPauseLine { metric: Complaint, line: Ppm(5_000) };
        for (what, policy, faults) in [
            ("the default", changed(|_| {}), vec![]),
            ("bounces just below AWS's line", changed(|p| p.bounce.pause.rate_ppm = Ppm(99_999)), vec![]),
            ("bounces at AWS's line", changed(|p| p.bounce.pause.rate_ppm = Ppm(100_000)), vec![aws_bounce]),
            ("bounces above AWS's line", changed(|p| p.bounce.pause.rate_ppm = Ppm(100_001)), vec![aws_bounce]),
            ("complaints just below AWS's line", changed(|p| p.complaint.pause.rate_ppm = Ppm(4_999)), vec![]),
            ("complaints at AWS's line", changed(|p| p.complaint.pause.rate_ppm = Ppm(5_000)), vec![aws_complaint]),
            ("complaints above AWS's line", changed(|p| p.complaint.pause.rate_ppm = Ppm(5_001)), vec![aws_complaint]),
            ("warn at the pause rate", changed(|p| p.bounce.warn.rate_ppm = Ppm(50_000)), vec![]),
            ("warn above it", changed(|p| p.bounce.warn.rate_ppm = Ppm(50_001)), vec![WarnAbovePause(Bounce)]),
            ("warn slack above pause slack", changed(|p| p.complaint.warn.slack = 6), vec![WarnAbovePause(Complaint)]),
            ("slack 1", changed(|p| p.bounce.warn.slack = 1), vec![]),
            ("slack 0", changed(|p| p.bounce.warn.slack = 0), vec![NoSlack(Bounce)]),
            ("trial slack at the pause slack", changed(|p| p.bounce.trial_slack = 10), vec![]),
            ("trial slack above it", changed(|p| p.bounce.trial_slack = 11), vec![LaxTrial(Bounce)]),
            ("trial slack 0", changed(|p| p.complaint.trial_slack = 0), vec![NoSlack(Complaint)]),
            ("one bucket", changed(|p| p.window_buckets = 1), vec![]),
            ("no bucket", changed(|p| p.window_buckets = 0), vec![NoWindow]),
            ("coverage 1 ppm", changed(|p| p.complaint_coverage_ppm = Ppm(1)), vec![]),
            ("coverage 0", changed(|p| p.complaint_coverage_ppm = Ppm::NONE), vec![NoCoverage]),
        ] {
            let found = policy.validate().err().map_or(vec![], |error| error.faults);
            assert_eq!(found, faults, "{what}");
        }
    }

    #[test]
    fn a_policy_is_read_back_from_its_json() {
        let json = serde_json::to_string(&Policy::default()).unwrap();
        insta::assert_snapshot!(json, @r#"{"bounce":{"pause":{"ratePpm":50000,"slack":10},"warn":{"ratePpm":30000,"slack":10},"trialSlack":5},"complaint":{"pause":{"ratePpm":1000,"slack":5},"warn":{"ratePpm":500,"slack":5},"trialSlack":3},"windowBuckets":672,"complaintCoveragePpm":1000000,"trialSends":10000,"trialBuckets":672,"scaleSlack":false}"#);
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
