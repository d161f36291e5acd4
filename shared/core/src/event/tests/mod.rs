//! The specification of the edge: what is counted, what is left alone, what is refused.

mod alarms;
mod damage;
mod forms;
mod limits;
mod plain;
mod properties;
mod units;
mod whose;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;

const NOW: &str = "2026-11-20T10:00:00Z";
const ACCOUNT: &str = "111122223333";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn key() -> HashKey {
    HashKey::from_secret("a secret of thirty-two characters").unwrap()
}

fn reader() -> Reader {
    let accounts = Accounts::These(BTreeSet::from([ACCOUNT.parse().unwrap()]));
    Reader::new(accounts, Some("eu-north-1".parse().unwrap()), key())
}

/// What a reader makes of a body, in one line: `<set> <kind> <count>`, `ignored: <why>` or `error: <position>`.
fn told_by(reader: &Reader, body: &str) -> String {
    match reader.read(body, now()) {
        Ok(Reading::Signals { signals, unknown_subtype }) => {
            let [signal] = signals.as_slice() else { panic!("one signal per record: {signals:?}") };
            let note = unknown_subtype.map(|subtype| format!(", unknown subtype {subtype}")).unwrap_or_default();
            format!("{} {:?} {}{note}", signal.set.name, signal.kind, signal.count())
        }
        Ok(Reading::Ignored(why)) => format!("ignored: {why}"),
        Ok(Reading::Alarm(alarm)) => format!("alarm: {}", serde_json::to_string(&alarm).unwrap()),
        Err(error) => format!("error: {error}"),
    }
}

fn told(body: &str) -> String {
    told_by(&reader(), body)
}

fn signal(body: &str) -> Signal {
    match reader().read(body, now()) {
        Ok(Reading::Signals { mut signals, .. }) => signals.remove(0),
        other => panic!("{other:?}"),
    }
}

/// A file of `events/`.
fn event(file: &str) -> Value {
    serde_json::from_str(&text_of(file)).unwrap()
}

fn text_of(file: &str) -> String {
    let path = format!("{}/../../events/{file}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The value with the field at `pointer`, which must exist, replaced.
fn with(mut value: Value, pointer: &str, replacement: Value) -> Value {
    *value.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = replacement;
    value
}

/// The value without one field of `parent`, which must have it.
fn without(mut value: Value, parent: &str, field: &str) -> Value {
    let parent = value.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    parent.remove(field).unwrap_or_else(|| panic!("no {field}"));
    value
}

fn mail(destination: &[&str]) -> Value {
    json!({
        "timestamp": "2026-11-20T09:14:02.118Z",
        "sourceArn": "arn:aws:ses:eu-west-1:111122223333:identity/news.example.com",
        "sendingAccountId": ACCOUNT,
        "messageId": "m-1",
        "destination": destination,
        "tags": {"ses:configuration-set": ["marketing-weekly"]},
    })
}

fn send(destination: &[&str]) -> Value {
    json!({"eventType": "Send", "mail": mail(destination), "send": {}})
}

fn bounce(recipients: Value) -> Value {
    json!({
        "eventType": "Bounce",
        "bounce": {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": recipients},
        "mail": mail(&["ana@example.net"]),
    })
}

fn complaint(recipients: Value) -> Value {
    json!({
        "eventType": "Complaint",
        "complaint": {"feedbackId": "f-1", "complaintSubType": null, "complainedRecipients": recipients},
        "mail": mail(&["ana@example.net"]),
    })
}

fn in_sns(message: &str) -> String {
    json!({
        "Type": "Notification",
        "MessageId": "a75eff23-c4c4-467a-a9cf-48a3d97ba1ee",
        "TopicArn": "arn:aws:sns:eu-west-1:111122223333:ses-events",
        "Subject": null,
        "Message": message,
    })
    .to_string()
}

fn in_eventbridge(detail: &Value) -> Value {
    json!({
        "version": "0",
        "detail-type": "Email Something",
        "source": "aws.ses",
        "account": ACCOUNT,
        "region": "eu-west-1",
        "resources": [],
        "detail": detail,
    })
}
