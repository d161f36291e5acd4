//! One notice of many: what would otherwise be a mail for each of hundreds of sets.

use std::collections::BTreeSet;

use super::chat::{self, Message};
use super::compose::{Audience, LONGEST_SUBJECT, Notice, shortened, where_to_read_on};
use super::letterhead::Letterhead;
use super::sentence::grouped;
use super::words::Words;
use crate::audit::AuditRecord;
use crate::home::Home;
use crate::name::SetKey;

/// So many are told of with their sentences, the others by their names.
const IN_FULL: usize = 50;
/// So many in a chat.
const IN_CHAT: usize = 10;
/// So many by their names; SNS takes 256 KB, and a name with its home may have 90 characters.
const NAMED: usize = 2_000;

impl Notice {
    /// One notice for people of all these records, which are of one kind; `None` for what nobody needs to be told. Machines
    /// get each by itself ([`Notice::for_machines`]).
    pub fn of_many(records: &[AuditRecord], letterhead: &Letterhead) -> Option<Self> {
        let (first, last) = (records.first()?, records.last()?);
        let mut words = Words::of_each(first)?;
        words.next = letterhead.addressed(&words.next);
        let links = letterhead.links(words.section);
        let many = grouped(records.len() as u64);
        let subject =
            shortened(&format!("SES guard: {} {many} more configuration sets", words.subject), LONGEST_SUBJECT);
        let lead = format!(
            "{many} more configuration sets, told of together since they are many; recorded between {:.0} and {:.0}.",
            first.at, last.at
        );
        let name = |set: &SetKey| match letterhead.is_of_several_homes() {
            true => format!("{} ({})", set.name, Home::of(set)),
            false => set.name.to_string(),
        };
        let each = |record: &AuditRecord| format!("{}: {}", name(&record.set), record.sentence);
        let rest = |from: usize| {
            let names: Vec<_> = records.iter().skip(from).take(NAMED).map(|record| name(&record.set)).collect();
            let left = records.len().saturating_sub(from + NAMED);
            let left = (left > 0).then(|| format!(" and {} more", grouped(left as u64)));
            (!names.is_empty()).then(|| format!("And: {}{}", names.join(", "), left.unwrap_or_default()))
        };
        let body = |in_full: usize| {
            let mut lines: Vec<String> = records.iter().take(in_full).map(each).collect();
            lines.extend(rest(in_full));
            lines
        };
        let mut lines = vec![lead.clone(), String::new()];
        lines.extend(body(IN_FULL));
        lines.extend([String::new(), format!("What the guard did, with each: {}", words.done)]);
        lines.extend([format!("What to do: {}", words.next), String::new()]);
        lines.extend(where_to_read_on(&links));

        let homes: BTreeSet<Home> = records.iter().map(|record| Home::of(&record.set)).collect();
        let homes: Vec<String> = homes.iter().map(ToString::to_string).collect();
        let id = format!("{}+{}", first.id, records.len() - 1);
        let mut description = vec![lead, String::new()];
        description.extend(body(IN_CHAT).iter().map(|line| chat::harmless(line)));
        description.extend([String::new(), format!("What the guard did, with each: {}", words.done)]);
        let message = Message {
            id: &id,
            thread: format!("many-{}", words.subject.trim_end_matches(':').replace(' ', "-")),
            title: &subject,
            urgency: words.urgency,
            detail_type: words.detail_type,
            description: description.join("\n"),
            next: &words.next,
            links: &links,
            context: serde_json::json!({"homes": homes.join(","), "act": first.act, "urgency": words.urgency}),
        };
        let chat = message.to_json();
        Some(Self {
            audience: Audience::People,
            text: lines.join("\n") + "\n",
            chat,
            subject,
            detail_type: words.detail_type,
            detail: serde_json::Value::Null,
            id,
        })
    }
}
