//! The embedded default: every port of the guard in memory, with the semantics of the real thing. It is what the
//! fast tests and the replay of past events run on.
//!
//! Nothing here fails by itself; what is to fail is planted, by count, and happens in order.

mod account;
mod alarms;
mod clock;
mod digests;
mod inventory;
mod ledger;
mod monitor;
mod policies;
mod recorder;
mod register;
mod ses;
mod tenants;

pub use account::SimulatedAccount;
pub use alarms::SimulatedAlarms;
pub use clock::ManualClock;
pub use digests::MemoryDigests;
pub use inventory::Asked;
pub use ledger::MemoryLedger;
pub use monitor::SimulatedMonitor;
pub use policies::MemoryPolicyStore;
pub use recorder::{RecordedNotices, RecordedReminders, RecordedWakes};
pub use register::MemoryRegister;
pub use ses::{DESTINATION, EVENTS_TOPIC, SesFault, SimulatedSes};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A poisoned lock means that a test panicked while it held it; the data is still what it was.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
