//! Names of configuration sets with wildcards: `*` is any run of characters, also none; `?` is exactly one.
//!
//! Names are short and of 64 characters only, so two patterns can be compared for good: [`witness`] finds a name that
//! some match and others don't. That is why this is not a glob library, which can match but not compare.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use crate::name::ConfigurationSetName;

/// As SES allows them in a configuration set's name, those first that read best in an example.
const ALPHABET: &[u8; 64] = b"xyzabcdefghijklmnopqrstuvwXYZABCDEFGHIJKLMNOPQRSTUVW0123456789-_";
/// The longest name, in characters.
const LONGEST_NAME: usize = 64;
/// Tokens; each is a bit, and the end is one more.
const LONGEST_PATTERN: usize = 127;

/// An exact name, or one with wildcards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    tokens: Vec<Token>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    /// This character.
    This(u8),
    /// `?`
    AnyOne,
    /// `*`
    AnyRun,
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// It would match nothing.
    #[error("an empty name matches no configuration set; write its name, or \"*\" for all of them")]
    Empty,
    /// No configuration set has such a character in its name.
    #[error(
        "{0:?} cannot be in a configuration set's name (A-Z a-z 0-9 _ -); of wildcards there are only * (any \
         characters) and ? (one)"
    )]
    Character(char),
    /// Longer than what it could match.
    #[error("a configuration set's name has at most 64 characters; this matches none")]
    TooLong,
}

impl FromStr for Pattern {
    type Err = PatternError;
    fn from_str(text: &str) -> Result<Self, PatternError> {
        let mut tokens = Vec::with_capacity(text.len());
        for character in text.chars() {
            let token = match character {
                '*' if tokens.last() == Some(&Token::AnyRun) => continue,
                '*' => Token::AnyRun,
                '?' => Token::AnyOne,
                _ => Token::This(
                    u8::try_from(character)
                        .ok()
                        .filter(|byte| ALPHABET.contains(byte))
                        .ok_or(PatternError::Character(character))?,
                ),
            };
            tokens.push(token);
        }
        let shortest = tokens.iter().filter(|token| **token != Token::AnyRun).count();
        match tokens.len() {
            0 => Err(PatternError::Empty),
            _ if shortest > LONGEST_NAME || tokens.len() > LONGEST_PATTERN => Err(PatternError::TooLong),
            _ => Ok(Self { text: text.to_owned(), tokens }),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Pattern {
    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it names one configuration set, without wildcards.
    pub fn is_exact(&self) -> bool {
        self.tokens.iter().all(|token| matches!(token, Token::This(_)))
    }

    /// Whether it matches every name.
    pub fn is_everything(&self) -> bool {
        self.tokens == [Token::AnyRun]
    }

    /// Whether it matches this name.
    pub fn matches(&self, name: &ConfigurationSetName) -> bool {
        self.matches_text(name.as_str())
    }

    pub(super) fn matches_text(&self, name: &str) -> bool {
        self.accepts(name.bytes().fold(self.start(), |places, byte| self.step(places, byte)))
    }

    /// Where a match may stand before the first character: a bit per token that may come next.
    fn start(&self) -> u128 {
        self.skipping_runs(1)
    }

    fn step(&self, places: u128, byte: u8) -> u128 {
        let mut next = 0;
        for (place, token) in self.tokens.iter().enumerate().filter(|(place, _)| places >> place & 1 == 1) {
            next |= match token {
                Token::This(this) if *this == byte => 2 << place,
                Token::This(_) => 0,
                Token::AnyOne => 2 << place,
                Token::AnyRun => 1 << place,
            };
        }
        self.skipping_runs(next)
    }

    /// A run may be of nothing. No run follows a run, so one pass is enough.
    fn skipping_runs(&self, places: u128) -> u128 {
        let runs = self.tokens.iter().enumerate().filter(|(_, token)| **token == Token::AnyRun);
        runs.fold(places, |places, (place, _)| places | (places >> place & 1) << (place + 1))
    }

    fn accepts(&self, places: u128) -> bool {
        places >> self.tokens.len() & 1 == 1
    }

    /// Whether it matches whatever follows.
    fn accepts_all_from_here(&self, places: u128) -> bool {
        self.tokens.last() == Some(&Token::AnyRun) && self.accepts(places)
    }
}

/// What the search for a name came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Witness {
    /// This one, among the shortest.
    Name(String),
    /// There is none.
    Nobody,
    /// The patterns are too entangled to say within the effort granted.
    Unknown,
}

/// Finds a name that all of `within` match and none of `without` does. `effort` is what may still be spent, in steps of
/// one pattern by one character.
pub fn witness(within: &[&Pattern], without: &[&Pattern], effort: &mut usize) -> Witness {
    let patterns: Vec<&Pattern> = within.iter().chain(without).copied().collect();
    let symbols = symbols(&patterns);
    let first: Vec<u128> = patterns.iter().map(|pattern| pattern.start()).collect();
    // Not the beginning itself: the empty name is none, but a longer one may stand where it stands.
    let mut seen = HashSet::new();
    let mut frontier = vec![(String::new(), first)];
    for _ in 0..LONGEST_NAME {
        let mut longer = Vec::new();
        for (name, places) in &frontier {
            for &symbol in &symbols {
                *effort = effort.saturating_sub(patterns.len());
                if *effort == 0 {
                    return Witness::Unknown;
                }
                let next: Vec<u128> =
                    patterns.iter().zip(places).map(|(pattern, places)| pattern.step(*places, symbol)).collect();
                let (inside, outside) = next.split_at(within.len());
                let hopeless = inside.contains(&0)
                    || without.iter().zip(outside).any(|(pattern, places)| pattern.accepts_all_from_here(*places));
                if hopeless || !seen.insert(next.clone()) {
                    continue;
                }
                let name = format!("{name}{}", char::from(symbol));
                let all = |patterns: &[&Pattern], places: &[u128], wanted: bool| {
                    patterns.iter().zip(places).all(|(pattern, places)| pattern.accepts(*places) == wanted)
                };
                if all(within, inside, true) && all(without, outside, false) {
                    return Witness::Name(name);
                }
                longer.push((name, next));
            }
        }
        frontier = longer;
    }
    Witness::Nobody
}

/// Every character that some pattern names, and one that stands for all that none does.
fn symbols(patterns: &[&Pattern]) -> Vec<u8> {
    let named: HashSet<u8> = patterns
        .iter()
        .flat_map(|pattern| &pattern.tokens)
        .filter_map(|token| match token {
            Token::This(this) => Some(*this),
            Token::AnyOne | Token::AnyRun => None,
        })
        .collect();
    let other = ALPHABET.iter().find(|byte| !named.contains(byte));
    let mut symbols: Vec<u8> = named.into_iter().chain(other.copied()).collect();
    symbols.sort_unstable_by_key(|symbol| ALPHABET.iter().position(|byte| byte == symbol));
    symbols
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pattern(text: &str) -> Pattern {
        text.parse().unwrap()
    }

    #[test]
    fn a_pattern_matches_whole_names() {
        for (text, name, matches) in [
            ("billing", "billing", true),
            ("billing", "billing2", false),
            ("billing", "Billing", false),
            ("billing-*", "billing-", true),
            ("billing-*", "billing-eu", true),
            ("billing-*", "my-billing-eu", false),
            ("*-eu", "billing-eu", true),
            ("*", "anything_at-all", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("a*b*c", "a-b-b-c", true),
            ("a**c", "ac", true),
            ("a*b*c", "acb", false),
        ] {
            assert_eq!(pattern(text).matches(&name.parse().unwrap()), matches, "{text} and {name}");
        }
    }

    #[test]
    fn a_name_and_what_matches_every_name_are_known_as_such() {
        for (text, is_exact, is_everything) in [
            ("billing", true, false),
            ("billing-*", false, false),
            ("billing-?", false, false),
            ("?", false, false),
            ("?*", false, false),
            ("*", false, true),
            ("**", false, true),
        ] {
            let found = pattern(text);
            assert_eq!((found.is_exact(), found.is_everything()), (is_exact, is_everything), "{text}");
        }
    }

    #[test]
    fn what_can_match_no_name_is_no_pattern() {
        let longest = "a".repeat(64);
        for text in [longest.clone(), format!("*{longest}*"), format!("a{}", "*a".repeat(63)), "*".repeat(200)] {
            assert!(pattern(&text).matches_text(&longest), "{text}");
        }
        for (text, error) in [
            (String::new(), PatternError::Empty),
            (format!("{longest}?"), PatternError::TooLong),
            ("a*".repeat(64), PatternError::TooLong),
            ("tenant-[ab]".to_owned(), PatternError::Character('[')),
            ("tenant ä".to_owned(), PatternError::Character(' ')),
            ("ä".to_owned(), PatternError::Character('ä')),
        ] {
            assert_eq!(text.parse::<Pattern>(), Err(error), "{text}");
        }
    }

    #[test]
    fn a_witness_tells_patterns_apart() {
        for (within, without, name) in [
            (&["a*"][..], &[][..], Some("a")),
            (&["a*"], &["a"], Some("ax")),
            (&["a*"], &["a", "a?*"], None),
            (&["billing-eu"], &["billing-*"], None),
            (&["billing-*"], &["billing-eu"], Some("billing-")),
            (&["billing-*", "*-eu"], &[], Some("billing-eu")),
            (&["billing-*", "*-eu"], &["billing-eu"], Some("billing--eu")),
            (&["billing-*", "shop-*"], &[], None),
            (&["?"], &["x", "y"], Some("z")),
            (&["*a*"], &["*"], None),
            (&["*"], &["*a*"], Some("x")),
        ] {
            let parse = |texts: &[&str]| texts.iter().map(|text| pattern(text)).collect::<Vec<_>>();
            let (inside, outside) = (parse(within), parse(without));
            let expected = name.map_or(Witness::Nobody, |name| Witness::Name(name.to_owned()));
            let found = witness(&inside.iter().collect::<Vec<_>>(), &outside.iter().collect::<Vec<_>>(), &mut 100_000);
            assert_eq!(found, expected, "{within:?} without {without:?}");
        }
    }

    #[test]
    fn entangled_patterns_take_no_longer_than_they_are_granted_and_hopeless_ones_end_at_once() {
        let entangled = pattern("*a????????????????????*");
        let other = pattern("*b?????????????????????");
        assert_eq!(witness(&[&entangled, &other], &[], &mut 1_000), Witness::Unknown);
        let (name, everything) = (pattern("b"), pattern("*"));
        assert_eq!(witness(&[&entangled, &name], &[], &mut 1_000), Witness::Nobody, "no name goes on after b");
        assert_eq!(witness(&[&entangled, &other], &[&everything], &mut 1_000), Witness::Nobody, "* matches all");
    }

    proptest! {
        #[test]
        fn matching_agrees_with_trying_every_way(text in "[ab*?]{1,8}", name in "[ab]{1,8}") {
            fn tried(pattern: &[u8], name: &[u8]) -> bool {
                match (pattern.split_first(), name.split_first()) {
                    (None, None) => true,
                    (Some((b'*', rest)), _) if tried(rest, name) => true,
                    (Some((b'*', _)), Some((_, shorter))) => tried(pattern, shorter),
                    (Some((b'?', rest)), Some((_, shorter))) => tried(rest, shorter),
                    (Some((this, rest)), Some((one, shorter))) => this == one && tried(rest, shorter),
                    (None, Some(_)) | (Some(_), None) => false,
                }
            }
            prop_assert_eq!(pattern(&text).matches_text(&name), tried(text.as_bytes(), name.as_bytes()));
        }

        #[test]
        fn a_witness_is_what_it_says(one in "[ab*?]{1,6}", two in "[ab*?]{1,6}", name in "[abx]{1,7}") {
            let (one, two) = (pattern(&one), pattern(&two));
            match witness(&[&one], &[&two], &mut 1_000_000) {
                Witness::Name(found) => prop_assert!(one.matches_text(&found) && !two.matches_text(&found)),
                Witness::Nobody => prop_assert!(!one.matches_text(&name) || two.matches_text(&name)),
                Witness::Unknown => prop_assert!(false, "such short ones can be told apart"),
            }
        }
    }
}
