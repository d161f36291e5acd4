//! Every bound: one below, exactly, one above.

use super::*;

fn sent_at(timestamp: Value) -> String {
    with(send(&["ana@example.net"]), "/mail/timestamp", timestamp).to_string()
}

#[test]
fn mail_is_ten_minutes_ahead_and_fifteen_days_old_at_most() {
    let counted = "marketing-weekly Send 1";
    let future = "error: field `mail.timestamp` is more than 10 minutes ahead of the clock";
    let old = "ignored: mail.timestamp is more than 15 days old";
    for (what, timestamp, expected) in [
        ("a millisecond short of 10 minutes ahead", "2026-11-20T10:09:59.999Z", counted),
        ("exactly 10 minutes ahead", "2026-11-20T10:10:00.000Z", counted),
        ("a millisecond more", "2026-11-20T10:10:00.001Z", future),
        ("a millisecond short of 15 days", "2026-11-05T10:00:00.001Z", counted),
        ("exactly 15 days", "2026-11-05T10:00:00.000Z", counted),
        ("a millisecond more", "2026-11-05T09:59:59.999Z", old),
        ("the end of time", "9999-12-30T22:00:00Z", future),
        ("the beginning", "0001-01-01T00:00:00Z", old),
    ] {
        assert_eq!(told(&sent_at(json!(timestamp))), expected, "{what}");
    }
}

#[test]
fn an_archive_s_mail_may_be_of_any_age_but_not_of_the_future() {
    let archive = reader().of_archive();
    let counted = "marketing-weekly Send 1";
    for (timestamp, expected) in [
        ("2026-11-05T09:59:59.999Z", counted),
        ("0001-01-01T00:00:00Z", counted),
        ("2026-11-20T10:10:00.001Z", "error: field `mail.timestamp` is more than 10 minutes ahead of the clock"),
    ] {
        assert_eq!(told_by(&archive, &sent_at(json!(timestamp))), expected);
    }
}

#[test]
fn what_happened_later_has_its_own_time() {
    let sent = "2026-11-20T09:14:02.118Z";
    let occurred = |body: &Value| signal(&body.to_string()).occurred_at.to_string();
    assert_eq!(occurred(&event("ses/bounce-permanent-general.json")), "2026-11-20T09:14:05.871Z");
    assert_eq!(occurred(&event("ses/complaint-abuse.json")), "2026-11-20T11:02:44Z");
    assert_eq!(occurred(&send(&["ana@example.net"])), sent);
    let bounce = event("ses/bounce-permanent-general.json");
    for timestamp in [json!(null), json!(5), json!("yesterday"), json!("2026-11-20T09:14:02.117Z")] {
        assert_eq!(occurred(&with(bounce.clone(), "/bounce/timestamp", timestamp.clone())), sent, "{timestamp}");
    }
}

#[test]
fn a_timestamp_has_a_zone() {
    let malformed = "error: field `mail.timestamp` must be an RFC 3339 time with its zone";
    for (timestamp, expected) in [
        (json!("2026-11-20T09:14:02.118Z"), "marketing-weekly Send 1"),
        (json!("2026-11-20T09:14:02Z"), "marketing-weekly Send 1"),
        (json!("2026-11-20T04:14:02.118-05:00"), "marketing-weekly Send 1"),
        (json!("2026-11-20T09:14:02.118"), malformed),
        (json!("2026-11-20T09:14:02.118+0000"), malformed),
        (json!("2026-11-20T09:14:02Z[UTC]"), malformed),
        (json!("2026-11-20T09:14Z"), malformed),
        (json!("20261120T091402Z"), malformed),
        (json!("2026-11-20"), malformed),
        (json!("2026-13-20T09:14:02Z"), malformed),
        (json!("yesterday"), malformed),
        (json!(""), "error: missing field `mail.timestamp`"),
        (json!(null), "error: missing field `mail.timestamp`"),
    ] {
        assert_eq!(told(&sent_at(timestamp.clone())), expected, "{timestamp}");
    }
    let with_offset = signal(&sent_at(json!("2026-11-20T04:14:02.118-05:00")));
    assert_eq!(with_offset.sent_at, "2026-11-20T09:14:02.118Z".parse().unwrap());
}

#[test]
fn one_message_has_50_recipients_at_most() {
    let addresses = |count: usize| (0..count).map(|n| format!("r{n}@example.org")).collect::<Vec<_>>();
    let recipients = |count| json!(addresses(count).iter().map(|a| json!({"emailAddress": a})).collect::<Vec<_>>());
    let to = |count| with(send(&[]), "/mail/destination", json!(addresses(count)));
    let refused =
        |count| with(complaint(recipients(count)), "/complaint/complaintSubType", json!("OnAccountSuppressionList"));
    let too_many = |field: &str| format!("error: field `{field}` lists more than 50 recipients");
    for (what, body, expected) in [
        ("49 destinations", to(49), "marketing-weekly Send 49".to_owned()),
        ("50 destinations", to(50), "marketing-weekly Send 50".to_owned()),
        ("51 destinations", to(51), too_many("mail.destination")),
        ("50 bounced", bounce(recipients(50)), "marketing-weekly Bounce 50".to_owned()),
        ("51 bounced", bounce(recipients(51)), too_many("bounce.bouncedRecipients")),
        ("50 refused", refused(50), "marketing-weekly Prevented 50".to_owned()),
        ("51 refused", refused(51), too_many("complaint.complainedRecipients")),
        ("50 candidates", complaint(recipients(50)), "marketing-weekly Complaint 1".to_owned()),
        ("51 candidates", complaint(recipients(51)), too_many("complaint.complainedRecipients")),
        (
            "51 destinations of a bounce",
            with(bounce(recipients(1)), "/mail/destination", json!(addresses(51))),
            too_many("mail.destination"),
        ),
    ] {
        assert_eq!(told(&body.to_string()), expected, "{what}");
    }
}

#[test]
fn a_body_has_256_kib_at_most() {
    let padded = |length: usize| {
        let body = send(&["ana@example.net"]).to_string();
        format!("{body}{}", " ".repeat(length - body.len()))
    };
    assert_eq!(told(&padded(262_143)), "marketing-weekly Send 1");
    assert_eq!(told(&padded(262_144)), "marketing-weekly Send 1");
    assert_eq!(told(&padded(262_145)), "error: body is longer than 262144 bytes");
}

#[test]
fn what_is_worth_a_metric_is_told_apart() {
    let metric = |body: Value| match reader().read(&body.to_string(), now()) {
        Ok(Reading::Ignored(why)) => why.metric(),
        other => panic!("{other:?}"),
    };
    let one = || send(&["ana@example.net"]);
    assert_eq!(metric(with(one(), "/mail/timestamp", json!("2026-11-05T09:59:59Z"))), Some("EventsTooOld"));
    assert_eq!(metric(with(one(), "/eventType", json!("Quarantine"))), Some("EventsOfUnknownType"));
    assert_eq!(metric(without(one(), "/mail", "tags")), Some("EventsWithoutConfigurationSet"));
    let bounced = bounce(json!([{"emailAddress": "ana@example.net"}]));
    assert_eq!(metric(with(bounced.clone(), "/bounce/bounceType", json!("Sideways"))), Some("BouncesOfUnknownType"));
    assert_eq!(metric(with(bounced, "/bounce/bounceType", json!("Transient"))), None);
    assert_eq!(metric(with(one(), "/eventType", json!("Delivery"))), None);
}
