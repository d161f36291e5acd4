//! How many notices of a kind go out one by one before the others are told of together.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;

use crate::audit::{Act, AuditId, AuditRecord};
use crate::time::seconds_between;

/// So many of a kind are told one by one …
pub(super) const SINGLY: usize = 5;
/// … within this long.
const WITHIN_SECONDS: i64 = 600;

/// What was told one by one lately. It is kept in memory only: an actuator that starts anew begins with none.
#[derive(Debug, Default)]
pub struct Crowd(BTreeMap<Act, VecDeque<(Timestamp, AuditId)>>);

impl Crowd {
    /// Whether this record is to be told by itself. What is about the account as a whole always is.
    pub fn admits(&mut self, record: &AuditRecord, now: Timestamp) -> bool {
        if record.set.is_account() {
            return true;
        }
        let admitted = self.0.entry(record.act).or_default();
        admitted.retain(|(at, _)| seconds_between(*at, now) < WITHIN_SECONDS);
        // What failed comes again, and takes nobody else's place.
        if admitted.iter().any(|(_, id)| *id == record.id) {
            return true;
        }
        let admits = admitted.len() < SINGLY;
        if admits {
            admitted.push_back((now, record.id.clone()));
        }
        admits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice::tests::{at, record};
    use crate::time::plus_seconds;

    #[test]
    fn five_of_a_kind_are_told_one_by_one_within_ten_minutes() {
        let mut crowd = Crowd::default();
        let now = at("2026-11-20T12:00:00Z");
        let of = |name: &str, act| record(&format!("111122223333/eu-west-1/{name}"), act, now);
        let names = ["a", "b", "c", "d", "e"];
        assert!(names.iter().all(|name| crowd.admits(&of(name, Act::Paused), now)));
        assert!(!crowd.admits(&of("f", Act::Paused), now), "the sixth");
        assert!(crowd.admits(&of("a", Act::Paused), now), "the first again");
        assert!(crowd.admits(&of("f", Act::Resumed), now), "another kind");
        assert!(crowd.admits(&of("*account*", Act::Paused), now), "the account");
        assert!(!crowd.admits(&of("f", Act::Paused), plus_seconds(now, 599)));
        assert!(crowd.admits(&of("f", Act::Paused), plus_seconds(now, 600)));
    }
}
