//! When SES throttles, refuses, does not answer or has forgotten: the guard goes on.

use guard_core::event::SignalKind::{Bounce, Send};
use guard_core::name::SetKey;
use guard_core::port::Clock;
use guard_core::state::Phase;
use guard_core::steps::count::Receipt;
use guard_core::time::{BUCKET_SECONDS, plus_seconds};
use guard_local::SesFault;
use guard_tests::crash::Fuse;
use guard_tests::guard::{Guard, receipt};
use guard_tests::mail::{at, set};
use guard_tests::story::{NOON, guard, subjects};

#[tokio::test]
async fn throttling_delays_a_pause_and_loses_none() {
    let (mut guard, promo, now) = guard();
    guard.ses.plant([SesFault::Throttled, SesFault::Throttled]);
    guard.mail("promo", Send, 0, 100, now).await;
    guard.mail("promo", Bounce, 0, 50, now).await;
    assert!(!guard.ses.accepts(&promo));
    assert_eq!(guard.ses.calls().len(), 3);
    assert!(guard.clock.now() >= plus_seconds(now, 6), "slower after each refusal: 2 s, then 4 s");
}

#[tokio::test]
async fn an_answer_that_is_lost_keeps_the_lease_until_the_call_can_no_longer_land() {
    for fault in [SesFault::Lost, SesFault::AnswerLost] {
        let (mut guard, promo, now) = guard();
        guard.ses.plant([fault]);
        guard.mail("promo", Send, 0, 100, now).await;
        guard.mail("promo", Bounce, 0, 50, now).await;
        assert!(!guard.ses.accepts(&promo));
        assert_eq!(guard.state(&promo).await.phase, Phase::Paused);
        let waited = guard.clock.now().duration_since(now).as_secs();
        assert!((60..=65).contains(&waited), "{fault:?}: {waited} s");
        assert_eq!(subjects(&guard), ["SES guard: paused promo"]);
    }
}

#[tokio::test]
async fn a_refused_set_does_not_hold_up_the_others() {
    let (mut guard, promo, now) = guard();
    guard.ses.plant([SesFault::Denied]);
    for (name, bounces) in [("promo", 90), ("shop", 50)] {
        let mails: Vec<_> = (0..100).map(|mail| receipt(name, Send, mail, now)).collect();
        guard.count(&mails, &Fuse::endless()).await.unwrap();
        let failed: Vec<_> = (0..bounces).map(|mail| receipt(name, Bounce, mail, now)).collect();
        guard.count(&failed, &Fuse::endless()).await.unwrap();
        guard.judge(&set(name), &Fuse::endless()).await.unwrap().unwrap();
    }
    let woken = [promo.clone(), set("shop")].into();
    let drained = guard.actuate(&woken, &Fuse::endless()).await.unwrap();
    assert!(!guard.ses.accepts(&set("shop")));
    assert_eq!(drained.unfinished, [promo.clone()].into(), "the refused one comes again");
    guard.settle().await;
    guard.actuate(&woken, &Fuse::endless()).await.unwrap();
    assert!(!guard.ses.accepts(&promo));
}

#[tokio::test]
async fn a_deleted_set_is_given_up_and_a_new_one_of_its_name_is_guarded() {
    let (mut guard, promo, now) = guard();
    guard.mail("promo", Send, 0, 100, now).await;
    guard.ses.delete(&promo);
    guard.mail("promo", Bounce, 0, 50, now).await;
    assert_eq!(guard.state(&promo).await.phase, Phase::Gone);
    guard.mail("promo", Bounce, 50, 20, now).await;
    assert_eq!(guard.state(&promo).await.generation, 1, "its late bounces are nobody's");

    guard.ses.create(&promo);
    let later = plus_seconds(now, BUCKET_SECONDS);
    guard.clock.set(later);
    guard.mail("promo", Send, 1_000, 100, later).await;
    guard.mail("promo", Bounce, 1_000, 50, later).await;
    assert!(!guard.ses.accepts(&promo));
}

#[tokio::test]
async fn the_worst_is_paused_first_and_calls_are_a_second_apart() {
    let names: Vec<String> = (0..20).map(|number| format!("tenant-{number}")).collect();
    let sets: Vec<SetKey> = names.iter().map(|name| set(name)).collect();
    let now = at(NOON);
    let mut guard = Guard::of(now, &sets);
    let badness = |number: u64| 20 + (number * 7) % 20 * 3;
    for (number, name) in (0..).zip(&names) {
        let failed = badness(number);
        let mut batch: Vec<Receipt> = (0..100).map(|mail| receipt(name, Send, mail, now)).collect();
        batch.extend((0..failed).map(|mail| receipt(name, Bounce, mail, now)));
        guard.count(&batch, &Fuse::endless()).await.unwrap();
        guard.judge(&set(name), &Fuse::endless()).await.unwrap().unwrap();
    }
    guard.settle().await;
    let paused: Vec<u64> = guard
        .ses
        .calls()
        .iter()
        .map(|(called, _)| badness(u64::try_from(sets.iter().position(|set| set == called).unwrap()).unwrap()))
        .collect();
    assert_eq!(paused.len(), 20);
    assert!(paused.is_sorted_by(|one, next| one >= next), "worst first: {paused:?}");
    assert!(guard.clock.now() >= plus_seconds(now, 19));
}
