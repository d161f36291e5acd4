//! `ses-guard policy push`, `show`, `versions`, `diff`, `rollback`, `clear`: the policy of the deployed guard.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use clap::Args;
use guard_core::policy::Source;
use guard_core::policy::file::Severity;
use guard_core::steps::operate::Request;
use serde::Deserialize;
use serde_json::{Value, json};
use similar::TextDiff;

use super::{FINE, PolicyFile, WRONG, Wrong, plural, print, text_of};
use crate::operate::{Deployed, NotAsked};

/// On whose word the policy is changed.
#[derive(Debug, Args)]
pub(super) struct Change {
    /// Why, in a sentence; the versions keep it.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// On whose word; the versions keep it.
    #[arg(long, value_name = "WHO", env = "GUARD_ACTOR")]
    actor: String,
    /// Only say whom it would pause and warn; nothing is changed.
    #[arg(long)]
    plan: bool,
    #[command(flatten)]
    deployed: Deployed,
}

/// Which policy of the deployed guard.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// The version that was pushed under this number [default: the policy in force].
    #[arg(long, value_name = "NUMBER")]
    version: Option<u64>,
    #[command(flatten)]
    deployed: Deployed,
}

/// What `operate` answers to `policy`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    policy_source: Source,
    policy_version: Option<u64>,
    policy: String,
    versions: Vec<Version>,
}

#[derive(Debug, Deserialize)]
struct Version {
    version: u64,
    at: String,
    actor: String,
    reason: String,
    cleared: bool,
}

/// What `operate` answers to `setPolicy` and `clearPolicy`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Changed {
    plan: bool,
    policy_version: u64,
    would_pause: Vec<Sender>,
    would_warn: Vec<Sender>,
    marked: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sender {
    configuration_set: String,
    account: Option<String>,
    region: Option<String>,
    profile: String,
    spared: Option<String>,
    sentence: Option<String>,
}

/// Pushes a file, if `check` finds nothing wrong with it.
pub(super) fn push(file: &PolicyFile, base: Option<u64>, change: &Change) -> Result<u8, Wrong> {
    let text = text_of(&file.file)?;
    let checked = guard_core::policy::file::check(&text, file.now());
    let mut problems = String::new();
    for problem in &checked.problems {
        let _ = writeln!(problems, "{}:{problem}", file.file.display());
    }
    if checked.problems.iter().any(|problem| problem.severity == Severity::Error) {
        return Err(Wrong { message: format!("nothing was pushed:\n{}", problems.trim_end()), code: WRONG });
    }
    print(&problems)?;
    change.make(json!({"action": "setPolicy", "policy": text, "baseVersion": base}))
}

/// Pushes the text of an earlier version again.
pub(super) fn rollback(version: u64, change: &Change) -> Result<u8, Wrong> {
    let shown = shown(&change.deployed, Some(version))?;
    let latest = shown.versions.first().map_or(0, |latest| latest.version);
    if shown.policy.trim().is_empty() {
        return change.make(json!({"action": "clearPolicy", "baseVersion": latest}));
    }
    change.make(json!({"action": "setPolicy", "policy": shown.policy, "baseVersion": latest}))
}

/// Puts what was deployed into force again.
pub(super) fn clear(change: &Change) -> Result<u8, Wrong> {
    change.make(json!({"action": "clearPolicy"}))
}

/// Prints a policy's text as it was pushed or deployed.
pub(super) fn show(which: &Which) -> Result<u8, Wrong> {
    let answer = ask(&which.deployed, &json!({"action": "policy", "version": which.version}))?;
    if which.deployed.json {
        return print(&format!("{answer}\n")).map(|()| FINE);
    }
    let shown: Shown = read(&answer)?;
    let mut text = format!("# {}\n", shown.about());
    text += &shown.policy;
    print(&with_newline(text)).map(|()| FINE)
}

/// Prints who pushed what, newest first.
pub(super) fn versions(deployed: &Deployed) -> Result<u8, Wrong> {
    let answer = ask(deployed, &json!({"action": "policy"}))?;
    if deployed.json {
        return print(&format!("{answer}\n")).map(|()| FINE);
    }
    let mut text = String::new();
    for Version { version, at, actor, reason, cleared } in read::<Shown>(&answer)?.versions {
        let cleared = if cleared { " (cleared)" } else { "" };
        let _ = writeln!(text, "{version}{cleared}  {at}  {actor}: {reason}");
    }
    if text.is_empty() {
        text = "No policy was ever pushed.\n".to_owned();
    }
    print(&text).map(|()| FINE)
}

/// Prints what a file would change; exit code 0 when it is nothing.
pub(super) fn diff(file: &Path, which: &Which) -> Result<u8, Wrong> {
    let new = with_newline(text_of(file)?);
    let shown = shown(&which.deployed, which.version)?;
    let old = if shown.policy.is_empty() { String::new() } else { with_newline(shown.policy.clone()) };
    if old == new {
        return Ok(FINE);
    }
    let diff = TextDiff::from_lines(&old, &new);
    let name = shown.about();
    print(&diff.unified_diff().header(&name, &file.display().to_string()).to_string()).map(|()| WRONG)
}

fn shown(deployed: &Deployed, version: Option<u64>) -> Result<Shown, Wrong> {
    read(&ask(deployed, &json!({"action": "policy", "version": version}))?)
}

fn with_newline(mut text: String) -> String {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

impl Shown {
    fn about(&self) -> String {
        match (self.policy_source, self.policy_version) {
            (Source::Stored, Some(version)) => format!("version {version}"),
            (Source::Stored, None) => "pushed".to_owned(),
            (Source::Environment, _) => "deployed with the stack (GUARD_POLICY)".to_owned(),
            (Source::BuiltIn, _) => "built in: nothing was pushed or deployed".to_owned(),
        }
    }
}

impl Change {
    fn make(&self, mut request: Value) -> Result<u8, Wrong> {
        for (field, value) in [("reason", json!(self.reason)), ("actor", json!(self.actor)), ("plan", json!(self.plan))]
        {
            if let Some(fields) = request.as_object_mut() {
                fields.insert(field.to_owned(), value);
            }
        }
        let answer = ask(&self.deployed, &request)?;
        if self.deployed.json {
            return print(&format!("{answer}\n")).map(|()| FINE);
        }
        print(&told(&read(&answer)?)).map(|()| FINE)
    }
}

fn told(changed: &Changed) -> String {
    let mut text = String::new();
    let senders = || changed.would_pause.iter().chain(&changed.would_warn);
    let several = senders().map(|one| (&one.account, &one.region)).collect::<BTreeSet<_>>().len() > 1;
    for (senders, verb) in [(&changed.would_pause, "pause"), (&changed.would_warn, "warn")] {
        for Sender { configuration_set, account, region, profile, spared, sentence } in senders {
            let verb = match (spared, verb) {
                (Some(spared), "pause") => format!("would pause ({spared})"),
                _ => format!("{}{verb}", if changed.plan { "would " } else { "to " }),
            };
            let sentence = sentence.as_deref().unwrap_or_default();
            let home = match (account, region) {
                (Some(account), Some(region)) if several => format!(" ({account}, {region})"),
                _ => String::new(),
            };
            let _ = writeln!(text, "{verb}  {configuration_set}{home}, by profile {profile}: {sentence}");
        }
    }
    let sets = plural(usize::try_from(changed.marked).unwrap_or(usize::MAX), "configuration set");
    text += &match (changed.plan, changed.would_pause.is_empty()) {
        (true, true) => "It would pause nobody by what is counted now. Nothing was changed.\n".to_owned(),
        (true, false) => "Nothing was changed.\n".to_owned(),
        (false, _) => format!("Version {} is in force; {sets} judged anew.\n", changed.policy_version),
    };
    text
}

/// Asks, with a request that the function would not refuse as malformed.
fn ask(deployed: &Deployed, request: &Value) -> Result<Value, Wrong> {
    let mut request = request.clone();
    if let Some(fields) = request.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    Request::parse(request.clone()).map_err(|refusal| Wrong::usage(refusal.message))?;
    let refused = |message: String| Wrong { message, code: WRONG };
    let answer = deployed.ask(&request).map_err(|why| match why {
        NotAsked::NoRegion => Wrong::usage("no Region is set: give --region, or set AWS_REGION"),
        NotAsked::Failed(why) => refused(why),
    })?;
    match answer.get("ok").and_then(Value::as_bool) {
        Some(true) => Ok(answer),
        Some(false) => {
            let message = answer.pointer("/error/message").and_then(Value::as_str);
            Err(refused(message.unwrap_or("refused").to_owned()))
        }
        None => Err(refused(deployed.stranger())),
    }
}

fn read<T: serde::de::DeserializeOwned>(answer: &Value) -> Result<T, Wrong> {
    let other = |error| format!("the deployed guard is of another version ({error}); its answer: {answer}");
    serde_json::from_value(answer.clone()).map_err(|error| Wrong { message: other(error), code: WRONG })
}
