//! A notice: one subject, one sentence with numbers, what the guard did, what to do next.

use serde_json::{Value, json};

use crate::audit::{Act, AuditRecord, GUARD};

/// What people and machines are told.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// At most 100 characters, as SNS wants.
    pub subject: String,
    /// For people.
    pub text: String,
    /// EventBridge's `detail-type`.
    pub detail_type: &'static str,
    /// EventBridge's `detail`.
    pub detail: Value,
}

/// EventBridge's `source`.
pub const SOURCE: &str = "ses.reputation-guard";

/// The version of [`Notice::detail`]; grows when a field changes its meaning or goes away.
const DETAIL_VERSION: u32 = 1;

impl Notice {
    /// The notice of a record; `None` for what nobody needs to be told.
    pub fn of(record: &AuditRecord) -> Option<Self> {
        let words = Words::of(record)?;
        let name = &record.set.name;
        let mut text = format!("{}\n\n", record.sentence);
        text += &format!("Configuration set: {name} (account {}, {})\n", record.set.account, record.set.region);
        text += &format!("What the guard did: {}\n", words.done);
        if record.actor != GUARD {
            text += &format!("By: {}\n", record.actor);
        }
        if let Some(reason) = &record.reason {
            text += &format!("Reason given: {reason}\n");
        }
        text += &format!("What to do: {}\n", words.next);
        text += &format!("\nAudit record {} of {:.0}\n", record.id, record.at);
        Some(Self {
            subject: format!("SES guard: {} {name}", words.subject),
            text,
            detail_type: words.detail_type,
            detail: json!({
                "version": DETAIL_VERSION,
                "account": record.set.account,
                "region": record.set.region,
                "configurationSet": name,
                "subject": words.subject,
                "sentence": record.sentence,
                "audit": record,
            }),
        })
    }
}

struct Words {
    subject: &'static str,
    detail_type: &'static str,
    done: String,
    next: String,
}

impl Words {
    fn of(record: &AuditRecord) -> Option<Self> {
        let name = &record.set.name;
        let resume = format!("ses-guard resume {name} --reason \"what was mended\" --actor you@example.com");
        let (subject, detail_type, done, next) = match record.act {
            Act::Warned => (
                "warned",
                "Configuration Set Warned",
                "nothing yet; the configuration set may send.".to_owned(),
                format!("look at where its recipients come from before it is paused. See: ses-guard status {name}"),
            ),
            Act::WouldPause => (
                "would pause",
                "Configuration Set Warned",
                "nothing; the configuration set may send, and each further failure counts against the account.".to_owned(),
                format!("stop it yourself, if it should be stopped: ses-guard pause {name} --reason \"…\" --actor you@example.com"),
            ),
            Act::Paused => (
                "paused",
                "Configuration Set Paused",
                format!("paused it in SES at {:.0}. SES refuses its mail; all other configuration sets go on sending.", record.at),
                format!("find out where the failing addresses come from, mend that, then: {resume}"),
            ),
            Act::Resumed => (
                "resumed",
                "Configuration Set Resumed",
                format!("let it send again at {:.0}, on trial: with half the slack, and nothing sent before counts against it.", record.at),
                format!("watch it: ses-guard status {name}"),
            ),
            Act::CountingDegraded => (
                "counting degraded for",
                "Counting Degraded",
                "judged with what it has; it pauses later than it should, or not at all.".to_owned(),
                "check that SES publishes SEND, BOUNCE and COMPLAINT of this set to the guard's topic, and that the guard's dead-letter queues are empty.".to_owned(),
            ),
            Act::Gone => (
                "no longer found:",
                "Configuration Set Drifted",
                "dropped what it meant to do; a new configuration set of this name starts afresh.".to_owned(),
                "nothing, if you deleted it.".to_owned(),
            ),
            Act::PauseIntended | Act::ResumeIntended | Act::Held | Act::Released => return None,
        };
        Some(Self { subject, detail_type, done, next })
    }
}
