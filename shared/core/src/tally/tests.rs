use super::*;
use crate::event::SignalKind::{Bounce, Send};

fn sender(number: usize) -> CallerIdentity {
    format!("tenant-{number:02}").parse().unwrap()
}

fn addition(senders: usize) -> Addition {
    let set = "111122223333/eu-west-1/promo".parse().unwrap();
    let mut addition = Addition::empty(set, Bucket::of("2026-11-20T12:07:30Z".parse().unwrap()));
    (0..senders).for_each(|number| addition.share(&sender(number), Send, 1, false));
    addition
}

#[test]
fn of_so_many_senders_each_is_told_apart_and_of_more_none() {
    for (what, senders, who, shares) in [
        ("there is room", SENDERS - 1, SENDERS, Some((0, 2))),
        ("there is none for another", SENDERS, SENDERS, None),
        ("who is there needs none", SENDERS, 0, Some((1, 2))),
    ] {
        let mut addition = addition(senders);
        addition.share(&sender(who), Bounce, 2, false);
        let found = addition.senders.get(&sender(who)).map(|of| (of.sends.receipts, of.bounces.receipts));
        assert_eq!(found, shares, "{what}");
        assert!(addition.senders.len() <= SENDERS, "{what}");
    }
}

#[test]
fn into_a_bucket_that_was_not_seen_half_of_the_senders_fit_and_else_as_many_as_are_missing() {
    let stored = |senders: usize| {
        let mut held = Held::nothing(addition(0).bucket);
        held.tally.senders = addition(senders).senders;
        held
    };
    for (what, seen, fits) in [
        ("not seen", None, 0..SENDERS / 2),
        ("seen empty", Some(stored(0)), 0..SENDERS),
        ("seen full of the same", Some(stored(SENDERS)), 0..SENDERS),
    ] {
        let mut addition = addition(SENDERS);
        addition.record_what_fits(seen.as_ref());
        assert!(addition.senders.keys().eq(fits.map(sender).collect::<BTreeSet<_>>().iter()), "{what}");
    }
    // Of ids as many as half of the cap, if the bucket was not seen.
    for (ids, seen, recorded) in [(32_u8, false, true), (33, false, false), (64, true, true), (65, true, false)] {
        let mut addition = addition(0);
        let (_, sends) = &mut addition.receipts[0];
        sends.ids = (0..ids).map(|number| ReceiptId([number; 8])).collect();
        addition.record_what_fits(seen.then(|| stored(0)).as_ref());
        assert_eq!(addition.receipts[0].1.record_ids, recorded, "{ids} ids, seen: {seen}");
    }
    // Of the account's own counts fewer, and none of what was sent.
    for (kind, ids, recorded) in [(0, 1_u8, false), (1, 40, true), (1, 41, false), (2, 24, true), (2, 25, false)] {
        let mut addition = addition(0);
        addition.set = addition.set.account_shard();
        let (kind, receipts) = &mut addition.receipts[kind];
        (receipts.ids, receipts.receipts) = ((0..ids).map(|number| ReceiptId([number; 8])).collect(), u64::from(ids));
        let kind = *kind;
        addition.record_what_fits(Some(&stored(0)));
        let found = addition.receipts.iter().find(|(of, _)| *of == kind).is_some_and(|(_, found)| found.record_ids);
        assert_eq!(found, recorded, "{ids} of {kind:?}");
    }
    let mut other = addition(0);
    (4..4 + SENDERS).for_each(|number| other.share(&sender(number), Send, 1, false));
    other.record_what_fits(Some(&stored(6)));
    let kept: Vec<_> = other.senders.into_keys().collect();
    assert_eq!(kept, [4, 5, 6, 7].map(sender), "two are there, and there is room for two");
}
