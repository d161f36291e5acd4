use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use guard_core::digest::{Digest, SHEET_BUCKETS, Sheet, tally_from_bytes, tally_to_bytes};
use guard_core::name::SetKey;
use guard_core::port::{Digests, Fault, Known};
use guard_core::tally::BucketTally;
use guard_core::time::Bucket;
use jiff::Timestamp;
use tracing::warn;

use super::ledger::{number, sort_key};
use crate::Clients;
use crate::fault::{fault, unreadable};

/// A digest is of use as long as its buckets are there.
const DIGEST_TTL_SECONDS: i64 = 16 * 86_400;
/// A note outlives each digest of its sheet: without it the digest would be believed.
const NOTE_TTL_SECONDS: i64 = 31 * 86_400;
/// Who judges does not wait longer for digests than reading the buckets takes.
const PATIENCE: Duration = Duration::from_millis(1_000);
/// Key of the item that says since when late additions are noted.
const BEGUN: &str = "begun";

type Item = HashMap<String, AttributeValue>;

/// Notes and digests, an item for each set and sheet: partition `late#<set>` and `digest#<set>`.
#[derive(Debug, Clone)]
pub struct DynamoDigests {
    client: Client,
    impatient: Client,
    table: String,
}

impl DynamoDigests {
    /// Those in this table.
    pub fn new(clients: &Clients, table: &str) -> Self {
        let impatient = aws_sdk_dynamodb::config::Builder::from(clients.config())
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().operation_timeout(PATIENCE).build())
            .build();
        let client = Client::new(clients.config());
        Self { client, impatient: Client::from_conf(impatient), table: table.to_owned() }
    }

    async fn sheets(&self, partition: String, from: Sheet, to: Sheet, consistent: bool) -> Result<Vec<Item>, Fault> {
        let mut pages = self
            .impatient
            .query()
            .table_name(&self.table)
            .key_condition_expression("p = :p AND k BETWEEN :from AND :to")
            .expression_attribute_values(":p", AttributeValue::S(partition.clone()))
            .expression_attribute_values(":from", sort_key(from.first()))
            .expression_attribute_values(":to", sort_key(to.first()))
            .consistent_read(consistent)
            .into_paginator()
            .send();
        let mut items = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| fault("Query", &partition, error))?;
            items.extend(page.items.unwrap_or_default());
        }
        Ok(items)
    }
}

fn notes_of(set: &SetKey) -> String {
    format!("late#{set}")
}

fn digests_of(set: &SetKey) -> String {
    format!("digest#{set}")
}

fn expiry(sheet: Sheet, after: i64) -> AttributeValue {
    number(sheet.next().first().start_second() + after)
}

fn sheet_of(item: &Item) -> Option<Sheet> {
    let first = Bucket::starting_at(item.get("k")?.as_s().ok()?.parse().ok()?)?;
    (Sheet::of(first).first() == first).then(|| Sheet::of(first))
}

/// `None` where it is no digest, or one of another version: then its buckets are read.
fn digest(item: &Item) -> Option<Digest> {
    Digest::from_bytes(sheet_of(item)?, item.get("d")?.as_b().ok()?.as_ref())
}

/// `None` when anything in it can't be read: a note that is passed over would be a count that is missing.
fn notes(item: &Item) -> Option<Vec<BucketTally>> {
    let sheet = sheet_of(item)?;
    let noted = (0..SHEET_BUCKETS).filter_map(|at| Some((at, item.get(&format!("e{at}"))?)));
    noted.map(|(at, note)| tally_from_bytes(sheet.bucket(at), note.as_b().ok()?.as_ref())).collect()
}

impl Digests for DynamoDigests {
    async fn note(&self, set: &SetKey, held: &BucketTally) -> Result<(), Fault> {
        let (partition, sheet, at) = (notes_of(set), Sheet::of(held.bucket), Sheet::number(held.bucket));
        let noted = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("p", AttributeValue::S(partition.clone()))
            .key("k", sort_key(sheet.first()))
            .update_expression(format!("SET n{at} = :n, e{at} = :e, t = :t"))
            .condition_expression(format!("attribute_not_exists(n{at}) OR n{at} < :n"))
            .expression_attribute_values(":n", number(held.receipts()))
            .expression_attribute_values(":e", AttributeValue::B(Blob::new(tally_to_bytes(held))))
            .expression_attribute_values(":t", expiry(sheet, NOTE_TTL_SECONDS))
            .send()
            .await;
        match noted {
            Ok(_) => Ok(()),
            // Who added after us has noted it.
            Err(error)
                if matches!(error.as_service_error(), Some(UpdateItemError::ConditionalCheckFailedException(_))) =>
            {
                Ok(())
            }
            Err(error) => Err(fault("UpdateItem", &partition, error)),
        }
    }

    async fn known(&self, set: &SetKey, from: Sheet, to: Sheet) -> Result<Known, Fault> {
        let partition = notes_of(set);
        let (digests, late) = futures::future::try_join(
            self.sheets(digests_of(set), from, to, false),
            self.sheets(partition.clone(), from, to, true),
        )
        .await?;
        let noted: Option<Vec<_>> = late.iter().map(notes).collect();
        let noted = noted.ok_or_else(|| unreadable("Query", &partition, "an item is no sheet of notes"))?;
        Ok(Known { digests: digests.iter().filter_map(digest).collect(), notes: noted.concat() })
    }

    async fn keep(&self, set: &SetKey, digest: &Digest) -> Result<(), Fault> {
        let partition = digests_of(set);
        let kept = self
            .impatient
            .put_item()
            .table_name(&self.table)
            .item("p", AttributeValue::S(partition.clone()))
            .item("k", sort_key(digest.sheet.first()))
            .item("d", AttributeValue::B(Blob::new(digest.to_bytes())))
            .item("t", expiry(digest.sheet, DIGEST_TTL_SECONDS))
            .send()
            .await;
        kept.map(drop).map_err(|error| {
            let fault = fault("PutItem", &partition, error);
            warn!(error = guard_core::port::chain(&fault), "{fault} failed; its buckets are read again");
            fault
        })
    }

    async fn begin(&self, now: Timestamp) -> Result<(), Fault> {
        self.impatient
            .update_item()
            .table_name(&self.table)
            .key("p", AttributeValue::S(BEGUN.to_owned()))
            .key("k", AttributeValue::S(BEGUN.to_owned()))
            .update_expression("SET s = if_not_exists(s, :s)")
            .expression_attribute_values(":s", number(now.as_second()))
            .send()
            .await
            .map(drop)
            .map_err(|error| fault("UpdateItem", BEGUN, error))
    }

    async fn begun(&self) -> Result<Option<Timestamp>, Fault> {
        let found = self
            .impatient
            .query()
            .table_name(&self.table)
            .key_condition_expression("p = :p")
            .expression_attribute_values(":p", AttributeValue::S(BEGUN.to_owned()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| fault("Query", BEGUN, error))?;
        let second = |item: &Item| item.get("s")?.as_n().ok()?.parse().ok();
        Ok(found.items().first().and_then(second).and_then(|second| Timestamp::from_second(second).ok()))
    }
}
