//! How many units a record counts.

use super::*;

#[test]
fn who_sent_is_kept_by_name_and_never_as_an_address() {
    let of = |tag: Value| {
        let mut event = send(&["ana@example.net"]);
        event["mail"]["tags"]["ses:caller-identity"] = tag;
        signal(&event.to_string()).sender
    };
    let name = |tag: Value| of(tag).map(|sender| sender.to_string());
    assert_eq!(name(json!(["tenant-a-smtp"])), Some("tenant-a-smtp".to_owned()));
    assert_eq!(name(json!(["tenant-a-smtp", "x"])), Some("tenant-a-smtp".to_owned()));
    for none in [json!([]), json!(null)] {
        assert_eq!(name(none.clone()), None, "{none}");
    }
    let hashed = name(json!(["ana@example.com"])).unwrap();
    assert!(hashed.starts_with("hashed:") && hashed.len() == 23, "{hashed}");
    assert_ne!(name(json!(["bob@example.com"])), Some(hashed), "two of them are told apart");
    for odd in ["", "a b", "a\nb", &"x".repeat(129)] {
        assert!(name(json!([odd])).unwrap().starts_with("hashed:"), "{odd:?}");
    }
}

#[test]
fn a_send_counts_each_different_recipient_once() {
    for (what, destination, expected) in [
        ("one", &["ana@example.net"][..], "marketing-weekly Send 1"),
        ("two", &["ana@example.net", "bo@example.org"], "marketing-weekly Send 2"),
        ("the same in another case", &["ana@example.net", "Ana@Example.NET"], "marketing-weekly Send 1"),
        ("the same with a name", &["ana@example.net", "Ana <ana@example.net>"], "marketing-weekly Send 1"),
        (
            "a simulator beside a person",
            &["ana@example.net", "success@SIMULATOR.amazonses.com"],
            "marketing-weekly Send 1",
        ),
        (
            "only simulators",
            &["a@simulator.amazonses.com"],
            "ignored: only mailbox simulator recipients, which count on neither side",
        ),
        (
            "a named simulator",
            &["A <a+b@simulator.amazonses.com>"],
            "ignored: only mailbox simulator recipients, which count on neither side",
        ),
        ("nobody", &[], "ignored: no recipients to count"),
    ] {
        assert_eq!(told(&send(destination).to_string()), expected, "{what}");
    }
}

#[test]
fn a_bounce_counts_recipients_that_are_not_delayed() {
    let recipient = |address: &str, action: Value| json!({"emailAddress": address, "action": action});
    let (ana, bo) = ("ana@example.net", "bo@example.org");
    for (what, recipients, expected) in [
        (
            "two failed",
            json!([recipient(ana, json!("failed")), recipient(bo, json!("failed"))]),
            "marketing-weekly Bounce 2",
        ),
        ("no action", json!([{"emailAddress": ana}]), "marketing-weekly Bounce 1"),
        ("action null", json!([recipient(ana, json!(null))]), "marketing-weekly Bounce 1"),
        (
            "the same twice",
            json!([{"emailAddress": ana}, {"emailAddress": "ANA@example.net"}]),
            "marketing-weekly Bounce 1",
        ),
        (
            "one delayed",
            json!([recipient(ana, json!("failed")), recipient(bo, json!("Delayed"))]),
            "marketing-weekly Bounce 1",
        ),
        (
            "all delayed",
            json!([recipient(ana, json!("delayed"))]),
            "ignored: only delayed recipients: none of them bounced yet",
        ),
        (
            "a simulator beside a person",
            json!([{"emailAddress": ana}, {"emailAddress": "bounce+x@simulator.amazonses.com"}]),
            "marketing-weekly Bounce 1",
        ),
        ("nobody", json!([]), "ignored: no recipients to count"),
    ] {
        assert_eq!(told(&bounce(recipients).to_string()), expected, "{what}");
    }
}

#[test]
fn the_type_of_a_bounce_decides_what_its_recipients_count_as() {
    let two = json!([{"emailAddress": "ana@example.net"}, {"emailAddress": "bo@example.org"}]);
    for (bounce_type, subtype, expected) in [
        ("Permanent", json!("General"), "marketing-weekly Bounce 2"),
        ("Permanent", json!("OnTenantSuppressionList"), "marketing-weekly Prevented 2"),
        ("Permanent", json!("MailboxRetired"), "marketing-weekly Bounce 2, unknown subtype MailboxRetired"),
        ("Permanent", json!("ana@example.net"), "marketing-weekly Bounce 2, unknown subtype (not a plain word)"),
        ("Permanent", json!(null), "marketing-weekly Bounce 2, unknown subtype (not a plain word)"),
        ("Transient", json!("General"), "ignored: Transient bounce: it does not count toward SES's bounce rate"),
        ("Undetermined", json!("Undetermined"), "ignored: Undetermined bounce: it is not a hard bounce"),
        ("Sideways", json!("General"), "ignored: unknown bounce type Sideways"),
    ] {
        let body = with(bounce(two.clone()), "/bounce/bounceType", json!(bounce_type));
        let body = with(body, "/bounce/bounceSubType", subtype.clone());
        assert_eq!(told(&body.to_string()), expected, "{bounce_type}/{subtype}");
    }
}

#[test]
fn a_complaint_counts_one_however_many_may_have_complained() {
    let (ana, bo) = (json!({"emailAddress": "ana@example.net"}), json!({"emailAddress": "bo@example.org"}));
    let simulator = json!({"emailAddress": "complaint@simulator.amazonses.com"});
    let only_simulators = "ignored: only mailbox simulator recipients, which count on neither side";
    for (what, recipients, subtype, expected) in [
        ("one candidate", json!([ana]), json!(null), "marketing-weekly Complaint 1"),
        ("two candidates", json!([ana, bo]), json!(null), "marketing-weekly Complaint 1"),
        ("no candidate", json!([]), json!(null), "marketing-weekly Complaint 1"),
        ("candidates null", json!(null), json!(null), "marketing-weekly Complaint 1"),
        ("a person and a simulator", json!([ana, simulator]), json!(null), "marketing-weekly Complaint 1"),
        ("only simulators", json!([simulator]), json!(null), only_simulators),
        ("a subtype without a row", json!([ana]), json!("New"), "marketing-weekly Complaint 1, unknown subtype New"),
        ("refused", json!([ana, bo]), json!("OnAccountSuppressionList"), "marketing-weekly Prevented 2"),
        ("refused, simulator", json!([simulator]), json!("OnTenantSuppressionList"), only_simulators),
        ("refused, nobody", json!([]), json!("OnTenantSuppressionList"), "ignored: no recipients to count"),
    ] {
        let body = with(complaint(recipients), "/complaint/complaintSubType", subtype);
        assert_eq!(told(&body.to_string()), expected, "{what}");
    }
    let mut retraction = complaint(json!([ana]));
    retraction["complaint"]["complaintFeedbackType"] = json!("not-spam");
    assert_eq!(told(&retraction.to_string()), "ignored: complaint feedback type not-spam is a retraction");
}

#[test]
fn ids_are_of_the_mail_and_its_recipient_or_of_the_mail_and_the_complaint() {
    let address = "ana@example.net";
    assert_eq!(signal(&send(&["ANA@example.net"]).to_string()).ids, [key().recipient("m-1", address)]);
    let bounced = bounce(json!([{"emailAddress": address}]));
    assert_eq!(signal(&bounced.to_string()).ids, [key().recipient("m-1", address)]);
    let complained = complaint(json!([{"emailAddress": address}]));
    assert_eq!(signal(&complained.to_string()).ids, [key().complaint("m-1", "f-1")]);
}

#[test]
fn an_address_is_one_in_any_case() {
    for (written, small) in [
        ("ANA@EXAMPLE.NET", "ana@example.net"),
        ("Ana@Example.net", "ana@example.net"),
        ("POSTMASTER", "postmaster"),
        ("ÄNA@example.net", "äna@example.net"),
    ] {
        assert_eq!(key().recipient("m-1", written), key().recipient("m-1", small), "{written}");
    }
    assert_ne!(key().recipient("m-1", "ana@example.net"), key().recipient("m-1", "bo@example.net"));
    assert_ne!(key().recipient("m-1", "ana@example.net"), key().recipient("m-2", "ana@example.net"));
}

#[test]
fn a_secret_has_32_characters_at_least() {
    for (what, secret, taken) in [
        ("one too few", "s".repeat(31), false),
        ("just enough", "s".repeat(32), true),
        ("more", "s".repeat(33), true),
        ("too few within white space", format!(" {}\n", "s".repeat(31)), false),
        ("too few, of two bytes each", "ß".repeat(31), false),
    ] {
        assert_eq!(HashKey::from_secret(&secret).is_some(), taken, "{what}");
    }
}

#[test]
fn the_simulator_counts_for_the_canary_alone() {
    let simulator = "bounce+1@simulator.amazonses.com";
    let to_simulator = send(&[simulator, "Canary <success@simulator.amazonses.com>"]).to_string();
    let canary = |key: &str| reader().with_canary(key.parse().ok());
    let own = canary("111122223333/eu-west-1/marketing-weekly");
    assert_eq!(told_by(&own, &to_simulator), "marketing-weekly Send 2");
    assert_eq!(told_by(&own, &bounce(json!([{"emailAddress": simulator}])).to_string()), "marketing-weekly Bounce 1");
    for other in [
        "111122223333/eu-west-1/marketing",
        "111122223333/us-east-1/marketing-weekly",
        "444455556666/eu-west-1/marketing-weekly",
        "none",
    ] {
        let told = told_by(&canary(other), &to_simulator);
        assert!(told.starts_with("ignored: only mailbox simulator"), "{other}: {told}");
    }
}

#[test]
fn what_the_canary_sends_to_people_is_mail_like_any_other() {
    let simulator = "bounce@simulator.amazonses.com";
    let own = reader().with_canary("111122223333/eu-west-1/marketing-weekly".parse().ok());
    for (body, count, simulated) in [
        (send(&[simulator]), 1, true),
        (send(&[simulator, "ana@example.net"]), 1, false),
        (send(&["ana@example.net"]), 1, false),
        (complaint(json!([{"emailAddress": "complaint@simulator.amazonses.com"}])), 1, true),
        (complaint(json!([{"emailAddress": "ana@example.net"}])), 1, false),
        (complaint(json!([])), 1, false),
    ] {
        let Ok(Reading::Signals { signals, .. }) = own.read(&body.to_string(), now()) else { panic!("{body}") };
        assert_eq!((signals[0].count(), signals[0].simulated), (count, simulated), "{body}");
    }
}
