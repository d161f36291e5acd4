//! `ses-guard evidence`: what is on file of a configuration set or the account since some time, as a text to hand on: a reply
//! to AWS Support begins with it. It asks the deployed `operate` function and holds nothing but its answers.
//!
//! Exit codes: 0 done, 1 refused or not reached, 2 the command itself was wrong.

mod document;
mod html;
mod known;
mod markdown;
mod pack;
mod since;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use guard_core::home::Home;
use guard_core::name::ConfigurationSetName;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::operate::{Deployed, NotAsked};
use crate::show;
use known::Known;

const REFUSED: u8 = 1;
const USAGE: u8 = 2;
/// As the requests of `operate` name the account as a whole.
const ACCOUNT: &str = "*account*";
/// Most versions of the policy that one answer gives.
const VERSIONS: u32 = 100;

/// Write what is on file of a configuration set, or of the account: what happened, counts by hour, who was paused when and why,
/// what was changed, what prevents it next time. For a reply to AWS Support, or for your own records.
///
/// It holds what the guard has stored and nothing else: no recipient's address, no subject. What is not known it says. The
/// reasons that operators gave are in it word by word: read it before you hand it on.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ses-guard evidence marketing-weekly --since 3d > evidence.md
  ses-guard evidence marketing-weekly --since 2026-11-18 --format html --out evidence.html
  ses-guard evidence --account --since 14d --format html --out account.html     to print it: the browser's Print, as PDF
  ses-guard evidence marketing-weekly --since 2026-11-18T06:00:00Z --json | jq .evidence.records")]
pub(crate) struct Evidence {
    /// The configuration set.
    #[arg(value_parser = ConfigurationSetName::or_account, required_unless_present = "account")]
    set: Option<ConfigurationSetName>,
    /// The account as a whole.
    #[arg(long, conflicts_with = "set")]
    account: bool,
    /// From when on: a day (2026-11-18, in UTC), an instant (2026-11-18T06:00:00Z), or so long ago (14d, 36h).
    #[arg(long, value_name = "WHEN", value_parser = since::parse)]
    since: since::Since,
    /// The account and Region, where the guard guards several [default: those of the guard].
    #[arg(long, value_name = "ACCOUNT/REGION")]
    home: Option<Home>,
    /// What to write.
    #[arg(long, value_enum, default_value_t = Format::Markdown)]
    format: Format,
    /// Where to write it [default: standard output].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The present, as RFC 3339, from which `14d` is reckoned [default: the clock].
    #[arg(long, value_name = "RFC3339", hide = true)]
    now: Option<Timestamp>,
    #[command(flatten)]
    deployed: Deployed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a mail or a ticket.
    Markdown,
    /// One page that needs nothing else, made to be printed.
    Html,
}

/// Why there is nothing to write.
struct Wrong {
    message: String,
    code: u8,
}

impl Evidence {
    pub(crate) fn run(self) -> ExitCode {
        match self.text().and_then(|text| self.write(&text)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(Wrong { message, code }) => {
                // Nothing is left to do when standard error is closed.
                let _ = writeln!(io::stderr().lock(), "ses-guard: {}", show::one_line(&message));
                ExitCode::from(code)
            }
        }
    }

    fn text(&self) -> Result<String, Wrong> {
        let since = self.since.before(self.now.unwrap_or_else(Timestamp::now));
        let at_home = |mut request: Value| {
            self.at_home(&mut request);
            request
        };
        let about = |action: &str| at_home(json!({"action": action, "configurationSet": self.subject()}));
        let evidence = at_home(json!({"action": "evidence", "configurationSet": self.subject(), "since": since}));
        let evidence = self.ask(&evidence)?;
        let mut overview = json!({"action": "status"});
        self.at_home(&mut overview);
        let overview = self.ask(&overview)?;
        let status = if self.is_of_account() { Value::Null } else { self.ask(&about("status"))? };
        let policy = self.ask(&json!({"action": "policy", "limit": VERSIONS}))?;
        if self.deployed.json {
            let all = json!({"evidence": evidence, "status": status, "guard": overview, "policy": policy});
            return Ok(format!("{all}\n"));
        }
        let status = if status.is_null() { None } else { Some(read(status)?) };
        let known = Known { evidence: read(evidence)?, status, guard: read(overview)?, policy: read(policy)? };
        let document = pack::document(&known);
        Ok(match self.format {
            Format::Markdown => markdown::text(&document),
            Format::Html => html::page(&document),
        })
    }

    fn subject(&self) -> &str {
        self.set.as_ref().map_or(ACCOUNT, ConfigurationSetName::as_str)
    }

    fn is_of_account(&self) -> bool {
        self.subject() == ACCOUNT
    }

    fn at_home(&self, request: &mut Value) {
        if let Some(home) = &self.home {
            request["account"] = json!(home.account);
            request["region"] = json!(home.region);
        }
    }

    /// An answer that says `ok`.
    fn ask(&self, request: &Value) -> Result<Value, Wrong> {
        let answer = self.deployed.ask(request).map_err(|error| match error {
            NotAsked::NoRegion => {
                Wrong { message: "no Region is set: give --region, or set AWS_REGION".to_owned(), code: USAGE }
            }
            NotAsked::Failed(message) => Wrong { message, code: REFUSED },
        })?;
        match answer.get("ok").and_then(Value::as_bool) {
            Some(true) => Ok(answer),
            Some(false) => Err(Wrong { message: show::refusal(&answer, self.set.as_ref()), code: REFUSED }),
            None => Err(Wrong { message: self.deployed.stranger(), code: REFUSED }),
        }
    }

    fn write(&self, text: &str) -> Result<(), Wrong> {
        let written = match &self.out {
            Some(path) => std::fs::write(path, text),
            None => io::stdout().lock().write_all(text.as_bytes()),
        };
        match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                let place = self.out.as_ref().map_or("standard output".to_owned(), |path| path.display().to_string());
                Err(Wrong { message: format!("cannot write to {place}: {error}"), code: USAGE })
            }
            // Whoever reads it has seen enough.
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

fn read<T: DeserializeOwned>(answer: Value) -> Result<T, Wrong> {
    serde_json::from_value(answer).map_err(|error| Wrong {
        message: format!("the deployed guard is of another version ({error}); its answers as they are: --json"),
        code: REFUSED,
    })
}
