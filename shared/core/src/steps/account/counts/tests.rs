use futures::FutureExt;

use super::*;
use crate::tally::{Addition, BucketTally, Held, Interval, PerKind};

fn now() -> Timestamp {
    "2026-11-20T12:07:00Z".parse().unwrap()
}

#[test]
fn a_span_reaches_back_until_there_is_enough_mail() {
    let now = now();
    let counts = |per_hour: u64, hours: i64| {
        let one = |hour: i64| {
            let bucket = Bucket::of(now).plus(-4 * hour);
            (bucket, BucketCount { bucket, sends: per_hour, bounces: 1, complaints: 0 })
        };
        AccountCounts { buckets: (0..hours).map(one).collect(), fresh: None }
    };
    for (what, per_hour, of, least, hours, sends) in [
        ("a busy account", 5_000, 100, 24, 24, 120_000),
        ("exactly enough in a day", 2_084, 100, 24, 24, 50_016),
        ("one hour more", 2_083, 100, 24, 25, 52_075),
        ("a small account", 500, 336, 24, 100, 50_000),
        ("less than enough in all", 10, 336, 24, 336, 3_360),
        ("three days", 5_000, 100, 72, 72, 360_000),
        ("nothing", 0, 0, 24, 24, 0),
    ] {
        let span = counts(per_hour, of).span(Metric::Bounce, least, now);
        assert_eq!((span.hours, span.counts.sends), (hours, sends), "{what}");
    }
    let resumed = AccountCounts { fresh: Some(Bucket::of(now).plus(-4)), ..AccountCounts::default() };
    assert_eq!(resumed.span(Metric::Bounce, 24, now).hours, 2, "not before the fence");
}

/// A ledger of the account's shards alone.
struct Shards(Vec<(SetKey, BucketTally)>);

impl Ledger for Shards {
    async fn add(&self, _: &Addition) -> Result<Held, Fault> {
        unreachable!("who looks adds nothing")
    }

    async fn window(&self, set: &SetKey, from: Bucket, to: Bucket) -> Result<Vec<BucketTally>, Fault> {
        let here = self.0.iter().filter(|(shard, tally)| shard == set && (from..=to).contains(&tally.bucket));
        Ok(here.map(|(_, tally)| tally.clone()).collect())
    }
}

/// What is read now of an account with these mails, each so many buckets ago and in the shard of this number; a hundredth
/// of them bounced, and a thousandth was complained about.
fn read(mails: &[(i64, usize, u64)], fresh: Option<Bucket>) -> AccountCounts {
    let (account, region) = ("111122223333".parse().unwrap(), "eu-west-1".parse().unwrap());
    let shards: Vec<SetKey> = SetKey::account_shards(&account, &region).into_iter().collect();
    let tally = |&(ago, shard, mails): &(i64, usize, u64)| {
        let known = |count| Interval { receipts: count, recorded: count, suspect: 0, ids: count };
        let counts = PerKind {
            sends: known(mails),
            bounces: known(mails / 100),
            complaints: known(mails / 1_000),
            prevented: known(0),
        };
        (shards[shard].clone(), BucketTally { counts, ..BucketTally::nothing(Bucket::of(now()).plus(-ago)) })
    };
    let ledger = Shards(mails.iter().map(tally).collect());
    AccountCounts::read(&ledger, &account, &region, fresh, now()).now_or_never().unwrap().unwrap()
}

#[test]
fn the_shards_are_added_up_bucket_by_bucket() {
    let counts = read(&[(1, 0, 3_000), (1, 1, 2_000), (1, 7, 1_000), (0, 1, 1_000)], None);
    let of = |metric| counts.span(metric, 24, now()).counts;
    assert_eq!(of(Metric::Bounce), Counts { sends: 7_000, events: 70 });
    assert_eq!(of(Metric::Complaint), Counts { sends: 7_000, events: 7 });
    assert_eq!(counts.buckets.len(), 2);
}

#[test]
fn mail_of_more_than_three_days_ago_is_read_while_there_is_too_little_since() {
    // Three days begin 287 buckets ago; 14 days, 1,343.
    for (what, mails, read_of) in [
        ("exactly enough in three days", vec![(287, 0, 50_000), (288, 0, 7)], 50_000),
        ("one mail too few", vec![(287, 0, 49_999), (288, 0, 7)], 50_006),
        ("each bucket once", vec![(285, 0, 1), (286, 1, 10), (287, 2, 100), (288, 3, 1_000), (289, 4, 10_000)], 11_111),
        ("no further back than 14 days", vec![(1_343, 0, 1), (1_344, 0, 10)], 1),
    ] {
        let counts = read(&mails, None);
        assert_eq!(counts.buckets.values().map(|one| one.sends).sum::<u64>(), read_of, "{what}");
    }
}

#[test]
fn nothing_is_looked_at_of_before_the_fence() {
    let fence = Bucket::of(now()).plus(-7);
    let counts = read(&[(6, 0, 1_000), (7, 0, 1_000), (8, 0, 1_000)], Some(fence));
    let span = counts.span(Metric::Bounce, 24, now());
    assert_eq!((span.from, span.hours, span.counts.sends), (fence, 2, 2_000));
}
