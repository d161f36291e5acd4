//! Reading and folding events on one core, beside a reader that makes `serde_json::Value`s, and beside doing nothing
//! but looking at each byte.

use std::collections::HashMap;
use std::hint::black_box;

use guard_core::event::{Reader, Reading, Signal};
use guard_core::tally::fold;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::mail;
use crate::timing::{Runs, in_turn};

/// Events of a full batch: what is folded at once.
const BATCH: usize = 1_000;

/// What reading took.
#[derive(Debug, Serialize)]
pub struct Took {
    /// How many events.
    pub events: usize,
    /// How many bytes they have.
    pub bytes: usize,
    /// The guard's reader, and folding.
    pub guard: Runs,
    /// `serde_json::Value`, and counting per set and kind.
    pub value: Runs,
    /// Looking at each byte.
    pub memory: Runs,
}

/// Reads these events, one a line, in so many rounds.
pub fn measure(text: &str, rounds: usize) -> Took {
    let lines: Vec<&str> = text.lines().collect();
    let (reader, now) = (mail::reader(), mail::now());
    let counted = lines.chunks(BATCH).map(|batch| read_and_fold(&reader, batch, now)).sum::<u64>();
    assert_eq!(counted, count_values(&lines), "both count the same");
    let [guard, value, memory] = in_turn(
        rounds,
        [
            &mut || {
                black_box(lines.chunks(BATCH).map(|batch| read_and_fold(&reader, batch, now)).sum::<u64>());
            },
            &mut || {
                black_box(count_values(&lines));
            },
            &mut || {
                black_box(look_at(black_box(text.as_bytes())));
            },
        ],
    );
    Took { events: lines.len(), bytes: text.len(), guard, value, memory }
}

/// As the counting function does with a batch; gives how many units it came to.
pub fn read_and_fold(reader: &Reader, batch: &[&str], now: Timestamp) -> u64 {
    let mut signals: Vec<Signal> = Vec::with_capacity(batch.len());
    for body in batch {
        if let Ok(Reading::Signals { signals: of_body, .. }) = reader.read(body, now) {
            signals.extend(of_body);
        }
    }
    let additions = fold(signals.iter().map(|signal| (signal, false)));
    additions.iter().flat_map(|one| &one.receipts).map(|(_, receipts)| receipts.receipts).sum()
}

/// The same count without any check, by the JSON crate's own tree.
pub fn count_values(lines: &[&str]) -> u64 {
    let mut counts: HashMap<(String, String, String), u64> = HashMap::new();
    for line in lines {
        let Ok(event) = serde_json::from_str::<Value>(line) else { continue };
        let mail = &event["mail"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let hour = mail["timestamp"].as_str().and_then(|time| time.get(..13)).unwrap_or_default().to_owned();
        let key = (text(&mail["tags"]["ses:configuration-set"][0]), text(&event["eventType"]), hour);
        let units = match event["eventType"].as_str() {
            Some("Send") => mail["destination"].as_array().map_or(0, Vec::len),
            Some("Bounce") => event["bounce"]["bouncedRecipients"].as_array().map_or(0, Vec::len),
            Some(_) | None => 1,
        };
        *counts.entry(key).or_default() += units as u64;
    }
    counts.values().sum()
}

/// What memory can deliver.
fn look_at(bytes: &[u8]) -> u64 {
    let (words, _) = bytes.as_chunks::<8>();
    words.iter().fold(0, |sum: u64, word| sum.wrapping_add(u64::from_ne_bytes(*word)))
}
