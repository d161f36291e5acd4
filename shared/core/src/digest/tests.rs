mod ledger;
mod reading;

use proptest::prelude::*;

use super::*;
use crate::tally::{Interval, PerKind, Share, Shares, Slot};

/// 2026-11-20T12:00:00Z: the start of a sheet.
const NOON: i64 = 1_795_176_000;

fn bucket(number: i64) -> Bucket {
    Bucket::starting_at(NOON).unwrap().plus(number)
}

fn exact(bucket: Bucket, sends: u64) -> BucketTally {
    let count = Interval { receipts: sends, recorded: sends, suspect: 0, ids: sends };
    let counts = PerKind { sends: count, ..PerKind::default() };
    BucketTally { counts, newest_send: Some(bucket.start()), ..BucketTally::nothing(bucket) }
}

fn tally(bucket: Bucket) -> impl Strategy<Value = BucketTally> {
    let plain = (0..300_u64).prop_map(|count| Interval { receipts: count, recorded: count, suspect: 0, ids: count });
    let number = || prop_oneof![0..300_u64, any::<u64>().prop_map(|number| number >> 3)];
    let any_interval = (number(), number(), number(), number())
        .prop_map(|(receipts, recorded, suspect, ids)| Interval { receipts, recorded, suspect, ids });
    // Often alike, as counts are.
    let near = (0..3_u64, 0..3_u64, 0..2_u64, 0..3_u64).prop_map(|(receipts, recorded, suspect, ids)| Interval {
        receipts,
        recorded,
        suspect,
        ids,
    });
    let interval = || prop_oneof![plain.clone(), near.clone(), any_interval.clone()];
    let slot = || prop::option::of((0..90_u8).prop_map(move |slot| Slot::start_in(bucket, slot)));
    let counts = (interval(), interval(), interval(), interval())
        .prop_map(|(sends, bounces, complaints, prevented)| PerKind { sends, bounces, complaints, prevented });
    (counts, slot(), slot(), shares()).prop_map(move |(counts, newest_send, newest_failure, senders)| BucketTally {
        bucket,
        counts,
        newest_send,
        newest_failure,
        senders,
    })
}

fn shares() -> impl Strategy<Value = Shares> {
    // What was never received has no share.
    let share = || (1..300_u64, 0..300_u64).prop_map(|(receipts, suspect)| Share { receipts, suspect });
    let share = move || prop_oneof![Just(Share::default()), share()];
    let shares = (share(), share(), share(), share()).prop_map(|(sends, bounces, complaints, prevented)| PerKind {
        sends,
        bounces,
        complaints,
        prevented,
    });
    let sender = "[a-z][a-z0-9-]{0,30}".prop_map(|name| name.parse().unwrap());
    prop::collection::btree_map(sender, shares, 0..=3)
}

fn digest_of(sheet: Sheet, buckets: impl IntoIterator<Item = (Bucket, Option<BucketTally>)>) -> Digest {
    let mut digest = Digest::of(sheet);
    buckets.into_iter().for_each(|(bucket, held)| digest.put(bucket, held));
    digest
}

fn digest() -> impl Strategy<Value = Digest> {
    let sheet = Sheet::of(bucket(0));
    prop::collection::btree_set(0..SHEET_BUCKETS, 0..=24).prop_flat_map(move |numbers| {
        let held: Vec<_> = numbers.iter().map(|number| prop::option::of(tally(sheet.bucket(*number)))).collect();
        (Just(numbers), held).prop_map(move |(numbers, held)| {
            digest_of(sheet, numbers.iter().map(|number| sheet.bucket(*number)).zip(held))
        })
    })
}

proptest! {
    #[test]
    fn a_digest_is_read_as_it_was_written(digest in digest()) {
        prop_assert_eq!(Digest::from_bytes(digest.sheet, &digest.to_bytes()), Some(digest));
    }

    #[test]
    fn a_note_is_read_as_it_was_written(tally in tally(bucket(3))) {
        prop_assert_eq!(tally_from_bytes(tally.bucket, &tally_to_bytes(&tally)), Some(tally));
    }

    #[test]
    fn what_is_cut_short_or_too_long_is_no_digest(digest in digest(), keep in 0..2_000_usize) {
        let bytes = digest.to_bytes();
        if keep < bytes.len() {
            prop_assert_eq!(Digest::from_bytes(digest.sheet, &bytes[..keep]), None);
        }
        prop_assert_eq!(Digest::from_bytes(digest.sheet, &[&bytes[..], &[0]].concat()), None);
    }

    #[test]
    fn what_another_version_wrote_is_no_digest(digest in digest(), version in any::<u8>()) {
        let bytes = digest.to_bytes();
        let of_another = [&[version][..], &bytes[1..]].concat();
        let read = (version == bytes[0]).then_some(digest.clone());
        prop_assert_eq!(Digest::from_bytes(digest.sheet, &of_another), read);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        drop(Digest::from_bytes(Sheet::of(bucket(0)), &bytes));
        prop_assert!(tally_from_bytes(bucket(0), &bytes).is_none_or(|tally| tally.bucket == bucket(0)));
    }
}

#[test]
fn a_sheet_is_six_hours() {
    for (of, first, number) in [(0, 0, 0), (1, 0, 1), (23, 0, 23), (24, 24, 0), (-1, -24, 23), (-24, -24, 0)] {
        assert_eq!(Sheet::of(bucket(of)).first(), bucket(first), "{of}");
        assert_eq!(Sheet::number(bucket(of)), number, "{of}");
    }
    assert_eq!(Sheet::of(bucket(0)).next(), Sheet::of(bucket(24)));
}

#[test]
fn a_bucket_that_held_something_was_read() {
    let sheet = Sheet::of(bucket(0));
    let mut bytes = digest_of(sheet, [(bucket(3), Some(exact(bucket(3), 5)))]).to_bytes();
    assert!(Digest::from_bytes(sheet, &bytes).is_some());
    bytes[1..4].fill(0);
    assert_eq!(Digest::from_bytes(sheet, &bytes), None, "what it held is there, and that it was read is not");
}

#[test]
fn the_bytes_of_a_digest_are_few() {
    let sheet = Sheet::of(bucket(0));
    let full = |tally: &dyn Fn(Bucket) -> BucketTally| {
        digest_of(sheet, (0..SHEET_BUCKETS).map(|number| (sheet.bucket(number), Some(tally(sheet.bucket(number))))))
    };
    let busy = |bucket: Bucket| {
        let of = |receipts, ids| Interval { receipts, recorded: ids, suspect: receipts / 100, ids };
        let counts = PerKind {
            sends: of(11_250_000, 64),
            bounces: of(337_500, 256),
            complaints: of(11_250, 256),
            prevented: of(110_000, 64),
        };
        let of = |receipts| Share { receipts, suspect: receipts / 100 };
        let share = PerKind { sends: of(11_250_000), bounces: of(337_500), ..PerKind::default() };
        let (newest_send, newest_failure) = (Some(bucket.start()), Some(bucket.start()));
        BucketTally {
            bucket,
            counts,
            newest_send,
            newest_failure,
            senders: [("tenant-a".parse().unwrap(), share)].into(),
        }
    };
    for (what, digest, bytes) in [
        ("nothing read", Digest::of(sheet), 7),
        ("small buckets", full(&|bucket| exact(bucket, 40)), 7 + 24 * 5),
        ("the largest of them", full(&|bucket| exact(bucket, 127)), 7 + 24 * 5),
        ("one mail more", full(&|bucket| exact(bucket, 128)), 7 + 24 * 6),
        ("the busiest", full(&busy), 7 + 24 * 58),
    ] {
        assert_eq!(digest.to_bytes().len(), bytes, "{what}");
    }
}

#[test]
fn additions_are_noted_long_before_their_bucket_is_closed() {
    let ages = Ages::DEPLOYED;
    let end = bucket(0).end();
    for (what, seconds, is_noted, is_closed) in [
        ("at its end", 0, false, false),
        ("just before an hour after it", 3_599, false, false),
        ("an hour after it", 3_600, true, false),
        ("just before an hour and a half after it", 5_399, true, false),
        ("an hour and a half after it", 5_400, true, true),
    ] {
        let now = plus_seconds(end, seconds);
        assert_eq!(ages.is_noted(bucket(0), now), is_noted, "{what}");
        assert_eq!(bucket(0) < ages.first_open(now), is_closed, "{what}");
    }
    let two_clocks = 2 * 240;
    assert!(ages.closed - ages.noted > two_clocks);
}
