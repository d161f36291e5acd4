//! The form for a chat: a custom notification of Amazon Q Developer in chat applications (once AWS Chatbot), which shows it
//! in Slack and Microsoft Teams. Its documentation: "Custom notifications using Amazon Q Developer in chat applications".

use serde_json::{Value, json};

use super::compose::{on_whose_word, shortened, where_to_read_on, whose};
use super::letterhead::Links;
use super::words::{Urgency, Words};
use crate::audit::AuditRecord;
use crate::name::SetKey;

/// Slack shows at most 3,000 characters of a text in one block; AWS's documentation names no limit of its own.
const LONGEST_TEXT: usize = 2_800;

/// What a chat is told.
pub(super) struct Message<'a> {
    /// What names it.
    pub(super) id: &'a str,
    /// What it is about; messages of one stay in one thread.
    pub(super) thread: String,
    pub(super) title: &'a str,
    pub(super) urgency: Urgency,
    pub(super) detail_type: &'a str,
    /// Foreign text among it is harmless already.
    pub(super) description: String,
    pub(super) next: &'a str,
    pub(super) links: &'a Links,
    /// For buttons that an operator attaches.
    pub(super) context: Value,
}

impl Message<'_> {
    pub(super) fn to_json(&self) -> Value {
        json!({
            "version": "1.0",
            "source": "custom",
            "id": self.id,
            "content": {
                "textType": "client-markdown",
                "title": format!("{} {}", self.urgency.symbol(), self.title),
                "description": shortened(&self.description, LONGEST_TEXT),
                "nextSteps": [shortened(&unmarked(self.next), LONGEST_TEXT)],
            },
            "metadata": {
                "threadId": self.thread,
                "summary": self.title,
                "eventType": self.detail_type,
                "relatedResources": where_to_read_on(self.links),
                "additionalContext": self.context,
            },
        })
    }
}

/// Of one record.
pub(super) fn message(record: &AuditRecord, words: &Words, links: &Links, title: &str) -> Value {
    let mut lines = vec![harmless(&record.sentence), String::new(), whose(&record.set)];
    lines.push(format!("What the guard did: {}", words.done));
    lines.extend(on_whose_word(record).iter().map(|line| harmless(line)));
    lines.push(String::new());
    lines.extend(where_to_read_on(links));
    let SetKey { account, region, name } = &record.set;
    let message = Message {
        id: record.id.as_str(),
        thread: thread(&record.set),
        title,
        urgency: words.urgency,
        detail_type: words.detail_type,
        description: lines.join("\n"),
        next: &words.next,
        links,
        context: json!({
            "account": account, "region": region, "configurationSet": name, "act": record.act, "urgency": words.urgency,
        }),
    };
    message.to_json()
}

/// The set, with hyphens between its parts.
fn thread(set: &SetKey) -> String {
    set.to_string().replace('/', "-").replace('*', "")
}

/// Without what a chat would read as a mention or a command.
fn unmarked(text: &str) -> String {
    text.replace('<', "‹").replace('>', "›")
}

/// An operator's words, an alarm's name: without what a chat would read as a mention, a link, code or weight.
pub(super) fn harmless(text: &str) -> String {
    let plain = |letter| match letter {
        '[' => '(',
        ']' => ')',
        '`' => '\'',
        '*' => '∗',
        '~' => '∼',
        other if other.is_control() => ' ',
        other => other,
    };
    unmarked(text).chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_words_mention_nobody_and_link_nowhere() {
        for (text, shown) in [
            ("<!channel> wake up", "‹!channel› wake up"),
            ("<https://evil.example|your bill>", "‹https://evil.example|your bill›"),
            ("[your bill](https://evil.example)", "(your bill)(https://evil.example)"),
            ("<at>everyone</at>", "‹at›everyone‹/at›"),
            ("`rm -rf` *now*\nnext", "'rm -rf' ∗now∗ next"),
            ("tenant_a_b & 5 % > 4 %", "tenant_a_b & 5 % › 4 %"),
        ] {
            assert_eq!(harmless(text), shown);
        }
    }

    #[test]
    fn the_account_and_each_set_have_a_thread_of_their_own() {
        for (key, name) in [
            ("111122223333/eu-west-1/promo", "111122223333-eu-west-1-promo"),
            ("111122223333/eu-west-1/*account*", "111122223333-eu-west-1-account"),
        ] {
            assert_eq!(thread(&key.parse().unwrap()), name);
        }
    }
}
