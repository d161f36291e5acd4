//! Discovering: sets that have not sent yet are known by SES's list of them, read a page a minute once a day, and by
//! CloudTrail. A set that is known takes its turn in the looks, and so is found to be deaf before it has done harm.

use std::collections::BTreeMap;

use futures::StreamExt;
use jiff::Timestamp;

use super::{IN_FLIGHT, Round, Sweeper, Swept};
use crate::audit::{Act, AuditRecord};
use crate::fleet::Listing;
use crate::name::SetKey;
use crate::port::{Clock, Committed, Fault, Glance, Inventory, Ledger, Register, Reminder, SendingSwitch, Waker};
use crate::state::{Change, Phase, State, Why};
use crate::time::{Bucket, plus_seconds};

/// After this long a set that CloudTrail told of is looked at: whoever created it has given it its event destinations.
const NEW_SET_RESTS_SECONDS: i64 = 300;
/// After this long a set whose event destinations were changed is looked at: what replaces one deletes it first.
const REPUBLISHED_RESTS_SECONDS: i64 = 120;

impl<L: Ledger, R: Register, M: Reminder, C: Clock, S: SendingSwitch, W: Waker, I: Inventory>
    Sweeper<L, R, M, C, S, W, I>
{
    /// Somebody created this set.
    pub async fn created(&self, set: &SetKey) -> Swept {
        let mut swept = Swept::default();
        let look_at = Some(plus_seconds(self.now(), NEW_SET_RESTS_SECONDS));
        match self.introduce(set, look_at).await {
            Ok(true) => swept.discovered.push(set.clone()),
            Ok(false) => {}
            Err(fault) => swept.faults.push(fault),
        }
        swept
    }

    /// Somebody changed where this set's events go: it is looked at soon, when they may be done with it.
    pub async fn republished(&self, set: &SetKey) -> Swept {
        let mut swept = Swept::default();
        let asked = match self.register().read(set).await {
            Ok(state) if state.revision > 0 && state.look_at.is_none() => {
                let after =
                    State { look_at: Some(plus_seconds(self.now(), REPUBLISHED_RESTS_SECONDS)), ..state.clone() };
                self.register().commit(&Change::silent(set, &state, after)).await.map(drop)
            }
            // Nothing is known of it, or it is looked at anyway.
            Ok(_) => Ok(()),
            Err(fault) => Err(fault),
        };
        swept.faults.extend(asked.err());
        swept
    }

    /// Reads a page of SES's list, if one is due. The sets on it are written down before the position is: a page may be
    /// read twice, and none is passed over.
    pub(super) async fn discover(&self, glances: &[Glance], round: &mut Round, swept: &mut Swept) {
        let listing = round.fleet.listing.clone();
        let in_time = self.now() < round.stop_at;
        if !(round.listens && in_time && listing.is_due(self.now())) {
            return;
        }
        let (account, region) = (&self.listening.account, &self.listening.region);
        let page = match self.inventory.configuration_sets(account, region, listing.next.as_deref()).await {
            Ok(page) => page,
            Err(fault) => {
                if round.refused(&fault) {
                    round.fleet.listing = listing.refused(self.now());
                }
                swept.unlisted = Some(fault);
                return;
            }
        };
        let known: BTreeMap<&SetKey, Phase> = glances.iter().map(|one| (&one.set, one.phase)).collect();
        let key = |name| SetKey { account: account.clone(), region: region.clone(), name };
        let read = listing.read(page.items.len(), page.next, self.now());
        let new =
            page.items.into_iter().map(key).filter(|set| known.get(set).is_none_or(|phase| *phase == Phase::Gone));
        let stop_at = round.stop_at;
        let new: Vec<_> = futures::stream::iter(new)
            .map(|set| async move {
                if self.now() >= stop_at {
                    return (set, None);
                }
                let introduced = self.introduce(&set, None).await;
                (set, Some(introduced))
            })
            .buffer_unordered(IN_FLIGHT)
            .collect()
            .await;
        let mut left = false;
        for (set, introduced) in new {
            match introduced {
                Some(Ok(true)) => swept.discovered.push(set),
                Some(Ok(false)) => {}
                Some(Err(fault)) => {
                    swept.faults.push(fault);
                    left = true;
                }
                None => left = true,
            }
        }
        if left {
            // The page is read again in a minute.
            return;
        }
        round.fleet.listing = Listing { limit_told: listing.limit_told && read.is_near_limit(), ..read };
    }

    /// Writes down that there is such a set; gives whether that was new. A conflict means that someone else knows it.
    async fn introduce(&self, set: &SetKey, look_at: Option<Timestamp>) -> Result<bool, Fault> {
        let state = self.register().read(set).await?;
        // SES's list may be older than the answer by which it was gone; a call in CloudTrail is not.
        let settled = look_at.is_some() || state.fresh.is_none_or(|fence| fence <= Bucket::of(self.now()));
        let change = if state.revision == 0 {
            Change::silent(set, &state, State { look_at, ..state.clone() })
        } else if state.phase == Phase::Gone && settled {
            let after = State { phase: Phase::Active, look_at, why: None, ..state.clone() };
            let why = Why::guard("SES knows a configuration set of this name again.");
            let record = AuditRecord::of(set, self.now(), Act::FoundAgain, &state, &after, why);
            Change::silent(set, &state, after).recorded(record, false)
        } else {
            return Ok(false);
        };
        Ok(self.register().commit(&change).await? == Committed::Done)
    }
}
