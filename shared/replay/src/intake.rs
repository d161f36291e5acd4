//! What was read, and what was not: counted, with the first few places.

use guard_core::event::{Ignored, ParseError};
use serde::Serialize;

/// How many places of each kind of damage are kept.
const PLACES: usize = 5;
/// How many kinds are told apart; AWS has fewer.
const KINDS: usize = 100;
const OTHERS: &str = "anything else";

/// A place in an input.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Position {
    /// The input's name.
    pub file: String,
    /// The line, from 1, of the decompressed text.
    pub line: u64,
    /// The byte, from 0, of the decompressed text.
    pub byte: u64,
}

/// A way in which records cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Malformed {
    /// What is wrong with them; never their content.
    pub kind: String,
    /// How many they are.
    pub count: u64,
    /// The first of them.
    pub first: Vec<Position>,
}

/// A reason for which well-formed records are left alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Skipped {
    /// The reason.
    pub why: String,
    /// How many they are.
    pub count: u64,
}

/// What became of all records.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Intake {
    /// Inputs that were read.
    pub files: u64,
    /// Records found in them.
    pub records: u64,
    /// Records that say something that counts.
    pub events: u64,
    /// Recipients and complaints that were read again, and counted once.
    pub duplicates: u64,
    /// Records of other accounts than the one asked for.
    pub of_other_accounts: u64,
    /// Bounces and complaints that came more than 15 days after their mail: the guard leaves them alone.
    pub too_late: u64,
    /// Well-formed records that say nothing that counts.
    pub ignored: Vec<Skipped>,
    /// Records that cannot be read.
    pub malformed: Vec<Malformed>,
}

impl Intake {
    /// How many records can't be read.
    pub fn malformed_count(&self) -> u64 {
        self.malformed.iter().map(|one| one.count).sum()
    }
}

/// A place, before the inputs' names matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Spot {
    pub(crate) input: usize,
    pub(crate) byte: u64,
    pub(crate) line: u64,
}

/// The counts of one block, or of all of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger {
    pub(crate) records: u64,
    pub(crate) events: u64,
    pub(crate) duplicates: u64,
    pub(crate) of_other_accounts: u64,
    pub(crate) too_late: u64,
    ignored: Vec<(String, u64)>,
    malformed: Vec<(String, u64, Vec<Spot>)>,
    latest: Option<(Ignored, u64)>,
}

impl Ledger {
    /// Most records are ignored for the same reason as the one before: that is not put into words each time.
    pub(crate) fn ignore(&mut self, why: Ignored) {
        match &mut self.latest {
            Some((latest, count)) if *latest == why => *count += 1,
            _ => {
                self.settle();
                self.latest = Some((why, 1));
            }
        }
    }

    /// Puts the latest reason to the others.
    pub(crate) fn settle(&mut self) {
        if let Some((why, count)) = self.latest.take() {
            self.ignore_as(&why.to_string(), count);
        }
    }

    pub(crate) fn ignore_as(&mut self, why: &str, count: u64) {
        let known = self.ignored.len();
        let why = if known < KINDS || self.ignored.iter().any(|(known, _)| known == why) { why } else { OTHERS };
        match self.ignored.iter_mut().find(|(known, _)| known == why) {
            Some((_, sum)) => *sum += count,
            None => self.ignored.push((why.to_owned(), count)),
        }
    }

    /// What can't be read comes in the order of the text, so the places of later ones are not even looked for: to count
    /// the lines before each record of a text that is none of ours would take time in its square.
    pub(crate) fn reject(&mut self, kind: String, spot: impl FnOnce() -> Spot) {
        let enough = self.malformed.iter().any(|(known, _, first)| *known == kind && first.len() >= PLACES);
        let spots = if enough { None } else { Some(spot()) };
        self.reject_all(kind, 1, spots.as_slice());
    }

    fn reject_all(&mut self, kind: String, count: u64, spots: &[Spot]) {
        let index = self.malformed.iter().position(|(known, ..)| *known == kind).unwrap_or_else(|| {
            self.malformed.push((kind, 0, Vec::new()));
            self.malformed.len() - 1
        });
        if let Some((_, sum, first)) = self.malformed.get_mut(index) {
            *sum += count;
            first.extend(spots);
            first.sort_unstable();
            first.truncate(PLACES);
        }
    }

    /// Whether any record could not be read.
    pub(crate) fn has_malformed(&self) -> bool {
        !self.malformed.is_empty()
    }

    pub(crate) fn absorb(&mut self, mut other: Self) {
        other.settle();
        self.records += other.records;
        self.events += other.events;
        self.duplicates += other.duplicates;
        self.of_other_accounts += other.of_other_accounts;
        self.too_late += other.too_late;
        other.ignored.iter().for_each(|(why, count)| self.ignore_as(why, *count));
        other.malformed.into_iter().for_each(|(kind, count, spots)| self.reject_all(kind, count, &spots));
    }

    /// The commonest first.
    pub(crate) fn into_intake(mut self, names: &[String]) -> Intake {
        self.settle();
        let mut ignored: Vec<Skipped> = self.ignored.into_iter().map(|(why, count)| Skipped { why, count }).collect();
        ignored.sort_by(|one, other| (other.count, &one.why).cmp(&(one.count, &other.why)));
        let position = |spot: Spot| Position {
            file: names.get(spot.input).cloned().unwrap_or_default(),
            line: spot.line,
            byte: spot.byte,
        };
        let mut malformed: Vec<Malformed> = self
            .malformed
            .into_iter()
            .map(|(kind, count, spots)| Malformed { kind, count, first: spots.into_iter().map(position).collect() })
            .collect();
        malformed.sort_by(|one, other| (other.count, &one.kind).cmp(&(one.count, &other.kind)));
        Intake {
            files: names.len() as u64,
            records: self.records,
            events: self.events,
            duplicates: self.duplicates,
            of_other_accounts: self.of_other_accounts,
            too_late: self.too_late,
            ignored,
            malformed,
        }
    }
}

/// What is wrong, without where: errors of one kind have one text.
pub(crate) fn kind_of(error: &ParseError) -> String {
    match error {
        ParseError::NotJson { part, fault, .. } => format!("{part} is not JSON: {fault}"),
        ParseError::WrongType { part, .. } => format!("{part} has a field of the wrong type, or twice"),
        ParseError::TooLong
        | ParseError::NotAnEvent(_)
        | ParseError::Missing(_)
        | ParseError::Malformed { .. }
        | ParseError::TooManyRecipients(_)
        | ParseError::InTheFuture
        | ParseError::OfAnotherAccount(_)
        | ParseError::NotGuarded(_)
        | ParseError::ForeignSource(_)
        | ParseError::NoRegion => error.to_string(),
    }
}
