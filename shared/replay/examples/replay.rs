//! Replays an archive under the built-in policy and prints what it took: `cargo run --release -p guard-replay --example
//! replay -- events.ndjson.gz`
#![expect(clippy::print_stdout, reason = "an example talks")]

use std::error::Error;
use std::time::Instant;

use guard_core::event::{Accounts, HashKey, Reader};
use guard_core::policy::PolicyBook;
use guard_replay::{NamedPolicy, Options, inputs, read, replay};
use jiff::Timestamp;

fn main() -> Result<(), Box<dyn Error>> {
    let mut found = Vec::new();
    for path in std::env::args().skip(1) {
        found.extend(inputs(&path)?);
    }
    let key = HashKey::from_secret("ids are compared here and never shown").ok_or("the key is too short")?;
    let options = Options::new(Reader::new(Accounts::Any, None, key).of_archive(), Timestamp::now());
    let started = Instant::now();
    let archive = read(&found, &options, &|_| {})?;
    let read_in = started.elapsed();
    let policy = NamedPolicy { name: "built-in".to_owned(), book: PolicyBook::default() };
    let report = replay(&archive, &[policy], 2, options.threads);
    println!("{} events in {read_in:.1?}, replayed in {:.1?}", report.intake.events, started.elapsed() - read_in);
    for set in &report.sets {
        for decision in set.outcomes.iter().filter_map(|outcome| outcome.paused.as_ref()) {
            println!("{} {}: {}", decision.at, set.configuration_set, decision.sentence);
        }
    }
    Ok(())
}
