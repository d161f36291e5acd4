//! S2: who is paused, who is not, and what counts after a resume.

use guard_core::name::SetKey;
use guard_core::state::{Phase, State};
use guard_core::time::Bucket;
use jiff::Timestamp;

use super::{OUT_OF_STEP, Oracle, Resumed, Seen, Violation, next_bucket, time};
use crate::process::Role;
use crate::rules::Rules;
use crate::ses::{By, STALE, Turn};

impl Oracle {
    /// S2: a pause by the guard needs so many failures of mail sent since the resume.
    pub(super) fn paused(&mut self, now: i64, role: Role, set: &SetKey, present: &State, seen: &Seen) {
        self.pauses += 1;
        self.pauses_again += u64::from(self.resumed.contains_key(set));
        match present.phase {
            Phase::Active | Phase::Warned | Phase::Trial | Phase::Gone => {}
            phase @ (Phase::Pausing | Phase::Paused | Phase::Resuming | Phase::External) => {
                let what = format!("{set} was {}", phase.as_str());
                self.violates(Violation::new("S2 a pause is decided once", now, what));
            }
        }
        self.may_be_paused(now, set, present, seen);
        let upto = seen.read_at.unwrap_or(self.landings.count());
        let for_another_reason = match role {
            Role::Alarm => self.knows_no_send(set, now, upto, seen),
            Role::Account => self.may_pause_for_account(set),
            Role::Ingest | Role::Judge | Role::Actuate | Role::Sweep | Role::Operate => false,
        };
        if for_another_reason {
            self.pauses_for_account += u64::from(role == Role::Account);
            return;
        }
        // Old counts were read some time before the others.
        let (from, rules) = (seen.known_at.unwrap_or(upto).min(upto), self.rules_of(seen));
        if !(from..=upto).any(|upto| self.may_pause(set, now, upto, rules)) {
            let known = self.known(set, now, upto);
            self.violates(Violation::new("S2 a pause is justified", now, format!("{set} by {role:?}; truth: {known}")));
        }
    }

    /// What whoever decides must have gone by: what was in force when it asked.
    pub(super) fn rules_of(&self, seen: &Seen) -> Rules {
        seen.rules.unwrap_or(self.rules)
    }

    /// S2: nobody is paused whom a person, the policy or the stack's mode spares.
    pub(super) fn may_be_paused(&mut self, now: i64, set: &SetKey, present: &State, seen: &Seen) {
        if present.hold.is_some() {
            self.violates(Violation::new("S2 a held set is not paused", now, set.to_string()));
        }
        if self.observes || self.rules_of(seen).spare(set.name.as_str()) {
            self.violates(Violation::new("S2 whom the policy spares is not paused", now, set.to_string()));
        }
    }

    /// S6: what is said to be gone was gone. Only mail of a new set of that name counts.
    pub(super) fn gone(&mut self, now: i64, set: &SetKey, stored: &State, seen: &Seen) {
        if seen.looked.is_none_or(|turn| turn.exists) {
            self.violates(Violation::new("S6 what is gone was deleted", now, format!("{set}: {:?}", seen.looked)));
        }
        let fence = stored.fresh.map_or(now, |fresh| fresh.start().as_millisecond());
        self.resumed.insert(set.clone(), Resumed { may_from: fence, must_from: fence.max(next_bucket(now)) });
        self.known_off.remove(set);
        self.meant.remove(set);
    }

    /// No mail that was sent before the resume may lie behind its fence.
    pub(super) fn resumed(
        &mut self,
        now: i64,
        set: &SetKey,
        stored: &State,
        seen: &Seen,
        switch: Option<Turn>,
        person_on: Option<Turn>,
    ) {
        let Some(switch) = switch else { return };
        let fence = stored.fresh.map_or(0, |fresh| fresh.start().as_millisecond());
        // Who switched it on and off again between two looks, or moments ago, can't be seen; nor if SES does not answer.
        let flipped = !switch.on && person_on.is_some_and(|on| on.at <= switch.at && switch.by == By::Person);
        let just_now = switch.by == By::Person && switch.at + STALE + 30_000 > now;
        let may_from = if flipped || just_now || seen.looked.is_none() { fence.min(now) } else { now - OUT_OF_STEP };
        let sent = self.accepted.get(set).map_or(&[][..], Vec::as_slice);
        if let Some(old) = sent.iter().find(|at| **at >= fence && **at < may_from) {
            let what = format!("{set}: mail of {} lies behind the fence at {}", time(*old), time(fence));
            self.violates(Violation::new("S2 a resume starts afresh", now, what));
        }
        let bucket = Bucket::of(Timestamp::from_millisecond(now).unwrap_or_default()).start().as_millisecond();
        // As far as the guard could know it, by any clock.
        let known_off = self.known_off.get(set).is_some_and(|at| *at + OUT_OF_STEP < bucket);
        let was_off = !switch.on && known_off && now - OUT_OF_STEP >= bucket;
        let must_from = if was_off { bucket.max(now) } else { next_bucket(now + self.skew) };
        // Mail between the resume and its fence is not looked at.
        self.resumed.insert(set.clone(), Resumed { may_from: may_from.max(fence), must_from });
    }
}
