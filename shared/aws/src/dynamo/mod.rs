//! The ledger and the register in DynamoDB.

mod commit;
mod digests;
mod item;
mod ledger;
mod policies;
mod register;

pub use digests::DynamoDigests;
pub use ledger::DynamoLedger;
pub use policies::DynamoPolicyStore;
pub use register::DynamoRegister;
