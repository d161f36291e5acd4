//! A study's figures as Markdown tables, in the form of the policy study's own.

use std::fmt::Write;

use crate::account::Peak;
use crate::rule::{Asked, Rule};
use crate::sender::Kind;
use crate::study::{LOOKS_BACK, Score, Study, Truth, quantile};

/// Which fleet was played, and what it did.
pub fn heading(study: &Study, truth: &Truth) -> String {
    let runs = f64::from(study.runs.max(1));
    let mut text = format!(
        "Seed {}, {} runs of 14 days, {} senders: {} mails a day, {:.0} healthy sender-days, {} bad senders.",
        study.seed,
        study.runs,
        study.fleet.senders,
        mails(truth.mails as f64 / runs / 14.0),
        truth.healthy_days,
        truth.bad_mails.len(),
    );
    if let (Some(median), Some(most)) = (quantile(&truth.bad_mails, 0.5), quantile(&truth.bad_mails, 0.95)) {
        let all = truth.bad_mails.iter().sum::<u64>() as f64 / runs;
        let [median, most, all] = [median as f64, most as f64, all].map(mails);
        text += &format!(" Unhindered, a bad one sends {median} mails (median; p95 {most}), all of a run {all}.");
    }
    text
}

/// Rules against each other on a fleet.
pub fn rules(study: &Study, truth: &Truth, scores: &[Score]) -> String {
    let mut table = String::from(
        "| rule | false pauses /1000 sender-days (bounces + complaints) | bad found | bad mails until pause: median / p95 | bad mails per run |\n|---|---|---|---|---|\n",
    );
    for score in scores {
        let [all, bounces, complaints] = [score.false_pauses(), score.false_bounce, score.false_complaint]
            .map(|pauses| pauses as f64 * 1_000.0 / truth.healthy_days);
        let found = score.found() as f64 * 100.0 / truth.bad_mails.len().max(1) as f64;
        let out = mails(score.bad_mails as f64 / f64::from(study.runs.max(1)));
        let until = until_pause(score);
        let name = score.rule.name;
        // A String takes every line: nothing can fail.
        let _ = writeln!(
            table,
            "| {name} | {} ({} + {}) | {found:.1} % | {until} | {out} |",
            rate(all),
            rate(bounces),
            rate(complaints)
        );
    }
    table
}

/// The median of each bad kind, for each rule.
pub fn kinds(truth: &Truth, scores: &[Score]) -> String {
    let mut table = String::from(
        "| median bad mails until pause (share found) | bought list | turned bad | drifting | spammer |\n|---|---|---|---|---|\n",
    );
    let kinds = [Kind::BoughtList, Kind::TurnedBad, Kind::Drifting, Kind::Spammer];
    for score in scores {
        let cells = kinds.map(|kind| {
            let found = score.until_pause.get(&kind).map_or(0, Vec::len);
            let of = truth.bad.get(&kind).copied().unwrap_or(0).max(1);
            let median = score.median_of(kind).map_or("–".to_owned(), |median| mails(median as f64));
            format!("{median} ({:.0} %)", found as f64 * 100.0 / of as f64)
        });
        let _ = writeln!(table, "| {} | {} |", score.rule.name, cells.join(" | "));
    }
    table
}

/// What becomes of an account under each rule.
pub fn accounts(truth: &Truth, scores: &[Score]) -> String {
    let mut table = String::from("| rule | false p. |");
    for looks_back in LOOKS_BACK {
        let _ = write!(table, " SES looks at {}k mails |", looks_back / 1_000);
    }
    table += "\n|---|---|---|---|---|\n";
    for score in scores {
        let falsely = rate(score.false_pauses() as f64 * 1_000.0 / truth.healthy_days);
        let cells = LOOKS_BACK.map(|looks_back| {
            let mut peaks: Vec<f64> =
                score.accounts.iter().map(|peaks| peaks.get(&looks_back).map_or(0.0, |peak| peak.bounce)).collect();
            peaks.sort_by(f64::total_cmp);
            let median = peaks.get(peaks.len() / 2).copied().unwrap_or(0.0) * 100.0;
            let passes = |passes: fn(&Peak) -> bool| score.share_of_runs(looks_back, passes) * 100.0;
            format!(
                "{median:.1} %: {:.0}/{:.0}, {:.0}/{:.0}",
                passes(|peak| peak.bounce >= 0.05),
                passes(|peak| peak.bounce >= 0.1),
                passes(|peak| peak.complaint >= 0.001),
                passes(|peak| peak.complaint >= 0.005)
            )
        });
        let _ = writeln!(table, "| {} | {falsely} | {} |", score.rule.name, cells.join(" | "));
    }
    table
}

/// What waiting costs.
pub fn latencies(scores: &[Score]) -> String {
    let mut table = String::from(
        "| asked | bad mails median / p95 | P(≥5 %) at 10k / 50k / 250k | P(≥0.1 %) at 50k |\n|---|---|---|---|\n",
    );
    for score in scores {
        let bounces = LOOKS_BACK.map(|looks_back| {
            let share = score.share_of_runs(looks_back, |peak| peak.bounce >= 0.05);
            format!("{:.0}", share * 100.0)
        });
        let complaints = score.share_of_runs(50_000, |peak| peak.complaint >= 0.001) * 100.0;
        let asked = asked(&score.rule);
        let until = until_pause(score);
        let _ = writeln!(table, "| {asked} | {until} | {} | {complaints:.0} |", bounces.join(" / "));
    }
    table
}

fn asked(rule: &Rule) -> String {
    let latency = rule.latency / 1_000;
    match rule.asked {
        Asked::EachFailure => format!("at each failure, {latency} s"),
        Asked::Every(interval) => format!("every {} s, {latency} s", interval / 1_000),
    }
}

fn until_pause(score: &Score) -> String {
    match (score.until_pause(0.5), score.until_pause(0.95)) {
        (Some(median), Some(most)) => format!("{} / {}", mails(median as f64), mails(most as f64)),
        (None, _) | (_, None) => "–".to_owned(),
    }
}

fn rate(number: f64) -> String {
    if number >= 10.0 { format!("{number:.1}") } else { format!("{number:.2}") }
}

fn mails(number: f64) -> String {
    if number >= 999_500.0 {
        format!("{:.2} M", number / 1e6)
    } else if number >= 9_999.5 {
        format!("{:.0}k", number / 1e3)
    } else {
        format!("{number:.0}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_long_as_they_mean_something() {
        for (number, text) in [(0.0, "0"), (9_999.0, "9999"), (10_400.0, "10k"), (1_234_567.0, "1.23 M")] {
            assert_eq!(mails(number), text);
        }
        assert_eq!((rate(0.049), rate(59.84)), ("0.05".to_owned(), "59.8".to_owned()));
    }
}
