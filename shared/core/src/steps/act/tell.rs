//! Telling: what is on file and untold goes out, one by one, or together where it is many.
//!
//! Told first and crossed off after: a crash between the two tells twice, never not at all.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use super::{Actuator, COMMIT_ATTEMPTS, Deed, Drained};
use crate::audit::{Act, AuditId, AuditRecord};
use crate::name::SetKey;
use crate::notice::Notice;
use crate::port::{Clock, Committed, Fault, Notifier, Register, SendingSwitch};
use crate::state::Change;

/// How many records one drain tells of together, at most: each is an event for machines and a write.
const MOST_TOGETHER: usize = 200;

impl<R: Register, S: SendingSwitch, N: Notifier, C: Clock> Actuator<R, S, N, C> {
    /// Tells people what they have not been told of this set. What is one of many is kept for [`Actuator::tell_together`].
    pub(super) async fn tell(&self, set: &SetKey, drained: &mut Drained) {
        if let Err(fault) = self.tell_all(set, drained).await {
            drained.faults.push(fault);
        }
    }

    async fn tell_all(&self, set: &SetKey, drained: &mut Drained) -> Result<(), Fault> {
        let untold = self.register.read(set).await?.untold;
        for id in untold {
            if drained.together.iter().any(|kept| kept.id == id) {
                continue;
            }
            let record = self.register.audit_record(set, &id).await?;
            if let Some(record) = &record
                && let Some(notice) = Notice::of(record, &self.letterhead)
            {
                if !self.is_told_by_itself(record) {
                    if drained.together.len() < MOST_TOGETHER {
                        drained.together.push(record.clone());
                    }
                    continue;
                }
                self.notifier.notify(&notice).await?;
                drained.deeds.push(Deed::Told(set.clone(), notice));
            }
            self.cross_off(set, &id).await?;
        }
        Ok(())
    }

    /// Tells people of each kind at once, and machines of each record.
    pub(super) async fn tell_together(&self, drained: &mut Drained) {
        let mut kinds = BTreeMap::<Act, Vec<AuditRecord>>::new();
        for record in std::mem::take(&mut drained.together) {
            kinds.entry(record.act).or_default().push(record);
        }
        for (_, mut records) in kinds {
            records.sort_by(|one, other| one.id.cmp(&other.id));
            if let Err(fault) = self.tell_kind(&records, drained).await {
                drained.faults.push(fault);
            }
        }
    }

    async fn tell_kind(&self, records: &[AuditRecord], drained: &mut Drained) -> Result<(), Fault> {
        // One is not many.
        let is_many = records.len() > 1;
        if is_many && let Some(notice) = Notice::of_many(records, &self.letterhead) {
            self.notifier.notify(&notice).await?;
            let sets = records.iter().map(|record| record.set.clone()).collect();
            drained.deeds.push(Deed::ToldTogether(sets, notice));
        }
        for record in records {
            if let Some(notice) = Notice::of(record, &self.letterhead) {
                let notice = if is_many { notice.for_machines() } else { notice };
                self.notifier.notify(&notice).await?;
            }
            self.cross_off(&record.set, &record.id).await?;
        }
        Ok(())
    }

    fn is_told_by_itself(&self, record: &AuditRecord) -> bool {
        let mut crowd = self.crowd.lock().unwrap_or_else(PoisonError::into_inner);
        crowd.admits(record, self.clock.now())
    }

    async fn cross_off(&self, set: &SetKey, id: &AuditId) -> Result<(), Fault> {
        for _ in 0..COMMIT_ATTEMPTS {
            let state = self.register.read(set).await?;
            let mut told = state.clone();
            if !told.untold.remove(id) {
                break;
            }
            if self.register.commit(&Change::silent(set, &state, told)).await? == Committed::Done {
                break;
            }
        }
        Ok(())
    }
}
