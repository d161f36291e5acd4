//! What of a window is read from its buckets, and what is kept of it.

use super::*;
use crate::digest::reading::{Reading, weight};

/// A reading of buckets 0 to 23, of which those in `spared` are known and hold so many sends, or nothing.
fn reading(spared: impl IntoIterator<Item = (i64, Option<u64>)>) -> Reading {
    let held = |(number, sends): (i64, Option<u64>)| (bucket(number), sends.map(|sends| exact(bucket(number), sends)));
    let digest = digest_of(Sheet::of(bucket(0)), spared.into_iter().map(held));
    Reading::of(bucket(0), bucket(23), vec![digest], Vec::new())
}

#[test]
fn what_is_not_known_is_read_in_few_requests() {
    let small = |numbers: std::ops::Range<i64>| numbers.map(|number| (number, Some(10)));
    let large = |numbers: std::ops::Range<i64>| numbers.map(|number| (number, Some(64)));
    let empty = |numbers: std::ops::Range<i64>| numbers.map(|number| (number, None));
    let ranges = |reading: Reading| {
        let number = |of: Bucket| (of.start_second() - NOON) / 900;
        reading.ranges().iter().map(|(from, to)| (number(*from), number(*to))).collect::<Vec<_>>()
    };
    for (what, reading, expected) in [
        ("nothing is known", reading([]), vec![(0, 23)]),
        ("all is known", reading(small(0..24)), vec![]),
        ("the end is not", reading(small(0..20)), vec![(20, 23)]),
        ("one bucket is not", reading(small(0..9).chain(small(10..24))), vec![(9, 9)]),
        ("through few small ones", reading(small(1..20)), vec![(0, 23)]),
        ("not through large ones", reading(large(1..20)), vec![(0, 0), (20, 23)]),
        ("through any number of empty ones", reading(empty(1..20)), vec![(0, 23)]),
    ] {
        assert_eq!(ranges(reading), expected, "{what}");
    }
}

#[test]
fn a_window_that_begins_within_a_sheet_is_known_as_well() {
    let sheet = Sheet::of(bucket(0));
    let held = |number| (bucket(number), Some(exact(bucket(number), 10)));
    for (what, from, to, known, expected) in [
        ("from its first bucket", 0, 23, 0..24, vec![]),
        ("from a later one", 5, 23, 0..24, vec![]),
        ("to the next sheet", 5, 26, 0..23, vec![(bucket(23), bucket(26))]),
        ("to the next sheet, the first being known", 5, 26, 0..24, vec![(bucket(24), bucket(26))]),
    ] {
        let digest = digest_of(sheet, known.map(held));
        assert_eq!(Reading::of(bucket(from), bucket(to), vec![digest], Vec::new()).ranges(), expected, "{what}");
    }
}

#[test]
fn what_weighs_as_much_as_a_request_is_not_read_once_more() {
    let of = |ids| Interval { receipts: ids, recorded: ids, suspect: 0, ids };
    let held = |ids| BucketTally {
        counts: PerKind { sends: of(ids), ..PerKind::default() },
        ..BucketTally::nothing(bucket(1))
    };
    for (ids, bytes, requests) in [(443, 4_087, 1), (444, 4_096, 2), (445, 4_105, 2)] {
        assert_eq!(weight(&held(ids)), bytes);
        let digest = digest_of(Sheet::of(bucket(0)), [(bucket(1), Some(held(ids)))]);
        assert_eq!(Reading::of(bucket(0), bucket(2), vec![digest], Vec::new()).ranges().len(), requests, "{bytes}");
    }
}

#[test]
fn a_note_counts_where_a_digest_says_what_was_before() {
    let sheet = Sheet::of(bucket(0));
    let held = |number, sends| (bucket(number), Some(exact(bucket(number), sends)));
    let digest = digest_of(sheet, [held(0, 5), held(1, 5), (bucket(2), None)]);
    let notes = vec![exact(bucket(0), 6), exact(bucket(1), 4), exact(bucket(2), 1), exact(bucket(3), 9)];
    let mut reading = Reading::of(bucket(0), bucket(3), vec![digest], notes);
    assert_eq!(reading.ranges(), [(bucket(3), bucket(3))], "the last has a note only: others may have added since");
    reading.read(vec![exact(bucket(3), 12)]);
    let expected = [6, 5, 1, 12].into_iter().zip(0..).map(|(sends, number)| exact(bucket(number), sends));
    assert_eq!(reading.tallies(), expected.collect::<Vec<_>>());
}

#[test]
fn a_digest_is_kept_when_it_would_have_spared_enough() {
    // 64 sends weigh 676 bytes: twelve of them less than two units, thirteen more.
    for (what, sends, unread, closed, kept) in [
        ("less than two units were old", 64, 12, 12, None),
        ("more than two units were", 64, 13, 13, Some(13)),
        ("only what is old counts", 64, 24, 12, None),
        ("and only that is kept", 64, 24, 13, Some(13)),
        ("small buckets", 1, 24, 24, None),
    ] {
        let mut reading = reading([]);
        let tallies = (0..unread).map(|number| exact(bucket(number), sends)).collect();
        reading.read(tallies);
        let digests = reading.worth_keeping(bucket(closed), Keeping::DEPLOYED);
        assert_eq!(digests.first().map(|digest| digest.buckets().count()), kept, "{what}");
        assert!(digests.iter().all(|digest| digest.buckets().all(|one| one < bucket(closed))), "{what}");
    }
}

#[test]
fn every_request_for_what_is_old_costs_a_unit() {
    // What is known lies between and is large, so that each gap is a request of its own. What is read holds nothing.
    for (what, unread, closed, kept) in [
        ("two units", vec![0..1, 8..9], 24, false),
        ("three", vec![0..1, 8..9, 16..17], 24, true),
        ("two, and one that is not old", vec![0..1, 8..9, 16..17], 16, false),
        ("two, and one that is read anyway for its last bucket", vec![0..1, 8..9, 16..24], 23, false),
        ("two, and one that is old to its last bucket", vec![0..1, 8..9, 16..24], 24, true),
    ] {
        let is_unread = |number: &i64| unread.iter().any(|range| range.contains(number));
        let reading = reading((0..24).filter(|number| !is_unread(number)).map(|number| (number, Some(64))));
        assert_eq!(reading.ranges().len(), unread.len());
        assert_eq!(!reading.worth_keeping(bucket(closed), Keeping::DEPLOYED).is_empty(), kept, "{what}");
    }
}

#[test]
fn a_bucket_weighs_its_keys_and_whatever_it_holds() {
    let nothing = || BucketTally::nothing(bucket(0));
    let of = |receipts, ids| Interval { receipts, recorded: ids, suspect: 0, ids };
    let sends = |count| PerKind { sends: count, ..PerKind::default() };
    let at = |slot| Some(Slot::start_in(bucket(0), slot));
    let senders = |names: &[&str]| names.iter().map(|name| (name.parse().unwrap(), PerKind::default())).collect();
    for (what, tally, bytes) in [
        ("its keys", nothing(), 80),
        ("five mails, each with its id", BucketTally { counts: sends(of(5, 5)), ..nothing() }, 80 + 20 + 45),
        ("many mails, and few ids", BucketTally { counts: sends(of(9_000, 2)), ..nothing() }, 80 + 20 + 18),
        ("the first slot", BucketTally { newest_send: at(0), ..nothing() }, 80 + 5),
        ("a later slot, and all before it", BucketTally { newest_send: at(10), ..nothing() }, 80 + 5 + 30),
        ("slots of both", BucketTally { newest_send: at(10), newest_failure: at(1), ..nothing() }, 80 + 35 + 8),
        ("two senders", BucketTally { senders: senders(&["tenant-a", "b"]), ..nothing() }, 80 + 2 * 18 + 2 * 11),
    ] {
        assert_eq!(weight(&tally), bytes, "{what}");
    }
}

#[test]
fn a_digest_keeps_what_was_known_of_its_sheet() {
    let mut reading = reading([(0, Some(3)), (1, None)]);
    reading.read((2..24).map(|number| exact(bucket(number), 64)).collect());
    let [digest] = &reading.worth_keeping(bucket(20), Keeping::DEPLOYED)[..] else { panic!("one sheet") };
    assert_eq!(digest.buckets().count(), 20);
    assert_eq!(digest.held()[&bucket(0)], exact(bucket(0), 3));
    assert!(digest.covers(bucket(1)) && !digest.held().contains_key(&bucket(1)));
}
