//! CloudWatch's alarms: followed when the guard's own counts agree, or when it has none; else people read why not.

use guard_core::audit::Act;
use guard_core::event::SignalKind::{Bounce, Send};
use guard_core::event::{AlarmChange, Reading};
use guard_core::name::SetKey;
use guard_core::policy::{Deployed, PolicyBook};
use guard_core::port::{Clock, Register, Watched};
use guard_core::state::{Phase, State};
use guard_core::steps::alarm::Response;
use guard_core::steps::decide::Mode;
use guard_core::time::plus_seconds;
use guard_tests::crash::Fuse;
use guard_tests::guard::{Guard, receipt};
use guard_tests::mail::{ACCOUNT, REGION, at, set};
use serde_json::{Value, json};

/// Eight seconds after the alarms of the repository went off.
const NOW: &str = "2026-11-20T09:30:20Z";
const WEEKLY: &str = "marketing-weekly";
const CHILD: &str = "ses-marketing-weekly-bounce-rate";

fn event(file: &str) -> Value {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../events").join(file);
    serde_json::from_str(&std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"))).unwrap()
}

/// An event as SNS hands it to a function.
fn by_sns(message: &Value) -> Value {
    json!({"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": {
        "Type": "Notification", "MessageId": "m", "TopicArn": format!("arn:aws:sns:{REGION}:{ACCOUNT}:ses-alarms"),
        "Subject": "ALARM", "Message": message.to_string(), "Timestamp": "2026-11-20T09:30:12.400Z"}}]})
}

fn metric_alarm(name: &str, sets: &[&str]) -> Watched {
    let configuration_sets = sets.iter().map(|set| set.parse().unwrap()).collect();
    Watched { name: name.to_owned(), in_alarm: true, configuration_sets, ..Watched::default() }
}

/// What the guard has counted of the set.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Counts {
    Over,
    Fine,
    None,
}

/// A guard that has counted this, with nothing judged yet and the stream lost.
async fn guard(counts: Counts) -> (Guard, SetKey) {
    let weekly = set(WEEKLY);
    let guard = Guard::of(at(NOW), &[weekly.clone(), set("shop")]);
    guard.alarms.put(metric_alarm(CHILD, &[WEEKLY]), &[]);
    guard
        .alarms
        .put(Watched { composite: true, in_alarm: true, name: "ses-any".into(), ..Watched::default() }, &[CHILD]);
    let sent_at = plus_seconds(at(NOW), -600);
    let bounces = match counts {
        Counts::Over => 60,
        Counts::Fine => 12,
        Counts::None => return (guard, weekly),
    };
    let mut batch: Vec<_> = (0..300).map(|mail| receipt(WEEKLY, Send, mail, sent_at)).collect();
    batch.extend((0..bounces).map(|mail| receipt(WEEKLY, Bounce, mail, sent_at)));
    guard.count(&batch, &Fuse::endless()).await.unwrap();
    guard.register.take_stream();
    (guard, weekly)
}

fn subjects(guard: &Guard) -> Vec<String> {
    guard.notices.all().into_iter().map(|notice| notice.subject).collect()
}

fn account() -> SetKey {
    SetKey::account(ACCOUNT.parse().unwrap(), REGION.parse().unwrap())
}

/// In ALARM and about `marketing-weekly`, in every form.
const ALARMS: [&str; 11] = [
    "alarm/direct-metric-alarm.json",
    "alarm/direct-metric-no-reason-data.json",
    "alarm/direct-composite.json",
    "alarm/eventbridge-metric.json",
    "alarm/eventbridge-metric-math.json",
    "alarm/message-metric.json",
    "alarm/message-metric-math.json",
    "alarm/message-composite.json",
    "alarm/message-composite-no-children.json",
    "sns/alarm-metric.json",
    "sns/alarm-metric-math.json",
];

#[tokio::test]
async fn an_alarm_in_every_form_is_followed_where_the_counts_agree_or_are_none() {
    for file in ALARMS {
        for (counts, paused, told) in [
            (Counts::Over, true, "SES guard: paused marketing-weekly"),
            (Counts::None, true, "SES guard: paused marketing-weekly"),
            (Counts::Fine, false, "SES guard: alarm not followed for marketing-weekly"),
        ] {
            let (mut guard, weekly) = guard(counts).await;
            let alarm = event(file);
            let ways = match file.split_once('/') {
                Some(("sns", _)) => vec![alarm],
                _ if file.contains("message") => vec![by_sns(&alarm)],
                _ => vec![alarm.clone(), by_sns(&alarm)],
            };
            for way in ways {
                // Each twice: every way delivers at least once.
                guard.alarm(&way).await.unwrap();
                guard.alarm(&way).await.unwrap();
            }
            assert_eq!(guard.ses.accepts(&weekly), !paused, "{file}, counted {counts:?}");
            assert_eq!(subjects(&guard), [told], "{file}, counted {counts:?}");
            assert!(guard.ses.accepts(&set("shop")), "{file}");
        }
    }
}

#[tokio::test]
async fn the_reason_is_told_in_numbers() {
    let mut told = Vec::new();
    for counts in [Counts::None, Counts::Fine] {
        let (mut guard, weekly) = guard(counts).await;
        guard.alarm(&event(ALARMS[0])).await.unwrap();
        told.push(guard.notices.all()[0].text.clone());
        let history = guard.register.history(&weekly, 9).await.unwrap();
        let decided = [Act::AlarmNotFollowed, Act::PauseIntended, Act::Paused];
        let decided: Vec<_> = history.iter().filter(|record| decided.contains(&record.act)).collect();
        assert_eq!(decided.len(), if counts == Counts::None { 2 } else { 1 }, "{history:?}");
        for record in decided {
            let found = record.evidence.as_ref().map(|found| &found["verdict"]);
            assert_eq!(found, Some(&"ok".into()), "what the guard itself found is on file: {:?}", record.act);
        }
    }
    insta::assert_snapshot!(told.join("\n---\n"));
}

#[tokio::test]
async fn what_is_no_alarm_changes_nothing() {
    for file in [
        "alarm/direct-metric-ok.json",
        "alarm/direct-metric-insufficient-data.json",
        "alarm/message-metric-ok.json",
        "sns/alarm-metric-ok.json",
    ] {
        let (mut guard, weekly) = guard(Counts::Over).await;
        guard.alarm(&event(ALARMS[0])).await.unwrap();
        let paused = guard.state(&weekly).await;
        assert_eq!(paused.phase, Phase::Paused);
        guard.clock.advance(86_400);
        guard.alarm(&event(file)).await.unwrap();
        assert_eq!(guard.state(&weekly).await, paused, "{file}: a paused set's silence is no health");
        assert!(!guard.ses.accepts(&weekly) && guard.notices.all().len() == 1, "{file}");
    }
}

#[tokio::test]
async fn people_are_told_once_for_each_time_that_an_alarm_goes_off() {
    let (mut guard, weekly) = guard(Counts::Fine).await;
    let mut alarm = event("alarm/direct-metric-alarm.json");
    for time in ["09:30:12", "09:30:12", "09:30:12", "10:15:40"] {
        alarm["alarmData"]["state"]["timestamp"] = format!("2026-11-20T{time}.309+0000").into();
        guard.alarm(&alarm).await.unwrap();
    }
    assert_eq!(subjects(&guard).len(), 2);
    alarm["alarmData"]["alarmName"] = "ses-marketing-weekly-complaint-rate".into();
    guard.alarm(&alarm).await.unwrap();
    assert_eq!(subjects(&guard).len(), 3, "another alarm is another matter");
    let acts: Vec<Act> = guard.register.history(&weekly, 9).await.unwrap().iter().map(|record| record.act).collect();
    assert_eq!(acts, [Act::AlarmNotFollowed; 3]);
}

#[tokio::test]
async fn an_alarm_is_trusted_where_the_policy_says_so() {
    let (mut guard, weekly) = guard(Counts::Fine).await;
    let text = "[profile.blindly]\ntrust_alarm = true\n[[assign]]\nsets = 'marketing-*'\nprofile = 'blindly'\n";
    guard.policy = Deployed { book: PolicyBook::read(text).unwrap(), ..Deployed::default() };
    guard.alarm(&event(ALARMS[0])).await.unwrap();
    assert!(!guard.ses.accepts(&weekly));
}

#[tokio::test]
async fn who_may_not_be_paused_is_not_paused_by_an_alarm_either() {
    for (what, mode, held, policy) in [
        ("observed", Mode::Observe, false, ""),
        ("held", Mode::Enforce, true, ""),
        ("observed by policy", Mode::Enforce, false, "mode = 'observe'"),
        ("exempt", Mode::Enforce, false, "[[exempt]]\nsets = 'marketing-*'\nreason = 'season'\nexpires = 2026-12-31\n"),
    ] {
        let (mut guard, weekly) = guard(Counts::None).await;
        guard.mode = mode;
        if !policy.is_empty() {
            guard.policy = Deployed { book: PolicyBook::read(policy).unwrap(), ..Deployed::default() };
        }
        if held {
            let order = json!({"action": "hold", "configurationSet": WEEKLY, "reason": "import", "actor": "ops"});
            assert_eq!(guard.operate(order).await["ok"], true);
        }
        guard.alarm(&event(ALARMS[0])).await.unwrap();
        assert!(guard.ses.accepts(&weekly), "{what}");
        assert_eq!(subjects(&guard), ["SES guard: alarm not followed for marketing-weekly"], "{what}");
    }
}

#[tokio::test]
async fn an_alarm_from_before_a_resume_pauses_nobody_again() {
    let (mut guard, weekly) = guard(Counts::None).await;
    guard.alarm(&event(ALARMS[0])).await.unwrap();
    assert!(!guard.ses.accepts(&weekly));
    guard.clock.advance(3_600);
    let order = json!({"action": "resume", "configurationSet": WEEKLY, "reason": "mended", "actor": "ops"});
    assert_eq!(guard.operate(order).await["ok"], true);
    let mut alarm = event("alarm/eventbridge-metric.json");
    for (time, sends) in
        [("09:30:12.309", true), ("10:10:00.309", true), ("10:29:59.999", true), ("10:30:00.000", false)]
    {
        alarm["detail"]["state"]["timestamp"] = format!("2026-11-20T{time}+0000").into();
        guard.alarm(&alarm).await.unwrap();
        assert_eq!(guard.ses.accepts(&weekly), sends, "an alarm of {time}, resumed at 10:30");
    }
}

#[tokio::test]
async fn an_alarm_of_the_account_is_told_as_such() {
    let (mut guard, weekly) = guard(Counts::Fine).await;
    for file in ["alarm/direct-account-level.json", "alarm/message-account-level.json"] {
        guard.alarm(&event(file)).await.unwrap();
    }
    let notices = guard.notices.all();
    assert_eq!(subjects(&guard), ["SES guard: account at risk: 111122223333"], "one change, reported twice");
    assert_eq!((notices[0].detail_type, &notices[0].detail["configurationSet"]), ("Account At Risk", &Value::Null));
    insta::assert_snapshot!(notices[0].text);
    assert!(guard.ses.accepts(&weekly));
    let acts: Vec<Act> = guard.register.history(&account(), 9).await.unwrap().iter().map(|record| record.act).collect();
    assert_eq!(acts, [Act::AccountAtRisk]);
}

#[tokio::test]
async fn what_cannot_be_followed_is_told_filed_and_done_with() {
    let with = |pointer: &str, value: Value| {
        let mut alarm = event("alarm/direct-metric-alarm.json");
        *alarm.pointer_mut(pointer).unwrap() = value;
        alarm
    };
    let dimension = "/alarmData/configuration/metrics/0/metricStat/metric/dimensions";
    for (what, event) in [
        ("an unknown set", with(dimension, json!({"ses:configuration-set": "no-such-set"}))),
        ("a name that can't be", with(dimension, json!({"ses:configuration-set": "a b"}))),
        ("another dimension", with(dimension, json!({"ses:from-domain": "example.com"}))),
        ("another account", with("/alarmArn", "arn:aws:cloudwatch:eu-west-1:444455556666:alarm:x".into())),
        ("another Region", with("/alarmArn", "arn:aws:cloudwatch:us-east-1:111122223333:alarm:x".into())),
        ("no state", with("/alarmData/state", json!({}))),
        (
            "no JSON in SNS",
            json!({"Records": [{"Sns": {"Type": "Notification", "Message": "ALARM! ana@example.net"}}]}),
        ),
        ("a text", json!("ALARM")),
        ("nothing known", json!({"hello": "world"})),
        ("mail", guard_tests::mail::record("promo", Send, 1, at(NOW))),
    ] {
        let (mut guard, weekly) = guard(Counts::Fine).await;
        for _ in 0..3 {
            assert!(guard.alarm(&event).await.is_ok(), "{what}: no retry would help");
        }
        let notices = guard.notices.all();
        assert_eq!(subjects(&guard), ["SES guard: alarm not understood in account 111122223333"], "{what}");
        assert!(!notices[0].text.contains("example.net"), "{what}: {}", notices[0].text);
        assert_eq!(guard.register.history(&account(), 9).await.unwrap().len(), 1, "{what}");
        assert!(guard.ses.accepts(&weekly), "{what}");
        assert_eq!(guard.state(&set("no-such-set")).await, State::default(), "{what}: nothing is kept of it");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_told_once_an_hour() {
    let (mut guard, _) = guard(Counts::Fine).await;
    for (now, told) in [("09:30:20", 1), ("09:59:59", 1), ("10:00:00", 2), ("10:59:59", 2), ("11:00:00", 3)] {
        guard.clock.set(at(&format!("2026-11-20T{now}Z")));
        guard.alarm(&json!({"hello": "world"})).await.unwrap();
        assert_eq!(subjects(&guard).len(), told, "{now}");
    }
    let records = guard.register.history(&account(), 9).await.unwrap();
    let hours: Vec<_> = records.iter().rev().map(|record| record.at).collect();
    assert_eq!(hours, ["09", "10", "11"].map(|hour| at(&format!("2026-11-20T{hour}:00:00Z"))));
}

#[tokio::test]
async fn what_came_of_an_alarm_is_answered() {
    let respond = async |guard: &Guard, file: &str| {
        let alarm = read(&event(file), guard.clock.now());
        guard.respond(&alarm, &Fuse::endless()).await.unwrap().unwrap().swap_remove(0)
    };
    for (what, counts, file, expected) in [
        ("paused by its own counts", Counts::Over, ALARMS[0], "Stopped"),
        ("paused on the alarm's word", Counts::None, ALARMS[0], "Paused"),
        ("not paused", Counts::Fine, ALARMS[0], "Told"),
        ("of the account", Counts::Fine, "alarm/direct-account-level.json", "Told"),
        ("no alarm", Counts::Fine, "alarm/direct-metric-ok.json", "Nothing"),
    ] {
        let (guard, weekly) = guard(counts).await;
        let answer = respond(&guard, file).await;
        let word = match &answer {
            Response::Nothing => "Nothing",
            Response::Stopped(set, Phase::Pausing) if *set == weekly => "Stopped",
            Response::Paused(set, record) if *set == weekly && record.act == Act::PauseIntended => "Paused",
            Response::Told(record) if [Act::AlarmNotFollowed, Act::AccountAtRisk].contains(&record.act) => "Told",
            Response::Stopped(..) | Response::Paused(..) | Response::Told(_) | Response::Known(_) => "another",
        };
        assert_eq!(word, expected, "{what}: {answer:?}");
        if expected == "Told" {
            assert!(matches!(respond(&guard, file).await, Response::Known(_)), "{what}, reported twice");
        }
    }
}

#[tokio::test]
async fn one_unreadable_record_does_not_keep_the_others_from_being_followed() {
    let (mut guard, weekly) = guard(Counts::Over).await;
    let mut batch = by_sns(&event("alarm/message-metric.json"));
    batch["Records"].as_array_mut().unwrap().insert(0, json!({"Sns": {"Type": "Notification", "Message": "{"}}));
    guard.alarm(&batch).await.unwrap();
    assert!(!guard.ses.accepts(&weekly));
}

#[tokio::test]
async fn composite_alarms_are_followed_down_to_what_they_watch() {
    let (mut guard, weekly) = guard(Counts::Over).await;
    let composite =
        |name: &str, in_alarm| Watched { name: name.into(), composite: true, in_alarm, ..Watched::default() };
    guard.alarms.put(composite("ses-any", true), &["inner", "quiet", "around"]);
    guard.alarms.put(composite("inner", true), &[CHILD, "account"]);
    guard.alarms.put(composite("quiet", false), &["shop-alarm"]);
    guard.alarms.put(composite("around", true), &["around"]);
    guard.alarms.put(metric_alarm("shop-alarm", &["shop"]), &[]);
    guard.alarms.put(Watched { account_level: true, ..metric_alarm("account", &[]) }, &[]);
    guard.alarm(&by_sns(&event("alarm/message-composite-no-children.json"))).await.unwrap();
    assert!(!guard.ses.accepts(&weekly) && guard.ses.accepts(&set("shop")));
    assert!(subjects(&guard).contains(&"SES guard: account at risk: 111122223333".to_owned()));
    assert!(guard.alarms.calls() <= 12, "an alarm that names itself is not followed for ever");

    let mut gone = Guard::of(at(NOW), &[]);
    gone.alarm(&event("alarm/direct-composite.json")).await.unwrap();
    assert_eq!(subjects(&gone), ["SES guard: alarm not understood in account 111122223333"], "its child is deleted");
}

#[tokio::test]
async fn an_alarm_may_die_between_any_two_steps_and_come_again() {
    for counts in [Counts::Over, Counts::None, Counts::Fine] {
        let mut deaths = 0;
        for steps in 0..100 {
            let (mut guard, weekly) = guard(counts).await;
            let alarm = read(&event("alarm/direct-composite.json"), guard.clock.now());
            let survived = guard.respond(&alarm, &Fuse::of(steps)).await.is_some();
            deaths += u32::from(!survived);
            guard.respond(&alarm, &Fuse::endless()).await.unwrap().unwrap();
            guard.settle().await;
            let what = format!("counted {counts:?}, after {steps} steps");
            assert_eq!(guard.ses.accepts(&weekly), counts == Counts::Fine, "{what}");
            assert_eq!(subjects(&guard).len(), 1, "{what}");
            assert!(guard.state(&weekly).await.generation <= 1, "{what}");
            if survived {
                break;
            }
        }
        assert!(deaths >= 8, "{deaths} places to die");
    }
}

fn read(event: &Value, now: jiff::Timestamp) -> AlarmChange {
    match Guard::reader().read(&event.to_string(), now) {
        Ok(Reading::Alarm(alarm)) => alarm,
        other => panic!("{other:?}"),
    }
}
