//! One configuration set: how it stands, what was decided of it, and what may be ordered.

use guard_core::audit::AuditRecord;
use guard_core::state::Phase;
use guard_core::steps::watch::{Query, Row, SetView};
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::action::{button, call, order, parameters};
use crate::overview::marks;
use crate::{Place, Typed, badge, figure, spark};

/// The page; `back` is what it was reached from, and what was typed stays.
pub fn set(view: &SetView, back: &Query, place: &Place, typed: Typed<'_>) -> String {
    let row = &view.row;
    let mut again = parameters(back);
    if let Some(fields) = again.as_object_mut() {
        fields.insert("set".to_owned(), json!(row.set));
    }
    place.wrapped(&html! {
        div.sg-pages {
            (button("← All sets", "")) (call(&place.widget, &parameters(back)))
            (button("Refresh", "sg-plain")) (call(&place.widget, &again))
            span.sg-soft { "As of " time datetime=(view.at) { (figure::time(view.at)) " UTC" } }
        }
        h2.sg-title { (row.set.name) }
        @if view.several_homes { p.sg-soft { "Account " (row.set.account) ", " (row.set.region) } }
        p { (marks(row)) }
        p.sg-sentence { (row.sentence) }
        (facts(row))
        @if let Some(operate) = &place.operate { (orders(row, operate, typed)) }
        @if !row.set.is_account() {
            @for course in &row.courses { (spark::large(course, row.window, view.at)) }
            p.sg-soft {
                "Drawn is how much of its limit the running stretch of mail had used up; at the dashed line the set is paused."
            }
        }
        (file(&view.history))
    })
}

fn facts(row: &Row) -> Markup {
    let totals = &row.totals;
    let days = row.window.div_ceil(96);
    html! {
        dl.sg-facts {
            @if !row.set.is_account() {
                div { dt { "Limit used" } dd { (figure::percent(row.used_ppm)) @if row.trial { " of the trial's" } } }
                div { dt { "Mails in " (days) " days" } dd { (figure::count(totals.sends)) } }
                div { dt { "Hard bounces" } dd { (figure::count(totals.bounces)) } }
                div { dt { "Complaints" } dd { (figure::count(totals.complaints)) } }
                div { dt { "Judged by" } dd { (row.profile) } }
            }
            @if let Some(off_since) = row.state.off_since { div { dt { "SES refuses its mail since" } dd { (figure::time(off_since)) " UTC" } } }
            @if let Some(fresh) = row.state.fresh { div { dt { "Counts mail sent since" } dd { (figure::time(fresh.start())) " UTC" } } }
            @if let Some(hold) = &row.state.hold {
                div { dt { "Held" } dd { "by " (hold.actor) " since " (figure::time(hold.since)) " UTC: " (hold.reason) } }
            }
            @if let Some(tenant) = row.state.lever.tenant() { div { dt { "Paused through its tenant" } dd { (tenant) } } }
            @if let Some(unheard) = &row.state.unheard { div { dt { "Not heard" } dd { (unheard.gap.as_str()) } } }
        }
    }
}

/// What may be ordered of a set that stands like this.
fn possible(row: &Row) -> Vec<(&'static str, &'static str, String, Value)> {
    let name = &row.set.name;
    let wire = |action: &str| json!({ "action": action, "configurationSet": name, "account": row.set.account, "region": row.set.region });
    let pause = || {
        let ask = format!("Pause {name}? SES will refuse its mail until someone resumes it.");
        ("Pause", "sg-danger", ask, wire("pause"))
    };
    let resume = || {
        let ask = format!(
            "Resume {name}? SES will take its mail again. It starts afresh and on trial; mail sent before counts no more."
        );
        ("Resume", "sg-main", ask, wire("resume"))
    };
    let forced = || {
        let mut forced = wire("resume");
        if let Some(fields) = forced.as_object_mut() {
            fields.insert("force".to_owned(), json!(true));
        }
        let ask = format!("{name} was disabled in SES by someone else, not by the guard. Resume it all the same?");
        ("Resume all the same", "sg-main", ask, forced)
    };
    let mut orders = match row.state.phase {
        Phase::Active | Phase::Warned | Phase::Trial | Phase::Resuming => vec![pause()],
        Phase::Pausing | Phase::Paused => vec![resume()],
        Phase::External => vec![forced(), pause()],
        // There is nothing to pause; SES may know it again, and then it is listed otherwise.
        Phase::Gone => Vec::new(),
    };
    if row.state.hold.is_some() {
        let ask = format!("Release {name}? The guard pauses it again if its counts say so, perhaps at once.");
        orders.push(("Release", "", ask, wire("release")));
    } else if row.state.phase != Phase::Gone && !row.set.is_account() {
        let ask = format!("Hold {name}? The guard will tell, and not pause it, whatever it counts.");
        orders.push(("Hold", "", ask, wire("hold")));
    }
    orders
}

/// Both fields go with every order; `operate` refuses one without them.
fn orders(row: &Row, operate: &str, typed: Typed<'_>) -> Markup {
    html! {
        form.sg-orders aria-label="Orders" {
            // For a dashboard that refreshes by itself.
            input type="hidden" name="set" value=(row.set);
            label { span { "Reason " span.sg-soft { "(the records keep it)" } } input type="text" name="reason" maxlength="500" autocomplete="off" value=(typed.reason); }
            label { span { "Your name " span.sg-soft { "(the records keep it)" } } input type="text" name="actor" maxlength="128" autocomplete="email" value=(typed.actor); }
            div.sg-buttons {
                @for (label, class, ask, parameters) in possible(row) {
                    (button(label, class)) (order(operate, &ask, &parameters))
                }
            }
        }
    }
}

fn file(history: &[AuditRecord]) -> Markup {
    html! {
        h3 { "What was decided" }
        @if history.is_empty() { p.sg-none { "Nothing yet." } }
        ol.sg-file {
            @for (index, record) in history.iter().enumerate() {
                @let newer = index.checked_sub(1).and_then(|newer| history.get(newer));
                li {
                    time.sg-soft datetime=(record.at) { (figure::time(record.at)) " UTC" } " "
                    @if record.phase_before != record.phase_after { (badge(record.phase_after)) " " }
                    // A pause is on file twice, as it is decided and as SES confirms it.
                    @if newer.is_some_and(|newer| newer.sentence == record.sentence) { span.sg-soft { "for the same reason" } }
                    @else { (record.sentence) }
                }
            }
        }
    }
}
