//! Reading and folding events on one core, beside a reader that makes `serde_json::Value`s, and beside doing nothing
//! but looking at each byte.

use std::hint::black_box;

use guard_core::event::{HashKey, Reader, Reading, Signal, SignalKind};
use guard_core::name::SetKey;
use guard_core::tally::{Addition, fold};
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
    /// The same by `serde_json::Value`.
    pub value: Runs,
    /// `serde_json::Value` alone: nothing is made of it.
    pub value_alone: Runs,
    /// Looking at each byte.
    pub memory: Runs,
}

/// Reads these events, one a line, in so many rounds.
pub fn measure(text: &str, rounds: usize) -> Took {
    let lines: Vec<&str> = text.lines().collect();
    let (reader, now) = (mail::reader(), mail::now());
    let key = mail::hash_key();
    for batch in lines.chunks(BATCH) {
        assert_eq!(read_and_fold(&reader, batch, now), read_values_and_fold(&key, batch), "both make the same of it");
    }
    let [guard, value, value_alone, memory] = in_turn(
        rounds,
        [
            &mut || lines.chunks(BATCH).for_each(|batch| drop(black_box(read_and_fold(&reader, batch, now)))),
            &mut || lines.chunks(BATCH).for_each(|batch| drop(black_box(read_values_and_fold(&key, batch)))),
            &mut || lines.iter().for_each(|line| drop(black_box(serde_json::from_str::<Value>(line)))),
            &mut || {
                black_box(look_at(black_box(text.as_bytes())));
            },
        ],
    );
    Took { events: lines.len(), bytes: text.len(), guard, value, value_alone, memory }
}

/// As the counting function does with a batch.
pub fn read_and_fold(reader: &Reader, batch: &[&str], now: Timestamp) -> Vec<Addition> {
    let mut signals: Vec<Signal> = Vec::with_capacity(batch.len());
    for body in batch {
        if let Ok(Reading::Signals { signals: of_body, .. }) = reader.read(body, now) {
            signals.extend(of_body);
        }
    }
    fold(signals.iter().map(|signal| (signal, false)))
}

/// As one would write it with the JSON crate's own tree, for events that hold what they should.
pub fn read_values_and_fold(key: &HashKey, batch: &[&str]) -> Vec<Addition> {
    let events = batch.iter().filter_map(|body| serde_json::from_str::<Value>(body).ok());
    let signals: Vec<Signal> = events.filter_map(|event| signal_of(key, &event)).collect();
    fold(signals.iter().map(|signal| (signal, false)))
}

fn signal_of(key: &HashKey, event: &Value) -> Option<Signal> {
    let mail = &event["mail"];
    let id = mail["messageId"].as_str()?;
    let recipient = |address: &Value| Some(key.recipient(id, address.as_str()?));
    let (kind, detail, ids) = match event["eventType"].as_str()? {
        "Send" => (SignalKind::Send, mail, mail["destination"].as_array()?.iter().filter_map(recipient).collect()),
        "Bounce" if event["bounce"]["bounceType"] == "Permanent" => {
            let bounced = event["bounce"]["bouncedRecipients"].as_array()?.iter();
            let ids = bounced.filter_map(|one| recipient(&one["emailAddress"])).collect();
            (SignalKind::Bounce, &event["bounce"], ids)
        }
        "Complaint" => {
            let complaint = &event["complaint"];
            (SignalKind::Complaint, complaint, vec![key.complaint(id, complaint["feedbackId"].as_str()?)])
        }
        _ => return None,
    };
    let set = SetKey {
        account: mail["sendingAccountId"].as_str()?.parse().ok()?,
        region: mail["sourceArn"].as_str()?.split(':').nth(3)?.parse().ok()?,
        name: mail["tags"]["ses:configuration-set"][0].as_str()?.parse().ok()?,
    };
    let sent_at = mail["timestamp"].as_str()?.parse().ok()?;
    let occurred_at = detail["timestamp"].as_str()?.parse().ok()?;
    let sender = mail["tags"]["ses:caller-identity"][0].as_str().and_then(|name| name.parse().ok());
    Some(Signal { set, kind, ids, sender, sent_at, occurred_at, simulated: false })
}

/// What memory can deliver.
fn look_at(bytes: &[u8]) -> u64 {
    let (words, _) = bytes.as_chunks::<8>();
    words.iter().fold(0, |sum: u64, word| sum.wrapping_add(u64::from_ne_bytes(*word)))
}
