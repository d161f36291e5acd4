//! What a role lacks, in a stack that is configured so.

use super::*;

const CHATS: &str = "arn:aws:sns:eu-west-1:111122223333:chats";
const SET: &str = "arn:aws:ses:eu-west-1:111122223333:configuration-set/guard-doctor";
const LOOK: &str = "arn:aws:iam::444455556666:role/ses-reputation-guard-look-us-east-1";
const SWITCH: &str = "arn:aws:iam::777788889999:role/ses-reputation-guard-switch-eu-west-1";

/// What `judge` is granted, as the template writes it.
const JUDGE: [(&str, &str); 14] = [
    ("dynamodb:DescribeStream", STREAM),
    ("dynamodb:GetRecords", STREAM),
    ("dynamodb:GetShardIterator", STREAM),
    ("dynamodb:ListStreams", "arn:aws:dynamodb:eu-west-1:111122223333:table/guard-state/stream/*"),
    ("sqs:ReceiveMessage", "arn:aws:sqs:eu-west-1:111122223333:recheck"),
    ("sqs:DeleteMessage", "arn:aws:sqs:eu-west-1:111122223333:recheck"),
    ("sqs:GetQueueAttributes", "arn:aws:sqs:eu-west-1:111122223333:recheck"),
    ("sqs:SendMessage", "arn:aws:sqs:eu-west-1:111122223333:*"),
    ("dynamodb:Query", "arn:aws:dynamodb:eu-west-1:111122223333:table/guard-?*"),
    ("dynamodb:PutItem", "arn:aws:dynamodb:eu-west-1:111122223333:table/guard-digests"),
    ("dynamodb:GetItem", "arn:aws:dynamodb:eu-west-1:111122223333:table/guard-state"),
    ("dynamodb:UpdateItem", "arn:aws:dynamodb:eu-west-1:111122223333:table/guard-state"),
    ("dynamodb:PutItem", "arn:aws:dynamodb:eu-west-1:111122223333:table/guard-state"),
    ("logs:PutLogEvents", "*"),
];

#[test]
fn each_grant_that_a_function_needs_is_missed() {
    let found = |grants: &[(&str, &str)]| {
        let mut facts = healthy();
        facts.roles.insert("judge", Ok(vec![role_of(grants)]));
        examine(&facts)
    };
    assert_eq!(found(&JUDGE), []);
    for (number, (action, resource)) in JUDGE.iter().enumerate().take(13) {
        let mut grants = JUDGE.to_vec();
        grants.remove(number);
        let found = found(&grants);
        assert_eq!(found.len(), 1, "{action} on {resource}");
        let said = (found[0].check, &*found[0].subject, found[0].sentence.contains(action));
        assert_eq!(said, ("permission", "guard-judge", true), "{}", found[0].sentence);
    }
}

#[test]
fn what_is_switched_on_needs_its_grants_too() {
    let accounts = "444455556666/us-east-1,777788889999/eu-west-1";
    for (function, variable, value, action, resource) in [
        ("actuate", "GUARD_CHAT_TOPIC_ARN", CHATS, "sns:Publish", CHATS),
        ("operate", "GUARD_ACCOUNT_STOP", "allowed", "ses:GetAccount", "*"),
        ("sweep", "GUARD_ENROL_NEW_SETS", "events", "ses:CreateConfigurationSetEventDestination", SET),
        ("sweep", "GUARD_ENROL_NEW_SETS", "events-and-metrics", "ses:PutConfigurationSetReputationOptions", SET),
        ("operate", "GUARD_ACCOUNTS", accounts, "sts:AssumeRole", LOOK),
        ("actuate", "GUARD_ACCOUNTS", accounts, "sts:AssumeRole", SWITCH),
    ] {
        let mut facts = healthy();
        let deny = json!({"Statement": {"Effect": "Deny", "Action": action, "Resource": resource}}).to_string();
        facts.roles.insert(function, Ok(vec![role_of(&[("*", "*")]), deny]));
        let missing = |facts: &Facts| {
            let found = examine(facts).into_iter().filter(|one| one.check == "permission");
            found.map(|one| (one.subject, one.sentence)).collect::<Vec<_>>()
        };
        assert_eq!(missing(&facts), [], "{variable} is not set");
        // Homes are in operate's environment, whoever assumes their roles.
        let of = if variable == "GUARD_ACCOUNTS" { "operate" } else { function };
        drop(function_mut(&mut facts, of).environment.insert(variable.into(), value.into()));
        let sentence = format!("its role does not grant {action} on {resource}: AWS refuses it what it is for");
        assert_eq!(missing(&facts), [(format!("guard-{function}"), sentence)], "{variable}");
        facts.roles.insert(function, Ok(vec![role_of(&[("*", "*")])]));
        let told: Vec<_> = examine(&facts).iter().map(|one| (one.severity, one.check)).collect();
        let homes = [(Severity::Advice, "homes")];
        assert_eq!(told, if variable == "GUARD_ACCOUNTS" { &homes[..] } else { &[] }, "{variable}");
    }
}
