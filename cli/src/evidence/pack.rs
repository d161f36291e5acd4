//! What the document says. Each sentence is of something that was answered; where nothing is known, it says that.

mod prevention;

use guard_core::audit::{Act, AuditRecord, GUARD};
use jiff::Timestamp;

use super::document::{Block, Document, Section, Table};
use super::known::{Between, Evidence, Hour, Known, Switched};
use crate::show::figure::{self, NONE, Share};
use crate::show::history::word;

pub(super) fn document(known: &Known) -> Document {
    let evidence = &known.evidence;
    let whose = match known.status {
        Some(_) => format!("configuration set {}", evidence.configuration_set),
        None => "the account as a whole".to_owned(),
    };
    Document {
        title: format!("Amazon SES: {whose}, account {}, {}", evidence.account, evidence.region),
        lead: format!(
            "From {} to {} UTC. Written by the SES reputation guard from its audit records and its counts of SES's events; all \
             times are UTC.",
            figure::time(evidence.since),
            figure::time(evidence.until)
        ),
        sections: vec![
            Section { title: "In short", blocks: in_short(known) },
            Section { title: "What happened", blocks: happened(evidence) },
            Section { title: "Who was paused, when and why", blocks: paused(known) },
            Section { title: "Counts by hour of sending", blocks: counts(evidence) },
            Section { title: "What was changed", blocks: changed(known) },
            Section { title: "What prevents it from now on", blocks: prevention::blocks(known) },
            Section { title: "What this does not show", blocks: limits(known) },
        ],
    }
}

fn in_short(known: &Known) -> Vec<Block> {
    let evidence = &known.evidence;
    let sum = |of: fn(&Hour) -> Between| evidence.hours.iter().map(of).fold(Between::default(), Between::plus);
    let (sends, prevented) = (sum(|hour| hour.sends), sum(|hour| hour.prevented));
    let reached = sends.without(prevented);
    let mut items = match sends.at_most {
        0 => vec![format!("No mail was counted since {}.", figure::time(evidence.counts_since))],
        _ => vec![
            format!("Mails (recipients) since {}: {}.", figure::time(evidence.counts_since), reached.shown()),
            failed("Hard bounces", Share::Bounce, sum(|hour| hour.bounces), reached),
            failed("Complaints", Share::Complaint, sum(|hour| hour.complaints), reached),
        ],
    };
    let pauses = switches(known).filter(|record| record.act == Act::Paused).count();
    let resumes = switches(known).filter(|record| record.act == Act::Resumed).count();
    items.push(format!("Paused {}, let send again {}.", times(pauses), times(resumes)));
    if let Some(status) = &known.status {
        let ses = match status.sending_enabled {
            Some(true) => "SES accepts its mail",
            Some(false) => "SES refuses its mail",
            None => "SES did not say whether it accepts its mail",
        };
        items.push(format!("Now: {}; {ses}. {}", status.phase_after.as_str(), status.sentence));
    }
    if let (None, Some(account)) = (&known.status, &known.guard.account) {
        let word = account.enforcement_status.as_deref().unwrap_or("not known");
        let sends = match account.sending_enabled {
            Some(true) => "it may send",
            Some(false) => "it may not send",
            None => "whether it may send is not known",
        };
        let at = account.at.map_or(NONE.to_owned(), figure::time);
        items.push(format!("AWS's word for the account at the guard's last look ({at}): {word}; {sends}."));
    }
    vec![Block::List(items)]
}

fn times(count: usize) -> String {
    match count {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        count => format!("{} times", figure::count(count as u64)),
    }
}

fn failed(what: &str, share: Share, events: Between, sends: Between) -> String {
    format!("{what}: {} ({}).", events.shown(), rate(share, events, sends))
}

/// As the guard judges: failures at their lower bound, sends at their upper.
fn rate(share: Share, events: Between, sends: Between) -> String {
    let ppm = (sends.at_most > 0).then(|| events.at_least.saturating_mul(1_000_000) / sends.at_most);
    figure::share(share, ppm)
}

impl Between {
    fn plus(self, other: Self) -> Self {
        Self { at_least: self.at_least + other.at_least, at_most: self.at_most + other.at_most }
    }

    /// At its widest.
    fn without(self, other: Self) -> Self {
        Self {
            at_least: self.at_least.saturating_sub(other.at_most),
            at_most: self.at_most.saturating_sub(other.at_least),
        }
    }

    fn shown(self) -> String {
        match self.at_least == self.at_most {
            true => figure::count(self.at_least),
            false => format!("{} to {}", figure::count(self.at_least), figure::count(self.at_most)),
        }
    }
}

fn happened(evidence: &Evidence) -> Vec<Block> {
    if evidence.records.is_empty() {
        return vec![Block::Text("Nothing is on file.".to_owned())];
    }
    let rows = evidence
        .records
        .iter()
        .map(|record| vec![figure::time(record.at), word(record.act).to_owned(), by(record), record.sentence.clone()]);
    let table = Table { header: vec!["time (UTC)", "what", "by", "why"], numbers_from: 4, rows: rows.collect() };
    let mut blocks = vec![Block::Table(table)];
    if !evidence.complete {
        blocks.push(Block::Text("Older records of this time exist; only the latest are shown.".to_owned()));
    }
    blocks
}

fn by(record: &AuditRecord) -> String {
    if record.actor == GUARD { "the guard".to_owned() } else { record.actor.clone() }
}

/// The records of pauses and resumes: of the set itself, or of each set of the account.
fn switches(known: &Known) -> impl Iterator<Item = &AuditRecord> {
    let of_sets = known.evidence.configuration_sets.iter().flat_map(|one| &one.records);
    known.evidence.records.iter().chain(of_sets)
}

fn paused(known: &Known) -> Vec<Block> {
    let evidence = &known.evidence;
    let mut rows = pauses(&evidence.configuration_set, &evidence.records);
    for Switched { configuration_set, records, .. } in &evidence.configuration_sets {
        rows.extend(pauses(configuration_set.as_str(), records));
    }
    rows.sort_by(|one, other| one.get(1).cmp(&other.get(1)));
    let mut blocks = match rows.is_empty() {
        true => vec![Block::Text("Nobody was paused.".to_owned())],
        false => {
            let header = vec!["who", "paused", "by", "why", "let send again"];
            vec![Block::Table(Table { header, numbers_from: 5, rows })]
        }
    };
    let left_out = !evidence.configuration_sets_complete || evidence.configuration_sets.iter().any(|one| !one.complete);
    if left_out {
        blocks.push(Block::Text("There are more; not all of them could be looked up.".to_owned()));
    }
    blocks
}

/// Each pause with what ended it; the records are oldest first.
fn pauses(name: &str, records: &[AuditRecord]) -> Vec<Vec<String>> {
    let name = if name == "*account*" { "all sending of the account" } else { name };
    let each = records.iter().enumerate().filter(|(_, record)| record.act == Act::Paused);
    each.map(|(index, pause)| {
        let end = records.iter().skip(index + 1).find_map(end);
        let end = end.unwrap_or_else(|| "not within this time".to_owned());
        vec![name.to_owned(), figure::time(pause.at), by(pause), pause.sentence.clone(), end]
    })
    .collect()
}

/// How a pause ended, if this record is of its end.
fn end(record: &AuditRecord) -> Option<String> {
    let at = figure::time(record.at);
    match record.act {
        Act::Resumed => Some(format!("{at} by {}{}", by(record), reason(record))),
        Act::Reasserted => Some(format!("{at}, past the guard, which paused it again")),
        Act::Adopted => Some(format!("{at}, past the guard, which let that stand")),
        Act::Gone => Some(format!("{at}: SES no longer knew it")),
        Act::Paused => Some(format!("{at}: paused again")),
        Act::Warned
        | Act::PauseIntended
        | Act::WouldPause
        | Act::ResumeIntended
        | Act::Held
        | Act::Released
        | Act::CountingDegraded
        | Act::StrangersSend
        | Act::TrialEnded
        | Act::AlarmNotFollowed
        | Act::AlarmNotUnderstood
        | Act::AccountAtRisk
        | Act::FoundOff
        | Act::FoundOn
        | Act::StillPaused
        | Act::AccountWarned
        | Act::AccountDefended
        | Act::AccountUndefended
        | Act::AccountDisputed
        | Act::AccountStandingChanged
        | Act::Unheard
        | Act::HeardAgain
        | Act::Enrolled
        | Act::FoundAgain
        | Act::ManyUnheard
        | Act::SetsNearLimit
        | Act::WentBlind
        | Act::SeesAgain
        | Act::TenantInTrouble
        | Act::TenantRecovered => None,
    }
}

fn reason(record: &AuditRecord) -> String {
    record.reason.as_ref().map_or(String::new(), |reason| format!(": {reason}"))
}

fn counts(evidence: &Evidence) -> Vec<Block> {
    let mut blocks = Vec::new();
    if evidence.counts_since > evidence.since {
        blocks.push(Block::Text(format!(
            "Counts are kept 15 days: there are none of mail sent before {}.",
            figure::time(evidence.counts_since)
        )));
    }
    if evidence.hours.is_empty() {
        blocks.push(Block::Text("No mail was counted.".to_owned()));
        return blocks;
    }
    let rows = evidence.hours.iter().map(|hour| {
        let reached = hour.sends.without(hour.prevented);
        vec![
            hour_of(hour.hour),
            reached.shown(),
            hour.bounces.shown(),
            rate(Share::Bounce, hour.bounces, reached),
            hour.complaints.shown(),
            rate(Share::Complaint, hour.complaints, reached),
            hour.prevented.shown(),
        ]
    });
    let header = vec!["hour (UTC)", "mails", "hard bounces", "rate", "complaints", "rate", "prevented"];
    blocks.push(Block::Table(Table { header, numbers_from: 1, rows: rows.collect() }));
    blocks.push(Block::Text(
        "Bounces and complaints are in the hour in which their mail was sent. Hours without mail are left out. “Prevented” are \
         recipients that SES's account or tenant suppression list kept back; they are not among the mails."
            .to_owned(),
    ));
    blocks
}

fn hour_of(hour: Timestamp) -> String {
    hour.strftime("%Y-%m-%d %H:00").to_string()
}

/// Operators' orders and pushed policies.
fn changed(known: &Known) -> Vec<Block> {
    let evidence = &known.evidence;
    let orders = switches(known).filter(|record| {
        let is_order = record.reason.is_some() && record.actor != GUARD;
        // An order is on file twice: as it was given, and as SES confirmed it.
        is_order && !matches!(record.act, Act::PauseIntended | Act::ResumeIntended)
    });
    let orders = orders.map(|record| {
        format!("{}: {}, {} ({}).", figure::time(record.at), record.set.name, word(record.act), said(record))
    });
    let pushed = known.policy.versions.iter().filter(|version| version.at >= evidence.since).map(|version| {
        let what = if version.cleared { "the pushed policy was taken back" } else { "a policy was pushed" };
        let (number, at) = (version.version, figure::time(version.at));
        format!("{at}: {what}, version {number} ({}: {}).", version.actor, version.reason)
    });
    let mut items: Vec<String> = orders.chain(pushed).collect();
    items.sort();
    match items.is_empty() {
        true => vec![Block::Text(
            "Nothing is on file: no operator's order and no new policy. What was changed with the lists of recipients the guard \
             can't know; add it here."
                .to_owned(),
        )],
        false => vec![
            Block::List(items),
            Block::Text(
                "The words in brackets are the operators' own. What else was changed with the lists of recipients the guard \
                 can't know; add it here."
                    .to_owned(),
            ),
        ],
    }
}

fn said(record: &AuditRecord) -> String {
    format!("{}{}", record.actor, reason(record))
}

fn limits(known: &Known) -> Vec<Block> {
    let mut items = vec![
        "Whose addresses bounced or complained: the guard keeps them as keyed hashes only.".to_owned(),
        "Mail that was sent without a configuration set, or with one whose events did not reach the guard.".to_owned(),
        "Complaints that mailbox providers do not report to SES; Gmail is one.".to_owned(),
        "Over which mail AWS reckons its own rates.".to_owned(),
    ];
    if known.status.is_none() {
        items.push(
            "What was decided about each configuration set besides its pauses: ses-guard evidence NAME.".to_owned(),
        );
    }
    if let Some(unheard) = known.status.as_ref().and_then(|status| status.unheard.as_ref()) {
        let since = figure::time(unheard.since);
        items.push(format!("All of this set's mail since {since}, in part or whole: {}.", unheard.sentence));
    }
    let spots = known.guard.sight.iter().flat_map(|sight| &sight.blind_spots);
    items.extend(spots.map(|spot| format!("At this moment: {}", spot.sentence)));
    vec![Block::List(items)]
}
