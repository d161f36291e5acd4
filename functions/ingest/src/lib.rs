//! The `ingest` function: a batch of SQS messages becomes counts.

mod handler;

pub use handler::Ingest;
