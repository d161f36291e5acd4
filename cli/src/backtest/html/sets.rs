//! The page's part on configuration sets.

use guard_core::policy::Mode;
use guard_replay::{PolicyOutcome, Report, SetReport, Verdict};
use maud::{Markup, html};

use crate::backtest::plot::{self, Mark};
use crate::backtest::text::name;
use crate::show::figure::{self, NONE, Share};

/// All of them, those that matter first.
pub(super) fn table_section(report: &Report) -> Markup {
    let (telling, quiet): (Vec<&SetReport>, Vec<&SetReport>) =
        report.sets.iter().partition(|set| set.outcomes.iter().any(|outcome| outcome.verdict > Verdict::Ok));
    html! {
        section {
            h2 { "Configuration sets" }
            @if telling.is_empty() { p { "None would have been warned or paused." } }
            @else { (sets_table(report, &telling)) }
            @if !quiet.is_empty() {
                details {
                    summary { (figure::count(quiet.len() as u64)) " that would not have been warned or paused" }
                    (sets_table(report, &quiet))
                }
            }
        }
    }
}

fn sets_table(report: &Report, sets: &[&SetReport]) -> Markup {
    html! {
        div.scroll {
            table {
                thead {
                    tr {
                        th { "configuration set" } th.n { "mails" } th.n { "bounced" } th.n { "complained" }
                        @for (index, policy) in report.policies.iter().enumerate() {
                            th { span class=(format!("key p{}", index % 5)) {} (policy) } th.n { "mails saved" }
                        }
                    }
                }
                tbody {
                    @for set in sets {
                        tr {
                            td { (set.configuration_set) } td.n { (figure::count(set.counts.mails)) }
                            td.n { (figure::share(Share::Bounce, set.counts.bounce_rate_ppm)) }
                            td.n { (figure::share(Share::Complaint, set.counts.complaint_rate_ppm)) }
                            @for outcome in &set.outcomes { (verdict_cells(outcome)) }
                        }
                    }
                }
            }
        }
    }
}

fn verdict_cells(outcome: &PolicyOutcome) -> Markup {
    let pause = outcome.paused.as_ref().or(outcome.would_pause.as_ref());
    let decision = pause.or(outcome.warned.as_ref()).or(outcome.degraded.as_ref());
    html! {
        td {
            span class=(format!("verdict {}", class(outcome.verdict))) { (name(outcome.verdict)) }
            @if let Some(decision) = decision { " " span.time { (figure::time(decision.at)) } }
        }
        td.n { (if outcome.verdict == Verdict::Paused { figure::count(outcome.saved.mails) } else { NONE.to_owned() }) }
    }
}

fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::NotJudged | Verdict::Warned | Verdict::Exempt => "watch",
        Verdict::Paused => "stop",
    }
}

/// One of them, with what was decided and how its mail went.
pub(super) fn section(report: &Report, set: &SetReport) -> Markup {
    let mut marks = Vec::new();
    for (index, outcome) in set.outcomes.iter().enumerate() {
        let pause = outcome.paused.as_ref().or(outcome.would_pause.as_ref());
        for (decision, what) in [(outcome.warned.as_ref(), "warned"), (pause, "paused")] {
            marks.extend(decision.map(|decision| Mark {
                at: decision.at,
                label: format!("{}: {what} {} UTC", outcome.policy, figure::time(decision.at)),
                class: format!("{what} p{}", index % 5),
            }));
        }
    }
    html! {
        section {
            h2 { (set.configuration_set) }
            p.note {
                "Account " (set.account) " in " (set.region) ": " (figure::count(set.counts.mails)) " mails, "
                (figure::count(set.counts.bounces)) " bounces, " (figure::count(set.counts.complaints)) " complaints."
            }
            @for (index, outcome) in set.outcomes.iter().enumerate() { (story(report, outcome, index)) }
            @for (values, what, class) in [
                (&set.series.mails, "mails", "mails"),
                (&set.series.bounces, "bounces", "failed"),
                (&set.series.complaints, "complaints", "failed"),
            ] {
                @if values.iter().any(|value| *value > 0) {
                    h3 { (what) " per " (step(set.series.step_seconds)) }
                    div.plot { (plot::amounts(&set.series, values, class, what, &marks)) }
                }
            }
            p.note { "By when the mail was sent. Dashed: warned; solid: paused, or would have been were it not exempt." }
        }
    }
}

fn story(report: &Report, outcome: &PolicyOutcome, index: usize) -> Markup {
    let lines = [&outcome.warned, &outcome.would_pause, &outcome.paused, &outcome.degraded];
    html! {
        div.story {
            @if report.policies.len() > 1 {
                p { span class=(format!("key p{}", index % 5)) {} strong { (outcome.policy) }
                    @if outcome.verdict == Verdict::Ok { ": nothing would have happened." } }
            }
            @for decision in lines.into_iter().flatten() {
                p { span.time { (figure::time(decision.at)) } " " (decision.sentence) }
            }
            @if outcome.mode == Some(Mode::Observe) {
                p { "The policy only observes this set; this is what enforcing it would have done." }
            }
            @if let Some(reason) = &outcome.exempt { p { "Exempt: " (reason) } }
            @if outcome.paused.is_some() {
                p { "Saved until the end of the archive: " (figure::count(outcome.saved.mails)) " mails with "
                    (figure::count(outcome.saved.bounces)) " bounces and " (figure::count(outcome.saved.complaints))
                    " complaints." }
            }
        }
    }
}

fn step(seconds: u32) -> String {
    match seconds {
        900 => "15 minutes".to_owned(),
        3_600 => "hour".to_owned(),
        86_400 => "day".to_owned(),
        604_800 => "week".to_owned(),
        seconds if seconds.is_multiple_of(86_400) => format!("{} days", seconds / 86_400),
        seconds if seconds.is_multiple_of(3_600) => format!("{} hours", seconds / 3_600),
        seconds => format!("{seconds} seconds"),
    }
}
