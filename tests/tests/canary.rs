//! What must never leave an event: a canary in every place where an address, a subject, a header or a diagnostic text
//! stands, and hostile characters in every text of every input, driven through every function. None of it may be found
//! in a log line, a table, a metric, a notice, an audit record, an answer or an error.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use guard_core::event::{
    Accounts, Reader,
    SignalKind::{Bounce, Complaint, Send},
};
use guard_core::line::has_no_place;
use guard_core::policy::{Deployed, PolicyBook};
use guard_core::time::plus_seconds;
use guard_replay::{Input, NamedPolicy, Options, read, replay};
use guard_tests::guard::Guard;
use guard_tests::log::Log;
use guard_tests::mail::{at, hash_key, record, set};
use serde_json::{Value, json};

const NOON: &str = "2026-11-20T12:07:00Z";
/// Looked for in small letters, as part of any word.
const CANARY: &str = "canary.0815@leak.example";
/// Where a person's or CloudWatch's own words stand in an alarm: they are kept, and no mail is in them.
const WORDS_OF_ALARMS: [&str; 7] =
    ["larmName", "larmArn", "larmRule", "/resources/", "riggeringChildren", "easonData", "/alarmData/"];
/// Ends a line, steers a terminal, turns the order of letters, or ends a text of JSON and goes on with a field.
const HOSTILE: [&str; 8] = [
    "a\u{0}b",
    "a\nERROR all is well",
    "a\r\n{\"level\":\"ERROR\"}",
    "a\u{1b}[2J\u{1b}]0;x\u{7}",
    "a\u{9b}31m",
    "a\u{2028}b\u{2029}c",
    "a\u{202e}b\u{2066}c",
    "\",\"fields\":{\"metric\":\"Made\"},\"x\":\"",
];

/// Every sample event: as invocation, as body of a message, as line of an archive.
fn samples() -> Vec<(String, Value)> {
    fn files(folder: &Path, found: &mut Vec<(String, Value)>) {
        for entry in fs::read_dir(folder).expect("the folder is there").flatten() {
            let path = entry.path();
            if path.is_dir() {
                files(&path, found);
            } else if let Ok(value) = serde_json::from_str(&fs::read_to_string(&path).expect("it is text")) {
                found.push((path.display().to_string(), value));
            }
        }
    }
    let mut found = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../events"), &mut found);
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found
}

/// The places of all texts. A text that is JSON itself, as SNS and SQS wrap it, is opened.
fn places(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(path.to_owned()),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, item)| places(item, &format!("{path}/{n}"), found))
        }
        Value::Object(fields) => fields.iter().for_each(|(name, field)| {
            places(field, &format!("{path}/{}", name.replace('~', "~0").replace('/', "~1")), found);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn with(mut value: Value, path: &str, planted: Value) -> Value {
    if let Some(place) = value.pointer_mut(path) {
        *place = planted;
    }
    value
}

/// Hands one input to everything that takes inputs from outside.
async fn drive(guard: &mut Guard, input: &Value) {
    let text = input.to_string();
    let bodies: Vec<String> = match input["Records"].as_array() {
        Some(records) => records
            .iter()
            .map(|record| record["body"].as_str().or(record["Sns"]["Message"].as_str()).unwrap_or(&text).to_owned())
            .collect(),
        None => vec![text.clone()],
    };
    guard.invoke_ingest(bodies.iter().cloned().chain([wrapped(&text)])).await;
    guard.invoke_judge(bodies).await;
    drop(guard.alarm(input).await);
    drop(guard.invoke_sweep(input).await);
    let failed = |error: String| tracing::error!("{error}");
    drop(guard_judge::Wake::parse(input.clone()).map_err(|error| failed(guard_core::port::chain(&error))));
    drop(guard_actuate::Wake::parse(input.clone()).map_err(|error| failed(guard_core::port::chain(&error))));
}

fn wrapped(body: &str) -> String {
    json!({"Type": "Notification", "MessageId": "m", "TopicArn": "arn:aws:sns:eu-west-1:111122223333:t", "Message": body,
        "Timestamp": NOON})
    .to_string()
}

/// Everything that the guard keeps and everything it said, as text.
fn all(guard: &Guard, log: &Log) -> Vec<String> {
    let mut texts: Vec<String> = log.lines().into_iter().map(|line| line.text).collect();
    for notice in guard.notices.all() {
        texts.extend([notice.subject, notice.text, notice.detail.to_string()]);
    }
    texts.push(format!("{guard:?}"));
    texts
}

fn leaks(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).filter(|text| text.to_lowercase().contains("canary")).collect()
}

/// A guard of `promo`, which has a bad list, with a canary wherever AWS or a sender writes freely.
async fn a_day_of_canaries(guard: &mut Guard) {
    let now = at(NOON);
    let mail = |kind, number: u64| {
        let mut event = record("promo", kind, number, plus_seconds(now, -600));
        let address = format!("canary.{number}@leak.example");
        event["mail"]["source"] = format!("Canary <{CANARY}>").into();
        event["mail"]["destination"] = json!([address]);
        event["mail"]["headers"] =
            json!([{"name": "X-Canary", "value": CANARY}, {"name": "Subject", "value": "canary"}]);
        event["mail"]["commonHeaders"] = json!({"subject": "canary", "to": [address], "from": [CANARY]});
        event["mail"]["tags"]["ses:caller-identity"] = json!([CANARY]);
        event["mail"]["tags"]["campaign"] = json!(["canary"]);
        for (object, list) in [("bounce", "bouncedRecipients"), ("complaint", "complainedRecipients")] {
            if event[object].is_object() {
                event[object][list] = json!([{"emailAddress": address, "action": "failed", "status": "5.1.1 canary",
                    "diagnosticCode": format!("smtp; 550 5.1.1 <{address}>: canary unknown")}]);
                event[object]["reportingMTA"] = json!("dns; canary.leak.example");
                event[object]["userAgent"] = json!("canary/1.0");
            }
        }
        event.to_string()
    };
    guard.invoke_ingest((0..200).map(|number| mail(Send, number))).await;
    guard
        .invoke_ingest((0..60).map(|number| mail(Bounce, number)).chain((0..9).map(|number| mail(Complaint, number))))
        .await;
    let promo = set("promo");
    guard.invoke_judge([promo.to_string()]).await;
    guard.invoke_actuate(BTreeSet::from([promo.clone()])).await;
    guard.account.reckon(Some(60_000), Some(2_000));
    for hour in 0..30 {
        guard.clock.set(plus_seconds(now, hour * 3_600));
        drop(guard.invoke_sweep(&json!({})).await);
        guard.settle().await;
    }
    for request in [
        json!({"action": "status", "configurationSet": "promo"}),
        json!({"action": "history", "configurationSet": "promo", "limit": 100}),
        json!({"action": "list"}),
        json!({"action": "status"}),
        json!({"action": "resume", "configurationSet": "promo", "reason": "mended", "actor": "ops"}),
    ] {
        let answer = guard.invoke_operate(request).await;
        assert_eq!(answer["ok"], true, "{answer}");
        tracing::info!("answered {answer}");
    }
    guard.settle().await;
    guard.clock.set(now);
}

fn guard() -> Guard {
    let mut guard = Guard::of(at(NOON), &[set("promo"), set("marketing-weekly")]);
    let text = "[[assign]]\nsets = 'promo'\nsenders = 'tenant-a'";
    guard.policy = Deployed::read(text).expect("the policy is sound");
    guard
}

#[tokio::test]
async fn no_canary_leaves_an_event_by_any_function() {
    let log = Log::default();
    let _listening = log.listen();
    let mut guard = guard();
    a_day_of_canaries(&mut guard).await;
    let subjects: Vec<String> = guard.notices.all().into_iter().map(|notice| notice.subject).collect();
    for subject in ["paused promo", "unexpected sender for promo", "resumed promo", "still paused: promo"] {
        assert!(subjects.iter().any(|told| told.contains(subject)), "{subject} is among {subjects:?}");
    }
    let mut tried = 0;
    for (file, sample) in samples() {
        let mut found = Vec::new();
        places(&sample, "", &mut found);
        for path in found.iter().filter(|path| !WORDS_OF_ALARMS.iter().any(|words| path.contains(words))) {
            for planted in [json!(CANARY), json!([CANARY])] {
                drive(&mut guard, &with(sample.clone(), path, planted)).await;
                tried += 1;
            }
            // The log alone, after each: what is kept is searched once, in the end.
            let lines: Vec<String> = log.lines().into_iter().map(|line| line.text).collect();
            assert_eq!(leaks(&lines), Vec::<&str>::new(), "{file} {path}");
            log.clear();
        }
    }
    assert!(tried > 2_000, "{tried} places were tried");
    assert_eq!(leaks(&all(&guard, &log)), Vec::<&str>::new());
}

#[tokio::test]
async fn a_canary_that_leaks_would_be_found() {
    for leak in 0..3 {
        let log = Log::default();
        let listening = log.listen();
        let mut guard = guard();
        match leak {
            0 => tracing::debug!(recipient = CANARY, "counted"),
            1 => tracing::warn!("can't count {CANARY}"),
            // An operator's own words are kept: a stand-in for a record that holds what it should not.
            _ => {
                let hold = json!({"action": "hold", "configurationSet": "promo", "reason": CANARY, "actor": "ops"});
                assert_eq!(guard.operate(hold).await["ok"], true);
            }
        }
        drop(listening);
        assert!(!leaks(&all(&guard, &log)).is_empty(), "leak {leak}");
    }
}

#[tokio::test]
async fn no_text_of_any_input_breaks_a_line() {
    let log = Log::default();
    let _listening = log.listen();
    let mut guard = guard();
    let mut tried = 0;
    for (file, sample) in samples() {
        let mut found = Vec::new();
        places(&sample, "", &mut found);
        for path in found {
            for hostile in HOSTILE {
                let input = with(sample.clone(), &path, json!(hostile));
                drive(&mut guard, &input).await;
                if file.contains("/operate/") && !path.ends_with("/policy") {
                    let answer = guard.invoke_operate(input).await;
                    let message = answer["error"]["message"].as_str().unwrap_or_default();
                    assert!(!message.chars().any(has_no_place), "{file} {path}: {message:?}");
                }
                tried += 1;
            }
            for line in log.lines() {
                assert!(!line.text.chars().any(has_no_place), "{file} {path}: {:?}", line.text);
                assert_ne!(line.metric.as_deref(), Some("Made"));
            }
            log.clear();
        }
    }
    assert!(tried > 8_000, "{tried} places were tried");
    for notice in guard.notices.all() {
        assert!(!notice.subject.chars().any(has_no_place), "{:?}", notice.subject);
        assert!(!notice.text.chars().any(|letter| letter != '\n' && has_no_place(letter)), "{:?}", notice.text);
    }
}

/// CloudWatch bills each metric, and a set's name is the sender's to choose: no metric is made of it.
#[tokio::test]
async fn however_many_sets_are_named_the_metrics_are_the_same_few() {
    let log = Log::default();
    let _listening = log.listen();
    let guard = guard();
    let bodies = (0..2_000).map(|number| {
        let mut event = record(&format!("made-up-{number}"), Bounce, number, at(NOON));
        match number % 4 {
            0 => event["mail"]["tags"] = json!({}),
            1 => event["eventType"] = json!(format!("Type{number}")),
            2 => event["bounce"]["bounceSubType"] = json!("Unheard"),
            _ => {}
        }
        event.to_string()
    });
    guard.invoke_ingest(bodies).await;
    let metrics: BTreeSet<String> = log.lines().into_iter().filter_map(|line| line.metric).collect();
    let few = ["EventsOfUnknownType", "EventsWithoutConfigurationSet", "UnknownSubtypes"].map(str::to_owned);
    assert_eq!(metrics, BTreeSet::from(few));
}

/// 1,000 messages of 50 recipients each, whose names a sender chose to be alike in any hash but ours: one write for each
/// set and bucket all the same, and no more ids in it than fit.
#[tokio::test]
async fn the_largest_batch_of_crafted_addresses_is_one_small_write() {
    let guard = guard();
    let bodies = (0..1_000).map(|number| {
        let mut event = record("promo", Send, number, at(NOON));
        event["mail"]["messageId"] = json!("the same");
        let addresses: Vec<String> =
            (0..50).map(|recipient| format!("{}@x.example", "a".repeat(recipient + 1))).collect();
        event["mail"]["destination"] = json!(addresses);
        event.to_string()
    });
    let begun = std::time::Instant::now();
    assert_eq!(guard.invoke_ingest(bodies).await, Vec::<String>::new());
    assert!(begun.elapsed().as_secs() < 20, "{:?}: in its square it would be hours", begun.elapsed());
    let bucket = guard_core::time::Bucket::of(at(NOON));
    let tallies = guard_core::port::Ledger::window(&guard.ledger, &set("promo"), bucket, bucket).await.unwrap();
    let sends = tallies[0].counts.sends;
    assert_eq!((sends.receipts, sends.exact()), (50_000, None), "as often as it came: too many ids to keep");
}

/// What a backtest shows of an archive: counts and positions, whatever the events hold.
#[test]
fn a_backtest_repeats_nothing_of_its_events() {
    let mut lines = Vec::new();
    for (file, sample) in samples() {
        if !file.contains("/ses/") && !file.contains("/eventbridge/") && !file.contains("/sns/") {
            continue;
        }
        let mut found = Vec::new();
        places(&sample, "", &mut found);
        for path in found {
            lines.extend(
                [json!(CANARY), json!(HOSTILE[1])].map(|planted| with(sample.clone(), &path, planted).to_string()),
            );
            lines.push(format!("{{\"broken\": \"{CANARY}\", {}", lines.len()));
        }
    }
    let reader = Reader::new(Accounts::Any, "eu-west-1".parse().ok(), hash_key()).of_archive();
    let options = Options::new(reader, at("2026-11-21T00:00:00Z"));
    let archive = read(&[Input::Memory("events".to_owned(), lines.join("\n").into())], &options, &|_| {}).unwrap();
    assert!(archive.intake().records > 2_000 && !archive.intake().malformed.is_empty(), "{:?}", archive.intake());
    let policy = NamedPolicy { name: "built-in".to_owned(), book: PolicyBook::default() };
    let report = serde_json::to_string(&replay(&archive, &[policy], 2, 1)).unwrap();
    assert!(!report.to_lowercase().contains("canary"), "{report}");
    let texts = serde_json::to_value(archive.intake()).unwrap().to_string();
    assert!(!texts.to_lowercase().contains("canary") && !texts.contains("all is well"), "{texts}");
}
