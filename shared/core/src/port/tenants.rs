use std::future::Future;

use super::SwitchFault;
use crate::home::Home;
use crate::name::{ConfigurationSetName, SetKey};
use crate::tenant::{Tenant, TenantStatus};

/// SES's tenants, of the home that a set is in. One call is one request: no retry inside. What is written here is an SES
/// that has none.
pub trait Tenants: Send + Sync {
    /// The tenants that the set is a resource of; of many only the first.
    fn tenants_of(&self, set: &SetKey) -> impl Future<Output = Result<Vec<Tenant>, SwitchFault>> + Send {
        let _ = set;
        std::future::ready(Ok(Vec::new()))
    }

    /// The sets that are this tenant's resources; of many only the first.
    fn sets_of(
        &self,
        home: &Home,
        tenant: &Tenant,
    ) -> impl Future<Output = Result<Vec<ConfigurationSetName>, SwitchFault>> + Send {
        let _ = (home, tenant);
        std::future::ready(Err(SwitchFault::NotFound))
    }

    /// Whether the tenant may send.
    fn tenant_status(
        &self,
        home: &Home,
        tenant: &Tenant,
    ) -> impl Future<Output = Result<TenantStatus, SwitchFault>> + Send {
        let _ = (home, tenant);
        std::future::ready(Err(SwitchFault::NotFound))
    }

    /// Lets the tenant send (`ENABLED`, never `REINSTATED`), or stops it, as far as the customer may. May be repeated.
    fn turn_tenant(
        &self,
        home: &Home,
        tenant: &Tenant,
        on: bool,
    ) -> impl Future<Output = Result<(), SwitchFault>> + Send {
        let _ = (home, tenant, on);
        std::future::ready(Err(SwitchFault::NotFound))
    }
}
