//! A notice: one subject, one sentence with numbers, what the guard did, what to do next, where to read on. In three
//! forms: text for a mail, a message for a chat, JSON for machines.

use serde_json::{Value, json};

use super::chat;
use super::letterhead::{Letterhead, Links};
use super::words::Words;
use crate::audit::{AuditRecord, GUARD};
use crate::name::SetKey;

/// What people and machines are told.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// What names it: its audit record's id. Of many together: that of the first, and how many.
    pub id: String,
    /// Who is told.
    pub audience: Audience,
    /// At most 100 characters of ASCII, as SNS wants.
    pub subject: String,
    /// For people, as a mail.
    pub text: String,
    /// For people, in a chat: a custom notification of Amazon Q Developer in chat applications.
    pub chat: Value,
    /// EventBridge's `detail-type`.
    pub detail_type: &'static str,
    /// EventBridge's `detail`: `docs/schema/notice.v1.json`.
    pub detail: Value,
}

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// People and machines.
    All,
    /// People only: it tells of many together, and machines get each.
    People,
    /// Machines only: people read of it together with others.
    Machines,
}

/// EventBridge's `source`.
pub const SOURCE: &str = "ses.reputation-guard";

/// The version of [`Notice::detail`]; grows when a field changes its meaning or goes away.
const DETAIL_VERSION: u32 = 1;

/// SNS takes no longer subject.
pub(super) const LONGEST_SUBJECT: usize = 100;

impl Notice {
    /// The notice of a record; `None` for what nobody needs to be told.
    pub fn of(record: &AuditRecord, letterhead: &Letterhead) -> Option<Self> {
        let mut words = Words::of(record, &letterhead.argument(&record.set))?;
        words.next = letterhead.addressed(&words.next);
        if record.set.is_account() {
            words.next = letterhead.of_stack(&words.next);
        }
        let links = letterhead.links(words.section);
        let subject = subject(record, &words);
        Some(Self {
            id: record.id.to_string(),
            audience: Audience::All,
            text: text(record, &words, &links),
            chat: chat::message(record, &words, &links, &subject),
            subject,
            detail_type: words.detail_type,
            detail: json!({
                "version": DETAIL_VERSION,
                "account": record.set.account,
                "region": record.set.region,
                "configurationSet": (!record.set.is_account()).then_some(&record.set.name),
                "subject": words.subject,
                "urgency": words.urgency,
                "sentence": record.sentence,
                "done": words.done,
                "next": words.next,
                "links": links,
                "audit": record,
            }),
        })
    }

    /// The same, of which people read elsewhere.
    #[must_use]
    pub fn for_machines(self) -> Self {
        Self { audience: Audience::Machines, ..self }
    }
}

fn subject(record: &AuditRecord, words: &Words) -> String {
    let whom = if record.set.is_account() { record.set.account.as_str() } else { record.set.name.as_str() };
    shortened(&format!("SES guard: {} {whom}", words.subject), LONGEST_SUBJECT)
}

/// Cut where it is too long, and seen to be.
pub(super) fn shortened(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some(_) => text.chars().take(longest.saturating_sub(3)).chain("...".chars()).collect(),
        None => text.to_owned(),
    }
}

/// Whose it is, in words.
pub(super) fn whose(set: &SetKey) -> String {
    let SetKey { account, region, name } = set;
    match set.is_account() {
        true => format!("Account: {account} in {region}"),
        false => format!("Configuration set: {name} (account {account}, {region})"),
    }
}

/// Whose word it was, and why: as far as it was not the guard's own.
pub(super) fn on_whose_word(record: &AuditRecord) -> Vec<String> {
    let by = (record.actor != GUARD).then(|| format!("By: {}", record.actor));
    let reason = record.reason.as_ref().map(|reason| format!("Reason given: {reason}"));
    by.into_iter().chain(reason).collect()
}

fn text(record: &AuditRecord, words: &Words, links: &Links) -> String {
    let mut lines = vec![record.sentence.clone(), String::new(), whose(&record.set)];
    lines.push(format!("What the guard did: {}", words.done));
    lines.extend(on_whose_word(record));
    lines.push(format!("What to do: {}", words.next));
    lines.push(String::new());
    lines.extend(where_to_read_on(links));
    lines.push(format!("Audit record {} of {:.0}", record.id, record.at));
    lines.join("\n") + "\n"
}

/// One line each.
pub(super) fn where_to_read_on(links: &Links) -> Vec<String> {
    let dashboard = links.dashboard.as_ref().map(|link| format!("Dashboard: {link}"));
    std::iter::once(format!("Runbook: {}", links.runbook)).chain(dashboard).collect()
}
