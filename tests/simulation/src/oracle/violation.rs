//! What is found, and what it is found by.

use guard_core::name::SetKey;

use crate::rules::Rules;
use crate::ses::Turn;
use crate::world::Running;

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub promise: &'static str,
    /// When, in epoch milliseconds.
    pub at: i64,
    /// How.
    pub what: String,
}

impl Violation {
    /// This promise was broken now.
    pub fn new(promise: &'static str, at: i64, what: String) -> Self {
        Self { promise, at, what }
    }
}

/// What a process saw before it committed.
#[derive(Debug, Default)]
pub struct Seen {
    pub(super) began_at: Option<usize>,
    pub(super) known_at: Option<usize>,
    pub(super) read_at: Option<usize>,
    pub(super) looked: Option<Turn>,
    pub(super) rules: Option<Rules>,
}

impl Seen {
    /// What it saw of this set.
    pub fn by(running: Option<&Running>, set: &SetKey) -> Self {
        let Some(running) = running else { return Self::default() };
        Self {
            began_at: running.began_at.get(set).copied(),
            known_at: running.known_at.get(set).copied(),
            read_at: running.read_at.get(set).copied(),
            looked: running.looked.get(set).copied(),
            rules: running.rules,
        }
    }
}
