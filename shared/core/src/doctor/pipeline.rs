//! The way of an event: functions, what feeds them, topics, queues, tables.

use super::documents::door;
use super::{Facts, Finding, Function, Known, Mapping, Queue, QueueRole, Topic};

/// `Err` is a finding; `Ok(None)` too, of a thing that is not there.
fn there<'a, T>(
    check: &'static str,
    subject: &str,
    stack: &str,
    known: &'a Known<Option<T>>,
) -> Result<&'a T, Finding> {
    match known {
        Ok(Some(thing)) => Ok(thing),
        Ok(None) => {
            let fix = format!("deploy the stack again: sam deploy --stack-name {stack}");
            Err(Finding::fault(check, subject, "is not there", fix))
        }
        Err(why) => Err(Finding::unknown(check, subject, why)),
    }
}

pub(super) fn functions(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, known) in &facts.functions {
        let subject = format!("{}-{name}", facts.stack);
        match there("function", &subject, &facts.stack, known) {
            Err(finding) => findings.push(finding),
            Ok(function) => findings.extend(function_of(&subject, function)),
        }
    }
    findings.extend(modes(facts));
    findings
}

/// Functions of two modes: a deployment that stopped half way, or a hand.
fn modes(facts: &Facts) -> Option<Finding> {
    let mode = |(name, known): (&&'static str, &Known<Option<Function>>)| {
        let mode = known.as_ref().ok()?.as_ref()?.environment.get("GUARD_MODE")?;
        Some((*name, mode.clone()))
    };
    let modes: Vec<(&str, String)> = facts.functions.iter().filter_map(mode).collect();
    let (_, first) = modes.first()?;
    let (name, other) = modes.iter().find(|(_, mode)| mode != first)?;
    let sentence = format!("has Mode {other} while others have {first}: what one decides another does not");
    let fix = format!("deploy the stack again: sam deploy --stack-name {}", facts.stack);
    Some(Finding::fault("mode", &format!("{}-{name}", facts.stack), sentence, fix))
}

fn function_of(subject: &str, function: &Function) -> Option<Finding> {
    if function.reserved == Some(0) {
        let fix = format!("aws lambda delete-function-concurrency --function-name {subject}");
        return Some(Finding::fault("function", subject, "is switched off: none of it may run at once", fix));
    }
    (function.state != "Active").then(|| {
        let fix = format!("aws lambda get-function-configuration --function-name {subject} --query StateReason");
        Finding::fault("function", subject, format!("is {}, not Active", function.state), fix)
    })
}

pub(super) fn mappings(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, needs) in
        [("ingest", vec![":sqs:"]), ("judge", vec![":dynamodb:", ":sqs:"]), ("actuate", vec![":dynamodb:"])]
    {
        let subject = format!("{}-{name}", facts.stack);
        let found = match facts.mappings.get(name) {
            Some(Ok(found)) => found,
            Some(Err(why)) => {
                findings.push(Finding::unknown("mapping", &subject, why));
                continue;
            }
            None => continue,
        };
        for service in needs {
            let of_it: Vec<&Mapping> = found.iter().filter(|one| one.source_arn.contains(service)).collect();
            let source = if service == ":sqs:" { "its queue" } else { "the state table's stream" };
            if of_it.is_empty() {
                let fix = format!("deploy the stack again: sam deploy --stack-name {}", facts.stack);
                findings.push(Finding::fault(
                    "mapping",
                    &subject,
                    format!("is not fed by {source}: nothing wakes it"),
                    fix,
                ));
            }
            findings.extend(of_it.into_iter().filter_map(|one| mapping_of(&subject, source, one)));
        }
    }
    findings
}

fn mapping_of(subject: &str, source: &str, mapping: &Mapping) -> Option<Finding> {
    let id = &mapping.id;
    if mapping.state != "Enabled" && mapping.state != "Enabling" {
        let sentence = format!("is not woken by {source}: the mapping is {}, and what comes waits", mapping.state);
        return Some(Finding::fault(
            "mapping",
            subject,
            sentence,
            format!("aws lambda update-event-source-mapping --uuid {id} --enabled"),
        ));
    }
    (!mapping.reports_failures).then(|| {
        let sentence = "one bad message takes its whole batch with it: the mapping reports no single failures";
        let fix = format!(
            "aws lambda update-event-source-mapping --uuid {id} --function-response-types ReportBatchItemFailures"
        );
        Finding::fault("mapping", subject, sentence, fix)
    })
}

pub(super) fn topics(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    match there("topic", "the events topic", &facts.stack, &facts.events_topic) {
        Err(finding) => findings.push(finding),
        Ok(topic) => events_topic(facts, topic, &mut findings),
    }
    match there("notices", "the notices topic", &facts.stack, &facts.notices_topic) {
        Err(finding) => findings.push(finding),
        Ok(topic) if topic.subscriptions.iter().all(|one| one.arn.is_none()) => {
            let fix = format!(
                "aws sns subscribe --topic-arn {} --protocol email --notification-endpoint you@example.com, and confirm",
                topic.arn
            );
            let sentence = "nobody has a confirmed subscription: whatever the guard tells, nobody hears";
            findings.push(Finding::fault("notices", &topic.arn, sentence, fix));
        }
        Ok(topic) => {
            let waiting = topic.subscriptions.iter().filter(|one| one.arn.is_none()).count();
            if waiting > 0 {
                let sentence = format!("{waiting} of its subscriptions wait to be confirmed");
                findings.push(Finding::advice(
                    "notices",
                    &topic.arn,
                    sentence,
                    "open the link in the mail that AWS sent",
                ));
            }
        }
    }
    findings
}

fn events_topic(facts: &Facts, topic: &Topic, findings: &mut Vec<Finding>) {
    let again = format!("deploy the stack again: sam deploy --stack-name {}", facts.stack);
    let door = door(&topic.policy, "sns:Publish", "ses.amazonaws.com", None);
    if !door.lets_in {
        let sentence = "its policy does not let SES publish: no event arrives, and no set is ever paused";
        findings.push(Finding::fault("topicPolicy", &topic.arn, sentence, &again));
    }
    if door.open {
        let sentence = "its policy lets anybody publish: whoever wants can have any set paused";
        findings.push(Finding::fault("topicPolicy", &topic.arn, sentence, &again));
    }
    let Some(Ok(Some(queue))) = facts.queues.get(&QueueRole::Events) else { return };
    let Some(subscription) = topic.subscriptions.iter().find(|one| one.endpoint == queue.arn) else {
        let sentence = "the events queue is not subscribed to it: SES's events go nowhere";
        let fix = format!(
            "aws sns subscribe --topic-arn {} --protocol sqs --notification-endpoint {} --attributes RawMessageDelivery=true",
            topic.arn, queue.arn
        );
        findings.push(Finding::fault("subscription", &topic.arn, sentence, fix));
        return;
    };
    let arn = subscription.arn.as_deref().unwrap_or("SUBSCRIPTION_ARN");
    let set = |name: &str, value: &str| {
        format!(
            "aws sns set-subscription-attributes --subscription-arn {arn} --attribute-name {name} --attribute-value {value}"
        )
    };
    if subscription.filtered {
        let sentence = "the events queue's subscription has a filter: events that do not match are lost";
        findings.push(Finding::fault("subscription", arn, sentence, set("FilterPolicy", "'{}'")));
    }
    if !subscription.raw {
        let sentence = "raw delivery is off: events are counted, in envelopes twice their size";
        findings.push(Finding::advice("subscription", arn, sentence, set("RawMessageDelivery", "true")));
    }
}

pub(super) fn queues(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (role, known) in &facts.queues {
        let name = match role {
            QueueRole::Events => "the events queue",
            QueueRole::EventsDead => "the dead-letter queue of events",
            QueueRole::WakeUpsDead => "the dead-letter queue of wake-ups",
        };
        match there("queue", name, &facts.stack, known) {
            Err(finding) => findings.push(finding),
            Ok(queue) => queue_of(facts, *role, queue, &mut findings),
        }
    }
    findings
}

fn queue_of(facts: &Facts, role: QueueRole, queue: &Queue, findings: &mut Vec<Finding>) {
    let again = format!("deploy the stack again: sam deploy --stack-name {}", facts.stack);
    match role {
        QueueRole::Events => {
            let topic = facts.events_topic.as_ref().ok().and_then(Option::as_ref).map(|topic| topic.arn.as_str());
            let door = door(&queue.policy, "sqs:SendMessage", "sns.amazonaws.com", topic);
            if !door.lets_in {
                let sentence =
                    "its policy does not let the events topic send: no event arrives, and no set is ever paused";
                findings.push(Finding::fault("queuePolicy", &queue.arn, sentence, &again));
            }
            if door.open {
                let sentence = "its policy lets anybody send: whoever wants can have any set paused";
                findings.push(Finding::fault("queuePolicy", &queue.arn, sentence, &again));
            }
            if !queue.has_dead_letters {
                let sentence = "has no dead-letter queue: what can't be read comes again and again until it is lost";
                findings.push(Finding::fault("queue", &queue.arn, sentence, &again));
            }
        }
        QueueRole::EventsDead if queue.messages > 0 => {
            let sentence =
                format!("holds {} events that could not be counted; they are missing in the tallies", queue.messages);
            let to = match facts.queues.get(&QueueRole::Events) {
                Some(Ok(Some(events))) => format!(" --destination-arn {}", events.arn),
                Some(Ok(None) | Err(_)) | None => String::new(),
            };
            let fix = format!(
                "aws logs tail /aws/lambda/{}-ingest --since 1d --filter-pattern '?WARN ?ERROR'; mend the cause, then: aws sqs start-message-move-task --source-arn {}{to}",
                facts.stack, queue.arn
            );
            findings.push(Finding::fault("deadLetters", &queue.arn, sentence, fix));
        }
        QueueRole::WakeUpsDead if queue.messages > 0 => {
            let sentence =
                format!("holds {} wake-ups that were given up; the sweep does what they were for", queue.messages);
            let fix = format!(
                "read the logs of judge and actuate, mend the cause, then: aws sqs purge-queue --queue-url {}",
                queue.url
            );
            findings.push(Finding::fault("deadLetters", &queue.arn, sentence, fix));
        }
        QueueRole::EventsDead | QueueRole::WakeUpsDead => {}
    }
}

pub(super) fn tables(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    let environment = |name: &str| facts.variable("operate", name);
    let state_table = environment("GUARD_STATE_TABLE");
    for (name, known) in &facts.tables {
        match there("table", name, &facts.stack, known) {
            Err(finding) => findings.push(finding),
            Ok(table) if table.status != "ACTIVE" => {
                let fix = format!("aws dynamodb describe-table --table-name {name} --query Table.TableStatus");
                findings.push(Finding::fault("table", name, format!("is {}, not ACTIVE", table.status), fix));
            }
            Ok(table) if !table.streams && state_table == Some(name.as_str()) => {
                let sentence = "streams no changes: nothing wakes judge and actuate but the sweep, once a minute";
                let fix = format!(
                    "aws dynamodb update-table --table-name {name} --stream-specification StreamEnabled=true,StreamViewType=NEW_IMAGE, then deploy the stack again"
                );
                findings.push(Finding::fault("table", name, sentence, fix));
            }
            Ok(_) => {}
        }
    }
    findings
}
