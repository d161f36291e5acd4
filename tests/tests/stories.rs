//! What happens, told from outside: mail comes in, and the guard acts.

use guard_core::event::SignalKind::{self, Bounce, Complaint, Prevented, Send};
use guard_core::port::Register;
use guard_core::state::Phase;
use guard_core::steps::count::Receipt;
use guard_core::steps::decide::Mode;
use guard_core::time::plus_seconds;
use guard_tests::crash::Fuse;
use guard_tests::guard::receipt;
use guard_tests::mail::set;
use guard_tests::story::{guard, subjects, with_bounces};

#[tokio::test]
async fn the_line_is_where_the_policy_draws_it() {
    for (bounces, phase, sending) in [
        (39, Phase::Active, true),
        (40, Phase::Warned, true),
        (59, Phase::Warned, true),
        (60, Phase::Paused, false),
        (61, Phase::Paused, false),
    ] {
        let (guard, promo, _) = with_bounces(bounces).await;
        assert_eq!(guard.state(&promo).await.phase, phase, "{bounces} of 1,000 bounced");
        assert_eq!(guard.ses.accepts(&promo), sending, "{bounces} of 1,000 bounced");
        assert!(guard.ses.accepts(&set("shop")), "a neighbour goes on sending");
    }
}

#[tokio::test]
async fn a_pause_is_told_with_its_numbers_and_the_way_back() {
    let (guard, promo, _) = with_bounces(98).await;
    let notices = guard.notices.all();
    assert_eq!(subjects(&guard), ["SES guard: paused promo"]);
    insta::assert_snapshot!(notices[0].text);
    insta::assert_json_snapshot!(notices[0].detail);
    assert_eq!(notices[0].detail_type, "Configuration Set Paused");

    let history = guard.register.history(&promo, 10).await.unwrap();
    let acts: Vec<_> = history.iter().map(|record| (record.act, record.phase_before, record.phase_after)).collect();
    insta::assert_debug_snapshot!(acts);
}

#[tokio::test]
async fn a_set_that_is_judged_again_with_nothing_new_is_not_written() {
    let (mut guard, promo, _) = with_bounces(39).await;
    let before = guard.state(&promo).await;
    assert!(guard.judge(&promo, &Fuse::endless()).await.unwrap().is_ok());
    assert_eq!(guard.state(&promo).await, before, "not even its revision");
    guard.register.mark(&promo).await.unwrap();
    guard.settle().await;
    assert!(!guard.state(&promo).await.to_judge, "a mark is taken off all the same");
}

#[tokio::test]
async fn a_handful_never_pauses() {
    let (mut guard, promo, now) = guard();
    guard.mail("promo", Send, 0, 10, now).await;
    guard.mail("promo", Bounce, 0, 10, now).await;
    guard.mail("promo", Complaint, 0, 5, now).await;
    assert!(guard.ses.accepts(&promo), "10 bounces and 5 complaints of 10 mails are a handful");
}

#[tokio::test]
async fn complaints_pause_too() {
    let (mut guard, promo, now) = guard();
    let sent_at = plus_seconds(now, -3_600);
    guard.mail("promo", Send, 0, 10_000, sent_at).await;
    guard.mail("promo", Complaint, 0, 14, sent_at).await;
    assert!(guard.ses.accepts(&promo));
    guard.mail("promo", Complaint, 14, 1, sent_at).await;
    assert!(!guard.ses.accepts(&promo), "15 of 10,000");
}

#[tokio::test]
async fn mail_that_was_never_sent_does_not_dilute_the_rate() {
    let (mut guard, promo, now) = guard();
    guard.mail("promo", Send, 0, 1_000, now).await;
    guard.mail("promo", Prevented, 200, 800, now).await;
    guard.mail("promo", Bounce, 0, 19, now).await;
    assert!(guard.ses.accepts(&promo));
    guard.mail("promo", Bounce, 19, 1, now).await;
    assert!(!guard.ses.accepts(&promo), "20 of the 200 that were sent: 10 + 5 %");
}

#[tokio::test]
async fn an_observing_guard_calls_ses_for_nothing() {
    let (mut guard, promo, now) = guard();
    guard.mode = Mode::Observe;
    guard.mail("promo", Send, 0, 100, now).await;
    guard.mail("promo", Bounce, 0, 50, now).await;
    assert!(guard.ses.accepts(&promo) && guard.ses.calls().is_empty());
    assert_eq!(subjects(&guard), ["SES guard: would pause promo"]);
    guard.mode = Mode::Enforce;
    guard.mail("promo", Bounce, 50, 1, now).await;
    assert!(!guard.ses.accepts(&promo), "from now on it pauses");
}

#[tokio::test]
async fn sends_that_are_counted_late_get_one_second_look() {
    let (mut guard, promo, now) = guard();
    let sent_at = |second: i64| plus_seconds(now, -600 + second);
    guard.mail("promo", Send, 0, 100, sent_at(0)).await;
    guard.mail("promo", Bounce, 1_000, 20, sent_at(25)).await;
    assert!(guard.ses.accepts(&promo), "20 of 100, but the sends are 20 seconds behind");
    assert_eq!(guard.reminders.all(), [(promo.clone(), 30)]);
    guard.mail("promo", Bounce, 1_020, 5, sent_at(26)).await;
    assert!(guard.ses.accepts(&promo));
    assert_eq!(guard.reminders.all().len(), 1, "one look is enough");

    guard.clock.advance(27);
    guard.judge(&promo, &Fuse::endless()).await.unwrap().unwrap();
    guard.settle().await;
    assert!(guard.ses.accepts(&promo), "not before its time");
    guard.clock.advance(1);
    guard.judge(&promo, &Fuse::endless()).await.unwrap().unwrap();
    guard.settle().await;
    assert!(!guard.ses.accepts(&promo), "the second look decides, 2 seconds early by another machine's clock");
}

#[tokio::test]
async fn sends_that_catch_up_undo_the_alarm() {
    let (mut guard, promo, now) = guard();
    let sent_at = |second: i64| plus_seconds(now, -600 + second);
    guard.mail("promo", Send, 0, 100, sent_at(0)).await;
    guard.mail("promo", Bounce, 1_000, 20, sent_at(25)).await;
    guard.mail("promo", Send, 1_000, 2_000, sent_at(25)).await;
    guard.clock.advance(30);
    guard.judge(&promo, &Fuse::endless()).await.unwrap().unwrap();
    guard.settle().await;
    assert!(guard.ses.accepts(&promo));
    assert_eq!(guard.state(&promo).await.recheck_at, None);
    assert!(!guard.state(&promo).await.to_judge);
}

#[tokio::test]
async fn more_failures_than_sends_are_a_fault_of_the_counts_not_of_the_sender() {
    let (mut guard, promo, now) = guard();
    guard.mail("promo", Bounce, 0, 50, now).await;
    guard.mail("promo", Bounce, 50, 50, now).await;
    assert!(guard.ses.accepts(&promo));
    assert_eq!(subjects(&guard), ["SES guard: counting degraded for promo"], "told once");
}

#[tokio::test]
async fn a_retry_storm_of_sends_does_not_hide_a_bad_list() {
    let (mut guard, promo, now) = guard();
    let sends: Vec<Receipt> = (0..1_000).map(|mail| receipt("promo", Send, mail, now)).collect();
    guard.count(&sends, &Fuse::endless()).await.unwrap();
    let again: Vec<Receipt> = sends[..100].iter().cloned().map(|one| Receipt { suspect: true, ..one }).collect();
    guard.count(&again, &Fuse::endless()).await.unwrap();
    guard.mail("promo", Bounce, 0, 60, now).await;
    assert!(!guard.ses.accepts(&promo), "60 of 1,000 is over, though 1,100 sends were received");
}

#[tokio::test]
async fn no_order_of_events_changes_the_outcome() {
    for seed in 0..20u64 {
        let (guard, promo, now) = guard();
        let mut events: Vec<(SignalKind, u64)> = (0..200).map(|mail| (Send, mail)).collect();
        events.extend((0..30).map(|mail| (Bounce, mail)));
        events.sort_by_key(|(kind, mail)| {
            let salt = if *kind == Send { 0 } else { 1_000_003 };
            (mail + salt).wrapping_mul(0x9E37_79B9_7F4A_7C15u64.wrapping_add(seed * 2)) >> 7
        });
        let mut guard = guard;
        for batch in events.chunks(17) {
            let batch: Vec<_> = batch.iter().map(|(kind, mail)| receipt("promo", *kind, *mail, now)).collect();
            guard.count(&batch, &Fuse::endless()).await.unwrap();
        }
        guard.judge(&promo, &Fuse::endless()).await.unwrap().unwrap();
        guard.settle().await;
        let state = guard.state(&promo).await;
        let totals = state.totals.unwrap();
        assert_eq!((totals.sends, totals.bounces, state.phase), (200, 30, Phase::Paused), "seed {seed}");
        assert_eq!(state.used_ppm, 1_500_000, "30 where 10 + 5 % allow 20; seed {seed}");
    }
}
