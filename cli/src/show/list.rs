//! Many configuration sets.

use comfy_table::Cell;
use guard_core::name::ConfigurationSetName;
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
    phase: Phase,
    held: bool,
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
        let rows = self.configuration_sets.iter().map(Row::cells).collect();
        let [set, phase, sent, bounced, complained, why] =
            ["configuration set", "phase", "sent", "bounced", "complained", "why"].map(faint);
        table(vec![set, phase, right(sent), right(bounced), right(complained), why], rows, width)
    }
}

impl Row {
    fn cells(&self) -> Vec<Cell> {
        vec![
            Cell::new(&self.configuration_set),
            phase_cell(self.phase, if self.held { ", held" } else { "" }),
            right(Cell::new(figure::count(self.sends))),
            right(Cell::new(figure::share(Share::Bounce, self.bounce_rate_ppm))),
            right(Cell::new(figure::share(Share::Complaint, self.complaint_rate_ppm))),
            words(self.sentence.as_deref().unwrap_or(NONE)),
        ]
    }
}
