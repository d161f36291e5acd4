use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use guard_core::event::{ReceiptId, SignalKind};
use guard_core::name::{CallerIdentity, SetKey};
use guard_core::port::{Fault, Ledger};
use guard_core::tally::{Addition, BucketTally, Held, Ids, Interval, PerKind, Shares, Slot};
use guard_core::time::Bucket;

use crate::Clients;
use crate::fault::{fault, unreadable};

/// A bucket outlives every message that may still come for it: longer than a dead-letter queue keeps one.
const TTL_SECONDS: i64 = 15 * 86_400;

type Item = HashMap<String, AttributeValue>;

/// The counts: one item for each set and bucket, written by one unconditional `ADD`.
#[derive(Debug, Clone)]
pub struct DynamoLedger {
    client: Client,
    table: String,
}

impl DynamoLedger {
    /// The ledger in this table. The SDK does not repeat its writes: a repeat that is not marked suspect would count
    /// twice.
    pub fn new(clients: &Clients, table: &str) -> Self {
        let config = aws_sdk_dynamodb::config::Builder::from(clients.config()).retry_config(RetryConfig::disabled());
        Self { client: Client::from_conf(config.build()), table: table.to_owned() }
    }
}

/// The letter under which a kind is stored.
fn letter(kind: SignalKind) -> char {
    match kind {
        SignalKind::Send => 's',
        SignalKind::Bounce => 'b',
        SignalKind::Complaint => 'c',
        SignalKind::Prevented => 'u',
    }
}

pub(super) fn sort_key(bucket: Bucket) -> AttributeValue {
    AttributeValue::S(format!("{:010}", bucket.start_second()))
}

pub(super) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// What one addition adds: attribute and value, none of them empty.
fn added(addition: &Addition) -> Vec<(String, AttributeValue)> {
    let mut added = Vec::new();
    for (kind, receipts) in &addition.receipts {
        let letter = letter(*kind);
        for (what, count) in [('n', receipts.receipts), ('r', receipts.recorded()), ('x', receipts.suspect)] {
            if count > 0 {
                added.push((format!("{letter}{what}"), number(count)));
            }
        }
        if receipts.record_ids && !receipts.ids.is_empty() {
            let ids = receipts.ids.iter().map(|id| Blob::new(id.0)).collect();
            added.push((format!("{letter}i"), AttributeValue::Bs(ids)));
        }
    }
    for (sender, shares) in &addition.senders {
        for kind in SignalKind::ALL {
            let share = shares.of(kind);
            for (what, count) in [('n', share.receipts), ('x', share.suspect)] {
                if count > 0 {
                    added.push((format!("{}{what}:{sender}", letter(kind)), number(count)));
                }
            }
        }
    }
    for (attribute, slot) in [("sl", addition.newest_send), ("fl", addition.newest_failure)] {
        if let Some(slot) = slot {
            added.push((attribute.to_owned(), AttributeValue::Ns(vec![slot.number().to_string()])));
        }
    }
    added
}

impl Ledger for DynamoLedger {
    async fn add(&self, addition: &Addition) -> Result<Held, Fault> {
        let subject = addition.set.to_string();
        let added = added(addition);
        let terms: Vec<String> = (0..added.len()).map(|index| format!("#a{index} :a{index}")).collect();
        let mut request = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("p", AttributeValue::S(subject.clone()))
            .key("k", sort_key(addition.bucket))
            .update_expression(format!("ADD {} SET t = if_not_exists(t, :t)", terms.join(", ")))
            .expression_attribute_values(":t", number(addition.bucket.start_second() + TTL_SECONDS))
            .return_values(ReturnValue::AllNew);
        for (index, (attribute, value)) in added.into_iter().enumerate() {
            request = request
                .expression_attribute_names(format!("#a{index}"), attribute)
                .expression_attribute_values(format!(":a{index}"), value);
        }
        let stored = request.send().await.map_err(|error| fault("UpdateItem", &subject, error))?;
        let stored = stored.attributes.unwrap_or_default();
        let mut ids = Ids::default();
        for kind in SignalKind::ALL {
            *ids.of_mut(kind) = ids_of(&stored, kind);
        }
        let tally = counts(addition.bucket, &stored)
            .ok_or_else(|| unreadable("UpdateItem", &subject, "an item of the ledger is not a bucket's tally"))?;
        Ok(Held { tally, ids })
    }

    async fn window(&self, set: &SetKey, from: Bucket, to: Bucket) -> Result<Vec<BucketTally>, Fault> {
        // DynamoDB refuses a BETWEEN that is the wrong way round.
        if to < from {
            return Ok(Vec::new());
        }
        let subject = set.to_string();
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("p = :p AND k BETWEEN :from AND :to")
            .expression_attribute_values(":p", AttributeValue::S(subject.clone()))
            .expression_attribute_values(":from", sort_key(from))
            .expression_attribute_values(":to", sort_key(to))
            .consistent_read(true)
            .into_paginator()
            .send();
        let mut tallies = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| fault("Query", &subject, error))?;
            for item in page.items.unwrap_or_default() {
                let tally = tally(&item)
                    .ok_or_else(|| unreadable("Query", &subject, "an item of the ledger is not a bucket's tally"))?;
                tallies.push(tally);
            }
        }
        Ok(tallies)
    }
}

fn ids_of(item: &Item, kind: SignalKind) -> BTreeSet<ReceiptId> {
    match item.get(&format!("{}i", letter(kind))) {
        Some(AttributeValue::Bs(ids)) => {
            ids.iter().filter_map(|id| id.as_ref().try_into().ok().map(ReceiptId)).collect()
        }
        _ => BTreeSet::new(),
    }
}

/// Of each sender that is told apart; `None` when a number is none.
fn shares(item: &Item) -> Option<Shares> {
    let mut shares = Shares::new();
    for (attribute, value) in item {
        let Some((what, sender)) = attribute.split_once(':') else { continue };
        let Ok(sender) = sender.parse::<CallerIdentity>() else { continue };
        let of = shares.entry(sender).or_default();
        for kind in SignalKind::ALL {
            let share = of.of_mut(kind);
            for (letter_of, count) in [('n', &mut share.receipts), ('x', &mut share.suspect)] {
                if what == format!("{}{letter_of}", letter(kind)) {
                    *count = value.as_n().ok()?.parse().ok()?;
                }
            }
        }
    }
    Some(shares)
}

/// `None` when a key or a number is none.
fn tally(item: &Item) -> Option<BucketTally> {
    counts(Bucket::starting_at(item.get("k")?.as_s().ok()?.parse().ok()?)?, item)
}

/// `None` when a number is none.
fn counts(bucket: Bucket, item: &Item) -> Option<BucketTally> {
    let mut counts = PerKind::<Interval>::default();
    for kind in SignalKind::ALL {
        let count = |what: char| match item.get(&format!("{}{what}", letter(kind))) {
            Some(value) => value.as_n().ok()?.parse().ok(),
            None => Some(0),
        };
        *counts.of_mut(kind) = Interval {
            receipts: count('n')?,
            recorded: count('r')?,
            suspect: count('x')?,
            ids: ids_of(item, kind).len() as u64,
        };
    }
    let newest = |attribute| match item.get(attribute) {
        Some(AttributeValue::Ns(slots)) => slots.iter().filter_map(|slot| slot.parse::<u8>().ok()).max(),
        _ => None,
    };
    Some(BucketTally {
        bucket,
        counts,
        newest_send: newest("sl").map(|slot| Slot::start_in(bucket, slot)),
        newest_failure: newest("fl").map(|slot| Slot::start_in(bucket, slot)),
        senders: shares(item)?,
    })
}
