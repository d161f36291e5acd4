//! A state and an audit record as items of the state table. The short names are a contract with the template's
//! stream filters and indexes, and with whoever reads the table.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use guard_core::audit::{AuditId, AuditRecord};
use guard_core::hearing::Unheard;
use guard_core::name::SetKey;
use guard_core::sight::Sight;
use guard_core::state::{Hold, Intent, Lease, Owner, Phase, State, Totals, Why};
use guard_core::tenant::Lever;
use guard_core::time::Bucket;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(crate) type Item = HashMap<String, AttributeValue>;

/// The sort key of a set's state; audit records have a ULID there.
pub(crate) const STATE: &str = "state";
/// What `todo` holds while the set waits to be judged: the index's partition.
pub(crate) const TO_JUDGE: &str = "judge";

/// Every attribute that a commit sets, or removes when there is nothing to say.
pub(crate) const COMMITTED: [&str; 30] = [
    "rev", "ph", "want", "gen", "applied", "fresh", "owner", "evald", "pend", "prio", "lid", "lto", "hold", "off",
    "conf", "seen", "look", "rmd", "rck", "near", "told", "tell", "why", "sum", "acct", "deaf", "fleet", "sight",
    "strg", "via",
];

/// A state item, but for its keys and its mark.
#[derive(Default, Serialize, Deserialize)]
struct Row {
    #[serde(default)]
    rev: u64,
    #[serde(default)]
    ph: Phase,
    #[serde(default)]
    want: bool,
    #[serde(default, rename = "gen")]
    generation: u64,
    #[serde(default)]
    applied: u64,
    /// Epoch second in which the fence's bucket starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fresh: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<Owner>,
    #[serde(default)]
    evald: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pend: Option<Intent>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    prio: Option<u64>,
    /// By what it is stopped; left out when that is its own switch.
    #[serde(default, skip_serializing_if = "Lever::is_own")]
    via: Lever,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lid: Option<String>,
    /// Epoch millisecond in which the lease ends.
    #[serde(
        default,
        with = "jiff::fmt::serde::timestamp::millisecond::optional",
        skip_serializing_if = "Option::is_none"
    )]
    lto: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hold: Option<Hold>,
    /// Epoch millisecond in which SES confirmed the pause.
    #[serde(
        default,
        with = "jiff::fmt::serde::timestamp::millisecond::optional",
        skip_serializing_if = "Option::is_none"
    )]
    off: Option<Timestamp>,
    /// Epoch millisecond in which SES confirmed the latest intent.
    #[serde(
        default,
        with = "jiff::fmt::serde::timestamp::millisecond::optional",
        skip_serializing_if = "Option::is_none"
    )]
    conf: Option<Timestamp>,
    /// Epoch millisecond in which the sweep last asked SES.
    #[serde(
        default,
        with = "jiff::fmt::serde::timestamp::millisecond::optional",
        skip_serializing_if = "Option::is_none"
    )]
    seen: Option<Timestamp>,
    /// Epoch millisecond in which SES is to be asked again.
    #[serde(
        default,
        with = "jiff::fmt::serde::timestamp::millisecond::optional",
        skip_serializing_if = "Option::is_none"
    )]
    look: Option<Timestamp>,
    /// Epoch millisecond of the latest reminder.
    #[serde(
        default,
        with = "jiff::fmt::serde::timestamp::millisecond::optional",
        skip_serializing_if = "Option::is_none"
    )]
    rmd: Option<Timestamp>,
    /// Epoch millisecond of the re-check.
    #[serde(
        default,
        with = "jiff::fmt::serde::timestamp::millisecond::optional",
        skip_serializing_if = "Option::is_none"
    )]
    rck: Option<Timestamp>,
    /// Epoch millisecond of the latest notice that others send.
    #[serde(
        default,
        with = "jiff::fmt::serde::timestamp::millisecond::optional",
        skip_serializing_if = "Option::is_none"
    )]
    strg: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    near: bool,
    /// What people were told already, and need not be told again: `wouldPause`, `degraded`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    told: Vec<String>,
    /// Audit records that people are still to be told of.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty", with = "serde_dynamo::string_set")]
    tell: BTreeSet<AuditId>,
    /// JSON: it holds a judgement, which is nobody's to query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sum: Option<Sum>,
    /// JSON, as `why`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    acct: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deaf: Option<Unheard>,
    /// JSON, as `why` is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fleet: Option<String>,
    /// JSON, as `why`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sight: Option<String>,
}

/// The totals at the last evaluation, and how near to its line the set was.
#[derive(Serialize, Deserialize)]
struct Sum {
    #[serde(flatten)]
    totals: Totals,
    #[serde(default)]
    used: u64,
}

#[derive(Default, Deserialize)]
struct Marked {
    #[serde(default)]
    dirty: u64,
    #[serde(default)]
    todo: Option<String>,
}

const WOULD_PAUSE: &str = "wouldPause";
const DEGRADED: &str = "degraded";

/// The attributes of a state, without keys and mark.
pub(crate) fn from_state(state: &State) -> Result<Item, Box<dyn std::error::Error + Send + Sync>> {
    let told = [(WOULD_PAUSE, state.would_pause_told), (DEGRADED, state.degraded_told)];
    let row = Row {
        rev: state.revision,
        ph: state.phase,
        want: state.wants_sending(),
        generation: state.generation,
        applied: state.applied,
        fresh: state.fresh.map(Bucket::start_second),
        owner: state.owner,
        evald: state.judged,
        pend: state.pending.map(|(intent, _)| intent),
        prio: state.pending.map(|(_, priority)| priority),
        via: state.lever.clone(),
        lid: state.lease.as_ref().map(|lease| lease.id.clone()),
        lto: state.lease.as_ref().map(|lease| lease.until),
        hold: state.hold.clone(),
        off: state.off_since,
        conf: state.confirmed_at,
        seen: state.looked_at,
        look: state.look_at,
        rmd: state.reminded_at,
        rck: state.recheck_at,
        strg: state.strangers_told_at,
        near: state.near,
        told: told.iter().filter(|(_, told)| *told).map(|(what, _)| (*what).to_owned()).collect(),
        tell: state.untold.clone(),
        why: state.why.as_ref().map(serde_json::to_string).transpose()?,
        sum: state.totals.map(|totals| Sum { totals, used: state.used_ppm }),
        acct: state.account.as_ref().map(serde_json::to_string).transpose()?,
        deaf: state.unheard,
        fleet: state.fleet.as_ref().map(serde_json::to_string).transpose()?,
        sight: state.sight.as_ref().map(serde_json::to_string).transpose()?,
    };
    Ok(serde_dynamo::to_item(row)?)
}

/// The state that an item holds.
pub(crate) fn to_state(item: Item) -> Result<State, Box<dyn std::error::Error + Send + Sync>> {
    let marked: Marked = serde_dynamo::from_item(item.clone())?;
    let row: Row = serde_dynamo::from_item(item)?;
    let why: Option<Why> = row.why.as_deref().map(serde_json::from_str).transpose()?;
    let account = row.acct.as_deref().map(serde_json::from_str).transpose()?;
    let sight: Option<Sight> = row.sight.as_deref().map(serde_json::from_str).transpose()?;
    Ok(State {
        revision: row.rev,
        phase: row.ph,
        generation: row.generation,
        applied: row.applied,
        fresh: row.fresh.and_then(Bucket::starting_at),
        owner: row.owner,
        dirty: marked.dirty,
        judged: row.evald,
        to_judge: marked.todo.is_some(),
        pending: row.pend.map(|intent| (intent, row.prio.unwrap_or(0))),
        lever: row.via,
        lease: row.lid.zip(row.lto).map(|(id, until)| Lease { id, until }),
        hold: row.hold,
        off_since: row.off,
        confirmed_at: row.conf,
        looked_at: row.seen,
        look_at: row.look,
        reminded_at: row.rmd,
        recheck_at: row.rck,
        strangers_told_at: row.strg,
        near: row.near,
        would_pause_told: row.told.iter().any(|what| what == WOULD_PAUSE),
        degraded_told: row.told.iter().any(|what| what == DEGRADED),
        untold: row.tell,
        why,
        used_ppm: row.sum.as_ref().map_or(0, |sum| sum.used),
        totals: row.sum.map(|sum| sum.totals),
        account,
        unheard: row.deaf,
        fleet: row.fleet.as_deref().map(serde_json::from_str).transpose()?,
        sight,
    })
}

/// An audit record as an item.
pub(crate) fn from_record(record: &AuditRecord) -> Result<Item, Box<dyn std::error::Error + Send + Sync>> {
    Ok(HashMap::from([
        ("p".to_owned(), AttributeValue::S(record.set.to_string())),
        ("k".to_owned(), AttributeValue::S(record.id.to_string())),
        ("rec".to_owned(), AttributeValue::S(serde_json::to_string(record)?)),
    ]))
}

/// The audit record that an item holds.
pub(crate) fn to_record(item: &Item) -> Result<AuditRecord, Box<dyn std::error::Error + Send + Sync>> {
    match item.get("rec") {
        Some(AttributeValue::S(json)) => Ok(serde_json::from_str(json)?),
        _ => Err("the audit item has no `rec`".into()),
    }
}

/// The key of one item of the state table.
pub(crate) fn key(set: &SetKey, sort: &str) -> Item {
    HashMap::from([
        ("p".to_owned(), AttributeValue::S(set.to_string())),
        ("k".to_owned(), AttributeValue::S(sort.to_owned())),
    ])
}
