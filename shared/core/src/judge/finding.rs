//! One metric held against its two lines.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::stretch::worst_stretch;
use super::{BucketCount, Stretch};
use crate::policy::{Line, Policy};

const MICRO: u64 = 1_000_000;

/// What is held against the mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Metric {
    /// Hard bounces.
    Bounce,
    /// Complaints.
    Complaint,
}

impl Metric {
    /// Its events in a bucket.
    pub fn events(self, count: &BucketCount) -> u64 {
        match self {
            Self::Bounce => count.bounces,
            Self::Complaint => count.complaints,
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bounce => "bounce",
            Self::Complaint => "complaint",
        })
    }
}

/// What the counts say, mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Below both lines.
    Ok,
    /// At the warn line, below the pause line.
    Warn,
    /// At a line, but with more failures than mails: the counts are wrong, and prove nothing.
    DataFault,
    /// At the pause line.
    Pause,
}

/// One metric's verdict with its numbers: those of the warn line for a warning, else those of the pause line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What was counted.
    pub metric: Metric,
    /// What the counts say.
    pub verdict: Verdict,
    /// The line as it was drawn for this set: coverage, trial and volume included.
    pub line: Line,
    /// The worst stretch's failures in excess of the line's rate, in millionths of a failure. At `slack` or more the
    /// stretch is at the line. 0 without a stretch.
    pub excess_micro: u64,
    /// The worst stretch; `None` when no stretch exceeds the line's rate.
    pub stretch: Option<Stretch>,
    /// The failures at which that many mails reach the line, in millionths of a failure.
    pub allowed_micro: u64,
}

impl Finding {
    /// The smallest number of failures that reaches the line.
    pub fn limit(&self) -> u64 {
        self.allowed_micro.div_ceil(MICRO)
    }

    /// Mails in the worst stretch; 0 without one.
    pub fn sends(&self) -> u64 {
        self.stretch.map_or(0, |stretch| stretch.sends)
    }

    /// Failures in the worst stretch; 0 without one.
    pub fn events(&self) -> u64 {
        self.stretch.map_or(0, |stretch| stretch.events)
    }
}

/// Holds a window against the pause line, and against the warn line when it stays below.
pub(super) fn find(policy: &Policy, metric: Metric, trial: bool, window: &[BucketCount]) -> Finding {
    let lines = policy.metric(metric);
    let pause = if trial {
        Line { slack: lines.trial_slack, ..covered(policy, metric, lines.pause) }
    } else {
        scaled(policy, covered(policy, metric, lines.pause), window)
    };
    let finding = held_against(pause, Verdict::Pause, metric, window);
    if finding.verdict > Verdict::Ok {
        return finding;
    }
    let warn = scaled(policy, covered(policy, metric, lines.warn), window);
    let warning = held_against(warn, Verdict::Warn, metric, window);
    if warning.verdict > Verdict::Ok { warning } else { finding }
}

/// Complaints reach us from part of the recipients only, so only that part of the rate is allowed.
fn covered(policy: &Policy, metric: Metric, line: Line) -> Line {
    match metric {
        Metric::Bounce => line,
        Metric::Complaint => Line { rate_ppm: policy.complaint_coverage_ppm.of(line.rate_ppm), ..line },
    }
}

/// With `scale_slack`: at least √(rate · mails in the window), which is about the standard deviation of the failures of
/// a set that sends exactly at the rate. A trial's slack is not scaled: a trial is short and meant to be strict.
fn scaled(policy: &Policy, line: Line, window: &[BucketCount]) -> Line {
    if !policy.scale_slack {
        return line;
    }
    let mails = window.iter().fold(0, |sum: u64, count| sum.saturating_add(count.sends));
    let expected = u128::from(mails) * u128::from(line.rate_ppm.get()) / u128::from(MICRO);
    let root = u32::try_from(expected.isqrt()).unwrap_or(u32::MAX);
    Line { slack: line.slack.max(root), ..line }
}

fn held_against(line: Line, at_line: Verdict, metric: Metric, window: &[BucketCount]) -> Finding {
    let worst = worst_stretch(window, metric, line.rate_ppm);
    let excess_micro = worst.map_or(0, |worst| u64::try_from(worst.micro).unwrap_or(u64::MAX));
    let stretch = worst.map(|worst| worst.stretch);
    let verdict = match stretch {
        Some(stretch) if excess_micro >= slack_micro(line) => {
            if stretch.events > stretch.sends {
                Verdict::DataFault
            } else {
                at_line
            }
        }
        Some(_) | None => Verdict::Ok,
    };
    let allowed_micro = allowed_micro(line, stretch.map_or(0, |stretch| stretch.sends));
    Finding { metric, verdict, line, excess_micro, stretch, allowed_micro }
}

fn slack_micro(line: Line) -> u64 {
    u64::from(line.slack) * MICRO
}

fn allowed_micro(line: Line, sends: u64) -> u64 {
    slack_micro(line).saturating_add(sends.saturating_mul(u64::from(line.rate_ppm.get())))
}
