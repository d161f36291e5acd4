//! What is known of an account's configuration sets as a whole: how far the list of them was read, and of how many the
//! guard has told lately. It is kept in the state of the account as a whole.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::notice::sentence::grouped;
use crate::port::SETS_PER_ACCOUNT;
use crate::time::{plus_seconds, seconds_between};

/// How many sets found deaf or enrolled are told of one by one in a day; the others are told of together.
const TOLD_SINGLY: u32 = 5;
/// People are told of many sets together once they have been collected for this long …
const COLLECTED_SECONDS: i64 = 3_600;
/// … and not again before this long.
const DIGEST_EVERY_SECONDS: i64 = 86_400;

/// How often the list of configuration sets is read from its beginning.
const LISTED_EVERY_SECONDS: i64 = 86_400;
/// A page a minute; the timer may come a little early.
const PAGE_EVERY_SECONDS: i64 = 50;
/// How long a list that SES refused is left alone.
const REFUSED_SECONDS: i64 = 3_600;
/// From so many sets on, people are told that SES takes no more than [`SETS_PER_ACCOUNT`].
const NEAR_LIMIT: u32 = 9_000;

/// What is known of an account's configuration sets as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Fleet {
    /// How far the list of them was read.
    pub listing: Listing,
    /// Of how many people were told.
    pub telling: Telling,
}

/// How far the list of configuration sets was read, page by page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Listing {
    /// SES's token of the next page; `None` when the next one is the first.
    pub next: Option<String>,
    /// How many sets were on the pages since the first.
    pub seen: u32,
    /// When the last page was asked for.
    pub asked_at: Option<Timestamp>,
    /// Whether SES refused that.
    pub refused: bool,
    /// When the list was last read to its end.
    pub finished_at: Option<Timestamp>,
    /// How many sets it had then.
    pub total: Option<u32>,
    /// People were told that there are nearly as many as SES takes.
    pub limit_told: bool,
}

impl Listing {
    /// Whether a page is to be asked for: a minute after the page before it, and a day after the last one.
    pub fn is_due(&self, now: Timestamp) -> bool {
        let after = |at: Option<Timestamp>, seconds| at.is_none_or(|at| seconds_between(at, now) >= seconds);
        let rested = if self.refused { REFUSED_SECONDS } else { PAGE_EVERY_SECONDS };
        after(self.asked_at, rested) && (self.next.is_some() || after(self.finished_at, LISTED_EVERY_SECONDS))
    }

    /// With a page more, of so many sets. What stands under the list's end is its whole length.
    #[must_use]
    pub fn read(&self, sets: usize, next: Option<String>, now: Timestamp) -> Self {
        let seen = self.seen.saturating_add(u32::try_from(sets).unwrap_or(u32::MAX));
        let read = Self { asked_at: Some(now), refused: false, ..self.clone() };
        match next {
            Some(next) => Self { next: Some(next), seen, ..read },
            None => Self { next: None, seen: 0, finished_at: Some(now), total: Some(seen), ..read },
        }
    }

    /// SES refused the page: it may have forgotten where we were, so the list is read anew, and not at once.
    #[must_use]
    pub fn refused(&self, now: Timestamp) -> Self {
        Self { next: None, seen: 0, asked_at: Some(now), refused: true, ..self.clone() }
    }

    /// Whether there are nearly as many sets as SES takes.
    pub fn is_near_limit(&self) -> bool {
        self.total.is_some_and(|total| total >= NEAR_LIMIT)
    }

    /// What to tell of that.
    pub fn limit_sentence(&self) -> String {
        let (total, limit) = (grouped(u64::from(self.total.unwrap_or_default())), grouped(SETS_PER_ACCOUNT));
        format!("There are {total} configuration sets; SES takes {limit} in one account and Region, and no more.")
    }
}

/// Of how many sets people were told in a day, so that a whole fleet does not send them thousands of notices.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Telling {
    /// When the day began in which `singly` was counted.
    pub day: Option<Timestamp>,
    /// Sets told of one by one on this day.
    pub singly: u32,
    /// Since when sets were found of which people were not told yet.
    pub collecting_since: Option<Timestamp>,
    /// How many of them are not heard.
    pub unheard: u32,
    /// How many of them the guard enrolled.
    pub enrolled: u32,
    /// When people were last told of many together.
    pub together_at: Option<Timestamp>,
}

/// What is worth telling of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// It is not heard.
    Unheard,
    /// The guard enrolled it.
    Enrolled,
}

impl Telling {
    /// Notes one set more; gives whether people are told of it by its name. If not, it counts towards the next time that
    /// they are told of many.
    pub fn take(&mut self, news: News, now: Timestamp) -> bool {
        if self.day.is_none_or(|day| seconds_between(day, now) >= DIGEST_EVERY_SECONDS) {
            (self.day, self.singly) = (Some(now), 0);
        }
        if self.singly < TOLD_SINGLY {
            self.singly += 1;
            return true;
        }
        self.collecting_since.get_or_insert(now);
        match news {
            News::Unheard => self.unheard = self.unheard.saturating_add(1),
            News::Enrolled => self.enrolled = self.enrolled.saturating_add(1),
        }
        false
    }

    /// Whether people are to be told of those collected.
    pub fn is_due(&self, now: Timestamp) -> bool {
        let collected = self.collecting_since.is_some_and(|since| plus_seconds(since, COLLECTED_SECONDS) <= now);
        collected && self.together_at.is_none_or(|at| plus_seconds(at, DIGEST_EVERY_SECONDS) <= now)
    }

    /// What to tell of them, of whom `unheard` of `known` sets are not heard now.
    pub fn sentence(&self, unheard: u64, known: u64) -> String {
        let (found, enrolled) = (grouped(u64::from(self.unheard)), grouped(u64::from(self.enrolled)));
        let (unheard, known) = (grouped(unheard), grouped(known));
        format!(
            "{unheard} of the {known} configuration sets that the guard knows are not heard. Without a notice of their own \
             {found} were found so, and {enrolled} were enrolled."
        )
    }

    /// People were told of them.
    #[must_use]
    pub fn told(&self, now: Timestamp) -> Self {
        Self { collecting_since: None, unheard: 0, enrolled: 0, together_at: Some(now), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        plus_seconds("2026-11-20T12:00:00Z".parse().unwrap(), seconds)
    }

    #[test]
    fn the_list_is_read_a_page_a_minute_and_once_a_day() {
        let begun = Listing::default().read(1_000, Some("2".to_owned()), at(0));
        let whole = begun.read(17, None, at(60));
        let refused = begun.refused(at(60));
        for (what, listing, seconds, due) in [
            ("never read", &Listing::default(), 0, true),
            ("half a minute after a page", &begun, 30, false),
            ("a minute after a page", &begun, 60, true),
            ("long after a page: nobody swept", &begun, 500_000, true),
            ("to its end", &whole, 120, false),
            ("a second less than a day", &whole, 60 + 86_399, false),
            ("a day", &whole, 60 + 86_400, true),
            ("refused a minute ago", &refused, 120, false),
            ("refused an hour ago", &refused, 60 + 3_600, true),
        ] {
            assert_eq!(listing.is_due(at(seconds)), due, "{what}");
        }
        assert_eq!((whole.total, whole.seen, whole.next), (Some(1_017), 0, None));
        assert_eq!((refused.seen, refused.next), (0, None), "it begins anew");
    }

    #[test]
    fn a_list_that_is_refused_later_keeps_what_the_last_one_came_to() {
        let whole = Listing::default().read(9_000, None, at(0));
        let refused = whole.refused(at(86_400));
        assert_eq!((refused.total, refused.finished_at), (Some(9_000), Some(at(0))));
        assert!(!refused.is_due(at(86_400 + 3_599)) && refused.is_due(at(86_400 + 3_600)));
    }

    #[test]
    fn the_limit_is_told_of_before_it_bites() {
        for (sets, near) in [(0, false), (8_999, false), (9_000, true), (10_000, true)] {
            assert_eq!(Listing::default().read(sets, None, at(0)).is_near_limit(), near, "{sets}");
        }
        assert!(!Listing::default().is_near_limit(), "nothing is known yet");
        let sentence = Listing::default().read(9_417, None, at(0)).limit_sentence();
        let expected = "There are 9,417 configuration sets; SES takes 10,000 in one account and Region, and no more.";
        assert_eq!(sentence, expected);
    }

    #[test]
    fn a_few_sets_are_told_of_singly_and_the_others_together() {
        let mut telling = Telling::default();
        let singly: Vec<_> = (0..7).map(|second| telling.take(News::Unheard, at(second))).collect();
        assert_eq!(singly, [true, true, true, true, true, false, false]);
        assert!(!telling.take(News::Enrolled, at(10)));
        assert!(!telling.is_due(at(5 + 3_599)), "more may come");
        assert!(telling.is_due(at(5 + 3_600)));
        assert_eq!(
            telling.sentence(7, 40),
            "7 of the 40 configuration sets that the guard knows are not heard. Without a notice of their own 2 were found \
             so, and 1 were enrolled."
        );
        let mut told = telling.told(at(4_000));
        assert!(!told.is_due(at(500_000)), "nothing new");
        assert!(!told.take(News::Unheard, at(5_000)));
        assert!(!told.is_due(at(4_000 + 86_399)) && told.is_due(at(4_000 + 86_400)), "once a day");
        assert!(
            told.sentence(8, 40).ends_with("Without a notice of their own 1 were found so, and 0 were enrolled."),
            "those who were told of are not counted again"
        );
        assert!(told.take(News::Unheard, at(86_400)), "a new day");
    }
}
