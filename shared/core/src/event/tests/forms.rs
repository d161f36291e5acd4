//! The forms in which the same fact comes, and the ones that carry none.

use super::*;

#[test]
fn a_record_reads_the_same_in_every_wrapping() {
    let record = send(&["ana@example.net", "bo@example.org"]);
    let raw = record.to_string();
    let expected = signal(&raw);
    let on_bus = in_eventbridge(&record).to_string();
    for (what, body) in [
        ("a trailing newline", format!("{raw}\n")),
        ("white space around", format!(" \r\n\t{raw} ")),
        ("a byte order mark", format!("\u{feff}{raw}")),
        ("pretty-printed", serde_json::to_string_pretty(&record).unwrap()),
        ("SNS", in_sns(&raw)),
        ("SNS, a newline inside", in_sns(&format!("{raw}\n"))),
        ("EventBridge", on_bus.clone()),
        ("EventBridge through SNS", in_sns(&on_bus)),
    ] {
        assert_eq!(signal(&body), expected, "{what}");
    }
}

#[test]
fn fields_we_do_not_know_are_skipped_whatever_they_hold() {
    let record = send(&["ana@example.net"]).to_string();
    for odd in [r#""x":1e999999"#, r#""x":"\ud800""#, r#""x":"\u0000""#, r#""headers":[{"name":7}]"#, r#""x":1,"x":2"#]
    {
        let body = record.replacen("{\"", &format!("{{{odd},\""), 1);
        assert_eq!(told(&body), "marketing-weekly Send 1", "{odd}");
    }
}

#[test]
fn text_with_escapes_is_the_same_text() {
    // As some serializers write it.
    let escaped =
        |body: &Value| body.to_string().replace('@', "\\u0040").replace("marketing-weekly", "marketing\\u002dweekly");
    let addresses = json!([{"emailAddress": "ana@example.net"}]);
    for body in [send(&["ana@example.net"]), bounce(addresses.clone()), complaint(addresses)] {
        assert_eq!(signal(&escaped(&body)), signal(&body.to_string()), "{body}");
        assert_eq!(signal(&in_sns(&escaped(&body))), signal(&body.to_string()), "{body}, in SNS");
    }
}

#[test]
fn only_both_marks_of_a_failure_destination_make_one() {
    let marked = |marks: &[&str]| {
        let mut body = send(&["ana@example.net"]);
        marks.iter().for_each(|mark| body[*mark] = json!({}));
        told(&body.to_string())
    };
    let counted = "marketing-weekly Send 1";
    assert_eq!(marked(&["requestContext"]), counted);
    assert_eq!(marked(&["requestPayload"]), counted);
    assert!(marked(&["requestContext", "requestPayload"]).starts_with("ignored: "));
}

#[test]
fn set_up_messages_are_acknowledged() {
    let greeting = "Successfully validated SNS topic for Amazon SES event publishing.";
    let validated = "ignored: SES validated its SNS topic: a set-up message, not an event";
    let sns = |kind: &str| json!({"Type": kind, "TopicArn": "t", "Message": "You have chosen …", "SubscribeURL": "u"});
    for (body, expected) in [
        (greeting.to_owned(), validated),
        (format!("{greeting}\r\n"), validated),
        (in_sns(greeting), validated),
        (in_sns(&format!("{greeting}\n")), validated),
        (
            sns("SubscriptionConfirmation").to_string(),
            "ignored: SNS message about the subscription itself, not an event",
        ),
        (
            sns("UnsubscribeConfirmation").to_string(),
            "ignored: SNS message about the subscription itself, not an event",
        ),
        (
            text_of("identity/subscription-succeeded.json"),
            "ignored: SES confirmed an identity's feedback topic: a set-up message, not an event",
        ),
    ] {
        assert_eq!(told(&body), expected, "{body}");
    }
    assert_eq!(told(&format!("{greeting} Or not.")), "error: body is not JSON: syntax error at byte 1");
}

#[test]
fn an_event_bridge_event_says_it_is_ses_under_ses_s_name_only() {
    let record = send(&["ana@example.net"]);
    let event = |detail_type: &str, source: &str, detail: &Value| {
        let event = with(in_eventbridge(detail), "/detail-type", json!(detail_type));
        with(event, "/source", json!(source)).to_string()
    };
    let foreign = "error: field `source` must be aws.ses for this kind of event";
    let other = "ignored: EventBridge event of another kind";
    let tenant = "ignored: sending status of a tenant, not of a configuration set";
    let advisor = "ignored: recommendation of SES's advisor: a finding, not a count";
    for (detail_type, source, detail, expected) in [
        ("Email Sent", "aws.ses", &record, "marketing-weekly Send 1"),
        ("Email Sent", "com.example", &record, foreign),
        ("My Own", "com.example", &record, foreign),
        ("Email Sent", "com.example", &json!({}), foreign),
        ("Email Sent", "aws.ses", &json!({}), "error: missing field `detail.eventType`"),
        ("Email Sent", "aws.ses", &json!(null), "error: missing field `detail.eventType`"),
        ("Something New", "aws.ses", &record, "marketing-weekly Send 1"),
        ("Something New", "aws.ses", &json!({}), other),
        ("Something New", "com.example", &json!([1]), other),
        ("Configuration Set Paused", "ses.reputation-guard", &json!({"version": 1}), other),
        ("Sending Status Disabled", "aws.ses", &json!({}), tenant),
        ("Sending Status Enabled", "aws.ses", &json!({}), tenant),
        ("Advisor Recommendation Status Open", "aws.ses", &json!({}), advisor),
        ("Advisor Recommendation Status Resolved", "aws.ses", &json!({}), advisor),
        ("Advisor Recommendation Status Closed", "aws.ses", &json!({}), advisor),
        (
            "AWS API Call via CloudTrail",
            "aws.ses",
            &json!({"eventType": "AwsApiCall"}),
            "ignored: API call recorded by CloudTrail, not an SES event",
        ),
        ("Scheduled Event", "aws.events", &json!({}), "ignored: scheduled event: a timer, not an SES event"),
    ] {
        assert_eq!(told(&event(detail_type, source, detail)), expected, "{detail_type} of {source}");
    }
}

#[test]
fn an_invocation_is_split_into_its_records() {
    let body = send(&["ana@example.net"]).to_string();
    let sns: Value = serde_json::from_str(&in_sns(&body)).unwrap();
    let counted = "marketing-weekly Send 1";
    let unknown = "error: not an SES event: a JSON object of none of the known forms";
    for (what, input, expected) in [
        ("an SQS batch", json!({"Records": [{"body": body}, {"body": body}]}), vec![counted, counted]),
        ("an SNS event", json!({"Records": [{"Sns": sns}]}), vec![counted]),
        ("no records", json!({"Records": []}), vec![]),
        (
            "a body that is cut off",
            json!({"Records": [{"body": body}, {"body": "{"}]}),
            vec![counted, "error: body is not JSON: end of input at byte 1"],
        ),
        ("a record without a body", json!({"Records": [{"messageId": "x"}, {"body": body}]}), vec![unknown, counted]),
        ("a body that is null", json!({"Records": [{"body": null}]}), vec![unknown]),
        ("a record of another service", json!({"Records": [{"eventSource": "aws:s3", "s3": {}}]}), vec![unknown]),
        (
            "a record that is no object",
            json!({"Records": [7, {"body": body}]}),
            vec!["error: not an SES event: JSON, but not an object", counted],
        ),
        ("records that are no list", json!({"Records": {}}), vec![unknown]),
        ("anything else", send(&["ana@example.net"]), vec![counted]),
        ("a list", json!([{"body": body}]), vec!["error: not an SES event: JSON, but not an object"]),
    ] {
        let told: Vec<_> = records(&input.to_string()).iter().map(|record| told(&record.body)).collect();
        assert_eq!(told, expected, "{what}");
    }
    assert_eq!(records("{\"Records\": [").len(), 1, "a batch that is cut off is one record, rejected as such");
}
