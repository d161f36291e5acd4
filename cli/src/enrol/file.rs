//! The plan as a file: one JSON object a line, the first of which says what is wanted and where. Each line is written as a
//! whole, so that whatever stops the program leaves a plan that can be gone on with.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use guard_core::hearing::{Ear, Finding};
use guard_core::name::{AccountId, ConfigurationSetName, DestinationName, Region, TopicArn};
use guard_core::policy::pattern::Pattern;
use guard_core::steps::enrol::{Plan, Steps, Wanted};
use serde::{Deserialize, Serialize};

use super::Wrong;

/// Of the file's form.
const VERSION: u32 = 1;

/// What is wanted, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Header {
    version: u32,
    pub(super) account: AccountId,
    pub(super) region: Region,
    pub(super) topic_arn: TopicArn,
    pub(super) destination: DestinationName,
    hears_event_bus: bool,
    reputation_metrics: bool,
    sets: Vec<String>,
}

/// What one set would get.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Line {
    pub(super) configuration_set: ConfigurationSetName,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    create_event_destination: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    start_reputation_metrics: bool,
    /// Why a person is needed, and what is to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) impossible: Option<Finding>,
}

impl Header {
    pub(super) fn new(account: AccountId, region: Region, wanted: &Wanted, sets: &[Pattern]) -> Self {
        let Wanted { ear: Ear { topic, destination, event_bus }, metrics } = wanted.clone();
        let mut sets: Vec<String> = sets.iter().map(ToString::to_string).collect();
        sets.sort();
        Self {
            version: VERSION,
            account,
            region,
            topic_arn: topic,
            destination,
            hears_event_bus: event_bus,
            reputation_metrics: metrics,
            sets,
        }
    }

    pub(super) fn wanted(&self) -> Wanted {
        let (topic, destination) = (self.topic_arn.clone(), self.destination.clone());
        Wanted { ear: Ear { topic, destination, event_bus: self.hears_event_bus }, metrics: self.reputation_metrics }
    }
}

impl Line {
    pub(super) fn new(configuration_set: ConfigurationSetName, plan: Plan) -> Self {
        let (steps, impossible) = match plan {
            Plan::Steps(steps) => (steps, None),
            Plan::Impossible(finding) => (Steps::default(), Some(finding)),
        };
        Self {
            configuration_set,
            create_event_destination: steps.destination,
            start_reputation_metrics: steps.metrics,
            impossible,
        }
    }

    pub(super) fn steps(&self) -> Steps {
        Steps { destination: self.create_event_destination, metrics: self.start_reputation_metrics }
    }
}

/// A plan that is being written.
#[derive(Debug)]
pub(super) struct PlanFile {
    path: PathBuf,
    file: File,
    /// The lines that were there already.
    pub(super) known: Vec<Line>,
}

impl PlanFile {
    /// The plan in this file, which is begun if there is none. A plan of something else is refused.
    pub(super) fn continued(path: &Path, header: &Header) -> Result<Self, Wrong> {
        let found = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(unusable(path, &error)),
        };
        let whole = whole_lines(&found);
        let open = || -> io::Result<File> {
            let file = OpenOptions::new().create(true).append(true).open(path)?;
            file.set_len(u64::try_from(whole.len()).unwrap_or(u64::MAX))?;
            Ok(file)
        };
        let mut known = Vec::new();
        if !whole.is_empty() {
            let (planned, lines) = parse(path, whole)?;
            if planned != *header {
                return Err(Wrong::usage(format!(
                    "{} is the plan of something else (see its first line): give another file, or delete it",
                    path.display()
                )));
            }
            known = lines;
        }
        let file = open().map_err(|error| unusable(path, &error))?;
        let mut plan = Self { path: path.to_owned(), file, known };
        if whole.is_empty() {
            plan.write(header)?;
        }
        Ok(plan)
    }

    pub(super) fn names(&self) -> BTreeSet<ConfigurationSetName> {
        self.known.iter().map(|line| line.configuration_set.clone()).collect()
    }

    pub(super) fn add(&mut self, line: &Line) -> Result<(), Wrong> {
        self.write(line)
    }

    fn write(&mut self, line: &impl Serialize) -> Result<(), Wrong> {
        let line = serde_json::to_string(line).map_err(Wrong::failed)? + "\n";
        // In one write, so that no half of it is ever followed by more.
        self.file.write_all(line.as_bytes()).map_err(|error| unusable(&self.path, &error))
    }
}

/// The plan in this file.
pub(super) fn read(path: &Path) -> Result<(Header, Vec<Line>), Wrong> {
    let text = std::fs::read_to_string(path).map_err(|error| unusable(path, &error))?;
    parse(path, whole_lines(&text))
}

/// Without a last line that was cut off.
fn whole_lines(text: &str) -> &str {
    text.rfind('\n').map_or("", |end| text.get(..=end).unwrap_or_default())
}

fn parse(path: &Path, text: &str) -> Result<(Header, Vec<Line>), Wrong> {
    let no_plan = |number: usize, error: serde_json::Error| {
        Wrong::usage(format!("{}:{number}: this is no plan of ses-guard enrol: {error}", path.display()))
    };
    let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    let (_, header) = lines.next().ok_or_else(|| Wrong::usage(format!("{} is empty", path.display())))?;
    let header: Header = serde_json::from_str(header).map_err(|error| no_plan(1, error))?;
    if header.version != VERSION {
        return Err(Wrong::usage(format!("{} was written by another version of ses-guard: plan anew", path.display())));
    }
    let lines = lines.map(|(number, line)| serde_json::from_str(line).map_err(|error| no_plan(number, error)));
    Ok((header, lines.collect::<Result<_, _>>()?))
}

fn unusable(path: &Path, error: &io::Error) -> Wrong {
    Wrong::usage(format!("cannot use {}: {error}", path.display()))
}
