use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use guard_core::audit::{AuditId, AuditRecord};
use guard_core::name::SetKey;
use guard_core::port::{Committed, Fault, Glance, Pending, Register};
use guard_core::state::{Change, Mark, State};

use crate::locked;

#[derive(Debug, Default)]
struct Tables {
    states: BTreeMap<SetKey, State>,
    records: BTreeMap<(SetKey, AuditId), AuditRecord>,
    written: Vec<SetKey>,
}

/// The states and the audit file, in memory, with a stream of what was written. Clones share them.
#[derive(Debug, Default, Clone)]
pub struct MemoryRegister {
    tables: Arc<Mutex<Tables>>,
}

impl MemoryRegister {
    /// The sets whose state was written since the last call, in order: the table's stream.
    pub fn take_stream(&self) -> Vec<SetKey> {
        std::mem::take(&mut locked(&self.tables).written)
    }
}

impl Register for MemoryRegister {
    async fn mark(&self, set: &SetKey) -> Result<(), Fault> {
        let mut tables = locked(&self.tables);
        let state = tables.states.entry(set.clone()).or_default();
        state.dirty += 1;
        state.to_judge = true;
        tables.written.push(set.clone());
        Ok(())
    }

    async fn read(&self, set: &SetKey) -> Result<State, Fault> {
        Ok(locked(&self.tables).states.get(set).cloned().unwrap_or_default())
    }

    async fn commit(&self, change: &Change) -> Result<Committed, Fault> {
        let mut tables = locked(&self.tables);
        let present = tables.states.get(&change.set).cloned().unwrap_or_default();
        let marked_since = change.mark == Mark::Clear && present.dirty != change.before.dirty;
        let known =
            change.audit.iter().any(|record| tables.records.contains_key(&(change.set.clone(), record.id.clone())));
        if present.revision != change.before.revision || marked_since || known {
            return Ok(Committed::Conflict);
        }
        // The mark is added to blindly: what is stored of it now is what stays.
        let mut stored = change.stored();
        stored.dirty = present.dirty;
        stored.to_judge = present.to_judge;
        match change.mark {
            Mark::Keep => {}
            Mark::Clear => stored.to_judge = false,
            Mark::Set => {
                stored.dirty += 1;
                stored.to_judge = true;
            }
        }
        tables.states.insert(change.set.clone(), stored);
        for record in &change.audit {
            tables.records.insert((change.set.clone(), record.id.clone()), record.clone());
        }
        tables.written.push(change.set.clone());
        Ok(Committed::Done)
    }

    async fn pending(&self) -> Result<Vec<Pending>, Fault> {
        let tables = locked(&self.tables);
        let mut pending: Vec<Pending> = tables
            .states
            .iter()
            .filter_map(|(set, state)| {
                let (intent, priority) = state.pending?;
                Some(Pending { set: set.clone(), intent, priority })
            })
            .collect();
        pending.sort_by_key(|one| (one.intent, Reverse(one.priority)));
        Ok(pending)
    }

    async fn to_judge(&self) -> Result<Vec<SetKey>, Fault> {
        let tables = locked(&self.tables);
        Ok(tables.states.iter().filter(|(_, state)| state.to_judge).map(|(set, _)| set.clone()).collect())
    }

    async fn glances(&self) -> Result<Vec<Glance>, Fault> {
        let tables = locked(&self.tables);
        let changed = tables.states.iter().filter(|(_, state)| state.revision > 0);
        Ok(changed.map(|(set, state)| Glance::at(set, state)).collect())
    }

    async fn states(&self) -> Result<Vec<(SetKey, State)>, Fault> {
        let tables = locked(&self.tables);
        let sets = tables.states.iter().filter(|(set, _)| !set.is_account());
        Ok(sets.map(|(set, state)| (set.clone(), state.clone())).collect())
    }

    async fn history(&self, set: &SetKey, limit: u32) -> Result<Vec<AuditRecord>, Fault> {
        let tables = locked(&self.tables);
        let of_set = tables.records.iter().rev().filter(|((of, _), _)| of == set).map(|(_, record)| record.clone());
        Ok(of_set.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect())
    }

    async fn audit_record(&self, set: &SetKey, id: &AuditId) -> Result<Option<AuditRecord>, Fault> {
        Ok(locked(&self.tables).records.get(&(set.clone(), id.clone())).cloned())
    }
}
