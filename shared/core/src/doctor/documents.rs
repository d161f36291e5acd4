//! As much of resource policies as it takes to see who is let in.

#![expect(clippy::indexing_slicing, reason = "what a JSON value lacks is null")]

use serde_json::Value;

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
