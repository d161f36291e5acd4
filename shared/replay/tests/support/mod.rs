//! A small archive in AWS's own shape, and how to replay it.
#![allow(dead_code, reason = "not every test uses all of it")]

use guard_core::event::{Accounts, HashKey, Reader};
use guard_core::policy::PolicyBook;
use guard_replay::{Archive, Input, NamedPolicy, Options, Report, SetReport, Stopped, read, replay};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

pub(crate) const SECOND: SignedDuration = SignedDuration::from_secs(1);

pub(crate) fn start() -> Timestamp {
    "2026-10-05T09:00:00Z".parse().unwrap()
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    start().saturating_add(SECOND * i32::try_from(seconds).unwrap()).unwrap()
}

fn mail(set: &str, number: u64, sent_at: Timestamp) -> Value {
    json!({
        "timestamp": format!("{sent_at:.3}"),
        "source": "News <news@example.com>",
        "sourceArn": "arn:aws:ses:eu-west-1:111122223333:identity/example.com",
        "sendingAccountId": "111122223333",
        "messageId": format!("{set}-{number}"),
        "destination": [format!("r{number}@example.net")],
        "headers": [{"name": "Subject", "value": "}{ \"[news],\\"}, {"name": "From", "value": "a"}],
        "tags": {"ses:configuration-set": [set]}
    })
}

pub(crate) fn send(set: &str, number: u64, sent_at: i64) -> Value {
    json!({"eventType": "Send", "mail": mail(set, number, at(sent_at)), "send": {}})
}

pub(crate) fn bounce(set: &str, number: u64, sent_at: i64, occurred_at: i64) -> Value {
    json!({
        "eventType": "Bounce",
        "bounce": {
            "bounceType": "Permanent", "bounceSubType": "General", "timestamp": format!("{:.3}", at(occurred_at)),
            "bouncedRecipients": [{"emailAddress": format!("r{number}@example.net"), "action": "failed"}]
        },
        "mail": mail(set, number, at(sent_at)),
    })
}

pub(crate) fn complaint(set: &str, number: u64, sent_at: i64, occurred_at: i64) -> Value {
    json!({
        "eventType": "Complaint",
        "complaint": {
            "feedbackId": format!("feedback-{number}"), "complaintSubType": null,
            "timestamp": format!("{:.3}", at(occurred_at)),
            "complainedRecipients": [{"emailAddress": format!("r{number}@example.net")}]
        },
        "mail": mail(set, number, at(sent_at)),
    })
}

/// One mail a second for 1,000 seconds. Of `promo` every fourth bounces five seconds later; of `shop` none.
pub(crate) fn story() -> Vec<Value> {
    let mut events = Vec::new();
    for number in 0..1_000 {
        let second = i64::try_from(number).unwrap();
        events.push(send("promo", number, second));
        events.push(send("shop", number, second));
        if number % 4 == 0 {
            events.push(bounce("promo", number, second, second + 5));
        }
    }
    events
}

pub(crate) fn lines(events: &[Value]) -> String {
    events.iter().map(|event| format!("{event}\n")).collect()
}

pub(crate) fn memory(text: impl Into<Vec<u8>>) -> Input {
    Input::Memory("events".to_owned(), text.into())
}

pub(crate) fn options() -> Options {
    let key = HashKey::from_secret("a secret of at least thirty-two characters").unwrap();
    let reader = Reader::new(Accounts::Any, None, key).of_archive();
    Options { threads: 2, ..Options::new(reader, "2026-11-20T10:00:00Z".parse().unwrap()) }
}

pub(crate) fn archive(inputs: &[Input]) -> Result<Archive, Stopped> {
    read(inputs, &options(), &|_| {})
}

pub(crate) fn policy(name: &str, text: &str) -> NamedPolicy {
    NamedPolicy { name: name.to_owned(), book: PolicyBook::read(text).unwrap() }
}

/// Under the built-in policy.
pub(crate) fn report(inputs: &[Input]) -> Report {
    replay(&archive(inputs).unwrap(), &[policy("built-in", "")], 2, 2)
}

pub(crate) fn set<'a>(report: &'a Report, name: &str) -> &'a SetReport {
    report.sets.iter().find(|set| set.configuration_set.as_str() == name).unwrap()
}
