//! Alarms, whichever way they come.

use super::*;
use crate::name::ConfigurationSetName;

fn read(body: &Value) -> AlarmChange {
    match reader().read(&body.to_string(), now()) {
        Ok(Reading::Alarm(alarm)) => alarm,
        other => panic!("{other:?}"),
    }
}

fn sets(alarm: &AlarmChange) -> Vec<&str> {
    alarm.configuration_sets.iter().map(ConfigurationSetName::as_str).collect()
}

const CHILD: &str = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:ses-marketing-weekly-bounce-rate";

#[test]
fn an_alarm_says_what_it_watches_in_every_form() {
    use AlarmState::{Alarm, InsufficientData, Ok};
    let weekly = &["marketing-weekly"][..];
    for (file, state, named, children, account_level) in [
        ("alarm/direct-metric-alarm.json", Alarm, weekly, &[][..], false),
        ("alarm/direct-metric-ok.json", Ok, weekly, &[], false),
        ("alarm/direct-metric-insufficient-data.json", InsufficientData, weekly, &[], false),
        ("alarm/direct-metric-no-reason-data.json", Alarm, weekly, &[], false),
        ("alarm/direct-account-level.json", Alarm, &[], &[], true),
        ("alarm/direct-composite.json", Alarm, &[], &[CHILD], false),
        ("alarm/eventbridge-metric.json", Alarm, weekly, &[], false),
        ("alarm/eventbridge-metric-math.json", Alarm, weekly, &[], false),
        ("alarm/message-metric.json", Alarm, weekly, &[], false),
        ("alarm/message-metric-ok.json", Ok, weekly, &[], false),
        ("alarm/message-metric-math.json", Alarm, weekly, &[], false),
        ("alarm/message-account-level.json", Alarm, &[], &[], true),
        ("alarm/message-composite.json", Alarm, &[], &[CHILD], false),
        ("alarm/message-composite-no-children.json", Alarm, &[], &[], false),
    ] {
        let raw = event(file);
        let alarm = read(&raw);
        assert_eq!(alarm.state, state, "{file}");
        assert_eq!(sets(&alarm), named, "{file}");
        assert_eq!(alarm.children, children, "{file}");
        assert_eq!(alarm.account_level, account_level, "{file}");
        let enveloped: Value = serde_json::from_str(&in_sns(&raw.to_string())).unwrap();
        assert_eq!(read(&enveloped), alarm, "{file} through SNS");
    }
}

#[test]
fn each_set_and_child_is_named_once() {
    let metric = |set: &str| json!({"metricStat": {"metric": {"namespace": "AWS/SES", "dimensions": {"ses:configuration-set": set}}}});
    let mut alarm = event("alarm/direct-metric-alarm.json");
    alarm["alarmData"]["configuration"]["metrics"] =
        json!([metric("b"), metric("a"), {"expression": "1"}, metric("b")]);
    assert_eq!(sets(&read(&alarm)), ["b", "a"]);
    let mut composite = event("alarm/message-composite.json");
    composite["TriggeringChildren"] = json!([{"Arn": CHILD}, {"Arn": CHILD}, {}]);
    assert_eq!(read(&composite).children, [CHILD]);
}

#[test]
fn what_is_optional_may_be_missing_null_or_odd() {
    let metric_alarm = || event("alarm/direct-metric-alarm.json");
    for (what, alarm, account_level) in [
        ("no configuration", without(metric_alarm(), "/alarmData", "configuration"), false),
        ("metrics null", with(metric_alarm(), "/alarmData/configuration/metrics", json!(null)), false),
        (
            "a metric of another service",
            with(
                metric_alarm(),
                "/alarmData/configuration/metrics/0/metricStat/metric",
                json!({"namespace": "AWS/SQS", "dimensions": {}}),
            ),
            false,
        ),
        (
            "no dimensions at all",
            with(
                metric_alarm(),
                "/alarmData/configuration/metrics/0/metricStat/metric",
                json!({"namespace": "AWS/SES"}),
            ),
            true,
        ),
        (
            "another dimension",
            with(
                metric_alarm(),
                "/alarmData/configuration/metrics/0/metricStat/metric/dimensions",
                json!({"ses:from-domain": "example.com"}),
            ),
            false,
        ),
        ("reason data of a person", with(metric_alarm(), "/alarmData/state/reasonData", json!("because")), true),
        ("no trigger", without(event("alarm/message-metric.json"), "", "Trigger"), false),
        ("dimensions null", with(event("alarm/message-metric.json"), "/Trigger/Dimensions", json!(null)), true),
    ] {
        let alarm = read(&alarm);
        if what == "reason data of a person" {
            assert_eq!((sets(&alarm), alarm.children.len()), (vec!["marketing-weekly"], 0));
        } else {
            assert_eq!((sets(&alarm), alarm.account_level), (vec![], account_level), "{what}");
        }
    }
}

#[test]
fn an_alarm_that_cannot_be_one_is_refused() {
    let direct = || event("alarm/direct-metric-alarm.json");
    let message = || event("alarm/message-metric.json");
    let long = "a".repeat(256);
    let name = "error: field `alarmName` must be 1 to 255 characters, none a control character";
    let cloudwatch = "error: field `source` must be aws.cloudwatch for this kind of event";
    for (what, alarm, expected) in [
        (
            "an unknown state",
            with(direct(), "/alarmData/state/value", json!("PANIC")),
            "error: field `state.value` must be OK, ALARM or INSUFFICIENT_DATA",
        ),
        ("no state", without(message(), "", "NewStateValue"), "error: missing field `state.value`"),
        ("no name", without(direct(), "/alarmData", "alarmName"), "error: missing field `alarmName`"),
        ("an empty name", with(message(), "/AlarmName", json!("")), name),
        ("256 characters", with(message(), "/AlarmName", json!(long)), name),
        ("a new line", with(message(), "/AlarmName", json!("a\nb")), name),
        ("another source", with(direct(), "/source", json!("com.example")), cloudwatch),
        (
            "another source on the bus",
            with(event("alarm/eventbridge-metric.json"), "/source", json!("com.example")),
            cloudwatch,
        ),
        (
            "a set that cannot be",
            with(
                direct(),
                "/alarmData/configuration/metrics/0/metricStat/metric/dimensions/ses:configuration-set",
                json!("a b"),
            ),
            "error: field `dimensions.ses:configuration-set` must be a configuration set's name: 1 to 64 of A-Z a-z 0-9 _ -",
        ),
    ] {
        assert_eq!(told(&alarm.to_string()), expected, "{what}");
    }
    assert_eq!(read(&with(message(), "/AlarmName", json!("a".repeat(255)))).name.len(), 255);
}

#[test]
fn a_change_says_whose_it_is_and_when_it_was() {
    for file in [
        "alarm/direct-metric-alarm.json",
        "alarm/direct-metric-no-reason-data.json",
        "alarm/direct-composite.json",
        "alarm/eventbridge-metric-math.json",
        "alarm/message-metric.json",
        "alarm/message-composite-no-children.json",
    ] {
        let alarm = read(&event(file));
        let (account, region) = (alarm.account.unwrap(), alarm.region.unwrap());
        assert_eq!((account.as_str(), region.as_str()), ("111122223333", "eu-west-1"), "{file}");
        assert_eq!(alarm.changed_at, "2026-11-20T09:30:12.309Z".parse().ok(), "{file}");
        assert_eq!(alarm.composite, file.contains("composite"), "{file}");
    }
    let odd = with(event("alarm/message-metric.json"), "/StateChangeTime", json!("yesterday"));
    let odd = read(&with(odd, "/AlarmArn", json!("not an ARN")));
    assert_eq!((odd.changed_at, odd.account, odd.region), (None, None, None));
}

#[test]
fn only_cloudwatchs_own_words_are_repeated() {
    let reason = |text: &str| {
        read(&with(event("alarm/direct-metric-alarm.json"), "/alarmData/state/reason", json!(text))).reason
    };
    let own = "Threshold Crossed: 1 datapoint [0.0523 (20/11/26 09:25:00)] was greater than or equal to the threshold (0.04).";
    assert_eq!(reason(own).as_deref(), Some(own));
    for other in ["testing, ask ana@example.net", "Threshold Crossed: ana@example.net", "Threshold Crossed: \n", ""] {
        assert_eq!(reason(other), None, "{other}");
    }
}
