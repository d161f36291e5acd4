//! Whose mail it was: configuration set, account, Region.

use super::*;

fn set_of(reader: &Reader, body: &Value) -> Result<String, String> {
    match reader.read(&body.to_string(), now()) {
        Ok(Reading::Signals { signals, .. }) => Ok(signals[0].set.to_string()),
        Ok(other) => Err(format!("{other:?}")),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn the_configuration_set_is_ses_s_own_tag() {
    let none = "ignored: no ses:configuration-set tag: the mail was sent without a configuration set";
    let malformed =
        "error: field `mail.tags.ses:configuration-set` must be a configuration set's name: 1 to 64 of A-Z a-z 0-9 _ -";
    for (what, tags, expected) in [
        ("one", json!({"ses:configuration-set": ["tenant-a"]}), "tenant-a Send 1"),
        ("64 characters", json!({"ses:configuration-set": ["a".repeat(64)]}), &format!("{} Send 1", "a".repeat(64))),
        ("65 characters", json!({"ses:configuration-set": ["a".repeat(65)]}), malformed),
        (
            "beside the sender's own",
            json!({"ses:configuration-set": ["tenant-a"], "configuration-set": ["tenant-b"]}),
            "tenant-a Send 1",
        ),
        (
            "the sender's own in an odd form",
            json!({"ses:configuration-set": ["tenant-a"], "campaign": 5}),
            "tenant-a Send 1",
        ),
        ("only the sender's own", json!({"configuration-set": ["tenant-b"]}), none),
        ("an empty list", json!({"ses:configuration-set": []}), none),
        ("null", json!({"ses:configuration-set": null}), none),
        ("no tags at all", json!(null), none),
        ("tags as an empty list", json!([]), none),
        ("empty", json!({"ses:configuration-set": [""]}), malformed),
        ("a slash", json!({"ses:configuration-set": ["a/b"]}), malformed),
        ("a NUL", json!({"ses:configuration-set": ["a\u{0}"]}), malformed),
    ] {
        let body = with(send(&["ana@example.net"]), "/mail/tags", tags);
        assert_eq!(told(&body.to_string()), expected, "{what}");
    }
    assert_eq!(told(&without(send(&["ana@example.net"]), "/mail", "tags").to_string()), none);
}

#[test]
fn eventbridge_names_the_set_when_the_tag_is_missing() {
    let arn = |set: &str| format!("arn:aws:ses:eu-west-1:111122223333:configuration-set/{set}");
    let untagged = without(send(&["ana@example.net"]), "/mail", "tags");
    for (what, detail, resources, expected) in [
        ("resource alone", &untagged, json!([arn("tenant-a")]), "tenant-a Send 1"),
        ("the tag wins", &send(&["ana@example.net"]), json!([arn("tenant-a")]), "marketing-weekly Send 1"),
        (
            "another kind of resource",
            &untagged,
            json!(["arn:aws:ses:eu-west-1:111122223333:identity/example.com"]),
            "ignored: no ses:configuration-set tag: the mail was sent without a configuration set",
        ),
        (
            "no ARN",
            &untagged,
            json!(["tenant-a"]),
            "ignored: no ses:configuration-set tag: the mail was sent without a configuration set",
        ),
    ] {
        let body = with(in_eventbridge(detail), "/resources", resources);
        assert_eq!(told(&body.to_string()), expected, "{what}");
    }
}

#[test]
fn the_account_is_the_one_that_sent_and_must_be_ours() {
    let record = |id: Value| with(send(&["ana@example.net"]), "/mail/sendingAccountId", id);
    let unsaid = without(send(&["ana@example.net"]), "/mail", "sendingAccountId");
    let of_identity = |arn: &str| with(unsaid.clone(), "/mail/sourceArn", json!(arn));
    let bus = |detail: &Value, account: &str| with(in_eventbridge(detail), "/account", json!(account));
    let another = Err("field `mail.sendingAccountId` says that the record is of another account".to_owned());
    let bus_of_another = Err("field `account` says that the record is of another account".to_owned());
    let malformed = |field: &str| Err(format!("field `{field}` must be an account id of 12 digits"));
    let ours = || Ok("111122223333/eu-west-1/marketing-weekly".to_owned());
    for (what, body, expected) in [
        ("ours", record(json!(ACCOUNT)), ours()),
        ("another", record(json!("444455556666")), another.clone()),
        ("malformed", record(json!("11112222333")), malformed("mail.sendingAccountId")),
        ("unsaid, our identity", unsaid.clone(), ours()),
        ("null, our identity", record(json!(null)), ours()),
        (
            "unsaid, another's identity",
            of_identity("arn:aws:ses:eu-west-1:444455556666:identity/example.com"),
            another.clone(),
        ),
        (
            "ours, another's identity (sending authorization)",
            with(
                record(json!(ACCOUNT)),
                "/mail/sourceArn",
                json!("arn:aws:ses:eu-west-1:444455556666:identity/example.com"),
            ),
            ours(),
        ),
        (
            "unsaid, no identity: the only account there is",
            of_identity("news.example.com"),
            Ok("111122223333/eu-north-1/marketing-weekly".to_owned()),
        ),
        ("EventBridge, ours", bus(&record(json!(ACCOUNT)), ACCOUNT), ours()),
        ("EventBridge of another account", bus(&record(json!(ACCOUNT)), "444455556666"), bus_of_another),
        ("EventBridge malformed", bus(&record(json!(ACCOUNT)), "x"), malformed("account")),
        ("EventBridge, another inside", bus(&record(json!("444455556666")), ACCOUNT), another.clone()),
        ("EventBridge says it alone", bus(&unsaid, "444455556666"), another),
    ] {
        assert_eq!(set_of(&reader(), &body), expected, "{what}");
    }
}

#[test]
fn without_a_list_of_accounts_the_record_s_own_is_taken() {
    let any = Reader::new(Accounts::Any, None, key());
    let of_another = with(send(&["ana@example.net"]), "/mail/sendingAccountId", json!("444455556666"));
    assert_eq!(set_of(&any, &of_another), Ok("444455556666/eu-west-1/marketing-weekly".to_owned()));
    let on_another_bus = in_eventbridge(&of_another);
    assert_eq!(
        set_of(&any, &on_another_bus),
        Err("field `account` says that the record is of another account".to_owned())
    );
    let unsaid = with(without(of_another, "/mail", "sendingAccountId"), "/mail/sourceArn", json!(null));
    assert_eq!(set_of(&any, &unsaid), Err("missing field `mail.sendingAccountId`".to_owned()));
}

#[test]
fn of_two_accounts_none_is_guessed() {
    let two = ["444455556666", ACCOUNT].map(|account| account.parse().unwrap());
    let two = Reader::new(Accounts::These(two.into()), Some("eu-north-1".parse().unwrap()), key());
    let unsaid = without(send(&["ana@example.net"]), "/mail", "sendingAccountId");
    let unsaid = with(unsaid, "/mail/sourceArn", json!(null));
    assert_eq!(set_of(&two, &unsaid), Err("missing field `mail.sendingAccountId`".to_owned()));
    assert_eq!(set_of(&reader(), &unsaid), Ok("111122223333/eu-north-1/marketing-weekly".to_owned()), "of one it is");
}

#[test]
fn the_region_comes_from_the_identity_else_from_what_it_came_in_else_from_the_installation() {
    let unsaid = with(send(&["ana@example.net"]), "/mail/sourceArn", json!(null));
    let key_in = |region: &str| Ok(format!("111122223333/{region}/marketing-weekly"));
    let bus = with(in_eventbridge(&unsaid), "/region", json!("us-east-2"));
    for (what, body, expected) in [
        ("identity", send(&["ana@example.net"]), "eu-west-1"),
        (
            "identity before EventBridge",
            with(in_eventbridge(&send(&["ana@example.net"])), "/region", json!("us-east-2")),
            "eu-west-1",
        ),
        ("EventBridge", bus.clone(), "us-east-2"),
        ("topic", serde_json::from_str(&in_sns(&unsaid.to_string())).unwrap(), "eu-west-1"),
        ("installation", unsaid.clone(), "eu-north-1"),
        ("a Region that is none", with(bus, "/region", json!("EU (Ireland)")), "eu-north-1"),
    ] {
        assert_eq!(set_of(&reader(), &body), key_in(expected), "{what}");
    }
    let nowhere = Reader::new(Accounts::Any, None, key());
    assert_eq!(set_of(&nowhere, &unsaid), Err(ParseError::NoRegion.to_string()));
    let topicless = |body: &str| with(serde_json::from_str(&in_sns(body)).unwrap(), "/TopicArn", json!(null));
    let regionless = with(in_eventbridge(&unsaid), "/region", json!(null));
    for (what, body) in [
        ("the record itself", unsaid.clone()),
        ("an envelope without a topic", topicless(&unsaid.to_string())),
        ("an EventBridge event without a Region", regionless),
    ] {
        let batch = json!({"Records": [{"body": body.to_string(), "awsRegion": "ap-south-1"}]}).to_string();
        match nowhere.read_record(&records(&batch)[0], now()) {
            Ok(Reading::Signals { signals, .. }) => assert_eq!(signals[0].set.region.as_str(), "ap-south-1", "{what}"),
            other => panic!("{what}: {other:?}"),
        }
    }
}

#[test]
fn a_guard_of_several_homes_reads_what_is_of_them_and_guesses_nothing() {
    let homes = |list: &str| Homes::listed(format!("{ACCOUNT}/eu-west-1").parse().unwrap(), list).unwrap();
    let (alone, three) = (homes(""), homes("111122223333/us-east-1,444455556666/us-east-1"));
    let record = |account: &str, region: &str| {
        let record = with(send(&["ana@example.net"]), "/mail/sendingAccountId", json!(account));
        with(record, "/mail/sourceArn", json!(format!("arn:aws:ses:{region}:{account}:identity/example.com")))
    };
    let unsaid = |account: &str| with(record(account, "eu-west-1"), "/mail/sourceArn", json!(null));
    let key_in = |home: &str| Ok(format!("{home}/marketing-weekly"));
    let refused = |home: &str| {
        let how =
            "is not guarded here; to guard it, deploy member.yaml there and list it in the stack's parameter Accounts";
        Err(format!("{home} {how}"))
    };
    let another = || Err("field `mail.sendingAccountId` says that the record is of another account".to_owned());
    for (what, homes, body, expected) in [
        ("its own home", &three, record(ACCOUNT, "eu-west-1"), key_in("111122223333/eu-west-1")),
        ("another Region", &three, record(ACCOUNT, "us-east-1"), key_in("111122223333/us-east-1")),
        ("another account", &three, record("444455556666", "us-east-1"), key_in("444455556666/us-east-1")),
        (
            "a listed account in a Region that is not",
            &three,
            record("444455556666", "eu-west-1"),
            refused("444455556666/eu-west-1"),
        ),
        ("a third account", &three, record("999988887777", "eu-west-1"), refused("999988887777/eu-west-1")),
        ("another Region, of a guard alone", &alone, record(ACCOUNT, "us-east-1"), refused("111122223333/us-east-1")),
        (
            "another account, of a guard alone",
            &alone,
            record("444455556666", "eu-west-1"),
            refused("444455556666/eu-west-1"),
        ),
        ("no Region, of a guard alone", &alone, unsaid(ACCOUNT), key_in("111122223333/eu-west-1")),
        ("no Region, of an account with one", &three, unsaid("444455556666"), key_in("444455556666/us-east-1")),
        ("no Region, of an account with two", &three, unsaid(ACCOUNT), Err(ParseError::NoRegion.to_string())),
        ("no Region, of a third account", &three, unsaid("999988887777"), another()),
        (
            "neither account nor Region",
            &three,
            without(unsaid(ACCOUNT), "/mail", "sendingAccountId"),
            Err("missing field `mail.sendingAccountId`".to_owned()),
        ),
        (
            "neither, of a guard alone",
            &alone,
            without(unsaid(ACCOUNT), "/mail", "sendingAccountId"),
            key_in("111122223333/eu-west-1"),
        ),
    ] {
        assert_eq!(set_of(&Reader::guarding(homes.clone(), key()), &body), expected, "{what}");
    }
    let untagged = without(record("444455556666", "eu-west-1"), "/mail", "tags");
    assert_eq!(
        set_of(&Reader::guarding(three, key()), &untagged),
        refused("444455556666/eu-west-1"),
        "whose it is comes first"
    );
}
