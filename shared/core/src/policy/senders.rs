//! Who may send with a configuration set: names of IAM users and roles as SES writes them in `ses:caller-identity`, with
//! the same wildcards as names of sets.

use std::str::FromStr;

use crate::name::CallerIdentity;
use crate::wildcard;

/// The longest pattern, in characters: as long as what it is to match.
const LONGEST: usize = 128;

/// A name of a caller identity, or one with wildcards: `*` is any run of characters, also none; `?` is exactly one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SenderPattern(String);

/// Why a text is no such pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "write the name of an IAM user or role as SES has it in ses:caller-identity (1 to 128 of A-Z a-z 0-9 _ - + = , . : \
     /), with * for any characters and ? for one"
)]
pub struct NotASender;

impl FromStr for SenderPattern {
    type Err = NotASender;
    fn from_str(text: &str) -> Result<Self, NotASender> {
        let plain = text.replace(['*', '?'], "x");
        let fits = text.len() <= LONGEST && plain.parse::<CallerIdentity>().is_ok();
        if fits { Ok(Self(text.to_owned())) } else { Err(NotASender) }
    }
}

impl SenderPattern {
    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it matches this identity. Upper and lower case are different, as for IAM's ARNs.
    pub fn matches(&self, sender: &CallerIdentity) -> bool {
        wildcard::matches(&self.0, sender.as_str())
    }
}

/// Who may send with a set, and what becomes of the mail of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Senders {
    pub(super) patterns: Vec<SenderPattern>,
    pub(super) strict: bool,
}

impl Senders {
    /// Never none: those of `patterns`. `strict`: the mail of others does not count for the set.
    pub fn new(patterns: Vec<SenderPattern>, strict: bool) -> Option<Self> {
        (!patterns.is_empty()).then_some(Self { patterns, strict })
    }

    /// Who may, as it was written.
    pub fn patterns(&self) -> impl Iterator<Item = &str> {
        self.patterns.iter().map(SenderPattern::as_str)
    }

    /// Whether the mail of others does not count for the set.
    pub fn is_strict(&self) -> bool {
        self.strict
    }

    /// Whether this one may.
    pub fn admit(&self, sender: &CallerIdentity) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(sender))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_whole_names_only() {
        for (pattern, sender, fits) in [
            ("tenant-a", "tenant-a", true),
            ("tenant-a", "tenant-a-2", false),
            ("tenant-a", "Tenant-A", false),
            ("tenant-a-*", "tenant-a-smtp", true),
            ("tenant-a-*", "tenant-a-", true),
            ("tenant-a-*", "tenant-b-smtp", false),
            ("tenant-a-*", "x-tenant-a-smtp", false),
            ("*-a-*p", "tenant-a-smtp", true),
            ("*-a-*p", "tenant-a-smtp2", false),
            ("tenant-?", "tenant-b", true),
            ("tenant-?", "tenant-", false),
            ("*", "hashed:00112233445566aa", true),
            ("**a*a**", "banana", true),
            ("?*?", "a", false),
            ("role/session", "role/session", true),
        ] {
            let matched = pattern.parse::<SenderPattern>().unwrap().matches(&sender.parse().unwrap());
            assert_eq!(matched, fits, "{pattern} {sender}");
        }
    }

    #[test]
    fn what_could_never_match_is_no_pattern() {
        for text in ["", "a b", "ana@example.com", "ä", "a\nb", "a\"b", "\u{2028}", &"x".repeat(129)] {
            assert_eq!(text.parse::<SenderPattern>(), Err(NotASender), "{text:?}");
        }
        assert!("x".repeat(128).parse::<SenderPattern>().is_ok());
    }

    #[test]
    fn a_hostile_pattern_takes_no_time() {
        let pattern: SenderPattern = "*a".repeat(64).parse().unwrap();
        let sender: CallerIdentity = format!("{}b", "a".repeat(127)).parse().unwrap();
        assert!((0..10_000).all(|_| !pattern.matches(&sender)));
    }
}
