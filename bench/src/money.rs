//! What a million mails cost at list prices, each line with its arithmetic.
//!
//! Prices of us-east-1 without free tiers, in dollars: SNS 0.50 per million publishes (deliveries to SQS are free), SQS
//! 0.40 per million requests, DynamoDB on demand 0.625 per million write and 0.125 per million read units, Lambda on
//! arm64 0.20 per million requests and 0.0000133334 per GB and second, CloudWatch logs 0.50 per GB.

use serde::Serialize;

use crate::units::Cost;

const PER_MILLION: f64 = 1e-6;
const SNS: f64 = 0.50 * PER_MILLION;
const SQS: f64 = 0.40 * PER_MILLION;
const WRITE: f64 = 0.625 * PER_MILLION;
const READ: f64 = 0.125 * PER_MILLION;
const INVOCATION: f64 = 0.20 * PER_MILLION;
const GB_SECOND: f64 = 0.000_013_333_4;
const LOGS_GB: f64 = 0.50;

/// Events of a million mails: each is sent, 3 % bounce and 0.1 % complain.
const EVENTS: f64 = 1_031_000.0;
/// Requests to SQS of each event: SNS's send, and a tenth each of Lambda's receive and delete, which take ten at once.
const SQS_REQUESTS: f64 = 1.2;
/// A mark: the state, and the index of what is to be judged.
const MARK_WRITES: f64 = 2.0;
/// A judgement: the state, the index that it leaves, and the index with its totals.
const JUDGEMENT_WRITES: f64 = 3.0;
/// The state and the policy.
const JUDGEMENT_READS: f64 = 1.5;
/// Of an invocation, in seconds: some ten milliseconds of waiting for DynamoDB, and the rest generously.
const INGEST_SECONDS: f64 = 0.1;
const JUDGE_SECONDS: f64 = 0.05;
const INGEST_GB: f64 = 0.5;
const JUDGE_GB: f64 = 0.25;
/// Lambda's own three lines of an invocation.
const LOG_BYTES: f64 = 400.0;

/// One line of a bill.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// For what.
    pub what: String,
    /// How it was computed.
    pub arithmetic: String,
    /// Dollars.
    pub dollars: f64,
}

/// What a million mails cost that come in batches of `batch` events and cost DynamoDB so much, at so many read units for
/// the window of a decision. Every mark is taken to be judged by itself, though the stream brings several at once.
pub fn of_a_million_mails(cost: &Cost, batch: f64, window_reads: f64) -> Vec<Line> {
    let (batches, marks) = (EVENTS / batch, EVENTS * cost.marks);
    let line = |what: &str, arithmetic: String, dollars: f64| Line { what: what.to_owned(), arithmetic, dollars };
    let reads = window_reads + JUDGEMENT_READS;
    vec![
        line("SNS", format!("{EVENTS:.0} events published at $0.50 per million"), EVENTS * SNS),
        line("SQS", format!("{EVENTS:.0} × {SQS_REQUESTS} requests at $0.40 per million"), EVENTS * SQS_REQUESTS * SQS),
        line(
            "counts",
            format!("{EVENTS:.0} × {:.3} write units at $0.625 per million", cost.units),
            EVENTS * cost.units * WRITE,
        ),
        line(
            "marks",
            format!("{marks:.0} × {MARK_WRITES} write units at $0.625 per million"),
            marks * MARK_WRITES * WRITE,
        ),
        line(
            "judgements",
            format!("{marks:.0} × ({JUDGEMENT_WRITES} write units, {reads} read units at $0.125 per million)"),
            marks * (JUDGEMENT_WRITES * WRITE + reads * READ),
        ),
        line(
            "Lambda",
            format!(
                "{batches:.0} × {INGEST_SECONDS} s × {INGEST_GB} GB and {marks:.0} × {JUDGE_SECONDS} s × {JUDGE_GB} GB at $0.0000133, requests at $0.20 per million"
            ),
            (batches * INGEST_SECONDS * INGEST_GB + marks * JUDGE_SECONDS * JUDGE_GB) * GB_SECOND
                + (batches + marks) * INVOCATION,
        ),
        line(
            "logs",
            format!("{:.0} × {LOG_BYTES} B at $0.50 per GB", batches + marks),
            (batches + marks) * LOG_BYTES / 1e9 * LOGS_GB,
        ),
    ]
}

/// The sum of a bill.
pub fn sum(bill: &[Line]) -> f64 {
    bill.iter().map(|line| line.dollars).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bill_is_the_sum_of_its_lines() {
        let cost = Cost { units: 0.4, marks: 0.01, ..Cost::default() };
        let bill = of_a_million_mails(&cost, 1_000.0, 25.0);
        let of = |what: &str| bill.iter().find(|line| line.what == what).unwrap().dollars;
        assert!((of("SNS") - 0.5155).abs() < 1e-9);
        assert!((of("counts") - 0.257_75).abs() < 1e-9);
        assert!((of("marks") - 10_310.0 * 2.0 * 0.625e-6).abs() < 1e-9);
        assert!((1.3..1.4).contains(&sum(&bill)), "{bill:?}");
    }
}
