//! The policy file: read, checked, and every problem named with its place and with what to write instead.

mod account;
mod faults;
mod fields;
mod json;
mod overlap;
mod problem;
mod profiles;
mod rules;
mod tree;
mod value;

#[cfg(test)]
mod tests;

use jiff::Timestamp;

use self::fields::Fields;
use self::problem::Problems;
use self::profiles::Profiles;
use self::rules::Assigned;
use self::tree::{Entry, of_toml};
use super::book::{Mode, PolicyBook, Rule};

pub use problem::{Problem, Severity, Unfit};

/// Longer than any policy that a person looks after; DynamoDB keeps 400 KB in an item.
pub const LONGEST_TEXT: usize = 256 * 1024;

/// What a policy's text came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The policy; `None` when some problem is an error.
    pub book: Option<PolicyBook>,
    /// Errors and warnings, in the order of the text.
    pub problems: Vec<Problem>,
}

/// Checks a policy's text, TOML or JSON, with the warnings that depend on the day.
pub fn check(text: &str, now: Timestamp) -> Checked {
    examine(text, Some(now))
}

pub(super) fn read(text: &str) -> Result<PolicyBook, Unfit> {
    let Checked { book, problems } = examine(text, None);
    book.ok_or(Unfit { problems })
}

fn examine(text: &str, now: Option<Timestamp>) -> Checked {
    let mut problems = Problems::of(text);
    let book = if text.len() > LONGEST_TEXT {
        problems.error(0, format!("longer than {} KiB; use wildcards instead of single names", LONGEST_TEXT / 1024));
        None
    } else if text.trim_start().starts_with('{') {
        match json::read(text, &mut problems) {
            json::Document::OnePolicy(policy) => Some(policy.into()),
            json::Document::Entries(entries) => Some(document(&entries, now, &mut problems)),
            json::Document::Unreadable => None,
        }
    } else {
        let entries = of_toml(text, &mut problems);
        // What a broken line cost would be taken for missing.
        (problems.errors() == 0).then(|| document(&entries, now, &mut problems))
    };
    let book = book.filter(|_| problems.errors() == 0);
    Checked { book, problems: problems.in_order() }
}

fn document(entries: &[Entry], now: Option<Timestamp>, problems: &mut Problems<'_>) -> PolicyBook {
    let mut fields = Fields::new(0, entries);
    let mode = fields.read("mode", problems, value::mode).map_or(Mode::Enforce, |mode| mode.value);
    let profiles = profiles::read(fields.take("profile"), problems);
    let assigned = rules::assigned(fields.take("assign"), &profiles, problems);
    let exempt = rules::exempt(fields.take("exempt"), now, problems);
    let account = account::read(fields.take("account"), problems);
    fields.finish(problems);
    overlap::check(&assigned, problems);
    unused(&profiles, &assigned, problems);
    let rules = assigned.into_iter().map(|assigned| Rule {
        line: problems.line(assigned.pattern.at),
        pattern: assigned.pattern.value,
        profile: assigned.profile,
        mode: assigned.mode,
        senders: assigned.senders,
    });
    PolicyBook { rules: rules.collect(), profiles: profiles.known, exempt, mode, account }
}

/// A profile that nothing uses is probably a rule forgotten.
fn unused(profiles: &Profiles, assigned: &[Assigned], problems: &mut Problems<'_>) {
    for name in &profiles.own {
        let index = profiles.known.iter().position(|profile| profile.name == name.value);
        let assigned = index.is_none_or(|index| assigned.iter().any(|assigned| assigned.profile == index));
        let (at, name) = (name.at, name.value.as_str());
        if !assigned && !profiles.bases.iter().any(|base| base == name) {
            let message =
                format!("no rule uses the profile {name:?}; write [[assign]] sets = [\"…\"], profile = {name:?}");
            problems.warning(at, message);
        }
    }
}
