//! A DynamoDB API in this process, with the tables of the template.

use dynoxide::Database;
use guard_aws::{Clients, DynamoDigests, DynamoLedger, DynamoPolicyStore, DynamoRegister};
use serde_json::json;
use tokio::net::TcpListener;

use crate::mail::REGION;

/// The ledger's table.
pub const LEDGER_TABLE: &str = "ledger";
/// The digests' table.
pub const DIGEST_TABLE: &str = "digests";
/// The state table.
pub const STATE_TABLE: &str = "state";

/// A fresh DynamoDB on a free loopback port, for as long as the test's runtime lives.
pub async fn dynoxide() -> (DynamoLedger, DynamoRegister) {
    let clients = database().await;
    (DynamoLedger::new(&clients, LEDGER_TABLE), DynamoRegister::new(&clients, STATE_TABLE))
}

/// The ledger with its digests, in a fresh DynamoDB.
pub async fn digests() -> (DynamoLedger, DynamoDigests) {
    let clients = database().await;
    (DynamoLedger::new(&clients, LEDGER_TABLE), DynamoDigests::new(&clients, DIGEST_TABLE))
}

/// The pushed policies in a fresh DynamoDB.
pub async fn policies() -> DynamoPolicyStore {
    DynamoPolicyStore::new(&database().await, STATE_TABLE)
}

async fn database() -> Clients {
    let database = Database::memory().expect("an in-memory database opens");
    for table in tables() {
        let request = serde_json::from_value(table).expect("the table is well-formed");
        database.create_table(request).expect("the table is created");
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port is free");
    let address = listener.local_addr().expect("the listener has an address");
    tokio::spawn(dynoxide::server::serve_on(listener, database));
    Clients::local(&format!("http://{address}"), REGION)
}

/// The tables as the template makes them; a test of the template holds it against the same schema.
fn tables() -> [serde_json::Value; 3] {
    let key = json!([{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "k", "KeyType": "RANGE"}]);
    let keys_only = json!({"ProjectionType": "KEYS_ONLY"});
    let glance = json!({"ProjectionType": "INCLUDE",
        "NonKeyAttributes": ["sum", "near", "off", "seen", "look", "rmd", "hold", "tell", "deaf"]});
    let keys = json!([
        {"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "k", "AttributeType": "S"}
    ]);
    let plain = |name| {
        json!({
            "TableName": name, "BillingMode": "PAY_PER_REQUEST", "KeySchema": key, "AttributeDefinitions": keys
        })
    };
    [
        plain(LEDGER_TABLE),
        plain(DIGEST_TABLE),
        json!({
            "TableName": STATE_TABLE, "BillingMode": "PAY_PER_REQUEST", "KeySchema": key,
            "AttributeDefinitions": [
                {"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "k", "AttributeType": "S"},
                {"AttributeName": "pend", "AttributeType": "S"}, {"AttributeName": "prio", "AttributeType": "N"},
                {"AttributeName": "todo", "AttributeType": "S"}, {"AttributeName": "ph", "AttributeType": "S"}
            ],
            "GlobalSecondaryIndexes": [
                {"IndexName": "pending", "Projection": keys_only, "KeySchema": [
                    {"AttributeName": "pend", "KeyType": "HASH"}, {"AttributeName": "prio", "KeyType": "RANGE"}]},
                {"IndexName": "todo", "Projection": keys_only, "KeySchema": [
                    {"AttributeName": "todo", "KeyType": "HASH"}, {"AttributeName": "p", "KeyType": "RANGE"}]},
                {"IndexName": "phase", "Projection": glance, "KeySchema": [
                    {"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "ph", "KeyType": "RANGE"}]}
            ]
        }),
    ]
}
