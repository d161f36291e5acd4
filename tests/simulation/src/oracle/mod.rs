//! Who knows every mail, counts by itself, and says when the guard is wrong.
//!
//! It shares no code with the guard's counting and judging. It sees which messages a batch held when a write of that
//! batch took effect, what is committed, who turned which switch, and nothing of what the guard thinks.

mod justified;
mod landings;
mod line;
mod rest;
mod violation;
mod whole;

use std::collections::{BTreeMap, BTreeSet};

use guard_core::audit::{Act, AuditId, GUARD};
use guard_core::name::SetKey;
use guard_core::state::{Change, Intent, Phase, State};
use guard_core::time::Bucket;
use jiff::Timestamp;

use crate::process::Role;
use crate::rules::Rules;
use crate::ses::{By, Turn};

pub use violation::{Seen, Violation};

use landings::Landings;

/// By how much the clocks of those who must be in step differ at most, in milliseconds.
const OUT_OF_STEP: i64 = 2_000;

/// A resume, as it was ordered.
#[derive(Debug, Clone, Copy)]
struct Resumed {
    /// Mail sent from here on may count.
    may_from: i64,
    /// Mail sent from here on must count.
    must_from: i64,
}

/// Everything that really happened.
#[derive(Debug)]
pub struct Oracle {
    /// What is in force.
    pub rules: Rules,
    observes: bool,
    skew: i64,
    landings: Landings,
    resumed: BTreeMap<SetKey, Resumed>,
    known_off: BTreeMap<SetKey, i64>,
    accepted: BTreeMap<SetKey, Vec<i64>>,
    meant: BTreeMap<SetKey, bool>,
    to_tell: BTreeSet<AuditId>,
    counted: BTreeMap<SetKey, usize>,
    judged: BTreeMap<SetKey, usize>,
    published: usize,
    /// How many pauses the guard intended by its counts.
    pub pauses: u64,
    /// How many of them after a resume.
    pub pauses_again: u64,
    /// How many it intended for the sake of the account.
    pub pauses_for_account: u64,
    /// How often it intended to stop the account as a whole.
    pub stops: u64,
    /// What it told that it does not see: each once it began, and whether it still is.
    pub blind: BTreeMap<String, bool>,
    /// When people were last told that the guard is behind, or no more. Until that is over silence isn't looked for.
    pub behind_until: i64,
    /// Receipts of sends in the account's own counts, per bucket: what is written twice, for an answer was lost, is no silence.
    pub account_sends: BTreeMap<i64, u64>,
    unpublished: BTreeSet<usize>,
    /// The first promise that was broken.
    pub violation: Option<Violation>,
}

impl Oracle {
    /// One that knows that nothing has happened.
    pub fn new(rules: Rules, observes: bool, skew_minutes: bool) -> Self {
        Self {
            rules,
            observes,
            skew: if skew_minutes { 240_000 } else { OUT_OF_STEP },
            landings: Landings::default(),
            resumed: BTreeMap::new(),
            known_off: BTreeMap::new(),
            accepted: BTreeMap::new(),
            meant: BTreeMap::new(),
            to_tell: BTreeSet::new(),
            counted: BTreeMap::new(),
            judged: BTreeMap::new(),
            published: 0,
            pauses: 0,
            pauses_again: 0,
            pauses_for_account: 0,
            stops: 0,
            blind: BTreeMap::new(),
            behind_until: 0,
            account_sends: BTreeMap::new(),
            unpublished: BTreeSet::new(),
            violation: None,
        }
    }

    /// A promise was broken; the first one counts.
    pub fn violates(&mut self, violation: Violation) {
        self.violation.get_or_insert(violation);
    }

    /// SES took a mail, and will publish so many events of it.
    pub fn accepted(&mut self, set: &SetKey, at: i64, events: usize) -> usize {
        self.accepted.entry(set.clone()).or_default().push(at);
        let first = self.published;
        self.published += events;
        first
    }

    /// SES did not publish this event.
    pub fn unpublished(&mut self, number: usize) {
        self.unpublished.insert(number);
    }

    /// How much has been counted: a point to which [`Seen`] refers.
    pub fn landings(&self) -> usize {
        self.landings.count()
    }

    /// A write of these messages took effect. Whether a bounce or complaint among them had never been counted.
    pub fn landed(&mut self, parts: &[crate::queue::Delivery], unsure: bool) -> bool {
        parts.iter().fold(false, |brought, part| self.landings.add(part, unsure) | brought)
    }

    /// A message with failures of this set, counted then, is gone from the queue: it does not come again.
    pub fn acknowledged(&mut self, now: i64, set: &SetKey, landed: usize, is_marked: bool) {
        let counted = self.counted.entry(set.clone()).or_default();
        *counted = landed.max(*counted);
        self.owes_nothing(now, set, is_marked);
    }

    /// The mark of this set is off: who took it off had read the state then.
    pub fn cleared(&mut self, now: i64, set: &SetKey, seen: &Seen) {
        let judged = self.judged.entry(set.clone()).or_default();
        // Of a paused set the counts are not read.
        let upto = seen.began_at.unwrap_or(0).min(seen.read_at.unwrap_or(usize::MAX));
        *judged = upto.max(*judged);
        self.owes_nothing(now, set, false);
    }

    /// S3: what is counted and acknowledged is judged, or marked to be. That a sweep judges by time as well is no excuse.
    fn owes_nothing(&mut self, now: i64, set: &SetKey, is_marked: bool) {
        let of = |known: &BTreeMap<SetKey, usize>| known.get(set).copied().unwrap_or(0);
        let (counted, judged) = (of(&self.counted), of(&self.judged));
        if !is_marked && counted > judged {
            let what = format!("{set}: {counted} messages were counted, and the first {judged} judged");
            self.violates(Violation::new("S3 what is counted is judged", now, what));
        }
    }

    /// A change of a set's state took effect.
    #[expect(clippy::too_many_arguments, reason = "it is told everything")]
    pub fn committed(
        &mut self,
        now: i64,
        role: Role,
        change: &Change,
        present: &State,
        stored: &State,
        seen: &Seen,
        switch: Option<Turn>,
        person_on: Option<Turn>,
    ) {
        let set = &change.set;
        self.to_tell.extend(stored.untold.difference(&present.untold).cloned());
        for record in &change.audit {
            match record.act {
                Act::PauseIntended => {
                    if record.actor == GUARD {
                        self.paused(now, role, set, present, seen);
                    }
                    self.meant.insert(set.clone(), false);
                }
                Act::ResumeIntended => {
                    if record.actor == GUARD {
                        self.violates(Violation::new("S6 a resume is an operator's", now, set.to_string()));
                    }
                    self.resumed(now, set, stored, seen, switch, person_on);
                    self.known_off.remove(set);
                    self.meant.insert(set.clone(), true);
                }
                Act::Adopted => {
                    self.by_a_person(now, set, record.act, true, seen);
                    let may_from = person_on.map_or(now, |turn| turn.at);
                    self.resumed.insert(set.clone(), Resumed { may_from, must_from: next_bucket(now) });
                    self.known_off.remove(set);
                    self.meant.insert(set.clone(), true);
                }
                Act::FoundOn => {
                    self.by_a_person(now, set, record.act, true, seen);
                    self.known_off.remove(set);
                    self.meant.insert(set.clone(), true);
                }
                Act::Reasserted => {
                    self.may_be_paused(now, set, present, seen);
                    self.by_a_person(now, set, record.act, true, seen);
                    self.known_off.remove(set);
                    self.meant.insert(set.clone(), false);
                }
                Act::FoundOff => {
                    self.by_a_person(now, set, record.act, false, seen);
                    self.known_off.insert(set.clone(), now);
                    self.meant.insert(set.clone(), false);
                }
                Act::Paused => drop(self.known_off.insert(set.clone(), now)),
                Act::Gone => self.gone(now, set, stored, seen),
                Act::FoundAgain => drop(self.meant.insert(set.clone(), true)),
                // Whatever else is on file decides nothing about sending.
                _ if record.phase_after == Phase::Pausing && record.phase_before != Phase::Pausing => {
                    let what = format!("{set}: {:?} pauses, and why is not checked here", record.act);
                    self.violates(Violation::new("S2 a pause is justified", now, what));
                }
                _ => {}
            }
        }
    }

    /// S6: what is said of a person was a person.
    fn by_a_person(&mut self, now: i64, set: &SetKey, act: Act, on: bool, seen: &Seen) {
        let known = seen.looked.is_some_and(|turn| turn.on == on && turn.by == By::Person);
        if !known {
            let what = format!("{set}: {act:?}, but SES was turned thus: {:?}", seen.looked);
            self.violates(Violation::new("S6 a person's act was a person's", now, what));
        }
    }

    /// S1: a call to turn the switch follows a written intent.
    pub fn turning(&mut self, now: i64, set: &SetKey, on: bool, state: &State, leased: Option<Intent>) {
        let wanted = if on { Intent::Resume } else { Intent::Pause };
        let pending = state.pending.map(|(intent, _)| intent);
        if pending != Some(wanted) && leased != Some(wanted) {
            let what = format!("{set}: {wanted:?} is called for, and {pending:?} is written");
            self.violates(Violation::new("S1 recorded before it is done", now, what));
        }
    }

    /// S5: no call turns a switch away from where it was left at rest.
    pub fn turned(&mut self, now: i64, set: &SetKey, on: bool, before: Turn, state: &State) {
        let at = Timestamp::from_millisecond(now).unwrap_or_default();
        let at_rest = state.pending.is_none() && state.is_free(at);
        if at_rest && before.on != on && state.wants_sending() != on {
            let what = format!("{set}: turned {} in phase {}", if on { "on" } else { "off" }, state.phase.as_str());
            self.violates(Violation::new("S5 no call comes back from the dead", now, what));
        }
    }
}

fn next_bucket(now: i64) -> i64 {
    Bucket::of(Timestamp::from_millisecond(now).unwrap_or_default()).end().as_millisecond()
}

fn time(millisecond: i64) -> String {
    format!("{:.3}", Timestamp::from_millisecond(millisecond).unwrap_or_default())
}
