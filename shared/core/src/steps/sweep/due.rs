//! What is due in a minute: which sets are judged by time, which are asked of SES, and of which people are reminded.

use std::cmp::Reverse;
use std::hash::Hasher;

use jiff::Timestamp;
use siphasher::sip::SipHasher24;

use super::drift::is_at_rest;
use crate::name::SetKey;
use crate::port::Glance;
use crate::state::Phase;
use crate::time::{plus_seconds, seconds_between};

/// How often a set with failures in its window is judged by time alone: a line may move as mail ages out, and trials
/// and warnings end.
const REJUDGED_EVERY_MINUTES: i64 = 15;

/// How many sets a minute are asked of SES: a fifth of the one call a second that it grants. Were half of them spent on
/// this, pauses in a mass incident would come so late that nearly three times as much bad mail got out.
pub(super) const LOOKS_PER_MINUTE: usize = 12;
/// At most so many of them for sets that someone is known to have touched.
const LOOKS_ON_REQUEST: usize = 8;
/// How often a paused set is asked of SES: that one sends after all is what costs most.
const PAUSED_LOOKED_AT_EVERY_SECONDS: i64 = 600;

const DAY_SECONDS: i64 = 86_400;

/// Whether a set is to be judged in this minute though nothing was counted. Each set has its minute of the quarter of
/// an hour, so that the load is even and a repeated sweep of the same minute judges the same.
pub(super) fn to_be_judged(glance: &Glance, minute: Timestamp) -> bool {
    let (sends, by_time) = match glance.phase {
        Phase::Trial => (true, true),
        Phase::Active | Phase::Warned => (true, glance.has_failures()),
        Phase::Pausing | Phase::Paused | Phase::Resuming | Phase::External | Phase::Gone => (false, false),
    };
    sends && !glance.set.is_account() && (glance.near || (by_time && is_minute_of(&glance.set, minute)))
}

fn is_minute_of(set: &SetKey, minute: Timestamp) -> bool {
    let mut hasher = SipHasher24::new();
    hasher.write(set.to_string().as_bytes());
    let minute = minute.as_second().div_euclid(60);
    let slots = REJUDGED_EVERY_MINUTES.unsigned_abs();
    hasher.finish() % slots == minute.rem_euclid(REJUDGED_EVERY_MINUTES).unsigned_abs()
}

/// The sets to be asked of SES: those that were touched, paused ones every ten minutes, then all others in turn.
pub(super) fn to_be_looked_at(glances: &[Glance], now: Timestamp) -> Vec<SetKey> {
    let is_touched = |glance: &&Glance| is_at_rest(glance.phase) && glance.look_at.is_some_and(|at| at <= now);
    let mut touched: Vec<_> = glances.iter().filter(is_touched).collect();
    touched.sort_by_key(|glance| glance.look_at);
    touched.truncate(LOOKS_ON_REQUEST);

    // Of the account's own switch only a stop is the guard's: who else turned it, SES and the account's look tell.
    let ours = |glance: &Glance| !glance.set.is_account() || glance.phase == Phase::Paused;
    let untouched = |glance: &&Glance| glance.look_at.is_none() && ours(glance);
    let (mut paused, mut others) = (Vec::new(), Vec::new());
    for glance in glances.iter().filter(untouched) {
        match glance.phase {
            Phase::Paused if is_stale(glance, now) => paused.push(glance),
            Phase::Active | Phase::Warned | Phase::Trial | Phase::External => others.push(glance),
            Phase::Paused | Phase::Pausing | Phase::Resuming | Phase::Gone => {}
        }
    }
    // `None` comes first: who was never asked after.
    paused.sort_by_key(|glance| glance.looked_at);
    others.sort_by_key(|glance| glance.looked_at);
    // However many are paused, one look a minute is left for the others.
    paused.truncate((LOOKS_PER_MINUTE - touched.len()).saturating_sub(usize::from(!others.is_empty())));
    let in_turn = touched.into_iter().chain(paused).chain(others);
    in_turn.take(LOOKS_PER_MINUTE).map(|glance| glance.set.clone()).collect()
}

fn is_stale(glance: &Glance, now: Timestamp) -> bool {
    glance.looked_at.is_none_or(|at| plus_seconds(at, PAUSED_LOOKED_AT_EVERY_SECONDS) <= now)
}

/// Whether people are to be reminded of a paused set: once a day for a week, then once a week. A held one is left alone.
pub(super) fn to_be_reminded(glance: &Glance, now: Timestamp) -> bool {
    let (Phase::Paused, Some(off_since), false) = (glance.phase, glance.off_since, glance.is_held) else {
        return false;
    };
    let last = glance.reminded_at.unwrap_or(off_since);
    let pause = match seconds_between(off_since, last) < 7 * DAY_SECONDS {
        true => DAY_SECONDS,
        false => 7 * DAY_SECONDS,
    };
    plus_seconds(last, pause) <= now
}

/// Those to be judged, the worst off first: a sweep that runs out of time has done what mattered most.
pub(super) fn most_urgent_first(glances: &mut [&Glance]) {
    glances.sort_by_key(|glance| Reverse(glance.near));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{State, Totals};

    const NOON: &str = "2026-11-20T12:00:00Z";

    fn noon() -> Timestamp {
        NOON.parse().unwrap()
    }

    fn glance(number: usize, phase: Phase) -> Glance {
        let set = format!("111122223333/eu-west-1/set-{number:05}").parse().unwrap();
        Glance::at(&set, &State { phase, ..State::default() })
    }

    fn failing(number: usize, phase: Phase) -> Glance {
        let totals = Totals { sends: 10, bounces: 1, ..Totals::default() };
        Glance { totals: Some(totals), ..glance(number, phase) }
    }

    #[test]
    fn a_set_with_failures_is_judged_once_in_a_quarter_of_an_hour_and_a_near_one_each_minute() {
        let times = |glance: &Glance| {
            (0..15).filter(|minute| to_be_judged(glance, plus_seconds(noon(), minute * 60 + 7))).count()
        };
        let unfailing = Totals { sends: 10, prevented: 1, ..Totals::default() };
        for (what, glance, expected) in [
            ("nothing counted", glance(1, Phase::Active), 0),
            ("no failures", Glance { totals: Some(unfailing), ..glance(1, Phase::Active) }, 0),
            ("failures", failing(1, Phase::Active), 1),
            ("warned", failing(1, Phase::Warned), 1),
            ("a trial without failures ends too", glance(1, Phase::Trial), 1),
            ("near", Glance { near: true, ..glance(1, Phase::Active) }, 15),
            ("paused", Glance { near: true, ..failing(1, Phase::Paused) }, 0),
            ("gone", failing(1, Phase::Gone), 0),
        ] {
            assert_eq!(times(&glance), expected, "{what}");
        }
    }

    #[test]
    fn the_load_of_ten_thousand_sets_is_even() {
        let all: Vec<Glance> = (0..10_000).map(|number| failing(number, Phase::Active)).collect();
        for minute in 0..15 {
            let due = all.iter().filter(|glance| to_be_judged(glance, plus_seconds(noon(), minute * 60))).count();
            assert!((567..=767).contains(&due), "{due} in minute {minute}");
        }
    }

    #[test]
    fn all_sets_get_their_turn_and_paused_ones_every_ten_minutes() {
        let phase = |number| if number < 50 { Phase::Paused } else { Phase::Active };
        let mut glances: Vec<Glance> = (0..300).map(|number| glance(number, phase(number))).collect();
        let mut looks = vec![Vec::new(); glances.len()];
        for minute in 0..60 {
            let now = plus_seconds(noon(), minute * 60);
            let due = to_be_looked_at(&glances, now);
            assert!(due.len() <= LOOKS_PER_MINUTE);
            for (glance, looks) in glances.iter_mut().zip(&mut looks).filter(|(glance, _)| due.contains(&glance.set)) {
                glance.looked_at = Some(now);
                looks.push(minute);
            }
        }
        for (number, looks) in looks.iter().enumerate() {
            let gaps = looks.windows(2).map(|pair| pair[1] - pair[0]);
            let longest = gaps.max().unwrap_or(0);
            if phase(number) == Phase::Paused {
                assert!((5..=7).contains(&looks.len()) && longest <= 11, "{number}: {looks:?}");
            } else {
                assert!((1..=2).contains(&looks.len()), "{number}: {looks:?}");
            }
        }
    }

    #[test]
    fn who_was_touched_comes_first_and_never_takes_all() {
        let mut glances: Vec<Glance> = (0..40).map(|number| glance(number, Phase::Active)).collect();
        let touched = |second| Some(plus_seconds(noon(), second));
        (10..30).zip(&mut glances[10..30]).for_each(|(number, glance)| glance.look_at = touched(-number));
        glances[30].look_at = touched(1);
        let due = to_be_looked_at(&glances, noon());
        let expected: Vec<_> = (22..30).rev().chain(0..4).map(|number: usize| glances[number].set.clone()).collect();
        assert_eq!(due, expected, "the longest waiting first; one whose time has not come waits");
    }

    #[test]
    fn a_set_that_is_about_to_change_is_not_asked_after_however_it_was_touched() {
        use Phase::{Active, External, Gone, Paused, Pausing, Resuming, Trial, Warned};
        for (phase, asked) in [
            (Active, true),
            (Warned, true),
            (Trial, true),
            (Paused, true),
            (External, true),
            (Pausing, false),
            (Resuming, false),
            (Gone, false),
        ] {
            let touched = Glance { look_at: Some(noon()), ..glance(1, phase) };
            assert_eq!(!to_be_looked_at(&[touched], noon()).is_empty(), asked, "{phase:?}");
        }
    }

    #[test]
    fn however_many_are_paused_one_look_is_left_for_the_others() {
        let never = |phase, numbers: std::ops::Range<usize>| numbers.map(move |number| glance(number, phase));
        let touched = |number| Glance { look_at: Some(noon()), ..glance(number, Phase::Active) };
        for (what, on_request, others, expected) in [
            ("none is touched", 0, 5, (0, 11, 1)),
            ("as many as are looked at on request", 8, 5, (8, 3, 1)),
            ("there are no others", 0, 0, (0, 12, 0)),
            ("some are touched, and there are no others", 8, 0, (8, 4, 0)),
        ] {
            let mut glances: Vec<Glance> = (0..on_request).map(touched).collect();
            glances.extend(never(Phase::Paused, 100..150).chain(never(Phase::Active, 200..200 + others)));
            let due = to_be_looked_at(&glances, noon());
            let count = |from: usize, phase| {
                let of: Vec<_> = never(phase, from..from + 100).map(|glance| glance.set).collect();
                due.iter().filter(|set| of.contains(set)).count()
            };
            let found = (count(0, Phase::Active), count(100, Phase::Paused), count(200, Phase::Active));
            assert_eq!(found, expected, "{what}");
        }
    }

    #[test]
    fn those_near_a_line_are_judged_before_the_others() {
        let near = |number| Glance { near: true, ..glance(number, Phase::Active) };
        let all = [glance(0, Phase::Active), near(1), glance(2, Phase::Active), near(3)];
        let mut by_urgency: Vec<&Glance> = all.iter().collect();
        most_urgent_first(&mut by_urgency);
        let expected = [&all[1], &all[3], &all[0], &all[2]].map(|glance| &glance.set);
        assert_eq!(by_urgency.iter().map(|glance| &glance.set).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn people_are_reminded_daily_for_a_week_and_then_weekly() {
        let day = |count: i64| plus_seconds(noon(), count * DAY_SECONDS);
        let mut glance = Glance { off_since: Some(noon()), ..glance(1, Phase::Paused) };
        let mut reminded = Vec::new();
        for hour in 0..24 * 30 {
            let now = plus_seconds(noon(), hour * 3_600);
            if to_be_reminded(&glance, now) {
                glance.reminded_at = Some(now);
                reminded.push(hour / 24);
                assert_eq!(hour % 24, 0);
            }
        }
        assert_eq!(reminded, [1, 2, 3, 4, 5, 6, 7, 14, 21, 28]);
        assert!(!to_be_reminded(&Glance { is_held: true, reminded_at: None, ..glance.clone() }, day(30)));
        assert!(!to_be_reminded(&Glance { phase: Phase::External, reminded_at: None, ..glance }, day(30)));
    }
}
