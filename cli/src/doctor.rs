//! `ses-guard doctor`: whether a deployed guard can do its work. It looks with your own credentials and changes nothing;
//! with `--canary` it has a set of its own paused and resumed, to see that the guard does it.

mod canary;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use guard_aws::{Clients, Examiner};
use guard_core::doctor::{Facts, Finding, Severity, examine};
use guard_core::line::has_no_place;
use jiff::Timestamp;
use serde::Serialize;

use crate::operate::Deployed;
use canary::Step;

const WELL: u8 = 0;
const ILL: u8 = 1;
const USAGE: u8 = 2;

/// Look whether the deployed guard can do its work: one line for each thing that is wrong, with the command that mends it.
///
/// It asks AWS about the stack's functions, what their roles grant and what feeds them, topic and queue policies,
/// subscriptions, dead letters, tables, alarms, the timer, where the events of each configuration set go (of at most 60, at
/// one call a second), and the guard itself about its policy, its blind spots, its clock and what others did in SES. Of other
/// accounts and Regions that it guards it says that they take their own credentials. Nothing is changed.
///
/// Rights, all read-only: lambda:InvokeFunction of <stack>-operate; lambda:GetFunctionConfiguration,
/// GetFunctionConcurrency, ListEventSourceMappings; sns:GetTopicAttributes, ListSubscriptionsByTopic,
/// GetSubscriptionAttributes; sqs:GetQueueUrl, GetQueueAttributes; dynamodb:DescribeTable; cloudwatch:DescribeAlarms;
/// events:ListRuleNamesByTarget, DescribeRule; iam:ListRolePolicies, GetRolePolicy, ListAttachedRolePolicies, GetPolicy,
/// GetPolicyVersion; ses:ListConfigurationSets, GetConfigurationSetEventDestinations. What is not allowed is said, and the
/// rest looked at.
///
/// Exit codes: 0 nothing is wrong (advice may be given), 1 something is, 2 the command itself was wrong.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ses-guard doctor
  ses-guard doctor --stack mail-guard --region eu-west-1
  ses-guard doctor --json | jq -r '.findings[] | select(.severity == \"fault\") | .fix'
  ses-guard doctor --canary --actor ops@example.com
  ses-guard doctor --canary --from you@example.com --actor ops@example.com")]
pub(crate) struct Doctor {
    /// Also have a configuration set of the guard's own paused within seconds, and resume it. With --from, and where the
    /// stack was deployed with Canary=true, by mail to SES's mailbox simulator. Else by events of mail that never was, of a set
    /// that is made and deleted: it needs ses:CreateConfigurationSet and DeleteConfigurationSet, and sns:Publish to the events
    /// topic or, since that topic lets nobody in but SES, lambda:InvokeFunction of <stack>-ingest. It says which of the two it
    /// was. People are told of the pause and the resume.
    #[arg(long)]
    canary: bool,
    /// An address that SES may send from, for the canary's mail: up to 20, one a second, to the simulator alone. SES charges
    /// for them as for any, and counts them in no rate. Needs ses:SendEmail for its identity and the set <stack>-canary.
    #[arg(long, value_name = "ADDRESS", requires = "canary")]
    from: Option<String>,
    /// Who resumes the canary: an e-mail address or a name, kept in its history.
    #[arg(long, value_name = "NAME", env = "GUARD_ACTOR", default_value = "ses-guard doctor")]
    actor: String,
    #[command(flatten)]
    deployed: Deployed,
}

/// Everything, for machines.
#[derive(Debug, Serialize)]
struct Report<'a> {
    stack: &'a str,
    well: bool,
    findings: &'a [Finding],
    #[serde(skip_serializing_if = "Option::is_none")]
    canary: Option<&'a [Step]>,
}

impl Doctor {
    pub(crate) fn run(self) -> ExitCode {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let answer = runtime.map_err(|error| error.to_string()).and_then(|runtime| runtime.block_on(self.look()));
        match answer {
            Ok(code) => ExitCode::from(code),
            Err(message) => {
                // Nothing is left to do when standard error is closed.
                let _ = writeln!(io::stderr().lock(), "ses-guard: {message}");
                ExitCode::from(USAGE)
            }
        }
    }

    async fn look(&self) -> Result<u8, String> {
        let stack = self.deployed.stack();
        let clients = Clients::of_operator(self.deployed.region()).await;
        if clients.config().region().is_none() {
            return Err("no Region is set: give --region, or set AWS_REGION".to_owned());
        }
        let facts = Examiner::new(clients.clone(), &stack).examine(Timestamp::now()).await;
        let findings = examine(&facts);
        let steps = match self.canary {
            true => Some(canary::fly(&clients, &facts, self.from.as_deref(), &self.actor).await),
            false => None,
        };
        let well =
            findings.iter().all(|one| one.severity != Severity::Fault) && steps.iter().flatten().all(|step| step.ok);
        let report = Report { stack: &stack, well, findings: &findings, canary: steps.as_deref() };
        let text = match self.deployed.json {
            true => serde_json::to_string(&report).map_err(|error| error.to_string())? + "\n",
            false => written(&report, &facts),
        };
        match io::stdout().lock().write_all(text.as_bytes()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(format!("cannot write: {error}")),
            Ok(()) | Err(_) => Ok(if well { WELL } else { ILL }),
        }
    }
}

/// One line for each finding.
fn written(report: &Report<'_>, facts: &Facts) -> String {
    let mut text = String::new();
    for one in report.findings {
        let word = match one.severity {
            Severity::Fault => "wrong ",
            Severity::Advice => "advice",
        };
        text += &plain(&format!("{word} {}: {} -> {}", one.subject, one.sentence, one.fix));
        text.push('\n');
    }
    for step in report.canary.into_iter().flatten() {
        let word = if step.ok { "ok    " } else { "wrong " };
        text += &plain(&format!("{word} canary, {:.1} s: {}", step.seconds, step.sentence));
        text.push('\n');
    }
    let wrong = report.findings.iter().filter(|one| one.severity == Severity::Fault).count();
    text + &match wrong {
        0 => format!(
            "{}: nothing is wrong; {} functions, {} configuration sets were looked at.\n",
            report.stack,
            facts.functions.len(),
            facts.sets.as_ref().map_or(0, Vec::len)
        ),
        1 => format!("{}: 1 thing is wrong.\n", report.stack),
        wrong => format!("{}: {wrong} things are wrong.\n", report.stack),
    }
}

/// On one line, whatever AWS or a person wrote.
fn plain(text: &str) -> String {
    text.chars().map(|letter| if has_no_place(letter) { ' ' } else { letter }).collect()
}
