use std::collections::BTreeSet;

use aws_lambda_events::event::dynamodb;
use guard_core::name::SetKey;

/// The sets of which a batch of the state table's stream tells, and how to give records back.
#[derive(Debug, Default)]
pub struct Woken {
    records: Vec<(String, Option<SetKey>)>,
}

/// Reads a batch. Only keys matter: what is to be done is read from the table, not from an image that may be old.
pub fn woken(event: &dynamodb::Event) -> Woken {
    let records = event.records.iter().map(|record| {
        let key: Option<SetKey> = match record.change.keys.get("p") {
            Some(serde_dynamo::AttributeValue::S(text)) => text.parse().ok(),
            _ => None,
        };
        (record.change.sequence_number.clone().unwrap_or_default(), key)
    });
    Woken { records: records.collect() }
}

impl Woken {
    /// Each set once.
    pub fn sets(&self) -> BTreeSet<SetKey> {
        self.records.iter().filter_map(|(_, key)| key.clone()).collect()
    }

    /// How many records name no set. They can't be ours, and are left.
    pub fn foreign(&self) -> usize {
        self.records.iter().filter(|(_, key)| key.is_none()).count()
    }

    /// The sequence numbers of the records of these sets, in the stream's order.
    pub fn sequence_numbers_of<'a>(&'a self, sets: &'a BTreeSet<SetKey>) -> impl Iterator<Item = &'a str> {
        self.records
            .iter()
            .filter(|(_, key)| key.as_ref().is_some_and(|key| sets.contains(key)))
            .map(|(sequence_number, _)| sequence_number.as_str())
    }
}
