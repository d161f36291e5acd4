use aws_lambda_events::event::dynamodb;
use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use guard_aws::woken;
use guard_core::port::{Clock, Notifier, Register, SendingSwitch, SwitchFault, chain};
use guard_core::state::Intent;
use guard_core::steps::act::{Actuator, Deed};
use guard_core::time::stop_at;
use tracing::{error, info, warn};

/// Seconds before the deadline at which nothing is begun any more: time for the slowest pace and one call to SES.
const RESERVE_SECONDS: i64 = 30;
/// Longer than the function's time-out in the template.
const LONGEST_SECONDS: i64 = 240;

/// Carries out what is pending, worst first. The answer names the records whose sets still wait for something.
pub async fn handle<R: Register, S: SendingSwitch, N: Notifier, C: Clock>(
    actuator: &Actuator<R, S, N, C>,
    clock: &C,
    event: &dynamodb::Event,
    request_id: &str,
    deadline_millisecond: u64,
) -> DynamoDbEventResponse {
    let stop_at = stop_at(deadline_millisecond, clock.now(), RESERVE_SECONDS, LONGEST_SECONDS);
    let woken = woken(event);
    let drained = actuator.drain(&woken.sets(), request_id, stop_at).await;
    drained.deeds.iter().for_each(log);
    for fault in &drained.faults {
        error!(error = chain(fault), "{fault} failed; it comes again");
    }
    let mut response = DynamoDbEventResponse::default();
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
    }
}
