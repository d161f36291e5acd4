//! The report as CSV: one line for each configuration set and policy.

use std::error::Error;

use guard_replay::{Report, Verdict};
use serde::Serialize;

/// The columns, in order. Times are RFC 3339, rates are millionths.
#[derive(Serialize)]
struct Row<'a> {
    account: &'a str,
    region: &'a str,
    configuration_set: &'a str,
    policy: &'a str,
    profile: &'a str,
    verdict: Verdict,
    mails: u64,
    bounces: u64,
    complaints: u64,
    prevented: u64,
    bounce_rate_ppm: Option<u64>,
    complaint_rate_ppm: Option<u64>,
    warned_at: Option<String>,
    paused_at: Option<String>,
    saved_mails: u64,
    saved_bounces: u64,
    saved_complaints: u64,
    sentence: &'a str,
}

pub(super) fn text(report: &Report) -> Result<String, Box<dyn Error>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for set in &report.sets {
        for outcome in &set.outcomes {
            let pause = outcome.paused.as_ref().or(outcome.would_pause.as_ref());
            let decisive = pause.or(outcome.warned.as_ref()).or(outcome.degraded.as_ref());
            writer.serialize(Row {
                account: set.account.as_str(),
                region: set.region.as_str(),
                configuration_set: set.configuration_set.as_str(),
                policy: &outcome.policy,
                profile: &outcome.profile,
                verdict: outcome.verdict,
                mails: set.counts.mails,
                bounces: set.counts.bounces,
                complaints: set.counts.complaints,
                prevented: set.counts.prevented,
                bounce_rate_ppm: set.counts.bounce_rate_ppm,
                complaint_rate_ppm: set.counts.complaint_rate_ppm,
                warned_at: outcome.warned.as_ref().map(|decision| decision.at.to_string()),
                paused_at: pause.map(|decision| decision.at.to_string()),
                saved_mails: outcome.saved.mails,
                saved_bounces: outcome.saved.bounces,
                saved_complaints: outcome.saved.complaints,
                sentence: decisive.map_or("", |decision| &decision.sentence),
            })?;
        }
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}
