//! What was decided about a configuration set.

use comfy_table::{Cell, Color};
use guard_core::audit::{Act, AuditRecord};
use guard_core::name::ConfigurationSetName;
use serde::Deserialize;

use super::{faint, figure, table, words};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct History {
    configuration_set: ConfigurationSetName,
    records: Vec<AuditRecord>,
}

impl History {
    /// In the guard's order: newest first.
    pub(super) fn text(&self, width: Option<u16>) -> String {
        if self.records.is_empty() {
            return format!("Nothing was ever decided about {}.\n", self.configuration_set);
        }
        let rows = self.records.iter().map(cells).collect();
        table(["time (UTC)", "act", "actor", "why"].map(faint).into(), rows, width)
    }
}

fn cells(record: &AuditRecord) -> Vec<Cell> {
    let act = Cell::new(word(record.act));
    let act = match tone(record.act) {
        Some(color) => act.fg(color),
        None => act,
    };
    vec![Cell::new(figure::time(record.at)), act, words(&record.actor), words(&record.sentence)]
}

/// Red does not send or is in danger, yellow is watched, green is over.
fn tone(act: Act) -> Option<Color> {
    match act {
        Act::PauseIntended
        | Act::Paused
        | Act::Reasserted
        | Act::StillPaused
        | Act::FoundOff
        | Act::AccountAtRisk
        | Act::AccountDefended
        | Act::AccountUndefended
        | Act::AccountStandingChanged
        | Act::Unheard
        | Act::ManyUnheard
        | Act::WentBlind => Some(Color::DarkRed),
        Act::Warned
        | Act::WouldPause
        | Act::CountingDegraded
        | Act::StrangersSend
        | Act::TenantInTrouble
        | Act::AlarmNotFollowed
        | Act::AlarmNotUnderstood
        | Act::Adopted
        | Act::AccountWarned
        | Act::AccountDisputed
        | Act::SetsNearLimit => Some(Color::DarkYellow),
        Act::ResumeIntended
        | Act::Resumed
        | Act::TrialEnded
        | Act::FoundOn
        | Act::HeardAgain
        | Act::Enrolled
        | Act::SeesAgain
        | Act::TenantRecovered => Some(Color::DarkGreen),
        Act::Held | Act::Released | Act::Gone | Act::FoundAgain => None,
    }
}

/// What a record's act is called.
pub(crate) fn word(act: Act) -> &'static str {
    match act {
        Act::Warned => "warned",
        Act::PauseIntended => "pausing",
        Act::WouldPause => "would pause",
        Act::Paused => "paused",
        Act::ResumeIntended => "resuming",
        Act::Resumed => "resumed",
        Act::TrialEnded => "trial over",
        Act::Held => "held",
        Act::Released => "released",
        Act::CountingDegraded => "counting degraded",
        Act::StrangersSend => "others send",
        Act::TenantInTrouble => "tenant in trouble",
        Act::TenantRecovered => "tenant well again",
        Act::Gone => "gone",
        Act::AlarmNotFollowed => "alarm not followed",
        Act::AlarmNotUnderstood => "alarm not understood",
        Act::AccountAtRisk => "account at risk",
        Act::Reasserted => "pausing again",
        Act::Adopted => "found sending",
        Act::FoundOff => "found disabled",
        Act::FoundOn => "found enabled",
        Act::StillPaused => "still paused",
        Act::AccountWarned => "account warned",
        Act::AccountDefended => "account defended",
        Act::AccountUndefended => "account at risk",
        Act::AccountDisputed => "SES counts otherwise",
        Act::AccountStandingChanged => "AWS treats it otherwise",
        Act::Unheard => "not heard",
        Act::HeardAgain => "heard again",
        Act::Enrolled => "enrolled",
        Act::FoundAgain => "found again",
        Act::ManyUnheard => "many not heard",
        Act::SetsNearLimit => "few sets left",
        Act::WentBlind => "went blind",
        Act::SeesAgain => "sees again",
    }
}
