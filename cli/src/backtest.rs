//! `ses-guard backtest`: past events replayed under policies, to see who would have been paused.

mod csv;
mod html;
mod plot;
mod text;

use std::collections::BTreeSet;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use guard_core::event::{Accounts, HashKey, Reader};
use guard_core::name::{AccountId, Region};
use guard_core::policy::PolicyBook;
use guard_core::port::chain;
use guard_replay::{Archive, Input, NamedPolicy, Onlooker, Options, Report, inputs, onlooker, read, replay};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;

use crate::show;

/// Replay past events under one or more policies: who would have been warned or paused, when, and on what evidence.
///
/// Reads SES events as they are found: one a line, one after another as Firehose writes them, in arrays; bare, in SNS
/// or EventBridge envelopes, in exports of CloudWatch Logs; plain, gzip or zstd; in any order and with repeats.
///
/// Exit codes: 0 done, 1 nothing could be read, or with --strict a record could not, 2 the command itself was wrong.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ses-guard backtest --policy policy.toml s3-export/
  ses-guard backtest --policy today.toml --policy stricter.toml --format html --out report.html 'logs/2026-10-*.gz'
  aws logs filter-log-events --log-group-name ses-events --output json | ses-guard backtest -")]
pub(crate) struct Backtest {
    /// A policy to replay under; may be repeated, for comparison [default: the built-in one].
    #[arg(long = "policy", value_name = "FILE")]
    policies: Vec<PathBuf>,
    /// Leave out the records of any other account.
    #[arg(long, value_name = "ID")]
    account: Option<AccountId>,
    /// The Region of records that name none.
    #[arg(long, value_name = "CODE", default_value = "us-east-1")]
    region: Region,
    /// What to write.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Where to write it [default: standard output].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Stop at the first record that cannot be read.
    #[arg(long)]
    strict: bool,
    /// Seconds from a decision until SES refuses mail.
    #[arg(long, value_name = "SECONDS", default_value_t = 2)]
    latency: u32,
    /// The present, as RFC 3339: what was sent after it is rejected [default: the clock].
    #[arg(long, value_name = "RFC3339")]
    now: Option<Timestamp>,
    /// Files, folders, wildcards, or `-` for standard input.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For the terminal.
    Table,
    /// Everything, for machines.
    Json,
    /// One line for each configuration set and policy.
    Csv,
    /// One page with plots, which needs nothing else.
    Html,
}

/// Ids are compared here and never shown, so any key will do.
const KEY: &str = "ses-guard backtest compares ids and shows none";

const NOTHING_READ: u8 = 1;
const USAGE: u8 = 2;

/// Why the command did not do what it was told.
struct Wrong {
    message: String,
    code: u8,
}

impl Wrong {
    fn usage(message: impl Display) -> Self {
        Self { message: message.to_string(), code: USAGE }
    }

    fn unread(message: impl Display) -> Self {
        Self { message: message.to_string(), code: NOTHING_READ }
    }
}

impl Backtest {
    pub(crate) fn run(self) -> ExitCode {
        match self.report().and_then(|report| self.write(&report)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(Wrong { message, code }) => {
                // Nothing is left to do when standard error is closed.
                let _ = writeln!(io::stderr().lock(), "ses-guard: {message}");
                ExitCode::from(code)
            }
        }
    }

    /// Of these files under these policies, with the rest as it is by default.
    pub(crate) fn of(paths: Vec<String>, policies: Vec<PathBuf>, region: Region) -> Self {
        let (account, format, out, strict, latency, now) = (None, Format::Table, None, false, 2, None);
        Self { policies, account, region, format, out, strict, latency, now, paths }
    }

    fn report(&self) -> Result<Report, Wrong> {
        let policies = self.policies()?;
        let (archive, threads) = self.archive()?;
        Ok(replay(&archive, &policies, self.latency, threads))
    }

    /// How the sets stand at the archive's end, under the first of the policies.
    pub(crate) fn onlooker(&self) -> Result<Onlooker, String> {
        let found = || -> Result<Option<Onlooker>, Wrong> {
            let policies = self.policies()?;
            let (archive, _) = self.archive()?;
            Ok(policies.first().and_then(|policy| onlooker(&archive, &policy.book, self.latency)))
        };
        found().map_err(|wrong| wrong.message)?.ok_or_else(|| "nothing to show: no mail was sent".to_owned())
    }

    fn archive(&self) -> Result<(Archive, usize), Wrong> {
        let mut found: Vec<Input> = Vec::new();
        for path in &self.paths {
            found.extend(inputs(path).map_err(|missing| Wrong::usage(chain(&missing)))?);
        }
        let accounts = self.account.clone().map_or(Accounts::Any, |id| Accounts::These(BTreeSet::from([id])));
        let key = HashKey::from_secret(KEY).ok_or_else(|| Wrong::usage("the built-in key is too short"))?;
        let reader = Reader::new(accounts, Some(self.region.clone()), key).of_archive();
        let options = Options { strict: self.strict, ..Options::new(reader, self.now.unwrap_or_else(Timestamp::now)) };

        let bar = progress_bar(&found);
        let archive = read(&found, &options, &|bytes| bar.inc(bytes));
        bar.finish_and_clear();
        let archive = archive.map_err(|stopped| Wrong::unread(chain(&stopped)))?;
        if archive.intake().events == 0 {
            return Err(Wrong::unread(nothing_read(&archive)));
        }
        Ok((archive, options.threads))
    }

    fn policies(&self) -> Result<Vec<NamedPolicy>, Wrong> {
        if self.policies.is_empty() {
            return Ok(vec![NamedPolicy { name: "built-in".to_owned(), book: PolicyBook::default() }]);
        }
        let mut problems = String::new();
        let mut read: Vec<NamedPolicy> = Vec::new();
        for path in &self.policies {
            let name = self.name_of(path);
            let text = std::fs::read_to_string(path)
                .map_err(|error| Wrong::usage(format!("cannot read {}: {error}", path.display())))?;
            match PolicyBook::read(&text) {
                Ok(book) => read.push(NamedPolicy { name, book }),
                Err(unfit) => unfit.problems.iter().for_each(|one| problems += &format!("\n{}:{one}", path.display())),
            }
        }
        if problems.is_empty() { Ok(read) } else { Err(Wrong::usage(format!("a policy cannot be used:{problems}"))) }
    }

    /// The file's own name, where no other policy's is the same.
    fn name_of(&self, path: &Path) -> String {
        let alike = self.policies.iter().filter(|other| other.file_name() == path.file_name()).count();
        let shown = path.file_name().filter(|_| alike == 1).map(Path::new).unwrap_or(path);
        shown.display().to_string()
    }

    fn write(&self, report: &Report) -> Result<(), Wrong> {
        let text = match self.format {
            Format::Table => text::text(report, if self.out.is_none() { show::terminal_width() } else { None }),
            Format::Json => serde_json::to_string_pretty(report).map_err(Wrong::usage)? + "\n",
            Format::Csv => csv::text(report).map_err(Wrong::usage)?,
            Format::Html => html::page(report),
        };
        match &self.out {
            Some(path) => write_file(path, self.plain(text)),
            None => print(&text),
        }
    }

    /// A file has no colours.
    fn plain(&self, text: String) -> String {
        match self.format {
            Format::Table => anstream::adapter::strip_str(&text).to_string(),
            Format::Json | Format::Csv | Format::Html => text,
        }
    }
}

fn write_file(path: &Path, text: String) -> Result<(), Wrong> {
    std::fs::write(path, text).map_err(|error| Wrong::usage(format!("cannot write {}: {error}", path.display())))
}

/// Whoever reads the text may have seen enough of it.
fn print(text: &str) -> Result<(), Wrong> {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Wrong::usage(format!("cannot write: {error}"))),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Shows itself on a terminal only.
fn progress_bar(inputs: &[Input]) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    // One input whose size is not known makes the sum worthless.
    let bytes: Option<u64> = inputs.iter().map(Input::bytes).sum();
    let (bar, template) = match bytes {
        Some(bytes) => (ProgressBar::new(bytes), "reading {bar:30} {percent} % of {total_bytes}, {eta} left"),
        None => (ProgressBar::new_spinner(), "reading {spinner} {bytes} in {elapsed}"),
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// Why there is no report, as far as it can be told.
fn nothing_read(archive: &Archive) -> String {
    let intake = archive.intake();
    let why = intake.malformed.first().map(|one| one.kind.clone());
    let why = why.or_else(|| intake.ignored.first().map(|one| one.why.clone()));
    let why = why.or_else(|| (intake.of_other_accounts > 0).then(|| "all are of other accounts".to_owned()));
    let most = why.map_or(String::new(), |why| format!("; most of them: {why}"));
    format!(
        "nothing to replay: none of {} record{} in {} file{} is a send, bounce or complaint of a configuration set{most}",
        intake.records,
        if intake.records == 1 { "" } else { "s" },
        intake.files,
        if intake.files == 1 { "" } else { "s" },
    )
}
