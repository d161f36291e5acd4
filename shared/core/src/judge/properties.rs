//! What holds for all counts.

use proptest::collection::vec;
use proptest::prelude::*;

use super::stretch::worst_stretch;
use super::*;
use crate::policy::Ppm;

const NOW: i64 = 1_000;

fn bucket(number: i64) -> Bucket {
    Bucket::starting_at(number * BUCKET_SECONDS).unwrap()
}

/// Counts as they occur, close to the lines, with the odd fault; in any order, with repeated buckets, some of them in
/// the future or before the window.
fn counts() -> impl Strategy<Value = Vec<BucketCount>> {
    let near = (NOW - 12..NOW + 2, 0..300_u64, 0..30_u64, 0..4_u64);
    let far = (NOW - 800..NOW + 2, 0..20_000_u64, 0..1_200_u64, 0..30_u64);
    vec(prop_oneof![3 => near, 1 => far], 1..14).prop_map(|counts| {
        let count = |(at, sends, bounces, complaints)| BucketCount { bucket: bucket(at), sends, bounces, complaints };
        counts.into_iter().map(count).collect()
    })
}

/// Valid ones only: if a trial were laxer than ordinary times, the mail that ends it would harden the verdict.
fn policy() -> impl Strategy<Value = Policy> {
    (1..20_u32, 1..10_u32, any::<bool>(), 1..=1_000_000_u32, 1..700_u32).prop_map(
        |(bounce, complaint, scale_slack, coverage, window_buckets)| {
            let complaint_coverage_ppm = Ppm::try_from(coverage).unwrap();
            let mut policy = Policy { scale_slack, complaint_coverage_ppm, window_buckets, ..Policy::default() };
            (policy.bounce.pause.slack, policy.bounce.warn.slack) = (bounce, bounce.div_ceil(2));
            (policy.complaint.pause.slack, policy.complaint.warn.slack) = (complaint, complaint.div_ceil(2));
            policy.bounce.trial_slack = policy.bounce.trial_slack.min(bounce);
            policy.complaint.trial_slack = policy.complaint.trial_slack.min(complaint);
            assert_eq!(policy.validate(), Ok(()));
            policy
        },
    )
}

fn fresh() -> impl Strategy<Value = Option<Bucket>> {
    proptest::option::of((NOW - 20..NOW + 2).prop_map(bucket))
}

fn verdicts(found: &Judgement) -> [Verdict; 2] {
    [found.bounce.verdict, found.complaint.verdict]
}

/// Whether no metric's verdict got milder, those that can't be judged left out.
fn never_milder(before: &Judgement, after: &Judgement) -> bool {
    verdicts(before)
        .iter()
        .zip(verdicts(after))
        .all(|(before, after)| *before == Verdict::DataFault || after == Verdict::DataFault || after >= *before)
}

proptest! {
    /// But more failures than mails may turn any verdict into a fault.
    #[test]
    fn more_failures_never_soften_a_verdict(
        policy in policy(), counts in counts(), fresh in fresh(), at in any::<prop::sample::Index>(),
        bounces in 0..50_u64, complaints in 0..20_u64,
    ) {
        let before = judge(&policy, &counts, bucket(NOW), fresh);
        let mut more = counts.clone();
        let count = at.get_mut(&mut more);
        (count.bounces, count.complaints) = (count.bounces + bounces, count.complaints + complaints);
        prop_assert!(never_milder(&before, &judge(&policy, &more, bucket(NOW), fresh)));
    }

    /// But mails may turn a fault into any verdict, and uncover one elsewhere.
    #[test]
    fn more_mails_never_harden_a_verdict(
        policy in policy(), counts in counts(), fresh in fresh(), at in any::<prop::sample::Index>(), sends in 0..20_000_u64,
    ) {
        let before = judge(&policy, &counts, bucket(NOW), fresh);
        let mut more = counts.clone();
        at.get_mut(&mut more).sends += sends;
        prop_assert!(never_milder(&judge(&policy, &more, bucket(NOW), fresh), &before));
    }

    #[test]
    fn the_order_of_the_counts_does_not_matter(
        policy in policy(), fresh in fresh(),
        (counts, shuffled) in counts().prop_flat_map(|counts| (Just(counts.clone()), Just(counts).prop_shuffle())),
    ) {
        let [one, other] = [counts, shuffled].map(|counts| judge(&policy, &counts, bucket(NOW), fresh));
        prop_assert_eq!(one, other);
    }

    #[test]
    fn a_bucket_may_come_in_pieces(
        policy in policy(), counts in counts(), fresh in fresh(), at in any::<prop::sample::Index>(), part in 0..=100_u64,
    ) {
        let mut pieces = counts.clone();
        let whole = *at.get(&counts);
        let share = |number: u64| number * part / 100;
        let piece = BucketCount {
            sends: share(whole.sends),
            bounces: share(whole.bounces),
            complaints: share(whole.complaints),
            ..whole
        };
        *at.get_mut(&mut pieces) = BucketCount {
            sends: whole.sends - piece.sends,
            bounces: whole.bounces - piece.bounces,
            complaints: whole.complaints - piece.complaints,
            ..whole
        };
        pieces.push(piece);
        prop_assert_eq!(judge(&policy, &pieces, bucket(NOW), fresh), judge(&policy, &counts, bucket(NOW), fresh));
    }

    #[test]
    fn a_handful_of_failures_never_pauses_anybody(
        sends in vec(0..30_u64, 1..12), bounces in vec(0..12_usize, 0..=10), complaints in vec(0..12_usize, 0..=5),
        fresh in fresh(),
    ) {
        let allowed = |failures: &[usize], ordinarily, on_trial| {
            failures.len().min(if fresh.is_some() { on_trial } else { ordinarily })
        };
        let (bounced, complained) = (allowed(&bounces, 10, 5), allowed(&complaints, 5, 3));
        let mut counts: Vec<BucketCount> = (NOW - 11..)
            .zip(&sends)
            .map(|(at, &sends)| BucketCount { bucket: bucket(at), sends, bounces: 0, complaints: 0 })
            .collect();
        let last = counts.len() - 1;
        bounces[..bounced].iter().for_each(|&at| counts[at.min(last)].bounces += 1);
        complaints[..complained].iter().for_each(|&at| counts[at.min(last)].complaints += 1);
        prop_assert!(judge(&Policy::default(), &counts, bucket(NOW), fresh).verdict < Verdict::Pause);
    }

    #[test]
    fn the_worst_stretch_is_the_worst_of_all_stretches(
        counts in vec((0..30_u64, 0..6_u64), 0..14), rate in prop::sample::select(vec![0, 50_000, 100_000, 500_000]),
    ) {
        let counts: Vec<BucketCount> = (NOW..)
            .zip(&counts)
            .map(|(at, &(sends, bounces))| BucketCount { bucket: bucket(at), sends, bounces, complaints: 0 })
            .collect();
        let found = worst_stretch(&counts, Metric::Bounce, Ppm::try_from(rate).unwrap());
        prop_assert_eq!(found, worst_of_all(&counts, rate));
    }

    #[test]
    fn no_number_is_too_large(
        policy in policy(), now in any::<i64>(), fresh in any::<Option<i64>>(),
        counts in vec((any::<i64>(), any::<u64>(), any::<u64>(), any::<u64>()), 0..8),
    ) {
        let bucket = |second: i64| Bucket::starting_at(second - second % BUCKET_SECONDS).unwrap();
        let counts: Vec<BucketCount> = counts
            .into_iter()
            .map(|(at, sends, bounces, complaints)| BucketCount { bucket: bucket(at), sends, bounces, complaints })
            .collect();
        let found = judge(&policy, &counts, bucket(now), fresh.map(bucket));
        prop_assert!(found.because.is_none() == (found.verdict == Verdict::Ok));
        prop_assert!(found.bounce.limit() >= 1 && found.complaint.limit() >= 1);
    }
}

/// By trying every stretch: the earliest, then the shortest, of the worst.
fn worst_of_all(counts: &[BucketCount], rate: u32) -> Option<(Stretch, u64)> {
    let mut worst = None;
    for last in 0..counts.len() {
        for first in (0..=last).rev() {
            let stretch = &counts[first..=last];
            let sends: u64 = stretch.iter().map(|count| count.sends).sum();
            let events: u64 = stretch.iter().map(|count| count.bounces).sum();
            let excess = (events * 1_000_000).saturating_sub(sends * u64::from(rate));
            if excess > worst.map_or(0, |(_, excess)| excess) {
                let (from, to) = (counts[first].bucket, counts[last].bucket);
                worst = Some((Stretch { from, to, sends, events }, excess));
            }
        }
    }
    worst
}
