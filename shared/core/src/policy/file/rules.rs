//! `[[assign]]` and `[[exempt]]`: which sets get which profile, and which are left alone.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::fields::Fields;
use super::problem::Problems;
use super::profiles::Profiles;
use super::tree::{At, Entry, Node};
use super::value;
use crate::line::has_no_place;
use crate::policy::Mode;
use crate::policy::book::{Exempt, Exemption};
use crate::policy::pattern::{Pattern, PatternError};
use crate::policy::senders::{NotASender, SenderPattern, Senders};

const LONGEST_REASON: usize = 500;
/// More than a set's mail is ever sent by; wildcards make up for it.
const MOST_SENDERS: usize = 50;
/// An exemption that holds for longer is a setting, not an exception.
const LONGEST_EXEMPTION_DAYS: i64 = 366;

/// One pattern of an `[[assign]]`.
pub(super) struct Assigned {
    pub(super) pattern: At<Pattern>,
    /// Where its `[[assign]]` stands: patterns of one rule can't contradict one another.
    pub(super) rule: usize,
    /// In [`Profiles::known`].
    pub(super) profile: usize,
    pub(super) mode: Option<Mode>,
    pub(super) senders: Option<Senders>,
}

pub(super) fn assigned(node: Option<&Entry>, profiles: &Profiles, problems: &mut Problems<'_>) -> Vec<Assigned> {
    let mut all = Vec::new();
    for mut fields in tables("assign", "sets = [\"billing-*\"], profile = \"transactional\"", node, problems) {
        let patterns = patterns(&mut fields, problems);
        let name = fields.take("profile");
        let profile = name.and_then(|(_, name)| known(name, profiles, problems));
        let written_mode = fields.take("mode").map(|(_, node)| node);
        let mode = written_mode.and_then(|node| {
            value::mode(&node.value).map_err(|message| problems.error(node.at, format!("mode: {message}"))).ok()
        });
        let (written_senders, senders) = senders(&mut fields, problems);
        let misspelt = ["profile", "mode", "senders", "strict_sender"].iter().any(|key| fields.misspelt(key));
        if name.is_none() && written_mode.is_none() && !written_senders && !misspelt {
            problems.error(fields.at, "this rule assigns nothing; write a profile, a mode or senders");
        }
        let at = fields.at;
        fields.finish(problems);
        let assigned = |pattern| {
            let (profile, senders) = (profile.unwrap_or(0), senders.clone());
            Assigned { pattern, rule: at, profile, mode, senders }
        };
        all.extend(patterns.into_iter().map(assigned));
    }
    all
}

/// `senders` and `strict_sender`; and whether anything was written.
fn senders(fields: &mut Fields<'_>, problems: &mut Problems<'_>) -> (bool, Option<Senders>) {
    let written = fields.take("senders").map(|(_, node)| node);
    let strict = fields.read("strict_sender", problems, value::truth);
    let Some(node) = written else {
        if let Some(strict) = &strict
            && !fields.misspelt("senders")
        {
            let message =
                "strict_sender: says nothing without senders; write senders = [\"…\"], who may send with these sets";
            problems.error(strict.at, message);
        }
        return (strict.is_some(), None);
    };
    let items = match &node.value {
        Node::List(items) if items.is_empty() => {
            problems
                .error(node.at, "senders: the list is empty; write who may send with these sets, or delete the key");
            return (true, None);
        }
        Node::List(items) if items.len() > MOST_SENDERS => {
            problems
                .error(node.at, format!("senders: more than {MOST_SENDERS}; use wildcards, such as \"tenant-a-*\""));
            return (true, None);
        }
        Node::List(items) => items.as_slice(),
        Node::Text(_) | Node::Whole(_) | Node::Decimal(_) | Node::Truth(_) | Node::Date(_) | Node::Table(_) => {
            std::slice::from_ref(node)
        }
    };
    let mut patterns: Vec<SenderPattern> = Vec::new();
    for item in items {
        let parse = |text: String| text.parse().map_err(|error: NotASender| error.to_string());
        match value::text(&item.value).and_then(parse) {
            Ok(pattern) => patterns.push(pattern),
            Err(message) => problems.error(item.at, format!("senders: {message}")),
        }
    }
    (true, Senders::new(patterns, strict.is_some_and(|strict| strict.value)))
}

/// The profile of this name; 0 stands in for one that was found faulty already.
fn known(name: &At<Node>, profiles: &Profiles, problems: &mut Problems<'_>) -> Option<usize> {
    let text = match value::text(&name.value) {
        Ok(text) => text,
        Err(message) => {
            problems.error(name.at, format!("profile: {message}"));
            return None;
        }
    };
    let known = profiles.known.iter().position(|profile| profile.name.as_str() == text);
    if known.is_none() && !profiles.names().any(|name| name == text) {
        problems.error(name.at, profiles.unknown(&text));
    }
    known
}

pub(super) fn exempt(node: Option<&Entry>, now: Option<Timestamp>, problems: &mut Problems<'_>) -> Vec<Exempt> {
    let mut all: Vec<(At<Pattern>, Exemption)> = Vec::new();
    let such_as = "sets = [\"import\"], reason = \"one-off import, ticket 4711\", expires = 2026-12-31";
    for mut fields in tables("exempt", such_as, node, problems) {
        let patterns = patterns(&mut fields, problems);
        let reason = needed("reason", "\"who knows why, ticket 4711\"", &mut fields, problems, reason);
        let expires = needed("expires", "2026-12-31", &mut fields, problems, value::date);
        fields.finish(problems);
        if let (Some(now), Some(expires)) = (now, &expires) {
            in_time(expires, now, problems);
        }
        for pattern in patterns {
            if pattern.value.is_everything() {
                let message = "this exempts every set; write mode = \"observe\" at the top of the file instead";
                problems.error(pattern.at, message);
            }
            if let Some((first, _)) = all.iter().find(|(first, _)| first.value == pattern.value) {
                let line = problems.line(first.at);
                let name = pattern.value.as_str();
                problems
                    .error(pattern.at, format!("{name:?} is exempt already, in line {line}; delete one of the two"));
            }
            if let (Some(reason), Some(expires)) = (&reason, &expires) {
                all.push((pattern, Exemption { reason: reason.value.clone(), expires: expires.value }));
            }
        }
    }
    all.into_iter().map(|(pattern, exemption)| Exempt { pattern: pattern.value, exemption }).collect()
}

/// The clock never makes a policy unusable: what was fit yesterday must still start a function today.
fn in_time(expires: &At<Date>, now: Timestamp, problems: &mut Problems<'_>) {
    let today = now.to_zoned(TimeZone::UTC).date();
    let latest = today.saturating_add(Span::new().days(LONGEST_EXEMPTION_DAYS));
    if expires.value < today {
        let message = "this exemption has expired and has no effect; delete it, or give it a new date and reason";
        problems.warning(expires.at, format!("expires: {message}"));
    } else if expires.value > latest {
        let message = "more than a year ahead; an exemption nobody looks at again is how an account is lost. Write a \
                       nearer date, or assign a laxer profile";
        problems.warning(expires.at, format!("expires: {message}"));
    }
}

fn needed<T>(
    key: &'static str,
    such_as: &str,
    fields: &mut Fields<'_>,
    problems: &mut Problems<'_>,
    value: impl Fn(&Node) -> Result<T, String>,
) -> Option<At<T>> {
    let errors = problems.errors();
    let found = fields.read(key, problems, value);
    if found.is_none() && problems.errors() == errors && !fields.misspelt(key) {
        problems.error(fields.at, format!("{key} is missing; write {key} = {such_as}"));
    }
    found
}

fn reason(node: &Node) -> Result<String, String> {
    let text = value::text(node)?;
    let text = text.trim();
    if text.is_empty() {
        return Err("must not be empty; write who decided it and why".to_owned());
    }
    if text.chars().count() > LONGEST_REASON || text.chars().any(has_no_place) {
        return Err(format!("write one line of at most {LONGEST_REASON} characters"));
    }
    Ok(text.to_owned())
}

/// The tables of `[[key]]`.
fn tables<'a>(key: &str, such_as: &str, node: Option<&'a Entry>, problems: &mut Problems<'_>) -> Vec<Fields<'a>> {
    let Some((_, node)) = node else { return Vec::new() };
    let Node::List(items) = &node.value else {
        problems.error(node.at, format!("write it with two brackets, [[{key}]], once for each rule"));
        return Vec::new();
    };
    items.iter().filter_map(|item| Fields::of(item, &format!("[[{key}]] {such_as}"), problems)).collect()
}

/// `sets`: one name or pattern, or a list of them.
fn patterns(fields: &mut Fields<'_>, problems: &mut Problems<'_>) -> Vec<At<Pattern>> {
    let Some((_, node)) = fields.take("sets") else {
        if !fields.misspelt("sets") {
            let message = "sets is missing; write sets = [\"…\"] with names, or wildcards such as \"billing-*\"";
            problems.error(fields.at, message);
        }
        return Vec::new();
    };
    let items = match &node.value {
        Node::List(items) if items.is_empty() => {
            problems.error(node.at, "sets: the list is empty; write names, or delete the rule");
            return Vec::new();
        }
        Node::List(items) => items.as_slice(),
        Node::Text(_) | Node::Whole(_) | Node::Decimal(_) | Node::Truth(_) | Node::Date(_) | Node::Table(_) => {
            std::slice::from_ref(node)
        }
    };
    let mut patterns = Vec::new();
    for item in items {
        let parse = |text: String| text.parse().map_err(|error: PatternError| error.to_string());
        match value::text(&item.value).and_then(parse) {
            Ok(value) => patterns.push(At { at: item.at, value }),
            Err(message) => problems.error(item.at, format!("sets: {message}")),
        }
    }
    patterns
}
