//! `ses-guard policy check`, `explain`, `test`: a policy file before it is put into force, without touching AWS; and
//! `push`, `show`, `versions`, `diff`, `rollback`, `clear`: the policy of the deployed guard.
//!
//! Exit codes: 0 nothing is wrong, 1 the file or a case is, 2 the command itself was.

mod chance;
mod check;
mod explain;
mod plot;
mod pushed;
mod test;

use std::fmt::Display;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use guard_core::name::ConfigurationSetName;
use guard_core::policy::file::{Checked, check};
use jiff::Timestamp;

use crate::operate::Deployed;

const FINE: u8 = 0;
const WRONG: u8 = 1;
const USAGE: u8 = 2;

/// Check a policy file, see what it means, try decisions, and put it into force.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ses-guard policy show > policy.toml
  ses-guard policy check policy.toml
  ses-guard policy push policy.toml --plan --reason 'stricter for trials' --actor ops@example.com
  ses-guard policy rollback 2 --reason 'too strict' --actor ops@example.com")]
pub(crate) struct Policy {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Name everything that is wrong with a policy file, where, and what to write instead.
    #[command(after_help = "\
Exit codes: 0 the file can be used (warnings may have been printed), 1 it cannot, 2 the command itself was wrong.

Examples:
  ses-guard policy check policy.toml
  ses-guard policy check - < policy.toml")]
    Check {
        #[command(flatten)]
        file: PolicyFile,
    },
    /// Show what a policy file means: thresholds at every volume, and the chances behind them.
    #[command(after_help = "\
Examples:
  ses-guard policy explain policy.toml
  ses-guard policy explain policy.toml --set marketing-weekly
  ses-guard policy explain policy.toml --svg policy.svg")]
    Explain {
        #[command(flatten)]
        file: PolicyFile,
        /// Only what this configuration set is judged by, and why.
        #[arg(long, value_name = "NAME")]
        set: Option<ConfigurationSetName>,
        /// Draw the thresholds into this file, too.
        #[arg(long, value_name = "FILE")]
        svg: Option<PathBuf>,
    },
    /// Run decision cases and print each number that is not as expected.
    #[command(after_help = "\
A case, all of its figures optional but now_hour, buckets (hour, sends, hard bounces, complaints) and expect:
  {\"decide\": [{\"name\": \"a bought list\", \"now_hour\": 490000, \"buckets\": [[490000, 1000, 98, 0]],
               \"expect\": {\"decision\": \"pause\", \"because\": \"bounce\"}}]}

Exit codes: 0 every case agrees, 1 one does not, 2 the command itself was wrong.

Examples:
  ses-guard policy test cases.json")]
    Test {
        /// The cases as JSON, or `-` for standard input.
        #[arg(value_name = "CASES.json")]
        cases: PathBuf,
    },
    /// Put a policy file into force in the deployed guard, at once for every set, or plan it.
    #[command(after_help = "\
A policy that was pushed wins over the deployed one (GUARD_POLICY), and that over the built-in one.

Examples:
  ses-guard policy push policy.toml --plan --reason 'stricter for trials' --actor ops@example.com
  ses-guard policy push policy.toml --reason 'stricter for trials' --actor ops@example.com")]
    Push {
        #[command(flatten)]
        file: PolicyFile,
        /// Only if this is still the latest version (0: none was ever pushed).
        #[arg(long, value_name = "NUMBER")]
        base_version: Option<u64>,
        #[command(flatten)]
        change: pushed::Change,
    },
    /// Print the policy in force, or a version that was pushed.
    #[command(after_help = "\
Examples:
  ses-guard policy show > policy.toml
  ses-guard policy show --version 3")]
    Show {
        #[command(flatten)]
        which: pushed::Which,
    },
    /// Print which versions were pushed, by whom and why.
    #[command(after_help = "\
Examples:
  ses-guard policy versions
  ses-guard policy versions --json | jq '.versions[0]'")]
    Versions {
        #[command(flatten)]
        deployed: Deployed,
    },
    /// Show what a file would change. Exit codes: 0 nothing, 1 something, 2 the command itself was wrong.
    #[command(after_help = "\
Examples:
  ses-guard policy diff policy.toml
  ses-guard policy diff policy.toml --version 3")]
    Diff {
        /// The policy as TOML or JSON, or `-` for standard input.
        file: PathBuf,
        #[command(flatten)]
        which: pushed::Which,
    },
    /// Push an earlier version again.
    #[command(after_help = "\
Examples:
  ses-guard policy rollback 2 --plan --reason 'too strict' --actor ops@example.com
  ses-guard policy rollback 2 --reason 'too strict' --actor ops@example.com")]
    Rollback {
        /// Its number.
        version: u64,
        #[command(flatten)]
        change: pushed::Change,
    },
    /// Put the policy into force that was deployed with the stack.
    #[command(after_help = "\
Examples:
  ses-guard policy clear --plan --reason 'back to the stack' --actor ops@example.com
  ses-guard policy clear --reason 'back to the stack' --actor ops@example.com")]
    Clear {
        #[command(flatten)]
        change: pushed::Change,
    },
}

#[derive(Debug, Args)]
struct PolicyFile {
    /// The policy as TOML or JSON, or `-` for standard input.
    file: PathBuf,
    /// The day on which to read it, as RFC 3339: exemptions expire [default: the clock].
    #[arg(long, value_name = "RFC3339")]
    now: Option<Timestamp>,
}

/// Why a command could not do what it was told.
#[derive(Debug)]
struct Wrong {
    message: String,
    code: u8,
}

impl Policy {
    pub(crate) fn run(self) -> ExitCode {
        let done = match self.command {
            Command::Check { file } => check::run(&file),
            Command::Explain { file, set, svg } => explain::run(&file, set.as_ref(), svg.as_deref()),
            Command::Test { cases } => test::run(&cases),
            Command::Push { file, base_version, change } => pushed::push(&file, base_version, &change),
            Command::Show { which } => pushed::show(&which),
            Command::Versions { deployed } => pushed::versions(&deployed),
            Command::Diff { file, which } => pushed::diff(&file, &which),
            Command::Rollback { version, change } => pushed::rollback(version, &change),
            Command::Clear { change } => pushed::clear(&change),
        };
        match done {
            Ok(code) => ExitCode::from(code),
            Err(Wrong { message, code }) => {
                // Nothing is left to do when standard error is closed.
                let _ = writeln!(io::stderr().lock(), "ses-guard: {message}");
                ExitCode::from(code)
            }
        }
    }
}

impl PolicyFile {
    fn now(&self) -> Timestamp {
        self.now.unwrap_or_else(Timestamp::now)
    }

    fn checked(&self) -> Result<Checked, Wrong> {
        Ok(check(&text_of(&self.file)?, self.now()))
    }
}

impl Wrong {
    fn usage(message: impl Display) -> Self {
        Self { message: message.to_string(), code: USAGE }
    }
}

fn text_of(file: &Path) -> Result<String, Wrong> {
    let read = || -> io::Result<String> {
        if file != Path::new("-") {
            return std::fs::read_to_string(file);
        }
        let mut text = String::new();
        io::stdin().lock().read_to_string(&mut text)?;
        Ok(text)
    };
    read().map_err(|error| Wrong::usage(format!("cannot read {}: {error}", file.display())))
}

/// Whoever reads the text may have seen enough of it.
fn print(text: &str) -> Result<(), Wrong> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Wrong::usage(format!("cannot write: {error}"))),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn plural(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
