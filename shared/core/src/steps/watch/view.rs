//! What a page shows.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::rank::Query;
use crate::account::AccountWatch;
use crate::audit::AuditRecord;
use crate::home::Home;
use crate::judge::Course;
use crate::name::SetKey;
use crate::policy::ProfileName;
use crate::port::Glance;
use crate::sight::Shown;
use crate::state::{Phase, State, Totals};
use crate::steps::decide::Mode;

/// The guard as a whole, and a part of its sets.
#[derive(Debug, Clone)]
pub struct Overview {
    /// When it was looked at.
    pub at: Timestamp,
    /// Whether the guard pauses at all.
    pub mode: Mode,
    /// Whether a set's name alone does not say which is meant.
    pub several_homes: bool,
    /// All sets together.
    pub sums: Sums,
    /// The accounts, the stack's own first.
    pub accounts: Vec<AccountView>,
    /// What the guard does not see.
    pub blind_spots: Vec<Shown>,
    /// How many sets the query asks for.
    pub matching: usize,
    /// What was asked for.
    pub query: Query,
    /// The sets of its page, nearest to their limit first.
    pub rows: Vec<Row>,
}

/// All sets together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums {
    /// How many are known.
    pub sets: usize,
    /// By phase.
    pub phases: BTreeMap<Phase, usize>,
    /// Those that send, and were half-way to a line or beyond at their last evaluation.
    pub near: usize,
    /// Held by an operator.
    pub held: usize,
    /// Whose events do not reach the guard.
    pub unheard: usize,
}

impl Sums {
    pub(super) fn of(glances: &[Glance]) -> Self {
        let mut sums = Self::default();
        for glance in glances.iter().filter(|glance| !glance.set.is_account()) {
            sums.sets += 1;
            *sums.phases.entry(glance.phase).or_default() += 1;
            sums.near += usize::from(glance.near && sends(glance.phase));
            sums.held += usize::from(glance.is_held);
            sums.unheard += usize::from(glance.is_unheard);
        }
        sums
    }
}

/// Whether SES takes a set's mail in this phase, as far as the guard knows.
pub(super) fn sends(phase: Phase) -> bool {
    match phase {
        Phase::Active | Phase::Warned | Phase::Resuming | Phase::Trial => true,
        Phase::Pausing | Phase::Paused | Phase::External | Phase::Gone => false,
    }
}

/// How one account stands.
#[derive(Debug, Clone)]
pub struct AccountView {
    /// Which.
    pub home: Home,
    /// Where its own switch stands, if the guard may turn it.
    pub phase: Phase,
    /// What the last look found; `None` before the first.
    pub watch: Option<Box<AccountWatch>>,
}

/// How one set stands.
#[derive(Debug, Clone)]
pub struct Row {
    /// Which.
    pub set: SetKey,
    /// Its state as stored.
    pub state: State,
    /// The profile that judges it.
    pub profile: ProfileName,
    /// Buckets of its window.
    pub window: u32,
    /// Why it is not paused, whatever its counts say.
    pub spared: Option<String>,
    /// The larger share of what its lines allow that is used up, in millionths.
    pub used_ppm: u64,
    /// Whether it is judged with the trial's slack.
    pub trial: bool,
    /// The window's totals.
    pub totals: Totals,
    /// Why its counts can't be trusted, if so.
    pub degraded: Option<String>,
    /// Its way through the window, of bounces and of complaints.
    pub courses: [Course; 2],
    /// The last decision, or how it stands, in one sentence.
    pub sentence: String,
}

/// One set with its latest records.
#[derive(Debug, Clone)]
pub struct SetView {
    /// When it was looked at.
    pub at: Timestamp,
    /// Whether a set's name alone does not say which is meant.
    pub several_homes: bool,
    /// How it stands.
    pub row: Row,
    /// The latest records, newest first.
    pub history: Vec<AuditRecord>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_sets_are_summed_up_and_the_account_is_none_of_them() {
        let glance = |name: &str, phase| {
            let set = format!("111122223333/eu-west-1/{name}").parse().unwrap();
            Glance::at(&set, &State { phase, ..State::default() })
        };
        let glances = [
            glance("calm", Phase::Active),
            Glance { near: true, ..glance("near", Phase::Active) },
            Glance { near: true, is_held: true, ..glance("warned", Phase::Warned) },
            Glance { near: true, ..glance("paused", Phase::Paused) },
            Glance { is_held: true, is_unheard: true, ..glance("off", Phase::External) },
            Glance { is_held: true, is_unheard: true, ..glance("deaf", Phase::Active) },
            Glance { is_unheard: true, ..glance("deaf-too", Phase::Active) },
            Glance { near: true, is_held: true, ..glance("*account*", Phase::Paused) },
        ];
        let phases = [(Phase::Active, 4), (Phase::Warned, 1), (Phase::Paused, 1), (Phase::External, 1)];
        // Of the three near a line one sends no more.
        let expected = Sums { sets: 7, phases: phases.into(), near: 2, held: 3, unheard: 3 };
        assert_eq!(Sums::of(&glances), expected);
    }
}
