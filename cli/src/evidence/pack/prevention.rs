//! What keeps it from happening again: the rule as it is in force now.

use guard_core::judge::Metric;
use guard_core::policy::Mode;
use guard_core::state::Phase;
use guard_core::time::BUCKET_SECONDS;

use crate::evidence::document::Block;
use crate::evidence::known::{Known, Rate, Status};
use crate::show::figure::{self, Share};

pub(super) fn blocks(known: &Known) -> Vec<Block> {
    let policy = &known.guard.policy;
    let hours = i64::from(policy.window_buckets) * BUCKET_SECONDS / 3_600;
    let line = |metric| figure::line(policy.effective_line(metric, false));
    let (whom, bounce, complaint, mode) = match &known.status {
        Some(Status { thresholds, judged_by, phase_after, .. }) => {
            let whom = if *phase_after == Phase::Trial { "This set, on trial since its resume," } else { "This set" };
            (whom, figure::line(thresholds.bounce), figure::line(thresholds.complaint), judged_by.mode)
        }
        None => {
            let whom = "Each configuration set that no rule of the policy names";
            (whom, line(Metric::Bounce), line(Metric::Complaint), known.guard.mode)
        }
    };
    let worst = match &known.status {
        Some(_) => "in the worst stretch of its window".to_owned(),
        None => format!("in the worst stretch of {hours} hours"),
    };
    let mut items = vec![match mode {
        Mode::Enforce => format!(
            "{whom} is paused in SES when {worst} its hard bounces reach {bounce} of the mails, or its \
             complaints {complaint}. It stays paused until an operator resumes it, with a reason."
        ),
        Mode::Observe => format!(
            "{whom} is only observed: people are told when {worst} its hard bounces reach {bounce} of the mails, or its \
             complaints {complaint}, and the guard pauses nothing by itself."
        ),
    }];
    items.push(
        "After a resume a set is on trial, judged with less slack, and mail from before the resume no longer counts."
            .to_owned(),
    );
    if let Some(status) = &known.status {
        items.push(format!("This set is judged by the profile {}.", status.judged_by.profile));
        items.extend(
            status.judged_by.exempt.iter().map(|exemption| format!("It is not paused by itself: {exemption}.")),
        );
        items.extend(status.hold.iter().map(|hold| {
            format!(
                "It is not paused by itself: held by {} since {} ({}).",
                hold.actor,
                figure::time(hold.since),
                hold.reason
            )
        }));
    }
    if let Some(account) = &known.guard.account {
        items.push(rate("bounce", Share::Bounce, &account.bounce));
        items.push(rate("complaint", Share::Complaint, &account.complaint));
    }
    let several = known.guard.homes.len() > 1;
    if several && known.status.is_none() {
        items.push("The rates are of the account and Region that this is about.".to_owned());
    }
    vec![Block::List(items)]
}

fn rate(what: &str, share: Share, rate: &Rate) -> String {
    let shown = |ppm| figure::share(share, ppm);
    let ses = rate.ses_rate_ppm.map_or(String::new(), |ppm| format!(" (SES reckons {})", shown(Some(ppm))));
    format!(
        "The account's {what} rate is {} of the {} mails of the last {} hours, {} failures{ses}. At {} the guard pauses the \
         configuration sets that cause it until the rest is at {}; AWS reviews an account at {}.",
        shown(rate.rate_ppm),
        figure::count(rate.sends),
        rate.hours,
        figure::count(rate.events),
        shown(Some(rate.trigger_ppm)),
        shown(Some(rate.target_ppm)),
        shown(Some(rate.aws_review_ppm)),
    )
}
