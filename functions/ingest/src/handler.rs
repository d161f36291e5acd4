use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use guard_core::event::{Ignored, Reader, Reading, Word};
use guard_core::port::{Clock, Ledger, Register, chain};
use guard_core::steps::count::{Counter, Receipt};
use guard_core::time::{plus_seconds, stop_at};
use jiff::Timestamp;
use tracing::{debug, info, warn};

/// Seconds before the deadline at which nothing is begun any more, and the rest goes back.
const RESERVE_SECONDS: i64 = 3;
/// Longer than the function's time-out in the template.
const LONGEST_SECONDS: i64 = 60;
/// A message is hidden for 180 seconds each time that it is handed out, and a dead letter after the fifth. Whatever
/// happened later than so many seconds ago can't be of one.
const SHORTEST_DEATH_SECONDS: i64 = 4 * 180;

/// Counts batches.
#[derive(Debug)]
pub struct Ingest<L, R, C> {
    queue_arn: String,
    reader: Reader,
    counter: Counter<L, R, C>,
    clock: C,
    subtypes_logged: Mutex<BTreeSet<Word>>,
}

/// A sender can't choose subtypes, but nothing that comes from outside may grow without bound.
const SUBTYPES_LOGGED: usize = 100;

/// What one message came to.
enum Read {
    Counts(Receipt),
    Nothing,
    Bad,
}

impl<L: Ledger, R: Register, C: Clock + Clone> Ingest<L, R, C> {
    /// Counts what `reader` reads of the messages of one queue.
    pub fn new(queue_arn: String, reader: Reader, ledger: L, register: R, clock: C) -> Self {
        Self {
            queue_arn,
            reader,
            counter: Counter::new(ledger, register, clock.clone()),
            clock,
            subtypes_logged: Mutex::default(),
        }
    }

    /// Counts a batch. The answer names the messages that are to come again: those that could not be read, and those
    /// that could not be stored. All others are counted, and their sets marked.
    pub async fn handle(&self, event: SqsEvent, deadline_millisecond: u64) -> SqsBatchResponse {
        let now = self.clock.now();
        let stop_at = stop_at(deadline_millisecond, now, RESERVE_SECONDS, LONGEST_SECONDS);
        let mut response = SqsBatchResponse::default();
        let mut receipts = Vec::with_capacity(event.records.len());
        let mut astray = 0;
        for message in &event.records {
            // No proof: whoever may invoke this function may write what they like. But a second queue that somebody points
            // at it, or a test event in the wrong account, is not counted by accident.
            if message.event_source_arn.as_ref() != Some(&self.queue_arn) {
                astray += 1;
                response.add_failure(message.message_id.as_deref().unwrap_or_default());
                continue;
            }
            match self.read(message, now) {
                Read::Counts(receipt) => receipts.push(receipt),
                Read::Nothing => {}
                Read::Bad => response.add_failure(message.message_id.as_deref().unwrap_or_default()),
            }
        }
        if astray > 0 {
            warn!(
                metric = "MessagesOfAnotherQueue",
                "gave back {astray} messages that did not come from the events queue"
            );
        }
        let counted = self.counter.count(&receipts, stop_at).await;
        for fault in &counted.faults {
            warn!(error = chain(fault), "{fault} failed; its messages come again");
        }
        for fault in &counted.account_faults {
            warn!(error = chain(fault), "{fault} failed; the account's own counts are behind until the next batch");
        }
        if counted.account_lost > 0 {
            let lost = counted.account_lost;
            warn!(metric = "AccountCountsLost", "gave up {lost} additions to the account's own counts");
        }
        debug!(
            messages = event.records.len(),
            additions = counted.additions,
            marked = counted.marked,
            "counted a batch"
        );
        for message_id in counted.failed {
            response.add_failure(message_id);
        }
        response
    }

    fn is_new(&self, subtype: &Word) -> bool {
        let mut logged = self.subtypes_logged.lock().unwrap_or_else(PoisonError::into_inner);
        logged.len() < SUBTYPES_LOGGED && logged.insert(subtype.clone())
    }

    fn read(&self, message: &SqsMessage, now: Timestamp) -> Read {
        let message_id = message.message_id.as_deref().unwrap_or_default();
        let body = message.body.as_deref().unwrap_or_default();
        // The reader does not panic; if it ever does, only this message suffers.
        let reading = catch_unwind(AssertUnwindSafe(|| self.reader.read(body, now)));
        let signals = match reading {
            Ok(Ok(Reading::Signals { signals, unknown_subtype })) => {
                if let Some(subtype) = unknown_subtype.filter(|subtype| self.is_new(subtype)) {
                    warn!(
                        metric = "UnknownSubtypes",
                        sqs.message_id = message_id,
                        "counts the unknown subtype {subtype}"
                    );
                }
                signals
            }
            Ok(Ok(Reading::Ignored(ignored))) => {
                log_ignored(&ignored, message_id);
                return Read::Nothing;
            }
            Ok(Ok(Reading::Alarm(_))) => {
                warn!(sqs.message_id = message_id, "ignored a CloudWatch alarm: it is not an SES event");
                return Read::Nothing;
            }
            Ok(Err(error)) => {
                warn!(metric = "UnreadableMessages", sqs.message_id = message_id, "can't read a message: {error}");
                return Read::Bad;
            }
            Err(_) => {
                warn!(metric = "UnreadableMessages", sqs.message_id = message_id, "reading a message panicked");
                return Read::Bad;
            }
        };
        let attribute = |name: &str| message.attributes.get(name);
        let received = attribute("ApproximateReceiveCount").and_then(|count| count.parse::<u64>().ok());
        // A dead letter that was put back is a new message to SQS, and may have been counted five times. It comes from a
        // role, whose sender id has a session's name behind a colon; SNS's has none.
        let by_a_role = attribute("SenderId").is_some_and(|sender| sender.contains(':'));
        let may_have_died = signals.iter().all(|one| plus_seconds(one.occurred_at, SHORTEST_DEATH_SECONDS) <= now);
        let suspect = received.is_some_and(|received| received > 1) || (by_a_role && may_have_died);
        Read::Counts(Receipt { message_id: message_id.to_owned(), suspect, signals })
    }
}

fn log_ignored(ignored: &Ignored, message_id: &str) {
    match ignored.metric() {
        Some(metric) => info!(metric, sqs.message_id = message_id, "ignored: {ignored}"),
        None => debug!(sqs.message_id = message_id, "ignored: {ignored}"),
    }
}
