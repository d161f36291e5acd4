//! Guards that are wrong in one way each. All of it is done at the ports and around the steps: the guard's own code
//! has no switch.

use std::collections::BTreeMap;

use guard_core::audit::Act;
use guard_core::name::SetKey;
use guard_core::state::{Change, Intent, Lease, Mark, Phase, State};
use guard_core::time::{Bucket, plus_seconds};
use jiff::Timestamp;

use crate::process::Role;

/// One way to be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mutant {
    /// Not wrong.
    None,
    /// Ingest marks first and counts after.
    MarkBeforeWrite,
    /// Ingest deletes its messages before it marks.
    AckBeforeMark,
    /// Ingest does not mark for what it has counted before.
    SkipMarkIfDuplicate,
    /// The judge takes the mark off, whatever came since.
    DirtyBoolean,
    /// A pause is written down whatever became of the state since it was read.
    NoGenOnIntent,
    /// The judge reads counts that are behind.
    StaleWindowRead,
    /// The judge turns the switch, and writes its intent down after.
    PutBeforeIntent,
    /// Actuators take no lease.
    NoLease,
    /// A lease is shorter than a call may take.
    LeaseShorterThanPut,
    /// Who gets no answer gives its lease back.
    TimeoutFreesLease,
    /// What SES did is recorded, though another intent came meanwhile.
    RecordWithoutGen,
    /// A resume has no fence.
    NoFreshStart,
    /// Mail is booked to when its events come.
    ArrivalTimeBuckets,
    /// Counts are numbers without ids.
    AddCounters,
    /// Nobody sweeps.
    NoSweeper,
    /// What is added to an old bucket is not noted.
    ForgottenNotes,
    /// A bucket's digest is made when it ends, though what is added a little later is not noted.
    EarlyDigests,
    /// A paused set that someone lets send is let send: a policy, and no mistake.
    AdoptOnEnable,
    /// Sets are judged by the policy before the one in force.
    OldPolicy,
    /// A guard that was deployed to observe pauses.
    ObserverPauses,
    /// The judge does not read holds.
    HoldIgnored,
    /// A deleted set's counts go on counting for a new set of its name.
    GoneForgotten,
    /// Whoever asks may stop the account, though the stack was not granted it.
    StopUngranted,
    /// What a look saw is not kept.
    ForgetfulLookout,
    /// The guard takes it that SES took no mail.
    SilenceIsHealth,
}

impl Mutant {
    /// All that are wrong, and the one that is not.
    pub const ALL: [Self; 25] = [
        Self::MarkBeforeWrite,
        Self::AckBeforeMark,
        Self::SkipMarkIfDuplicate,
        Self::DirtyBoolean,
        Self::NoGenOnIntent,
        Self::StaleWindowRead,
        Self::PutBeforeIntent,
        Self::NoLease,
        Self::LeaseShorterThanPut,
        Self::TimeoutFreesLease,
        Self::RecordWithoutGen,
        Self::NoFreshStart,
        Self::ArrivalTimeBuckets,
        Self::AddCounters,
        Self::NoSweeper,
        Self::ForgottenNotes,
        Self::EarlyDigests,
        Self::AdoptOnEnable,
        Self::OldPolicy,
        Self::ObserverPauses,
        Self::HoldIgnored,
        Self::GoneForgotten,
        Self::StopUngranted,
        Self::ForgetfulLookout,
        Self::SilenceIsHealth,
    ];

    /// Whether it is a mistake, which is to be found.
    pub fn is_mistake(self) -> bool {
        !matches!(self, Self::None | Self::AdoptOnEnable)
    }
}

/// What a mutant's process remembers.
#[derive(Debug, Default)]
pub struct Bent {
    /// Whether it has set its marks.
    pub has_marked: bool,
    /// Whether the latest write of a bucket brought a failure that was not there.
    pub brought: BTreeMap<(SetKey, Bucket), bool>,
    /// The leases it would have, had it taken them.
    pub leases: BTreeMap<SetKey, Lease>,
    /// The generations of which it holds the lease.
    pub generations: BTreeMap<SetKey, u64>,
}

/// Whether the change writes down a pause of the guard's own.
pub fn intends_pause(change: &Change) -> bool {
    change.audit.iter().any(|record| record.act == Act::PauseIntended)
}

fn takes_lease(change: &Change) -> bool {
    change.after.lease.is_some() && change.after.lease != change.before.lease
}

impl Mutant {
    /// What a process reads.
    pub fn read(self, role: Role, set: &SetKey, state: &mut State, bent: Option<&Bent>) {
        if self == Self::HoldIgnored && role != Role::Operate {
            state.hold = None;
        }
        let Some(bent) = bent.filter(|_| role == Role::Actuate) else { return };
        match self {
            Self::NoLease => state.lease = bent.leases.get(set).cloned(),
            Self::RecordWithoutGen => {
                if let Some(generation) = bent.generations.get(set) {
                    state.generation = *generation;
                }
            }
            _ => {}
        }
    }

    /// What a process commits, bent; `None` when it is not to be written at all.
    pub fn commit(
        self,
        role: Role,
        change: &Change,
        present: &State,
        bent: Option<&mut Bent>,
        now: Timestamp,
    ) -> Option<Change> {
        let mut change = change.clone();
        match (self, role) {
            (Self::DirtyBoolean, _) if change.mark == Mark::Clear => change.before.dirty = present.dirty,
            (Self::NoGenOnIntent, Role::Judge | Role::Sweep | Role::Account | Role::Alarm)
                if intends_pause(&change) =>
            {
                let (pending, why, owner) = (change.after.pending, change.after.why.clone(), change.after.owner);
                change.before = present.clone();
                let phase = Phase::Pausing;
                let generation = present.generation + 1;
                change.after = State { phase, generation, pending, why, owner, ..present.clone() };
            }
            (Self::HoldIgnored, _) if role != Role::Operate => {
                change.before.hold.clone_from(&present.hold);
                change.after.hold.clone_from(&present.hold);
            }
            (Self::ForgetfulLookout, _) => change.after.sight.clone_from(&change.before.sight),
            (Self::GoneForgotten, _) if change.after.phase == Phase::Gone => change.after.fresh = change.before.fresh,
            (Self::NoFreshStart, Role::Operate) => change.after.fresh = change.before.fresh,
            (Self::LeaseShorterThanPut, Role::Actuate) if takes_lease(&change) => {
                if let Some(lease) = &mut change.after.lease {
                    lease.until = plus_seconds(now, 3);
                }
            }
            (Self::NoLease, Role::Actuate) => {
                let bent = bent?;
                if let (true, Some(lease)) = (takes_lease(&change), &change.after.lease) {
                    bent.leases.insert(change.set.clone(), lease.clone());
                    return None;
                }
                bent.leases.remove(&change.set);
                change.after.lease = None;
            }
            (Self::RecordWithoutGen, Role::Actuate) => {
                let bent = bent?;
                if takes_lease(&change) {
                    bent.generations.insert(change.set.clone(), change.before.generation);
                } else if bent
                    .generations
                    .remove(&change.set)
                    .is_some_and(|generation| generation != present.generation)
                    && change.after.pending.is_none()
                {
                    // "Applied" is written for whatever is intended now.
                    let phase = match present.pending {
                        Some((Intent::Pause, _)) => Phase::Paused,
                        Some((Intent::Resume, _)) => Phase::Trial,
                        None => present.phase,
                    };
                    let applied = present.generation;
                    change.after = State { phase, applied, pending: None, lease: None, ..present.clone() };
                }
            }
            _ => {}
        }
        Some(change)
    }
}
