use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use guard_core::home::Home;
use guard_core::port::{Alarms, Fault, Watched};

use crate::locked;

#[derive(Debug, Default)]
struct Known {
    alarms: BTreeMap<String, Watched>,
    children: BTreeMap<String, Vec<String>>,
    asked: Vec<Home>,
}

/// CloudWatch's alarms, as far as they can be looked up. Clones share them.
#[derive(Debug, Default, Clone)]
pub struct SimulatedAlarms(Arc<Mutex<Known>>);

impl SimulatedAlarms {
    /// There is such an alarm; `children` are those in its rule, if it is composite.
    pub fn put(&self, alarm: Watched, children: &[&str]) {
        let mut known = locked(&self.0);
        known.children.insert(alarm.name.clone(), children.iter().map(|&name| name.to_owned()).collect());
        known.alarms.insert(alarm.name.clone(), alarm);
    }

    /// How often they were looked up.
    pub fn calls(&self) -> usize {
        locked(&self.0).asked.len()
    }

    /// In which homes they were looked up.
    pub fn asked(&self) -> BTreeSet<Home> {
        locked(&self.0).asked.iter().cloned().collect()
    }
}

impl Alarms for SimulatedAlarms {
    async fn describe(&self, home: &Home, names: &[String]) -> Result<Vec<Watched>, Fault> {
        let mut known = locked(&self.0);
        known.asked.push(home.clone());
        Ok(names.iter().filter_map(|name| known.alarms.get(name).cloned()).collect())
    }

    async fn children_in_alarm(&self, home: &Home, composite: &str) -> Result<Vec<String>, Fault> {
        let mut known = locked(&self.0);
        known.asked.push(home.clone());
        let children = known.children.get(composite).cloned().unwrap_or_default();
        let in_alarm = |name: &String| known.alarms.get(name).is_some_and(|alarm| alarm.in_alarm);
        Ok(children.into_iter().filter(in_alarm).collect())
    }
}
