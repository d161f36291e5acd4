//! What happens, told from outside: mail comes in, the guard acts, an operator answers.

use guard_core::event::SignalKind::{self, Bounce, Complaint, Prevented, Send};
use guard_core::name::SetKey;
use guard_core::port::{Clock, Register};
use guard_core::state::{Intent, Phase, State};
use guard_core::steps::count::Receipt;
use guard_core::steps::decide::Mode;
use guard_core::time::{BUCKET_SECONDS, plus_seconds};
use guard_local::SesFault;
use guard_tests::crash::Fuse;
use guard_tests::guard::{Guard, receipt};
use guard_tests::mail::{at, set};
use jiff::Timestamp;
use serde_json::{Value, json};

const NOON: &str = "2026-11-20T12:07:00Z";

fn guard() -> (Guard, SetKey, Timestamp) {
    let (promo, now) = (set("promo"), at(NOON));
    (Guard::of(now, &[promo.clone(), set("shop")]), promo, now)
}

/// 1,000 mails of `promo` ten minutes ago, of which these many bounced.
async fn with_bounces(bounces: u64) -> (Guard, SetKey, Timestamp) {
    let (mut guard, promo, now) = guard();
    let sent_at = plus_seconds(now, -600);
    guard.mail("promo", Send, 0, 1_000, sent_at).await;
    guard.mail("promo", Bounce, 0, bounces, sent_at).await;
    (guard, promo, now)
}

fn order(action: &str) -> Value {
    json!({"action": action, "configurationSet": "promo", "reason": "list cleaned, ticket 4711", "actor": "ops@example.com"})
}

fn subjects(guard: &Guard) -> Vec<String> {
    guard.notices.all().into_iter().map(|notice| notice.subject).collect()
}

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
async fn a_thousand_late_bounces_change_nothing_after_a_resume() {
    let (mut guard, promo, now) = with_bounces(98).await;
    for minutes in [1, 5, 10, 60] {
        guard.clock.set(plus_seconds(now, minutes * 60));
        let answer = guard.operate(order("resume")).await;
        assert_eq!(answer["ok"], true, "{answer}");
        let resumed = guard.state(&promo).await;
        assert!(guard.ses.accepts(&promo) && resumed.phase == Phase::Trial, "after {minutes} minutes");

        let sent_at = plus_seconds(now, -300);
        guard.mail("promo", Bounce, 100, 1_000, sent_at).await;
        let state = guard.state(&promo).await;
        assert!(guard.ses.accepts(&promo), "after {minutes} minutes");
        assert_eq!((state.phase, state.generation), (Phase::Trial, resumed.generation), "after {minutes} minutes");
        let paused = guard.operate(order("pause")).await;
        assert_eq!(paused["ok"], true, "{paused}");
    }
}

#[tokio::test]
async fn a_bad_list_after_a_resume_is_paused_again_and_sooner() {
    let (mut guard, promo, now) = with_bounces(98).await;
    guard.clock.set(plus_seconds(now, 3_600));
    guard.operate(order("resume")).await;
    let sent_at = plus_seconds(now, 3_600);
    guard.mail("promo", Send, 5_000, 100, sent_at).await;
    guard.mail("promo", Bounce, 5_000, 9, sent_at).await;
    assert!(guard.ses.accepts(&promo), "9 of 100 on trial");
    guard.mail("promo", Bounce, 5_009, 1, sent_at).await;
    assert!(!guard.ses.accepts(&promo), "10 of 100 on trial: 5 + 5 %");
}

#[tokio::test]
async fn the_fence_lies_behind_all_mail_from_before_the_pause() {
    let minute = 60;
    for (what, resumed_after, blind_until) in [
        ("in the quarter of an hour of the pause: the next one", 4 * minute, 8 * minute),
        ("in the next one: that one", 9 * minute, 8 * minute),
        ("an hour later: that hour's", 60 * minute, 53 * minute),
    ] {
        let (mut guard, promo, now) = with_bounces(98).await;
        guard.clock.set(plus_seconds(now, resumed_after));
        guard.operate(order("resume")).await;
        let fresh = guard.state(&promo).await.fresh.unwrap();
        assert_eq!(fresh.start(), plus_seconds(now, blind_until), "{what}");
    }
}

#[tokio::test]
async fn only_an_operators_force_resumes_what_someone_else_paused() {
    let (mut guard, promo, _) = guard();
    guard.ses.toggle(&promo, false);
    let refused = guard.operate(order("resume")).await;
    assert_eq!(refused["error"]["code"], "notPausedByGuard", "{refused}");
    assert!(!guard.ses.accepts(&promo));
    assert_eq!(guard.state(&promo).await, State::default(), "a refusal changes nothing");

    let mut forced = order("resume");
    forced["force"] = true.into();
    assert_eq!(guard.operate(forced).await["ok"], true);
    assert!(guard.ses.accepts(&promo));
}

#[tokio::test]
async fn an_operator_pauses_again_what_someone_let_send_behind_the_guards_back() {
    let (mut guard, promo, _) = with_bounces(98).await;
    assert_eq!(guard.operate(order("pause")).await["error"]["code"], "alreadyPaused");
    guard.ses.toggle(&promo, true);
    assert_eq!(guard.operate(order("pause")).await["ok"], true);
    assert!(!guard.ses.accepts(&promo));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let (mut guard, promo, _) = guard();
    let with = |field: &str, value: Value| {
        let mut request = order("pause");
        request[field] = value;
        request
    };
    for (request, code) in [
        (order("resume"), "notPaused"),
        (order("release"), "notHeld"),
        (json!({"action": "explode", "configurationSet": "promo"}), "unknownAction"),
        (json!({"action": "setPolicy"}), "unknownAction"),
        (with("reason", "".into()), "invalidRequest"),
        (with("reason", " \t".into()), "invalidRequest"),
        (with("reason", "x".repeat(501).into()), "invalidRequest"),
        (with("reason", "two\nlines".into()), "invalidRequest"),
        (with("actor", Value::Null), "invalidRequest"),
        (with("configurationSet", "pro/mo".into()), "invalidRequest"),
        (with("configurationSet", "no-such-set".into()), "unknownConfigurationSet"),
        (with("confgurationSet", "promo".into()), "invalidRequest"),
        (with("force", true.into()), "invalidRequest"),
        (json!({"action": "pause", "reason": "x", "actor": "y"}), "invalidRequest"),
        (json!({"action": "status", "configurationSet": "no-such-set"}), "unknownConfigurationSet"),
        (json!({"action": "history", "configurationSet": "promo", "limit": 0}), "invalidRequest"),
        (json!({"action": "history", "configurationSet": "promo", "limit": 101}), "invalidRequest"),
        (json!("resume"), "invalidRequest"),
        (json!([]), "invalidRequest"),
    ] {
        let answer = guard.operate(request.clone()).await;
        assert_eq!(answer["ok"], false, "{request}");
        assert_eq!(answer["error"]["code"], code, "{request}: {answer}");
        assert!(!answer["error"]["message"].as_str().unwrap().is_empty());
    }
    assert_eq!(guard.state(&promo).await, State::default());
    assert!(guard.register.history(&promo, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_held_set_is_only_told_about_until_it_is_released() {
    let (mut guard, promo, now) = guard();
    assert_eq!(guard.operate(order("hold")).await["ok"], true);
    guard.mail("promo", Send, 0, 100, now).await;
    for mail in [0, 20, 40] {
        guard.mail("promo", Bounce, mail, 20, now).await;
    }
    assert!(guard.ses.accepts(&promo));
    assert_eq!(subjects(&guard), ["SES guard: would pause promo"], "told once");
    assert_eq!(guard.operate(order("hold")).await["error"]["code"], "alreadyHeld");
    assert_eq!(guard.operate(order("release")).await["ok"], true);
    assert!(!guard.ses.accepts(&promo), "judged at once by what was counted meanwhile");
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

#[tokio::test]
async fn a_resume_overtakes_a_pause_that_ses_has_not_carried_out() {
    let (mut guard, promo, now) = guard();
    guard.mail("promo", Send, 0, 100, now).await;
    let failed: Vec<_> = (0..50).map(|mail| receipt("promo", Bounce, mail, now)).collect();
    guard.count(&failed, &Fuse::endless()).await.unwrap();
    guard.judge(&promo, &Fuse::endless()).await.unwrap().unwrap();
    assert_eq!(guard.state(&promo).await.pending.map(|(intent, _)| intent), Some(Intent::Pause));
    guard.operate(order("resume")).await;
    assert!(guard.ses.accepts(&promo));
    assert_eq!(guard.state(&promo).await.phase, Phase::Trial);
    assert!(guard.ses.calls().iter().all(|(_, turned)| turned.is_none()), "an enabled set is never enabled again");
}

/// The kinds and the counts of a set, as an operator is shown them.
#[tokio::test]
async fn status_says_where_a_set_stands() {
    let (mut guard, _, _) = with_bounces(45).await;
    let status = guard.operate(json!({"action": "status", "configurationSet": "promo"})).await;
    insta::assert_json_snapshot!(status);
    let overview = guard.operate(json!({"action": "status"})).await;
    insta::assert_json_snapshot!(overview);
    let list = guard.operate(json!({"action": "list"})).await;
    insta::assert_json_snapshot!(list);
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
    }
}
