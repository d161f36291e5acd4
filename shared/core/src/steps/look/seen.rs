//! What one look was given, and what that shows of each blind spot.

use crate::port::Vitals;
use crate::sight::checks::{self, Scope};
use crate::sight::{BlindSpot, Sight, View};
use crate::tally::BucketTally;

/// All that one look was given.
pub(super) struct Seen {
    pub(super) scope: Scope,
    pub(super) vitals: Vitals,
    /// Why there are no vitals.
    pub(super) refused: Option<String>,
    /// The account's counts, in a look that asks all.
    pub(super) tallies: Option<Vec<BucketTally>>,
    pub(super) marked: usize,
}

impl Seen {
    /// What each blind spot that was asked for looks like.
    pub(super) fn views(&self, sight: &Sight) -> Vec<(BlindSpot, View)> {
        let (scope, vitals) = (self.scope, &self.vitals);
        let mut views = vec![
            (BlindSpot::Behind, checks::behind(scope, vitals, self.marked)),
            (BlindSpot::DeadLetters, checks::dead_letters(scope, vitals)),
        ];
        let Some(tallies) = &self.tallies else { return views };
        views.push((BlindSpot::Suspect, checks::suspect(scope, tallies)));
        // What waits in the queue is late, and not lost: that is another blind spot.
        let waits = sight.is_blind(BlindSpot::Behind) || checks::events_wait(scope, vitals);
        if sight.covers(scope) && !waits {
            views.push((BlindSpot::Silence, checks::silence(scope, vitals, tallies)));
        }
        let mut reasons: Vec<String> = views.iter().filter_map(|(_, view)| self.reason(view)).collect();
        reasons.extend(sight.survey.refused.clone());
        reasons.dedup();
        let cant_tell = match reasons.as_slice() {
            [] => View::Clear("Every question had its answer.".to_owned()),
            reasons => View::Blind(format!(
                "The guard can't tell whether it is well: {}. That is no sign of health.",
                reasons.join("; ")
            )),
        };
        views.push((BlindSpot::CantTell, cant_tell));
        views
    }

    pub(super) fn reason(&self, view: &View) -> Option<String> {
        match view {
            View::Unknown(reason) => Some(self.refused.clone().unwrap_or_else(|| reason.clone())),
            View::Clear(_) | View::Between | View::Blind(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::port::{Point, Vital};
    use crate::time::plus_seconds;

    /// Nothing was counted of 800 mails, which is silence where nothing waits in the queue, and where it has not waited so
    /// long that the guard is still behind.
    #[test]
    fn what_waits_in_the_queue_is_late_and_not_lost() {
        let at: Timestamp = "2026-11-20T12:05:00Z".parse().unwrap();
        let was_behind = |behind: bool| {
            let mut sight = Sight::beginning(plus_seconds(at, -86_400));
            for _ in 0..if behind { BlindSpot::Behind.begins_after() } else { 0 } {
                sight.saw(BlindSpot::Behind, View::Blind("Events waited.".to_owned()), plus_seconds(at, -300));
            }
            sight
        };
        for (what, behind, ages, silent) in [
            ("nothing waits", false, [0; 5], true),
            ("no longer than it may", false, [15; 5], true),
            ("in one minute events waited", false, [0, 16, 0, 0, 0], false),
            ("the guard was behind, and nothing waits in these minutes", true, [0; 5], false),
            ("it is behind", true, [16; 5], false),
        ] {
            let age = |(minute, value): (i64, u64)| Point { at: plus_seconds(at, -420 + minute * 60), value };
            let sent = Point { at: plus_seconds(at, -3_600), value: 800 };
            let vitals = [(Vital::EventsAge, (0..).zip(ages).map(age).collect::<Vec<_>>()), (Vital::Sends, vec![sent])];
            let seen = Seen {
                scope: Scope::of(at),
                vitals: vitals.into(),
                refused: None,
                tallies: Some(Vec::new()),
                marked: 0,
            };
            let views = seen.views(&was_behind(behind));
            let silence = views.iter().find(|(spot, _)| *spot == BlindSpot::Silence);
            let found = silence.is_some_and(|(_, view)| matches!(view, View::Blind(_)));
            assert_eq!((found, silence.is_some()), (silent, silent), "{what}");
        }
    }
}
