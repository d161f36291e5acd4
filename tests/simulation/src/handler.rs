//! What the functions' handlers do around their steps, and what they are invoked with.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use guard_core::event::{AlarmChange, AlarmState};
use guard_core::name::SetKey;
use guard_core::port::{Clock, Register};
use guard_core::steps::act::Actuator;
use guard_core::steps::count::{Counter, Receipt};
use guard_core::steps::decide::Outcome;
use guard_core::steps::operate::Request;
use guard_core::time::plus_seconds;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::mutant::Mutant;
use crate::port::Port;
use crate::process::Role;
use crate::script::Order;
use crate::wiring::{Counts, Deciding};
use crate::world::Pid;

fn stop_at(port: &Port, role: Role) -> Timestamp {
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

/// As the function's handler: each set once, and what failed comes again. Without a policy all of it does.
pub(crate) async fn judge_all(machine: Arc<Deciding>, pid: Pid, sets: BTreeMap<SetKey, i64>) {
    let port = &machine.port;
    let stop_at = stop_at(port, Role::Judge);
    let Some(policy) = machine.policy().await else {
        return port.world().left_over(pid, &sets.into_keys().collect());
    };
    let judge = machine.judge(policy);
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

pub(crate) async fn sweep(machine: Arc<Deciding>, pid: Pid, minute: Timestamp) {
    let stop_at = stop_at(&machine.port, Role::Sweep);
    if let Some(policy) = machine.policy().await {
        if let Some(account) = machine.account_guard(policy.clone()) {
            drop(account.guard(stop_at).await);
        }
        let swept = machine.sweeper(policy).sweep(minute, stop_at).await;
        drop(machine.lookout().look(minute, swept.marked, stop_at).await);
    }
    machine.port.world().finished(pid);
}

pub(crate) async fn touched(machine: Arc<Deciding>, pid: Pid, set: SetKey) {
    if let Some(policy) = machine.policy().await {
        drop(machine.sweeper(policy).touched(&set).await);
    }
    machine.port.world().finished(pid);
}

pub(crate) async fn created(machine: Arc<Deciding>, pid: Pid, set: SetKey) {
    if let Some(policy) = machine.policy().await {
        drop(machine.sweeper(policy).created(&set).await);
    }
    machine.port.world().finished(pid);
}

pub(crate) async fn operate(machine: Arc<Deciding>, pid: Pid, set: SetKey, order: Order) {
    let request = Request::parse(request(&set, order)).expect("the order is well-formed");
    let answer = machine.operator().operate(request).await.to_json();
    machine.port.world().answered(pid, set, order, &answer);
}

pub(crate) async fn push(machine: Arc<Deciding>, pid: Pid, request: Value) {
    let request = Request::parse(request).expect("the push is well-formed");
    let answer = machine.operator().operate(request).await.to_json();
    machine.port.world().push_answered(pid, &answer);
}

pub(crate) async fn respond(machine: Arc<Deciding>, pid: Pid, set: SetKey, at: Timestamp, attempts: u32) {
    let taken_up = match machine.policy().await {
        Some(policy) => machine.responder(policy).respond(&alarm(&set, at)).await.is_ok(),
        None => false,
    };
    machine.port.world().took_up(pid, set, at, if taken_up { 0 } else { attempts });
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

fn request(set: &SetKey, order: Order) -> Value {
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

fn alarm(set: &SetKey, at: Timestamp) -> AlarmChange {
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
