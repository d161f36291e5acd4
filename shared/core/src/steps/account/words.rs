//! The sentences in which people read how the account stands and what was done for it.

#[cfg(test)]
mod tests;

use serde_json::json;

use super::counts::Span;
use super::field::Share;
use crate::account::{Chosen, RateWatch, Round};
use crate::judge::Metric;
use crate::judge::account::{AccountFinding, Counts};
use crate::notice::sentence::{BOUNCE_DECIMALS, COMPLAINT_DECIMALS, grouped, percent};
use crate::policy::{AccountLines, Ppm, aws_review_line};
use crate::port::AccountStanding;
use crate::state::Why;

/// How many sets are named in one sentence.
const NAMED: usize = 10;

fn failed(metric: Metric) -> &'static str {
    match metric {
        Metric::Bounce => "hard-bounced",
        Metric::Complaint => "were reported as spam",
    }
}

fn rate(metric: Metric, counts: Counts) -> String {
    let decimals = match metric {
        Metric::Bounce => BOUNCE_DECIMALS,
        Metric::Complaint => COMPLAINT_DECIMALS,
    };
    percent(counts.events, counts.sends, decimals).unwrap_or("n/a".to_owned())
}

fn lately(hours: u32) -> String {
    match hours {
        0..=24 => "24 hours".to_owned(),
        hours => format!("{} days", hours.div_ceil(24)),
    }
}

/// `4.8 % (2,920 of the 61,000 mails of the last 24 hours)`
fn counted(metric: Metric, counts: Counts, hours: u32) -> String {
    let (events, sends) = (grouped(counts.events), grouped(counts.sends));
    format!("{} ({events} of the {sends} mails of the last {})", rate(metric, counts), lately(hours))
}

/// `The account's bounce rate is …, by SES's reckoning …`
fn account(metric: Metric, span: Span, ses_ppm: Option<u64>) -> String {
    let ses = ses_ppm.map(|ppm| format!("; SES itself reckons {}", of_million(ppm)));
    format!("The account's {metric} rate is {}{}", counted(metric, span.counts, span.hours), ses.unwrap_or_default())
}

fn of_million(ppm: u64) -> String {
    u32::try_from(ppm)
        .ok()
        .and_then(|ppm| Ppm::try_from(ppm).ok())
        .map_or("over 100 %".to_owned(), |ppm| ppm.to_string())
}

fn line(metric: Metric, name: &str, line: Ppm) -> String {
    format!("{name} is {line}, AWS reviews the account at {}", aws_review_line(metric))
}

fn each(metric: Metric, name: &str, counts: Counts) -> String {
    format!("{name} ({} of {}, {})", grouped(counts.events), grouped(counts.sends), rate(metric, counts))
}

fn list(all: impl IntoIterator<Item = String>) -> String {
    let all: Vec<String> = all.into_iter().collect();
    let more = all.len().saturating_sub(NAMED);
    let mut text = all.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
    if more > 0 {
        text += &format!(" and {more} more");
    }
    text
}

pub(super) fn warned(metric: Metric, lines: &AccountLines, span: Span, ses_ppm: Option<u64>) -> Why {
    let account = account(metric, span, ses_ppm);
    Why::guard(format!(
        "{account}. The warning line {}; sets are paused for it from {} on.",
        line(metric, "", lines.warn_ppm).trim_start(),
        lines.trigger_ppm
    ))
}

/// Sets are to be paused, or should be.
pub(super) fn triggered(found: &AccountFinding, lines: &AccountLines, span: Span, shares: &[Share]) -> Why {
    let metric = found.metric;
    let named = |places: &[usize]| {
        list(
            places.iter().filter_map(|place| shares.get(*place)).map(|one| each(metric, one.name.as_str(), one.counts)),
        )
    };
    let mut text =
        format!("{}; {}.", account(metric, span, found.ses_ppm), line(metric, "the trigger", lines.trigger_ppm));
    if !found.chosen.is_empty() {
        text += &format!(" To be paused: {}.", named(&found.chosen));
    }
    let causes = found.causes.iter().filter_map(|place| shares.get(*place)).map(|one| {
        let because = one.spared.as_deref().unwrap_or_default();
        format!("{}: {because}", each(metric, one.name.as_str(), one.counts))
    });
    if !found.causes.is_empty() {
        text += &format!(" Would be paused, and must not be: {}.", list(causes));
    }
    if !found.beyond.is_empty() {
        text +=
            &format!(" Would be paused, but for the caps on what is paused in 15 minutes: {}.", named(&found.beyond));
    }
    if !found.triggered {
        text += " The guard has not counted what SES speaks of, so nobody is paused for it.";
    } else if found.chosen.is_empty() && found.causes.is_empty() && found.beyond.is_empty() {
        text += match found.meets_target() {
            true => " Those that caused it are paused already, and what goes on is at the target.",
            false => " No set stands out as the cause.",
        };
    }
    text += &format!(" The mail that goes on is at {}; the target is {}.", rate(metric, found.projected), found.target);
    Why { evidence: evidence(found, span, shares), ..Why::guard(text) }
}

fn evidence(found: &AccountFinding, span: Span, shares: &[Share]) -> Option<serde_json::Value> {
    let named = |places: &[usize]| -> Vec<_> {
        let of =
            |place: &usize| shares.get(*place).map(|one| json!({"configurationSet": one.name, "counts": one.counts}));
        places.iter().filter_map(of).collect()
    };
    Some(json!({
        "metric": found.metric,
        "account": found.ours,
        "hours": span.hours,
        "sesRatePpm": found.ses_ppm,
        "targetPpm": found.target,
        "chosen": named(&found.chosen),
        "spared": named(&found.causes),
        "beyondCaps": named(&found.beyond),
        "projected": found.projected,
    }))
}

/// Why all sending is stopped.
pub(super) fn stopped(found: &AccountFinding, line: Ppm, span: Span) -> Why {
    let metric = found.metric;
    let text = format!(
        "All sending was stopped: with every set paused that could be, the {metric} rate of what goes on is {}; the policy \
         stops the account at {line}. {}.",
        counted(metric, found.projected, span.hours),
        account(metric, span, found.ses_ppm),
    );
    Why { evidence: evidence(found, span, &[]), ..Why::guard(text) }
}

/// Why one set is paused for the account.
pub(super) fn paused(round: &Round, one: &Chosen) -> Why {
    let metric = round.metric;
    let share = |part, whole| percent(part, whole, 1).unwrap_or("n/a".to_owned());
    let text = format!(
        "Sending was paused to protect the account: its {metric} rate is {}, and is to come down to {}. This set has {} of \
         those failures with {} of the mail: {} of the {} mails it sent {} ({}).",
        counted(metric, round.ours, round.hours),
        round.target,
        share(one.counts.events, round.ours.events),
        share(one.counts.sends, round.ours.sends),
        grouped(one.counts.events),
        grouped(one.counts.sends),
        failed(metric),
        rate(metric, one.counts),
    );
    let evidence = json!({
        "metric": metric, "account": round.ours, "hours": round.hours, "targetPpm": round.target, "set": one.counts,
    });
    Why { evidence: Some(evidence), ..Why::guard(text) }
}

/// SES and the guard have been far apart for a day.
pub(super) fn disputed(metric: Metric, rate_watch: &RateWatch) -> Why {
    let ses = rate_watch.ses_ppm.map(of_million).unwrap_or_default();
    let ours = counted(metric, rate_watch.ours, rate_watch.hours);
    let mut text = format!(
        "SES has reckoned the account's {metric} rate otherwise for a day: {ses}, and the guard counts {ours}."
    );
    if let (Metric::Complaint, Some(coverage)) = (metric, rate_watch.coverage()) {
        text += &format!(
            " If no events are missing, then only {coverage} of the recipients report complaints: that is what \
             complaint_coverage in the policy is for."
        );
    }
    Why::guard(text)
}

/// AWS treats the account otherwise than before.
pub(super) fn standing(before: Option<&AccountStanding>, now: &AccountStanding) -> Why {
    let sends = |standing: &AccountStanding| if standing.sending_enabled { "may send" } else { "may not send" };
    let was = before.map(|was| format!(" It was {}, and {}.", was.enforcement_status, sends(was)));
    let means = match now.enforcement_status.as_str() {
        "PROBATION" => " (AWS reviews it)",
        "SHUTDOWN" => " (AWS has stopped it)",
        _ => "",
    };
    Why::guard(format!(
        "AWS's word for the account is {}{means}, and the account {}.{}",
        now.enforcement_status,
        sends(now),
        was.unwrap_or_default()
    ))
}
