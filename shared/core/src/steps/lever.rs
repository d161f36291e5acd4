//! Levers: whether a set is paused by its own switch or through its tenant, and who keeps SES from taking its mail.
//!
//! The guard stops a tenant only that it finds sending, and so knows of each tenant that it stopped that it was the guard,
//! and for which set. Whatever AWS or anybody else disabled it leaves as it is.

use serde::Serialize;

use crate::home::Home;
use crate::name::SetKey;
use crate::policy::PauseThrough;
use crate::port::{SendingSwitch, SwitchFault};
use crate::state::State;
use crate::tenant::{Lever, SendingStatus, Tenant, TenantStatus};

/// By what a set is to be paused whose policy says through its tenant, and in which words. SES's throttling is the only
/// fault: a pause waits for no other answer.
pub(super) async fn find<S: SendingSwitch>(switch: &S, set: &SetKey) -> Result<(Lever, String), SwitchFault> {
    let own = |because: &str| Ok((Lever::OwnSwitch, format!("By its own switch, not through a tenant: {because}.")));
    let tenants = match switch.tenants_of(set).await {
        Ok(tenants) => tenants,
        Err(SwitchFault::NotFound) => Vec::new(),
        Err(fault @ SwitchFault::Throttled) => return Err(fault),
        Err(SwitchFault::Refused(_) | SwitchFault::Unknown(_)) => return own("SES did not say which it belongs to"),
    };
    let tenant = match tenants.as_slice() {
        [tenant] => tenant,
        [] => return own("it belongs to none"),
        [_, _, ..] => return own("it belongs to more than one"),
    };
    match switch.tenant_status(&Home::of(set), tenant).await.map(|status| stopped(status, tenant)) {
        Ok(None) => {
            let sentence = format!("Through its tenant {tenant}: SES refuses all mail of that tenant.");
            Ok((Lever::Tenant(tenant.clone()), sentence))
        }
        Ok(Some(Stop::Aws { .. })) => own(&format!("AWS keeps the tenant {tenant} disabled")),
        Ok(Some(Stop::Tenant { .. } | Stop::OwnSwitch)) => own(&format!("the tenant {tenant} is disabled already")),
        Err(fault @ SwitchFault::Throttled) => Err(fault),
        Err(_) => own(&format!("SES did not say how the tenant {tenant} stands")),
    }
}

/// What keeps SES from taking a set's mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "by")]
pub(super) enum Stop {
    /// Its own switch.
    OwnSwitch,
    /// The status that the customer gave its tenant.
    Tenant { tenant: Tenant },
    /// AWS, which keeps its tenant disabled: nobody else lets it send again.
    Aws { tenant: Tenant },
}

/// What keeps SES from taking the set's mail; `None` when nothing does. The tenant is looked at where the set was stopped
/// through it, or would be.
pub(super) async fn stop<S: SendingSwitch>(
    switch: &S,
    set: &SetKey,
    state: &State,
    through: PauseThrough,
) -> Result<Option<Stop>, SwitchFault> {
    if !switch.is_on(set).await? {
        return Ok(Some(Stop::OwnSwitch));
    }
    let found = match (&state.lever, through) {
        (Lever::Tenant(tenant), _) => vec![tenant.clone()],
        (Lever::OwnSwitch | Lever::ItsTenant, PauseThrough::Tenant) if !set.is_account() => {
            switch.tenants_of(set).await?
        }
        (Lever::OwnSwitch | Lever::ItsTenant, PauseThrough::Tenant | PauseThrough::ConfigurationSet) => Vec::new(),
    };
    let [tenant] = found.as_slice() else { return Ok(None) };
    match switch.tenant_status(&Home::of(set), tenant).await {
        Ok(status) => Ok(stopped(status, tenant)),
        // It was deleted: it stops nobody.
        Err(SwitchFault::NotFound) => Ok(None),
        Err(fault) => Err(fault),
    }
}

fn stopped(status: TenantStatus, tenant: &Tenant) -> Option<Stop> {
    let tenant = || tenant.clone();
    match (status.aws, status.customer) {
        (SendingStatus::Disabled, _) => Some(Stop::Aws { tenant: tenant() }),
        (SendingStatus::Enabled | SendingStatus::Reinstated, SendingStatus::Disabled) => {
            Some(Stop::Tenant { tenant: tenant() })
        }
        (SendingStatus::Enabled | SendingStatus::Reinstated, SendingStatus::Enabled | SendingStatus::Reinstated) => {
            None
        }
    }
}
