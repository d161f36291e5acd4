//! Buttons, and what CloudWatch does when one is pressed.
//!
//! `<cwdb-action>` belongs to the element just before it. Its text is the JSON that the function is called with; the
//! console adds the page's form fields as `widgetContext.forms.all`. A real `<button>`, since an `<a>` without `href` can't be
//! reached by keyboard, and one with it would leave the dashboard.

use guard_core::steps::watch::Query;
use maud::{Markup, html};
use serde_json::{Value, json};

/// A button; its action must follow at once.
pub(crate) fn button(label: &str, class: &str) -> Markup {
    html! { button type="button" class={ "sg-b " (class) } { (label) } }
}

/// Replaces the page by what this function answers.
pub(crate) fn call(endpoint: &str, parameters: &Value) -> Markup {
    html! { cwdb-action action="call" display="widget" endpoint=(endpoint) { (text(parameters)) } }
}

/// Asks first, then shows the function's answer above the page.
pub(crate) fn order(endpoint: &str, confirmation: &str, parameters: &Value) -> Markup {
    html! {
        cwdb-action action="call" display="popup" endpoint=(endpoint) confirmation=(confirmation) { (text(parameters)) }
    }
}

/// What the widget is called with to show these sets.
pub fn parameters(query: &Query) -> Value {
    json!({ "find": query.find, "phase": query.phase, "page": query.page, "rows": query.rows })
}

/// JSON that reads the same whether the console takes an element's text or its HTML.
fn text(parameters: &Value) -> String {
    parameters.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_action_carries_can_not_end_it() {
        let query = Query { find: "</cwdb-action><img src=x onerror=alert(1)>&\"'".to_owned(), ..Query::default() };
        let action = call("arn:\"><script>", &parameters(&query)).into_string();
        assert_eq!(action.matches('<').count(), 2, "{action}");
        assert!(!action.contains("<img") && !action.contains("<script") && !action.contains("\"><"), "{action}");
        let json = action.split_once('>').unwrap().1.split_once("</").unwrap().0.replace("&quot;", "\"");
        assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), parameters(&query), "{json}");
    }
}
