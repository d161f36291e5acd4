//! The report for a terminal.

use comfy_table::{Cell, Color};
use guard_replay::{Counts, PolicyOutcome, Report, SetReport, Verdict, WorstDay};

use crate::show::figure::{self, NONE, Share};
use crate::show::{faint, right, table, words};

/// Everything that matters, the worst first.
pub(super) fn text(report: &Report, width: Option<u16>) -> String {
    let mut text = read(report);
    text += "\n";
    text += &sets(report);
    text += &evidence(report, width);
    text += "\n";
    text += &accounts(report);
    text += &malformed(report);
    for limit in &report.limits {
        text += &format!("\n{}\n", filled(limit, width));
    }
    text
}

fn read(report: &Report) -> String {
    let intake = &report.intake;
    let counted =
        |count: u64, one: &str, many: &str| format!("{} {}", figure::count(count), if count == 1 { one } else { many });
    let mut text = format!(
        "{} of {} in {}",
        counted(intake.events, "event", "events"),
        counted(report.sets.len() as u64, "configuration set", "configuration sets"),
        counted(intake.files, "file", "files")
    );
    if let (Some(from), Some(until)) = (report.from, report.until) {
        text += &format!(", {} to {} UTC", figure::time(from), figure::time(until));
    }
    text += "\n";
    for (count, what) in [
        (intake.duplicates, "read again and counted once"),
        (intake.of_other_accounts, "of other accounts, left out"),
        (intake.too_late, "came more than 15 days after their mail; the guard leaves those alone"),
        (intake.ignored.iter().map(|one| one.count).sum(), "say nothing that counts"),
    ] {
        if count > 0 {
            text += &format!("  {} {what}\n", figure::count(count));
        }
    }
    if report.grain_seconds > 1 {
        let seconds = report.grain_seconds;
        text += &format!("  so much that time was looked at in steps of {seconds} seconds: decisions are as coarse\n");
    }
    text
}

fn sets(report: &Report) -> String {
    let telling: Vec<&SetReport> = report.sets.iter().filter(|set| worst(set) > Verdict::Ok).collect();
    let quiet = report.sets.len() - telling.len();
    let mut text = String::new();
    if !telling.is_empty() {
        let rows = telling.iter().flat_map(|set| set.outcomes.iter().map(|outcome| row(set, outcome))).collect();
        let [set, policy, verdict, when, sent, bounced, complained, saved] =
            ["configuration set", "policy", "verdict", "when (UTC)", "mails", "bounced", "complained", "mail saved"]
                .map(faint);
        let header = vec![set, policy, verdict, when, right(sent), right(bounced), right(complained), right(saved)];
        text += &table(header, rows, None);
    }
    text + &match (telling.is_empty(), quiet) {
        (true, _) => "No configuration set would have been warned or paused.\n".to_owned(),
        (false, 0) => String::new(),
        (false, 1) => "1 more would not have been warned or paused.\n".to_owned(),
        (false, quiet) => format!("{} more would not have been warned or paused.\n", figure::count(quiet as u64)),
    }
}

fn worst(set: &SetReport) -> Verdict {
    set.outcomes.iter().map(|outcome| outcome.verdict).max().unwrap_or(Verdict::Ok)
}

fn row(set: &SetReport, outcome: &PolicyOutcome) -> Vec<Cell> {
    let pause = outcome.paused.as_ref().or(outcome.would_pause.as_ref());
    let when = pause.or(outcome.warned.as_ref()).or(outcome.degraded.as_ref());
    let saved = match outcome.verdict {
        Verdict::Paused => figure::count(outcome.saved.mails),
        Verdict::Ok | Verdict::NotJudged | Verdict::Warned | Verdict::Exempt => NONE.to_owned(),
    };
    vec![
        Cell::new(&set.configuration_set),
        words(&outcome.policy),
        verdict(outcome.verdict),
        Cell::new(when.map_or(NONE.to_owned(), |decision| figure::time(decision.at))),
        right(Cell::new(figure::count(set.counts.mails))),
        right(Cell::new(figure::share(Share::Bounce, set.counts.bounce_rate_ppm))),
        right(Cell::new(figure::share(Share::Complaint, set.counts.complaint_rate_ppm))),
        right(Cell::new(saved)),
    ]
}

/// How a verdict is called.
pub(super) fn name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::NotJudged => "not judged",
        Verdict::Warned => "warned",
        Verdict::Exempt => "exempt",
        Verdict::Paused => "paused",
    }
}

fn verdict(verdict: Verdict) -> Cell {
    let cell = Cell::new(name(verdict));
    match verdict {
        Verdict::Ok => cell.fg(Color::DarkGreen),
        Verdict::NotJudged | Verdict::Warned | Verdict::Exempt => cell.fg(Color::DarkYellow),
        Verdict::Paused => cell.fg(Color::DarkRed),
    }
}

fn evidence(report: &Report, width: Option<u16>) -> String {
    let mut rows = Vec::new();
    for set in &report.sets {
        for outcome in &set.outcomes {
            let decisions = [&outcome.warned, &outcome.would_pause, &outcome.paused, &outcome.degraded];
            for decision in decisions.into_iter().flatten() {
                let mut row = vec![faint(&figure::time(decision.at)), Cell::new(&set.configuration_set)];
                if report.policies.len() > 1 {
                    row.push(words(&outcome.policy));
                }
                row.push(words(&decision.sentence));
                rows.push(row);
            }
        }
    }
    if rows.is_empty() { String::new() } else { format!("\n{}", table(Vec::new(), rows, width)) }
}

fn accounts(report: &Report) -> String {
    let mut rows = Vec::new();
    for account in &report.accounts {
        let key = format!("{} {}", account.account, account.region);
        let worst = [account.worst_bounce_day, account.worst_complaint_day];
        rows.push(account_row(&key, "as it was", NONE.to_owned(), &account.counts, worst));
        for guarded in &account.with_guard {
            let worst = [guarded.worst_bounce_day, guarded.worst_complaint_day];
            rows.push(account_row("", &guarded.policy, figure::count(guarded.paused_sets), &guarded.counts, worst));
        }
    }
    let [account, policy, paused, sent, bounced, complained, bounce_day, complaint_day] = [
        "account",
        "policy",
        "sets paused",
        "mails",
        "bounced",
        "complained",
        "worst day's bounces",
        "worst day's complaints",
    ]
    .map(faint);
    let header = vec![
        account,
        policy,
        right(paused),
        right(sent),
        right(bounced),
        right(complained),
        right(bounce_day),
        right(complaint_day),
    ];
    table(header, rows, None)
}

fn account_row(key: &str, policy: &str, paused: String, counts: &Counts, worst: [Option<WorstDay>; 2]) -> Vec<Cell> {
    let [bounces, complaints] = worst;
    let of_day = |share: Share, day: Option<WorstDay>, ppm: fn(&Counts) -> Option<u64>| {
        day.map_or(NONE.to_owned(), |day| format!("{} on {}", figure::share(share, ppm(&day.counts)), day.day))
    };
    vec![
        Cell::new(key),
        words(policy),
        right(Cell::new(paused)),
        right(Cell::new(figure::count(counts.mails))),
        right(Cell::new(figure::share(Share::Bounce, counts.bounce_rate_ppm))),
        right(Cell::new(figure::share(Share::Complaint, counts.complaint_rate_ppm))),
        right(Cell::new(of_day(Share::Bounce, bounces, |counts| counts.bounce_rate_ppm))),
        right(Cell::new(of_day(Share::Complaint, complaints, |counts| counts.complaint_rate_ppm))),
    ]
}

fn malformed(report: &Report) -> String {
    let intake = &report.intake;
    let count = intake.malformed_count();
    if count == 0 {
        return String::new();
    }
    let mut text = format!(
        "\n{} could not be read:\n",
        if count == 1 { "1 record".to_owned() } else { format!("{} records", figure::count(count)) }
    );
    for one in &intake.malformed {
        text += &format!("  {} × {}\n", figure::count(one.count), one.kind);
        for at in &one.first {
            text += &format!("      {}:{} (byte {})\n", show_file(&at.file), at.line, at.byte);
        }
    }
    text
}

fn show_file(name: &str) -> String {
    crate::show::one_line(name)
}

/// Wrapped at the terminal's width.
fn filled(text: &str, width: Option<u16>) -> String {
    let Some(width) = width.map(usize::from).filter(|width| *width >= 40) else { return text.to_owned() };
    let mut filled = String::with_capacity(text.len());
    let mut column = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width {
            filled.push('\n');
            column = 0;
        } else if column > 0 {
            filled.push(' ');
            column += 1;
        }
        filled.push_str(word);
        column += length;
    }
    filled
}
