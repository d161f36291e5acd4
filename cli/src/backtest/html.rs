//! The report as one page that needs nothing else: no script, no font, no request. Every foreign text is escaped.

mod sets;

use guard_core::judge::Metric;
use guard_core::policy::aws_review_line;
use guard_replay::{AccountReport, Counts, Report, Series, SetReport, Verdict, WorstDay};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::plot::{self, Line};
use crate::show::figure::{self, NONE, Share};

const STYLE: &str = include_str!("page.css");
/// A share of fewer mails jumps about.
const TELLING_MAILS: u64 = 1_000;
const WEEK_SECONDS: u32 = 7 * 86_400;
/// As many plots as a page can bear.
const MOST_PLOTS: usize = 60;

/// The whole page.
pub(super) fn page(report: &Report) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { "Backtest of " (report.policies.join(", ")) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    (heading(report))
                    (limits(report))
                    @for account in &report.accounts { (account_section(report, account)) }
                    (sets::table_section(report))
                    @for set in telling(report).take(MOST_PLOTS) { (sets::section(report, set)) }
                    @if telling(report).count() > MOST_PLOTS {
                        p.note { "Plots of the first " (MOST_PLOTS) " configuration sets only; the JSON report has all." }
                    }
                    (intake(report))
                }
            }
        }
    };
    page.into_string()
}

fn telling(report: &Report) -> impl Iterator<Item = &SetReport> {
    report.sets.iter().filter(|set| set.outcomes.iter().any(|outcome| outcome.verdict > Verdict::Ok))
}

fn heading(report: &Report) -> Markup {
    html! {
        h1 { "Who would have been paused" }
        p.lead {
            (figure::count(report.intake.events)) " events of " (figure::count(report.sets.len() as u64))
            " configuration sets"
            @if let (Some(from), Some(until)) = (report.from, report.until) {
                ", " (figure::time(from)) " to " (figure::time(until)) " UTC"
            }
            ". A pause takes effect " (report.latency_seconds) " s after its decision."
            @if report.grain_seconds > 1 { " Times are rounded to " (report.grain_seconds) " s." }
        }
        div.tiles {
            @for (index, policy) in report.policies.iter().enumerate() {
                @let outcomes = || report.sets.iter().filter_map(move |set| set.outcomes.get(index));
                @let of = |verdict: Verdict| outcomes().filter(|outcome| outcome.verdict == verdict).count() as u64;
                div.tile {
                    div.policy { span class=(format!("key p{}", index % 5)) {} (policy) }
                    div.big { (figure::count(of(Verdict::Paused))) span { " paused" } }
                    div { (figure::count(of(Verdict::Warned))) " more warned" }
                    @if of(Verdict::Exempt) > 0 { div { (figure::count(of(Verdict::Exempt))) " spared, being exempt" } }
                    div { (figure::count(outcomes().map(|outcome| outcome.saved.mails).sum())) " mails saved" }
                    div {
                        (figure::count(outcomes().map(|outcome| outcome.saved.bounces).sum())) " bounces, "
                        (figure::count(outcomes().map(|outcome| outcome.saved.complaints).sum())) " complaints fewer"
                    }
                }
            }
        }
    }
}

fn limits(report: &Report) -> Markup {
    html! { aside { h2 { "What this can't tell" } @for limit in &report.limits { p { (limit) } } } }
}

fn account_section(report: &Report, account: &AccountReport) -> Markup {
    let lines = |of: fn(&Series) -> &Vec<u64>| {
        let mut lines = vec![Line { label: "as it was", class: "was".to_owned(), values: shares(&account.series, of) }];
        lines.extend(account.with_guard.iter().enumerate().map(|(index, guarded)| Line {
            label: &guarded.policy,
            class: format!("p{}", index % 5),
            values: shares(&guarded.series, of),
        }));
        lines
    };
    let review = |metric| f64::from(aws_review_line(metric).get()) / 1e4;
    html! {
        section {
            h2 { "Account " (account.account) " in " (account.region) }
            div.scroll {
                table {
                    thead {
                        tr {
                            th { "" } th.n { "sets paused" } th.n { "mails" } th.n { "bounced" } th.n { "complained" }
                            th.n { "worst day's bounces" } th.n { "worst day's complaints" }
                        }
                    }
                    tbody {
                        (account_row(html! { span.key.was {} "as it was" }, NONE.to_owned(), &account.counts,
                            account.worst_bounce_day, account.worst_complaint_day))
                        @for (index, guarded) in account.with_guard.iter().enumerate() {
                            (account_row(html! { span class=(format!("key p{}", index % 5)) {} (guarded.policy) },
                                figure::count(guarded.paused_sets), &guarded.counts, guarded.worst_bounce_day,
                                guarded.worst_complaint_day))
                        }
                    }
                }
            }
            h3 { "Bounces, share of the mails" }
            (legend(report))
            div.plot { (plot::rates(&account.series, &lines(|series| &series.bounces), review(Metric::Bounce), 1)) }
            h3 { "Complaints, share of the mails" }
            (legend(report))
            div.plot { (plot::rates(&account.series, &lines(|series| &series.complaints), review(Metric::Complaint), 3)) }
            p.note {
                "Of the mail of the seven days before, by when it was sent. Gaps have fewer than "
                (figure::count(TELLING_MAILS)) " mails."
            }
        }
    }
}

fn legend(report: &Report) -> Markup {
    html! {
        p.legend {
            span { span.key.was {} "as it was" }
            @for (index, policy) in report.policies.iter().enumerate() {
                span { span class=(format!("key p{}", index % 5)) {} (policy) }
            }
        }
    }
}

/// Of the seven days up to each step.
fn shares(series: &Series, of: fn(&Series) -> &Vec<u64>) -> Vec<Option<f64>> {
    let steps = usize::try_from(WEEK_SECONDS / series.step_seconds.max(1)).unwrap_or(1).max(1);
    let (mut part, mut whole) = (0_u64, 0_u64);
    let parts = of(series);
    let share = |(step, (failed, mails)): (usize, (&u64, &u64))| {
        let gone = step.checked_sub(steps);
        let before = |list: &Vec<u64>| gone.and_then(|gone| list.get(gone)).copied().unwrap_or(0);
        part = (part + failed).saturating_sub(before(parts));
        whole = (whole + mails).saturating_sub(before(&series.mails));
        (whole >= TELLING_MAILS).then(|| part as f64 * 100.0 / whole as f64)
    };
    parts.iter().zip(&series.mails).enumerate().map(share).collect()
}

fn account_row(
    key: Markup,
    paused: String,
    counts: &Counts,
    bounce_day: Option<WorstDay>,
    complaint_day: Option<WorstDay>,
) -> Markup {
    let of_day = |share: Share, day: Option<WorstDay>, ppm: fn(&Counts) -> Option<u64>| {
        day.map_or(NONE.to_owned(), |day| format!("{} on {}", figure::share(share, ppm(&day.counts)), day.day))
    };
    html! {
        tr {
            td { (key) } td.n { (paused) } td.n { (figure::count(counts.mails)) }
            td.n { (figure::share(Share::Bounce, counts.bounce_rate_ppm)) }
            td.n { (figure::share(Share::Complaint, counts.complaint_rate_ppm)) }
            td.n { (of_day(Share::Bounce, bounce_day, |counts| counts.bounce_rate_ppm)) }
            td.n { (of_day(Share::Complaint, complaint_day, |counts| counts.complaint_rate_ppm)) }
        }
    }
}

fn intake(report: &Report) -> Markup {
    let intake = &report.intake;
    let rows = [
        ("files", intake.files),
        ("records", intake.records),
        ("events that count", intake.events),
        ("read again and counted once", intake.duplicates),
        ("of other accounts, left out", intake.of_other_accounts),
        ("came more than 15 days after their mail, left alone", intake.too_late),
    ];
    html! {
        section {
            h2 { "What was read" }
            div.scroll {
                table.counts {
                    tbody {
                        @for (what, count) in rows.into_iter().filter(|(_, count)| *count > 0) {
                            tr { td.n { (figure::count(count)) } td { (what) } }
                        }
                        @for one in &intake.ignored {
                            tr { td.n { (figure::count(one.count)) } td { "ignored: " (one.why) } }
                        }
                        @for one in &intake.malformed {
                            tr {
                                td.n { (figure::count(one.count)) }
                                td {
                                    "could not be read: " (one.kind)
                                    @for at in &one.first { br; span.time { (at.file) ":" (at.line) " (byte " (at.byte) ")" } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
