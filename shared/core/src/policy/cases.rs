//! Decision cases as data: counts and what they must come to, number by number, in the form of the reference vectors.
//! Cases count in hours; the rule works on buckets of any width, so one hour is one bucket here.

mod account;

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Line, MetricPolicy, Policy, Ppm};
use crate::judge::{BucketCount, Finding, Judgement, Metric, Verdict, judge, recheck_after};
use crate::notice::sentence;
use crate::time::{BUCKET_SECONDS, Bucket};

/// A week, and the policy page's default window.
const WEEK_HOURS: u32 = 168;

/// What running a file of cases came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// How many verdicts were compared.
    pub decide: usize,
    /// How many choices for the account were compared.
    pub account_guard: usize,
    /// How many waits were compared.
    pub recheck: usize,
    /// What disagrees.
    pub mismatches: Vec<Mismatch>,
}

/// One number that is not what the case expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Which case: its id and name.
    pub case: String,
    /// Which number: `bounce.excess_micro`, say.
    pub field: String,
    /// What the case says, as JSON.
    pub expected: String,
    /// What was found, as JSON.
    pub found: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: expected {}, found {}", self.case, self.field, self.expected, self.found)
    }
}

/// The file is not one of cases.
#[derive(Debug, thiserror::Error)]
pub enum CasesError {
    /// Not JSON, or a field is missing or wrong.
    #[error("not a file of cases: {0}")]
    Format(#[from] serde_json::Error),
    /// A case that no counts can be made of.
    #[error("{0}: an hour lies beyond all time")]
    Hour(String),
    /// It would pass whatever the guard does.
    #[error("the file holds no cases: neither decide nor account_guard nor recheck")]
    Empty,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    default_config: Config,
    #[serde(default)]
    default_guard_config: account::GuardConfig,
    #[serde(default)]
    decide: Vec<Case>,
    #[serde(default)]
    account_guard: Vec<account::GuardCase>,
    #[serde(default)]
    recheck: Vec<Recheck>,
}

/// What is left out is as in the configuration below, and in the end as in the built-in policy.
#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Config {
    bounce: Lines,
    complaint: Lines,
    window_hours: Option<u32>,
    complaint_coverage_ppm: Option<Ppm>,
    probation_sends: Option<u64>,
    probation_hours: Option<u32>,
    scale_slack: Option<bool>,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Lines {
    pause_rate_ppm: Option<Ppm>,
    pause_slack: Option<u32>,
    warn_rate_ppm: Option<Ppm>,
    warn_slack: Option<u32>,
    probation_slack: Option<u32>,
}

#[derive(Deserialize)]
struct Case {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    name: String,
    now_hour: i64,
    #[serde(default)]
    resumed_hour: Option<i64>,
    #[serde(default)]
    config_overrides: Config,
    /// Hour, sends, hard bounces, complaints.
    buckets: Vec<(i64, u64, u64, u64)>,
    /// Compared as far as it goes.
    expect: Map<String, Value>,
    #[serde(default)]
    explain: Option<String>,
}

#[derive(Deserialize)]
struct Recheck {
    newest_failure_sent_at: i64,
    newest_send_counted_at: i64,
    expect_recheck_after_s: Option<u64>,
}

/// Runs every case of a file.
pub fn run(json: &str) -> Result<Report, CasesError> {
    let file: File = serde_json::from_str(json)?;
    let mut report = Report {
        decide: file.decide.len(),
        account_guard: file.account_guard.len(),
        recheck: file.recheck.len(),
        mismatches: Vec::new(),
    };
    if report.decide + report.account_guard + report.recheck == 0 {
        return Err(CasesError::Empty);
    }
    for case in &file.decide {
        let judgement = case.judged(&file.default_config)?;
        let found = Found::of(&judgement);
        let mut compare = Comparison { case: case.title(), mismatches: &mut report.mismatches };
        compare.all("", &case.expect, &serde_json::to_value(&found)?);
        if let Some(explain) = &case.explain {
            compare.one("explain", &explain.replace(',', "").into(), &found.sentence(&judgement).into());
        }
    }
    for case in &file.account_guard {
        let mut compare = Comparison { case: case.title(), mismatches: &mut report.mismatches };
        compare.all("", &case.expect, &serde_json::to_value(case.found(&file.default_guard_config))?);
    }
    for (index, recheck) in file.recheck.iter().enumerate() {
        let mut compare = Comparison { case: format!("recheck {}", index + 1), mismatches: &mut report.mismatches };
        compare.one("expect_recheck_after_s", &recheck.expect_recheck_after_s.into(), &recheck.found().into());
    }
    Ok(report)
}

fn title(what: &str, id: &Value, name: &str) -> String {
    if id.is_null() { format!("{what} {name:?}") } else { format!("{what} {id} {name:?}") }
}

struct Comparison<'a> {
    case: String,
    mismatches: &'a mut Vec<Mismatch>,
}

impl Comparison<'_> {
    fn all(&mut self, path: &str, expected: &Map<String, Value>, found: &Value) {
        for (key, expected) in expected {
            let path = format!("{path}{key}");
            let found = found.get(key);
            match (expected, found) {
                (Value::Object(expected), Some(found @ Value::Object(_))) => {
                    self.all(&format!("{path}."), expected, found)
                }
                (expected, Some(found)) => self.one(&path, expected, found),
                (expected, None) => self.mismatch(&path, expected, "nothing of this name".to_owned()),
            }
        }
    }

    fn one(&mut self, field: &str, expected: &Value, found: &Value) {
        if expected != found {
            self.mismatch(field, expected, found.to_string());
        }
    }

    fn mismatch(&mut self, field: &str, expected: &Value, found: String) {
        let (case, field, expected) = (self.case.clone(), field.to_owned(), expected.to_string());
        self.mismatches.push(Mismatch { case, field, expected, found });
    }
}

impl Case {
    fn title(&self) -> String {
        title("case", &self.id, &self.name)
    }

    fn judged(&self, defaults: &Config) -> Result<Judgement, CasesError> {
        let bucket = |hour: i64| {
            hour.checked_mul(BUCKET_SECONDS).and_then(Bucket::starting_at).ok_or_else(|| CasesError::Hour(self.title()))
        };
        let count = |&(hour, sends, bounces, complaints): &(i64, u64, u64, u64)| {
            Ok(BucketCount { bucket: bucket(hour)?, sends, bounces, complaints })
        };
        let counts: Vec<BucketCount> = self.buckets.iter().map(count).collect::<Result<_, CasesError>>()?;
        let policy = self.config_overrides.over(defaults.over(built_in_by_the_hour()));
        let fresh = self.resumed_hour.map(bucket).transpose()?;
        Ok(judge(&policy, &counts, bucket(self.now_hour)?, fresh))
    }
}

fn built_in_by_the_hour() -> Policy {
    Policy { window_buckets: WEEK_HOURS, trial_buckets: WEEK_HOURS, ..Policy::default() }
}

impl Config {
    fn over(&self, base: Policy) -> Policy {
        Policy {
            bounce: self.bounce.over(base.bounce),
            complaint: self.complaint.over(base.complaint),
            window_buckets: self.window_hours.unwrap_or(base.window_buckets),
            complaint_coverage_ppm: self.complaint_coverage_ppm.unwrap_or(base.complaint_coverage_ppm),
            trial_sends: self.probation_sends.unwrap_or(base.trial_sends),
            trial_buckets: self.probation_hours.unwrap_or(base.trial_buckets),
            scale_slack: self.scale_slack.unwrap_or(base.scale_slack),
            trust_alarm: base.trust_alarm,
            pause_through: base.pause_through,
        }
    }
}

impl Lines {
    fn over(&self, base: MetricPolicy) -> MetricPolicy {
        let line = |rate: Option<Ppm>, slack: Option<u32>, base: Line| Line {
            rate_ppm: rate.unwrap_or(base.rate_ppm),
            slack: slack.unwrap_or(base.slack),
        };
        MetricPolicy {
            pause: line(self.pause_rate_ppm, self.pause_slack, base.pause),
            warn: line(self.warn_rate_ppm, self.warn_slack, base.warn),
            trial_slack: self.probation_slack.unwrap_or(base.trial_slack),
        }
    }
}

impl Recheck {
    fn found(&self) -> Option<u64> {
        let [failure, send] = [self.newest_failure_sent_at, self.newest_send_counted_at].map(Timestamp::from_second);
        recheck_after(failure.ok()?, send.ok()?).map(|wait| wait.as_secs())
    }
}

/// A judgement in the cases' words.
#[derive(Serialize)]
struct Found {
    decision: &'static str,
    because: Option<String>,
    probation: bool,
    bounce: FoundFinding,
    complaint: FoundFinding,
}

#[derive(Serialize)]
struct FoundFinding {
    status: &'static str,
    rate_ppm: u32,
    slack: u32,
    excess_micro: u64,
    from_hour: Option<i64>,
    to_hour: Option<i64>,
    sends: u64,
    events: u64,
    allowed_micro: u64,
}

impl Found {
    fn of(judgement: &Judgement) -> Self {
        Self {
            decision: word(judgement.verdict),
            because: judgement.because.map(|metric| metric.to_string()),
            probation: judgement.trial,
            bounce: FoundFinding::of(&judgement.bounce),
            complaint: FoundFinding::of(&judgement.complaint),
        }
    }

    /// Without the commas between thousands, which the cases leave out.
    fn sentence(&self, judgement: &Judgement) -> String {
        let named = match judgement.because {
            Some(Metric::Complaint) => &self.complaint,
            Some(Metric::Bounce) | None => &self.bounce,
        };
        let hours = named.from_hour.zip(named.to_hour);
        let when = hours.map_or(String::new(), |(from, to)| format!("from hour {from} to hour {to}"));
        sentence::explained(judgement, &when).replace(',', "")
    }
}

impl FoundFinding {
    fn of(finding: &Finding) -> Self {
        let hour = |bucket: Bucket| bucket.start_second() / BUCKET_SECONDS;
        Self {
            status: word(finding.verdict),
            rate_ppm: finding.line.rate_ppm.get(),
            slack: finding.line.slack,
            excess_micro: finding.excess_micro,
            from_hour: finding.stretch.map(|stretch| hour(stretch.from)),
            to_hour: finding.stretch.map(|stretch| hour(stretch.to)),
            sends: finding.sends(),
            events: finding.events(),
            allowed_micro: finding.allowed_micro,
        }
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::Warn => "warn",
        Verdict::DataFault => "data_fault",
        Verdict::Pause => "pause",
    }
}
