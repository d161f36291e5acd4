//! The published schemas of the notices, and what the guard tells held against them.

use std::sync::LazyLock;

use guard_core::notice::{Audience, Notice};
use jsonschema::Validator;
use serde_json::Value;

static NOTICE: LazyLock<Validator> = LazyLock::new(|| validator(&exact(published("notice"))));
static CHAT: LazyLock<Validator> = LazyLock::new(|| validator(&exact(published("chat"))));

/// `notice` or `chat`, as published.
pub fn published(name: &str) -> Value {
    let path = format!("{}/../docs/schema/{name}.v1.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the schema is there");
    serde_json::from_str(&text).expect("the schema is JSON")
}

/// The schema with formats checked.
pub fn validator(schema: &Value) -> Validator {
    jsonschema::draft202012::options().should_validate_formats(true).build(schema).expect("the schema can be used")
}

/// The schema that allows nothing but what it describes: so that nothing is told that isn't published.
pub fn exact(mut schema: Value) -> Value {
    fn close(value: &mut Value) {
        if let Value::Object(map) = value {
            if map.get("properties").is_some_and(Value::is_object) && map.contains_key("type") {
                map.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
            map.values_mut().for_each(close);
        } else if let Value::Array(all) = value {
            all.iter_mut().for_each(close);
        }
    }
    close(&mut schema);
    schema
}

/// What is wrong with a notice by the published schemas.
pub fn faults(notice: &Notice) -> Vec<String> {
    let mut faults = Vec::new();
    if notice.audience != Audience::People {
        faults.extend(
            NOTICE.iter_errors(&notice.detail).map(|error| format!("detail: {error} at {}", error.instance_path())),
        );
    }
    if notice.audience != Audience::Machines {
        faults
            .extend(CHAT.iter_errors(&notice.chat).map(|error| format!("chat: {error} at {}", error.instance_path())));
    }
    let subject = &notice.subject;
    if subject.len() > 100 || !subject.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        faults.push(format!("SNS takes no such subject: {subject}"));
    }
    faults
}
