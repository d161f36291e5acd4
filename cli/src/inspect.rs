//! `ses-guard inspect`: what the guard reads from any input, without touching AWS.

use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use guard_core::event::{
    Accounts, AlarmChange, HashKey, ParseError, Reader, Reading, Record, Signal, SignalKind, Word, records,
};
use guard_core::name::{AccountId, ConfigurationSetName, Region};
use jiff::Timestamp;
use serde::Serialize;

/// Show what the guard reads from an input: one JSON object a line, one line per record.
///
/// Exit codes: 0 everything was read, 1 a record was rejected, 2 the command itself was wrong.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ses-guard inspect event.json
  ses-guard inspect events/sqs/batch-of-every-wrapping.json | jq -c .outcome
  aws sqs receive-message --queue-url URL --query 'Messages[0].Body' --output text | ses-guard inspect -")]
pub(crate) struct Inspect {
    /// Reject records of any other account [default: each record's own].
    #[arg(long, value_name = "ID")]
    account: Option<AccountId>,
    /// The Region of records that name none. A function takes its own, so their absence rejects nothing here either.
    #[arg(long, value_name = "CODE", default_value = "us-east-1")]
    region: Region,
    /// The time at which to read, as RFC 3339 [default: the clock].
    #[arg(long, value_name = "RFC3339")]
    now: Option<Timestamp>,
    /// An event of any form, or `-` for standard input.
    file: PathBuf,
}

/// Ids are counted here and never shown, so any key will do.
const KEY: &str = "ses-guard inspect shows counts, not ids";

/// Everything was read / a record was rejected / the command itself was wrong.
const READ: u8 = 0;
const REJECTED: u8 = 1;
const USAGE: u8 = 2;

impl Inspect {
    pub(crate) fn run(self) -> ExitCode {
        let input = match bytes_of(&self.file) {
            Ok(input) => input,
            Err(error) => return usage(&format!("cannot read {}: {error}", self.file.display())),
        };
        let Some(key) = HashKey::from_secret(KEY) else { return usage("the built-in key is too short") };
        let accounts = self.account.map_or(Accounts::Any, |id| Accounts::These(BTreeSet::from([id])));
        let reader = Reader::new(accounts, Some(self.region), key);
        let lines = lines_of(&reader, &input, self.now.unwrap_or_else(Timestamp::now));

        let rejected = lines.iter().any(|line| matches!(line.outcome, Outcome::Rejected { .. }));
        let code = if rejected { REJECTED } else { READ };
        match print(&lines) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => usage(&format!("cannot write: {error}")),
            // Whoever reads the lines has seen enough.
            Ok(()) | Err(_) => ExitCode::from(code),
        }
    }
}

fn bytes_of(file: &Path) -> io::Result<Vec<u8>> {
    if file != Path::new("-") {
        return std::fs::read(file);
    }
    let mut input = Vec::new();
    io::stdin().lock().read_to_end(&mut input)?;
    Ok(input)
}

fn usage(message: &str) -> ExitCode {
    // Nothing is left to do when standard error is closed.
    let _ = writeln!(io::stderr().lock(), "ses-guard: {message}");
    ExitCode::from(USAGE)
}

fn lines_of(reader: &Reader, input: &[u8], now: Timestamp) -> Vec<Line> {
    match std::str::from_utf8(input) {
        Ok(text) => {
            let outcomes = records(text).into_iter().map(|record| Outcome::of(reader, &record, now));
            outcomes.enumerate().map(|(record, outcome)| Line { record, outcome }).collect()
        }
        Err(error) => {
            let error = format!("body is not UTF-8 text: invalid at byte {}", error.valid_up_to());
            vec![Line { record: 0, outcome: Outcome::Rejected { error } }]
        }
    }
}

fn print(lines: &[Line]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in lines {
        serde_json::to_writer(&mut out, line)?;
        writeln!(out)?;
        if let Outcome::Signals { unknown_subtype: Some(subtype), .. } = &line.outcome {
            let _ =
                writeln!(io::stderr().lock(), "record {}: unknown subtype {subtype}, counted to be safe", line.record);
        }
    }
    out.flush()
}

#[derive(Serialize)]
struct Line {
    record: usize,
    #[serde(flatten)]
    outcome: Outcome,
}

#[derive(Serialize)]
#[serde(tag = "outcome", rename_all = "camelCase")]
enum Outcome {
    Signals {
        signals: Vec<Counted>,
        #[serde(skip)]
        unknown_subtype: Option<Word>,
    },
    Ignored {
        why: String,
    },
    Alarm {
        alarm: AlarmChange,
    },
    Rejected {
        error: String,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Counted {
    configuration_set: ConfigurationSetName,
    kind: SignalKind,
    count: u64,
    sent_at: String,
}

impl Outcome {
    fn of(reader: &Reader, record: &Record, now: Timestamp) -> Self {
        match reader.read_record(record, now) {
            Ok(Reading::Signals { signals, unknown_subtype }) => {
                Self::Signals { signals: signals.into_iter().map(Counted::from).collect(), unknown_subtype }
            }
            Ok(Reading::Ignored(why)) => Self::Ignored { why: why.to_string() },
            Ok(Reading::Alarm(alarm)) => Self::Alarm { alarm },
            Err(error) => Self::rejected(error),
        }
    }

    fn rejected(error: ParseError) -> Self {
        Self::Rejected { error: error.to_string() }
    }
}

impl From<Signal> for Counted {
    fn from(signal: Signal) -> Self {
        Self {
            count: signal.count(),
            configuration_set: signal.set.name,
            kind: signal.kind,
            sent_at: format!("{:.3}", signal.sent_at),
        }
    }
}
