//! What the guard knows, as HTML. One page for CloudWatch's custom widget and for `ses-guard dashboard`.
//!
//! CloudWatch takes out scripts, `<iframe>` and `<use>`, and shares one document among all widgets of a dashboard. So there
//! is no script, no request and no id here; all style hangs on the class `sg`; what a click does is said by a
//! `<cwdb-action>` after the button. All foreign text goes through maud, which escapes it.

mod action;
mod answer;
mod event;
mod figure;
mod overview;
mod respond;
mod set;
mod spark;

use guard_core::state::Phase;
use guard_core::steps::watch::Query;
use maud::{Markup, PreEscaped, html};

pub use action::parameters;
pub use answer::answer;
pub use event::{Asked, Typed, is_from_dashboard, typed};
pub use overview::overview;
pub use respond::{DESCRIPTION, respond};
pub use set::set;

const STYLE: &str = include_str!("page.css");

/// Narrower than this many pixels, a table's rows become cards.
const NARROW: u32 = 760;

/// CloudWatch's two.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    /// Dark on light.
    #[default]
    Light,
    /// Light on dark.
    Dark,
}

/// Where a page is shown, and what its buttons may call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// In which colours.
    pub theme: Theme,
    /// How wide, in pixels; `None` when nobody says.
    pub width: Option<u32>,
    /// The function that draws this page, by its ARN.
    pub widget: String,
    /// The function that takes orders, by its ARN; without it there are no orders.
    pub operate: Option<String>,
}

impl Place {
    /// Everything within the one element that the style hangs on.
    fn wrapped(&self, content: &Markup) -> String {
        let theme = match self.theme {
            Theme::Light => "sg-light",
            Theme::Dark => "sg-dark",
        };
        let width = if self.width.is_some_and(|width| width < NARROW) { "sg-narrow" } else { "sg-wide" };
        let page = html! {
            div.cwdb-no-default-styles {}
            style { (PreEscaped(STYLE)) }
            div class={ "sg " (theme) " " (width) } { (content) }
        };
        page.into_string()
    }
}

/// Something went wrong before there was a page.
pub fn trouble(place: &Place, sentence: &str) -> String {
    let again = action::call(&place.widget, &parameters(&Query::default()));
    place.wrapped(&html! {
        p.sg-alert role="alert" { (sentence) }
        p { (action::button("Try again", "")) (again) }
    })
}

/// A phase as a word with a sign, so that nobody needs its colour.
fn badge(phase: Phase) -> Markup {
    let (class, sign) = match phase {
        Phase::Active => ("sg-ok", "●"),
        Phase::Warned => ("sg-watch", "▲"),
        Phase::Trial => ("sg-watch", "◆"),
        Phase::Resuming => ("sg-watch", "▶"),
        Phase::Pausing | Phase::Paused => ("sg-stop", "■"),
        Phase::External => ("sg-stop", "□"),
        Phase::Gone => ("sg-off", "○"),
    };
    html! { span class={ "sg-badge " (class) } { span aria-hidden="true" { (sign) " " } (phase.as_str()) } }
}

#[cfg(test)]
mod tests;
