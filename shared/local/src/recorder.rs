use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use guard_core::name::SetKey;
use guard_core::notice::Notice;
use guard_core::port::{Fault, Notifier, Reminder, Waker};

use crate::locked;

/// Keeps the notices that people would have got. Clones share them.
#[derive(Debug, Default, Clone)]
pub struct RecordedNotices(Arc<Mutex<Vec<Notice>>>);

impl RecordedNotices {
    /// All of them, oldest first.
    pub fn all(&self) -> Vec<Notice> {
        locked(&self.0).clone()
    }
}

impl Notifier for RecordedNotices {
    async fn notify(&self, notice: &Notice) -> Result<(), Fault> {
        locked(&self.0).push(notice.clone());
        Ok(())
    }
}

/// Keeps the reminders that would have been sent. Clones share them.
#[derive(Debug, Default, Clone)]
pub struct RecordedReminders(Arc<Mutex<Vec<(SetKey, u32)>>>);

impl RecordedReminders {
    /// Set and seconds of each, oldest first.
    pub fn all(&self) -> Vec<(SetKey, u32)> {
        locked(&self.0).clone()
    }
}

impl Reminder for RecordedReminders {
    async fn remind(&self, set: &SetKey, seconds: u32) -> Result<(), Fault> {
        locked(&self.0).push((set.clone(), seconds));
        Ok(())
    }
}

/// Keeps whom the actuator was woken for. Clones share it.
#[derive(Debug, Default, Clone)]
pub struct RecordedWakes(Arc<Mutex<Vec<BTreeSet<SetKey>>>>);

impl RecordedWakes {
    /// What it was woken for since the last call, oldest first.
    pub fn take(&self) -> Vec<BTreeSet<SetKey>> {
        std::mem::take(&mut locked(&self.0))
    }
}

impl Waker for RecordedWakes {
    async fn wake(&self, sets: &BTreeSet<SetKey>) -> Result<(), Fault> {
        locked(&self.0).push(sets.clone());
        Ok(())
    }
}
