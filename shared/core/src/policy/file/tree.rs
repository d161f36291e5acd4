//! A policy's text as a tree that knows where everything stands, whether it was TOML or JSON.

use toml::de::{DeArray, DeTable, DeValue};

use super::problem::Problems;

/// Something, and the byte at which it begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct At<T> {
    pub(super) at: usize,
    pub(super) value: T,
}

/// A value as it was written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Text(String),
    Whole(i128),
    /// A number with a point or too large, as it was written.
    Decimal(String),
    Truth(bool),
    /// A date or time without quotation marks, as it was written.
    Date(String),
    List(Vec<At<Node>>),
    Table(Vec<Entry>),
}

pub(super) type Entry = (At<String>, At<Node>);

impl Node {
    /// As an operator would call it.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Whole(_) | Self::Decimal(_) => "a number",
            Self::Truth(_) => "true or false",
            Self::Date(_) => "a date",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

/// As much of the text as is TOML; the rest goes to `problems`.
pub(super) fn of_toml(text: &str, problems: &mut Problems<'_>) -> Vec<Entry> {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        problems.error(error.span().map_or(0, |span| span.start), format!("not TOML: {}", error.message()));
    }
    entries(table.get_ref())
}

fn entries(table: &DeTable<'_>) -> Vec<Entry> {
    let entry = |(key, value): (&toml::Spanned<_>, &toml::Spanned<DeValue<'_>>)| {
        let key: (usize, &std::borrow::Cow<'_, str>) = (key.span().start, key.get_ref());
        (
            At { at: key.0, value: key.1.clone().into_owned() },
            At { at: value.span().start, value: node(value.get_ref()) },
        )
    };
    let mut entries: Vec<Entry> = table.iter().map(entry).collect();
    // The parser keeps them by name.
    entries.sort_by_key(|(key, _)| key.at);
    entries
}

fn node(value: &DeValue<'_>) -> Node {
    match value {
        DeValue::String(text) => Node::Text(text.clone().into_owned()),
        DeValue::Integer(number) => {
            let whole = i128::from_str_radix(number.as_str(), number.radix());
            whole.map_or_else(|_| Node::Decimal(number.to_string()), Node::Whole)
        }
        DeValue::Float(number) => Node::Decimal(number.as_str().to_owned()),
        DeValue::Boolean(truth) => Node::Truth(*truth),
        DeValue::Datetime(date) => Node::Date(date.to_string()),
        DeValue::Array(list) => Node::List(items(list)),
        DeValue::Table(table) => Node::Table(entries(table)),
    }
}

fn items(list: &DeArray<'_>) -> Vec<At<Node>> {
    list.iter().map(|item| At { at: item.span().start, value: node(item.get_ref()) }).collect()
}
