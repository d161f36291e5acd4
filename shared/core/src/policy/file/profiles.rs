//! `[profile.NAME]`: what an operator wrote, laid over the profile it is based on.

use super::faults::check;
use super::fields::{Fields, nearest};
use super::problem::Problems;
use super::tree::{At, Entry, Node};
use super::value;
use crate::judge::Metric;
use crate::policy::profile::{self, Profile, ProfileName};
use crate::policy::{Line, MetricPolicy, PauseThrough, Policy, Ppm};

/// What `[profile.NAME]` says.
pub(super) struct Written {
    pub(super) name: At<ProfileName>,
    based_on: Option<At<String>>,
    pub(super) bounce: WrittenLines,
    pub(super) complaint: WrittenLines,
    pub(super) window: Option<At<u32>>,
    pub(super) coverage: Option<At<Ppm>>,
    trial_mails: Option<At<u64>>,
    trial_time: Option<At<u32>>,
    scale_slack: Option<At<bool>>,
    trust_alarm: Option<At<bool>>,
    pause_through: Option<At<PauseThrough>>,
    /// Everything that was written could be read.
    sound: bool,
}

/// What its `bounce` or `complaint` says.
#[derive(Default)]
pub(super) struct WrittenLines {
    pub(super) pause_rate: Option<At<Ppm>>,
    pub(super) pause_slack: Option<At<u32>>,
    pub(super) warn_rate: Option<At<Ppm>>,
    pub(super) warn_slack: Option<At<u32>>,
    pub(super) trial_slack: Option<At<u32>>,
}

impl Written {
    pub(super) fn metric(&self, metric: Metric) -> &WrittenLines {
        match metric {
            Metric::Bounce => &self.bounce,
            Metric::Complaint => &self.complaint,
        }
    }

    fn read(name: At<ProfileName>, mut fields: Fields<'_>, problems: &mut Problems<'_>) -> Self {
        let errors = problems.errors();
        let mut written = Self {
            name,
            based_on: fields.read("based_on", problems, value::text),
            bounce: WrittenLines::read("bounce", &mut fields, problems),
            complaint: WrittenLines::read("complaint", &mut fields, problems),
            window: fields.read("window", problems, value::buckets),
            coverage: fields.read("complaint_coverage", problems, value::share),
            trial_mails: fields.read("trial_mails", problems, value::count),
            trial_time: fields.read("trial_time", problems, value::buckets),
            scale_slack: fields.read("scale_slack", problems, value::truth),
            trust_alarm: fields.read("trust_alarm", problems, value::truth),
            pause_through: fields.read("pause_through", problems, value::pause_through),
            sound: false,
        };
        written.sound = problems.errors() == errors;
        fields.finish(problems);
        written
    }

    fn base(&self) -> &str {
        self.based_on.as_ref().map_or("default", |base| &base.value)
    }

    fn over(&self, base: Policy) -> Policy {
        Policy {
            bounce: self.bounce.over(base.bounce),
            complaint: self.complaint.over(base.complaint),
            window_buckets: or(&self.window, base.window_buckets),
            complaint_coverage_ppm: or(&self.coverage, base.complaint_coverage_ppm),
            trial_sends: or(&self.trial_mails, base.trial_sends),
            trial_buckets: or(&self.trial_time, base.trial_buckets),
            scale_slack: or(&self.scale_slack, base.scale_slack),
            trust_alarm: or(&self.trust_alarm, base.trust_alarm),
            pause_through: or(&self.pause_through, base.pause_through),
        }
    }
}

impl WrittenLines {
    fn read(key: &'static str, profile: &mut Fields<'_>, problems: &mut Problems<'_>) -> Self {
        let Some((_, node)) = profile.take(key) else { return Self::default() };
        let Some(mut fields) = Fields::of(node, "{ pause_rate = \"5 %\", pause_slack = 10 }", problems) else {
            return Self::default();
        };
        let lines = Self {
            pause_rate: fields.read("pause_rate", problems, value::share),
            pause_slack: fields.read("pause_slack", problems, value::small_count),
            warn_rate: fields.read("warn_rate", problems, value::share),
            warn_slack: fields.read("warn_slack", problems, value::small_count),
            trial_slack: fields.read("trial_slack", problems, value::small_count),
        };
        fields.finish(problems);
        lines
    }

    fn over(&self, base: MetricPolicy) -> MetricPolicy {
        let line = |rate, slack, base: Line| Line { rate_ppm: or(rate, base.rate_ppm), slack: or(slack, base.slack) };
        MetricPolicy {
            pause: line(&self.pause_rate, &self.pause_slack, base.pause),
            warn: line(&self.warn_rate, &self.warn_slack, base.warn),
            trial_slack: or(&self.trial_slack, base.trial_slack),
        }
    }
}

fn or<T: Copy>(written: &Option<At<T>>, base: T) -> T {
    written.as_ref().map_or(base, |written| written.value)
}

/// The profiles that rules may name.
pub(super) struct Profiles {
    /// Those that could be read, the built-in ones first.
    pub(super) known: Vec<Profile>,
    /// The names of the file's own, whether they could be read or not.
    pub(super) own: Vec<At<ProfileName>>,
    /// What they are based on.
    pub(super) bases: Vec<String>,
}

impl Profiles {
    /// Every name, for a rule that slipped.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.known.iter().map(|profile| profile.name.as_str()).chain(self.own.iter().map(|name| name.value.as_str()))
    }

    /// What to write instead of a name that nobody has.
    pub(super) fn unknown(&self, name: &str) -> String {
        let remedy = match nearest(name, self.names()) {
            Some(meant) => format!("did you mean {meant:?}?"),
            None => {
                let built_in: Vec<String> =
                    profile::built_in().iter().map(|profile| format!("{:?}", profile.name.as_str())).collect();
                format!("write one of the built-in {}, or define it: [profile.NAME]", built_in.join(", "))
            }
        };
        format!("no profile is called {name:?}; {remedy}")
    }
}

/// Reads all profiles, checks the figures of each, and lays them over one another.
pub(super) fn read(node: Option<&Entry>, problems: &mut Problems<'_>) -> Profiles {
    let mut profiles = Profiles { known: profile::built_in(), own: Vec::new(), bases: Vec::new() };
    let mut waiting = written(node, problems);
    profiles.own = waiting.iter().map(|written| written.name.clone()).collect();
    profiles.bases = waiting.iter().map(|written| written.base().to_owned()).collect();
    loop {
        let base_of = |written: &Written| {
            profiles.known.iter().find(|profile| profile.name.as_str() == written.base()).map(|base| base.policy)
        };
        let Some((index, base)) =
            waiting.iter().enumerate().find_map(|(index, written)| Some((index, base_of(written)?)))
        else {
            break;
        };
        let written = waiting.remove(index);
        let policy = written.over(base);
        if written.sound {
            check(&written, written.base(), &policy, problems);
        }
        profiles.known.push(Profile { name: written.name.value, policy });
    }
    orphans(&waiting, &profiles, problems);
    profiles
}

/// Those whose base could not be had. One that is only based on such a one is not to blame.
fn orphans(waiting: &[Written], profiles: &Profiles, problems: &mut Problems<'_>) {
    let base_of = |written: &Written| waiting.iter().find(|other| other.name.value.as_str() == written.base());
    for orphan in waiting {
        let at = orphan.based_on.as_ref().map_or(orphan.name.at, |base| base.at);
        let mut base = base_of(orphan);
        if base.is_none() {
            problems.error(at, profiles.unknown(orphan.base()));
        }
        for _ in waiting {
            match base {
                Some(next) if next.name.value == orphan.name.value => {
                    problems.error(at, "based_on goes round in a circle; base one of these on \"default\"");
                    break;
                }
                Some(next) => base = base_of(next),
                None => break,
            }
        }
    }
}

fn written(node: Option<&Entry>, problems: &mut Problems<'_>) -> Vec<Written> {
    let Some((_, node)) = node else { return Vec::new() };
    let Node::Table(entries) = &node.value else {
        problems.error(node.at, "write each profile as a table of its own: [profile.newsletters]");
        return Vec::new();
    };
    let built_in = profile::built_in();
    let mut all = Vec::new();
    for (key, node) in entries {
        let name: ProfileName = match key.value.parse() {
            Ok(name) => name,
            Err(error) => {
                problems.error(key.at, format!("{error}, not {:?}", key.value));
                continue;
            }
        };
        if built_in.iter().any(|profile| profile.name == name) {
            problems.error(
                key.at,
                format!(
                    "{:?} is built in and stays what it is; choose another name, write based_on = {:?} in it and assign \
                     it: [[assign]] sets = [\"*\"]",
                    name.as_str(),
                    name.as_str()
                ),
            );
        }
        let Some(fields) = Fields::of(node, "[profile.newsletters]", problems) else { continue };
        all.push(Written::read(At { at: key.at, value: name }, fields, problems));
    }
    all
}
