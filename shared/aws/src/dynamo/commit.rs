//! A change as one conditional write.

use std::collections::HashMap;
use std::error::Error;
use std::hash::{DefaultHasher, Hash, Hasher};

use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};
use guard_core::state::{Change, Mark};

use super::item::{self, COMMITTED, Item, STATE, TO_JUDGE};

/// The parts of an update of the state item.
pub(crate) struct Write {
    pub(crate) key: Item,
    pub(crate) update: String,
    pub(crate) condition: String,
    pub(crate) names: HashMap<String, String>,
    pub(crate) values: Item,
}

/// The update that makes a change, on the condition that nobody else made one.
pub(crate) fn write(change: &Change) -> Result<Write, Box<dyn Error + Send + Sync>> {
    let mut after = change.after.clone();
    after.revision = change.before.revision + 1;
    let attributes = item::from_state(&after)?;
    let mut names = HashMap::new();
    let mut values = Item::new();
    let (mut set, mut remove, mut add) = (Vec::new(), Vec::new(), String::new());
    for attribute in COMMITTED {
        names.insert(format!("#{attribute}"), attribute.to_owned());
        match attributes.get(attribute) {
            Some(value) => {
                set.push(format!("#{attribute} = :{attribute}"));
                values.insert(format!(":{attribute}"), value.clone());
            }
            None => remove.push(format!("#{attribute}")),
        }
    }
    let mut condition = if change.before.revision == 0 {
        "attribute_not_exists(#rev)".to_owned()
    } else {
        values.insert(":before".to_owned(), AttributeValue::N(change.before.revision.to_string()));
        "#rev = :before".to_owned()
    };
    if change.mark != Mark::Keep {
        names.insert("#todo".to_owned(), "todo".to_owned());
        names.insert("#dirty".to_owned(), "dirty".to_owned());
    }
    match change.mark {
        Mark::Keep => {}
        Mark::Clear => {
            remove.push("#todo".to_owned());
            if change.before.dirty == 0 {
                condition += " AND attribute_not_exists(#dirty)";
            } else {
                values.insert(":dirty".to_owned(), AttributeValue::N(change.before.dirty.to_string()));
                condition += " AND #dirty = :dirty";
            }
        }
        Mark::Set => {
            set.push("#todo = :todo".to_owned());
            values.insert(":todo".to_owned(), AttributeValue::S(TO_JUDGE.to_owned()));
            values.insert(":one".to_owned(), AttributeValue::N("1".to_owned()));
            add = " ADD #dirty :one".to_owned();
        }
    }
    let mut update = format!("SET {}", set.join(", "));
    if !remove.is_empty() {
        update += &format!(" REMOVE {}", remove.join(", "));
    }
    update += &add;
    Ok(Write { key: item::key(&change.set, STATE), update, condition, names, values })
}

/// The change and its records, all or nothing.
pub(crate) fn transaction(
    table: &str,
    change: &Change,
) -> Result<Vec<TransactWriteItem>, Box<dyn Error + Send + Sync>> {
    let write = write(change)?;
    let update = Update::builder()
        .table_name(table)
        .set_key(Some(write.key))
        .update_expression(write.update)
        .condition_expression(write.condition)
        .set_expression_attribute_names(Some(write.names))
        .set_expression_attribute_values(Some(write.values))
        .build()?;
    let mut items = vec![TransactWriteItem::builder().update(update).build()];
    for record in &change.audit {
        let put = Put::builder()
            .table_name(table)
            .set_item(Some(item::from_record(record)?))
            .condition_expression("attribute_not_exists(k)")
            .build()?;
        items.push(TransactWriteItem::builder().put(put).build());
    }
    Ok(items)
}

/// The same for a repeat of the same change, another for any other: it makes a repeat after a lost answer harmless.
/// Two who make the same change to the letter, to the millisecond, are both told that it is done: it is, once.
pub(crate) fn token(change: &Change) -> String {
    let mut hasher = DefaultHasher::new();
    format!("{change:?}").hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
