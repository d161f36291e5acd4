use std::collections::BTreeSet;

use aws_lambda_events::event::dynamodb;
use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use guard_aws::{Woken, woken};
use guard_core::name::SetKey;
use guard_core::port::{Clock, Notifier, Register, SendingSwitch, SwitchFault, chain};
use guard_core::state::Intent;
use guard_core::steps::act::{Actuator, Deed};
use guard_core::time::stop_at;
use serde::Deserialize;
use serde_json::Value;
use tracing::{error, info, warn};

/// Seconds before the deadline at which nothing is begun any more: time for the slowest pace and one call to SES.
const RESERVE_SECONDS: i64 = 30;
/// Longer than the function's time-out in the template.
const LONGEST_SECONDS: i64 = 240;

/// What woke the actuator.
#[derive(Debug)]
pub enum Wake {
    /// Intents and records, from the state table's stream.
    Stream(Woken),
    /// The sweep: these sets wait, and the stream may have lost them.
    Sweep(BTreeSet<SetKey>),
}

/// The function was invoked with something that is neither.
#[derive(Debug, thiserror::Error)]
#[error("actuate takes a batch of the state table's stream, or the sets that a sweep found waiting")]
pub struct Unreadable(#[from] serde_json::Error);

impl Wake {
    /// Reads what the function was invoked with.
    pub fn parse(event: Value) -> Result<Self, Unreadable> {
        #[derive(Deserialize)]
        struct Sweep {
            sets: BTreeSet<SetKey>,
        }
        if event.get("sets").is_some() {
            let Sweep { sets } = serde_json::from_value(event)?;
            return Ok(Self::Sweep(sets));
        }
        let event: dynamodb::Event = serde_json::from_value(event)?;
        Ok(Self::Stream(woken(&event)))
    }

    fn sets(&self) -> BTreeSet<SetKey> {
        match self {
            Self::Stream(woken) => woken.sets(),
            Self::Sweep(sets) => sets.clone(),
        }
    }
}

/// Carries out what is pending, worst first. The answer names the stream's records whose sets still wait for something;
/// the sweep finds its own again.
pub async fn handle<R: Register, S: SendingSwitch, N: Notifier, C: Clock>(
    actuator: &Actuator<R, S, N, C>,
    clock: &C,
    wake: &Wake,
    request_id: &str,
    deadline_millisecond: u64,
) -> DynamoDbEventResponse {
    let stop_at = stop_at(deadline_millisecond, clock.now(), RESERVE_SECONDS, LONGEST_SECONDS);
    let drained = actuator.drain(&wake.sets(), request_id, stop_at).await;
    drained.deeds.iter().for_each(log);
    for fault in &drained.faults {
        error!(error = chain(fault), "{fault} failed; it comes again");
    }
    let mut response = DynamoDbEventResponse::default();
    let Wake::Stream(woken) = wake else { return response };
    for sequence_number in woken.sequence_numbers_of(&drained.unfinished) {
        let mut failure = DynamoDbBatchItemFailure::default();
        failure.item_identifier = Some(sequence_number.to_owned());
        response.batch_item_failures.push(failure);
    }
    response
}

fn log(deed: &Deed) {
    match deed {
        Deed::Applied(set, Intent::Pause) => info!(configuration_set.name = %set.name, "paused {set}"),
        Deed::Applied(set, Intent::Resume) => info!(configuration_set.name = %set.name, "resumed {set}"),
        Deed::Gone(set) => warn!(configuration_set.name = %set.name, "SES knows no {set} any more"),
        Deed::Put(set, _, SwitchFault::Throttled) => {
            warn!(configuration_set.name = %set.name, "SES throttles; {set} waits");
        }
        Deed::Put(set, intent, fault) => {
            error!(configuration_set.name = %set.name, error = chain(fault), "can't {intent:?} {set}; it comes again");
        }
        Deed::Told(set, notice) => info!(configuration_set.name = %set.name, "told: {}", notice.subject),
        Deed::ToldTogether(sets, notice) => info!(configuration_sets = sets.len(), "told: {}", notice.subject),
    }
}
