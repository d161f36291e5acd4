use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use guard_core::policy::stored::{PolicyStore, StoredPolicy};
use guard_core::port::{Committed, Fault};

use super::item::Item;
use crate::Clients;
use crate::fault::{fault, unreadable};

/// The partition of the pushed policies in the state table: no set's key looks like it.
const PARTITION: &str = "policy";

/// The pushed policies, one item for each version under `k` = the version in ten digits: the greatest is the latest, so
/// that one conditional put is the whole of a push.
#[derive(Debug, Clone)]
pub struct DynamoPolicyStore {
    client: Client,
    table: String,
}

impl DynamoPolicyStore {
    /// The policies in this state table.
    pub fn new(clients: &Clients, table: &str) -> Self {
        Self { client: Client::new(clients.config()), table: table.to_owned() }
    }
}

fn sort_key(version: u64) -> AttributeValue {
    AttributeValue::S(format!("{version:010}"))
}

fn stored(item: &Item) -> Result<StoredPolicy, Fault> {
    let Some(AttributeValue::S(json)) = item.get("rec") else {
        return Err(unreadable("Query", PARTITION, "the item has no `rec`"));
    };
    serde_json::from_str(json).map_err(|error| unreadable("Query", PARTITION, error))
}

impl PolicyStore for DynamoPolicyStore {
    async fn latest(&self) -> Result<Option<StoredPolicy>, Fault> {
        Ok(self.versions(1).await?.pop())
    }

    async fn version(&self, version: u64) -> Result<Option<StoredPolicy>, Fault> {
        let item = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("p", AttributeValue::S(PARTITION.to_owned()))
            .key("k", sort_key(version))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| fault("GetItem", PARTITION, error))?;
        item.item.as_ref().map(stored).transpose()
    }

    async fn versions(&self, limit: u32) -> Result<Vec<StoredPolicy>, Fault> {
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("p = :p")
            .expression_attribute_values(":p", AttributeValue::S(PARTITION.to_owned()))
            .consistent_read(true)
            .scan_index_forward(false)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| fault("Query", PARTITION, error))?;
        answer.items.unwrap_or_default().iter().map(stored).collect()
    }

    async fn push(&self, policy: &StoredPolicy) -> Result<Committed, Fault> {
        // Versions have no gaps: who pushes the one after the latest is the only one who can.
        if self.latest().await?.map_or(0, |latest| latest.version) + 1 != policy.version {
            return Ok(Committed::Conflict);
        }
        let json = serde_json::to_string(policy).map_err(|error| unreadable("PutItem", PARTITION, error))?;
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .item("p", AttributeValue::S(PARTITION.to_owned()))
            .item("k", sort_key(policy.version))
            .item("rec", AttributeValue::S(json))
            .condition_expression("attribute_not_exists(k)")
            .send()
            .await;
        match put {
            Ok(_) => Ok(Committed::Done),
            Err(error)
                if matches!(error.as_service_error(), Some(PutItemError::ConditionalCheckFailedException(_))) =>
            {
                Ok(Committed::Conflict)
            }
            Err(error) => Err(fault("PutItem", PARTITION, error)),
        }
    }
}
