//! The counting function's handler: an invocation's text in, its answer's text out, with a ledger in memory.

use aws_lambda_events::event::sqs::SqsEvent;
use futures::executor::block_on;
use guard_ingest::Ingest;
use guard_local::{ManualClock, MemoryLedger, MemoryRegister};
use serde::Serialize;
use serde_json::json;

use crate::mail;
use crate::timing::{Runs, peak_memory, processor_seconds};

/// The handler, with everything it needs in memory.
pub type Handler = Ingest<MemoryLedger, MemoryRegister, ManualClock>;

const QUEUE_ARN: &str = "arn:aws:sqs:eu-west-1:111122223333:guard-events";

/// What an invocation took.
#[derive(Debug, Serialize)]
pub struct Took {
    /// Messages of a batch.
    pub messages: usize,
    /// Processor seconds of the invocations.
    pub runs: Runs,
    /// 99 of 100 were faster.
    pub p99: f64,
    /// The most memory held, the invocation's text included.
    pub peak_bytes: u64,
}

/// A handler that has seen nothing.
pub fn handler() -> Handler {
    let (ledger, register) = (MemoryLedger::default(), MemoryRegister::default());
    Ingest::new(QUEUE_ARN.to_owned(), mail::reader(), ledger, register, ManualClock::at(mail::now()))
}

/// The texts that the function would be invoked with, each with `messages` that come once.
pub fn invocations(batches: usize, messages: usize) -> impl Iterator<Item = String> {
    let mut events = mail::Events::within(mail::HOUR, (batches * messages) as u64);
    std::iter::from_fn(move || {
        let batch: Vec<String> = events.by_ref().take(messages).collect();
        (!batch.is_empty()).then(|| json!({ "Records": records(&batch) }).to_string())
    })
}

fn records(events: &[String]) -> Vec<serde_json::Value> {
    let record = |(number, body): (usize, &String)| {
        json!({
            "messageId": format!("059f36b4-87a3-44ab-83d2-{number:012x}"),
            "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a".repeat(6),
            "body": body,
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": "1763630042118",
                "SenderId": "AIDAIENQZJOLO23YVJ4VO",
                "ApproximateFirstReceiveTimestamp": "1763630042120",
            },
            "messageAttributes": {},
            "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
            "eventSource": "aws:sqs",
            "eventSourceARN": QUEUE_ARN,
            "awsRegion": "eu-west-1",
        })
    };
    events.iter().enumerate().map(record).collect()
}

/// One invocation, as the Lambda runtime does it.
pub fn invoke(handler: &Handler, invocation: &str) -> String {
    let event: SqsEvent = serde_json::from_str(invocation).expect("the invocation is a batch");
    let answer = block_on(handler.handle(event, 0));
    serde_json::to_string(&answer).expect("the answer is JSON")
}

/// Invokes one handler with batches that it has not seen.
pub fn measure(batches: usize, messages: usize) -> Took {
    let handler = handler();
    let seconds = invocations(batches, messages).map(|invocation| {
        let began = processor_seconds();
        let answer = invoke(&handler, &invocation);
        let took = processor_seconds() - began;
        assert_eq!(answer, r#"{"batchItemFailures":[]}"#);
        took
    });
    let runs = Runs::of(seconds.collect());
    Took { messages, p99: runs.percentile(0.99), runs, peak_bytes: peak_memory() }
}
