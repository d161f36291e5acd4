//! Whether each function may do what it is for: what its role grants, held against what it needs. That list, `grants.json`,
//! is the one that the template's own grants are tested against.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::documents::allows;
use super::{Facts, Finding};

/// Of each function, on which resource it needs which actions.
type Grants = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// By what brings it about.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Needs {
    always: Grants,
    chats: Grants,
    account_stop: Grants,
    enrols: Grants,
    enrols_with_metrics: Grants,
    homes: Grants,
}

static NEEDS: LazyLock<Needs> = LazyLock::new(|| serde_json::from_str(include_str!("grants.json")).unwrap_or_default());

pub(super) fn permissions(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    let needed = needed(facts);
    for (function, known) in &facts.roles {
        let policies = match known {
            Ok(policies) => policies,
            Err(why) => {
                // Whoever may not ask about one may ask about none.
                findings.push(Finding::unknown("permission", "the functions' roles", why));
                break;
            }
        };
        let wanted = needed.iter().filter(|(of, ..)| of == function);
        let mut missing: Vec<String> = Vec::new();
        for (_, word, action) in wanted {
            for resource in resources(facts, word) {
                if !allows(policies, action, &resource) {
                    missing.push(format!("{action} on {resource}"));
                }
            }
        }
        findings.extend(finding(facts, function, &missing));
    }
    findings
}

fn finding(facts: &Facts, function: &str, missing: &[String]) -> Option<Finding> {
    let more = match missing {
        [] => return None,
        [_] => String::new(),
        [_, rest @ ..] => format!(" and {} more", rest.len()),
    };
    let sentence = format!(
        "its role does not grant {}{more}: AWS refuses it what it is for",
        missing.first().map_or("", |one| one)
    );
    let fix = format!(
        "sam deploy --stack-name {}; if somebody changed the role by hand, that finds nothing to do: docs/OPERATIONS.md, What somebody changed by hand",
        facts.stack
    );
    Some(Finding::fault("permission", &format!("{}-{function}", facts.stack), sentence, fix))
}

/// What each function needs in this stack, as it is configured.
fn needed(facts: &Facts) -> Vec<(&'static str, &'static str, &'static str)> {
    let says = |function: &str, name: &str| facts.variable(function, name).unwrap_or_default();
    let enrols = says("sweep", "GUARD_ENROL_NEW_SETS");
    let parts = [
        (&NEEDS.always, true),
        (&NEEDS.chats, !says("actuate", "GUARD_CHAT_TOPIC_ARN").is_empty()),
        (&NEEDS.account_stop, says("operate", "GUARD_ACCOUNT_STOP") == "allowed"),
        (&NEEDS.enrols, enrols.starts_with("events")),
        (&NEEDS.enrols_with_metrics, enrols == "events-and-metrics"),
        (&NEEDS.homes, !says("operate", "GUARD_ACCOUNTS").is_empty()),
    ];
    let mut needed = Vec::new();
    for (function, (word, actions)) in parts
        .into_iter()
        .filter(|(_, applies)| *applies)
        .flat_map(|(grants, _)| grants)
        .flat_map(|(function, on)| on.iter().map(move |one| (function, one)))
    {
        needed.extend(actions.iter().map(|action| (function.as_str(), word.as_str(), action.as_str())));
    }
    needed
}

/// The ARNs that a word of the list stands for; one of them, where it stands for all of a kind. None where the stack does not
/// say, which is found elsewhere.
fn resources(facts: &Facts, word: &str) -> Vec<String> {
    let says = |function: &str, name: &str| facts.variable(function, name).filter(|text| !text.is_empty());
    let operate = facts.function("operate").map(|operate| operate.arn.as_str()).unwrap_or_default();
    let parts: Vec<&str> = operate.split(':').collect();
    let &[_, partition, _, region, account, ..] = parts.as_slice() else { return Vec::new() };
    let arn = |service: &str, rest: &str| format!("arn:{partition}:{service}:{region}:{account}:{rest}");
    let (name, part) = word.split_once('/').unwrap_or((word, ""));
    let table = |variable: &str| says("operate", variable).map(|name| arn("dynamodb", &format!("table/{name}")));
    let one = match (name, part) {
        ("*", _) => Some("*".to_owned()),
        ("LedgerTable", _) => table("GUARD_LEDGER_TABLE"),
        ("DigestTable", _) => table("GUARD_DIGEST_TABLE"),
        ("StateTable", "stream" | "stream/*") => stream(facts),
        ("StateTable", "") => table("GUARD_STATE_TABLE"),
        ("StateTable", index) => table("GUARD_STATE_TABLE").map(|table| format!("{table}/{index}")),
        ("EventsQueue", _) => says("ingest", "GUARD_EVENTS_QUEUE_ARN").map(str::to_owned),
        ("RecheckQueue", _) => {
            let url = says("judge", "GUARD_RECHECK_QUEUE_URL");
            url.and_then(|url| url.rsplit('/').next()).map(|name| arn("sqs", name))
        }
        ("WakeUpDeadLetterQueue", _) => says("sweep", "GUARD_WAKE_UP_DEAD_LETTER_QUEUE").map(|name| arn("sqs", name)),
        ("NoticesTopic", _) => says("actuate", "GUARD_NOTICES_TOPIC_ARN").map(str::to_owned),
        ("ChatTopic", _) => says("actuate", "GUARD_CHAT_TOPIC_ARN").map(str::to_owned),
        ("EventBus", _) => says("actuate", "GUARD_EVENT_BUS").map(|name| arn("events", &format!("event-bus/{name}"))),
        ("ActuateFunction", _) => {
            says("sweep", "GUARD_ACTUATE_FUNCTION").map(|name| arn("lambda", &format!("function:{name}")))
        }
        ("configuration-set" | "identity" | "tenant", _) => Some(arn("ses", &format!("{name}/guard-doctor"))),
        ("home", role) => return home_roles(facts, partition, role),
        (_, _) => None,
    };
    one.into_iter().collect()
}

/// The roles of this kind in the other homes.
fn home_roles(facts: &Facts, partition: &str, role: &str) -> Vec<String> {
    let arn = |(account, region)| format!("arn:{partition}:iam::{account}:role/ses-reputation-guard-{role}-{region}");
    facts.other_homes().map(arn).collect()
}

fn stream(facts: &Facts) -> Option<String> {
    let mappings = facts.mappings.get("judge")?.as_ref().ok()?;
    mappings.iter().find(|one| one.source_arn.contains(":dynamodb:")).map(|one| one.source_arn.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::FUNCTIONS;

    #[test]
    fn the_list_can_be_read_and_has_every_function() {
        assert!(NEEDS.always.keys().eq(FUNCTIONS.iter().copied().collect::<std::collections::BTreeSet<_>>()));
    }
}
