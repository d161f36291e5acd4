//! Who watches, who is heard, and what the guard says of itself.

use jiff::Timestamp;
use serde_json::Value;

use super::{ALARMS, Facts, Finding};
use crate::hearing::{Ear, listen};
use crate::time::seconds_between;

/// By how much two clocks may differ.
const SKEW_SECONDS: i64 = 60;
/// The sweep looks every five minutes.
const LATEST_LOOK_SECONDS: i64 = 600;

pub(super) fn alarms(facts: &Facts) -> Vec<Finding> {
    let alarms = match &facts.alarms {
        Ok(alarms) => alarms,
        Err(why) => return vec![Finding::unknown("alarm", "the stack's alarms", why)],
    };
    let mut findings = Vec::new();
    for expected in ALARMS {
        let name = format!("{}-{expected}", facts.stack);
        if !alarms.iter().any(|alarm| alarm.name == name) {
            let fix = format!("deploy the stack again: sam deploy --stack-name {}", facts.stack);
            findings.push(Finding::fault("alarm", &name, "is not there: nobody is called when it should ring", fix));
        }
    }
    for alarm in alarms {
        if !alarm.calls {
            let fix = format!("aws cloudwatch enable-alarm-actions --alarm-names {}", alarm.name);
            findings.push(Finding::fault(
                "alarm",
                &alarm.name,
                "calls nobody: its actions are off, or it has none",
                fix,
            ));
        }
        if alarm.state == "ALARM" {
            let fix = format!(
                "aws cloudwatch describe-alarm-history --alarm-name {} --max-items 5; docs/OPERATIONS.md says what each means",
                alarm.name
            );
            findings.push(Finding::fault("alarm", &alarm.name, "is ringing", fix));
        }
    }
    findings
}

pub(super) fn timers(facts: &Facts) -> Vec<Finding> {
    let subject = format!("{}-sweep", facts.stack);
    let rules = match &facts.timers {
        Ok(rules) => rules,
        Err(why) => return vec![Finding::unknown("timer", &subject, why)],
    };
    let timers: Vec<_> = rules.iter().filter(|rule| rule.schedule.is_some()).collect();
    if timers.is_empty() {
        let fix = format!("deploy the stack again: sam deploy --stack-name {}", facts.stack);
        return vec![Finding::fault("timer", &subject, "no timer calls it: nothing that is lost is found", fix)];
    }
    let off = |rule: &&super::Rule| !rule.enabled;
    let finding = |rule: &super::Rule| {
        let sentence = match &rule.schedule {
            Some(_) => "its timer is off: nothing that is lost is found, nobody is reminded, and no drift is seen",
            None => "a rule that tells it of calls to SES is off: drift is seen ten minutes later",
        };
        Finding::fault("timer", &subject, sentence, format!("aws events enable-rule --name {}", rule.name))
    };
    rules.iter().filter(off).map(finding).collect()
}

pub(super) fn sets(facts: &Facts) -> Vec<Finding> {
    let sets = match &facts.sets {
        Ok(sets) => sets,
        Err(why) => return vec![Finding::unknown("eventDestinations", "the configuration sets", why)],
    };
    let mut findings = Vec::new();
    if let Some(ear) = ear(facts) {
        for (name, found) in sets {
            if let Err(gap) = listen(name, found, &ear) {
                let (sentence, fix) = (one_line(&gap.sentence), one_line(&gap.remedy));
                findings.push(Finding::fault("eventDestinations", name.as_str(), sentence, fix));
            }
        }
    }
    if facts.sets_in_all > sets.len() {
        let sentence = format!(
            "{} of {} were asked about; of the others the guard's own list is to be believed",
            sets.len(),
            facts.sets_in_all
        );
        findings.push(Finding::advice(
            "eventDestinations",
            "the configuration sets",
            sentence,
            "ses-guard list --unheard",
        ));
    }
    findings
}

/// What lies in other accounts and Regions takes other credentials.
pub(super) fn other_homes(facts: &Facts) -> Option<Finding> {
    let listed = facts.variable("operate", "GUARD_ACCOUNTS")?;
    let (account, region) = facts.other_homes().next()?;
    let sentence = format!(
        "of {} other homes nothing was looked at but whether the functions may assume their roles: {}",
        facts.other_homes().count(),
        one_line(listed)
    );
    let fix = format!(
        "ses-guard status --home {account}/{region}; with that account's credentials: aws cloudformation detect-stack-drift --stack-name ses-reputation-guard-member --region {region}"
    );
    Some(Finding::advice("homes", &facts.stack, sentence, fix))
}

/// By what the guard hears, as `operate` was told.
fn ear(facts: &Facts) -> Option<Ear> {
    let says = |name| facts.variable("operate", name);
    Some(Ear {
        topic: says("GUARD_EVENTS_TOPIC_ARN")?.parse().ok()?,
        destination: says("GUARD_EVENT_DESTINATION")?.parse().ok()?,
        event_bus: says("GUARD_HEARS_EVENT_BUS") == Some("true"),
    })
}

pub(super) fn status(facts: &Facts) -> Vec<Finding> {
    let subject = format!("{}-operate", facts.stack);
    let status = match &facts.status {
        Ok(status) => status,
        Err(why) => {
            let fix = format!("aws logs tail /aws/lambda/{subject} --since 15m --filter-pattern '?WARN ?ERROR'");
            return vec![Finding::fault("operate", &subject, format!("does not answer: {why}"), fix)];
        }
    };
    if status["ok"] != true {
        let message = status.pointer("/error/message").and_then(Value::as_str).unwrap_or("it does not say why");
        let sentence = format!("can't read the policy that is in force, or its own state: {}", one_line(message));
        let fix = "ses-guard policy versions, then push one that can be read, or: ses-guard policy clear --reason … --actor …";
        return vec![Finding::fault("policy", &subject, sentence, fix)];
    }
    let mut findings = Vec::new();
    if status["mode"] == "observe" {
        let fix = "deploy with Mode=enforce when the notices say what you would have done";
        findings.push(Finding::advice("mode", &facts.stack, "the guard observes: it tells, and pauses nobody", fix));
    }
    if status["policySource"] == "stored" && facts.deploys_a_policy() {
        let sentence = "a policy was deployed, and one that was pushed hides it";
        findings.push(Finding::advice(
            "policy",
            &facts.stack,
            sentence,
            "ses-guard policy diff FILE; or: ses-guard policy clear",
        ));
    }
    findings.extend(sight(facts, &status["sight"]));
    findings.extend(treatment(facts, &status["account"]));
    findings
}

/// How AWS treats the account and its tenants, as far as the guard has heard.
fn treatment(facts: &Facts, account: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    let pack = "ses-guard evidence --account --since 14d has what the case in the Support Center asks for";
    match account["enforcementStatus"].as_str() {
        None | Some("HEALTHY") => {}
        Some("SHUTDOWN") => {
            let sentence = "AWS has stopped this account: SES refuses all of its mail, and only AWS lifts that";
            findings.push(Finding::fault("account", &facts.stack, sentence, pack));
        }
        Some(word) => {
            let sentence =
                format!("AWS's word for this account is {}: it is reviewed, and goes on sending", one_line(word));
            findings.push(Finding::fault("account", &facts.stack, sentence, pack));
        }
    }
    for tenant in account["tenants"].as_array().into_iter().flatten() {
        let name = one_line(tenant["tenant"].as_str().unwrap_or_default());
        if let Some(since) = tenant.pointer("/disabledByAws/since").and_then(Value::as_str) {
            let sentence = format!("AWS keeps this tenant of SES disabled since {since}: SES refuses its mail");
            let fix = "answer the case in the Support Center; ses-guard status says what AWS found";
            findings.push(Finding::advice("tenant", &name, sentence, fix));
        }
    }
    findings
}

impl Facts {
    fn deploys_a_policy(&self) -> bool {
        self.variable("operate", "GUARD_POLICY").is_some_and(|text| !text.trim().is_empty())
    }
}

/// What the guard says that it doesn't see, and whether its clock and ours agree.
fn sight(facts: &Facts, sight: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    let checked_at: Option<Timestamp> = sight["checkedAt"].as_str().and_then(|text| text.parse().ok());
    let age = checked_at.map(|at| seconds_between(at, facts.now));
    match age {
        None => {
            let sentence = "has not looked yet whether the guard is well; a new stack does within five minutes";
            // All that it would say of itself is that it has not looked.
            return vec![Finding::advice("sweep", &format!("{}-sweep", facts.stack), sentence, "ses-guard status")];
        }
        Some(age) if age < -SKEW_SECONDS => {
            let sentence = format!("this machine's clock is {} s behind the guard's", -age);
            findings.push(Finding::fault("clock", "this machine", sentence, "timedatectl set-ntp true"));
        }
        Some(age) if age > LATEST_LOOK_SECONDS => {
            let sentence = format!(
                "last looked {} minutes ago whether the guard is well: it does not run, or this machine's clock is ahead",
                age / 60
            );
            let fix = format!("aws logs tail /aws/lambda/{}-sweep --since 30m", facts.stack);
            findings.push(Finding::fault("sweep", &format!("{}-sweep", facts.stack), sentence, fix));
        }
        Some(_) => {}
    }
    for spot in sight["blindSpots"].as_array().into_iter().flatten() {
        // The guard does not know its stack's name; whoever found it by that name does.
        let text = |field: &str| one_line(spot[field].as_str().unwrap_or_default()).replace("STACK", &facts.stack);
        findings.push(Finding::fault("blindSpot", &text("blindSpot"), text("sentence"), text("next")));
    }
    findings
}

pub(super) fn stopped(facts: &Facts) -> Vec<Finding> {
    let sets = match &facts.stopped {
        Ok(sets) => sets,
        Err(why) => return vec![Finding::unknown("drift", "the paused sets", why)],
    };
    let mut findings = Vec::new();
    for set in sets {
        let name = set["configurationSet"].as_str().unwrap_or_default();
        match (set["phaseAfter"].as_str().unwrap_or_default(), set["sendingEnabled"].as_bool()) {
            ("PAUSED", Some(true)) => {
                let sentence = "is paused by the guard, and SES takes its mail: somebody switched it on in SES";
                let fix = format!(
                    "ses-guard pause {name} --reason \"…\" --actor you@example.com stops it now; ses-guard resume {name} lets it send"
                );
                findings.push(Finding::fault("drift", name, sentence, fix));
            }
            ("EXTERNAL", _) => {
                let fix =
                    format!("ses-guard resume {name} --force --reason \"…\" --actor you@example.com, if it may send");
                findings.push(Finding::advice("drift", name, "was disabled in SES by somebody else", fix));
            }
            (_, Some(_) | None) => {}
        }
    }
    findings
}

fn one_line(text: &str) -> String {
    text.chars().map(|letter| if crate::line::has_no_place(letter) { ' ' } else { letter }).collect()
}
