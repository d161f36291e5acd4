//! The policy page's reference vectors, number by number: the verdicts, the waits and the sentences.
//! The vectors count in hours; the rule works on buckets of any width, so one hour is one bucket here.

#![expect(clippy::unwrap_used, reason = "a vector that can't be read is a failed test")]

use guard_core::judge::{BucketCount, Finding, Judgement, Verdict, judge, recheck_after};
use guard_core::notice::sentence;
use guard_core::policy::{Line, MetricPolicy, Policy, Ppm};
use guard_core::time::{BUCKET_SECONDS, Bucket};
use jiff::Timestamp;
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    default_config: Config,
    decide: Vec<Case>,
    recheck: Vec<Recheck>,
}

#[derive(Deserialize, Clone, Copy)]
struct Config {
    bounce: Lines,
    complaint: Lines,
    window_hours: u32,
    complaint_coverage_ppm: u32,
    probation_sends: u64,
    probation_hours: u32,
}

#[derive(Deserialize, Clone, Copy)]
struct Lines {
    pause_rate_ppm: u32,
    pause_slack: u32,
    warn_rate_ppm: u32,
    warn_slack: u32,
    probation_slack: u32,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Overrides {
    bounce: Option<Lines>,
    complaint: Option<Lines>,
    window_hours: Option<u32>,
    complaint_coverage_ppm: Option<u32>,
    probation_sends: Option<u64>,
    probation_hours: Option<u32>,
}

#[derive(Deserialize)]
struct Case {
    id: u32,
    name: String,
    now_hour: i64,
    resumed_hour: Option<i64>,
    config_overrides: Overrides,
    buckets: Vec<(i64, u64, u64, u64)>,
    expect: Expected,
    explain: String,
}

#[derive(Deserialize, Debug, PartialEq)]
struct Expected {
    decision: String,
    because: Option<String>,
    probation: bool,
    bounce: ExpectedFinding,
    complaint: ExpectedFinding,
}

#[derive(Deserialize, Debug, PartialEq)]
struct ExpectedFinding {
    status: String,
    rate_ppm: u32,
    slack: u32,
    excess_micro: u64,
    from_hour: Option<i64>,
    to_hour: Option<i64>,
    sends: u64,
    events: u64,
    allowed_micro: u64,
}

#[derive(Deserialize)]
struct Recheck {
    newest_failure_sent_at: i64,
    newest_send_counted_at: i64,
    expect_recheck_after_s: Option<u64>,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("fixtures/policy_vectors.json")).unwrap()
}

#[test]
fn the_file_holds_all_its_cases() {
    let vectors = vectors();
    assert_eq!((vectors.decide.len(), vectors.recheck.len()), (69, 6));
}

#[test]
fn the_default_policy_is_that_of_the_vectors_with_hours_cut_in_four() {
    let hourly = policy(vectors().default_config, &Overrides::default());
    let default = Policy::default();
    assert_eq!(default, Policy { window_buckets: 168 * 4, trial_buckets: 168 * 4, ..hourly });
}

#[test]
fn every_verdict_agrees_number_by_number() {
    let vectors = vectors();
    for case in &vectors.decide {
        let judgement = judged(case, vectors.default_config);
        assert_eq!(in_hours(&judgement), case.expect, "case {}: {}", case.id, case.name);
    }
}

#[test]
fn every_sentence_agrees_but_for_the_commas_between_thousands() {
    let vectors = vectors();
    for case in &vectors.decide {
        let judgement = judged(case, vectors.default_config);
        let expected = in_hours(&judgement);
        let named = if expected.because.as_deref() == Some("complaint") { expected.complaint } else { expected.bounce };
        let hours = named.from_hour.zip(named.to_hour);
        let when = hours.map_or(String::new(), |(from, to)| format!("from hour {from} to hour {to}"));
        let sentence = sentence::explained(&judgement, &when).replace(',', "");
        assert_eq!(sentence, case.explain, "case {}: {}", case.id, case.name);
    }
}

#[test]
fn every_wait_agrees() {
    for case in vectors().recheck {
        let instant = |second| Timestamp::from_second(second).unwrap();
        let wait = recheck_after(instant(case.newest_failure_sent_at), instant(case.newest_send_counted_at));
        assert_eq!(wait.map(|wait| wait.as_secs()), case.expect_recheck_after_s);
    }
}

fn judged(case: &Case, defaults: Config) -> Judgement {
    let counts: Vec<BucketCount> = case
        .buckets
        .iter()
        .map(|&(hour, sends, bounces, complaints)| BucketCount { bucket: bucket(hour), sends, bounces, complaints })
        .collect();
    judge(&policy(defaults, &case.config_overrides), &counts, bucket(case.now_hour), case.resumed_hour.map(bucket))
}

fn policy(defaults: Config, overrides: &Overrides) -> Policy {
    let metric = |lines: Lines| MetricPolicy {
        pause: Line { rate_ppm: ppm(lines.pause_rate_ppm), slack: lines.pause_slack },
        warn: Line { rate_ppm: ppm(lines.warn_rate_ppm), slack: lines.warn_slack },
        trial_slack: lines.probation_slack,
    };
    Policy {
        bounce: metric(overrides.bounce.unwrap_or(defaults.bounce)),
        complaint: metric(overrides.complaint.unwrap_or(defaults.complaint)),
        window_buckets: overrides.window_hours.unwrap_or(defaults.window_hours),
        complaint_coverage_ppm: ppm(overrides.complaint_coverage_ppm.unwrap_or(defaults.complaint_coverage_ppm)),
        trial_sends: overrides.probation_sends.unwrap_or(defaults.probation_sends),
        trial_buckets: overrides.probation_hours.unwrap_or(defaults.probation_hours),
        scale_slack: false,
    }
}

fn ppm(ppm: u32) -> Ppm {
    Ppm::try_from(ppm).unwrap()
}

fn bucket(hour: i64) -> Bucket {
    Bucket::starting_at(hour * BUCKET_SECONDS).unwrap()
}

fn in_hours(judgement: &Judgement) -> Expected {
    let finding = |finding: &Finding| ExpectedFinding {
        status: status(finding.verdict),
        rate_ppm: finding.line.rate_ppm.get(),
        slack: finding.line.slack,
        excess_micro: finding.excess_micro,
        from_hour: finding.stretch.map(|stretch| stretch.from.start_second() / BUCKET_SECONDS),
        to_hour: finding.stretch.map(|stretch| stretch.to.start_second() / BUCKET_SECONDS),
        sends: finding.sends(),
        events: finding.events(),
        allowed_micro: finding.allowed_micro,
    };
    Expected {
        decision: status(judgement.verdict),
        because: judgement.because.map(|metric| metric.to_string()),
        probation: judgement.trial,
        bounce: finding(&judgement.bounce),
        complaint: finding(&judgement.complaint),
    }
}

fn status(verdict: Verdict) -> String {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::Warn => "warn",
        Verdict::DataFault => "data_fault",
        Verdict::Pause => "pause",
    }
    .to_owned()
}
