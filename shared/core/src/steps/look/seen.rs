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
