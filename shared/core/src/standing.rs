//! One set's tally as numbers that can be judged: which end of each interval counts, and whether the counts can be
//! trusted at all.

#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::Timestamp;

use crate::judge::{BucketCount, Course, Finding, Judgement, Metric, Verdict, course, judge, recheck_after, used_ppm};
use crate::policy::Policy;
use crate::state::Totals;
use crate::tally::BucketTally;
use crate::time::{Bucket, seconds_between};

/// Above this share of suspect sends (1 in 10) the counts are too uncertain to leave the suspects out.
const TRUSTED_SUSPECTS: u64 = 10;

/// What a set's tally comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    /// The verdict and its numbers.
    pub judgement: Judgement,
    /// The window's totals.
    pub totals: Totals,
    /// The sends' counter lags behind the failures': look again after this long before pausing.
    pub recheck_after: Option<Duration>,
    /// Why the counts can't be trusted, if so.
    pub degraded: Option<String>,
    /// Whether either metric is half-way to its pause line, or beyond.
    pub near: bool,
    /// How much of what the pause line allows the worst stretch used up, in millionths; the larger of the two metrics'.
    pub used_ppm: u64,
    /// Failed mails per 1,000 seconds, lately: how urgent a pause is.
    pub priority: u64,
}

/// The oldest bucket that counts: the window's edge or the fence after a resume.
pub fn window_start(policy: &Policy, now: Timestamp, fresh: Option<Bucket>) -> Bucket {
    let edge = Bucket::of(now).plus(1 - i64::from(policy.window_buckets));
    fresh.map_or(edge, |fresh| fresh.max(edge))
}

/// Judges a tally. Failures count at their lower bound and sends at their upper bound; a set that is over only when
/// the suspect sends are left out is over too, while the suspects are few.
pub fn assess(policy: &Policy, tallies: &[BucketTally], fresh: Option<Bucket>, now: Timestamp) -> Assessment {
    let present = Bucket::of(now);
    let tallies: Vec<&BucketTally> =
        tallies.iter().filter(|one| fresh.is_none_or(|fresh| one.bucket >= fresh)).collect();
    let all: Vec<BucketCount> = tallies.iter().map(|one| count(one, one.counts.sends.upper())).collect();
    let receipts: u64 = tallies.iter().map(|one| one.counts.sends.receipts).sum();
    let suspect: u64 = tallies.iter().map(|one| one.counts.sends.suspect).sum();
    let trusted = suspect.saturating_mul(TRUSTED_SUSPECTS) <= receipts;

    let mut judgement = judge(policy, &all, present, fresh);
    let mut used = used_ppm(policy, &all, present, fresh);
    if suspect > 0 && trusted {
        let certain: Vec<BucketCount> = tallies.iter().map(|one| count(one, one.counts.sends.lower())).collect();
        let without_suspects = judge(policy, &certain, present, fresh);
        if without_suspects.verdict > judgement.verdict {
            judgement = without_suspects;
            used = used_ppm(policy, &certain, present, fresh);
        }
    }

    let degraded = if judgement.verdict == Verdict::DataFault {
        Some("More failures than sends were counted; check that the set's event destination publishes SEND.".to_owned())
    } else if !trusted {
        Some(format!("{suspect} of the {receipts} sends counted may be counted twice; judged with all of them."))
    } else {
        None
    };
    let newest_failure = tallies.iter().filter_map(|one| one.newest_failure).max();
    let newest_send = tallies.iter().filter_map(|one| one.newest_send).max();
    Assessment {
        near: is_near(&judgement.bounce) || is_near(&judgement.complaint),
        used_ppm: used,
        judgement,
        totals: totals(&tallies, &all),
        recheck_after: newest_failure.zip(newest_send).and_then(|(failure, send)| recheck_after(failure, send)),
        degraded,
        priority: priority(&all, now),
    }
}

/// The way of both metrics through the window, with sends at their upper bound.
pub fn courses(policy: &Policy, tallies: &[BucketTally], fresh: Option<Bucket>, now: Timestamp) -> [Course; 2] {
    let after_fence = tallies.iter().filter(|one| fresh.is_none_or(|fresh| one.bucket >= fresh));
    let counts: Vec<BucketCount> = after_fence.map(|one| count(one, one.counts.sends.upper())).collect();
    [Metric::Bounce, Metric::Complaint].map(|metric| course(policy, &counts, Bucket::of(now), fresh, metric))
}

fn is_near(finding: &Finding) -> bool {
    finding.events().saturating_mul(2) >= finding.limit()
}

/// One bucket as numbers, with its sends at the end of their interval that is given.
pub(crate) fn count(tally: &BucketTally, sends: u64) -> BucketCount {
    BucketCount {
        bucket: tally.bucket,
        sends: sends.saturating_sub(tally.counts.prevented.lower()),
        bounces: tally.counts.bounces.lower(),
        complaints: tally.counts.complaints.lower(),
    }
}

fn totals(tallies: &[&BucketTally], counts: &[BucketCount]) -> Totals {
    Totals {
        sends: counts.iter().map(|one| one.sends).sum(),
        bounces: counts.iter().map(|one| one.bounces).sum(),
        complaints: counts.iter().map(|one| one.complaints).sum(),
        prevented: tallies.iter().map(|one| one.counts.prevented.lower()).sum(),
    }
}

/// Over the running bucket and the one before it.
fn priority(counts: &[BucketCount], now: Timestamp) -> u64 {
    let since = Bucket::of(now).plus(-1);
    let failed: u64 = counts.iter().filter(|one| one.bucket >= since).map(|one| one.bounces + one.complaints).sum();
    let seconds = u64::try_from(seconds_between(since.start(), now)).unwrap_or(1).max(1);
    failed.saturating_mul(1_000) / seconds
}
