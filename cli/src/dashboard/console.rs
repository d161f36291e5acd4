//! What stands in for CloudWatch's console: a page that shows the widget and does what its buttons say.

use maud::{DOCTYPE, PreEscaped, html};

const SCRIPT: &str = include_str!("console.js");
const STYLE: &str = include_str!("console.css");

/// The page. The widget comes into it by its first call.
pub(super) fn page(title: &str, key: &str, nonce: &str) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " – ses-guard" }
                style { (PreEscaped(STYLE)) }
            }
            body data-key=(key) {
                header { h1 { (title) } p #busy role="status" { "Loading" } }
                main #widget tabindex="-1" aria-busy="true" {}
                dialog #popup aria-label="Answer" { div {} form method="dialog" { button { "Close" } } }
                dialog #confirm aria-labelledby="question" {
                    p #question {}
                    form method="dialog" { button value="no" { "Cancel" } button value="yes" { "Confirm" } }
                }
                script nonce=(nonce) { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

/// Our script and any style; no other script, no picture, no frame, no request but to here.
pub(super) fn policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-{nonce}'; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    )
}
