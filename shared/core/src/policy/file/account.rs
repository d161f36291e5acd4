//! `[account]`: what the whole account is guarded by.

use super::fields::Fields;
use super::problem::Problems;
use super::tree::{At, Entry};
use super::value;
use crate::judge::Metric;
use crate::policy::account::{AccountLines, AccountPolicy, StopLines};
use crate::policy::{Ppm, aws_pause_line, aws_review_line};

/// The sweep looks once a minute.
const SHORTEST_WAIT_SECONDS: u32 = 60;

pub(super) fn read(node: Option<&Entry>, problems: &mut Problems<'_>) -> AccountPolicy {
    let mut policy = AccountPolicy::default();
    let Some((_, node)) = node else { return policy };
    let Some(mut fields) = Fields::of(node, "[account]", problems) else { return policy };
    policy.bounce = lines(Metric::Bounce, policy.bounce, &mut fields, problems);
    policy.complaint = lines(Metric::Complaint, policy.complaint, &mut fields, problems);
    set(&mut policy.min_mails, fields.read("min_mails", problems, value::count));
    set(&mut policy.min_share_ppm, fields.read("min_share", problems, value::share));
    let max_sets = fields.read("max_sets", problems, value::small_count);
    let max_volume = fields.read("max_volume", problems, value::share);
    let wait = fields.read("wait", problems, value::wait);
    for (key, none) in [
        ("max_sets", max_sets.as_ref().filter(|sets| sets.value == 0).map(|sets| sets.at)),
        ("max_volume", max_volume.as_ref().filter(|share| share.value == Ppm::NONE).map(|share| share.at)),
    ] {
        if let Some(at) = none {
            problems
                .error(at, format!("{key}: with 0 the account is never guarded; write more, or mode = \"observe\""));
        }
    }
    if let Some(wait) = wait.as_ref().filter(|wait| wait.value < SHORTEST_WAIT_SECONDS) {
        problems.error(wait.at, "wait: the account is looked at once a minute; write at least \"1 minute\"");
    }
    set(&mut policy.max_sets, max_sets);
    set(&mut policy.max_volume_ppm, max_volume);
    set(&mut policy.wait_seconds, wait);
    policy.stop = stop(&policy, &mut fields, problems);
    fields.finish(problems);
    policy
}

fn set<T>(figure: &mut T, written: Option<At<T>>) {
    if let Some(written) = written {
        *figure = written.value;
    }
}

fn lines(metric: Metric, default: AccountLines, account: &mut Fields<'_>, problems: &mut Problems<'_>) -> AccountLines {
    let key = match metric {
        Metric::Bounce => "bounce",
        Metric::Complaint => "complaint",
    };
    let Some((_, node)) = account.take(key) else { return default };
    let Some(mut fields) = Fields::of(node, "{ trigger = \"4 %\", target = \"2 %\" }", problems) else {
        return default;
    };
    let errors = problems.errors();
    let trigger = fields.read("trigger", problems, value::share);
    let target = fields.read("target", problems, value::share);
    let warn = fields.read("warn", problems, value::share);
    let min_events = fields.read("min_events", problems, value::small_count);
    let place = |written: Option<&At<Ppm>>| written.map(|written| written.at);
    let (trigger_at, target_at, warn_at) = (place(trigger.as_ref()), place(target.as_ref()), place(warn.as_ref()));
    if let Some(none) = min_events.as_ref().filter(|events| events.value == 0) {
        problems.error(none.at, "min_events: 0 would choose sets without a failure; write at least 1");
    }
    let mut lines = default;
    set(&mut lines.trigger_ppm, trigger);
    set(&mut lines.target_ppm, target);
    set(&mut lines.warn_ppm, warn);
    set(&mut lines.min_events, min_events);
    if problems.errors() == errors {
        let AccountLines { trigger_ppm, target_ppm, warn_ppm, .. } = lines;
        if let Some(at) = target_at.or(trigger_at).filter(|_| target_ppm >= trigger_ppm) {
            problems.error(at, format!("target {target_ppm} must be below trigger {trigger_ppm}: nothing would be gained; write both, half of it is usual"));
        }
        if let Some(at) = warn_at.or(trigger_at).filter(|_| warn_ppm > trigger_ppm) {
            problems.error(at, format!("warn {warn_ppm} is above trigger {trigger_ppm}: nobody would be warned before; write at most \"{trigger_ppm}\""));
        }
        if let Some(at) = trigger_at {
            against_aws(metric, at, trigger_ppm, problems);
        }
    }
    fields.finish(problems);
    lines
}

/// A stop costs all mail, so it must come after every pause, and before AWS's.
fn stop(policy: &AccountPolicy, account: &mut Fields<'_>, problems: &mut Problems<'_>) -> Option<StopLines> {
    let (_, node) = account.take("stop")?;
    let mut fields = Fields::of(node, "{ bounce = \"9 %\", complaint = \"0.45 %\" }", problems)?;
    let mut line = |metric, key| {
        let written: At<Ppm> = fields.read(key, problems, value::share)?;
        let (at, line) = (written.at, written.value);
        let (trigger, pause) = (policy.metric(metric).trigger_ppm, aws_pause_line(metric));
        if line <= trigger {
            problems.error(
                at,
                format!("stop: {key} {line} must be above trigger {trigger}, from which on single sets are paused"),
            );
        } else if line >= pause {
            problems.error(at, format!("stop: AWS itself pauses the account at {pause}; write less than that"));
        }
        Some(line)
    };
    let lines = StopLines { bounce: line(Metric::Bounce, "bounce"), complaint: line(Metric::Complaint, "complaint") };
    fields.finish(problems);
    Some(lines)
}

fn against_aws(metric: Metric, at: usize, trigger: Ppm, problems: &mut Problems<'_>) {
    let (pause, review) = (aws_pause_line(metric), aws_review_line(metric));
    if trigger >= pause {
        problems.error(
            at,
            format!("trigger: AWS pauses the whole account at {pause}; write less than its review line \"{review}\""),
        );
    } else if trigger >= review {
        problems.warning(at, format!("trigger {trigger}: AWS reviews the account from {review} on, so the guard would come after it; write less, 80 % of it is usual"));
    }
}
