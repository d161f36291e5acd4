//! Every file of every corpus, and each of the project's own sample events, through its reader: no promise is broken.
//! What a fuzzer finds is put into the corpus and stays there.

use std::path::{Path, PathBuf};

use guard_fuzz::READERS;
use serde_json::json;

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

#[test]
fn no_known_input_breaks_a_promise() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, read) in READERS {
        let corpus = files(&home.join("corpus").join(name));
        assert!(!corpus.is_empty(), "the corpus of {name} is not where it should be");
        for file in corpus.iter().chain(&files(&home.join("../events"))) {
            read(&std::fs::read(file).unwrap());
        }
    }
}

fn alarm_of(count: usize, many: &str) -> String {
    let metrics: Vec<_> = (0..count)
        .map(|n| json!({"metricStat": {"metric": {"dimensions": {"ses:configuration-set": format!("{n}")}}}}))
        .collect();
    let children: Vec<_> = (0..count).map(|n| json!({"arn": format!("{n}")})).collect();
    let (metrics, children) = if many == "metrics" { (metrics, vec![]) } else { (vec![], children) };
    let reason_data = json!({"triggeringAlarms": children}).to_string();
    json!({"source": "aws.cloudwatch", "alarmArn": "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:a", "alarmData": {
        "alarmName": "a", "state": {"value": "ALARM", "reasonData": reason_data}, "configuration": {"metrics": metrics}}})
    .to_string()
}

fn message_of(count: usize, many: &str) -> String {
    let dimensions: Vec<_> =
        (0..count).map(|n| json!({"name": "ses:configuration-set", "value": format!("{n}")})).collect();
    let children: Vec<_> = (0..count).map(|n| json!({"Arn": format!("{n}")})).collect();
    let (dimensions, children) = if many == "sets" { (dimensions, vec![]) } else { (vec![], children) };
    json!({"AlarmName": "a", "AlarmArn": "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:a", "NewStateValue": "ALARM",
        "Trigger": {"Dimensions": dimensions}, "TriggeringChildren": children})
    .to_string()
}

/// Were a reader quadratic, 32 times the input would take a thousand times as long.
#[test]
fn no_reader_is_quadratic() {
    type Shape = (&'static str, fn(usize) -> String);
    let shapes: [Shape; 12] = [
        ("nested lists", |n| "[".repeat(n)),
        ("nested objects", |n| "{\"a\":".repeat(n)),
        ("nested quotes", |n| "\\\"".repeat(n)),
        ("one long string", |n| format!("{{\"eventType\":\"{}\"}}", "x".repeat(n))),
        ("many keys", |n| format!("{{{}\"z\":1}}", (0..n / 8).map(|i| format!("\"k{i}\":1,")).collect::<String>())),
        ("many records", |n| format!("{{\"Records\":[{}{{}}]}}", "{\"body\":\"{}\"},".repeat(n / 14))),
        ("objects that never end", |n| "{\"a\":1\n".repeat(n / 7)),
        ("many lines", |n| "a = 1\n".repeat(n / 6)),
        ("an alarm of many sets", |n| alarm_of(n / 60, "metrics")),
        ("an alarm with many children", |n| alarm_of(n / 30, "children")),
        ("an SNS message of an alarm of many sets", |n| message_of(n / 60, "sets")),
        ("an SNS message of an alarm with many children", |n| message_of(n / 20, "children")),
    ];
    for (name, read) in READERS {
        for (what, shape) in shapes {
            let time = |bytes: usize| {
                let input = shape(bytes).into_bytes();
                let one = || {
                    let began = std::time::Instant::now();
                    read(&input);
                    began.elapsed().as_secs_f64()
                };
                (0..5).map(|_| one()).fold(f64::MAX, f64::min)
            };
            let (short, long) = (time(8_000), time(256_000));
            let growth = long / short.max(1e-5);
            assert!(growth < 300.0, "{name}, {what}: 32 times as much takes {growth:.0} times as long, {long:.3} s");
        }
    }
}
