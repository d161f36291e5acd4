//! Enrolling: a configuration set is given what it takes to be heard. One way through, for `ses-guard enrol` and for the
//! sweep. What exists is never changed, and what was done is asked of SES, never assumed: so it may die anywhere and be
//! run again.

mod patient;
#[cfg(test)]
mod tests;

pub use patient::Patient;

use crate::hearing::{Ear, Finding, Gap, listen};
use crate::name::SetKey;
use crate::port::{Created, EventDestination, Inventory, SwitchFault};

/// What each set is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// An event destination that leads there.
    pub ear: Ear,
    /// SES's own rates in CloudWatch, too. They cost by the set.
    pub metrics: bool,
}

/// What a set lacks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Steps {
    /// An event destination.
    pub destination: bool,
    /// Reputation metrics.
    pub metrics: bool,
}

impl Steps {
    /// Whether it lacks nothing.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// What both name.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { destination: self.destination && other.destination, metrics: self.metrics && other.metrics }
    }
}

/// What enrolling a set comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// These steps; none when it lacks nothing.
    Steps(Steps),
    /// It takes a person: for this reason.
    Impossible(Finding),
}

/// Asks SES what a set lacks.
pub async fn plan<I: Inventory>(inventory: &I, wanted: &Wanted, set: &SetKey) -> Result<Plan, SwitchFault> {
    let destination = match listen(&set.name, &inventory.event_destinations(set).await?, &wanted.ear) {
        Ok(()) => false,
        Err(finding) if finding.gap.can_be_closed() => true,
        Err(finding) => return Ok(Plan::Impossible(finding)),
    };
    let metrics = wanted.metrics && !inventory.has_reputation_metrics(set).await?;
    Ok(Plan::Steps(Steps { destination, metrics }))
}

/// Gives a set what it lacks; gives why not, when that turns out to take a person. The event destination comes last: as
/// long as the set is not heard, nothing of it is taken for done.
pub async fn carry_out<I: Inventory>(
    inventory: &I,
    wanted: &Wanted,
    set: &SetKey,
    steps: Steps,
) -> Result<Result<(), Finding>, SwitchFault> {
    if steps.metrics {
        inventory.start_reputation_metrics(set).await?;
    }
    match steps.destination {
        true => create(inventory, &wanted.ear, set).await,
        false => Ok(Ok(())),
    }
}

async fn create<I: Inventory>(inventory: &I, ear: &Ear, set: &SetKey) -> Result<Result<(), Finding>, SwitchFault> {
    let new = EventDestination::of_guard(&ear.destination, &ear.topic);
    let full = match inventory.create_event_destination(set, &new).await? {
        Created::Done => return Ok(Ok(())),
        // Perhaps by ourselves, and the answer was lost.
        Created::AlreadyThere => false,
        Created::Full => true,
    };
    let heard = listen(&set.name, &inventory.event_destinations(set).await?, ear);
    Ok(heard.map_err(|finding| match full {
        true => Finding { gap: Gap::Full, ..finding },
        false => finding,
    }))
}
