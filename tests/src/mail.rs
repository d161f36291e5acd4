//! Mail as the tests write it: SES records in AWS's own shape, and the signals they become.

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use guard_core::event::{HashKey, Signal, SignalKind};
use guard_core::home::{Home, Homes};
use guard_core::name::SetKey;
use jiff::Timestamp;
use serde_json::{Value, json};

/// The account of all test mail.
pub const ACCOUNT: &str = "111122223333";
/// Its Region.
pub const REGION: &str = "eu-west-1";
/// The secret that hashes its addresses.
pub const SECRET: &str = "a secret of at least thirty-two characters";

/// The key of a configuration set of the test account.
pub fn set(name: &str) -> SetKey {
    format!("{ACCOUNT}/{REGION}/{name}").parse().expect("the name is well-formed")
}

/// The test account's home, and those of this list.
pub fn homes(listed: &str) -> Homes {
    let own = format!("{ACCOUNT}/{REGION}").parse().expect("the home is well-formed");
    Homes::listed(own, listed).expect("the list is well-formed")
}

/// The time of an RFC 3339 text.
pub fn at(text: &str) -> Timestamp {
    text.parse().expect("the time is well-formed")
}

/// The key made of [`SECRET`].
pub fn hash_key() -> HashKey {
    HashKey::from_secret(SECRET).expect("the secret is long enough")
}

/// The signal of one recipient of the mail numbered `mail`.
pub fn signal(name: &str, kind: SignalKind, mail: u64, sent_at: Timestamp) -> Signal {
    let message_id = format!("mail-{mail}");
    let id = match kind {
        SignalKind::Complaint => hash_key().complaint(&message_id, &format!("feedback-{mail}")),
        SignalKind::Send | SignalKind::Bounce | SignalKind::Prevented => {
            hash_key().recipient(&message_id, &format!("r{mail}@example.net"))
        }
    };
    Signal { set: set(name), kind, ids: vec![id], sender: None, sent_at, occurred_at: sent_at, simulated: false }
}

/// The SES record of the mail numbered `mail` to one recipient.
pub fn record(name: &str, kind: SignalKind, mail: u64, sent_at: Timestamp) -> Value {
    let address = format!("r{mail}@example.net");
    let mut record = json!({
        "mail": {
            "timestamp": format!("{sent_at:.3}"),
            "source": "News <news@example.com>",
            "sourceArn": format!("arn:aws:ses:{REGION}:{ACCOUNT}:identity/example.com"),
            "sendingAccountId": ACCOUNT,
            "messageId": format!("mail-{mail}"),
            "destination": [address],
            "headersTruncated": false,
            "headers": [{"name": "Subject", "value": "Your weekly digest"}],
            "commonHeaders": {"subject": "Your weekly digest", "to": [address]},
            "tags": {"ses:configuration-set": [name], "ses:caller-identity": ["sender"]}
        }
    });
    let (event_type, object, detail) = match kind {
        SignalKind::Send => ("Send", "send", json!({})),
        SignalKind::Bounce => ("Bounce", "bounce", bounce("General", &address, mail, sent_at)),
        SignalKind::Prevented => ("Bounce", "bounce", bounce("OnAccountSuppressionList", &address, mail, sent_at)),
        SignalKind::Complaint => (
            "Complaint",
            "complaint",
            json!({
                "feedbackId": format!("feedback-{mail}"), "complaintSubType": null,
                "complainedRecipients": [{"emailAddress": address}], "timestamp": format!("{sent_at:.3}"),
                "complaintFeedbackType": "abuse"
            }),
        ),
    };
    record["eventType"] = event_type.into();
    record[object] = detail;
    record
}

fn bounce(subtype: &str, address: &str, mail: u64, sent_at: Timestamp) -> Value {
    json!({
        "feedbackId": format!("bounce-{mail}"), "bounceType": "Permanent", "bounceSubType": subtype,
        "bouncedRecipients": [{"emailAddress": address, "action": "failed", "status": "5.1.1",
            "diagnosticCode": format!("smtp; 550 5.1.1 <{address}>: user unknown")}],
        "timestamp": format!("{sent_at:.3}")
    })
}

/// The same record of another home: another account, or another Region.
pub fn of_home(mut record: Value, home: &Home) -> Value {
    record["mail"]["sendingAccountId"] = home.account.as_str().into();
    record["mail"]["sourceArn"] = format!("arn:aws:ses:{}:{}:identity/example.com", home.region, home.account).into();
    record
}

/// The queue that brings all test mail.
pub const QUEUE_ARN: &str = "arn:aws:sqs:eu-west-1:111122223333:ses-guard-events";

/// A batch of the queue's messages with these bodies, delivered for the `received`-th time.
pub fn batch(bodies: impl IntoIterator<Item = String>, received: u32) -> SqsEvent {
    let mut event = SqsEvent::default();
    event.records = bodies
        .into_iter()
        .enumerate()
        .map(|(number, body)| {
            let mut message = SqsMessage::default();
            message.message_id = Some(format!("message-{number}"));
            message.event_source_arn = Some(QUEUE_ARN.to_owned());
            message.body = Some(body);
            message.attributes.insert("ApproximateReceiveCount".to_owned(), received.to_string());
            message
        })
        .collect();
    event
}
