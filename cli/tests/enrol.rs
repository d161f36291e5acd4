//! `ses-guard enrol` as it is called, against a stand-in of SES and of the deployed guard. `src/enrol` has the thousands of
//! sets: here each call takes its second.
#![expect(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Output;
use std::sync::{Arc, Mutex};
use std::thread;

use assert_cmd::Command;
use serde_json::{Value, json};

const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:mail-guard-EventsTopic-1X2Y";

/// SES's sets with their event destinations, and every call that changed one.
#[derive(Debug, Clone, Default)]
struct Aws {
    sets: Arc<Mutex<BTreeMap<String, Vec<Value>>>>,
    changed: Arc<Mutex<Vec<String>>>,
}

impl Aws {
    fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let aws = self.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                let (line, body) = read(&stream);
                let (status, answer) = aws.answer(&line, &body);
                write(&stream, status, &answer);
            }
        });
        url
    }

    fn answer(&self, line: &str, body: &Value) -> (u16, Value) {
        let mut sets = self.sets.lock().unwrap();
        let [method, path] = line.split(' ').take(2).collect::<Vec<_>>()[..] else { panic!("{line}") };
        let path = path.split('?').next().unwrap_or_default();
        let parts: Vec<_> = path.trim_matches('/').split('/').collect();
        match (method, &parts[..]) {
            ("POST", ["2015-03-31", "functions", "mail-guard-operate", "invocations"]) => (
                200,
                json!({
                    "ok": true, "action": "status",
                    "hearing": {
                        "home": "111122223333/eu-west-1", "eventsTopicArn": TOPIC,
                        "eventDestination": "mail-guard-guard", "hearsEventBus": false,
                    },
                }),
            ),
            ("POST", ["v2", "email", "list-configuration-sets"]) => {
                (200, json!({"ConfigurationSets": sets.keys().collect::<Vec<_>>()}))
            }
            ("GET", ["v2", "email", "configuration-sets", set, "event-destinations"]) => {
                (200, json!({"EventDestinations": sets.get(*set).unwrap()}))
            }
            ("POST", ["v2", "email", "configuration-sets", set, "event-destinations"]) => {
                let mut destination = body["EventDestination"].clone();
                destination["Name"] = body["EventDestinationName"].clone();
                sets.get_mut(*set).unwrap().push(destination);
                self.changed.lock().unwrap().push((*set).to_owned());
                (200, json!({}))
            }
            _ => panic!("{line}"),
        }
    }
}

fn read(stream: &TcpStream) -> (String, Value) {
    let mut reader = BufReader::new(stream);
    let (mut first, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let line = line.trim();
        if line.is_empty() {
            break;
        }
        if first.is_empty() {
            line.clone_into(&mut first);
        }
        if let Some((_, value)) = line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length")) {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    (first, serde_json::from_slice(&body).unwrap_or_default())
}

fn write(mut stream: &TcpStream, status: u16, body: &Value) {
    let body = body.to_string();
    let head = format!("HTTP/1.1 {status} -\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    stream.write_all((head + &body).as_bytes()).unwrap();
}

fn run(url: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("ses-guard"));
    command.env_clear().env("AWS_ENDPOINT_URL", url).env("AWS_REGION", "eu-west-1");
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    command.arg("enrol").args(arguments).output().unwrap()
}

fn told(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

fn plan_file(test: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("ses-guard-{}-{test}.jsonl", std::process::id()));
    let _ = std::fs::remove_file(&path);
    path
}

#[test]
fn a_plan_is_made_read_and_applied() {
    let aws = Aws::default();
    let ours = json!({
        "Name": "mail-guard-guard", "Enabled": true, "MatchingEventTypes": ["SEND", "BOUNCE", "COMPLAINT"],
        "SnsDestination": {"TopicArn": TOPIC},
    });
    let theirs = json!({"Name": "mail-guard-guard", "Enabled": true, "MatchingEventTypes": ["SEND"],
        "SnsDestination": {"TopicArn": TOPIC.replace("mail-guard", "other")}});
    aws.sets.lock().unwrap().extend([
        ("bare".to_owned(), vec![]),
        ("heard".to_owned(), vec![ours.clone()]),
        ("taken".to_owned(), vec![theirs.clone()]),
        ("other".to_owned(), vec![]),
    ]);
    let (url, path) = (aws.start(), plan_file("plan"));
    let file = path.to_str().unwrap();

    let planned = run(&url, &["--plan", file, "--sets", "?a*", "--sets", "heard", "--stack", "mail-guard"]);
    insta::assert_snapshot!(told(&planned).1, @r"
    bare  create event destination mail-guard-guard → arn:aws:sns:eu-west-1:111122223333:mail-guard-EventsTopic-1X2Y
    heard  nothing: it is heard
    taken  impossible: Its event destination mail-guard-guard leads to arn:aws:sns:eu-west-1:111122223333:other-EventsTopic-1X2Y and not to the guard: its mail is not counted in full, so the guard can't tell when to pause it. To do: delete that one, or enrol under another name: ses-guard enrol --plan enrol.jsonl --destination NAME --sets taken, then: ses-guard enrol --apply enrol.jsonl

    Configuration sets: 3. To get an event destination: 1, reputation metrics: 0, nothing: 1. In need of a person: 1. Nothing was changed.
    ");
    assert_eq!((told(&planned).0, told(&planned).2.as_str()), (0, ""));
    assert!(aws.changed.lock().unwrap().is_empty(), "a plan changes nothing");
    insta::assert_snapshot!(std::fs::read_to_string(&path).unwrap(), @r#"
    {"version":1,"account":"111122223333","region":"eu-west-1","topicArn":"arn:aws:sns:eu-west-1:111122223333:mail-guard-EventsTopic-1X2Y","destination":"mail-guard-guard","hearsEventBus":false,"reputationMetrics":false,"sets":["?a*","heard"]}
    {"configurationSet":"bare","createEventDestination":true}
    {"configurationSet":"heard"}
    {"configurationSet":"taken","impossible":{"gap":"nameTaken","sentence":"Its event destination mail-guard-guard leads to arn:aws:sns:eu-west-1:111122223333:other-EventsTopic-1X2Y and not to the guard: its mail is not counted in full, so the guard can't tell when to pause it.","remedy":"delete that one, or enrol under another name: ses-guard enrol --plan enrol.jsonl --destination NAME --sets taken, then: ses-guard enrol --apply enrol.jsonl"}}
    "#);

    let applied = run(&url, &["--apply", file, "--json"]);
    insta::assert_snapshot!(told(&applied).1, @r#"
    {"configurationSet":"bare","outcome":"enrolled","sentence":"created event destination mail-guard-guard → arn:aws:sns:eu-west-1:111122223333:mail-guard-EventsTopic-1X2Y"}
    {"configurationSet":"taken","outcome":"impossible","sentence":"impossible: Its event destination mail-guard-guard leads to arn:aws:sns:eu-west-1:111122223333:other-EventsTopic-1X2Y and not to the guard: its mail is not counted in full, so the guard can't tell when to pause it. To do: delete that one, or enrol under another name: ses-guard enrol --plan enrol.jsonl --destination NAME --sets taken, then: ses-guard enrol --apply enrol.jsonl"}
    {"summary":{"configurationSets":2,"eventDestinations":1,"failed":0,"impossible":1,"nothing":0,"reputationMetrics":0,"sentence":"Event destinations created: 1. Reputation metrics switched on: 0. Nothing was left to do: 0. Could not be enrolled: 1; the lines above say why."}}
    "#);
    assert_eq!(told(&applied).0, 1, "one needs a person");
    assert_eq!(*aws.changed.lock().unwrap(), ["bare"]);
    let sets = aws.sets.lock().unwrap().clone();
    assert_eq!((sets["bare"].len(), &sets["heard"], &sets["taken"]), (1, &vec![ours], &vec![theirs]));
    assert_eq!(sets["bare"][0]["SnsDestination"]["TopicArn"], TOPIC);
    assert!(sets["other"].is_empty());
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn with_topic_and_name_the_guard_is_not_asked() {
    let aws = Aws::default();
    aws.sets.lock().unwrap().insert("bare".to_owned(), vec![]);
    let url = aws.start();
    let planned = run(&url, &["--plan", "--topic-arn", TOPIC, "--destination", "mine", "--json"]);
    let (code, out, _) = told(&planned);
    assert_eq!(
        (code, out.lines().next().unwrap()),
        (0, r#"{"configurationSet":"bare","createEventDestination":true}"#)
    );
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_called() {
    for (arguments, part) in [
        (&[][..], "--plan"),
        (&["--plan", "a", "--apply", "b"], "cannot be used with"),
        (&["--apply", "b", "--sets", "x"], "cannot be used with"),
        (&["--plan", "--sets", "a b"], "cannot be in a configuration set's name"),
        (&["--plan", "--topic-arn", "events"], "ARN of an SNS topic"),
        (&["--apply", "/nonexistent/plan.jsonl"], "cannot use /nonexistent/plan.jsonl"),
    ] {
        let (code, _, said) = told(&run("http://127.0.0.1:9", arguments));
        assert!(code == 2 && said.contains(part), "{arguments:?}: {code} {said}");
    }
}
