//! What the functions' handlers do around their steps, and what they are invoked with.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use guard_core::event::{AlarmChange, AlarmState};
use guard_core::name::SetKey;
use guard_core::port::{Clock, Register};
use guard_core::steps::act::Actuator;
use guard_core::steps::count::{Counter, Receipt};
use guard_core::steps::decide::{Judge, Outcome};
use guard_core::time::plus_seconds;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::mutant::Mutant;
use crate::port::Port;
use crate::process::{Counts, Role};
use crate::script::Order;
use crate::world::Pid;

pub(crate) fn stop_at(port: &Port, role: Role) -> Timestamp {
    let (lasts, reserve) = role.times();
    plus_seconds(port.now(), lasts - reserve)
}

pub(crate) async fn ingest(port: Port, pid: Pid, counter: Arc<Counter<Counts, Port, Port>>, receipts: Vec<Receipt>) {
    let stop_at = stop_at(&port, Role::Ingest);
    if port.world().mutant == Mutant::MarkBeforeWrite {
        let failing = |receipt: &&Receipt| receipt.signals.iter().any(|signal| signal.kind.is_failure());
        let sets: BTreeSet<SetKey> =
            receipts.iter().filter(failing).flat_map(|receipt| &receipt.signals).map(|one| one.set.clone()).collect();
        for set in sets {
            drop(port.mark(&set).await);
        }
        if let Some(running) = port.world().running.get_mut(&pid) {
            running.bent.has_marked = true;
        }
    }
    let counted = counter.count(&receipts, stop_at).await;
    port.world().counted(pid, &counted.failed);
}

/// As the function's handler: each set once, and what failed comes again.
pub(crate) async fn judge_all(
    port: Port,
    pid: Pid,
    judge: Judge<Counts, Port, Port, Port>,
    sets: BTreeMap<SetKey, i64>,
) {
    let stop_at = stop_at(&port, Role::Judge);
    let mut failed = BTreeSet::new();
    for set in sets.into_keys() {
        if port.now() >= stop_at {
            failed.insert(set);
            continue;
        }
        match judge.judge(&set).await {
            Ok(Outcome::Contended) | Err(_) => drop(failed.insert(set)),
            Ok(Outcome::Kept(_) | Outcome::Changed(..) | Outcome::Rechecking(_) | Outcome::Later) => {}
        }
    }
    port.world().left_over(pid, &failed);
}

pub(crate) async fn actuate(
    port: Port,
    pid: Pid,
    actuator: Arc<Actuator<Port, Port, Port, Port>>,
    sets: BTreeMap<SetKey, i64>,
) {
    let stop_at = stop_at(&port, Role::Actuate);
    let woken = sets.into_keys().collect();
    let drained = actuator.drain(&woken, &format!("invocation-{pid}"), stop_at).await;
    port.world().left_over(pid, &drained.unfinished);
}

pub(crate) fn request(set: &SetKey, order: Order) -> Value {
    let (action, force) = match order {
        Order::Pause => ("pause", None),
        Order::Resume => ("resume", None),
        Order::ForceResume => ("resume", Some(true)),
        Order::Hold => ("hold", None),
        Order::Release => ("release", None),
    };
    let mut request = json!({
        "action": action, "configurationSet": set.name.as_str(), "reason": "so it is ordered", "actor": "ops@example.com"
    });
    if let Some(force) = force {
        request["force"] = force.into();
    }
    request
}

pub(crate) fn alarm(set: &SetKey, at: Timestamp) -> AlarmChange {
    AlarmChange {
        name: format!("bounces-of-{}", set.name),
        state: AlarmState::Alarm,
        configuration_sets: vec![set.name.clone()],
        children: Vec::new(),
        account_level: false,
        composite: false,
        changed_at: Some(at),
        reason: None,
        account: Some(set.account.clone()),
        region: Some(set.region.clone()),
    }
}
