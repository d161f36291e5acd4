use std::sync::{Arc, Mutex};

use guard_core::port::{Fault, Landed, Monitor, Point, Vital, Vitals};
use jiff::Timestamp;

use crate::locked;

#[derive(Debug, Default)]
struct Published {
    vitals: Vitals,
    refusals: usize,
    calls: usize,
}

/// CloudWatch's metrics, as far as they were published. Clones share them.
#[derive(Debug, Default, Clone)]
pub struct SimulatedMonitor(Arc<Mutex<Published>>);

impl SimulatedMonitor {
    /// Publishes a number of the period that begins at `at`.
    pub fn publish(&self, vital: Vital, at: Timestamp, value: u64) {
        let mut published = locked(&self.0);
        let points = published.vitals.entry(vital).or_default();
        points.push(Point { at, value });
        points.sort_by_key(|point| point.at);
    }

    /// The next calls are refused.
    pub fn refuse(&self, calls: usize) {
        locked(&self.0).refusals = calls;
    }

    /// How often it was asked.
    pub fn calls(&self) -> usize {
        locked(&self.0).calls
    }
}

impl Monitor for SimulatedMonitor {
    async fn vitals(&self, from: Timestamp, to: Timestamp) -> Result<Vitals, Fault> {
        let mut published = locked(&self.0);
        published.calls += 1;
        if let Some(left) = published.refusals.checked_sub(1) {
            published.refusals = left;
            let source = "AccessDenied".into();
            return Err(Fault {
                operation: "GetMetricData",
                subject: "the guard's vitals".into(),
                landed: Landed::No,
                source,
            });
        }
        let within = |points: &Vec<Point>| points.iter().filter(|one| one.at >= from && one.at < to).copied().collect();
        let vitals = published.vitals.iter().map(|(vital, points)| (*vital, within(points)));
        Ok(vitals.filter(|(_, points): &(Vital, Vec<Point>)| !points.is_empty()).collect())
    }
}
