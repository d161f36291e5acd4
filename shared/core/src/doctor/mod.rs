//! Whether a deployed guard can do its work: what was read of the stack, held against what the template makes of it. Each
//! finding says what is wrong, what comes of it, and by which command it is mended.

mod documents;
mod facts;
mod grants;
mod health;
mod pipeline;
#[cfg(test)]
mod tests;

use serde::Serialize;

pub use facts::{Alarm, Facts, Function, Known, Mapping, Queue, QueueRole, Rule, Subscription, Table, Topic};

/// The functions of a stack.
pub const FUNCTIONS: [&str; 7] = ["ingest", "judge", "actuate", "alarm", "sweep", "operate", "widget"];
/// The alarms of every stack, without its name.
pub const ALARMS: [&str; 16] = [
    "account-bounce-rate",
    "account-complaint-rate",
    "events-dead-letters",
    "wake-up-dead-letters",
    "events-late",
    "judge-late",
    "actuate-late",
    "ingest-errors",
    "judge-errors",
    "actuate-errors",
    "alarm-errors",
    "sweep-errors",
    "sweep-silent",
    "operate-errors",
    "ingest-throttles",
    "judge-throttles",
];

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// The guard does not do what it is for, or nobody can tell.
    Fault,
    /// It works; somebody should know.
    Advice,
}

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What was looked at, in one word for machines.
    pub check: &'static str,
    /// What it is about: a name, never an address.
    pub subject: String,
    /// What is wrong, and what comes of it.
    pub sentence: String,
    /// What mends it: a command.
    pub fix: String,
}

impl Finding {
    fn fault(check: &'static str, subject: &str, sentence: impl Into<String>, fix: impl Into<String>) -> Self {
        let (sentence, fix) = (sentence.into(), fix.into());
        Self { severity: Severity::Fault, check, subject: subject.to_owned(), sentence, fix }
    }

    fn advice(check: &'static str, subject: &str, sentence: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { severity: Severity::Advice, ..Self::fault(check, subject, sentence, fix) }
    }

    /// What could not be looked at is not well.
    fn unknown(check: &'static str, subject: &str, why: &str) -> Self {
        let fix = "allow whoever runs this the call that is named, or run it as somebody who may";
        Self::fault(check, subject, format!("could not be looked at: {why}"), fix)
    }
}

/// Everything that is wrong, the worst first, each once.
pub fn examine(facts: &Facts) -> Vec<Finding> {
    let mut findings = pipeline::functions(facts);
    findings.extend(grants::permissions(facts));
    findings.extend(pipeline::mappings(facts));
    findings.extend(pipeline::topics(facts));
    findings.extend(pipeline::queues(facts));
    findings.extend(pipeline::tables(facts));
    findings.extend(health::alarms(facts));
    findings.extend(health::timers(facts));
    findings.extend(health::sets(facts));
    findings.extend(health::other_homes(facts));
    findings.extend(health::status(facts));
    findings.extend(health::stopped(facts));
    findings.sort_by_key(|finding| finding.severity);
    findings
}
