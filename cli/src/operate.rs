//! `ses-guard status`, `list`, `history`, `pause`, `resume`, `hold`, `release`: an operator's word, carried to the
//! deployed `operate` function. The arguments become its request here; `show` makes its answer readable.
//!
//! Exit codes: 0 done, 1 refused or not reached, 2 the command itself was wrong.

mod deployed;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use guard_core::home::Home;
use guard_core::name::{AccountId, ConfigurationSetName, Region};
use guard_core::state::Phase;
use guard_core::steps::operate::Request;
use serde::Serialize;
use serde_json::Value;

use crate::show::{self, Kind};
pub(crate) use deployed::{Deployed, NotAsked, STACK, explain};

const DONE: u8 = 0;
const REFUSED: u8 = 1;
const USAGE: u8 = 2;

#[derive(Debug, Subcommand)]
pub(crate) enum Operate {
    /// Show where a configuration set stands, or the guard as a whole.
    #[command(after_help = "\
Examples:
  ses-guard status                                 how many sets stand where, and the thresholds
  ses-guard status marketing-weekly                one set: phase, why, counts, thresholds, hold
  ses-guard status marketing-weekly --json | jq .tally
  ses-guard status --stack mail-guard --region eu-west-1
  ses-guard status marketing-weekly --home 444455556666/us-east-1")]
    Status {
        /// The configuration set [default: the guard as a whole].
        #[arg(value_parser = ConfigurationSetName::or_account)]
        set: Option<ConfigurationSetName>,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        deployed: Deployed,
    },
    /// List the configuration sets that the guard knows, those that need someone first.
    #[command(after_help = "\
Examples:
  ses-guard list
  ses-guard list --phase paused
  ses-guard list --home 444455556666/us-east-1
  ses-guard list --unheard
  ses-guard list --json | jq -r '.configurationSets[] | select(.held) | .configurationSet'")]
    List {
        /// Only those in this phase.
        #[arg(long, ignore_case = true, value_parser = phase_parser())]
        phase: Option<Phase>,
        /// Only those whose events do not reach the guard, so that it can't pause them.
        #[arg(long)]
        unheard: bool,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        deployed: Deployed,
    },
    /// Show what was decided about a configuration set, when, by whom and why; newest first.
    #[command(after_help = "\
Examples:
  ses-guard history marketing-weekly
  ses-guard history marketing-weekly --limit 100
  ses-guard history marketing-weekly --json | jq '.records[0].evidence'")]
    History {
        /// The configuration set, or '*account*'.
        #[arg(value_parser = ConfigurationSetName::or_account)]
        set: ConfigurationSetName,
        /// At most so many records, 1 to 100 [default: 20].
        #[arg(long, value_name = "N")]
        limit: Option<u32>,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        deployed: Deployed,
    },
    /// Stop a configuration set: SES refuses its mail until someone resumes it.
    #[command(after_help = "\
Examples:
  ses-guard pause marketing-weekly --reason 'bought list, ticket 4712' --actor ops@example.com
  ses-guard pause '*account*' --reason 'lists stolen, ticket 4713' --actor ops@example.com")]
    Pause {
        #[command(flatten)]
        order: Order,
        #[command(flatten)]
        deployed: Deployed,
    },
    /// Let a paused configuration set send again, on trial, at half the slack: mail sent before the resume no longer counts.
    #[command(after_help = "\
Examples:
  ses-guard resume marketing-weekly --reason 'list cleaned, ticket 4711' --actor ops@example.com
  ses-guard resume marketing-weekly --reason 'was disabled by mistake' --actor ops@example.com --force")]
    Resume {
        #[command(flatten)]
        order: Order,
        /// Also if it was not the guard that stopped it.
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        deployed: Deployed,
    },
    /// Have the guard leave a configuration set alone: it goes on counting and telling, but does not pause.
    #[command(after_help = "\
Examples:
  ses-guard hold marketing-weekly --reason 'watched by hand during the launch' --actor ops@example.com")]
    Hold {
        #[command(flatten)]
        order: Order,
        #[command(flatten)]
        deployed: Deployed,
    },
    /// Take a hold back; the configuration set is judged at once by what was counted meanwhile.
    #[command(after_help = "\
Examples:
  ses-guard release marketing-weekly --reason 'launch is over' --actor ops@example.com")]
    Release {
        #[command(flatten)]
        order: Order,
        #[command(flatten)]
        deployed: Deployed,
    },
}

/// Where the guard guards more than its own account and Region.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The set's account and Region [default: those of the guard; for lists: all].
    #[arg(long, value_name = "ACCOUNT/REGION")]
    home: Option<Home>,
}

/// What is done only on someone's word.
#[derive(Debug, Args)]
pub(crate) struct Order {
    /// The configuration set, or '*account*' for all sending.
    #[arg(value_parser = ConfigurationSetName::or_account)]
    set: ConfigurationSetName,
    /// Why, in a sentence; the records keep it.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// On whose word; the records keep it.
    #[arg(long, value_name = "WHO", env = "GUARD_ACTOR")]
    actor: String,
    #[command(flatten)]
    place: Place,
}

fn phase_parser() -> impl TypedValueParser<Value = Phase> {
    const PHASES: [Phase; 8] = [
        Phase::Active,
        Phase::Warned,
        Phase::Pausing,
        Phase::Paused,
        Phase::Resuming,
        Phase::Trial,
        Phase::External,
        Phase::Gone,
    ];
    PossibleValuesParser::new(PHASES.map(Phase::as_str)).try_map(|word| {
        PHASES.into_iter().find(|phase| phase.as_str().eq_ignore_ascii_case(&word)).ok_or("no such phase")
    })
}

/// A request as the function reads it.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    configuration_set: Option<&'a ConfigurationSetName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a AccountId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a Region>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    force: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<Phase>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unheard: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<u32>,
}

impl Operate {
    pub(crate) fn run(self) -> ExitCode {
        let deployed = self.deployed();
        let request = match self.request() {
            Ok(request) => request,
            Err(wrong) => return fail(USAGE, &wrong),
        };
        match deployed.ask(&request) {
            Ok(answer) => self.finish(&answer),
            Err(NotAsked::NoRegion) => fail(USAGE, "no Region is set: give --region, or set AWS_REGION"),
            Err(NotAsked::Failed(why)) => fail(REFUSED, &why),
        }
    }

    fn deployed(&self) -> &Deployed {
        match self {
            Self::Status { deployed, .. }
            | Self::List { deployed, .. }
            | Self::History { deployed, .. }
            | Self::Pause { deployed, .. }
            | Self::Resume { deployed, .. }
            | Self::Hold { deployed, .. }
            | Self::Release { deployed, .. } => deployed,
        }
    }

    /// The request, checked by the rules that the function checks it by: what it would refuse as malformed is not sent.
    fn request(&self) -> Result<Value, String> {
        let request = serde_json::to_value(self.wire()).map_err(|error| error.to_string())?;
        Request::parse(request.clone()).map_err(|refusal| refusal.message)?;
        Ok(request)
    }

    fn wire(&self) -> Wire<'_> {
        match self {
            Self::Status { set, place, .. } => Wire { configuration_set: set.as_ref(), ..place.wire("status") },
            Self::List { phase, unheard, place, .. } => Wire { phase: *phase, unheard: *unheard, ..place.wire("list") },
            Self::History { set, limit, place, .. } => {
                Wire { configuration_set: Some(set), limit: *limit, ..place.wire("history") }
            }
            Self::Pause { order, .. } => order.wire("pause"),
            Self::Resume { order, force, .. } => Wire { force: *force, ..order.wire("resume") },
            Self::Hold { order, .. } => order.wire("hold"),
            Self::Release { order, .. } => order.wire("release"),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Status { set: None, .. } => Kind::Overview,
            Self::Status { set: Some(_), .. } => Kind::Set,
            Self::List { .. } => Kind::List,
            Self::History { .. } => Kind::History,
            Self::Pause { order, .. }
            | Self::Resume { order, .. }
            | Self::Hold { order, .. }
            | Self::Release { order, .. } => Kind::Done { at_home: order.place.home.is_some() },
        }
    }

    /// Prints the answer. A refusal has its line on standard error, with `--json` too.
    fn finish(&self, answer: &Value) -> ExitCode {
        let ok = answer.get("ok").and_then(Value::as_bool);
        let printed = if self.deployed().json {
            print(&format!("{answer}\n"))
        } else if ok == Some(true) {
            self.show(answer)
        } else {
            Ok(())
        };
        match (printed, ok) {
            (Err(error), _) if error.kind() != io::ErrorKind::BrokenPipe => {
                fail(REFUSED, &format!("cannot write the answer: {error}"))
            }
            // Whoever reads it has seen enough.
            (Ok(()) | Err(_), Some(true)) => ExitCode::from(DONE),
            (Ok(()) | Err(_), Some(false)) => fail(REFUSED, &show::refusal(answer, self.wire().configuration_set)),
            (Ok(()) | Err(_), None) => fail(REFUSED, &self.deployed().stranger()),
        }
    }

    /// An answer that this program is too old or too new to lay out is shown as it is: what was asked is done.
    fn show(&self, answer: &Value) -> io::Result<()> {
        let answer = &self.deployed().named(answer);
        match show::text(self.kind(), answer, show::terminal_width()) {
            Ok(text) => print(&text),
            Err(error) => {
                say(&format!("the deployed guard is of another version ({error}); its answer as it is:"));
                print(&format!("{answer}\n"))
            }
        }
    }
}

impl Place {
    fn wire(&self, action: &'static str) -> Wire<'_> {
        let (account, region) = self.home.as_ref().map(|home| (&home.account, &home.region)).unzip();
        Wire { action, account, region, ..Wire::default() }
    }
}

impl Order {
    fn wire(&self, action: &'static str) -> Wire<'_> {
        Wire {
            configuration_set: Some(&self.set),
            reason: Some(&self.reason),
            actor: Some(&self.actor),
            ..self.place.wire(action)
        }
    }
}

/// Colours are taken out unless standard output is a terminal that wants them (`NO_COLOR`, `CLICOLOR`, `TERM`).
fn print(text: &str) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// One line, whatever the message holds.
fn say(message: &str) {
    // Nothing is left to do when standard error is closed.
    let _ = writeln!(io::stderr().lock(), "ses-guard: {}", show::one_line(message));
}

fn fail(code: u8, message: &str) -> ExitCode {
    say(message);
    ExitCode::from(code)
}
