//! The ledger and the register in DynamoDB.

mod commit;
mod item;
mod ledger;
mod register;

pub use ledger::DynamoLedger;
pub use register::DynamoRegister;
