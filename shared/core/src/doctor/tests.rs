//! A healthy stack, and each fault planted in it once: what is said of it, and by which command it is mended.

mod facts;
mod grants;

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::port::{EventDestination, EventType, Target};

const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:guard-events";
const QUEUE: &str = "arn:aws:sqs:eu-west-1:111122223333:guard-events";
const STREAM: &str = "arn:aws:dynamodb:eu-west-1:111122223333:table/guard-state/stream/1";

fn policy(service: &str, action: &str, from: &str) -> String {
    json!({"Statement": [
        {"Effect": "Allow", "Principal": {"Service": service}, "Action": action,
         "Condition": {"ArnEquals": {"aws:SourceArn": from}}},
        {"Effect": "Deny", "Principal": "*", "Action": action, "Condition": {"Bool": {"aws:PrincipalIsAWSService": "false"}}},
    ]})
    .to_string()
}

fn mapping(source_arn: &str) -> Mapping {
    Mapping { id: "1".into(), source_arn: source_arn.into(), state: "Enabled".into(), reports_failures: true }
}

fn queue(name: &str) -> Queue {
    Queue {
        arn: format!("arn:aws:sqs:eu-west-1:111122223333:{name}"),
        url: format!("https://sqs/{name}"),
        policy: policy("sns.amazonaws.com", "sqs:SendMessage", TOPIC),
        has_dead_letters: true,
        messages: 0,
    }
}

fn subscription(protocol: &str, endpoint: &str) -> Subscription {
    let (arn, protocol, endpoint) = (Some(format!("{TOPIC}:1")), protocol.to_owned(), endpoint.to_owned());
    Subscription { arn, protocol, endpoint, raw: true, filtered: false }
}

fn role_of(grants: &[(&str, &str)]) -> String {
    let grant =
        |(action, resource): &(&str, &str)| json!({"Effect": "Allow", "Action": [action], "Resource": resource});
    json!({"Statement": grants.iter().map(grant).collect::<Vec<_>>()}).to_string()
}

fn healthy() -> Facts {
    let environment: BTreeMap<String, String> = [
        ("GUARD_MODE", "enforce"),
        ("GUARD_STATE_TABLE", "guard-state"),
        ("GUARD_LEDGER_TABLE", "guard-ledger"),
        ("GUARD_DIGEST_TABLE", "guard-digests"),
        ("GUARD_EVENTS_QUEUE_ARN", QUEUE),
        ("GUARD_RECHECK_QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/111122223333/recheck"),
        ("GUARD_WAKE_UP_DEAD_LETTER_QUEUE", "dead-wake-ups"),
        ("GUARD_NOTICES_TOPIC_ARN", "arn:aws:sns:eu-west-1:111122223333:notices"),
        ("GUARD_EVENT_BUS", "default"),
        ("GUARD_ACTUATE_FUNCTION", "guard-actuate"),
        ("GUARD_EVENTS_TOPIC_ARN", TOPIC),
        ("GUARD_EVENT_DESTINATION", "guard-guard"),
        ("GUARD_HEARS_EVENT_BUS", "false"),
        ("GUARD_POLICY", ""),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let arn = "arn:aws:lambda:eu-west-1:111122223333:function:guard".to_owned();
    let role = "arn:aws:iam::111122223333:role/guard".to_owned();
    let function = Function { arn, role, environment, state: "Active".into(), reserved: None };
    let topic = |arn: &str, service: &str, subscriptions| Topic {
        arn: arn.into(),
        policy: policy(service, "sns:Publish", "arn:aws:ses:eu-west-1:111122223333:configuration-set/*"),
        subscriptions,
    };
    let destination = EventDestination {
        name: "guard-guard".into(),
        enabled: true,
        events: EventType::COUNTED.into(),
        target: Target::Topic(TOPIC.into()),
    };
    let table = |streams| Ok(Some(Table { status: "ACTIVE".into(), streams }));
    Facts {
        stack: "guard".into(),
        now: "2026-11-20T12:00:00Z".parse().unwrap(),
        functions: FUNCTIONS.map(|name| (name, Ok(Some(function.clone())))).into(),
        roles: FUNCTIONS.map(|name| (name, Ok(vec![role_of(&[("*", "*")])]))).into(),
        mappings: [
            ("ingest", Ok(vec![mapping(QUEUE)])),
            ("judge", Ok(vec![mapping(STREAM), mapping("arn:aws:sqs:eu-west-1:111122223333:recheck")])),
            ("actuate", Ok(vec![mapping(STREAM)])),
        ]
        .into(),
        events_topic: Ok(Some(topic(TOPIC, "ses.amazonaws.com", vec![subscription("sqs", QUEUE)]))),
        notices_topic: Ok(Some(topic("notices", "cloudwatch.amazonaws.com", vec![subscription("email", "")]))),
        queues: [
            (QueueRole::Events, Ok(Some(queue("guard-events")))),
            (QueueRole::EventsDead, Ok(Some(queue("dead")))),
            (QueueRole::WakeUpsDead, Ok(Some(queue("dead-wake-ups")))),
        ]
        .into(),
        tables: [("guard-state".to_owned(), table(true)), ("guard-ledger".to_owned(), table(false))].into(),
        alarms: Ok(ALARMS.map(|name| Alarm { name: format!("guard-{name}"), state: "OK".into(), calls: true }).into()),
        timers: Ok(vec![
            Rule { name: "timer".into(), enabled: true, schedule: Some("rate(1 minute)".into()) },
            Rule { name: "calls".into(), enabled: true, schedule: None },
        ]),
        sets: Ok(vec![("tenant-a".parse().unwrap(), vec![destination])]),
        sets_in_all: 1,
        status: Ok(json!({"ok": true, "mode": "enforce", "policySource": "environment",
            "sight": {"checkedAt": "2026-11-20T11:57:00Z", "blindSpots": []}})),
        stopped: Ok(vec![json!({"configurationSet": "promo", "phaseAfter": "PAUSED", "sendingEnabled": false})]),
    }
}

#[test]
fn of_a_healthy_stack_there_is_nothing_to_say() {
    assert_eq!(examine(&healthy()), []);
}

type Plant = fn(&mut Facts);

fn subscriptions(facts: &mut Facts) -> &mut Vec<Subscription> {
    &mut facts.events_topic.as_mut().unwrap().as_mut().unwrap().subscriptions
}

fn queue_mut(facts: &mut Facts, role: QueueRole) -> &mut Queue {
    facts.queues.get_mut(&role).unwrap().as_mut().unwrap().as_mut().unwrap()
}

fn function_mut<'a>(facts: &'a mut Facts, name: &str) -> &'a mut Function {
    facts.functions.get_mut(name).unwrap().as_mut().unwrap().as_mut().unwrap()
}

fn mapping_mut<'a>(facts: &'a mut Facts, name: &str) -> &'a mut Mapping {
    &mut facts.mappings.get_mut(name).unwrap().as_mut().unwrap()[0]
}

fn alarm_mut(facts: &mut Facts) -> &mut Alarm {
    &mut facts.alarms.as_mut().unwrap()[0]
}

/// What was planted, the check that finds it, and a part of the command that mends it.
const PLANTED: [(&str, &str, &str, Plant); 38] = [
    ("a function is gone", "function", "sam deploy", |facts| drop(facts.functions.insert("judge", Ok(None)))),
    ("a function is switched off", "function", "delete-function-concurrency", |facts| {
        function_mut(facts, "ingest").reserved = Some(0)
    }),
    ("a function is broken", "function", "StateReason", |facts| function_mut(facts, "ingest").state = "Failed".into()),
    ("a function may not be asked about", "function", "allow", |facts| {
        drop(facts.functions.insert("sweep", Err("AccessDenied".into())))
    }),
    ("a role lacks an action", "permission", "sam deploy", |facts| {
        let policy = role_of(&[("dynamodb:*", "*"), ("logs:*", "*")]);
        drop(facts.roles.insert("ingest", Ok(vec![policy])))
    }),
    ("roles may not be asked about", "permission", "allow", |facts| {
        for role in facts.roles.values_mut() {
            *role = Err("iam:ListRolePolicies: AccessDenied".into());
        }
    }),
    ("functions of two modes", "mode", "sam deploy", |facts| {
        drop(function_mut(facts, "judge").environment.insert("GUARD_MODE".into(), "observe".into()))
    }),
    ("a mapping is disabled", "mapping", "--uuid 1 --enabled", |facts| {
        mapping_mut(facts, "ingest").state = "Disabled".into()
    }),
    ("a mapping is gone", "mapping", "sam deploy", |facts| {
        facts.mappings.get_mut("actuate").unwrap().as_mut().unwrap().clear()
    }),
    ("a batch fails as one", "mapping", "ReportBatchItemFailures", |facts| {
        mapping_mut(facts, "ingest").reports_failures = false
    }),
    ("the topic is gone", "topic", "sam deploy", |facts| facts.events_topic = Ok(None)),
    ("SES may not publish", "topicPolicy", "sam deploy", |facts| {
        facts.events_topic.as_mut().unwrap().as_mut().unwrap().policy = "{}".into()
    }),
    ("anybody may publish", "topicPolicy", "sam deploy", |facts| {
        let topic = facts.events_topic.as_mut().unwrap().as_mut().unwrap();
        topic.policy =
            topic.policy.replacen('[', r#"[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"SNS:Publish"},"#, 1);
    }),
    ("the queue is not subscribed", "subscription", "sns subscribe", |facts| subscriptions(facts).clear()),
    ("the subscription has a filter", "subscription", "FilterPolicy", |facts| subscriptions(facts)[0].filtered = true),
    ("raw delivery is off", "subscription", "RawMessageDelivery", |facts| subscriptions(facts)[0].raw = false),
    ("nobody hears", "notices", "sns subscribe", |facts| {
        facts.notices_topic.as_mut().unwrap().as_mut().unwrap().subscriptions.clear()
    }),
    ("nobody has confirmed", "notices", "confirm", |facts| {
        facts.notices_topic.as_mut().unwrap().as_mut().unwrap().subscriptions[0].arn = None
    }),
    ("the queue lets nobody in", "queuePolicy", "sam deploy", |facts| {
        queue_mut(facts, QueueRole::Events).policy.clear()
    }),
    ("the queue lets anybody in", "queuePolicy", "sam deploy", |facts| {
        let queue = queue_mut(facts, QueueRole::Events);
        queue.policy = queue.policy.replacen('[', r#"[{"Effect":"Allow","Principal":"*","Action":"sqs:*"},"#, 1);
    }),
    ("another topic is let in", "queuePolicy", "sam deploy", |facts| {
        let queue = queue_mut(facts, QueueRole::Events);
        queue.policy = queue.policy.replace(TOPIC, "arn:aws:sns:eu-west-1:111122223333:other");
    }),
    ("no dead-letter queue", "queue", "sam deploy", |facts| {
        queue_mut(facts, QueueRole::Events).has_dead_letters = false
    }),
    ("dead letters", "deadLetters", "start-message-move-task", |facts| {
        queue_mut(facts, QueueRole::EventsDead).messages = 3
    }),
    ("dead wake-ups", "deadLetters", "purge-queue", |facts| queue_mut(facts, QueueRole::WakeUpsDead).messages = 1),
    ("a table is going", "table", "describe-table", |facts| {
        drop(facts.tables.insert("guard-ledger".into(), Ok(Some(Table { status: "DELETING".into(), streams: false }))))
    }),
    ("no stream", "table", "stream-specification", |facts| {
        drop(facts.tables.insert("guard-state".into(), Ok(Some(Table { status: "ACTIVE".into(), streams: false }))))
    }),
    ("an alarm is gone", "alarm", "sam deploy", |facts| drop(facts.alarms.as_mut().unwrap().remove(5))),
    ("an alarm calls nobody", "alarm", "enable-alarm-actions", |facts| alarm_mut(facts).calls = false),
    ("an alarm rings", "alarm", "describe-alarm-history", |facts| alarm_mut(facts).state = "ALARM".into()),
    ("the timer is off", "timer", "events enable-rule --name timer", |facts| {
        facts.timers.as_mut().unwrap()[0].enabled = false
    }),
    ("the timer is gone", "timer", "sam deploy", |facts| drop(facts.timers.as_mut().unwrap().remove(0))),
    ("a set publishes nowhere", "eventDestinations", "ses-guard enrol", |facts| {
        facts.sets.as_mut().unwrap()[0].1.clear()
    }),
    ("operate does not answer", "operate", "aws logs tail", |facts| facts.status = Err("timed out".into())),
    ("the policy can't be read", "policy", "policy versions", |facts| {
        facts.status = Ok(json!({"ok": false, "error": {"message": "version 3\nof the policy"}}))
    }),
    ("AWS reviews the account", "account", "evidence --account", |facts| {
        facts.status.as_mut().unwrap()["account"] = json!({"enforcementStatus": "PROBATION"})
    }),
    ("AWS stops the account", "account", "Support Center", |facts| {
        facts.status.as_mut().unwrap()["account"] = json!({"enforcementStatus": "SHUTDOWN"})
    }),
    ("AWS disables a tenant", "tenant", "Support Center", |facts| {
        let tenant =
            json!({"tenant": "acme/tn-1a2b", "disabledByAws": {"since": "2026-11-20T12:00:00Z", "cause": null}});
        facts.status.as_mut().unwrap()["account"] = json!({"enforcementStatus": "HEALTHY", "tenants": [tenant]})
    }),
    ("a paused set was switched on", "drift", "ses-guard pause promo", |facts| {
        facts.stopped.as_mut().unwrap()[0]["sendingEnabled"] = json!(true)
    }),
];

#[test]
fn each_fault_is_found_alone_with_the_command_that_mends_it() {
    for (what, check, command, plant) in PLANTED {
        let mut facts = healthy();
        plant(&mut facts);
        let found = examine(&facts);
        assert_eq!(found.iter().map(|one| one.check).collect::<Vec<_>>(), [check], "{what}: {found:#?}");
        assert!(found[0].fix.contains(command), "{what}: {}", found[0].fix);
        let line = format!("{} {} {}", found[0].subject, found[0].sentence, found[0].fix);
        assert!(!line.chars().any(crate::line::has_no_place), "{what}: {line:?}");
    }
}

#[test]
fn the_clock_and_the_latest_look_have_their_bounds() {
    for (checked_at, check) in [
        ("2026-11-20T12:01:00Z", None),
        ("2026-11-20T12:01:01Z", Some("clock")),
        ("2026-11-20T11:50:00Z", None),
        ("2026-11-20T11:49:59Z", Some("sweep")),
        ("never", Some("sweep")),
    ] {
        let mut facts = healthy();
        facts.status.as_mut().unwrap()["sight"]["checkedAt"] = json!(checked_at);
        assert_eq!(examine(&facts).first().map(|one| one.check), check, "{checked_at}");
    }
}

#[test]
fn what_works_is_advice_and_comes_last() {
    let mut facts = healthy();
    facts.status = Ok(json!({"ok": true, "mode": "observe", "policySource": "stored",
        "sight": {"checkedAt": "2026-11-20T11:57:00Z", "blindSpots": [
            {"blindSpot": "behind", "sentence": "Late.", "next": "aws logs tail /aws/lambda/STACK-ingest"}]}}));
    for function in FUNCTIONS {
        function_mut(&mut facts, function).environment.insert("GUARD_POLICY".into(), "mode = 'enforce'".into());
    }
    facts.sets_in_all = 90;
    facts.stopped.as_mut().unwrap()[0]["phaseAfter"] = json!("EXTERNAL");
    assert_eq!(examine(&facts)[0].fix, "aws logs tail /aws/lambda/guard-ingest");
    let told: Vec<_> = examine(&facts).into_iter().map(|one| (one.severity, one.check)).collect();
    let advice = |check| (Severity::Advice, check);
    assert_eq!(
        told,
        [
            (Severity::Fault, "blindSpot"),
            advice("eventDestinations"),
            advice("mode"),
            advice("policy"),
            advice("drift")
        ]
    );
}
