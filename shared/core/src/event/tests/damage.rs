//! What cannot be read is refused with its position, and with nothing else.

use super::*;

#[test]
fn what_is_not_json_is_refused_at_its_byte() {
    let inside = |message: &str| in_sns(message);
    for (what, body, expected) in [
        (
            "cut off",
            r#"{"eventType":"Bounce","bounce":{"feedbackId":"010"#.to_owned(),
            "error: body is not JSON: end of input at byte 49",
        ),
        (
            "cut off on the second line",
            "{\"a\":\n  \"b\"".to_owned(),
            "error: body is not JSON: end of input at byte 11",
        ),
        ("empty", String::new(), "error: body is not JSON: end of input at byte 0"),
        ("white space", " \n".to_owned(), "error: body is not JSON: end of input at byte 2"),
        ("plain text", "hello".to_owned(), "error: body is not JSON: syntax error at byte 1"),
        ("a byte order mark first", "\u{feff}hello".to_owned(), "error: body is not JSON: syntax error at byte 4"),
        ("a raw NUL", "{\"a\":\"\u{0}\"}".to_owned(), "error: body is not JSON: syntax error at byte 6"),
        ("two values", "{} {}".to_owned(), "error: body is not JSON: syntax error at byte 4"),
        ("cut off in SNS", inside("{\"eventType\":"), "error: SNS Message is not JSON: end of input at byte 13"),
        ("plain text in SNS", inside("hello"), "error: SNS Message is not JSON: syntax error at byte 1"),
        ("empty in SNS", inside(""), "error: SNS Message is not JSON: end of input at byte 0"),
    ] {
        assert_eq!(told(&body), expected, "{what}");
    }
}

#[test]
fn json_that_is_no_event_is_refused_by_what_it_is_not() {
    let no_object = "error: not an SES event: JSON, but not an object";
    let no_form = "error: not an SES event: a JSON object of none of the known forms";
    for (body, expected) in [
        ("[]", no_object),
        (r#"["Send", {}]"#, no_object),
        ("5", no_object),
        ("1e999", no_object),
        ("null", no_object),
        (r#""Successfully validated""#, no_object),
        ("{}", no_form),
        (r#"{"eventType": null}"#, no_form),
        (r#"{"action": "resume"}"#, no_form),
        (r#"{"batchItemFailures": []}"#, no_form),
        (r#"{"mail": {}}"#, "error: missing field `eventType`"),
        (r#"{"eventType": 5}"#, "error: field `eventType` must be text"),
        (
            r#"{"eventType": "Send", "eventType": "Bounce"}"#,
            "error: body has a field of the wrong type, or twice, at byte 33",
        ),
        (r#"{"eventType": "Send"}"#, "error: missing field `mail`"),
        (r#"{"eventType": "Send", "mail": "x"}"#, "error: body has a field of the wrong type, or twice, at byte 33"),
        (r#"{"Type": "Notification"}"#, "error: missing field `Message`"),
        (r#"{"Type": "Gossip"}"#, "error: not an SES event: an SNS envelope of an unknown `Type`"),
    ] {
        assert_eq!(told(body), expected, "{body}");
    }
    let envelope = in_sns(&in_sns("{}"));
    assert_eq!(told(&envelope), "error: not an SES event: an SNS envelope inside another envelope");
}

#[test]
fn a_record_without_what_is_needed_is_refused_by_the_field_s_name() {
    let person = json!([{"emailAddress": "ana@example.net"}]);
    let (sent, bounced, complained) = (send(&["ana@example.net"]), bounce(person.clone()), complaint(person));
    for (record, parent, field) in [
        (&sent, "", "mail"),
        (&sent, "/mail", "messageId"),
        (&sent, "/mail", "timestamp"),
        (&sent, "/mail", "destination"),
        (&bounced, "", "bounce"),
        (&bounced, "/bounce", "bounceType"),
        (&bounced, "/bounce", "bouncedRecipients"),
        (&complained, "", "complaint"),
        (&complained, "/complaint", "feedbackId"),
    ] {
        let path = format!("{parent}/{field}");
        let named = path.trim_start_matches('/').replace('/', ".");
        let expected = format!("error: missing field `{named}`");
        assert_eq!(told(&without(record.clone(), parent, field).to_string()), expected, "{path} removed");
        assert_eq!(told(&with(record.clone(), &path, json!(null)).to_string()), expected, "{path} null");
    }
    for (path, field) in [("/bounce/bouncedRecipients", "bounce.bouncedRecipients[].emailAddress")] {
        for nobody in [json!([{}]), json!([{"emailAddress": ""}]), json!([{"emailAddress": null}])] {
            let body = with(bounced.clone(), path, nobody);
            assert_eq!(told(&body.to_string()), format!("error: missing field `{field}`"));
        }
    }
    assert_eq!(told(&send(&[" "]).to_string()), "error: missing field `mail.destination[]`");
}

#[test]
fn depth_does_not_exhaust_the_stack() {
    let deep = |open: &str, close: &str, depth: usize| format!("{}{}", open.repeat(depth), close.repeat(depth));
    for body in [
        deep("[", "]", 100_000),
        "[".repeat(200_000),
        "{\"a\":".repeat(50_000),
        format!("{{\"eventType\":{}}}", deep("[", "]", 100_000)),
        format!("{{\"eventType\":\"Send\",\"mail\":{}}}", deep("[", "]", 100_000)),
        format!("{{\"eventType\":\"Send\",\"mail\":{{\"tags\":{}}}}}", deep("{\"a\":", "", 20_000)),
        in_sns(&deep("[", "]", 100_000)),
        format!("{{\"Records\":{}}}", deep("[", "]", 100_000)),
    ] {
        for record in records(&body) {
            let told = told(&record.body);
            assert!(told.starts_with("error: "), "{told}");
        }
    }
}
