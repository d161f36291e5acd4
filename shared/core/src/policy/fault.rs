//! What makes a policy unfit for use: numbers with which the guard would be blind or wild.

use std::fmt;

use super::{MetricPolicy, Policy, Ppm};
use crate::event::MAX_AGE_SECONDS;
use crate::judge::Metric;
use crate::time::BUCKET_SECONDS;

/// 14 days. The ledger keeps counts for [`MAX_AGE_SECONDS`], 15 days; a day less leaves room for late events.
pub const LONGEST_WINDOW_BUCKETS: u32 = 14 * 96;
const _: () = assert!(LONGEST_WINDOW_BUCKETS as i64 * BUCKET_SECONDS == MAX_AGE_SECONDS - 86_400);

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
    /// Every set would be over that only sends for long enough.
    #[error("{0}: every rate must be above 0 %")]
    NoRate(Metric),
    /// Nothing would ever be judged.
    #[error("the window must be at least 1 bucket")]
    NoWindow,
    /// The ledger would have forgotten its beginning.
    #[error("the window must be at most {LONGEST_WINDOW_BUCKETS} buckets, which is 14 days: counts are kept for 15")]
    LongWindow,
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
    /// Names everything that would make the guard useless or wild.
    pub fn validate(&self) -> Result<(), PolicyError> {
        let mut faults = Vec::new();
        for metric in [Metric::Bounce, Metric::Complaint] {
            self.metric(metric).find_faults(metric, &mut faults);
        }
        if self.window_buckets == 0 {
            faults.push(PolicyFault::NoWindow);
        }
        if self.window_buckets > LONGEST_WINDOW_BUCKETS {
            faults.push(PolicyFault::LongWindow);
        }
        if self.complaint_coverage_ppm == Ppm::NONE {
            faults.push(PolicyFault::NoCoverage);
        }
        if faults.is_empty() { Ok(()) } else { Err(PolicyError { faults }) }
    }
}

impl MetricPolicy {
    fn has_no_rate(&self) -> bool {
        [self.pause.rate_ppm, self.warn.rate_ppm].contains(&Ppm::NONE)
    }

    fn find_faults(&self, metric: Metric, faults: &mut Vec<PolicyFault>) {
        if [self.pause.slack, self.warn.slack, self.trial_slack].contains(&0) {
            faults.push(PolicyFault::NoSlack(metric));
        }
        if self.has_no_rate() {
            faults.push(PolicyFault::NoRate(metric));
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

/// From this rate on AWS reviews the account (SES guide, "Sending review process FAQs").
pub fn aws_review_line(metric: Metric) -> Ppm {
    match metric {
        Metric::Bounce => Ppm(50_000),
        Metric::Complaint => Ppm(1_000),
    }
}

/// From this rate on AWS may pause the account (same).
pub fn aws_pause_line(metric: Metric) -> Ppm {
    match metric {
        Metric::Bounce => Ppm(100_000),
        Metric::Complaint => Ppm(5_000),
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
        use PolicyFault::{
            AtAwsPauseLine, LaxTrial, LongWindow, NoCoverage, NoRate, NoSlack, NoWindow, WarnAbovePause,
        };
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
            ("14 days", changed(|p| p.window_buckets = 1_344), vec![]),
            ("a bucket more", changed(|p| p.window_buckets = 1_345), vec![LongWindow]),
            ("coverage 1 ppm", changed(|p| p.complaint_coverage_ppm = Ppm(1)), vec![]),
            ("coverage 0", changed(|p| p.complaint_coverage_ppm = Ppm::NONE), vec![NoCoverage]),
            ("a rate of 1 ppm", changed(|p| p.bounce.warn.rate_ppm = Ppm(1)), vec![]),
            ("no rate", changed(|p| p.complaint.warn.rate_ppm = Ppm::NONE), vec![NoRate(Complaint)]),
        ] {
            let found = policy.validate().err().map_or(vec![], |error| error.faults);
            assert_eq!(found, faults, "{what}");
        }
    }
}
