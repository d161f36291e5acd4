use std::collections::BTreeSet;

use guard_core::home::Home;
use guard_core::name::{ConfigurationSetName, SetKey};
use guard_core::port::{SwitchFault, Tenants};
use guard_core::tenant::{SendingStatus, Tenant, TenantStatus};

use crate::SimulatedSes;
use crate::locked;
use crate::ses::Account;

/// A tenant, in the home of its sets.
#[derive(Debug, Default)]
pub(crate) struct Stored {
    pub(crate) sets: BTreeSet<SetKey>,
    pub(crate) status: TenantStatus,
}

impl SimulatedSes {
    /// Makes the set a resource of this tenant, which is created with its first.
    pub fn associate(&self, set: &SetKey, tenant: &Tenant) {
        let mut account = locked(&self.0);
        account.tenants.entry((Home::of(set), tenant.clone())).or_default().sets.insert(set.clone());
    }

    /// Deletes a tenant, but not its sets.
    pub fn delete_tenant(&self, home: &Home, tenant: &Tenant) {
        locked(&self.0).tenants.remove(&(home.clone(), tenant.clone()));
    }

    /// What a person, or AWS, says of the tenant.
    pub fn treat_tenant(&self, home: &Home, tenant: &Tenant, change: impl FnOnce(&mut TenantStatus)) {
        if let Some(stored) = locked(&self.0).tenants.get_mut(&(home.clone(), tenant.clone())) {
            change(&mut stored.status);
        }
    }

    /// Every status that was written: the tenant's name, and the word.
    pub fn tenants_turned(&self) -> Vec<(String, SendingStatus)> {
        locked(&self.0).turned.clone()
    }
}

impl Account {
    /// Whether no tenant of the set keeps it from sending.
    pub(crate) fn tenants_send(&self, set: &SetKey) -> bool {
        let mut of_set = self.tenants.values().filter(|stored| stored.sets.contains(set));
        of_set.all(|Stored { status: TenantStatus { customer, aws }, .. }| {
            *customer != SendingStatus::Disabled && *aws != SendingStatus::Disabled
        })
    }

    fn tenant(&mut self, home: &Home, tenant: &Tenant) -> Result<&mut Stored, SwitchFault> {
        self.tenants.get_mut(&(home.clone(), tenant.clone())).ok_or(SwitchFault::NotFound)
    }
}

impl Tenants for SimulatedSes {
    async fn tenants_of(&self, set: &SetKey) -> Result<Vec<Tenant>, SwitchFault> {
        self.meeting_faults(|account| {
            let of_set = account.tenants.iter().filter(|(_, stored)| stored.sets.contains(set));
            Ok(of_set.map(|((_, tenant), _)| tenant.clone()).collect())
        })
    }

    async fn sets_of(&self, home: &Home, tenant: &Tenant) -> Result<Vec<ConfigurationSetName>, SwitchFault> {
        self.meeting_faults(|account| {
            Ok(account.tenant(home, tenant)?.sets.iter().map(|set| set.name.clone()).collect())
        })
    }

    async fn tenant_status(&self, home: &Home, tenant: &Tenant) -> Result<TenantStatus, SwitchFault> {
        self.meeting_faults(|account| Ok(account.tenant(home, tenant)?.status))
    }

    async fn turn_tenant(&self, home: &Home, tenant: &Tenant, on: bool) -> Result<(), SwitchFault> {
        self.meeting_faults(|account| {
            let status = if on { SendingStatus::Enabled } else { SendingStatus::Disabled };
            account.tenant(home, tenant)?.status.customer = status;
            account.turned.push((tenant.to_string(), status));
            Ok(())
        })
    }
}
