//! The keys of one table. Each is asked for by name; what nobody asked for is unknown, and the nearest known is named.

use super::problem::Problems;
use super::tree::{At, Entry, Node};

/// Words that others use for ours.
const ALIASES: [(&str, &str); 14] = [
    ("extends", "based_on"),
    ("base", "based_on"),
    ("inherits", "based_on"),
    ("bounces", "bounce"),
    ("hard_bounce", "bounce"),
    ("complaints", "complaint"),
    ("probation_slack", "trial_slack"),
    ("probation_mails", "trial_mails"),
    ("match", "sets"),
    ("name", "sets"),
    ("configuration_sets", "sets"),
    ("until", "expires"),
    ("expiry", "expires"),
    ("why", "reason"),
];

/// How much two words must resemble one another, of 1, to be taken for a slip.
const RESEMBLANCE: f64 = 0.6;

/// A table that is being read.
pub(super) struct Fields<'a> {
    /// Where it stands.
    pub(super) at: usize,
    left: Vec<&'a Entry>,
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(at: usize, entries: &'a [Entry]) -> Self {
        Self { at, left: entries.iter().collect(), known: Vec::new() }
    }

    /// The fields of what should be a table.
    pub(super) fn of(node: &'a At<Node>, such_as: &str, problems: &mut Problems<'_>) -> Option<Self> {
        match &node.value {
            Node::Table(entries) => Some(Self::new(node.at, entries)),
            Node::Text(_) | Node::Whole(_) | Node::Decimal(_) | Node::Truth(_) | Node::Date(_) | Node::List(_) => {
                problems.error(node.at, super::value::wrong(&node.value, "a table", such_as));
                None
            }
        }
    }

    /// What stands behind a key, if anything does.
    pub(super) fn take(&mut self, key: &'static str) -> Option<&'a Entry> {
        self.known.push(key);
        let index = self.left.iter().position(|(name, _)| name.value == key)?;
        Some(self.left.remove(index))
    }

    /// The value behind a key; `None` when it is missing, and when it is wrong, which is then said.
    pub(super) fn read<T>(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
        value: impl Fn(&Node) -> Result<T, String>,
    ) -> Option<At<T>> {
        let (_, node) = self.take(key)?;
        match value(&node.value) {
            Ok(value) => Some(At { at: node.at, value }),
            Err(message) => {
                problems.error(node.at, format!("{key}: {message}"));
                None
            }
        }
    }

    /// Whether a key that is missing was misspelt, which is said in the end.
    pub(super) fn misspelt(&self, key: &str) -> bool {
        self.left.iter().any(|(written, _)| nearest(&written.value, self.known.iter().copied()) == Some(key))
    }

    /// Says what nobody asked for.
    pub(super) fn finish(self, problems: &mut Problems<'_>) {
        for (key, _) in &self.left {
            if self.known.contains(&key.value.as_str()) {
                problems.error(key.at, format!("the key {:?} is there twice; delete one of the two", key.value));
                continue;
            }
            let remedy = match nearest(&key.value, self.known.iter().copied()) {
                Some(known) => format!("did you mean {known}?"),
                None => format!("known here: {}", self.known.join(", ")),
            };
            problems.error(key.at, format!("unknown key {:?}; {remedy}", key.value));
        }
    }
}

/// The known word that was probably meant.
pub(super) fn nearest<'k>(written: &str, known: impl Iterator<Item = &'k str> + Clone) -> Option<&'k str> {
    let written: String = written.to_lowercase().replace(['-', ' '], "_").chars().take(80).collect();
    let alias = ALIASES.iter().find(|(alias, _)| *alias == written).map(|(_, ours)| *ours);
    let resemblance = |word: &str| strsim::normalized_damerau_levenshtein(&written, &word.replace('-', "_"));
    let best = known.clone().max_by(|one, other| resemblance(one).total_cmp(&resemblance(other)));
    let aliased = alias.and_then(|ours| known.clone().find(|known| *known == ours));
    aliased.or_else(|| best.filter(|best| resemblance(best) >= RESEMBLANCE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_a_stranger_is_not() {
        let known = ["bounce", "complaint", "based_on", "scale_slack", "trial_mails", "sets"];
        for (written, meant) in [
            ("bouce", Some("bounce")),
            ("Bounce", Some("bounce")),
            ("scale-slack", Some("scale_slack")),
            ("extends", Some("based_on")),
            ("trail_mails", Some("trial_mails")),
            ("match", Some("sets")),
            ("until", None),
            ("quota", None),
            ("", None),
        ] {
            assert_eq!(nearest(written, known.into_iter()), meant, "{written}");
        }
    }
}
