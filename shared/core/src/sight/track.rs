//! What was seen of each blind spot so far: when it begins, and when it is over.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::checks::Scope;
use super::{BlindSpot, Shown, Survey, View, words};
use crate::time::{plus_seconds, seconds_between};

/// How often the guard looks.
const LOOK_EVERY_SECONDS: i64 = 300;
/// Who has not looked for so long looks no more.
const UNCHECKED_SECONDS: i64 = 600;

/// One blind spot's looks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Track {
    /// The first of the looks that showed it.
    since: Timestamp,
    /// Looks in a row that showed it, before it began.
    #[serde(default)]
    blind: u8,
    /// Clear looks in a row, after it began.
    #[serde(default)]
    clear: u8,
    /// It began, and people are told.
    #[serde(default)]
    told: bool,
    /// What was seen last.
    sentence: String,
}

/// What the guard has seen of itself: kept with the account's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sight {
    /// The first look of all: what was sent before it may not have been counted.
    pub begun_at: Timestamp,
    /// The latest look; `None` before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked_at: Option<Timestamp>,
    /// The survey of the identities.
    #[serde(default)]
    pub survey: Survey,
    #[serde(default)]
    pub(super) spots: BTreeMap<BlindSpot, Track>,
}

/// A blind spot that begins, or is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Which.
    pub blind_spot: BlindSpot,
    /// Whether it begins.
    pub begins: bool,
    /// When it was first seen.
    pub since: Timestamp,
    /// What was seen, with numbers.
    pub sentence: String,
}

impl Sight {
    /// Before the first look, which is made at `minute`.
    pub fn beginning(minute: Timestamp) -> Self {
        Self { begun_at: minute, checked_at: None, survey: Survey::default(), spots: BTreeMap::new() }
    }

    /// Whether a look is due: five minutes after the last one. A repeat of the same minute is not.
    pub fn is_due(&self, minute: Timestamp) -> bool {
        self.checked_at.is_none_or(|at| plus_seconds(start(at), LOOK_EVERY_SECONDS) <= start(minute))
    }

    /// Whether this look also asks what changes by the quarter of an hour.
    pub fn asks_all(&self, minute: Timestamp) -> bool {
        let hour_end = |at| Scope::of(at).hour_end();
        self.checked_at.is_none_or(|at| hour_end(at) < hour_end(minute))
    }

    /// Whether everything of the compared hour should have been counted.
    pub fn covers(&self, scope: Scope) -> bool {
        scope.hour_start().start() >= self.begun_at
    }

    /// Whether this blind spot has begun and is not over.
    pub fn is_blind(&self, spot: BlindSpot) -> bool {
        self.spots.get(&spot).is_some_and(|track| track.told)
    }

    /// Takes in what a look at `at` showed. `Some` when that makes the blind spot begin, or ends it.
    pub fn saw(&mut self, spot: BlindSpot, view: View, at: Timestamp) -> Option<Turn> {
        match (view, self.is_blind(spot)) {
            (View::Blind(sentence), told) => {
                let new = || Track { since: at, blind: 0, clear: 0, told: false, sentence: String::new() };
                let track = self.spots.entry(spot).or_insert_with(new);
                (track.clear, track.sentence) = (0, sentence);
                if told {
                    return None;
                }
                track.blind = track.blind.saturating_add(1);
                track.told = track.blind >= spot.begins_after();
                track.told.then(|| track.turn(spot))
            }
            (View::Clear(sentence), true) => {
                let track = self.spots.get_mut(&spot)?;
                track.clear = track.clear.saturating_add(1);
                if track.clear < spot.ends_after() {
                    return None;
                }
                let over = self.spots.remove(&spot)?;
                Some(Turn { begins: false, sentence: words::over(over.since, &sentence), ..over.turn(spot) })
            }
            // Once seen, and not again: it never began.
            (View::Clear(_) | View::Between, false) => self.spots.remove(&spot).and(None),
            // No answer is neither: a begin goes on where it stood, an end begins anew.
            (View::Between | View::Unknown(_), _) => {
                self.spots.get_mut(&spot)?.clear = 0;
                None
            }
        }
    }

    /// What has begun and is not over. That nobody has looked for ten minutes comes first.
    pub fn shown(sight: Option<&Self>, now: Timestamp) -> Vec<Shown> {
        let unchecked = match sight.and_then(|sight| sight.checked_at) {
            None => Some((BlindSpot::Unchecked, None, words::NEVER_CHECKED.to_owned())),
            Some(at) if seconds_between(at, now) > UNCHECKED_SECONDS => {
                Some((BlindSpot::Unchecked, Some(at), words::unchecked(at, now)))
            }
            Some(_) => None,
        };
        let begun = sight.into_iter().flat_map(|sight| &sight.spots).filter(|(_, track)| track.told);
        let begun = begun.map(|(spot, track)| (*spot, Some(track.since), track.sentence.clone()));
        let shown = |(blind_spot, since, sentence): (BlindSpot, _, _)| Shown {
            blind_spot,
            since,
            sentence,
            next: blind_spot.remedy().to_owned(),
        };
        unchecked.into_iter().chain(begun).map(shown).collect()
    }
}

impl Track {
    fn turn(&self, blind_spot: BlindSpot) -> Turn {
        Turn { blind_spot, begins: true, since: self.since, sentence: self.sentence.clone() }
    }
}

/// The timer's minute: it comes a few seconds sooner or later.
fn start(at: Timestamp) -> Timestamp {
    plus_seconds(at, -at.as_second().rem_euclid(60))
}
