//! Every form in which archives are found, in every compression, says the same.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use guard_replay::{Input, Report, inputs};
use serde_json::{Value, json};
use support::*;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn in_sns(event: &Value) -> Value {
    json!({"Type": "Notification", "TopicArn": "arn:aws:sns:eu-west-1:111122223333:ses", "Message": event.to_string()})
}

fn in_eventbridge(event: &Value) -> Value {
    json!({"version": "0", "detail-type": "Email Something", "source": "aws.ses", "account": "111122223333",
        "region": "eu-west-1", "detail": event})
}

fn forms(events: &[Value]) -> Vec<(&'static str, String)> {
    let joined = |texts: &mut dyn Iterator<Item = String>, between: &str| texts.collect::<Vec<_>>().join(between);
    let text = |event: &Value| event.to_string();
    let pretty = |event: &Value| serde_json::to_string_pretty(event).unwrap();
    let batches = |entry: &dyn Fn(&Value) -> Value, name: &str| {
        let batch = |chunk: &[Value]| json!({name: chunk.iter().map(entry).collect::<Vec<_>>()}).to_string();
        joined(&mut events.chunks(10).map(batch), "\n")
    };
    let log_event =
        |event: &Value| json!({"id": "1", "timestamp": 1_760_000_000_000_u64, "message": event.to_string()});
    let subscription = |chunk: &[Value]| {
        json!({"messageType": "DATA_MESSAGE", "logGroup": "ses", "logStream": "a",
            "logEvents": chunk.iter().map(log_event).collect::<Vec<_>>()})
        .to_string()
    };
    vec![
        ("lines", lines(events)),
        ("lines of Windows", lines(events).replace('\n', "\r\n")),
        ("one after another", joined(&mut events.iter().map(text), "")),
        ("an array", format!("[{}]", joined(&mut events.iter().map(text), ","))),
        ("an array of many lines", serde_json::to_string_pretty(events).unwrap()),
        ("many lines each", joined(&mut events.iter().map(pretty), "\n")),
        ("SNS", joined(&mut events.iter().map(|event| in_sns(event).to_string()), "\n")),
        ("EventBridge", joined(&mut events.iter().map(|event| in_eventbridge(event).to_string()), "")),
        ("SQS batches", batches(&|event| json!({"messageId": "1", "body": in_sns(event).to_string()}), "Records")),
        ("SNS batches", batches(&|event| json!({"EventSource": "aws:sns", "Sns": in_sns(event)}), "Records")),
        ("log lines", joined(&mut events.iter().map(|event| format!("2026-10-05T09:14:02.118Z {event}")), "\n")),
        ("log subscription", joined(&mut events.chunks(10).map(subscription), "")),
        ("filter-log-events", batches(&|event| log_event(event), "events")),
        ("Insights", joined(&mut events.iter().map(|event| json!({"@message": event.to_string()}).to_string()), "\n")),
        (
            "logs in JSON",
            joined(&mut events.iter().map(|event| json!({"level": "INFO", "message": event}).to_string()), "\n"),
        ),
    ]
}

/// All but how many records it took.
fn told(mut report: Report) -> Report {
    report.intake.records = 0;
    report.intake.files = 0;
    report.intake.ignored.clear();
    report
}

#[test]
fn every_form_and_compression_says_the_same() {
    // Enough for more than one block where nothing stands between the records.
    let events = &story()[..700];
    let expected = told(report(&[memory(lines(events))]));
    assert_eq!(expected.intake.malformed, []);
    for (form, text) in forms(events) {
        let plain = text.into_bytes();
        let half = plain.len() / 2;
        let members = [gzip(&plain[..half]), gzip(&plain[half..])].concat();
        for (compression, bytes) in [
            ("gzip", gzip(&plain)),
            ("gzip of many members", members),
            ("gzip twice", gzip(&gzip(&plain))),
            ("zstd", zstd::encode_all(plain.as_slice(), 1).unwrap()),
            ("none", plain),
        ] {
            assert_eq!(told(report(&[memory(bytes)])), expected, "{form}, {compression}");
        }
    }
}

#[test]
fn what_stands_between_the_records_of_a_log_is_no_damage() {
    let event = send("shop", 1, 0);
    let control = r#"{"messageType":"CONTROL_MESSAGE","logEvents":[{"id":"","message":"CWL CONTROL MESSAGE"}]}"#;
    let text = format!(
        "2026-10-05T09:14:02.118Z START RequestId: 8f5b\n2026-10-05T09:14:02.118Z 2026\tINFO\t{event}\n\
         2026-10-05T09:14:02.118Z END RequestId: 8f5b\n{control}\n"
    );
    let intake = report(&[memory(text)]).intake;
    assert_eq!((intake.events, intake.malformed_count()), (1, 0));
    let ignored: Vec<_> = intake.ignored.iter().map(|one| (one.why.as_str(), one.count)).collect();
    assert_eq!(ignored, [("log line without JSON", 2), ("control message of CloudWatch Logs", 1)]);
}

#[test]
fn damaged_compression_costs_only_what_follows() {
    let whole = gzip(lines(&story()).as_bytes());
    let cut = &whole[..whole.len() / 2];
    let report = report(&[memory(cut), memory(lines(&[send("late", 1, 0)]))]);
    assert!(report.intake.events > 100, "{:?}", report.intake);
    assert!(report.intake.malformed.iter().any(|one| one.kind.starts_with("compressed data")));
    assert_eq!(set(&report, "late").counts.mails, 1);
}

#[test]
fn files_folders_and_wildcards_name_the_same_inputs() {
    let folder = std::env::temp_dir().join(format!("guard-replay-{}", std::process::id()));
    let below = folder.join("2026").join("10");
    std::fs::create_dir_all(&below).unwrap();
    for (name, text) in
        [("b.json", lines(&[send("shop", 1, 0)])), ("a.json", lines(&[send("shop", 2, 0)])), (".hidden", "x".into())]
    {
        std::fs::write(below.join(name), text).unwrap();
    }
    let path = |rest: &str| folder.join(rest).display().to_string();
    let expected = [Input::File(below.join("a.json")), Input::File(below.join("b.json"))];
    for given in [path(""), path("*"), path("**/*.json"), path("2026/10/?.json")] {
        assert_eq!(inputs(&given).unwrap(), expected, "{given}");
    }
    assert_eq!(inputs(&path("2026/10/b.json")).unwrap(), expected[1..]);
    assert_eq!(inputs("-").unwrap(), [Input::Stdin]);
    assert_eq!(report(&expected).sets[0].counts.mails, 2);
    assert!(inputs(&path("none")).unwrap_err().to_string().starts_with("cannot read"));
    assert!(inputs(&path("*.csv")).unwrap_err().to_string().starts_with("no file matches"));
    std::fs::remove_dir_all(&folder).unwrap();
}
