//! What one block of text came to.

use guard_core::event::{ParseError, Reading, Signal};

use crate::intake::{Ledger, Spot, kind_of};

/// Signals and counts, to be added to the archive.
#[derive(Debug, Default)]
pub(crate) struct Sink {
    pub(crate) signals: Vec<Signal>,
    pub(crate) ledger: Ledger,
}

impl Sink {
    /// Takes what the reader said of one record. `at` tells where it is, should that matter.
    pub(crate) fn take(&mut self, reading: Result<Reading, ParseError>, at: impl FnOnce() -> Spot) {
        self.ledger.records += 1;
        match reading {
            Ok(Reading::Signals { signals, .. }) => {
                self.ledger.events += 1;
                self.signals.extend(signals);
            }
            Ok(Reading::Ignored(why)) => self.ledger.ignore(why),
            Ok(Reading::Alarm(_)) => self.ledger.ignore_as("CloudWatch alarm, not an SES event", 1),
            Err(ParseError::OfAnotherAccount("mail.sendingAccountId")) => self.ledger.of_other_accounts += 1,
            Err(error) => self.ledger.reject(kind_of(&error), at),
        }
    }

    /// Takes a record that says nothing, for a reason of our own.
    pub(crate) fn ignore(&mut self, why: &str) {
        self.ledger.records += 1;
        self.ledger.ignore_as(why, 1);
    }

    /// Takes a record that never came as far as the reader.
    pub(crate) fn reject(&mut self, kind: &str, at: impl FnOnce() -> Spot) {
        self.ledger.records += 1;
        self.ledger.reject(kind.to_owned(), at);
    }
}
