use aws_sdk_sesv2::types::{
    ListTenantResourcesFilterKey, ReputationEntityType, SendingStatus as SesStatus, StatusRecord,
};
use guard_core::home::Home;
use guard_core::name::{ConfigurationSetName, SetKey};
use guard_core::port::{SwitchFault, Tenants};
use guard_core::tenant::{SendingStatus, Tenant, TenantStatus};
use tracing::warn;

use crate::SesSwitch;
use crate::homes::partition;
use crate::ses::switch_fault;

/// More than a tenant or a set is thought to have; what is beyond is not asked for.
const PAGE_SIZE: i32 = 100;

impl Tenants for SesSwitch {
    async fn tenants_of(&self, set: &SetKey) -> Result<Vec<Tenant>, SwitchFault> {
        let arn = arn(&Home::of(set), &format!("configuration-set/{}", set.name));
        let call = self.of(set)?.list_resource_tenants().resource_arn(arn).page_size(PAGE_SIZE);
        let answer = call.send().await.map_err(switch_fault)?;
        let tenants = answer.resource_tenants().iter();
        let tenants = tenants.map(|one| {
            let (name, id) = (one.tenant_name().unwrap_or_default(), one.tenant_id().unwrap_or_default());
            // One that is left out would make the next the only one.
            format!("{name}/{id}").parse().map_err(|error| SwitchFault::Unknown(Box::new(error)))
        });
        tenants.collect()
    }

    async fn sets_of(&self, home: &Home, tenant: &Tenant) -> Result<Vec<ConfigurationSetName>, SwitchFault> {
        let call = self.at(home)?.list_tenant_resources().tenant_name(tenant.name()).page_size(PAGE_SIZE);
        let call = call.filter(ListTenantResourcesFilterKey::ResourceType, "CONFIGURATION_SET");
        let answer = call.send().await.map_err(switch_fault)?;
        let names = answer.tenant_resources().iter().filter_map(|one| {
            let (_, name) = one.resource_arn()?.split_once(":configuration-set/")?;
            name.parse().inspect_err(|error| warn!("SES lists a resource of a tenant whose name is none: {error}")).ok()
        });
        Ok(names.collect())
    }

    async fn tenant_status(&self, home: &Home, tenant: &Tenant) -> Result<TenantStatus, SwitchFault> {
        let call = self.at(home)?.get_reputation_entity().reputation_entity_type(ReputationEntityType::Resource);
        let answer = call.reputation_entity_reference(tenant_arn(home, tenant)).send().await.map_err(switch_fault)?;
        let entity =
            answer.reputation_entity().ok_or_else(|| SwitchFault::Unknown("there is no entity in it".into()))?;
        Ok(TenantStatus {
            customer: status(entity.customer_managed_status())?,
            aws: status(entity.aws_ses_managed_status())?,
        })
    }

    async fn turn_tenant(&self, home: &Home, tenant: &Tenant, on: bool) -> Result<(), SwitchFault> {
        let call = self.at(home)?.update_reputation_entity_customer_managed_status();
        let call = call.reputation_entity_type(ReputationEntityType::Resource);
        let call = call.reputation_entity_reference(tenant_arn(home, tenant));
        let call = call.sending_status(if on { SesStatus::Enabled } else { SesStatus::Disabled });
        call.send().await.map(drop).map_err(switch_fault)
    }
}

/// SES leaves a record out while nobody has said anything: the tenant may send.
fn status(record: Option<&StatusRecord>) -> Result<SendingStatus, SwitchFault> {
    match record.and_then(StatusRecord::status) {
        None | Some(SesStatus::Enabled) => Ok(SendingStatus::Enabled),
        Some(SesStatus::Disabled) => Ok(SendingStatus::Disabled),
        Some(SesStatus::Reinstated) => Ok(SendingStatus::Reinstated),
        Some(other) => Err(SwitchFault::Unknown(format!("{} is no status that is known", other.as_str()).into())),
    }
}

fn tenant_arn(home: &Home, tenant: &Tenant) -> String {
    arn(home, &format!("tenant/{}", tenant.path()))
}

fn arn(Home { account, region }: &Home, resource: &str) -> String {
    format!("arn:{}:ses:{region}:{account}:{resource}", partition(region))
}
