//! What is wrong with a policy's text, where, and what to write instead.

use std::fmt;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The policy cannot be used.
    Error,
    /// It can, at a price.
    Warning,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
    /// What is wrong and what to write instead.
    pub message: String,
}

/// `12:5: error: …`
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{}:{}: {severity}: {}", self.line, self.column, self.message)
    }
}

/// A policy's text that cannot be used, with everything that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// In the order of the text; at least one is an error.
    pub problems: Vec<Problem>,
}

impl std::error::Error for Unfit {}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors = self.problems.iter().filter(|problem| problem.severity == Severity::Error);
        let errors: Vec<String> = errors.map(|problem| format!("line {problem}")).collect();
        f.write_str(&errors.join("; "))
    }
}

/// So many problems are told one by one: nobody reads more, and a text that is no policy at all has one in each line.
const MOST: usize = 100;

/// Collects what is wrong, by byte offset.
pub(super) struct Problems<'t> {
    text: &'t str,
    found: Vec<(usize, Severity, String)>,
    errors: usize,
    left_out: usize,
}

impl<'t> Problems<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self { text, found: Vec::new(), errors: 0, left_out: 0 }
    }

    pub(super) fn error(&mut self, at: usize, message: impl Into<String>) {
        self.errors += 1;
        self.add(at, Severity::Error, message.into());
    }

    pub(super) fn warning(&mut self, at: usize, message: impl Into<String>) {
        self.add(at, Severity::Warning, message.into());
    }

    fn add(&mut self, at: usize, severity: Severity, message: String) {
        match self.found.len() < MOST {
            true => self.found.push((at, severity, message)),
            false => self.left_out += 1,
        }
    }

    /// How many errors so far.
    pub(super) fn errors(&self) -> usize {
        self.errors
    }

    /// The line of an offset, from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        place(self.text, at).0
    }

    pub(super) fn in_order(mut self) -> Vec<Problem> {
        self.found.sort_by_key(|(at, ..)| *at);
        let with_place = |(at, severity, message)| {
            let (line, column) = place(self.text, at);
            Problem { severity, line, column, message }
        };
        let mut problems: Vec<Problem> = self.found.into_iter().map(with_place).collect();
        if let (Some(last), left_out @ 1..) = (problems.last(), self.left_out) {
            let severity = if self.errors > 0 { Severity::Error } else { Severity::Warning };
            let message = format!("and {left_out} more; mend these first");
            problems.push(Problem { severity, line: last.line, column: last.column, message });
        }
        problems
    }
}

/// An offset beyond the text, or within a character, is the nearest before it.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..text.floor_char_boundary(at)).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    (line, before.get(line_start..).map_or(0, |rest| rest.chars().count()) + 1)
}
