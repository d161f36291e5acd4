//! Tenants: what AWS says of them, and whether one that is disabled was disabled by the guard.

use super::{Sweeper, Swept};
use crate::audit::AuditRecord;
use crate::event::{Origin, TenantEvent, TenantWord};
use crate::home::Home;
use crate::name::SetKey;
use crate::policy::PauseThrough;
use crate::port::{Clock, Committed, Fault, Inventory, Ledger, Register, Reminder, SendingSwitch, SwitchFault, Waker};
use crate::state::{Change, Phase, State, Why};
use crate::steps::lever::{self, Stop};
use crate::tenant::{SendingStatus, Tenant};

/// How often an event is written down anew after someone else changed the account's state. What is lost is no loss: events
/// are best effort, and the looks ask SES itself.
const ATTEMPTS: usize = 4;

impl<L: Ledger, R: Register, M: Reminder, C: Clock, S: SendingSwitch, W: Waker, I: Inventory>
    Sweeper<L, R, M, C, S, W, I>
{
    /// AWS said something of a tenant. It is kept, told if it is news, and the tenant's sets are looked at in the next
    /// sweep: what an event says may be old.
    pub async fn told_of_tenant(&self, event: &TenantEvent) -> Swept {
        let mut swept = Swept::default();
        if let Err(fault) = self.take_in(event, &mut swept).await {
            swept.faults.push(fault);
        }
        swept
    }

    async fn take_in(&self, event: &TenantEvent, swept: &mut Swept) -> Result<(), Fault> {
        let TenantEvent { home, tenant, word, .. } = event;
        let disabled =
            matches!(word, TenantWord::Status { origin: Origin::Customer, status: SendingStatus::Disabled, .. });
        // Where SES does not say, it is told: rather twice than not at all.
        let ours = disabled && self.is_ours(home, tenant).await?.unwrap_or(false);
        self.write_down(event, ours, swept).await?;
        for name in self.switch.sets_of(home, tenant).await.unwrap_or_default() {
            let judged_by = self.judge.policy.for_set(&name, self.now());
            if judged_by.policy.pause_through == PauseThrough::Tenant {
                self.ask_to_look(&home.set(name)).await?;
            }
        }
        Ok(())
    }

    async fn write_down(&self, event: &TenantEvent, ours: bool, swept: &mut Swept) -> Result<(), Fault> {
        let key = event.home.whole();
        for _ in 0..ATTEMPTS {
            let state = self.register().read(&key).await?;
            let mut watch = state.account.as_deref().cloned().unwrap_or_default();
            let news = watch.tenants.hear(event, ours, self.now());
            let after = State { account: Some(Box::new(watch)), ..state.clone() };
            if after == state {
                return Ok(());
            }
            let record = news.map(|news| {
                let record = AuditRecord::of(&key, self.now(), news.act, &state, &after, Why::guard(news.sentence));
                record.once(&format!("{} {}", event.tenant.path(), event.at))
            });
            let change = Change::silent(&key, &state, after);
            let change = record.iter().fold(change, |change, record| change.recorded(record.clone(), true));
            if self.register().commit(&change).await? == Committed::Done {
                swept.tenants.extend(record);
                return Ok(());
            }
        }
        Ok(())
    }

    /// What keeps SES from taking the set's mail, but for a tenant that the guard itself disabled for another of its sets:
    /// that is as meant.
    pub(super) async fn stop(
        &self,
        set: &SetKey,
        state: &State,
        through: PauseThrough,
    ) -> Result<Result<Option<Stop>, SwitchFault>, Fault> {
        let stop = match lever::stop(&self.switch, set, state, through).await {
            Ok(stop) => stop,
            Err(fault) => return Ok(Err(fault)),
        };
        if let Some(Stop::Tenant { tenant }) = &stop
            && state.lever.tenant() != Some(tenant)
        {
            match self.is_ours(&Home::of(set), tenant).await? {
                Ok(true) => return Ok(Ok(None)),
                Ok(false) => {}
                Err(fault) => return Ok(Err(fault)),
            }
        }
        Ok(Ok(stop))
    }

    /// Whether the guard has stopped this tenant for one of its sets, or just did something to one of them: SES may answer
    /// as before for a while.
    pub(super) async fn is_ours(&self, home: &Home, tenant: &Tenant) -> Result<Result<bool, SwitchFault>, Fault> {
        let names = match self.switch.sets_of(home, tenant).await {
            Ok(names) => names,
            Err(SwitchFault::NotFound) => Vec::new(),
            Err(fault) => return Ok(Err(fault)),
        };
        for name in names {
            let state = self.register().read(&home.set(name)).await?;
            let stops = matches!(state.phase, Phase::Pausing | Phase::Paused | Phase::Resuming);
            if (stops && state.lever.tenant() == Some(tenant)) || !state.is_settled(self.now()) {
                return Ok(Ok(true));
            }
        }
        Ok(Ok(false))
    }
}
