use std::cmp::Reverse;
use std::collections::BTreeMap;

use guard_core::name::SetKey;
use jiff::Timestamp;

use super::accounts::{Account, total};
use super::series::{Span, Sums, by_bucket};
use super::{PolicyOutcome, Report, Saved, SetReport, Verdict};
use crate::archive::{Archive, History};
use crate::replay::{Course, NamedPolicy};

const LIMITS: [&str; 3] = [
    "Past sends can't tell what a paused sender would have done: mended the list, moved to another set, or gone on. \
     Everything sent after a pause counts as saved, until the archive ends, because only a person resumes a set.",
    "Events that are missing from the archive were not judged. Mail sent without a configuration set can't be paused, and \
     is in no rate here.",
    "AWS computes an account's rates over a volume that it doesn't publish, and counts complaints only against mail to \
     providers that report them: the rates here need not be the ones AWS saw.",
];

const UNSENT: &str = "The archive lacks their Send events, without which there is no rate and no judging.";

/// Puts the report together.
pub(crate) fn assemble(
    archive: &Archive,
    policies: &[NamedPolicy],
    courses: &BTreeMap<&SetKey, Vec<Course>>,
    latency_seconds: u32,
) -> Report {
    let names: Vec<String> = policies.iter().map(|policy| policy.name.clone()).collect();
    let seconds = ends(archive);
    let span = seconds.map_or_else(|| Span::over(0, 0), |(first, last, _)| Span::over(first, last));
    let mut accounts: BTreeMap<_, Account> = BTreeMap::new();
    let mut sets: Vec<SetReport> = Vec::with_capacity(courses.len());
    for (set, courses) in courses {
        let Some(history) = archive.sets.get(*set) else { continue };
        let really = by_bucket(history, None);
        let account = accounts
            .entry((set.account.clone(), set.region.clone()))
            .or_insert_with(|| Account::with_policies(policies.len()));
        account.add(&really);
        let all = total(&really);
        let mut outcomes = Vec::with_capacity(courses.len());
        for (index, (course, policy)) in courses.iter().zip(&names).enumerate() {
            let left = left_by(course, history, &really);
            account.add_guarded(index, course.paused.is_some(), &left);
            outcomes.push(outcome(course, policy, all, total(&left)));
        }
        sets.push(SetReport {
            configuration_set: set.name.clone(),
            account: set.account.clone(),
            region: set.region.clone(),
            counts: all.counts(),
            series: span.series(&really),
            outcomes,
        });
    }
    sets.sort_by_cached_key(|set| {
        let worst = set.outcomes.iter().map(|outcome| outcome.verdict).max().unwrap_or(Verdict::Ok);
        let saved = set.outcomes.iter().map(|outcome| outcome.saved.mails).max().unwrap_or(0);
        (Reverse(worst), Reverse(saved), Reverse(set.counts.mails), set.configuration_set.clone())
    });
    let mut limits: Vec<String> = LIMITS.map(str::to_owned).into();
    let unsent = sets.iter().filter(|set| set.counts.bounces.max(set.counts.complaints) > set.counts.mails).count();
    if unsent > 0 {
        limits.insert(0, format!("Configuration sets with more bounces or complaints than mails: {unsent}. {UNSENT}"));
    }
    let instant = |second: u32| Timestamp::from_second(second.into()).ok();
    Report {
        version: 1,
        limits,
        intake: archive.intake.clone(),
        from: seconds.and_then(|(first, ..)| instant(first)),
        until: seconds.and_then(|(_, last_sent, last)| instant(last.max(last_sent))),
        grain_seconds: archive.grain,
        latency_seconds,
        policies: names.clone(),
        sets,
        accounts: accounts
            .into_iter()
            .map(|((id, region), account)| account.report(id, region, &names, &span))
            .collect(),
    }
}

/// The first and last second in which mail was sent, and the last in which anything happened.
fn ends(archive: &Archive) -> Option<(u32, u32, u32)> {
    let sent = archive.sets.values().flat_map(|history| {
        let sends = history.sent().map(|sent| sent.at);
        sends.chain(history.failed().map(|failed| failed.sent_at))
    });
    let (first, last_sent) = sent.fold(None, |ends: Option<(u32, u32)>, at| {
        Some(ends.map_or((at, at), |(first, last)| (first.min(at), last.max(at))))
    })?;
    let last = archive.sets.values().flat_map(History::failed).map(|failed| failed.at).max();
    Some((first, last_sent, last.unwrap_or(last_sent)))
}

/// What would have been sent nevertheless.
fn left_by(course: &Course, history: &History, really: &BTreeMap<u32, Sums>) -> BTreeMap<u32, Sums> {
    match &course.paused {
        Some(paused) => {
            let second = u32::try_from(paused.effective_at.as_second()).unwrap_or(u32::MAX);
            by_bucket(history, Some(second))
        }
        None => really.clone(),
    }
}

fn outcome(course: &Course, policy: &str, all: Sums, left: Sums) -> PolicyOutcome {
    let verdict = if course.paused.is_some() {
        Verdict::Paused
    } else if course.would_pause.is_some() {
        Verdict::Exempt
    } else if course.warned.is_some() {
        Verdict::Warned
    } else if course.degraded.is_some() {
        Verdict::NotJudged
    } else {
        Verdict::Ok
    };
    PolicyOutcome {
        policy: policy.to_owned(),
        verdict,
        profile: course.profile.clone(),
        mode: course.mode,
        exempt: course.exempt.clone(),
        warned: course.warned.clone(),
        warnings: course.warnings,
        paused: course.paused.clone(),
        would_pause: course.would_pause.clone(),
        degraded: course.degraded.clone(),
        saved: Saved {
            mails: all.counts().mails.saturating_sub(left.counts().mails),
            bounces: all.bounces - left.bounces,
            complaints: all.complaints - left.complaints,
            prevented: all.prevented - left.prevented,
        },
    }
}
