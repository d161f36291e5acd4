//! An archive of events, written and replayed.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::time::Instant;

use flate2::Compression;
use flate2::write::GzEncoder;
use guard_core::event::{Accounts, HashKey, Reader};
use guard_core::policy::PolicyBook;
use guard_replay::{NamedPolicy, Options, inputs, read, replay};
use jiff::Timestamp;
use serde::Serialize;

use crate::mail::write_events;
use crate::timing::peak_memory;

/// Writes an archive of so many milliseconds; compressed when its name ends in `.gz` or `.zst`.
pub fn write(count: u64, milliseconds: u64, path: &str) -> Result<(), Box<dyn Error>> {
    let file = BufWriter::new(File::create(path)?);
    if path.ends_with(".gz") {
        let mut out = GzEncoder::new(file, Compression::new(1));
        write_events(count, milliseconds, &mut out)?;
        out.finish()?.flush()?;
    } else if path.ends_with(".zst") {
        let mut out = zstd::Encoder::new(file, 1)?;
        write_events(count, milliseconds, &mut out)?;
        out.finish()?.flush()?;
    } else {
        let mut out = file;
        write_events(count, milliseconds, &mut out)?;
        out.flush()?;
    }
    Ok(())
}

/// What a replay took, and came to.
#[derive(Debug, Serialize)]
pub struct Took {
    /// How many events were counted.
    pub events: u64,
    /// Reading all of it.
    pub read_seconds: f64,
    /// The replay under the built-in policy.
    pub replay_seconds: f64,
    /// The most memory held.
    pub peak_bytes: u64,
    /// Configuration set, and why it would have been paused.
    pub paused: Vec<(String, String)>,
}

/// Replays archives under the built-in policy.
pub fn measure(paths: &[String], threads: usize) -> Result<Took, Box<dyn Error>> {
    let mut found = Vec::new();
    for path in paths {
        found.extend(inputs(path)?);
    }
    let key = HashKey::from_secret("ids are compared here and never shown").ok_or("the key is too short")?;
    let mut options = Options::new(Reader::new(Accounts::Any, None, key).of_archive(), Timestamp::now());
    options.threads = threads;
    let began = Instant::now();
    let archive = read(&found, &options, &|_| {})?;
    let read_seconds = began.elapsed().as_secs_f64();
    let policy = NamedPolicy { name: "built-in".to_owned(), book: PolicyBook::default() };
    let report = replay(&archive, &[policy], 2, options.threads);
    let replay_seconds = began.elapsed().as_secs_f64() - read_seconds;
    let decisions = report.sets.iter().flat_map(|set| set.outcomes.iter().map(move |outcome| (set, outcome)));
    let paused = decisions.filter_map(|(set, outcome)| {
        Some((set.configuration_set.to_string(), outcome.paused.as_ref()?.sentence.clone()))
    });
    let paused = paused.collect();
    Ok(Took { events: report.intake.events, read_seconds, replay_seconds, peak_bytes: peak_memory(), paused })
}
