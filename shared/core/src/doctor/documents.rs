//! As much of policies as it takes to see who is let in, and what a role may do.

#![expect(clippy::indexing_slicing, reason = "what a JSON value lacks is null")]

use serde_json::Value;

use crate::wildcard;

/// What a policy lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Door {
    /// The service that must be let in is.
    pub(super) lets_in: bool,
    /// Anybody is, without a condition.
    pub(super) open: bool,
}

/// Who may do `action` by this policy: the service, for what a condition names (`from`), and anybody else.
pub(super) fn door(policy: &str, action: &str, service: &str, from: Option<&str>) -> Door {
    let document: Value = serde_json::from_str(policy).unwrap_or_default();
    let allows: Vec<&Value> = list(&document["Statement"])
        .into_iter()
        .filter(|statement| {
            statement["Effect"] == "Allow" && list(&statement["Action"]).iter().any(|one| names(one, action))
        })
        .collect();
    let of_service = |statement: &&&Value| list(&statement["Principal"]["Service"]).iter().any(|one| *one == service);
    let named = |statement: &&Value| from.is_none_or(|from| statement["Condition"].to_string().contains(from));
    let anybody = |statement: &&Value| {
        statement["Principal"] == "*" || list(&statement["Principal"]["AWS"]).iter().any(|one| *one == "*")
    };
    Door {
        lets_in: allows.iter().filter(of_service).any(named),
        open: allows.iter().any(|statement| anybody(statement) && statement["Condition"].is_null()),
    }
}

fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Null => Vec::new(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => vec![value],
    }
}

/// `*`, `sns:*` and the action itself, in any case.
fn names(written: &Value, action: &str) -> bool {
    let Some(written) = written.as_str() else { return false };
    let all = action.split_once(':').map(|(service, _)| format!("{service}:*"));
    written == "*" || written.eq_ignore_ascii_case(action) || all.is_some_and(|all| written.eq_ignore_ascii_case(&all))
}

/// Whether a role with these policies may do `action` to `resource`. A condition is taken to be met where it allows, since the
/// template narrows by conditions, and not to be met where it denies. Boundaries and an organization's policies are not seen.
pub(super) fn allows(policies: &[String], action: &str, resource: &str) -> bool {
    let documents: Vec<Value> = policies.iter().map(|text| serde_json::from_str(text).unwrap_or_default()).collect();
    let about = documents.iter().flat_map(|document| list(&document["Statement"])).filter(|statement| {
        covers(statement, "Action", "NotAction", &action.to_ascii_lowercase(), str::to_ascii_lowercase)
            && covers(statement, "Resource", "NotResource", resource, str::to_owned)
    });
    let about: Vec<&Value> = about.collect();
    let denied = about.iter().any(|one| one["Effect"] == "Deny" && one["Condition"].is_null());
    !denied && about.iter().any(|one| one["Effect"] == "Allow")
}

/// Whether a statement speaks of this: one of its patterns matches, or none of those that it leaves out.
fn covers(statement: &Value, listed: &str, left_out: &str, text: &str, as_written: fn(&str) -> String) -> bool {
    let matches = |patterns: &Value| {
        list(patterns).iter().filter_map(|one| one.as_str()).any(|one| wildcard::matches(&as_written(one), text))
    };
    match statement[left_out].is_null() {
        true => matches(&statement[listed]),
        false => !matches(&statement[left_out]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUEUE: &str = "arn:aws:sqs:eu-west-1:111122223333:events";

    #[test]
    fn a_policy_lets_in_the_service_that_it_allows_and_nobody_else() {
        const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:events";
        let statement = |effect: &str, principal: Value, action: &str, from: Option<&str>| {
            let condition = from.map(|from| serde_json::json!({"ArnLike": {"aws:SourceArn": from}}));
            serde_json::json!({"Effect": effect, "Principal": principal, "Action": action, "Condition": condition})
        };
        let service = || serde_json::json!({"Service": ["sns.amazonaws.com"]});
        let anybody = || Value::from("*");
        let to_service = |action: &str, from| statement("Allow", service(), action, from);
        let to_anybody = |effect: &str, action: &str, from| statement(effect, anybody(), action, from);
        let any_account = || statement("Allow", serde_json::json!({"AWS": ["*"]}), "sqs:SendMessage", None);
        for (what, statements, lets_in, open) in [
            ("nothing", vec![], false, false),
            ("the service, for its topic", vec![to_service("sqs:SendMessage", Some(TOPIC))], true, false),
            ("for another topic", vec![to_service("sqs:SendMessage", Some("arn:other"))], false, false),
            ("for any", vec![to_service("sqs:SendMessage", None)], false, false),
            ("in capitals", vec![to_service("SQS:SENDMESSAGE", Some(TOPIC))], true, false),
            ("every action of SQS", vec![to_service("SQS:*", Some(TOPIC))], true, false),
            ("every action there is", vec![to_service("*", Some(TOPIC))], true, false),
            ("another action", vec![to_service("sqs:ReceiveMessage", Some(TOPIC))], false, false),
            ("every action of another service", vec![to_service("sns:*", Some(TOPIC))], false, false),
            ("the service is denied", vec![statement("Deny", service(), "sqs:SendMessage", Some(TOPIC))], false, false),
            ("anybody", vec![to_anybody("Allow", "sqs:SendMessage", None)], false, true),
            ("anybody of AWS", vec![any_account()], false, true),
            ("anybody, on a condition", vec![to_anybody("Allow", "sqs:SendMessage", Some(TOPIC))], false, false),
            ("anybody, to something else", vec![to_anybody("Allow", "sqs:ReceiveMessage", None)], false, false),
            ("anybody is denied", vec![to_anybody("Deny", "sqs:SendMessage", None)], false, false),
        ] {
            let policy = serde_json::json!({"Statement": statements}).to_string();
            let found = door(&policy, "sqs:SendMessage", "sns.amazonaws.com", Some(TOPIC));
            assert_eq!(found, Door { lets_in, open }, "{what}");
        }
        let unconditional = serde_json::json!({"Statement": to_service("sqs:SendMessage", None)}).to_string();
        assert!(
            door(&unconditional, "sqs:SendMessage", "sns.amazonaws.com", None).lets_in,
            "where no source is asked for"
        );
        assert_eq!(door("no JSON", "sqs:SendMessage", "sns.amazonaws.com", None), Door { lets_in: false, open: false });
    }

    #[test]
    fn a_role_may_what_a_statement_allows_and_none_denies() {
        let statement = |effect: &str, more: Value| {
            let mut statement = serde_json::json!({"Effect": effect, "Action": "sqs:SendMessage", "Resource": QUEUE});
            statement.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            statement
        };
        let none = || serde_json::json!({});
        let allow = |more: Value| statement("Allow", more);
        let deny = |more: Value| statement("Deny", more);
        let not = |name: &str, value: &str| {
            let mut statement = allow(none());
            let object = statement.as_object_mut().unwrap();
            object.remove(name.trim_start_matches("Not"));
            object.insert(name.to_owned(), value.into());
            statement
        };
        for (what, statements, may) in [
            ("nothing", vec![], false),
            ("allowed", vec![allow(none())], true),
            ("in capitals", vec![allow(serde_json::json!({"Action": ["SQS:SENDMESSAGE"]}))], true),
            (
                "by a pattern",
                vec![allow(serde_json::json!({"Action": "sqs:Send*", "Resource": "arn:aws:sqs:*:events"}))],
                true,
            ),
            ("another action", vec![allow(serde_json::json!({"Action": "sqs:ReceiveMessage"}))], false),
            (
                "another resource",
                vec![allow(serde_json::json!({"Resource": "arn:aws:sqs:eu-west-1:111122223333:other"}))],
                false,
            ),
            ("under a condition", vec![allow(serde_json::json!({"Condition": {"Bool": {"a": "true"}}}))], true),
            ("denied", vec![allow(none()), deny(none())], false),
            ("denied elsewhere", vec![allow(none()), deny(serde_json::json!({"Resource": "*other"}))], true),
            (
                "denied under a condition",
                vec![allow(none()), deny(serde_json::json!({"Condition": {"Bool": {}}}))],
                true,
            ),
            ("all but another action", vec![not("NotAction", "sqs:ReceiveMessage")], true),
            ("all but this action", vec![not("NotAction", "sqs:*")], false),
            ("all but this resource", vec![not("NotResource", QUEUE)], false),
        ] {
            let policies: Vec<String> = vec![serde_json::json!({"Statement": statements}).to_string()];
            assert_eq!(allows(&policies, "sqs:SendMessage", QUEUE), may, "{what}");
        }
        assert!(!allows(&["no JSON".to_owned()], "sqs:SendMessage", QUEUE));
        let apart = [deny(none()), allow(none())].map(|one| serde_json::json!({"Statement": one}).to_string());
        assert!(!allows(&apart, "sqs:SendMessage", QUEUE), "in two policies");
    }
}
