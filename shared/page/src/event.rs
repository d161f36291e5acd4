//! What a dashboard asks: the event that CloudWatch's console calls a widget's function with.
//!
//! The fields of the widget's own parameters and of a pressed button's JSON lie side by side at its top; what was typed
//! lies in `widgetContext.forms.all`. It names no person.

use guard_core::name::SetKey;
use guard_core::state::Phase;
use guard_core::steps::watch::Query;
use serde_json::Value;

use crate::{Place, Theme};

/// What is asked of the widget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// What it is and which parameters it takes.
    Describe,
    /// The sets that the query asks for.
    Overview(Query),
    /// One set, reached from these.
    Set(SetKey, Query),
    /// Nothing that can be shown, for this reason.
    Nonsense(&'static str),
}

/// Whether this is a dashboard's call, and no operator's.
pub fn is_from_dashboard(event: &Value) -> bool {
    event.get("widgetContext").is_some_and(Value::is_object)
}

/// What was typed into a field of this name; nothing typed is nothing.
pub fn typed<'a>(event: &'a Value, field: &str) -> Option<&'a str> {
    event.pointer("/widgetContext/forms/all")?.get(field)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// What was typed into a set's form so far: it comes back with the page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Typed<'a> {
    /// Why something is to be ordered.
    pub reason: &'a str,
    /// Who orders it.
    pub actor: &'a str,
}

impl<'a> Typed<'a> {
    /// As the dashboard sends it along with every call.
    pub fn of(event: &'a Value) -> Self {
        let field = |name: &str| typed(event, name).unwrap_or_default();
        Self { reason: field("reason"), actor: field("actor") }
    }
}

/// The set in whose form a reason stands, when the dashboard asks by itself: then none of our buttons was pressed.
fn half_written(event: &Value) -> Option<SetKey> {
    let pressed = ["set", "find", "search"].iter().any(|field| event.get(field).is_some());
    typed(event, "reason").filter(|_| !pressed)?;
    typed(event, "set")?.parse().ok()
}

impl Place {
    /// Where the page of this event is shown. `actions: false` among the widget's parameters takes its orders away.
    pub fn of(event: &Value, widget: &str, operate: Option<&str>) -> Self {
        let context = |field: &str| event.get("widgetContext").and_then(|context| context.get(field));
        let theme = if context("theme").and_then(Value::as_str) == Some("dark") { Theme::Dark } else { Theme::Light };
        let width = context("width").and_then(Value::as_u64).and_then(|width| u32::try_from(width).ok());
        let denied = |parameters: Option<&Value>| {
            parameters.and_then(|parameters| parameters.get("actions")).and_then(Value::as_bool) == Some(false)
        };
        let operate = operate.filter(|_| !denied(Some(event)) && !denied(context("params"))).map(str::to_owned);
        Self { theme, width, widget: widget.to_owned(), operate }
    }
}

impl Asked {
    /// Reads an event. What a dashboard says beyond this is none of the widget's business.
    pub fn of(event: &Value) -> Self {
        if event.get("describe").is_some_and(|describe| *describe != Value::Bool(false)) {
            return Self::Describe;
        }
        let searched = event.get("search").and_then(Value::as_bool) == Some(true);
        let field = |name: &str| if searched { typed(event, name) } else { event.get(name).and_then(Value::as_str) };
        let number = |name: &str| {
            let typed = searched.then(|| typed(event, name)).flatten().and_then(|text| text.parse().ok());
            typed.or_else(|| event.get(name).and_then(Value::as_u64)).and_then(|number| usize::try_from(number).ok())
        };
        let phase = match event.get("phase") {
            None | Some(Value::Null) => None,
            Some(word) => match serde_json::from_value::<Phase>(word.clone()) {
                Ok(phase) => Some(phase),
                Err(_) => return Self::Nonsense("There is no such phase."),
            },
        };
        let plain = Query::default();
        let find = field("find").unwrap_or_default().chars().take(128).collect();
        let (page, rows) = (number("page").unwrap_or(0), number("rows").unwrap_or(plain.rows));
        let query = Query { find, phase, page, ..plain }.with_rows(rows);
        match event.get("set").and_then(Value::as_str) {
            None => half_written(event).map_or(Self::Overview(query.clone()), |set| Self::Set(set, query)),
            Some(set) => match set.parse() {
                Ok(set) => Self::Set(set, query),
                Err(_) => Self::Nonsense("That is no configuration set's key."),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn context(forms: &Value) -> Value {
        json!({ "theme": "dark", "width": 588, "forms": { "all": forms }, "params": { "rows": 5 } })
    }

    #[test]
    fn a_dashboard_asks_by_parameters_buttons_and_a_form() {
        let typed = context(&json!({ "find": " promo ", "rows": "30" }));
        let query = |find: &str, phase, page, rows| {
            Asked::Overview(Query { find: find.into(), phase, page, ..Query::default() }.with_rows(rows))
        };
        let set: SetKey = "111122223333/eu-west-1/promo".parse().unwrap();
        for (event, asked) in [
            (json!({}), query("", None, 0, 20)),
            (json!({ "widgetContext": typed, "rows": 5 }), query("", None, 0, 5)),
            (
                json!({ "widgetContext": typed, "search": true, "phase": "PAUSED" }),
                query("promo", Some(Phase::Paused), 0, 30),
            ),
            (
                json!({ "widgetContext": typed, "find": "news", "page": 2, "rows": 10, "phase": null }),
                query("news", None, 2, 10),
            ),
            (json!({ "rows": 100_000 }), query("", None, 0, 50)),
            (json!({ "describe": true, "widgetContext": typed }), Asked::Describe),
            (
                json!({ "set": set, "find": "p" }),
                Asked::Set(set.clone(), Query { find: "p".into(), ..Query::default() }),
            ),
            (json!({ "set": "<script>" }), Asked::Nonsense("That is no configuration set's key.")),
            (json!({ "phase": "ASLEEP" }), Asked::Nonsense("There is no such phase.")),
            (json!({ "find": ["x"], "page": -1, "rows": "many" }), query("", None, 0, 20)),
        ] {
            assert_eq!(Asked::of(&event), asked, "{event}");
        }
    }

    #[test]
    fn a_dashboard_that_refreshes_keeps_the_form_in_which_somebody_writes() {
        let key = "111122223333/eu-west-1/promo";
        let set: SetKey = key.parse().unwrap();
        let typed = |set: &str, reason: &str| context(&json!({ "set": set, "reason": reason, "actor": "ops" }));
        let query = |rows| Query::default().with_rows(rows);
        for (event, asked) in [
            (json!({ "rows": 5, "widgetContext": typed(key, "half a") }), Asked::Set(set, query(5))),
            (json!({ "rows": 5, "widgetContext": typed(key, " ") }), Asked::Overview(query(5))),
            (json!({ "rows": 5, "widgetContext": typed("<b>", "half a") }), Asked::Overview(query(5))),
            (json!({ "rows": 5, "find": "", "widgetContext": typed(key, "half a") }), Asked::Overview(query(5))),
        ] {
            assert_eq!(Asked::of(&event), asked, "{event}");
        }
        let event = json!({ "widgetContext": typed(key, " half a ") });
        assert_eq!(Typed::of(&event), Typed { reason: "half a", actor: "ops" });
    }

    #[test]
    fn the_files_of_events_are_what_they_are_said_to_be() {
        let read = |name: &str| {
            let file = format!("{}/../../events/widget/{name}.json", env!("CARGO_MANIFEST_DIR"));
            serde_json::from_str::<Value>(&std::fs::read_to_string(file).unwrap()).unwrap()
        };
        let set: SetKey = "111122223333/eu-west-1/marketing-weekly".parse().unwrap();
        for (name, asked) in [
            ("describe", Asked::Describe),
            ("refresh", Asked::Overview(Query::default())),
            ("search", Asked::Overview(Query { find: "marketing".into(), ..Query::default() }.with_rows(30))),
            ("set", Asked::Set(set, Query { phase: Some(Phase::Paused), ..Query::default() })),
        ] {
            assert_eq!(Asked::of(&read(name)), asked, "{name}");
            assert_eq!(is_from_dashboard(&read(name)), name != "describe", "{name}");
        }
        assert_eq!(typed(&read("order"), "actor"), Some("ops@example.com"));
    }

    #[test]
    fn a_place_is_as_the_dashboard_says_and_may_have_no_orders() {
        let event = json!({ "widgetContext": context(&json!({})) });
        let place = Place::of(&event, "arn:widget", Some("arn:operate"));
        let wanted = Place {
            theme: Theme::Dark,
            width: Some(588),
            widget: "arn:widget".into(),
            operate: Some("arn:operate".into()),
        };
        assert_eq!(place, wanted);
        for denied in [json!({ "actions": false }), json!({ "widgetContext": { "params": { "actions": false } } })] {
            assert_eq!(Place::of(&denied, "w", Some("o")).operate, None, "{denied}");
        }
        assert_eq!(Place::of(&json!({}), "w", None), Place { widget: "w".into(), ..Place::default() });
    }
}
