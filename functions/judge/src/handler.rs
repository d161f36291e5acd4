use std::collections::BTreeSet;

use aws_lambda_events::event::dynamodb;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use guard_aws::{Woken, woken};
use guard_core::name::SetKey;
use guard_core::port::{Clock, Ledger, Register, Reminder, chain};
use guard_core::steps::decide::{Judge, Outcome};
use guard_core::time::stop_at;
use serde_json::Value;
use tracing::{debug, error, info, warn};

/// Seconds before the deadline at which nothing is begun any more, and the rest goes back.
const RESERVE_SECONDS: i64 = 5;
/// Longer than the function's time-out in the template.
const LONGEST_SECONDS: i64 = 60;

/// What woke the judge.
#[derive(Debug)]
pub enum Wake {
    /// Marks, from the state table's stream.
    Marks(Woken),
    /// Reminders to look again, from the re-check queue: message id and set.
    Reminders(Vec<(String, Option<SetKey>)>),
}

/// The function was invoked with something that is neither.
#[derive(Debug, thiserror::Error)]
#[error("judge takes a batch of the state table's stream or of the re-check queue")]
pub struct Unreadable(#[from] serde_json::Error);

impl Wake {
    /// Reads what the function was invoked with.
    pub fn parse(event: Value) -> Result<Self, Unreadable> {
        let source = event.pointer("/Records/0/eventSource").and_then(Value::as_str);
        if source == Some("aws:sqs") {
            let event: SqsEvent = serde_json::from_value(event)?;
            let reminders = event.records.into_iter().map(|message| {
                let set = message.body.and_then(|body| body.trim().parse().ok());
                (message.message_id.unwrap_or_default(), set)
            });
            return Ok(Self::Reminders(reminders.collect()));
        }
        let event: dynamodb::Event = serde_json::from_value(event)?;
        Ok(Self::Marks(woken(&event)))
    }

    fn sets(&self) -> BTreeSet<SetKey> {
        match self {
            Self::Marks(woken) => woken.sets(),
            Self::Reminders(reminders) => reminders.iter().filter_map(|(_, set)| set.clone()).collect(),
        }
    }

    fn response(&self, failed: &BTreeSet<SetKey>) -> SqsBatchResponse {
        let mut response = SqsBatchResponse::default();
        match self {
            Self::Marks(woken) => woken.sequence_numbers_of(failed).for_each(|number| response.add_failure(number)),
            // A reminder that names no set is nobody's: it goes back, and to the dead-letter queue in the end.
            Self::Reminders(reminders) => reminders
                .iter()
                .filter(|(_, set)| set.as_ref().is_none_or(|set| failed.contains(set)))
                .for_each(|(message_id, _)| response.add_failure(message_id)),
        }
        response
    }
}

/// Judges each set that was named, once. The answer names what is to come again.
pub async fn handle<L: Ledger, R: Register, M: Reminder, C: Clock>(
    judge: &Judge<L, R, M, C>,
    wake: &Wake,
    deadline_millisecond: u64,
) -> SqsBatchResponse {
    let stop_at = stop_at(deadline_millisecond, judge.clock.now(), RESERVE_SECONDS, LONGEST_SECONDS);
    let mut failed = BTreeSet::new();
    for set in wake.sets() {
        if judge.clock.now() >= stop_at {
            failed.insert(set);
            continue;
        }
        match judge.judge(&set).await {
            Ok(Outcome::Kept(phase)) => debug!(configuration_set.name = %set.name, "kept {set} {}", phase.as_str()),
            Ok(Outcome::Changed(phase, records)) => {
                for record in records {
                    info!(
                        configuration_set.name = %set.name, phase = phase.as_str(), audit.id = %record.id,
                        act = ?record.act, "{set}: {}", record.sentence
                    );
                }
            }
            Ok(Outcome::Rechecking(seconds)) => {
                info!(configuration_set.name = %set.name, seconds, "{set} is over, but its sends are counted late: looking again");
            }
            Ok(Outcome::Later) => debug!(configuration_set.name = %set.name, "{set} is judged later"),
            Ok(Outcome::Contended) => {
                warn!(configuration_set.name = %set.name, "others kept changing {set}; it comes again");
                failed.insert(set);
            }
            Err(fault) => {
                error!(configuration_set.name = %set.name, error = chain(&fault), "{fault} failed; it comes again");
                failed.insert(set);
            }
        }
    }
    wake.response(&failed)
}
