use super::*;
use crate::policy::{Line, Ppm};
use crate::tally::{Interval, PerKind};

fn now() -> Timestamp {
    "2026-11-20T12:07:30Z".parse().unwrap()
}

/// So many buckets ago: sends of which some are suspect and no id is recorded, and bounces of which each is.
fn tally(ago: i64, sends: u64, suspect: u64, bounces: u64) -> BucketTally {
    let exact = Interval { receipts: bounces, recorded: bounces, suspect: 0, ids: bounces };
    let counts = PerKind {
        sends: Interval { receipts: sends, recorded: 0, suspect, ids: 0 },
        bounces: exact,
        ..PerKind::default()
    };
    BucketTally { counts, ..BucketTally::nothing(Bucket::of(now()).plus(-ago)) }
}

fn found(tallies: &[BucketTally]) -> Assessment {
    assess(&Policy::default(), tallies, None, now())
}

#[test]
fn suspect_sends_are_left_out_while_they_are_few_and_that_is_worse() {
    // 10 + 5 % of 1,000 are 60, of the 900 that are certain 55; warned at 40, or at 37.
    for (suspect, bounces, verdict, mails, degraded) in [
        (0, 59, Verdict::Warn, 1_000, false),
        (100, 54, Verdict::Warn, 1_000, false),
        (100, 55, Verdict::Pause, 900, false),
        (100, 59, Verdict::Pause, 900, false),
        (100, 60, Verdict::Pause, 1_000, false),
        // More than one in ten: all of them count, and people are told.
        (101, 59, Verdict::Warn, 1_000, true),
        (101, 60, Verdict::Pause, 1_000, true),
    ] {
        let found = found(&[tally(1, 1_000, suspect, bounces)]);
        let numbers = (found.judgement.verdict, found.judgement.bounce.sends(), found.degraded.is_some());
        assert_eq!(numbers, (verdict, mails, degraded), "{bounces} bounces, {suspect} suspect");
    }
}

#[test]
fn a_set_is_near_from_half_of_its_line_on() {
    // 10 + 5 % of 120 are 16.
    for (bounces, near) in [(0, false), (7, false), (8, true), (9, true), (16, true)] {
        assert_eq!(found(&[tally(1, 120, 0, bounces)]).near, near, "{bounces} of 120");
    }
}

#[test]
fn who_is_at_a_line_is_near_it_however_early_the_policy_warns() {
    let mut policy = Policy::default();
    // 5 + 1 % of 120 are 7, where the pause line is at 16.
    policy.bounce.warn = Line { rate_ppm: Ppm::try_from(10_000).unwrap(), slack: 5 };
    for (bounces, near) in [(6, false), (7, true)] {
        let found = assess(&policy, &[tally(1, 120, 0, bounces)], None, now());
        assert_eq!(found.near, near, "{bounces} of 120");
    }
}

#[test]
fn the_way_through_the_window_begins_at_the_fence() {
    let tallies = [tally(2, 100, 0, 50), tally(1, 100, 0, 3)];
    for (fence, buckets) in [(None, 2), (Some(-2), 2), (Some(-1), 1), (Some(0), 0)] {
        let fresh = fence.map(|ago| Bucket::of(now()).plus(ago));
        let [bounces, complaints] = courses(&Policy::default(), &tallies, fresh, now());
        assert_eq!((bounces.steps.len(), complaints.steps.len()), (buckets, buckets), "{fence:?}");
    }
}

#[test]
fn urgent_is_who_fails_now() {
    let mut complained = tally(0, 100, 0, 20);
    complained.counts.complaints = Interval { receipts: 7, recorded: 7, suspect: 0, ids: 7 };
    // The running bucket and the one before it are 1,350 seconds old.
    for (tallies, priority) in [
        (vec![], 0),
        (vec![tally(2, 1_000, 0, 500)], 0),
        (vec![tally(2, 1_000, 0, 500), tally(1, 100, 0, 20), tally(0, 100, 0, 7)], 20),
        (vec![complained], 20),
    ] {
        assert_eq!(found(&tallies).priority, priority, "{tallies:?}");
    }
}

#[test]
fn mail_of_before_the_fence_or_the_window_is_not_looked_at() {
    let policy = Policy { window_buckets: 4, ..Policy::default() };
    let present = Bucket::of(now());
    for (fresh, start) in [(None, -3), (Some(-5), -3), (Some(-2), -2), (Some(1), 1)] {
        let fresh = fresh.map(|ago| present.plus(ago));
        assert_eq!(window_start(&policy, now(), fresh), present.plus(start), "{fresh:?}");
    }
    let tallies = [tally(2, 100, 0, 50), tally(1, 100, 0, 3)];
    for (fence, bounces) in [(-3, 53), (-2, 53), (-1, 3), (0, 0)] {
        let found = assess(&policy, &tallies, Some(present.plus(fence)), now());
        assert_eq!(found.totals.bounces, bounces, "{fence}");
    }
}
