//! The same document as JSON, or one policy for every set.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::problem::Problems;
use super::tree::{At, Entry, Node};
use crate::policy::Policy;

/// What a JSON text holds.
pub(super) enum Document {
    /// The figures of one policy, as `status` shows them: for every set.
    OnePolicy(Policy),
    /// The keys of a policy file.
    Entries(Vec<Entry>),
    /// Neither; said already.
    Unreadable,
}

pub(super) fn read(text: &str, problems: &mut Problems<'_>) -> Document {
    let raw: &RawValue = match serde_json::from_str(text) {
        Ok(raw) => raw,
        Err(error) => {
            problems.error(offset(text, &error), format!("not JSON: {}", without_place(&error)));
            return Document::Unreadable;
        }
    };
    let Node::Table(entries) = node(raw, text) else {
        problems.error(0, "not a JSON object");
        return Document::Unreadable;
    };
    if !entries.iter().any(|(key, _)| key.value == "bounce") {
        return Document::Entries(entries);
    }
    match serde_json::from_str(text) {
        Ok(policy) => Document::OnePolicy(policy),
        Err(error) => {
            problems.error(offset(text, &error), without_place(&error));
            Document::Unreadable
        }
    }
}

/// The parser's line and column as a byte.
fn offset(text: &str, error: &serde_json::Error) -> usize {
    let line_start: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    line_start + error.column().saturating_sub(1)
}

fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(message, _)| message.to_owned())
}

/// `raw` is a part of `text`, so its address tells its place.
fn at(raw: &RawValue, text: &str) -> usize {
    raw.get().as_ptr().addr().saturating_sub(text.as_ptr().addr())
}

fn node(raw: &RawValue, text: &str) -> Node {
    let json = raw.get();
    let placed = |raw: &RawValue| At { at: at(raw, text), value: node(raw, text) };
    match json.as_bytes().first() {
        Some(b'{') => {
            let Entries(entries) = serde_json::from_str(json).unwrap_or(Entries(Vec::new()));
            // As in a request, null is the same as nothing.
            let entries = entries.into_iter().filter(|(_, raw)| raw.get() != "null");
            let entries = entries.map(|(key, raw)| (At { at: at(raw, text), value: key }, placed(raw)));
            Node::Table(entries.collect())
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(json).unwrap_or_default();
            Node::List(items.into_iter().map(placed).collect())
        }
        Some(b'"') => Node::Text(serde_json::from_str(json).unwrap_or_default()),
        Some(b't' | b'f') => Node::Truth(json == "true"),
        Some(_) | None => json.parse().map_or_else(|_| Node::Decimal(json.to_owned()), Node::Whole),
    }
}

/// An object's entries in their order; of a key that is there twice, both.
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Entries<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}
