//! The account as a whole: who stops it, and what the guard says that it does not see.

use guard_core::audit::{Act, AuditRecord, GUARD};
use guard_core::name::SetKey;
use guard_core::sight::BlindSpot;
use guard_core::state::{Change, Phase, State};

use super::landings::BUCKET;
use super::{Oracle, Resumed, Seen, Violation, next_bucket};
use crate::ses::By;
use crate::world::World;

impl Oracle {
    /// A change of what is kept of the account as a whole took effect. `may_stop` says whether anybody may stop it.
    pub fn committed_whole(
        &mut self,
        now: i64,
        change: &Change,
        present: &State,
        stored: &State,
        seen: &Seen,
        may_stop: bool,
    ) {
        let set = &change.set;
        self.to_tell.extend(stored.untold.difference(&present.untold).cloned());
        for record in &change.audit {
            let of_switch = matches!(record.act, Act::PauseIntended | Act::ResumeIntended | Act::Held | Act::Released);
            if of_switch && !may_stop {
                let what = format!("{:?} by {}", record.act, record.actor);
                self.violates(Violation::new("S2 the account is stopped where that is granted", now, what));
            }
            match record.act {
                Act::PauseIntended => {
                    if record.actor == GUARD {
                        self.stopped(now, set, present, seen);
                    }
                    self.meant.insert(set.clone(), false);
                }
                Act::ResumeIntended => {
                    if record.actor == GUARD {
                        self.violates(Violation::new("S6 a resume is an operator's", now, set.to_string()));
                    }
                    self.afresh(now, set, stored);
                }
                Act::Reasserted => {
                    self.may_be_paused(now, set, present, seen);
                    self.by_a_person(now, set, record.act, true, seen);
                    self.meant.insert(set.clone(), false);
                }
                Act::Adopted => {
                    self.by_a_person(now, set, record.act, true, seen);
                    self.afresh(now, set, stored);
                }
                Act::WentBlind | Act::SeesAgain => self.turned_blind(now, record),
                _ => {}
            }
        }
    }

    fn afresh(&mut self, now: i64, set: &SetKey, stored: &State) {
        let fence = stored.fresh.map_or(now, |fresh| fresh.start().as_millisecond());
        self.resumed.insert(set.clone(), Resumed { may_from: fence, must_from: fence.max(next_bucket(now)) });
        self.meant.insert(set.clone(), true);
    }

    /// S2: the guard stops the account only at the lines that the policy has for it, and once.
    fn stopped(&mut self, now: i64, set: &SetKey, present: &State, seen: &Seen) {
        self.stops += 1;
        self.may_be_paused(now, set, present, seen);
        if !present.wants_sending() {
            self.violates(Violation::new("S2 a pause is decided once", now, set.to_string()));
        }
        let since = self.resumed.get(set).map_or(i64::MIN, |resumed| resumed.may_from);
        let is_at = self.rules_of(seen).stop.is_some_and(|lines| self.account_is_at(lines, since));
        if !is_at {
            self.violates(Violation::new(
                "S2 a pause is justified",
                now,
                format!("{set}: by {:?}", self.rules_of(seen)),
            ));
        }
    }

    /// Whether in some stretch at least half of either line is reached. The account's tally may lack what a crash took of
    /// it: this is no more than that there was a reason.
    fn account_is_at(&self, lines: (u64, u64), since: i64) -> bool {
        let buckets: Vec<[u64; 3]> = self.landings.of_all(since).into_values().collect();
        (0..buckets.len()).any(|first| {
            let mut sums = [0_u64; 3];
            buckets[first..].iter().any(|more| {
                sums = std::array::from_fn(|kind| sums[kind] + more[kind]);
                let [sends, bounces, complaints] = sums;
                bounces * 2_000_000 >= lines.0 * sends.max(150) || complaints * 2_000_000 >= lines.1 * sends.max(150)
            })
        })
    }

    /// W1: a blind spot is told when it begins and when it is over, each once.
    fn turned_blind(&mut self, now: i64, record: &AuditRecord) {
        let begins = record.act == Act::WentBlind;
        let evidence = record.evidence.as_ref();
        let spot = evidence.and_then(|all| all["blindSpot"].as_str()).unwrap_or_default().to_owned();
        if spot == "behind" {
            self.behind_until = now;
        }
        let was_blind = self.blind.insert(spot.clone(), begins).unwrap_or(false);
        if was_blind == begins {
            let what = format!("{spot} began, or was over, twice: {}", record.sentence);
            self.violates(Violation::new("W1 what is not seen is told once", now, what));
        }
    }
}

impl World {
    /// What must hold of the account at rest.
    pub(super) fn rest_of_account(&self, whole: bool, found: &mut Vec<Violation>) {
        let state = self.state(&self.account);
        let Some(turn) = self.switches.get(&self.account).map(crate::ses::Switch::now) else { return };
        let mut violates =
            |promise, what: String| found.push(Violation::new(promise, self.now, format!("account: {what}")));
        if !state.untold.is_empty() {
            violates("L1 all is finished", "something of it is untold".to_owned());
        }
        if state.pending.is_some() {
            violates("L1 all is finished", format!("{:?} is pending still", state.pending));
        }
        // A stop that the guard did not make is told, and left alone.
        let matches = match state.phase {
            Phase::Paused => !turn.on,
            Phase::Active | Phase::Warned | Phase::Trial => turn.on || turn.by == By::Person,
            Phase::Pausing | Phase::Resuming | Phase::External | Phase::Gone => false,
        };
        let meant = self.oracle.meant.get(&self.account).copied();
        let as_meant = turn.by == By::Person || meant.is_none_or(|meant| meant == turn.on);
        if !matches || !as_meant {
            violates("S1 what is so is recorded", format!("{turn:?}, meant {meant:?}, phase {}", state.phase.as_str()));
        }
        if self.script.guards_account
            && let Some(standing) = state.account.as_ref().and_then(|watch| watch.standing.as_ref())
            && (standing.sending_enabled != turn.on || (standing.enforcement_status == "SHUTDOWN") != self.is_shut_down)
        {
            violates("L1 all is finished", format!("SES was last seen as {standing:?}"));
        }
        self.rest_of_sight(&state, whole, found);
    }

    fn rest_of_sight(&self, state: &State, whole: bool, found: &mut Vec<Violation>) {
        let mut violates = |what: String| found.push(Violation::new("W1 what is not seen is told", self.now, what));
        let Some(sight) = &state.sight else { return violates("nobody ever looked".to_owned()) };
        let since = |at: jiff::Timestamp| self.now - at.as_millisecond();
        if sight.checked_at.is_none_or(|at| since(at) > 600_000) {
            violates(format!("the last look was at {:?}", sight.checked_at));
        }
        let given_up = !self.queue.dead.is_empty() || self.measures.dead_wake_ups > 0;
        for (spot, expected) in [
            (BlindSpot::DeadLetters, given_up),
            (BlindSpot::NoDefaultSet, self.script.bare_identities > 0),
            (BlindSpot::Behind, false),
            (BlindSpot::CantTell, false),
        ] {
            if sight.is_blind(spot) != expected {
                violates(format!("{spot:?} should be {expected}: {:?}", self.oracle.blind));
            }
        }
        let begun_at = sight.begun_at.as_millisecond();
        if !whole && self.is_silent(begun_at) && !self.oracle.blind.contains_key("silence") {
            violates("mail went out for an hour, and its events never came: nobody was told".to_owned());
        }
    }

    /// Whether two looks in a row, in quiet times, must have found silence.
    fn is_silent(&self, begun_at: i64) -> bool {
        let counted = self.oracle.landings.receipts_of_sends();
        let hour = |end: i64| {
            let sum = |of: &std::collections::BTreeMap<i64, u64>| -> u64 {
                of.range(end - 4 * BUCKET..end).map(|(_, count)| count).sum()
            };
            let taken = sum(&self.measures.taken);
            taken >= 50 && sum(&counted).max(sum(&self.oracle.account_sends)) * 2 < taken
        };
        // Before the first of both nothing waited any more, and nobody was told so; and the later of both is over.
        let quiet_since = self.measures.rough_until.max(self.calm_since).max(self.oracle.behind_until);
        let first = (quiet_since + 300_000 - 600_000).div_euclid(BUCKET) * BUCKET + BUCKET;
        let mut ends =
            (0..8).map(|number| first + number * BUCKET).take_while(|end| end + BUCKET + 1_200_000 <= self.now);
        ends.any(|end| end - 4 * BUCKET >= begun_at && hour(end) && hour(end + BUCKET))
    }
}
