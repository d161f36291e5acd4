use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use guard_core::name::SetKey;
use guard_core::port::{SendingSwitch, SwitchFault};

use crate::locked;

/// What the next calls to the simulated SES meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SesFault {
    /// 429; not done.
    Throttled,
    /// Denied; not done.
    Denied,
    /// No answer, and not done.
    Lost,
    /// No answer, though it was done.
    AnswerLost,
}

#[derive(Debug, Default)]
struct Account {
    sets: BTreeMap<SetKey, bool>,
    faults: VecDeque<SesFault>,
    calls: Vec<(SetKey, Option<bool>)>,
}

/// The part of SES that the guard touches: which sets there are, and which of them may send. Clones share it.
#[derive(Debug, Default, Clone)]
pub struct SimulatedSes(Arc<Mutex<Account>>);

impl SimulatedSes {
    /// Creates a configuration set that may send.
    pub fn create(&self, set: &SetKey) {
        locked(&self.0).sets.insert(set.clone(), true);
    }

    /// Deletes one.
    pub fn delete(&self, set: &SetKey) {
        locked(&self.0).sets.remove(set);
    }

    /// What a person does in the console.
    pub fn toggle(&self, set: &SetKey, enabled: bool) {
        if let Some(stored) = locked(&self.0).sets.get_mut(set) {
            *stored = enabled;
        }
    }

    /// The next calls meet these, one each.
    pub fn plant(&self, faults: impl IntoIterator<Item = SesFault>) {
        locked(&self.0).faults.extend(faults);
    }

    /// Whether the set may send; `false` when there is none.
    pub fn accepts(&self, set: &SetKey) -> bool {
        locked(&self.0).sets.get(set).is_some_and(|enabled| *enabled)
    }

    /// Every call so far: the set, and what it was turned to (`None`: it was only looked at).
    pub fn calls(&self) -> Vec<(SetKey, Option<bool>)> {
        locked(&self.0).calls.clone()
    }

    fn call<T>(&self, set: &SetKey, turned: Option<bool>, act: impl FnOnce(&mut bool) -> T) -> Result<T, SwitchFault> {
        let mut account = locked(&self.0);
        account.calls.push((set.clone(), turned));
        let fault = account.faults.pop_front();
        match fault {
            Some(SesFault::Throttled) => return Err(SwitchFault::Throttled),
            Some(SesFault::Denied) => return Err(SwitchFault::Refused("AccessDeniedException".into())),
            Some(SesFault::Lost) => return Err(SwitchFault::Unknown("connection reset".into())),
            Some(SesFault::AnswerLost) | None => {}
        }
        let stored = account.sets.get_mut(set).ok_or(SwitchFault::NotFound)?;
        let done = act(stored);
        match fault {
            Some(_) => Err(SwitchFault::Unknown("time-out".into())),
            None => Ok(done),
        }
    }
}

impl SendingSwitch for SimulatedSes {
    async fn is_on(&self, set: &SetKey) -> Result<bool, SwitchFault> {
        self.call(set, None, |enabled| *enabled)
    }

    async fn turn(&self, set: &SetKey, on: bool) -> Result<(), SwitchFault> {
        self.call(set, Some(on), |enabled| *enabled = on)
    }
}
