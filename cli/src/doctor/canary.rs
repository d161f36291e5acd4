//! The canary's flight: from an event to a pause to a resume, each seen in the guard and in SES.

#![expect(clippy::indexing_slicing, reason = "what a JSON value lacks is null")]

use std::time::{Duration, Instant};

use guard_aws::{Canary, Clients, Mailed, OperateFunction, Way};
use guard_core::doctor::Facts;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

/// Mails, and bounces of them: the built-in line for 40 mails is 12.
const MAILS: usize = 40;
const BOUNCES: usize = 20;
/// The design says ten seconds; a cold start of every function on the way, and a sweep instead of a lost wake-up, take more.
const PATIENCE: Duration = Duration::from_secs(150);
/// A new account may send one mail a second.
const MAIL_EVERY: Duration = Duration::from_secs(1);
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// One thing that was to happen.
#[derive(Debug, Serialize)]
pub(super) struct Step {
    /// Whether it did.
    pub(super) ok: bool,
    /// How long it took.
    pub(super) seconds: f64,
    /// What it was, or what happened instead.
    pub(super) sentence: String,
}

struct Flight<'a> {
    canary: Canary,
    operate: OperateFunction,
    facts: &'a Facts,
    actor: &'a str,
    steps: Vec<Step>,
}

/// Flies, by mail if there is an address that may send it, else by events alone, and cleans up whatever came of it.
pub(super) async fn fly(clients: &Clients, facts: &Facts, from: Option<&str>, actor: &str) -> Vec<Step> {
    let operate = OperateFunction::new(clients, &format!("{}-operate", facts.stack));
    let mut flight = Flight { canary: Canary::new(clients), operate, facts, actor, steps: Vec::new() };
    let why_not = match from {
        Some(from) => match flight.by_mail(from).await {
            Ok(()) => return flight.steps,
            Err(why) => why,
        },
        None => "--from names no address that SES may send from".to_owned(),
    };
    flight.by_events(&why_not).await;
    flight.steps
}

impl Flight<'_> {
    fn note(&mut self, begun: Instant, result: Result<(), String>, what: String) -> bool {
        let (ok, sentence) = match result {
            Ok(()) => (true, what),
            Err(why) => (false, why),
        };
        self.steps.push(Step { ok, seconds: begun.elapsed().as_secs_f64(), sentence });
        ok
    }

    /// Real mail, from SES to the pause. `Err`: why none was sent, and nothing has happened yet.
    async fn by_mail(&mut self, from: &str) -> Result<(), String> {
        let set = self.variable("ingest", "GUARD_CANARY_SET").unwrap_or_default();
        if set.is_empty() {
            return Err("the stack has no canary set: deploy it with Canary=true".to_owned());
        }
        let begun = Instant::now();
        self.may_fly(&set).await?;
        let mut accepted = 0;
        for number in 1..=BOUNCES {
            match self.canary.mail(&set, from, number).await {
                Mailed::Accepted => accepted += 1,
                // The guard was quicker.
                Mailed::Paused if accepted > 0 => break,
                Mailed::Paused => return Err(format!("SES refuses all mail of {set} or of the account")),
                Mailed::Refused(why) if accepted == 0 => return Err(why),
                Mailed::Refused(why) => {
                    self.note(begun, Err(format!("SES took {accepted} mails, and then: {why}")), String::new());
                    return Ok(());
                }
            }
            tokio::time::sleep(MAIL_EVERY).await;
        }
        let sent = format!("SES took {accepted} mails of {set} to its mailbox simulator, which lets each bounce");
        self.note(begun, Ok(()), sent);
        let proved = "by SES's own events, so the whole way from the mail to the pause is proved";
        self.pause_and_resume(&set, proved).await;
        Ok(())
    }

    /// Whether mail that is sent now would be judged.
    async fn may_fly(&self, set: &str) -> Result<(), String> {
        let status = self.status(set).await?;
        let fence: Option<Timestamp> = status["fresh"].as_str().and_then(|text| text.parse().ok());
        match status["phaseAfter"].as_str().unwrap_or_default() {
            "PAUSING" | "PAUSED" | "RESUMING" | "EXTERNAL" => Err(format!(
                "{set} is {} since an earlier flight; first: ses-guard resume {set} --force --reason \"canary\" --actor {}",
                status["phaseAfter"], self.actor
            )),
            _ if fence.is_some_and(|fence| fence > Timestamp::now()) => {
                Err(format!("{set} has flown a moment ago, and what it sends is judged again from {}", status["fresh"]))
            }
            _ => Ok(()),
        }
    }

    /// Events of mail that was never sent, of a set that comes and goes.
    async fn by_events(&mut self, why_not: &str) {
        let set = format!("guard-doctor-{}", self.facts.now.as_second());
        let begun = Instant::now();
        let made = self.canary.create(&set).await;
        let what = format!("no mail was sent, since {why_not}; the configuration set {set} was made for events alone");
        if !self.note(begun, made, what) {
            return;
        }
        let begun = Instant::now();
        let way = self.bring(&set).await;
        let by = match &way {
            Ok(Way::Topic) => "by the topic, the queue and ingest; that SES publishes to the topic is not proved",
            Ok(Way::Ingest) => {
                "by ingest: the topic and the queue let nobody in but SES, so the way before it is not proved"
            }
            Err(_) => "",
        };
        if self.note(begun, way.map(drop), format!("{MAILS} mails and {BOUNCES} bounces came in {by}")) {
            self.pause_and_resume(&set, "by these events").await;
        }
        let begun = Instant::now();
        let gone = self.canary.delete(&set).await;
        self.note(begun, gone, "the configuration set is deleted; its history stays".to_owned());
    }

    async fn pause_and_resume(&mut self, set: &str, by: &str) {
        let observes = self.facts.status.as_ref().is_ok_and(|status| status["mode"] == "observe");
        let (phase, sends) = if observes { ("WARNED", true) } else { ("PAUSED", false) };
        let begun = Instant::now();
        let seen = self.wait(set, phase, sends).await;
        let what = match observes {
            true => format!("the guard would have paused it, {by}, and observes only"),
            false => format!("the guard paused it, {by}, and SES refuses its mail"),
        };
        if !self.note(begun, seen, what) || observes {
            return;
        }
        let begun = Instant::now();
        let order = json!({"action": "resume", "configurationSet": set, "reason": "canary of ses-guard doctor", "actor": self.actor});
        let resumed = match self.operate.ask(&order).await {
            Ok(answer) if answer["ok"] == true => self.wait(set, "TRIAL", true).await,
            Ok(answer) => Err(format!("the resume was refused: {}", answer["error"]["message"])),
            Err(error) => Err(guard_core::port::chain(&error)),
        };
        self.note(begun, resumed, "the guard resumed it, and SES takes its mail again".to_owned());
    }

    fn variable(&self, function: &str, name: &str) -> Result<String, String> {
        let found = self.facts.variable(function, name);
        found.map(str::to_owned).ok_or_else(|| format!("{function} does not say {name}"))
    }

    /// What `operate` says of the set; `Err` is why it does not.
    async fn status(&self, set: &str) -> Result<Value, String> {
        let request = json!({"action": "status", "configurationSet": set});
        match self.operate.ask(&request).await {
            Ok(answer) if answer["ok"] == true => Ok(answer),
            Ok(answer) => Err(format!("{}", answer["error"]["message"])),
            Err(error) => Err(guard_core::port::chain(&error)),
        }
    }

    async fn bring(&self, set: &str) -> Result<Way, String> {
        let home = self.facts.status.as_ref().map_err(Clone::clone)?["hearing"]["home"].as_str().unwrap_or_default();
        let (account, region) = home.split_once('/').ok_or("operate does not say which home it guards")?;
        let sent_at = Timestamp::now();
        let event = |number: usize, kind: &str| {
            let address = format!("canary-{number}@example.com");
            let mut event = json!({"eventType": kind, "mail": {
                "timestamp": format!("{sent_at:.3}"),
                "sourceArn": format!("arn:aws:ses:{region}:{account}:identity/example.com"),
                "sendingAccountId": account,
                "messageId": format!("{set}-{number}"),
                "destination": [address],
                "tags": {"ses:configuration-set": [set]},
            }});
            if kind == "Bounce" {
                event["bounce"] = json!({"bounceType": "Permanent", "bounceSubType": "General", "feedbackId": format!("canary-{number}"),
                    "timestamp": format!("{sent_at:.3}"), "bouncedRecipients": [{"emailAddress": address, "action": "failed"}]});
            }
            event
        };
        let sends = (0..MAILS).map(|number| event(number, "Send"));
        let events: Vec<Value> = sends.chain((0..BOUNCES).map(|number| event(number, "Bounce"))).collect();
        let (topic, queue) =
            (self.variable("operate", "GUARD_EVENTS_TOPIC_ARN")?, self.variable("ingest", "GUARD_EVENTS_QUEUE_ARN")?);
        self.canary.bring(&topic, &format!("{}-ingest", self.facts.stack), &queue, &events).await
    }

    /// Until the guard has it in this phase, and SES says the same.
    async fn wait(&self, set: &str, phase: &str, sends: bool) -> Result<(), String> {
        let begun = Instant::now();
        let mut last = "operate did not answer".to_owned();
        while begun.elapsed() < PATIENCE {
            match self.status(set).await {
                Ok(answer) if answer["phaseAfter"] == phase && answer["sendingEnabled"] == sends => return Ok(()),
                Ok(answer) => {
                    last = format!(
                        "it is {}, SES says {}, and {} sends and {} bounces of it are counted",
                        answer["phaseAfter"],
                        answer["sendingEnabled"],
                        answer["tally"]["sends"],
                        answer["tally"]["bounces"]
                    );
                }
                Err(why) => last = why,
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let log = format!("aws logs tail /aws/lambda/{}-judge --since 10m, and -ingest, -actuate", self.facts.stack);
        Err(format!("waited {} s in vain for {phase}: {last} -> {log}", PATIENCE.as_secs()))
    }
}
