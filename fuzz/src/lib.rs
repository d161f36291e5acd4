//! What reads input from outside, called as the functions and `ses-guard` call it. Each function takes any bytes, panics
//! if a promise is broken, and is a fuzz target as well as a test over the files of its corpus.

use std::collections::BTreeSet;

use guard_core::event::{Accounts, AlarmChange, HashKey, ParseError, Reader, Reading, SignalKind, records};
use guard_core::policy::Deployed;
use guard_core::steps::operate::Request;
use guard_replay::{Input, Options, read};
use jiff::Timestamp;
use serde_json::Value;

/// Takes any bytes, and panics where a promise is broken.
pub type ReadAnything = fn(&[u8]);

/// The readers, by the name of their corpus.
pub const READERS: [(&str, ReadAnything); 6] = [
    ("event", event),
    ("invocation", invocation),
    ("alarm", alarm),
    ("operate", operate),
    ("policy", policy),
    ("archive", archive),
];

const SECRET: &str = "a key for hostile input, 32 letters";
/// Through which alarms come.
const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:alarms";
/// A day of the sample events.
const NOW: &str = "2026-11-20T12:00:00Z";
/// What one message may come to: SES sends to 50 recipients at most, and SNS carries 256 KB.
const MOST_UNITS: usize = 50;
const MOST_BYTES: usize = 256 * 1024;
/// An error is read by people, and goes to a log.
const LONGEST_ERROR: usize = 2_000;
/// CloudWatch's limit for an alarm's name, in characters.
const LONGEST_NAME: usize = 255;
/// What an alarm says for a reason goes to people as it is.
const LONGEST_REASON: usize = 400;

fn now() -> Timestamp {
    NOW.parse().unwrap_or(Timestamp::UNIX_EPOCH)
}

fn reader() -> Option<Reader> {
    Some(Reader::new(Accounts::Any, "eu-west-1".parse().ok(), HashKey::from_secret(SECRET)?))
}

/// The body of a message of the events queue.
pub fn event(input: &[u8]) {
    let (Ok(text), Some(reader)) = (std::str::from_utf8(input), reader()) else { return };
    sound(&reader.read(text, now()));
}

/// What a function is invoked with: a batch of messages, an alarm, anything.
pub fn invocation(input: &[u8]) {
    let (Ok(text), Some(reader)) = (std::str::from_utf8(input), reader()) else { return };
    for record in records(text) {
        sound(&reader.read_record(&record, now()));
    }
}

fn sound(reading: &Result<Reading, ParseError>) {
    match reading {
        Ok(Reading::Signals { signals, .. }) => {
            for signal in signals {
                assert!(signal.ids.len() <= MOST_UNITS, "{} units in one message", signal.ids.len());
                assert!(signal.kind != SignalKind::Complaint || signal.ids.len() == 1, "a complaint is one");
                assert!(signal.sent_at <= guard_core::time::plus_seconds(now(), 600), "mail from the future");
            }
        }
        Ok(Reading::Ignored(ignored)) => said(&ignored.to_string()),
        Ok(Reading::Alarm(alarm)) => sound_alarm(alarm),
        Err(error) => said(&error.to_string()),
    }
}

/// What an invocation of the alarm function says, were it nothing but the alarm: by the alarm's own action, by
/// EventBridge, or as the text of an SNS message.
pub fn alarm(input: &[u8]) {
    let (Ok(text), Some(reader)) = (std::str::from_utf8(input), reader()) else { return };
    // As the function gets it: JSON that was read once already.
    let event = serde_json::from_str::<Value>(text).unwrap_or_else(|_| Value::String(text.to_owned()));
    let sns = serde_json::json!({"Type": "Notification", "MessageId": "m", "TopicArn": TOPIC, "Message": text});
    let message = serde_json::json!({"Records": [{"EventSource": "aws:sns", "Sns": sns}]});
    for event in [event, message] {
        for record in records(&event.to_string()) {
            sound(&reader.read_record(&record, now()));
        }
    }
}

fn sound_alarm(alarm: &AlarmChange) {
    assert!((1..=LONGEST_NAME).contains(&alarm.name.chars().count()), "a name of {} bytes", alarm.name.len());
    assert!(!alarm.name.chars().any(char::is_control), "a name with control characters: {:?}", alarm.name);
    let sets: BTreeSet<_> = alarm.configuration_sets.iter().map(|set| set.as_str()).collect();
    assert_eq!(sets.len(), alarm.configuration_sets.len(), "each set once");
    let children: BTreeSet<_> = alarm.children.iter().collect();
    assert_eq!(children.len(), alarm.children.len(), "each child once");
    if let Some(reason) = &alarm.reason {
        assert!(
            reason.len() <= LONGEST_REASON && !reason.contains(['@', '"', '\n']),
            "not CloudWatch's words: {reason}"
        );
    }
}

/// What goes to a log is one line, short, and has no control characters.
fn said(text: &str) {
    assert!(text.len() <= LONGEST_ERROR, "{} bytes of error", text.len());
    assert!(!text.chars().any(char::is_control), "an error with control characters: {text:?}");
}

/// An operator's request.
pub fn operate(input: &[u8]) {
    let Ok(request) = serde_json::from_slice::<Value>(input) else { return };
    if let Err(refusal) = Request::parse(request) {
        let answer = guard_core::steps::operate::Answer::refused(refusal).to_json();
        assert_eq!(answer.get("ok"), Some(&Value::Bool(false)));
    }
}

/// A policy file. One that is read is written and read again without a difference.
pub fn policy(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Err(unfit) = Deployed::read(text) {
        assert!(!unfit.to_string().is_empty());
    }
}

/// A file of archived events, plain or compressed.
pub fn archive(input: &[u8]) {
    let Some(reader) = reader() else { return };
    if input.len() > MOST_BYTES {
        return;
    }
    let options = Options { threads: 1, most_cells: 10_000, ..Options::new(reader.of_archive(), now()) };
    let inputs = [Input::Memory("hostile".to_owned(), input.to_vec())];
    if let Err(stopped) = read(&inputs, &options, &|_| {}) {
        assert!(!stopped.to_string().is_empty());
    }
}
