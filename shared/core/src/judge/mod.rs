//! Judging: counts of one configuration set in, a verdict with its reasons out.
//!
//! The rule: a set is paused when its failures reach `slack + rate · mails` in the *worst contiguous stretch* of the
//! window. This is Page's CUSUM, so it may be asked after every event without growing less certain. Failures are booked
//! to the bucket in which their mail was sent; the window never reaches back beyond the last resume.

pub mod account;
mod course;
mod finding;
mod recheck;
mod stretch;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::policy::Policy;
use crate::time::{BUCKET_SECONDS, Bucket};

pub use course::{Course, Step, course, used_ppm};
pub use finding::{Finding, Metric, Verdict};
pub use recheck::recheck_after;
pub use stretch::Stretch;

/// What one bucket's mail came to, so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BucketCount {
    /// When the mail was sent.
    pub bucket: Bucket,
    /// Recipients sent to.
    pub sends: u64,
    /// Recipients of them that bounced for good.
    pub bounces: u64,
    /// Complaints about them.
    pub complaints: u64,
}

/// The verdict on one configuration set, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Judgement {
    /// The worse of the two metrics' verdicts.
    pub verdict: Verdict,
    /// The metric it comes from, bounces when both say it; `None` when both are fine.
    pub because: Option<Metric>,
    /// Judged with the trial's slack.
    pub trial: bool,
    /// Hard bounces.
    pub bounce: Finding,
    /// Complaints.
    pub complaint: Finding,
}

impl Judgement {
    /// What was found for one metric.
    pub fn finding(&self, metric: Metric) -> &Finding {
        match metric {
            Metric::Bounce => &self.bounce,
            Metric::Complaint => &self.complaint,
        }
    }
}

/// Judges a set by its counts, in any order. Counts after `now` are those of a fast clock and belong to `now`; counts
/// that lie before the window or before `fresh`, the first bucket after the last resume, are not looked at.
pub fn judge(policy: &Policy, counts: &[BucketCount], now: Bucket, fresh: Option<Bucket>) -> Judgement {
    let trial = fresh.is_some_and(|fresh| on_trial(policy, counts, now, fresh));
    let window = window(policy, counts, now, fresh);
    let sends = window.iter().fold(0, |sum: u64, count| sum.saturating_add(count.sends));
    let [bounce, complaint] =
        [Metric::Bounce, Metric::Complaint].map(|metric| finding::find(policy, metric, trial, &window, sends));
    let worse = if complaint.verdict > bounce.verdict { &complaint } else { &bounce };
    let because = (worse.verdict > Verdict::Ok).then_some(worse.metric);
    Judgement { verdict: worse.verdict, because, trial, bounce, complaint }
}

/// A set is on trial until it has sent enough, or long enough, since its resume.
fn on_trial(policy: &Policy, counts: &[BucketCount], now: Bucket, fresh: Bucket) -> bool {
    let age_seconds = now.start_second().saturating_sub(fresh.start_second());
    let since = counts.iter().filter(|count| count.bucket.min(now) >= fresh);
    let sends = since.fold(0, |sum: u64, count| sum.saturating_add(count.sends));
    age_seconds < i64::from(policy.trial_buckets) * BUCKET_SECONDS && sends < policy.trial_sends
}

/// The counts that are looked at: oldest first, one per bucket. The ledger gives them in this form already.
fn window<'a>(
    policy: &Policy,
    counts: &'a [BucketCount],
    now: Bucket,
    fresh: Option<Bucket>,
) -> Cow<'a, [BucketCount]> {
    let oldest = now.plus(1 - i64::from(policy.window_buckets));
    let oldest = fresh.map_or(oldest, |fresh| fresh.max(oldest));
    let in_order = counts.is_sorted_by(|one, next| one.bucket < next.bucket);
    if in_order && counts.last().is_none_or(|last| last.bucket <= now) {
        let outside = counts.partition_point(|count| count.bucket < oldest);
        return Cow::Borrowed(counts.get(outside..).unwrap_or_default());
    }
    let clamped = counts.iter().map(|count| BucketCount { bucket: count.bucket.min(now), ..*count });
    let mut window: Vec<BucketCount> = clamped.filter(|count| count.bucket >= oldest).collect();
    window.sort_by_key(|count| count.bucket);
    window.dedup_by(|next, kept| next.bucket == kept.bucket && kept.absorb(next));
    Cow::Owned(window)
}

impl BucketCount {
    fn absorb(&mut self, other: &Self) -> bool {
        self.sends = self.sends.saturating_add(other.sends);
        self.bounces = self.bounces.saturating_add(other.bounces);
        self.complaints = self.complaints.saturating_add(other.complaints);
        true
    }
}
