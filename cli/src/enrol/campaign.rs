//! All sets, one after the other: planned into a file, or given what a plan says.

use std::io;

use guard_core::name::{ConfigurationSetName, SetKey};
use guard_core::policy::pattern::Pattern;
use guard_core::port::{Clock, DESTINATIONS_PER_SET, Inventory, SETS_PER_ACCOUNT, SwitchFault, chain};
use guard_core::steps::enrol::{Patient, Plan, carry_out, plan};

use super::file::{Header, Line, PlanFile};
use super::told::{Outcome, Teller, say};
use super::{DONE, LEFT, Wrong};
use crate::show::figure::count;

/// After so many sets in a row for which SES would not, it would for none.
const FAILURES_IN_A_ROW: u32 = 3;
/// From so many sets on it is said that SES takes no more than [`SETS_PER_ACCOUNT`].
const NEAR_LIMIT: u64 = 9_000;

/// What is wanted, and SES.
#[derive(Debug)]
pub(super) struct Campaign<'a, I, C> {
    pub(super) inventory: Patient<I, C>,
    pub(super) header: &'a Header,
}

impl<I: Inventory, C: Clock> Campaign<'_, I, C> {
    /// Plans every set that one of the patterns names and that the file does not hold yet.
    pub(super) async fn plan(
        &self,
        patterns: &[Pattern],
        mut file: Option<&mut PlanFile>,
        teller: &mut Teller,
    ) -> Result<u8, Wrong> {
        let mut names = self.names().await?;
        names.retain(|name| patterns.is_empty() || patterns.iter().any(|pattern| pattern.matches(name)));
        names.sort();
        teller.begin("planning", names.len());
        for line in file.iter().flat_map(|file| &file.known) {
            teller.planned(line).map_err(unwritten)?;
        }
        let known = file.as_ref().map(|file| file.names()).unwrap_or_default();
        let mut failures = Failures::default();
        for name in names.into_iter().filter(|name| !known.contains(name)) {
            match plan(&self.inventory, &self.header.wanted(), &self.key(&name)).await {
                Ok(plan) => {
                    failures.none();
                    let line = Line::new(name, plan);
                    if let Some(file) = file.as_mut() {
                        file.add(&line)?;
                    }
                    teller.planned(&line).map_err(unwritten)?;
                }
                // Deleted since it was listed.
                Err(SwitchFault::NotFound) => {}
                Err(fault) => {
                    teller.count.failed += 1;
                    say(&format!("{name}: {}", chain(&fault)));
                    failures.one_more(&fault)?;
                }
            }
        }
        let told = &teller.count;
        let mut sentence = format!(
            "Configuration sets: {}. To get an event destination: {}, reputation metrics: {}, nothing: {}. In need of a person: {}.",
            count(told.sets),
            count(told.destinations),
            count(told.metrics),
            count(told.nothing),
            count(told.impossible)
        );
        if told.failed > 0 {
            sentence += &format!(" Without an answer of SES: {}; run it again.", count(told.failed));
        }
        sentence += " Nothing was changed.";
        let code = if told.failed > 0 { LEFT } else { DONE };
        teller.summary(&sentence).map_err(unwritten)?;
        Ok(code)
    }

    /// Does what the plan says, as far as SES says that it is still to be done.
    pub(super) async fn apply(&self, plan: &[Line], teller: &mut Teller) -> Result<u8, Wrong> {
        let to_do: Vec<_> = plan.iter().filter(|line| line.impossible.is_some() || !line.steps().is_empty()).collect();
        teller.begin("applying", to_do.len());
        let mut failures = Failures::default();
        for line in to_do {
            if let Some(finding) = &line.impossible {
                teller.done(&line.configuration_set, &Outcome::Impossible(finding.clone())).map_err(unwritten)?;
                continue;
            }
            match self.enrol(line).await {
                Ok(outcome) => {
                    failures.none();
                    teller.done(&line.configuration_set, &outcome).map_err(unwritten)?;
                }
                Err(fault) => {
                    teller.done(&line.configuration_set, &Outcome::Failed(chain(&fault))).map_err(unwritten)?;
                    failures.one_more(&fault)?;
                }
            }
        }
        let told = &teller.count;
        let left = told.impossible + told.failed;
        let mut sentence = format!(
            "Event destinations created: {}. Reputation metrics switched on: {}. Nothing was left to do: {}.",
            count(told.destinations),
            count(told.metrics),
            count(told.nothing)
        );
        if left > 0 {
            sentence += &format!(" Could not be enrolled: {}; the lines above say why.", count(left));
        }
        teller.summary(&sentence).map_err(unwritten)?;
        Ok(if left > 0 { LEFT } else { DONE })
    }

    async fn enrol(&self, line: &Line) -> Result<Outcome, SwitchFault> {
        let (wanted, set) = (self.header.wanted(), self.key(&line.configuration_set));
        let steps = match plan(&self.inventory, &wanted, &set).await {
            Ok(Plan::Steps(steps)) => steps.and(line.steps()),
            Ok(Plan::Impossible(finding)) => return Ok(Outcome::Impossible(finding)),
            Err(SwitchFault::NotFound) => return Ok(Outcome::Gone),
            Err(fault) => return Err(fault),
        };
        if steps.is_empty() {
            return Ok(Outcome::Nothing);
        }
        match carry_out(&self.inventory, &wanted, &set, steps).await {
            Ok(Ok(())) => Ok(Outcome::Enrolled(steps)),
            Ok(Err(finding)) => Ok(Outcome::Impossible(finding)),
            Err(SwitchFault::NotFound) => Ok(Outcome::Gone),
            Err(fault) => Err(fault),
        }
    }

    async fn names(&self) -> Result<Vec<ConfigurationSetName>, Wrong> {
        let (mut names, mut after) = (Vec::new(), None);
        loop {
            let page =
                self.inventory.configuration_sets(&self.header.account, &self.header.region, after.as_deref()).await;
            let page =
                page.map_err(|fault| Wrong::failed(format!("cannot list the configuration sets: {}", chain(&fault))))?;
            names.extend(page.items);
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        let sets = names.len() as u64;
        if sets >= NEAR_LIMIT {
            let (sets, limit) = (count(sets), count(SETS_PER_ACCOUNT));
            say(&format!(
                "there are {sets} configuration sets; SES takes {limit}, each with {DESTINATIONS_PER_SET} event destinations"
            ));
        }
        Ok(names)
    }

    fn key(&self, name: &ConfigurationSetName) -> SetKey {
        SetKey { account: self.header.account.clone(), region: self.header.region.clone(), name: name.clone() }
    }
}

/// Sets in a row for which SES would not.
#[derive(Debug, Default)]
struct Failures(u32);

impl Failures {
    fn none(&mut self) {
        self.0 = 0;
    }

    fn one_more(&mut self, fault: &SwitchFault) -> Result<(), Wrong> {
        self.0 += 1;
        if self.0 < FAILURES_IN_A_ROW {
            return Ok(());
        }
        let why = chain(fault);
        Err(Wrong::failed(format!(
            "stopped: {why}; mend that and run the same command again, it goes on where it stopped"
        )))
    }
}

fn unwritten(error: io::Error) -> Wrong {
    Wrong::failed(format!("cannot write what was done: {error}"))
}

#[cfg(test)]
mod tests;
