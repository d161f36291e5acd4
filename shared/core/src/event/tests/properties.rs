//! What holds for any input at all.

use proptest::prelude::*;

use super::*;

const CANARY: &str = "canary.0815@leak.example";

/// Every file of `events/`.
pub(super) fn corpus() -> Vec<String> {
    let root = format!("{}/../../events", env!("CARGO_MANIFEST_DIR"));
    let folders = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let files = folders.flat_map(|folder| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
    let mut files: Vec<_> = files.collect();
    files.sort();
    assert!(files.len() > 90, "the corpus is all of events/");
    files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
}

/// All that a reading may write into a log.
fn logged(body: &str) -> String {
    let words = |body: &str, region| match reader().read_record(&Record { body: body.to_owned(), region }, now()) {
        Ok(Reading::Signals { signals, unknown_subtype }) => format!("{signals:?} {unknown_subtype:?}"),
        Ok(Reading::Ignored(why)) => format!("{why} {why:?}"),
        Ok(Reading::Alarm(_)) => String::new(),
        Err(error) => format!("{error} {error:?}"),
    };
    records(body).into_iter().map(|record| words(&record.body, record.region)).collect()
}

/// The paths of all strings in a value.
fn strings(value: &Value, path: String, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(path),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, item)| strings(item, format!("{path}/{n}"), found))
        }
        Value::Object(fields) => fields.iter().for_each(|(name, field)| {
            let name = name.replace('~', "~0").replace('/', "~1");
            strings(field, format!("{path}/{name}"), found);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[test]
fn no_field_of_any_event_can_bring_an_address_into_a_log() {
    let mut tried = 0;
    for text in corpus() {
        let Ok(value) = serde_json::from_str::<Value>(&text) else { continue };
        let mut paths = Vec::new();
        strings(&value, String::new(), &mut paths);
        for path in paths {
            for planted in [json!(CANARY), json!([CANARY]), json!({CANARY: CANARY})] {
                let body = with(value.clone(), &path, planted).to_string();
                for body in [in_sns(&body), body] {
                    assert!(!logged(&body).contains("canary"), "{path}: {}", logged(&body));
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 5_000, "{tried} places were tried");
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>()) {
        logged(&text);
        logged(&in_sns(&text));
    }

    #[test]
    fn no_json_makes_the_reader_panic(text in r#"[\[\]{}":,0-9eE.+\\ud\-truefalsnl \n]{0,80}"#) {
        logged(&text);
        logged(&format!("{{\"eventType\":{text}}}"));
    }

    #[test]
    fn a_damaged_event_is_read_or_refused_and_never_quoted(
        file in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        length in 0_usize..60,
        inserted in prop_oneof![Just(""), Just(CANARY), Just("\""), Just("{"), Just("]"), Just("null"), Just("\u{0}"), Just("\\ud800")],
    ) {
        let corpus = corpus();
        let text = file.get(&corpus);
        let boundary = |byte: usize| (0..=byte.min(text.len())).rev().find(|&b| text.is_char_boundary(b)).unwrap_or(0);
        let start = boundary(at.index(text.len() + 1));
        let end = boundary(start + length).max(start);
        let damaged = format!("{}{inserted}{}", &text[..start], &text[end..]);
        prop_assert!(!logged(&damaged).contains("canary"));
        prop_assert!(!logged(&in_sns(&damaged)).contains("canary"));
    }

    #[test]
    fn wrapping_changes_nothing(
        addresses in prop::collection::vec("[a-cA-C]{1,2}@(example\\.org|simulator\\.amazonses\\.com)", 0..6),
        kind in 0..3,
        subtype in prop_oneof![Just("General"), Just("OnAccountSuppressionList"), Just("Odd")],
    ) {
        let people = json!(addresses.iter().map(|address| json!({"emailAddress": address})).collect::<Vec<_>>());
        let record = match kind {
            0 => with(send(&[]), "/mail/destination", json!(addresses)),
            1 => with(bounce(people), "/bounce/bounceSubType", json!(subtype)),
            _ => with(complaint(people), "/complaint/complaintSubType", json!(subtype)),
        };
        let read = |body: &str| reader().read(body, now());
        let plain = read(&record.to_string());
        prop_assert_eq!(&read(&in_sns(&record.to_string())), &plain);
        prop_assert_eq!(&read(&in_eventbridge(&record).to_string()), &plain);
        prop_assert_eq!(&read(&in_sns(&in_eventbridge(&record).to_string())), &plain);
    }

    #[test]
    fn the_order_of_recipients_does_not_change_what_is_counted(
        addresses in prop::collection::vec("[a-c]{1,2}@example\\.org", 1..8).prop_shuffle(),
    ) {
        let counted = |addresses: &[String]| {
            let record = with(send(&[]), "/mail/destination", json!(addresses));
            signal(&record.to_string()).ids.into_iter().collect::<BTreeSet<_>>()
        };
        let mut sorted = addresses.clone();
        sorted.sort();
        prop_assert_eq!(counted(&addresses), counted(&sorted));
        sorted.dedup();
        prop_assert_eq!(counted(&addresses).len(), sorted.len());
    }
}
