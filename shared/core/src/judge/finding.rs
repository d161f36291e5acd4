//! One metric held against its two lines.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::stretch::worst_stretch;
use super::{BucketCount, Stretch};
use crate::policy::{Line, Policy};

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
        self.line.at(self.sends())
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

/// Holds a window and its sends against the pause line, and against the warn line when it stays below.
pub(super) fn find(policy: &Policy, metric: Metric, trial: bool, window: &[BucketCount], sends: u64) -> Finding {
    let finding = held_against(pause_line(policy, metric, trial, sends), Verdict::Pause, metric, window);
    if finding.verdict > Verdict::Ok {
        return finding;
    }
    let warn = policy.scaled(policy.effective_warn_line(metric), sends);
    let warning = held_against(warn, Verdict::Warn, metric, window);
    if warning.verdict > Verdict::Ok { warning } else { finding }
}

/// The pause line for a window with so many sends.
pub(super) fn pause_line(policy: &Policy, metric: Metric, trial: bool, sends: u64) -> Line {
    let pause = policy.effective_line(metric, trial);
    if trial { pause } else { policy.scaled(pause, sends) }
}

fn held_against(line: Line, at_line: Verdict, metric: Metric, window: &[BucketCount]) -> Finding {
    let (stretch, excess_micro) = worst_stretch(window, metric, line.rate_ppm).unzip();
    let excess_micro = excess_micro.unwrap_or(0);
    let verdict = match stretch {
        Some(stretch) if excess_micro >= line.allowed_micro(0) => {
            if stretch.events > stretch.sends {
                Verdict::DataFault
            } else {
                at_line
            }
        }
        Some(_) | None => Verdict::Ok,
    };
    let allowed_micro = line.allowed_micro(stretch.map_or(0, |stretch| stretch.sends));
    Finding { metric, verdict, line, excess_micro, stretch, allowed_micro }
}
