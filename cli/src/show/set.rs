//! One configuration set.

use std::collections::BTreeMap;

use comfy_table::Cell;
use guard_core::judge::{Finding, Judgement};
use guard_core::name::{AccountId, ConfigurationSetName, Region};
use guard_core::policy::{Exemption, Line, Mode, ProfileName, RuleUsed};
use guard_core::state::{Hold, Intent, Owner, Phase, Totals};
use guard_core::tenant::Tenant;
use jiff::Timestamp;
use serde::Deserialize;

use super::figure::{self, NONE, Share};
use super::{faint, phase_cell, right, table, words};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Set {
    configuration_set: ConfigurationSetName,
    account: AccountId,
    region: Region,
    phase_before: Phase,
    phase_after: Phase,
    sending_enabled: Option<bool>,
    owner: Option<Owner>,
    pending: Option<Intent>,
    hold: Option<Hold>,
    fresh: Option<Timestamp>,
    tally: Tally,
    thresholds: Thresholds,
    judged_by: Option<JudgedBy>,
    unheard: Option<Unheard>,
    senders: Option<Senders>,
    tenant: Option<TenantShown>,
    sentence: String,
}

/// The tenant of SES through which it is stopped.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TenantShown {
    tenant: Tenant,
    disabled_by_aws: bool,
    paused_through: bool,
}

#[derive(Debug, Deserialize)]
struct Unheard {
    since: Timestamp,
    sentence: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tally {
    #[serde(flatten)]
    totals: Totals,
    bounce_rate_ppm: Option<u64>,
    complaint_rate_ppm: Option<u64>,
    judgement: Judgement,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Thresholds {
    bounce: Line,
    complaint: Line,
    bounces_at_this_volume: u64,
    complaints_at_this_volume: u64,
}

/// Who may send with it, and who else did.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Senders {
    senders: Vec<String>,
    strict_sender: bool,
    strangers: BTreeMap<String, Totals>,
}

impl Senders {
    fn cell(&self) -> Cell {
        let may = self.senders.join(", ");
        if self.strangers.is_empty() {
            return words(&format!("{may}, and nobody else does"));
        }
        let of = |(name, sent): (&String, &Totals)| format!("{name} ({} mails, {} bounces)", sent.sends, sent.bounces);
        let others: Vec<String> = self.strangers.iter().map(of).collect();
        let counted = if self.strict_sender { "not counted for it" } else { "counted all the same" };
        words(&format!("{may}; others do, {counted}: {}", others.join(", ")))
    }
}

#[derive(Debug, Deserialize)]
struct JudgedBy {
    profile: ProfileName,
    rule: Option<RuleUsed>,
    mode: Mode,
    exempt: Option<Exemption>,
}

impl Set {
    /// Everything that is known of it.
    pub(super) fn card(&self, width: Option<u16>) -> String {
        let facts = table(Vec::new(), self.facts(), width);
        let [what, counted, rate, line, stretch] =
            ["in the window", "counted", "rate", "pauses at", "worst stretch"].map(faint);
        let counts = table(vec![what, right(counted), right(rate), line, stretch], self.counts(), width);
        format!("{facts}\n{counts}")
    }

    /// What an order changed, and everything that is known of it now.
    pub(super) fn done(&self, at_home: bool, width: Option<u16>) -> String {
        let card = self.card(width);
        let home = if at_home { format!(" --home {}/{}", self.account, self.region) } else { String::new() };
        match self.pending {
            Some(_) => {
                format!("{card}\nSES is asked next. Look again: ses-guard status {}{home}\n", self.configuration_set)
            }
            None => card,
        }
    }

    fn facts(&self) -> Vec<Vec<Cell>> {
        let name = format!("{} (account {}, {})", self.configuration_set, self.account, self.region);
        let rows = [
            ("configuration set", Cell::new(name)),
            ("phase", self.phase()),
            ("why", words(&self.sentence)),
            ("SES", self.sending()),
            ("hold", self.held()),
            ("fresh", self.fresh()),
            ("policy", self.judged_by()),
        ];
        let unheard = self.unheard.as_ref().map(|unheard| ("not heard", unheard.cell(&self.configuration_set)));
        let senders = self.senders.as_ref().map(|senders| ("senders", senders.cell()));
        let tenant = self.tenant.as_ref().map(|tenant| ("tenant", tenant.cell()));
        rows.into_iter()
            .chain(tenant)
            .chain(senders)
            .chain(unheard)
            .map(|(what, cell)| vec![faint(what), cell])
            .collect()
    }

    fn phase(&self) -> Cell {
        let mut rest = match self.owner {
            Some(Owner::Guard) => ", by the guard".to_owned(),
            Some(Owner::Operator) => ", by an operator".to_owned(),
            None => String::new(),
        };
        if self.phase_before != self.phase_after {
            rest += &format!(" (was {})", self.phase_before.as_str());
        }
        phase_cell(self.phase_after, &rest)
    }

    fn sending(&self) -> Cell {
        let sending = match self.sending_enabled {
            Some(true) => "accepts its mail",
            Some(false) => "refuses its mail",
            None => "did not say whether it accepts its mail",
        };
        match self.pending {
            Some(Intent::Pause) => Cell::new(format!("{sending}; a pause is on its way")),
            Some(Intent::Resume) => Cell::new(format!("{sending}; a resume is on its way")),
            None => Cell::new(sending),
        }
    }

    fn held(&self) -> Cell {
        match &self.hold {
            Some(hold) => words(&format!("by {} since {} UTC: {}", hold.actor, figure::time(hold.since), hold.reason)),
            None => Cell::new(NONE),
        }
    }

    fn judged_by(&self) -> Cell {
        let Some(JudgedBy { profile, rule, mode, exempt }) = &self.judged_by else { return Cell::new(NONE) };
        let rule = rule.as_ref().map_or(String::new(), |rule| format!(" ({:?}, line {})", rule.pattern, rule.line));
        let spared = match (exempt, mode) {
            (Some(exemption), _) => format!("; {exemption}"),
            (None, Mode::Observe) => "; observed only".to_owned(),
            (None, Mode::Enforce) => String::new(),
        };
        words(&format!("profile {profile}{rule}{spared}"))
    }

    fn fresh(&self) -> Cell {
        match self.fresh {
            Some(fresh) => Cell::new(format!("only mail sent from {} UTC on counts", figure::time(fresh))),
            None => Cell::new(NONE),
        }
    }

    fn counts(&self) -> Vec<Vec<Cell>> {
        let (totals, judged, lines) = (&self.tally.totals, &self.tally.judgement, &self.thresholds);
        let trial = if judged.trial { ", on trial" } else { "" };
        let pauses_at =
            |failures, line| Cell::new(format!("{} = {}{trial}", figure::count(failures), figure::line(line)));
        let counted = |what, number| vec![Cell::new(what), right(Cell::new(figure::count(number)))];
        let failed = |what, number, rate: String, pauses_at, finding: &Finding| {
            vec![
                Cell::new(what),
                right(Cell::new(figure::count(number))),
                right(Cell::new(rate)),
                pauses_at,
                Cell::new(stretch(finding)),
            ]
        };
        vec![
            counted("mails sent", totals.sends),
            failed(
                "hard bounces",
                totals.bounces,
                figure::share(Share::Bounce, self.tally.bounce_rate_ppm),
                pauses_at(lines.bounces_at_this_volume, lines.bounce),
                &judged.bounce,
            ),
            failed(
                "complaints",
                totals.complaints,
                figure::share(Share::Complaint, self.tally.complaint_rate_ppm),
                pauses_at(lines.complaints_at_this_volume, lines.complaint),
                &judged.complaint,
            ),
            counted("prevented", totals.prevented),
        ]
    }
}

impl TenantShown {
    fn cell(&self) -> Cell {
        let Self { tenant, .. } = self;
        words(&match (self.disabled_by_aws, self.paused_through) {
            (true, _) => format!(
                "{tenant}: AWS keeps it disabled, and nobody but AWS lets it send again: answer the case in the Support Center"
            ),
            (false, true) => format!("{tenant}: stopped through it; a resume of this set enables it"),
            (false, false) => format!("{tenant}: disabled, for another of its sets or by someone else"),
        })
    }
}

impl Unheard {
    fn cell(&self, set: &ConfigurationSetName) -> Cell {
        let Self { since, sentence } = self;
        let found = figure::time(*since);
        words(&format!("{sentence} (found {found} UTC): its mail is not counted in full. See: ses-guard history {set}"))
    }
}

/// The run of quarter hours that is the nearest to a pause.
fn stretch(finding: &Finding) -> String {
    let Some(stretch) = finding.stretch else { return NONE.to_owned() };
    format!("{} of {}", figure::count(stretch.events), figure::count(stretch.sends))
}
