//! Many configuration sets.

use std::collections::BTreeSet;

use comfy_table::Cell;
use guard_core::hearing::Gap;
use guard_core::home::Home;
use guard_core::name::{AccountId, ConfigurationSetName, Region};
use guard_core::state::Phase;
use serde::Deserialize;

use super::figure::{self, NONE, Share};
use super::{faint, phase_cell, right, table, words};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct List {
    configuration_sets: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    configuration_set: ConfigurationSetName,
    account: Option<AccountId>,
    region: Option<Region>,
    phase: Phase,
    held: bool,
    unheard: Option<Gap>,
    sends: u64,
    bounce_rate_ppm: Option<u64>,
    complaint_rate_ppm: Option<u64>,
    sentence: Option<String>,
}

impl List {
    /// In the guard's order: those that need someone first.
    pub(super) fn text(&self, width: Option<u16>) -> String {
        if self.configuration_sets.is_empty() {
            return "No such configuration set is known.\n".to_owned();
        }
        let homes: BTreeSet<Option<Home>> = self.configuration_sets.iter().map(Row::home).collect();
        let several = homes.len() > 1;
        let rows = self.configuration_sets.iter().map(|row| row.cells(several)).collect();
        let [set, home, phase, sent, bounced, complained, why] =
            ["configuration set", "home", "phase", "sent", "bounced", "complained", "why"].map(faint);
        let mut header = vec![set, phase, right(sent), right(bounced), right(complained), why];
        if several {
            header.insert(1, home);
        }
        table(header, rows, width)
    }
}

impl Row {
    fn besides(&self) -> &'static str {
        match (self.held, self.unheard.is_some()) {
            (false, false) => "",
            (true, false) => ", held",
            (false, true) => ", not heard",
            (true, true) => ", held, not heard",
        }
    }

    /// `None` of a guard that is too old to say it.
    fn home(&self) -> Option<Home> {
        Some(Home { account: self.account.clone()?, region: self.region.clone()? })
    }

    fn cells(&self, several: bool) -> Vec<Cell> {
        let mut cells = vec![
            Cell::new(&self.configuration_set),
            phase_cell(self.phase, self.besides()),
            right(Cell::new(figure::count(self.sends))),
            right(Cell::new(figure::share(Share::Bounce, self.bounce_rate_ppm))),
            right(Cell::new(figure::share(Share::Complaint, self.complaint_rate_ppm))),
            words(self.sentence.as_deref().unwrap_or(NONE)),
        ];
        if several {
            cells.insert(1, Cell::new(self.home().map_or(NONE.to_owned(), String::from)));
        }
        cells
    }
}
