//! The guard as a whole, and its sets, nearest to their limit first.

use guard_core::account::AccountWatch;
use guard_core::judge::Metric;
use guard_core::policy::{aws_pause_line, aws_review_line};
use guard_core::sight::Shown;
use guard_core::state::Phase;
use guard_core::steps::decide::Mode;
use guard_core::steps::watch::{AccountView, Overview, Query, Row};
use guard_core::tenant::{Said, SendingStatus, Tenant, TenantWatch};
use maud::{Markup, html};
use serde_json::json;

use crate::action::{button, call, parameters};
use crate::{Place, badge, figure, spark};

/// In the order in which they need someone.
const PHASES: [Phase; 8] = [
    Phase::Pausing,
    Phase::Paused,
    Phase::External,
    Phase::Resuming,
    Phase::Trial,
    Phase::Warned,
    Phase::Active,
    Phase::Gone,
];

/// Tenants that are named on the page; `ses-guard status` names all.
const MOST_TENANTS: usize = 10;

/// The page.
pub fn overview(overview: &Overview, place: &Place) -> String {
    place.wrapped(&html! {
        (headline(overview))
        @for spot in &overview.blind_spots { (blind_spot(spot)) }
        @for account in &overview.accounts {
            (account_line(account, overview.accounts.len() > 1))
            @if let Some(watch) = &account.watch { (tenants(watch)) }
        }
        (phases(overview, place))
        (search(overview, place))
        @if overview.rows.is_empty() {
            p.sg-none { @if overview.sums.sets == 0 { "Nothing is known of any configuration set yet." } @else { "No configuration set is like that." } }
        } @else {
            (table(overview, place))
        }
        (pages(overview, place))
    })
}

fn headline(overview: &Overview) -> Markup {
    let sums = &overview.sums;
    let stopped = [Phase::Pausing, Phase::Paused].iter().filter_map(|phase| sums.phases.get(phase)).sum();
    html! {
        div.sg-head {
            p.sg-big {
                @if stopped == 0 { "No configuration set is paused." }
                @else { (figure::number(stopped)) @if stopped == 1 { " configuration set is paused." } @else { " configuration sets are paused." } }
                @if sums.near > 0 { " " (figure::number(sums.near)) " more half-way to a limit or beyond." }
            }
            p.sg-soft {
                (match overview.mode {
                    Mode::Enforce => "The guard pauses. ",
                    Mode::Observe => "The guard observes: it tells whom it would pause, and pauses nobody. ",
                })
                @if sums.held > 0 { (figure::number(sums.held)) " held by operators. " }
                @if sums.unheard > 0 { (figure::number(sums.unheard)) " not heard: their events do not reach the guard. " }
                "As of " time datetime=(overview.at) { (figure::time(overview.at)) " UTC" } "."
            }
        }
    }
}

fn blind_spot(spot: &Shown) -> Markup {
    html! {
        div.sg-alert {
            p { strong { "Not seen: " } (spot.sentence) }
            p.sg-soft { "What to do: " (spot.next) }
        }
    }
}

fn account_line(account: &AccountView, named: bool) -> Markup {
    html! {
        div.sg-account {
            span.sg-label { "Account" @if named { " " (account.home) } }
            @match &account.watch {
                None => span.sg-soft { "not looked at yet" },
                Some(watch) => {
                    (account_rate(watch, Metric::Bounce))
                    (account_rate(watch, Metric::Complaint))
                    @if let Some(standing) = &watch.standing {
                        @if standing.enforcement_status != "HEALTHY" { strong.sg-stop { "AWS: " (standing.enforcement_status) } }
                        @if !standing.sending_enabled { strong.sg-stop { "all sending is switched off" } }
                    }
                    @if let Some(unread) = &watch.unread { span.sg-soft { "SES did not say: " (unread) } }
                }
            }
        }
    }
}

/// The tenants of SES of which something is wrong.
fn tenants(watch: &AccountWatch) -> Markup {
    let more = watch.tenants.in_trouble().count().saturating_sub(MOST_TENANTS);
    html! {
        @for (name, heard) in watch.tenants.in_trouble().take(MOST_TENANTS) { (tenant(name, heard)) }
        @if more > 0 { p.sg-soft { (figure::number(more)) " more tenants of SES are disabled or have open findings: ses-guard status names them." } }
    }
}

fn tenant(name: &Tenant, heard: &TenantWatch) -> Markup {
    let is_disabled = |said: &&Said| said.status == SendingStatus::Disabled;
    html! {
        div.sg-alert {
            p {
                strong { "Tenant " (name) ": " }
                @if let Some(said) = heard.aws.as_ref().filter(is_disabled) { "AWS has disabled it" (since(said)) }
                @if let Some(said) = heard.customer.as_ref().filter(is_disabled) { "its own status is DISABLED" (since(said)) }
                @for (kind, found) in heard.findings.iter().filter(|(_, found)| found.open) {
                    "AWS has found " (kind) ", impact " (found.impact) ": " (found.sentence) " "
                }
            }
        }
    }
}

fn since(said: &Said) -> Markup {
    html! { ", " (figure::time(said.at)) " UTC" @if let Some(cause) = &said.cause { " (" (cause) ")" } ". " }
}

/// A rate on a scale from nothing to where AWS may pause the account.
fn account_rate(watch: &AccountWatch, metric: Metric) -> Markup {
    let rate = watch.of(metric);
    let (ours, review, pause) = (rate.ours.rate_ppm(), aws_review_line(metric), aws_pause_line(metric));
    let worse = ours.max(rate.ses_ppm).unwrap_or(0);
    let on_scale = |ppm: u64| ppm.min(u64::from(pause.get())) * 200 / u64::from(pause.get());
    let class = if worse >= u64::from(review.get()) { "sg-meter sg-over" } else { "sg-meter" };
    let what = spark::plural(metric);
    let label = format!(
        "{what} {}, by SES {}; AWS reviews at {review} and may pause at {pause}",
        figure::rate(metric, ours),
        figure::rate(metric, rate.ses_ppm),
    );
    html! {
        span.sg-rate {
            span { (what) " " strong { (figure::rate(metric, ours)) } }
            svg class=(class) viewBox="0 0 200 14" role="img" aria-label=(label) {
                title { (label) }
                rect.sg-trough x="0" y="3" width="200" height="8" {}
                rect.sg-fill x="0" y="3" width=(on_scale(worse)) height="8" {}
                path.sg-line d={ "M" (on_scale(review.get().into())) " 0V14" } {}
            }
            span.sg-soft { "SES " (figure::rate(metric, rate.ses_ppm)) ", review at " (review) }
        }
    }
}

/// How many sets stand where; each is a button that shows them alone.
fn phases(overview: &Overview, place: &Place) -> Markup {
    let chip = |label: Markup, count: usize, phase: Option<Phase>| {
        let query = Query { phase, page: 0, ..overview.query.clone() };
        let pressed = overview.query.phase == phase;
        html! {
            button type="button" class={ "sg-b sg-chip" @if pressed { " sg-on" } } aria-pressed=(pressed) {
                (label) " " strong { (figure::number(count)) }
            }
            (call(&place.widget, &parameters(&query)))
        }
    };
    html! {
        div.sg-chips role="group" aria-label="Configuration sets by phase" {
            (chip(html! { "All" }, overview.sums.sets, None))
            @for phase in PHASES {
                @if let Some(count) = overview.sums.phases.get(&phase) { (chip(badge(phase), *count, Some(phase))) }
            }
        }
    }
}

fn search(overview: &Overview, place: &Place) -> Markup {
    let query = &overview.query;
    // Its fields are read from the form; two of them, since a form with one would be sent by Enter.
    let found = json!({ "search": true, "phase": query.phase });
    let all = json!({ "rows": query.rows });
    html! {
        form.sg-search role="search" {
            label { "Find " input type="text" name="find" value=(query.find) maxlength="128" placeholder="part of a name"; }
            label { "Rows " input.sg-small type="number" name="rows" value=(query.rows) min="1" max="50"; }
            (button("Show", "")) (call(&place.widget, &found))
            @if !query.find.is_empty() || query.phase.is_some() { (button("Clear", "sg-plain")) (call(&place.widget, &all)) }
        }
    }
}

fn table(overview: &Overview, place: &Place) -> Markup {
    html! {
        table.sg-table role="table" {
            caption.sg-hidden { "Configuration sets: first those that don't send, then those nearest to their limit" }
            thead role="rowgroup" {
                tr role="row" {
                    th role="columnheader" scope="col" { "Configuration set" }
                    th role="columnheader" scope="col" { "Limit used" }
                    th role="columnheader" scope="col" { "Last " (days(overview)) " days" }
                    th role="columnheader" scope="col" { "Last decision" }
                }
            }
            tbody role="rowgroup" {
                @for row in &overview.rows { (table_row(row, overview, place)) }
            }
        }
    }
}

fn days(overview: &Overview) -> u32 {
    overview.rows.iter().map(|row| row.window).max().unwrap_or(672).div_ceil(96)
}

fn table_row(row: &Row, overview: &Overview, place: &Place) -> Markup {
    let nearer = spark::nearer(&row.courses);
    let mut open = parameters(&overview.query);
    if let Some(fields) = open.as_object_mut() {
        fields.insert("set".to_owned(), json!(row.set));
    }
    html! {
        tr role="row" {
            th.sg-name role="rowheader" scope="row" {
                (button(row.set.name.as_str(), "sg-link")) (call(&place.widget, &open))
                @if overview.several_homes { span.sg-soft { (row.set.account) "/" (row.set.region) } }
                (marks(row))
            }
            td.sg-used role="cell" {
                strong { (figure::percent(row.used_ppm)) }
                span.sg-soft {
                    (figure::count(row.totals.sends)) " mails, " (figure::count(row.totals.bounces)) " bounced, "
                    (figure::count(row.totals.complaints)) " complained"
                }
            }
            td.sg-days role="cell" { (spark::small(nearer, row.window, overview.at)) }
            td.sg-why role="cell" {
                (row.sentence)
                @if let Some(degraded) = &row.degraded { " " (degraded) }
            }
        }
    }
}

/// Phase, and what else is to be known of a set.
pub(crate) fn marks(row: &Row) -> Markup {
    html! {
        span.sg-marks {
            (badge(row.state.phase))
            @if let Some(hold) = &row.state.hold { span.sg-badge.sg-watch title=(hold.reason) { "held by " (hold.actor) } }
            @else if let Some(spared) = &row.spared { span.sg-badge.sg-off { (spared) } }
            @if let Some(unheard) = &row.state.unheard { span.sg-badge.sg-stop title=(unheard.gap.as_str()) { "not heard" } }
            @if row.state.pending.is_some() { span.sg-badge.sg-off { "SES is being told" } }
        }
    }
}

fn pages(overview: &Overview, place: &Place) -> Markup {
    let query = &overview.query;
    let last = overview.matching.saturating_sub(1) / query.rows.max(1);
    let page = query.page.min(last);
    let to = |page: usize| call(&place.widget, &parameters(&Query { page, ..query.clone() }));
    let from = page * query.rows;
    html! {
        div.sg-pages {
            @if page > 0 { (button("Previous", "")) (to(page - 1)) }
            span.sg-soft {
                @if overview.matching > 0 {
                    (figure::number(from + 1)) " to " (figure::number((from + overview.rows.len()).min(overview.matching)))
                    " of " (figure::number(overview.matching)) " configuration sets"
                }
            }
            @if page < last { (button("Next", "")) (to(page + 1)) }
        }
    }
}
