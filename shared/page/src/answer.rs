//! What came of an order, for whom gave it on a dashboard.

use guard_core::state::Phase;
use guard_core::steps::operate::Answer;
use maud::{Markup, html};

use crate::{Place, badge};

/// The answer of `operate` as HTML: the same as its JSON, in words.
pub fn answer(answer: &Answer, place: &Place) -> String {
    let content = match answer {
        Answer::Refused(refused) => html! {
            p.sg-alert role="alert" { strong { "Refused: " } (refused.refusal().message) }
        },
        Answer::Set(set) => html! {
            h2.sg-title { (set.configuration_set) }
            p role="status" {
                strong { "Done: " (set.action) ". " }
                @if set.phase_before != set.phase_after { (badge(set.phase_before)) " → " }
                (badge(set.phase_after)) " " (follows(set.phase_after))
            }
            p.sg-sentence { (set.sentence) }
        },
        Answer::Other(value) => html! { pre.sg-pre { (value.to_string()) } },
    };
    place.wrapped(&content)
}

/// What is still to come.
fn follows(phase: Phase) -> Markup {
    html! {
        @match phase {
            Phase::Pausing | Phase::Resuming => "It is written down; SES follows within seconds. Close this and choose Refresh.",
            Phase::Active | Phase::Warned | Phase::Paused | Phase::Trial | Phase::External | Phase::Gone => "Close this and choose Refresh.",
        }
    }
}
