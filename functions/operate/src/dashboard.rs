//! An order from a dashboard: the same request, in CloudWatch's form.
//!
//! The pressed button's JSON is the request. Who gives the order and why was typed into the page's form, which the console
//! puts into `widgetContext.forms.all`. Nothing else of `widgetContext` is looked at, and nothing is decided here.

use guard_core::steps::operate::Answer;
use guard_page::{Place, typed};
use serde_json::{Value, json};

/// The request within a dashboard's event.
pub(crate) fn request(event: &Value) -> Value {
    let mut request = event.clone();
    if let Some(fields) = request.as_object_mut() {
        fields.remove("widgetContext");
        for field in ["reason", "actor"] {
            if let Some(text) = typed(event, field) {
                fields.entry(field).or_insert_with(|| json!(text));
            }
        }
    }
    request
}

/// The answer as the dashboard shows it.
pub(crate) fn shown(answer: &Answer, event: &Value) -> Value {
    json!(guard_page::answer(answer, &Place::of(event, "", None)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dashboards_order_is_an_operators() {
        let context = |all: Value| json!({ "theme": "dark", "forms": { "all": all }, "params": { "force": true } });
        let order = json!({ "action": "resume", "configurationSet": "promo" });
        let with = |more: Value| {
            let mut order = order.clone();
            order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            order
        };
        for (what, typed, wanted) in [
            (
                "both",
                json!({ "reason": " cleaned ", "actor": "ops", "find": "x" }),
                with(json!({ "reason": "cleaned", "actor": "ops" })),
            ),
            ("nothing typed", json!({ "reason": "  ", "actor": "" }), order.clone()),
            ("no text", json!({ "reason": 7, "actor": ["ops"] }), order.clone()),
        ] {
            assert_eq!(request(&with(json!({ "widgetContext": context(typed) }))), wanted, "{what}");
        }
        let file: Value = serde_json::from_str(include_str!("../../../events/widget/order.json")).unwrap();
        assert!(guard_core::steps::operate::Request::parse(request(&file)).is_ok(), "as CloudWatch sends it");
        let said = with(json!({ "reason": "said", "widgetContext": context(json!({ "reason": "typed" })) }));
        assert_eq!(request(&said)["reason"], "said", "what the request says is not changed");
    }
}
