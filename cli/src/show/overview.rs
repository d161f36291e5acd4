//! The guard as a whole.

use std::collections::BTreeMap;

use comfy_table::{Cell, Color};
use guard_core::home::Home;
use guard_core::judge::Metric;
use guard_core::policy::{Policy, Source};
use guard_core::sight::Shown;
use guard_core::state::Phase;
use guard_core::time::BUCKET_SECONDS;
use jiff::Timestamp;
use serde::Deserialize;

use super::account::Account;
use super::{faint, figure, one_line, table, words};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Overview {
    mode: String,
    #[serde(default)]
    homes: Vec<Home>,
    configuration_sets: u64,
    phases: BTreeMap<Phase, u64>,
    held: u64,
    to_judge: u64,
    pending: u64,
    #[serde(default)]
    hearing: Hearing,
    sight: Option<SightShown>,
    policy: Policy,
    policy_source: Option<Source>,
    policy_version: Option<u64>,
    account: Option<Account>,
}

/// Of the stack's own home.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Hearing {
    #[serde(default)]
    unheard: u64,
    configuration_sets_in_ses: Option<u64>,
    configuration_sets_limit: Option<u64>,
    listed_at: Option<Timestamp>,
}

/// What the guard as a whole does not see; an older guard does not say.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SightShown {
    checked_at: Option<Timestamp>,
    blind_spots: Vec<Shown>,
}

impl Overview {
    pub(super) fn text(&self, width: Option<u16>) -> String {
        let mut rows = vec![
            ("mode", self.mode()),
            ("configuration sets", Cell::new(self.sets())),
            ("listed in SES", Cell::new(self.hearing.listed())),
            ("not heard", Cell::new(self.hearing.unheard())),
            ("held", Cell::new(figure::count(self.held))),
            ("to be judged", Cell::new(figure::count(self.to_judge))),
            ("waiting for SES", Cell::new(figure::count(self.pending))),
            ("policy", Cell::new(self.source())),
            ("bounces", Cell::new(lines(&self.policy, Metric::Bounce))),
            ("complaints", Cell::new(lines(&self.policy, Metric::Complaint))),
            ("window", Cell::new(self.window())),
        ];
        if self.homes.len() > 1 {
            let homes: Vec<String> = self.homes.iter().map(ToString::to_string).collect();
            rows.insert(1, ("homes", Cell::new(homes.join(", "))));
        }
        let rows = rows.into_iter().chain(self.sight.iter().flat_map(SightShown::rows));
        let rows = rows.chain(self.account.iter().flat_map(Account::rows));
        table(Vec::new(), rows.map(|(what, cell)| vec![faint(what), cell]).collect(), width)
    }

    fn mode(&self) -> Cell {
        match self.mode.as_str() {
            "enforce" => Cell::new("enforce: sets are paused at their line").fg(Color::DarkGreen),
            "observe" => Cell::new("observe: nothing is paused, only told").fg(Color::DarkYellow),
            other => words(other),
        }
    }

    /// The figures below are those of sets that no rule of it names.
    fn source(&self) -> String {
        match self.policy_source {
            Some(Source::Stored) => match self.policy_version {
                Some(version) => format!("version {version}, pushed: ses-guard policy show"),
                None => "pushed: ses-guard policy show".to_owned(),
            },
            Some(Source::Environment) => "from the environment (GUARD_POLICY)".to_owned(),
            Some(Source::BuiltIn) => "built in: none was pushed, GUARD_POLICY is empty".to_owned(),
            None => figure::NONE.to_owned(),
        }
    }

    fn sets(&self) -> String {
        let phases = self.phases.iter().map(|(phase, sets)| format!("{} {}", figure::count(*sets), phase.as_str()));
        match phases.collect::<Vec<_>>().as_slice() {
            [] => "none is known yet".to_owned(),
            phases => format!("{}: {}", figure::count(self.configuration_sets), phases.join(", ")),
        }
    }

    fn window(&self) -> String {
        let hours = i64::from(self.policy.window_buckets) * BUCKET_SECONDS / 3_600;
        if hours % 24 == 0 { format!("{} days", hours / 24) } else { format!("{hours} hours") }
    }
}

impl Hearing {
    fn listed(&self) -> String {
        let Some((total, at)) = self.configuration_sets_in_ses.zip(self.listed_at) else {
            return figure::NONE.to_owned();
        };
        let limit =
            self.configuration_sets_limit.map_or(String::new(), |limit| format!(" of {}", figure::count(limit)));
        format!("{}{limit} that it takes, {} UTC", figure::count(total), figure::time(at))
    }

    fn unheard(&self) -> String {
        match self.unheard {
            0 => figure::count(0),
            some => format!("{}: ses-guard list --unheard", figure::count(some)),
        }
    }
}

impl SightShown {
    fn rows(&self) -> Vec<(&'static str, Cell)> {
        if self.blind_spots.is_empty() {
            let looked = self.checked_at.map_or(figure::NONE.to_owned(), figure::time);
            return vec![("blind spots", Cell::new(format!("none; looked at {looked}")).fg(Color::DarkGreen))];
        }
        let rows = self.blind_spots.iter().flat_map(|one| {
            let since = one.since.map_or(String::new(), |since| format!("since {}: ", figure::time(since)));
            let seen = format!("{since}{}", one_line(&one.sentence));
            [("blind spot", Cell::new(seen).fg(Color::DarkRed)), ("to do", words(&one.next))]
        });
        rows.collect()
    }
}

/// As they are drawn, the complaints' coverage included.
fn lines(policy: &Policy, metric: Metric) -> String {
    let pause = |trial| figure::line(policy.effective_line(metric, trial));
    let warn = figure::line(policy.effective_warn_line(metric));
    format!("pauses at {} of the mails, on trial at {}; warns at {warn}", pause(false), pause(true))
}
