//! Past events replayed through the guard: who would have been paused, when, and on what evidence.
//!
//! In the order in which data moves: [`Input`] (files, folders, standard input; compressed or not) → `cut` (blocks of
//! text) → `split` (records, whatever stands between them) → `forms` (what is wrapped in what, read by the guard's own
//! reader) → [`Archive`] (how much was sent and failed in which second) → [`replay`] (the guard's own judge over the
//! in-memory ledger, once per policy) → [`Report`].
//!
//! Counting is commutative, so the archive may come in any order: only the second in which something was sent or failed
//! is kept, not the event. Then time runs once, and the guard sees each second as one batch.

mod archive;
mod cells;
mod cut;
mod forms;
mod input;
mod intake;
mod read;
mod recent;
mod replay;
mod report;
mod sink;
mod split;
mod standing;

pub use archive::Archive;
pub use input::{Input, Missing, inputs};
pub use intake::{Intake, Malformed, Position, Skipped};
pub use read::{Options, Stopped, read};
pub use replay::{NamedPolicy, replay};
pub use report::{
    AccountReport, Counts, Decision, PolicyOutcome, Report, Saved, Series, SetReport, Verdict, WithGuard, WorstDay,
};
pub use standing::{Onlooker, onlooker};
