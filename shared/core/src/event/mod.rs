//! The edge: AWS's JSON comes in, our own words go out.
//!
//! [`Reader::read`] takes one body, as SQS, SNS, EventBridge or CloudWatch delivered it, and gives a [`Reading`]:
//! signals to count, an alarm's change, or the typed reason why the record is none of our business. [`records`] splits
//! what a Lambda function is invoked with into such bodies.
//!
//! The way of a body, file by file: `plain` (nearly all) or `envelope` (what form is it, what is wrapped in what) → `record` (the SES record,
//! its limits, whose it is) → `counts` (the one table of what counts) → [`Signal`]. Alarms go through `alarm`.
//!
//! Three promises. A body never makes the reader panic, whatever it holds. A recipient's address does not leave
//! `record`: it becomes a keyed [`ReceiptId`] there. An error or a "why" names a position and never repeats content,
//! because both end in logs.

mod alarm;
mod counts;
mod envelope;
mod fault;
mod ignored;
mod plain;
mod record;
mod signal;
mod tenant;
#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::home::Homes;
use crate::name::{AccountId, Region, SetKey};

pub use alarm::{AlarmChange, AlarmState};
pub use envelope::{Record, records};
pub use fault::{JsonFault, ParseError, Part};
pub use ignored::{Ignored, Word};
pub use signal::{HashKey, ReceiptId, Signal, SignalKind};
pub use tenant::{Origin, TenantEvent, TenantWord};

/// 256 KiB: what SQS and SNS carry at most in one message.
pub const MAX_BODY_BYTES: usize = 262_144;

/// SES's own maximum of recipients per message.
pub const MAX_RECIPIENTS: usize = 50;

/// How far `mail.timestamp` may be ahead of our clock; more is not skew, it is wrong.
pub const MAX_AHEAD_SECONDS: i64 = 600;

/// 15 days: older mail is outside every window, and its buckets are about to expire.
pub const MAX_AGE_SECONDS: i64 = 15 * 86_400;

/// What one body says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// Something to count.
    Signals {
        /// Never empty.
        signals: Vec<Signal>,
        /// AWS used a bounce or complaint subtype that the table does not know. It was counted, to be safe; say so
        /// once in the log.
        unknown_subtype: Option<Word>,
    },
    /// Well-formed, and nothing to count: acknowledge it.
    Ignored(Ignored),
    /// A CloudWatch alarm changed its state.
    Alarm(AlarmChange),
}

/// Whose records are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accounts {
    /// Each record's own account, whichever it is: for a person who inspects a file, never for a function.
    Any,
    /// These, in whichever Region; a record of any other account is an error.
    These(BTreeSet<AccountId>),
    /// Those of these homes, each in its Regions; a record of any other account or Region is an error.
    Guarded(Homes),
}

/// Reads bodies for one installation of the guard.
#[derive(Debug, Clone)]
pub struct Reader {
    accounts: Accounts,
    region: Option<Region>,
    key: HashKey,
    canary: Option<SetKey>,
    any_age: bool,
}

impl Reader {
    /// `region` is used when neither the record nor what it came in names one.
    pub fn new(accounts: Accounts, region: Option<Region>, key: HashKey) -> Self {
        Self { accounts, region, key, canary: None, any_age: false }
    }

    /// Reads what is of these homes. What a record leaves out is taken from them only where there is no choice.
    pub fn guarding(homes: Homes, key: HashKey) -> Self {
        Self::new(Accounts::Guarded(homes), None, key)
    }

    /// The one configuration set whose mail to the mailbox simulator counts: it proves that counting works. A set of the same
    /// name in another home is another set.
    #[must_use]
    pub fn with_canary(mut self, canary: Option<SetKey>) -> Self {
        self.canary = canary;
        self
    }

    /// Reads mail of any age: an archive's, which was counted when it was new.
    #[must_use]
    pub fn of_archive(mut self) -> Self {
        self.any_age = true;
        self
    }

    /// Reads one body: the text of an SQS message, of an SNS record, or of a direct invocation.
    ///
    /// `Err` means that the body is damaged, forged or not ours; it will not become readable by trying again.
    pub fn read(&self, body: &str, now: Timestamp) -> Result<Reading, ParseError> {
        envelope::read(self, body, None, now)
    }

    /// As [`Reader::read`], and knows the Region that the record came through.
    pub fn read_record(&self, record: &Record, now: Timestamp) -> Result<Reading, ParseError> {
        envelope::read(self, &record.body, record.region.clone(), now)
    }
}
