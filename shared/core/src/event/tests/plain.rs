//! The short way gives what the long way gives, or stands back.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::properties::corpus;
use super::*;
use crate::event::envelope::{Origin, read_form};
use crate::event::plain::Plain;

static CORPUS: LazyLock<Vec<String>> = LazyLock::new(corpus);

/// Whether it went the short way.
fn same(body: &str) -> bool {
    let long = read_form(&reader(), body, Part::Body, Origin::default(), now());
    let Some(plain) = Plain::of(body) else { return false };
    assert_eq!(plain.read(&reader(), &Origin::default(), now()), long, "{body}");
    true
}

fn hostile() -> Vec<String> {
    let folder = format!("{}/../../fuzz/corpus", env!("CARGO_MANIFEST_DIR"));
    let files = ["event", "invocation"].map(|of| std::fs::read_dir(format!("{folder}/{of}")).unwrap());
    files.into_iter().flatten().map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect()
}

#[test]
fn every_known_body_is_read_alike() {
    let (mut short, mut all) = (0, 0);
    for text in CORPUS.iter().cloned().chain(hostile()) {
        let compact = serde_json::from_str::<Value>(&text).map(|value| value.to_string());
        for body in records(&text).into_iter().map(|record| record.body).chain(compact) {
            all += 1;
            short += usize::from(same(&body));
        }
    }
    assert!(short > 80 && all > 200, "{short} of {all} went the short way");
}

#[test]
fn a_record_with_anything_around_it_goes_the_long_way() {
    let record = r#""eventType":"Send","mail":{"timestamp":"2026-11-20T09:14:02.118Z"}"#;
    assert!(same(&format!("{{{record}}}")));
    for field in [
        "requestPayload",
        "requestContext",
        "detail-type",
        "alarmData",
        "AlarmName",
        "notificationType",
        "Type",
        "mail",
    ] {
        assert!(!same(&format!("{{{record},\"{field}\":{{}}}}")), "{field}");
    }
    for form in ["{record", "[record]", " {}", "\u{feff}{record}", "{record,}"] {
        assert!(!same(&form.replace("record", record)), "{form}");
    }
}

/// What JSON is made of, and what it is not.
const SPLINTERS: [&str; 22] = [
    "",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\\"",
    "\\u00e9",
    "\\ud800",
    "null",
    "1e999",
    "-",
    "0",
    "tru",
    "\n",
    "\u{1}",
    "\"eventType\":\"Bounce\",",
    "\"Type\":null,",
    "\u{feff}",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_body_is_read_alike(
        file in any::<prop::sample::Index>(),
        wounds in prop::collection::vec((any::<prop::sample::Index>(), 0..4_usize, prop::sample::select(&SPLINTERS[..])), 1..4),
    ) {
        let text = file.get(&CORPUS);
        // On one line half of the time, as SES sends it.
        let mut body: Vec<char> = match serde_json::from_str::<Value>(text) {
            Ok(value) if text.len() % 2 == 0 => value.to_string(),
            Ok(_) | Err(_) => text.clone(),
        }.chars().collect();
        for (at, length, splinter) in wounds {
            let from = at.index(body.len() + 1);
            let until = (from + length).min(body.len());
            body.splice(from..until, splinter.chars());
        }
        same(&body.into_iter().collect::<String>());
    }
}
