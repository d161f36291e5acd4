use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use guard_core::audit::{AuditId, AuditRecord};
use guard_core::name::SetKey;
use guard_core::port::{Committed, Fault, Glance, Pending, Register};
use guard_core::state::{Change, Intent, State};

use super::commit;
use super::item::{self, Item, STATE, TO_JUDGE};
use crate::Clients;
use crate::fault::{fault, unreadable};

/// Waits between attempts at a transaction that met another on the same item.
const CONFLICT_BACKOFF_MILLISECONDS: [u64; 5] = [25, 50, 100, 200, 400];
/// The index of pending intents.
const PENDING_INDEX: &str = "pending";
/// The index of marks.
const TODO_INDEX: &str = "todo";
/// The index of state items without their audit records, with as much of them as a [`Glance`] takes.
const PHASE_INDEX: &str = "phase";

/// The states and the audit file: one table, a state item and its records under one partition key.
#[derive(Debug, Clone)]
pub struct DynamoRegister {
    client: Client,
    table: String,
}

impl DynamoRegister {
    /// The register in this table.
    pub fn new(clients: &Clients, table: &str) -> Self {
        Self { client: Client::new(clients.config()), table: table.to_owned() }
    }

    async fn update(&self, change: &Change) -> Result<Committed, Fault> {
        let subject = change.set.to_string();
        let write = commit::write(change).map_err(|error| unreadable("UpdateItem", &subject, error))?;
        let answer = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(write.key))
            .update_expression(write.update)
            .condition_expression(write.condition)
            .set_expression_attribute_names(Some(write.names))
            .set_expression_attribute_values(Some(write.values))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(Committed::Done),
            Err(error)
                if matches!(error.as_service_error(), Some(UpdateItemError::ConditionalCheckFailedException(_))) =>
            {
                Ok(Committed::Conflict)
            }
            Err(error) => Err(fault("UpdateItem", &subject, error)),
        }
    }

    async fn transact(&self, change: &Change) -> Result<Committed, Fault> {
        let subject = change.set.to_string();
        let items = commit::transaction(&self.table, change)
            .map_err(|error| unreadable("TransactWriteItems", &subject, error))?;
        let mut waits = CONFLICT_BACKOFF_MILLISECONDS.into_iter();
        loop {
            let answer = self
                .client
                .transact_write_items()
                .set_transact_items(Some(items.clone()))
                .client_request_token(commit::token(change))
                .send()
                .await;
            let error = match answer {
                Ok(_) => return Ok(Committed::Done),
                Err(error) => error,
            };
            match error.as_service_error().map_or(Cancelled::Otherwise, cancelled) {
                Cancelled::Condition => return Ok(Committed::Conflict),
                Cancelled::Busy => match waits.next() {
                    Some(wait) => tokio::time::sleep(Duration::from_millis(wait)).await,
                    None => return Err(fault("TransactWriteItems", &subject, error)),
                },
                Cancelled::Otherwise => return Err(fault("TransactWriteItems", &subject, error)),
            }
        }
    }

    async fn pending_of(&self, intent: Intent, word: &str) -> Result<Vec<Pending>, Fault> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(PENDING_INDEX)
            .key_condition_expression("pend = :pend")
            .expression_attribute_values(":pend", AttributeValue::S(word.to_owned()))
            .scan_index_forward(false)
            .into_paginator()
            .send();
        let mut pending = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| fault("Query", PENDING_INDEX, error))?;
            for item in page.items.unwrap_or_default() {
                let set = set_of(&item).map_err(|error| unreadable("Query", PENDING_INDEX, error))?;
                let priority = item.get("prio").and_then(|value| value.as_n().ok()?.parse().ok()).unwrap_or(0);
                pending.push(Pending { set, intent, priority });
            }
        }
        Ok(pending)
    }
}

/// Why a transaction was cancelled.
enum Cancelled {
    /// A condition failed: someone else was faster.
    Condition,
    /// Another transaction had the item, or the same one is still running.
    Busy,
    /// For another reason.
    Otherwise,
}

#[expect(clippy::wildcard_enum_match_arm, reason = "only two of the SDK's many errors mean something special")]
fn cancelled(error: &TransactWriteItemsError) -> Cancelled {
    match error {
        TransactWriteItemsError::TransactionCanceledException(cancelled) => {
            let has = |code| cancelled.cancellation_reasons().iter().any(|reason| reason.code() == Some(code));
            if has("ConditionalCheckFailed") {
                Cancelled::Condition
            } else if has("TransactionConflict") || has("ThrottlingError") {
                Cancelled::Busy
            } else {
                Cancelled::Otherwise
            }
        }
        TransactWriteItemsError::TransactionInProgressException(_) => Cancelled::Busy,
        _ => Cancelled::Otherwise,
    }
}

fn set_of(item: &Item) -> Result<SetKey, Box<dyn std::error::Error + Send + Sync>> {
    match item.get("p") {
        Some(AttributeValue::S(text)) => Ok(text.parse()?),
        _ => Err("the item has no partition key".into()),
    }
}

impl Register for DynamoRegister {
    async fn mark(&self, set: &SetKey) -> Result<(), Fault> {
        let marked = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(item::key(set, STATE)))
            .update_expression("ADD dirty :one SET todo = :todo")
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .expression_attribute_values(":todo", AttributeValue::S(TO_JUDGE.to_owned()))
            .send()
            .await;
        marked.map(drop).map_err(|error| fault("UpdateItem", &set.to_string(), error))
    }

    async fn read(&self, set: &SetKey) -> Result<State, Fault> {
        let subject = set.to_string();
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(item::key(set, STATE)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| fault("GetItem", &subject, error))?;
        answer.item.map_or(Ok(State::default()), item::to_state).map_err(|error| unreadable("GetItem", &subject, error))
    }

    async fn commit(&self, change: &Change) -> Result<Committed, Fault> {
        if change.audit.is_empty() { self.update(change).await } else { self.transact(change).await }
    }

    async fn pending(&self) -> Result<Vec<Pending>, Fault> {
        let mut pending = self.pending_of(Intent::Pause, "pause").await?;
        pending.extend(self.pending_of(Intent::Resume, "resume").await?);
        Ok(pending)
    }

    async fn to_judge(&self) -> Result<Vec<SetKey>, Fault> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(TODO_INDEX)
            .key_condition_expression("todo = :todo")
            .expression_attribute_values(":todo", AttributeValue::S(TO_JUDGE.to_owned()))
            .into_paginator()
            .send();
        let mut sets = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| fault("Query", TODO_INDEX, error))?;
            for item in page.items.unwrap_or_default() {
                sets.push(set_of(&item).map_err(|error| unreadable("Query", TODO_INDEX, error))?);
            }
        }
        Ok(sets)
    }

    async fn glances(&self) -> Result<Vec<Glance>, Fault> {
        let mut pages = self.client.scan().table_name(&self.table).index_name(PHASE_INDEX).into_paginator().send();
        let mut glances = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| fault("Scan", PHASE_INDEX, error))?;
            for item in page.items.unwrap_or_default() {
                let set = set_of(&item).map_err(|error| unreadable("Scan", PHASE_INDEX, error))?;
                let part = item::to_state(item).map_err(|error| unreadable("Scan", &set.to_string(), error))?;
                glances.push(Glance::at(&set, &part));
            }
        }
        glances.sort_by(|one, other| one.set.cmp(&other.set));
        Ok(glances)
    }

    async fn states(&self) -> Result<Vec<(SetKey, State)>, Fault> {
        let mut pages = self
            .client
            .scan()
            .table_name(&self.table)
            .filter_expression("k = :state")
            .expression_attribute_values(":state", AttributeValue::S(STATE.to_owned()))
            .into_paginator()
            .send();
        let mut states = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| fault("Scan", &self.table, error))?;
            for item in page.items.unwrap_or_default() {
                let set = set_of(&item).map_err(|error| unreadable("Scan", &self.table, error))?;
                let state = item::to_state(item).map_err(|error| unreadable("Scan", &set.to_string(), error))?;
                if !set.is_account() {
                    states.push((set, state));
                }
            }
        }
        Ok(states)
    }

    async fn history(&self, set: &SetKey, limit: u32) -> Result<Vec<AuditRecord>, Fault> {
        let subject = set.to_string();
        // ULIDs begin with a digit, the state's sort key does not.
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("p = :p AND k < :letters")
            .expression_attribute_values(":p", AttributeValue::S(subject.clone()))
            .expression_attribute_values(":letters", AttributeValue::S("A".to_owned()))
            .scan_index_forward(false)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| fault("Query", &subject, error))?;
        let items = answer.items.unwrap_or_default();
        items.iter().map(|item| item::to_record(item).map_err(|error| unreadable("Query", &subject, error))).collect()
    }

    async fn audit_record(&self, set: &SetKey, id: &AuditId) -> Result<Option<AuditRecord>, Fault> {
        let subject = set.to_string();
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(item::key(set, id.as_str())))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| fault("GetItem", &subject, error))?;
        let record = answer.item.map(|item| item::to_record(&item)).transpose();
        record.map_err(|error| unreadable("GetItem", &subject, error))
    }
}
