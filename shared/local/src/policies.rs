use std::sync::{Arc, Mutex};

use guard_core::policy::stored::{PolicyStore, StoredPolicy};
use guard_core::port::{Committed, Fault};

use crate::locked;

/// The pushed policies, in memory. Clones share them.
#[derive(Debug, Default, Clone)]
pub struct MemoryPolicyStore(Arc<Mutex<Vec<StoredPolicy>>>);

impl PolicyStore for MemoryPolicyStore {
    async fn latest(&self) -> Result<Option<StoredPolicy>, Fault> {
        Ok(locked(&self.0).last().cloned())
    }

    async fn version(&self, version: u64) -> Result<Option<StoredPolicy>, Fault> {
        Ok(locked(&self.0).iter().find(|stored| stored.version == version).cloned())
    }

    async fn versions(&self, limit: u32) -> Result<Vec<StoredPolicy>, Fault> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(locked(&self.0).iter().rev().take(limit).cloned().collect())
    }

    async fn push(&self, policy: &StoredPolicy) -> Result<Committed, Fault> {
        let mut versions = locked(&self.0);
        if policy.version != versions.last().map_or(0, |latest| latest.version) + 1 {
            return Ok(Committed::Conflict);
        }
        versions.push(policy.clone());
        Ok(Committed::Done)
    }
}
