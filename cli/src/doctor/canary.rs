//! The canary's flight: from an event to a pause to a resume, each seen in the guard and in SES.

#![expect(clippy::indexing_slicing, reason = "what a JSON value lacks is null")]

use std::time::{Duration, Instant};

use guard_aws::{Canary, Clients, OperateFunction, Way};
use guard_core::doctor::Facts;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

/// Mails, and bounces of them: the built-in line for 40 mails is 12.
const MAILS: usize = 40;
const BOUNCES: usize = 20;
/// The design says ten seconds; a cold start of every function on the way, and a sweep instead of a lost wake-up, take more.
const PATIENCE: Duration = Duration::from_secs(150);
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
    set: String,
    steps: Vec<Step>,
}

/// Flies, and cleans up whatever came of it.
pub(super) async fn fly(clients: &Clients, facts: &Facts, actor: &str) -> Vec<Step> {
    let operate = OperateFunction::new(clients, &format!("{}-operate", facts.stack));
    let set = format!("guard-doctor-{}", facts.now.as_second());
    let mut flight = Flight { canary: Canary::new(clients), operate, facts, set, steps: Vec::new() };
    let begun = Instant::now();
    let made = flight.canary.create(&flight.set).await;
    if flight.note(begun, made, format!("the configuration set {} was made", flight.set)) {
        flight.pause_and_resume(actor).await;
        let begun = Instant::now();
        let gone = flight.canary.delete(&flight.set).await;
        flight.note(begun, gone, "the configuration set is deleted; its history stays".to_owned());
    }
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

    async fn pause_and_resume(&mut self, actor: &str) {
        let begun = Instant::now();
        let way = self.bring().await;
        let by = match &way {
            Ok(Way::Topic) => "by the topic, the queue and ingest",
            Ok(Way::Ingest) => {
                "by ingest: the topic and the queue let nobody in but SES, so this part of the way is not proved"
            }
            Err(_) => "",
        };
        if !self.note(begun, way.map(drop), format!("{MAILS} mails and {BOUNCES} bounces came in {by}")) {
            return;
        }
        let observes = self.facts.status.as_ref().is_ok_and(|status| status["mode"] == "observe");
        let (phase, sends) = if observes { ("WARNED", true) } else { ("PAUSED", false) };
        let begun = Instant::now();
        let seen = self.wait(phase, sends).await;
        let what = match observes {
            true => "the guard would have paused it, and observes only".to_owned(),
            false => "the guard paused it, and SES refuses its mail".to_owned(),
        };
        if !self.note(begun, seen, what) || observes {
            return;
        }
        let begun = Instant::now();
        let order = json!({"action": "resume", "configurationSet": self.set, "reason": "canary of ses-guard doctor", "actor": actor});
        let resumed = match self.operate.ask(&order).await {
            Ok(answer) if answer["ok"] == true => self.wait("TRIAL", true).await,
            Ok(answer) => Err(format!("the resume was refused: {}", answer["error"]["message"])),
            Err(error) => Err(guard_core::port::chain(&error)),
        };
        self.note(begun, resumed, "the guard resumed it, and SES takes its mail again".to_owned());
    }

    async fn bring(&self) -> Result<Way, String> {
        let variable = |function: &str, name: &str| {
            let known = self.facts.functions.get(function).and_then(|known| known.as_ref().ok()?.as_ref());
            known
                .and_then(|found| found.environment.get(name).cloned())
                .ok_or_else(|| format!("{function} does not say {name}"))
        };
        let home = self.facts.status.as_ref().map_err(Clone::clone)?["hearing"]["home"].as_str().unwrap_or_default();
        let (account, region) = home.split_once('/').ok_or("operate does not say which home it guards")?;
        let sent_at = Timestamp::now();
        let event = |number: usize, kind: &str| {
            let address = format!("canary-{number}@example.com");
            let mut event = json!({"eventType": kind, "mail": {
                "timestamp": format!("{sent_at:.3}"),
                "sourceArn": format!("arn:aws:ses:{region}:{account}:identity/example.com"),
                "sendingAccountId": account,
                "messageId": format!("{}-{number}", self.set),
                "destination": [address],
                "tags": {"ses:configuration-set": [self.set]},
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
            (variable("operate", "GUARD_EVENTS_TOPIC_ARN")?, variable("ingest", "GUARD_EVENTS_QUEUE_ARN")?);
        self.canary.bring(&topic, &format!("{}-ingest", self.facts.stack), &queue, &events).await
    }

    /// Until the guard has it in this phase, and SES says the same.
    async fn wait(&self, phase: &str, sends: bool) -> Result<(), String> {
        let begun = Instant::now();
        let request = json!({"action": "status", "configurationSet": self.set});
        let mut last = "operate did not answer".to_owned();
        while begun.elapsed() < PATIENCE {
            match self.operate.ask(&request).await {
                Ok(answer) if answer["phaseAfter"] == phase && answer["sendingEnabled"] == sends => return Ok(()),
                Ok(answer) => {
                    last = match answer["ok"] == true {
                        true => format!("it is {} and SES says {}", answer["phaseAfter"], answer["sendingEnabled"]),
                        false => format!("{}", answer["error"]["message"]),
                    };
                }
                Err(error) => last = guard_core::port::chain(&error),
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let log = format!("aws logs tail /aws/lambda/{}-judge --since 10m, and -ingest, -actuate", self.facts.stack);
        Err(format!("waited {} s in vain for {phase}: {last} -> {log}", PATIENCE.as_secs()))
    }
}
