//! Figures of a profile that would make the guard blind or wild, and those that have a price. Each fault is said once,
//! at a figure that the profile wrote itself: what it inherited was said where it was written.

use super::problem::Problems;
use super::profiles::Written;
use super::tree::At;
use super::value::spelled;
use crate::event::MAX_AGE_SECONDS;
use crate::judge::Metric;
use crate::policy::{LONGEST_WINDOW_BUCKETS, Policy, Ppm, aws_pause_line, aws_review_line};
use crate::time::BUCKET_SECONDS;

const LONGEST_WINDOW_SECONDS: i64 = LONGEST_WINDOW_BUCKETS as i64 * BUCKET_SECONDS;
/// Below 3 days too few of a mail's complaints have come in (the ledger page's §1.5).
const SHORTEST_WINDOW_SECONDS: i64 = 3 * 86_400;

/// A figure as it is in force, and where it was written if that was in this profile.
struct Figure<T> {
    key: &'static str,
    value: T,
    written: Option<usize>,
}

impl<T> Figure<T> {
    fn new(key: &'static str, value: T, written: &Option<At<T>>) -> Self {
        Self { key, value, written: written.as_ref().map(|written| written.at) }
    }
}

/// A figure as it is written in the file.
trait Shown {
    fn shown(&self) -> String;
}

impl Shown for Ppm {
    fn shown(&self) -> String {
        format!("\"{self}\"")
    }
}

impl Shown for u32 {
    fn shown(&self) -> String {
        self.to_string()
    }
}

/// Checks a profile's figures.
pub(super) fn check(written: &Written, base: &str, policy: &Policy, problems: &mut Problems<'_>) {
    for metric in [Metric::Bounce, Metric::Complaint] {
        let (lines, at) = (policy.metric(metric), written.metric(metric));
        let pause_rate = Figure::new("pause_rate", lines.pause.rate_ppm, &at.pause_rate);
        let warn_rate = Figure::new("warn_rate", lines.warn.rate_ppm, &at.warn_rate);
        let pause_slack = Figure::new("pause_slack", lines.pause.slack, &at.pause_slack);
        let warn_slack = Figure::new("warn_slack", lines.warn.slack, &at.warn_slack);
        let trial_slack = Figure::new("trial_slack", lines.trial_slack, &at.trial_slack);

        for rate in [&pause_rate, &warn_rate] {
            not_none(rate, problems);
        }
        for slack in [&pause_slack, &warn_slack, &trial_slack] {
            at_least_one(slack, problems);
        }
        let unwarned = "nobody would be warned before the pause";
        in_order(&warn_rate, &pause_rate, unwarned, base, problems);
        in_order(&warn_slack, &pause_slack, unwarned, base, problems);
        in_order(&trial_slack, &pause_slack, "a resumed set would be judged more laxly than before", base, problems);
        below_aws(metric, &pause_rate, problems);
    }
    coverage(written, policy, problems);
    window(written, problems);
}

fn not_none(rate: &Figure<Ppm>, problems: &mut Problems<'_>) {
    if let Some(at) = rate.written.filter(|_| rate.value == Ppm::NONE) {
        let message =
            "a rate of 0 puts every set over the line that sends for long enough; write more, such as \"2 %\"";
        problems.error(at, format!("{}: {message}", rate.key));
    }
}

fn at_least_one(slack: &Figure<u32>, problems: &mut Problems<'_>) {
    if let Some(at) = slack.written.filter(|_| slack.value == 0) {
        let message = "0 acts on the very first failure; write at least 1";
        problems.error(at, format!("{}: {message}", slack.key));
    }
}

fn in_order<T: PartialOrd + Shown>(
    lower: &Figure<T>,
    upper: &Figure<T>,
    otherwise: &str,
    base: &str,
    problems: &mut Problems<'_>,
) {
    if lower.value <= upper.value {
        return;
    }
    let (low, high) = (lower.value.shown(), upper.value.shown());
    let (lower_key, upper_key) = (lower.key, upper.key);
    if let Some(at) = lower.written {
        let whose = if upper.written.is_some() { String::new() } else { format!(" of {base:?}") };
        problems.error(
            at,
            format!("{lower_key} {low} is above {upper_key} {high}{whose}: {otherwise}; write at most {high}"),
        );
    } else if let Some(at) = upper.written {
        problems.error(
            at,
            format!(
                "{upper_key} {high} is below {lower_key} {low} of {base:?}: {otherwise}; write {lower_key} here too, at \
                 most {high}"
            ),
        );
    }
}

fn below_aws(metric: Metric, rate: &Figure<Ppm>, problems: &mut Problems<'_>) {
    let Some(at) = rate.written else { return };
    let (pause, review) = (aws_pause_line(metric), aws_review_line(metric));
    if rate.value >= pause {
        let message =
            format!("AWS pauses the whole account at {pause}; write less, at most its review line \"{review}\"");
        problems.error(at, format!("pause_rate: {message}"));
    } else if rate.value > review {
        // The policy page's §3.2 and §3.4: limits of 8 % and 0.3 %, and SES looking at the last 50,000 mails.
        let chance = match metric {
            Metric::Bounce => "1 % to 6 %",
            Metric::Complaint => "3 % to 11 %",
        };
        problems.warning(
            at,
            format!(
                "pause_rate {} is above AWS's review line: sets may keep the whole account above {review} for good. In \
                 the simulation, limits of 8 % and 0.3 % let out 3 times the bad mail and raised the chance that the \
                 account passes the review line within 14 days from {chance}; write at most \"{review}\" to avoid it",
                rate.value
            ),
        );
    }
}

/// What is left of the complaint rates must not be nothing.
fn coverage(written: &Written, policy: &Policy, problems: &mut Problems<'_>) {
    let Some(coverage) = &written.coverage else { return };
    let lines = policy.complaint;
    if [lines.pause.rate_ppm, lines.warn.rate_ppm].iter().any(|rate| coverage.value.of(*rate) == Ppm::NONE) {
        let message = "so small a share allows no complaints at all, at any volume; write the share of recipients whose \
                       provider reports complaints, such as \"60 %\"";
        problems.error(coverage.at, format!("complaint_coverage: {message}"));
    }
}

fn window(written: &Written, problems: &mut Problems<'_>) {
    let Some(window) = &written.window else { return };
    let seconds = i64::from(window.value) * BUCKET_SECONDS;
    let (shown, longest) = (spelled(seconds), spelled(LONGEST_WINDOW_SECONDS));
    if seconds > LONGEST_WINDOW_SECONDS {
        let kept = spelled(MAX_AGE_SECONDS);
        problems.error(
            window.at,
            format!("window: counts are kept for {kept}, so {shown} can't be looked at; write at most {longest:?}"),
        );
    } else if seconds < SHORTEST_WINDOW_SECONDS {
        let shortest = spelled(SHORTEST_WINDOW_SECONDS);
        problems.warning(
            window.at,
            format!(
                "window: complaints come late, and {shown} sees too few of them (71 % within 1 day, 88 % within 3, 95 % \
                 within 7); write {shortest:?} or more"
            ),
        );
    }
}
