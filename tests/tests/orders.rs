//! What an operator orders, and what becomes of it.

use guard_core::audit::Act;
use guard_core::event::SignalKind::{Bounce, Send};
use guard_core::port::{Committed, Register};
use guard_core::state::{Change, Intent, Owner, Phase, State, Why};
use guard_core::time::plus_seconds;
use guard_local::SesFault;
use guard_tests::crash::Fuse;
use guard_tests::guard::receipt;
use guard_tests::story::{guard, order, subjects, with_bounces};
use serde_json::{Value, json};

#[tokio::test]
async fn ten_thousand_late_bounces_change_nothing_after_a_resume() {
    // As many mails as may bounce: more bounces than mails would be a fault of the counts, which pauses nobody.
    let (mut guard, promo, now) = guard();
    let sent_at = plus_seconds(now, -600);
    guard.mail("promo", Send, 0, 12_000, sent_at).await;
    guard.mail("promo", Bounce, 0, 700, sent_at).await;
    assert!(!guard.ses.accepts(&promo), "700 of 12,000, where 610 pause");
    for minutes in [1, 5, 10, 60] {
        guard.clock.set(plus_seconds(now, minutes * 60));
        let answer = guard.operate(order("resume")).await;
        assert_eq!(answer["ok"], true, "{answer}");
        let resumed = guard.state(&promo).await;
        assert!(guard.ses.accepts(&promo) && resumed.phase == Phase::Trial, "after {minutes} minutes");

        guard.mail("promo", Bounce, 1_000, 10_000, sent_at).await;
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
async fn ses_calling_a_set_enabled_moves_the_fence_only_when_it_is_to_be_believed() {
    for (what, resumed_after, fence) in [
        ("it may still answer as before the pause", 60, "2026-11-20T12:15:00Z"),
        ("somebody enabled it, and what it sent since is old, too", 180, "2026-11-20T12:30:00Z"),
    ] {
        let (mut guard, promo, _) = guard();
        let now = "2026-11-20T12:14:30Z".parse().unwrap();
        guard.clock.set(now);
        guard.mail("promo", Send, 0, 300, now).await;
        guard.mail("promo", Bounce, 0, 60, now).await;
        guard.clock.set(plus_seconds(now, resumed_after));
        guard.ses.toggle(&promo, true);
        guard.operate(order("resume")).await;
        let fresh = guard.state(&promo).await.fresh.unwrap();
        assert_eq!(fresh.start().to_string(), fence, "{what}");
        let history = guard.register.history(&promo, 5).await.unwrap();
        let ordered = history.iter().find(|record| record.act == Act::ResumeIntended).unwrap();
        let said = format!("Mail sent before {fence} no longer counts.");
        assert!(ordered.sentence.ends_with(&said), "{what}: {}", ordered.sentence);
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
        (json!({"action": "setPolicy", "reason": "x", "actor": "y"}), "invalidRequest"),
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

/// Of every action that changes anything, each of the two that is missing, empty, blank, not text, or breaks a line.
#[tokio::test]
async fn no_order_is_carried_out_without_a_name_and_a_reason() {
    let (mut guard, promo, _) = guard();
    for action in ["pause", "resume", "hold", "release", "setPolicy", "clearPolicy"] {
        for field in ["reason", "actor"] {
            let bad = [
                Value::Null,
                "".into(),
                " \u{a0}\t".into(),
                7.into(),
                json!(["ops"]),
                "a\nb".into(),
                "a\u{0}b".into(),
                "a\u{1b}[31mb".into(),
                "a\u{2028}b".into(),
                "a\u{202e}b".into(),
                "x".repeat(501).into(),
            ];
            for value in bad.into_iter().map(Some).chain([None]) {
                let mut request = json!({"action": action, "reason": "ticket 4711", "actor": "ops@example.com"});
                match action {
                    "setPolicy" => request["policy"] = "mode = 'observe'".into(),
                    "clearPolicy" => {}
                    _ => request["configurationSet"] = "promo".into(),
                }
                match &value {
                    Some(value) => request[field] = value.clone(),
                    None => drop(request.as_object_mut().unwrap().remove(field)),
                }
                let answer = guard.operate(request).await;
                let refused = (&answer["ok"], &answer["error"]["code"]);
                assert_eq!(refused, (&json!(false), &json!("invalidRequest")), "{action}, {field} {value:?}: {answer}");
            }
        }
    }
    assert_eq!(guard.state(&promo).await, State::default());
    assert!(guard.register.history(&promo, 10).await.unwrap().is_empty());
    let policy = guard.operate(json!({"action": "policy"})).await;
    assert_eq!((&policy["versions"], &policy["policySource"]), (&json!([]), &json!("builtIn")));
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

#[tokio::test]
async fn ses_is_not_believed_to_be_on_so_soon_after_a_pause() {
    // SES goes on calling a paused set enabled for a while; here somebody enabled it, which looks the same.
    for (seconds, turns) in [(30, vec![None, Some(true)]), (119, vec![None, Some(true)]), (3_600, vec![None])] {
        let (mut guard, promo, now) = with_bounces(98).await;
        guard.clock.set(plus_seconds(now, seconds));
        guard.ses.toggle(&promo, true);
        let before = guard.ses.calls().len() + 1;
        assert_eq!(guard.operate(order("resume")).await["ok"], true);
        let calls: Vec<_> = guard.ses.calls().split_off(before).into_iter().map(|(_, turned)| turned).collect();
        assert_eq!(calls, turns, "{seconds} seconds after the pause");
        assert_eq!(guard.state(&promo).await.phase, Phase::Trial);
    }
}

#[tokio::test]
async fn a_pause_that_was_called_for_and_never_confirmed_makes_ses_doubtful_too() {
    let (mut guard, promo, now) = guard();
    guard.ses.plant([SesFault::AnswerLost]);
    guard.mail("promo", Send, 0, 100, now).await;
    let failed: Vec<_> = (0..50).map(|mail| receipt("promo", Bounce, mail, now)).collect();
    guard.count(&failed, &Fuse::endless()).await.unwrap();
    guard.judge(&promo, &Fuse::endless()).await.unwrap().unwrap();
    // The actuator gets no answer, and its time is over.
    let woken = [promo.clone()].into();
    assert!(guard.actuate(&woken, &Fuse::of(20)).await.is_none());
    assert!(guard.state(&promo).await.lease.is_some(), "it holds its lease");
    // The next one is throttled, gives its own lease back, and its time is over, too.
    guard.ses.plant([SesFault::Throttled]);
    guard.clock.set(plus_seconds(now, 90));
    assert!(guard.actuate(&woken, &Fuse::of(13)).await.is_none());
    assert!(guard.state(&promo).await.lease.is_none(), "surely not done");
    guard.ses.toggle(&promo, true);
    guard.operate(order("resume")).await;
    assert_eq!(guard.ses.calls().last(), Some(&(promo.clone(), Some(true))), "enabled, though SES calls it enabled");
}

#[tokio::test]
async fn mail_that_someone_let_out_before_the_resume_lies_before_its_fence() {
    let (mut guard, promo, now) = with_bounces(98).await;
    guard.ses.toggle(&promo, true);
    guard.mail("promo", Send, 2_000, 100, plus_seconds(now, 3_600)).await;
    guard.clock.set(plus_seconds(now, 3_660));
    assert_eq!(guard.operate(order("resume")).await["ok"], true);
    guard.mail("promo", Bounce, 2_000, 50, plus_seconds(now, 3_600)).await;
    assert_eq!(guard.state(&promo).await.phase, Phase::Trial, "the operator has answered for that mail");
}

#[tokio::test]
async fn mail_of_a_resume_that_ses_never_confirmed_lies_before_the_next_ones_fence() {
    let (mut guard, promo, now) = with_bounces(98).await;
    let later = plus_seconds(now, 3_600);
    guard.clock.set(later);
    for intent in [Intent::Resume, Intent::Pause] {
        let before = guard.state(&promo).await;
        let why = Why::operator("ordered".into(), "ops", "so it is");
        let after = before.intending(intent, 0, Owner::Operator, why);
        let change = Change::silent(&promo, &before, after);
        assert_eq!(guard.register.commit(&change).await.unwrap(), Committed::Done);
        // SES lets it send again, and what becomes of the orders is lost.
        guard.ses.toggle(&promo, true);
        guard.register.take_stream();
    }
    let batch: Vec<_> = (2_000..2_100).map(|mail| receipt("promo", Send, mail, plus_seconds(later, 10))).collect();
    guard.count(&batch, &Fuse::endless()).await.unwrap();
    // The pause lands at last, and again nobody hears of it.
    guard.ses.toggle(&promo, false);
    guard.clock.set(plus_seconds(later, 60));
    assert_eq!(guard.operate(order("resume")).await["ok"], true);
    guard.mail("promo", Bounce, 2_000, 50, plus_seconds(later, 10)).await;
    assert_eq!(guard.state(&promo).await.phase, Phase::Trial, "the operator has answered for that mail");
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
