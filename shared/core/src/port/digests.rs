//! What spares readers of the ledger its old buckets.

use std::future::Future;

use jiff::Timestamp;

use crate::digest::{Digest, Sheet};
use crate::name::SetKey;
use crate::port::Fault;
use crate::tally::BucketTally;

/// What is known of some sheets without reading a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Digests of these sheets.
    pub digests: Vec<Digest>,
    /// What their buckets held after the latest late addition.
    pub notes: Vec<BucketTally>,
}

/// Notes and digests of the ledger. All of it may be lost together and costs reads then; notes alone must not be lost.
pub trait Digests: Send + Sync {
    /// Notes what a bucket holds, unless a later state of it is noted: one with more receipts. May be repeated.
    fn note(&self, set: &SetKey, held: &BucketTally) -> impl Future<Output = Result<(), Fault>> + Send;

    /// What is known of the sheets from `from` to `to`, both included. Sees every note that returned before the call; its
    /// digests may lag behind the latest writes.
    fn known(&self, set: &SetKey, from: Sheet, to: Sheet) -> impl Future<Output = Result<Known, Fault>> + Send;

    /// Keeps a digest in place of the one of that sheet that is there.
    fn keep(&self, set: &SetKey, digest: &Digest) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Writes down that late additions are noted from now on, unless that is written down.
    fn begin(&self, now: Timestamp) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Since when late additions are noted; `None` before anybody did.
    fn begun(&self) -> impl Future<Output = Result<Option<Timestamp>, Fault>> + Send;
}
