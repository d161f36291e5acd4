//! The functions as AWS invokes them: an invocation's JSON in, the exact batch answer out.

use std::collections::BTreeSet;

use futures::future::join;
use guard_core::account::AccountStop;
use guard_core::event::SignalKind::{self, Bounce, Complaint, Prevented, Send};
use guard_core::policy::stored::Policies;
use guard_core::policy::{Deployed, PolicyBook};
use guard_core::port::{Ledger, Register};
use guard_core::state::Phase;
use guard_core::steps::act::Actuator;
use guard_core::steps::decide::{Judge, Mode};
use guard_core::steps::operate::Operator;
use guard_core::time::{Bucket, plus_seconds};
use guard_ingest::Ingest;
use guard_judge::Wake;
use guard_local::{ManualClock, MemoryLedger, MemoryRegister};
use guard_tests::guard::Guard;
use guard_tests::mail::{ACCOUNT, QUEUE_ARN, REGION, at, batch, homes, record, set};
use guard_tests::store::dynoxide;
use jiff::Timestamp;
use serde_json::{Value, json};

const NOON: &str = "2026-11-20T12:07:00Z";

fn ingest<L: Ledger, R: Register>(ledger: L, register: R) -> Ingest<L, R, ManualClock> {
    Ingest::new(QUEUE_ARN.to_owned(), Guard::reader(), ledger, register, ManualClock::at(at(NOON)))
}

fn deadline() -> u64 {
    u64::try_from(plus_seconds(at(NOON), 30).as_millisecond()).unwrap()
}

fn bodies(kind: SignalKind, mails: std::ops::Range<u64>, sent_at: Timestamp) -> Vec<String> {
    mails.map(|mail| record("promo", kind, mail, sent_at).to_string()).collect()
}

fn failures(response: impl serde::Serialize) -> Vec<String> {
    let response = serde_json::to_value(response).unwrap();
    let failures = response["batchItemFailures"].as_array().expect("the answer lists its failures").clone();
    failures.iter().map(|failure| failure["itemIdentifier"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn only_the_unreadable_message_goes_back() {
    let now = at(NOON);
    let with = |path: &str, value: Value| {
        let mut record = record("promo", Send, 0, now);
        *record.pointer_mut(path).unwrap() = value;
        record.to_string()
    };
    let good = record("promo", Send, 1, now).to_string();
    let envelope = json!({"Type": "Notification", "MessageId": "m", "TopicArn": "arn:aws:sns:eu-west-1:111122223333:t",
        "Message": record("promo", Bounce, 1, now).to_string(), "Timestamp": NOON})
    .to_string();
    let cases = [
        ("a record", good.clone(), true),
        ("an SNS envelope around one", envelope, true),
        ("SES's set-up message", "Successfully validated SNS topic for Amazon SES event publishing.\n".into(), true),
        (
            "an identity's notification",
            json!({"notificationType": "Bounce", "bounce": {}, "mail": {}}).to_string(),
            true,
        ),
        ("mail of 16 days ago", with("/mail/timestamp", json!("2026-11-04T12:00:00.000Z")), true),
        ("nothing", String::new(), false),
        ("half a record", good[..good.len() / 2].to_owned(), false),
        ("another account", with("/mail/sendingAccountId", json!("999988887777")), false),
        ("another Region", with("/mail/sourceArn", json!("arn:aws:ses:us-east-1:111122223333:identity/x")), false),
        ("mail from the future", with("/mail/timestamp", json!("2026-11-20T12:17:01.000Z")), false),
        ("an impossible name", with("/mail/tags/ses:configuration-set/0", json!("../promo")), false),
        ("more than 256 KiB", with("/mail/source", json!("x".repeat(262_144))), false),
    ];
    let (ledger, register) = (MemoryLedger::default(), MemoryRegister::default());
    let event = batch(cases.iter().map(|(_, body, _)| body.clone()), 1);
    let response = ingest(ledger.clone(), register.clone()).handle(event, deadline()).await;
    let expected: Vec<String> = (0..)
        .zip(&cases)
        .filter(|(_, (_, _, acknowledged))| !acknowledged)
        .map(|(number, _)| format!("message-{number}"))
        .collect();
    assert_eq!(failures(response), expected);
    let counts = ledger.window(&set("promo"), Bucket::of(now), Bucket::of(now)).await.unwrap()[0].counts;
    assert_eq!((counts.sends.exact(), counts.bounces.exact()), (Some(1), Some(1)), "neighbours are counted");
    assert!(register.read(&set("promo")).await.unwrap().to_judge);
}

#[tokio::test]
async fn messages_of_another_queue_are_given_back_uncounted() {
    let (ledger, register) = (MemoryLedger::default(), MemoryRegister::default());
    let mut event = batch(bodies(Bounce, 0..4, at(NOON)), 1);
    let sources = [
        Some(QUEUE_ARN),
        None,
        Some("arn:aws:sqs:eu-west-1:111122223333:ses-guard-events-2"),
        Some("arn:aws:sqs:eu-west-1:999988887777:ses-guard-events"),
    ];
    for (message, source) in event.records.iter_mut().zip(sources) {
        message.event_source_arn = source.map(str::to_owned);
    }
    let response = ingest(ledger.clone(), register.clone()).handle(event, deadline()).await;
    assert_eq!(failures(response), ["message-1", "message-2", "message-3"]);
    let tallies = ledger.window(&set("promo"), Bucket::of(at(NOON)), Bucket::of(at(NOON))).await.unwrap();
    assert_eq!(tallies[0].counts.bounces.exact(), Some(1));
}

#[tokio::test]
async fn what_may_have_been_counted_before_is_suspect() {
    for (what, received, sender, seconds_ago, suspect) in [
        ("from the topic", 1, "AIDAEXAMPLE", 3_600, false),
        ("from the topic, once more", 2, "AIDAEXAMPLE", 0, true),
        ("put back, of long ago", 1, "AROAEXAMPLE:ops", 3_600, true),
        ("put back, as old as a dead letter is at least", 1, "AROAEXAMPLE:ops", 720, true),
        ("sent by a role, too young to have been a dead letter", 1, "AROAEXAMPLE:ops", 719, false),
    ] {
        let (ledger, sent_at) = (MemoryLedger::default(), plus_seconds(at(NOON), -seconds_ago));
        let mut event = batch(bodies(Bounce, 0..1, sent_at), received);
        event.records[0].attributes.insert("SenderId".into(), sender.into());
        let response = ingest(ledger.clone(), MemoryRegister::default()).handle(event, deadline()).await;
        assert!(failures(response).is_empty(), "{what}");
        let bucket = Bucket::of(sent_at);
        let count = ledger.window(&set("promo"), bucket, bucket).await.unwrap()[0].counts.bounces;
        assert_eq!(count.suspect, u64::from(suspect), "{what}");
    }
}

#[tokio::test]
async fn an_empty_batch_is_answered() {
    let response = ingest(MemoryLedger::default(), MemoryRegister::default()).handle(batch([], 1), deadline()).await;
    assert_eq!(serde_json::to_string(&response).unwrap(), r#"{"batchItemFailures":[]}"#);
}

#[tokio::test]
async fn nothing_is_begun_when_the_time_is_up() {
    let (ledger, register) = (MemoryLedger::default(), MemoryRegister::default());
    let soon = u64::try_from(plus_seconds(at(NOON), 2).as_millisecond()).unwrap();
    let event = batch(bodies(Send, 0..3, at(NOON)), 1);
    let response = ingest(ledger.clone(), register).handle(event, soon).await;
    assert_eq!(failures(response).len(), 3);
    assert!(ledger.window(&set("promo"), Bucket::of(at(NOON)), Bucket::of(at(NOON))).await.unwrap().is_empty());
}

/// Two functions, one queue, every message delivered to both, some of them again: as exact as one function with one
/// delivery, in a real DynamoDB API.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_racing_ingests_with_duplicates_count_exactly() {
    let (ledger, register) = dynoxide().await;
    let now = at(NOON);
    let (one, other) = (ingest(ledger.clone(), register.clone()), ingest(ledger.clone(), register.clone()));
    let mut all = Vec::new();
    for kind in [Send, Bounce, Complaint, Prevented] {
        let count = if kind == Send { 60 } else { 25 };
        all.extend(bodies(kind, 0..count, now));
    }
    let deliver = |ingest: &'static Ingest<_, _, _>, received: u32| {
        let chunks: Vec<Vec<String>> = all.chunks(10).map(<[String]>::to_vec).collect();
        async move {
            for chunk in chunks {
                let response = ingest.handle(batch(chunk, received), deadline()).await;
                assert!(failures(response).is_empty());
            }
        }
    };
    let (one, other): (&'static _, &'static _) = (Box::leak(Box::new(one)), Box::leak(Box::new(other)));
    for received in 1..=2 {
        join(tokio::spawn(deliver(one, received)), tokio::spawn(deliver(other, received))).await.0.unwrap();
    }
    let counts = ledger.window(&set("promo"), Bucket::of(now), Bucket::of(now)).await.unwrap()[0].counts;
    let exact = [counts.sends, counts.bounces, counts.complaints, counts.prevented].map(|count| count.exact());
    assert_eq!(exact, [60, 25, 25, 25].map(Some), "{counts:?}");
    // The account's counts hold fewer ids: what is a duplicate shows as far as they go.
    let shard = set("promo").account_shard();
    let account = ledger.window(&shard, Bucket::of(now), Bucket::of(now)).await.unwrap()[0].counts;
    assert_eq!(account.bounces.exact(), Some(25), "{account:?}");
    let receipts = [account.sends, account.complaints, account.prevented].map(|count| (count.receipts, count.suspect));
    assert_eq!(receipts, [(240, 120), (100, 50), (100, 50)], "as often as they were delivered");
    assert!(register.read(&set("promo")).await.unwrap().to_judge);
}

fn stream_record(name: &str, sequence_number: &str) -> Value {
    json!({
        "eventID": format!("event-{sequence_number}"), "eventName": "MODIFY", "eventVersion": "1.1",
        "eventSource": "aws:dynamodb", "awsRegion": REGION,
        "eventSourceARN": format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/state/stream/2026-11-20T00:00:00.000"),
        "dynamodb": {
            "ApproximateCreationDateTime": 1_795_176_420.0, "SequenceNumber": sequence_number, "SizeBytes": 120,
            "StreamViewType": "NEW_IMAGE",
            "Keys": {"p": {"S": format!("{ACCOUNT}/{REGION}/{name}")}, "k": {"S": "state"}},
            "NewImage": {"p": {"S": format!("{ACCOUNT}/{REGION}/{name}")}, "k": {"S": "state"},
                "dirty": {"N": "1"}, "todo": {"S": "judge"}, "tell": {"SS": ["01M7WDMMN0000000G3GE7ZJ43Y"]}}
        }
    })
}

/// A guard whose `promo` was counted and marked, 300 sends and 60 bounces, and not judged yet.
async fn marked() -> Guard {
    let guard = Guard::of(at(NOON), &[set("promo")]);
    let ingest = ingest(guard.ledger.clone(), guard.register.clone());
    for bodies in [bodies(Send, 0..300, at(NOON)), bodies(Bounce, 0..60, at(NOON))] {
        assert!(failures(ingest.handle(batch(bodies, 1), deadline()).await).is_empty());
    }
    guard
}

fn judge_of(guard: &Guard) -> Judge<MemoryLedger, MemoryRegister, guard_local::RecordedReminders, ManualClock> {
    Judge {
        ledger: guard.ledger.clone(),
        register: guard.register.clone(),
        reminder: guard.reminders.clone(),
        clock: guard.clock.clone(),
        policy: PolicyBook::default().into(),
        mode: Mode::Enforce,
    }
}

#[tokio::test]
async fn judge_is_woken_by_the_stream_and_by_reminders() {
    let reminder = json!({"Records": [
        {"messageId": "r-1", "eventSource": "aws:sqs", "body": format!("{ACCOUNT}/{REGION}/promo"), "attributes": {}},
        {"messageId": "r-2", "eventSource": "aws:sqs", "body": "not a set", "attributes": {}}
    ]});
    let marks = json!({"Records": [stream_record("promo", "100"), stream_record("promo", "101"), stream_record("shop", "102")]});
    for (what, event, given_back) in [("marks", marks, vec![]), ("reminders", reminder, vec!["r-2"])] {
        let guard = marked().await;
        let wake = Wake::parse(event).unwrap();
        let response = guard_judge::handle(&judge_of(&guard), &wake, deadline()).await;
        assert_eq!(failures(response), given_back, "{what}");
        assert_eq!(guard.state(&set("promo")).await.phase, Phase::Pausing, "{what}");
    }
    let neither = Wake::parse(json!({"Records": [{"eventSource": "aws:s3"}]})).unwrap_err();
    insta::assert_snapshot!(neither, @"judge takes a batch of the state table's stream or of the re-check queue");
}

#[tokio::test]
async fn judge_gives_back_what_it_has_no_time_for() {
    let guard = marked().await;
    let wake = Wake::parse(json!({"Records": [stream_record("promo", "100"), stream_record("promo", "101")]})).unwrap();
    let soon = u64::try_from(plus_seconds(at(NOON), 4).as_millisecond()).unwrap();
    assert_eq!(failures(guard_judge::handle(&judge_of(&guard), &wake, soon).await), ["100", "101"]);
    assert!(guard.state(&set("promo")).await.to_judge);
}

#[tokio::test]
async fn actuate_pauses_and_tells_what_the_stream_names() {
    let guard = marked().await;
    judge_of(&guard).judge(&set("promo")).await.unwrap();
    let actuator = Actuator::new(guard.register.clone(), guard.ses.clone(), guard.notices.clone(), guard.clock.clone());
    let records = json!({"Records": [stream_record("promo", "100"), stream_record("shop", "101")]});
    let event = guard_actuate::Wake::parse(records).unwrap();
    let later = u64::try_from(plus_seconds(at(NOON), 120).as_millisecond()).unwrap();
    let response = guard_actuate::handle(&actuator, &guard.clock, &event, "request-1", later).await;
    assert!(failures(response).is_empty());
    assert!(!guard.ses.accepts(&set("promo")));
    assert_eq!(guard.notices.all().len(), 1);
}

#[tokio::test]
async fn operate_answers_the_events_of_the_repository() {
    let guard = marked().await;
    let operator = Operator {
        ledger: guard.ledger.clone(),
        register: guard.register.clone(),
        switch: guard.ses.clone(),
        clock: guard.clock.clone(),
        policies: Policies::new(Deployed::default(), guard.policies.clone()),
        mode: Mode::Enforce,
        account_stop: AccountStop::Forbidden,
        homes: homes(""),
        ear: guard_tests::guard::ear(),
    };
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../events/operate");
    let mut actions = BTreeSet::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let request: Value = serde_json::from_str(&std::fs::read_to_string(file.unwrap().path()).unwrap()).unwrap();
        if let Some(name) = request["configurationSet"].as_str() {
            guard.ses.create(&set(name));
        }
        let answer = guard_operate::handle(&operator, request.clone()).await;
        let understood =
            !["invalidRequest", "unknownAction"].contains(&answer["error"]["code"].as_str().unwrap_or_default());
        assert!(understood, "{request}: {answer}");
        actions.insert(request["action"].as_str().unwrap().to_owned());
    }
    let all = [
        "clearPolicy",
        "evidence",
        "history",
        "hold",
        "list",
        "pause",
        "policy",
        "release",
        "resume",
        "setPolicy",
        "status",
    ]
    .map(str::to_owned);
    assert_eq!(actions, BTreeSet::from(all));
}

#[tokio::test]
async fn no_address_gets_into_a_table_or_a_notice() {
    let mut guard = marked().await;
    guard.settle().await;
    let written = format!("{:?}{:?}{:?}", guard.ledger, guard.register, guard.notices.all());
    assert!(written.contains("promo") && guard.notices.all().len() == 1);
    assert!(!written.contains("example.net") && !written.contains("weekly digest"), "{written}");
}
