use std::panic::{AssertUnwindSafe, catch_unwind};

use guard_core::event::{Accounts, HashKey, ParseError, Reader, Reading, records};
use guard_core::name::Region;
use guard_core::port::{Alarms, Clock, Fault, Ledger, Register, Reminder, SendingSwitch, chain};
use guard_core::steps::alarm::{Responder, Response};
use serde_json::Value;
use tracing::{debug, error, info, warn};

/// Alarms hold no address, so whatever this key would hash does not matter.
const NO_SECRET: &str = "an alarm holds no recipient to be hashed";

/// Takes alarms out of invocations.
#[derive(Debug)]
pub struct Inbox {
    reader: Reader,
}

/// Something could not be taken up: the invocation is to come again.
#[derive(Debug, thiserror::Error)]
#[error("an alarm could not be taken up")]
pub struct Unanswered(#[source] Fault);

/// What one record of an invocation is.
enum Read {
    Reading(Reading),
    Unreadable(ParseError),
}

impl Inbox {
    /// For the guard of this Region. Whose alarm it is is checked where it is taken up.
    pub fn new(region: &Region) -> Option<Self> {
        let key = HashKey::from_secret(NO_SECRET)?;
        Some(Self { reader: Reader::new(Accounts::Any, Some(region.clone()), key) })
    }

    /// Takes up every alarm of an invocation: an alarm's own action, a record of SNS, an event of EventBridge. `Err` when
    /// a table or AWS failed; what is already done is not repeated when the same comes again. What can't be read would
    /// come again in vain: people are told of it, and it is done with.
    pub async fn handle<L, R, M, C, S, A>(
        &self,
        responder: &Responder<L, R, M, C, S, A>,
        event: &Value,
    ) -> Result<(), Unanswered>
    where
        L: Ledger,
        R: Register,
        M: Reminder,
        C: Clock,
        S: SendingSwitch,
        A: Alarms,
    {
        let mut failed = None;
        for record in records(&event.to_string()) {
            let read = || self.reader.read_record(&record, responder.judge.clock.now());
            // The reader does not panic; if it ever does, this is one more thing that can't be read.
            let read = match catch_unwind(AssertUnwindSafe(read)) {
                Ok(Ok(reading)) => Read::Reading(reading),
                Ok(Err(error)) => Read::Unreadable(error),
                Err(_) => Read::Unreadable(ParseError::NotAnEvent("reading it panicked")),
            };
            let answer = match read {
                Read::Reading(Reading::Alarm(alarm)) => responder.respond(&alarm).await,
                Read::Reading(Reading::Signals { .. }) => {
                    let error = ParseError::NotAnEvent("mail where an alarm should be");
                    responder.unreadable(&error).await.map(|one| vec![one])
                }
                Read::Reading(Reading::Ignored(ignored)) => {
                    debug!("ignored: {ignored}");
                    continue;
                }
                Read::Unreadable(error) => {
                    warn!(metric = "UnreadableAlarms", "can't read an alarm: {error}");
                    responder.unreadable(&error).await.map(|one| vec![one])
                }
            };
            match answer {
                Ok(responses) => responses.iter().for_each(log),
                Err(fault) => {
                    error!(error = chain(&fault), "{fault} failed; the alarm comes again");
                    failed = Some(fault);
                }
            }
        }
        failed.map_or(Ok(()), |fault| Err(Unanswered(fault)))
    }
}

fn log(response: &Response) {
    match response {
        Response::Nothing => debug!("an alarm that is over, or can't tell: nothing to do"),
        Response::Stopped(set, phase) => {
            info!(configuration_set.name = %set.name, phase = phase.as_str(), "{set} is {} already", phase.as_str());
        }
        Response::Paused(set, record) => {
            info!(configuration_set.name = %set.name, audit.id = %record.id, act = ?record.act, "{set}: {}", record.sentence);
        }
        Response::Told(record) => {
            let set = &record.set;
            warn!(configuration_set.name = %set.name, audit.id = %record.id, act = ?record.act, "{set}: {}", record.sentence);
        }
        Response::Known(set) => debug!(configuration_set.name = %set.name, "an alarm of {set} came once more"),
    }
}
