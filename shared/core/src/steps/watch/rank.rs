//! Which sets come first.

use std::cmp::Reverse;

use crate::port::Glance;
use crate::state::Phase;

use super::view::sends;

/// Sets on one page, unless it is said.
const ROWS: usize = 20;
/// Most sets on one page: what a widget can show, and a function read, at once.
const MOST_ROWS: usize = 50;

/// Which sets are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Those whose name, account or Region has this in it, in any case of letters; empty is all.
    pub find: String,
    /// Those in this phase.
    pub phase: Option<Phase>,
    /// Which page, from 0.
    pub page: usize,
    /// How many on a page, 1 to 50.
    pub rows: usize,
}

impl Default for Query {
    fn default() -> Self {
        Self { find: String::new(), phase: None, page: 0, rows: ROWS }
    }
}

impl Query {
    /// With so many sets on a page, as far as it can have them.
    #[must_use]
    pub fn with_rows(self, rows: usize) -> Self {
        Self { rows: rows.clamp(1, MOST_ROWS), ..self }
    }

    fn matches(&self, glance: &Glance) -> bool {
        let found = || glance.set.to_string().to_ascii_lowercase().contains(&self.find.trim().to_ascii_lowercase());
        self.phase.is_none_or(|phase| glance.phase == phase) && found()
    }

    /// The page's part of all that match; the last page when it lies behind the end.
    pub(super) fn part_of<'a, T>(&self, all: &'a [T]) -> &'a [T] {
        let rows = self.rows.clamp(1, MOST_ROWS);
        all.chunks(rows).nth(self.page).or_else(|| all.chunks(rows).next_back()).unwrap_or_default()
    }
}

/// Those that match: first those that do not send, then by how much of what is allowed they used up at their last
/// evaluation, then by name. The account as a whole is no set.
pub fn rank<'a>(glances: &'a [Glance], query: &Query) -> Vec<&'a Glance> {
    let mut ranked: Vec<&Glance> =
        glances.iter().filter(|glance| !glance.set.is_account() && query.matches(glance)).collect();
    ranked.sort_by_key(|glance| {
        let place = if glance.phase == Phase::Gone { 2 } else { u8::from(sends(glance.phase)) };
        (place, Reverse(glance.used_ppm), Reverse(glance.near), &glance.set)
    });
    ranked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::State;

    fn glance(name: &str, phase: Phase, used_ppm: u64) -> Glance {
        let set = format!("111122223333/eu-west-1/{name}").parse().unwrap();
        Glance::at(&set, &State { phase, used_ppm, ..State::default() })
    }

    fn names<'a>(ranked: &[&'a Glance]) -> Vec<&'a str> {
        ranked.iter().map(|glance| glance.set.name.as_str()).collect()
    }

    #[test]
    fn what_does_not_send_comes_first_and_then_what_is_nearest_to_its_line() {
        let glances = [
            glance("calm", Phase::Active, 0),
            glance("also-calm", Phase::Active, 0),
            glance("warned", Phase::Warned, 700_000),
            glance("near", Phase::Active, 900_000),
            glance("gone", Phase::Gone, 2_000_000),
            glance("paused", Phase::Paused, 1_100_000),
            glance("by-hand", Phase::External, 0),
            glance("*account*", Phase::Paused, 0),
        ];
        let ranked = rank(&glances, &Query::default());
        assert_eq!(names(&ranked), ["paused", "by-hand", "near", "warned", "also-calm", "calm", "gone"]);
    }

    #[test]
    fn a_query_finds_by_any_part_of_the_key_and_by_phase() {
        let glances =
            [glance("promo-blast", Phase::Paused, 1), glance("Promo", Phase::Active, 0), glance("b", Phase::Active, 0)];
        for (find, phase, found) in [
            ("", None, vec!["promo-blast", "b", "Promo"]),
            (" PROMO ", None, vec!["promo-blast", "Promo"]),
            ("promo", Some(Phase::Active), vec!["Promo"]),
            ("eu-west-1/b", None, vec!["b"]),
            ("<script>", None, vec![]),
        ] {
            let query = Query { find: find.to_owned(), phase, ..Query::default() };
            let mut names = names(&rank(&glances, &query));
            names.sort_by_key(|name| name.eq_ignore_ascii_case("promo"));
            assert_eq!(names, found, "{find}");
        }
    }

    #[test]
    fn a_page_is_a_part_and_the_last_one_stands_in_for_what_lies_behind_it() {
        let all: Vec<usize> = (0..45).collect();
        let page = |page, rows| Query { page, ..Query::default() }.with_rows(rows).part_of(&all).to_vec();
        assert_eq!(page(0, 20), (0..20).collect::<Vec<_>>());
        assert_eq!(page(2, 20), (40..45).collect::<Vec<_>>());
        assert_eq!(page(9, 20), (40..45).collect::<Vec<_>>());
        assert_eq!((page(0, 0).len(), page(0, 1_000).len()), (1, 45));
        assert!(Query::default().part_of::<usize>(&[]).is_empty());
    }
}
