//! What people read while it goes on: a line a set on standard output, how far it is on standard error, a summary.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use guard_core::hearing::Finding;
use guard_core::name::ConfigurationSetName;
use guard_core::steps::enrol::Steps;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::file::{Header, Line};
use crate::show::{self, figure};

/// Where standard error is no terminal, it says how far it is once in so many sets.
const SAID_EVERY: u64 = 100;

/// What became of a set when the plan was applied.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It got this.
    Enrolled(Steps),
    /// It had it already.
    Nothing,
    /// SES knows it no more.
    Gone,
    /// It takes a person.
    Impossible(Finding),
    /// SES would not.
    Failed(String),
}

/// How many sets came to what.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) sets: u64,
    pub(super) destinations: u64,
    pub(super) metrics: u64,
    pub(super) nothing: u64,
    pub(super) impossible: u64,
    pub(super) failed: u64,
}

/// Tells it.
#[derive(Debug)]
pub(super) struct Teller {
    json: bool,
    what: String,
    bar: ProgressBar,
    pub(super) count: Count,
    /// What standard output got, for tests.
    #[cfg(test)]
    pub(super) printed: Vec<String>,
}

impl Teller {
    pub(super) fn new(json: bool, header: &Header) -> Self {
        let what = format!("event destination {} → {}", header.destination, header.topic_arn);
        let bar = if io::stderr().is_terminal() { ProgressBar::new(0) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {pos} of {len}, {eta} left") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(500));
        Self {
            json,
            what,
            bar,
            count: Count::default(),
            #[cfg(test)]
            printed: Vec::new(),
        }
    }

    /// So many sets are to be gone through, of which some were before.
    pub(super) fn begin(&self, doing: &'static str, sets: usize) {
        self.bar.set_message(doing);
        self.bar.set_length(sets as u64);
    }

    fn went_on(&mut self) {
        self.count.sets += 1;
        self.bar.inc(1);
        if !cfg!(test) && self.bar.is_hidden() && self.count.sets.is_multiple_of(SAID_EVERY) {
            let (sets, all) = (figure::count(self.count.sets), figure::count(self.bar.length().unwrap_or_default()));
            say(&format!("{sets} of {all} configuration sets"));
        }
    }

    pub(super) fn planned(&mut self, line: &Line) -> io::Result<()> {
        let steps = line.steps();
        self.take(steps);
        let words = match &line.impossible {
            Some(finding) => {
                self.count.impossible += 1;
                format!("impossible: {} To do: {}", finding.sentence, finding.remedy)
            }
            None if steps.is_empty() => {
                self.count.nothing += 1;
                "nothing: it is heard".to_owned()
            }
            None => self.steps(steps, "create", "switch"),
        };
        self.print(&line.configuration_set, &words, || serde_json::to_value(line).unwrap_or_default())
    }

    pub(super) fn done(&mut self, set: &ConfigurationSetName, outcome: &Outcome) -> io::Result<()> {
        let (word, words) = match outcome {
            Outcome::Enrolled(steps) => {
                self.take(*steps);
                ("enrolled", self.steps(*steps, "created", "switched"))
            }
            Outcome::Nothing => {
                self.count.nothing += 1;
                ("nothing", "nothing was left to do".to_owned())
            }
            Outcome::Gone => {
                self.count.nothing += 1;
                ("gone", "SES knows it no more".to_owned())
            }
            Outcome::Impossible(finding) => {
                self.count.impossible += 1;
                ("impossible", format!("impossible: {} To do: {}", finding.sentence, finding.remedy))
            }
            Outcome::Failed(why) => {
                self.count.failed += 1;
                ("failed", format!("failed: {why}"))
            }
        };
        self.print(set, &words, || json!({"configurationSet": set, "outcome": word, "sentence": words}))
    }

    fn take(&mut self, steps: Steps) {
        self.count.destinations += u64::from(steps.destination);
        self.count.metrics += u64::from(steps.metrics);
    }

    fn steps(&self, steps: Steps, create: &str, switch: &str) -> String {
        let destination = steps.destination.then(|| format!("{create} {}", self.what));
        let metrics = steps.metrics.then(|| format!("{switch} reputation metrics on"));
        destination.into_iter().chain(metrics).collect::<Vec<_>>().join(", ")
    }

    fn print(&mut self, set: &ConfigurationSetName, words: &str, json: impl FnOnce() -> Value) -> io::Result<()> {
        let line = if self.json { json().to_string() } else { format!("{set}  {words}") };
        self.out(&line)?;
        self.went_on();
        Ok(())
    }

    fn out(&mut self, line: &str) -> io::Result<()> {
        #[cfg(test)]
        self.printed.push(line.to_owned());
        if cfg!(test) {
            return Ok(());
        }
        self.bar.suspend(|| writeln!(io::stdout().lock(), "{line}"))
    }

    /// The last line.
    pub(super) fn summary(&mut self, sentence: &str) -> io::Result<()> {
        self.bar.finish_and_clear();
        let Count { sets, destinations, metrics, nothing, impossible, failed } = &self.count;
        let line = if self.json {
            json!({"summary": {
                "configurationSets": sets, "eventDestinations": destinations, "reputationMetrics": metrics,
                "nothing": nothing, "impossible": impossible, "failed": failed, "sentence": sentence,
            }})
            .to_string()
        } else {
            format!("\n{sentence}")
        };
        self.out(&line)
    }
}

/// One line, whatever the message holds.
pub(super) fn say(message: &str) {
    // Nothing is left to do when standard error is closed.
    let _ = writeln!(io::stderr().lock(), "ses-guard: {}", show::one_line(message));
}
