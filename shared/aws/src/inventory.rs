use std::error::Error;

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::config::http::HttpResponse;
use aws_sdk_sesv2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::types::{
    EventBridgeDestination, EventDestination as SesDestination, EventDestinationDefinition, EventType as SesEventType,
    IdentityInfo, IdentityType, SnsDestination,
};
use guard_core::name::{AccountId, ConfigurationSetName, Region, SetKey};
use guard_core::port::{Created, EventDestination, Identity, IdentityKind, Inventory, Page, SwitchFault, Target};
use tracing::warn;

use crate::Clients;
use crate::ses::{elsewhere, one_call_each, switch_fault};

/// As many as SES gives at once: documented for ListEmailIdentities, and for the first API's ListConfigurationSets.
const PAGE_SIZE: i32 = 1_000;

/// SES's own configuration sets, event destinations and identities, in the account and Region of this stack.
#[derive(Debug, Clone)]
pub struct SesInventory {
    client: Client,
    account: AccountId,
    region: Region,
}

impl SesInventory {
    /// The inventory of this account and Region.
    pub fn new(clients: &Clients, account: AccountId, region: Region) -> Self {
        Self { client: one_call_each(clients), account, region }
    }

    fn check(&self, account: &AccountId, region: &Region) -> Result<(), SwitchFault> {
        if *account == self.account && *region == self.region {
            return Ok(());
        }
        Err(elsewhere(&format!("{account}/{region}"), &self.account, &self.region))
    }
}

impl Inventory for SesInventory {
    async fn configuration_sets(
        &self,
        account: &AccountId,
        region: &Region,
        after: Option<&str>,
    ) -> Result<Page<ConfigurationSetName>, SwitchFault> {
        self.check(account, region)?;
        let call = self.client.list_configuration_sets().page_size(PAGE_SIZE).set_next_token(after.map(str::to_owned));
        let answer = call.send().await.map_err(switch_fault)?;
        let names = answer.configuration_sets().iter().filter_map(|name| match name.parse() {
            Ok(name) => Some(name),
            Err(error) => {
                warn!("SES lists a configuration set whose name is none: {error}");
                None
            }
        });
        Ok(Page { items: names.collect(), next: next(answer.next_token()) })
    }

    async fn event_destinations(&self, set: &SetKey) -> Result<Vec<EventDestination>, SwitchFault> {
        self.check(&set.account, &set.region)?;
        let call = self.client.get_configuration_set_event_destinations().configuration_set_name(set.name.as_str());
        let answer = call.send().await.map_err(switch_fault)?;
        Ok(answer.event_destinations().iter().map(destination).collect())
    }

    async fn create_event_destination(&self, set: &SetKey, new: &EventDestination) -> Result<Created, SwitchFault> {
        self.check(&set.account, &set.region)?;
        let definition = definition(new).map_err(SwitchFault::Refused)?;
        let call = self.client.create_configuration_set_event_destination().configuration_set_name(set.name.as_str());
        match call.event_destination_name(&new.name).event_destination(definition).send().await {
            Ok(_) => Ok(Created::Done),
            Err(error) => not_created(error),
        }
    }

    async fn has_reputation_metrics(&self, set: &SetKey) -> Result<bool, SwitchFault> {
        self.check(&set.account, &set.region)?;
        let answer = self.client.get_configuration_set().configuration_set_name(set.name.as_str()).send().await;
        let answer = answer.map_err(switch_fault)?;
        // They are off until somebody switches them on.
        Ok(answer.reputation_options().is_some_and(|options| options.reputation_metrics_enabled()))
    }

    async fn start_reputation_metrics(&self, set: &SetKey) -> Result<(), SwitchFault> {
        self.check(&set.account, &set.region)?;
        let call = self.client.put_configuration_set_reputation_options().configuration_set_name(set.name.as_str());
        call.reputation_metrics_enabled(true).send().await.map(drop).map_err(switch_fault)
    }

    async fn identities(
        &self,
        account: &AccountId,
        region: &Region,
        after: Option<&str>,
    ) -> Result<Page<Identity>, SwitchFault> {
        self.check(account, region)?;
        let call = self.client.list_email_identities().page_size(PAGE_SIZE).set_next_token(after.map(str::to_owned));
        let answer = call.send().await.map_err(switch_fault)?;
        let items = answer.email_identities().iter().filter_map(identity).collect();
        Ok(Page { items, next: next(answer.next_token()) })
    }

    async fn default_set(
        &self,
        account: &AccountId,
        region: &Region,
        identity: &str,
    ) -> Result<Option<ConfigurationSetName>, SwitchFault> {
        self.check(account, region)?;
        let answer = self.client.get_email_identity().email_identity(identity).send().await.map_err(switch_fault)?;
        let name = answer.configuration_set_name().filter(|name| !name.is_empty());
        name.map(str::parse)
            .transpose()
            .map_err(|error: guard_core::name::NameError| SwitchFault::Unknown(error.into()))
    }
}

fn next(token: Option<&str>) -> Option<String> {
    token.filter(|token| !token.is_empty()).map(str::to_owned)
}

fn destination(found: &SesDestination) -> EventDestination {
    let target = if let Some(sns) = found.sns_destination() {
        Target::Topic(sns.topic_arn().to_owned())
    } else if let Some(bus) = found.event_bridge_destination() {
        Target::EventBus(bus.event_bus_arn().to_owned())
    } else if found.kinesis_firehose_destination().is_some() {
        Target::Other("Firehose")
    } else if found.cloud_watch_destination().is_some() {
        Target::Other("CloudWatch")
    } else if found.pinpoint_destination().is_some() {
        Target::Other("Pinpoint")
    } else {
        Target::Other("an unknown target")
    };
    EventDestination {
        name: found.name().to_owned(),
        enabled: found.enabled(),
        events: found.matching_event_types().iter().map(|one| one.as_str().into()).collect(),
        target,
    }
}

fn definition(new: &EventDestination) -> Result<EventDestinationDefinition, Box<dyn Error + Send + Sync>> {
    let events = new.events.iter().map(|one| SesEventType::from(one.as_str())).collect();
    let builder = EventDestinationDefinition::builder().enabled(new.enabled).set_matching_event_types(Some(events));
    let builder = match &new.target {
        Target::Topic(arn) => builder.sns_destination(SnsDestination::builder().topic_arn(arn).build()?),
        Target::EventBus(arn) => {
            builder.event_bridge_destination(EventBridgeDestination::builder().event_bus_arn(arn).build()?)
        }
        Target::Other(word) => return Err(format!("the guard creates no event destination for {word}").into()),
    };
    Ok(builder.build())
}

fn not_created<E>(error: SdkError<E, HttpResponse>) -> Result<Created, SwitchFault>
where
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    match error.code() {
        Some("AlreadyExistsException") => Ok(Created::AlreadyThere),
        Some("LimitExceededException") => Ok(Created::Full),
        Some(_) | None => Err(switch_fault(error)),
    }
}

fn identity(found: &IdentityInfo) -> Option<Identity> {
    let kind = match found.identity_type() {
        Some(IdentityType::EmailAddress) => IdentityKind::EmailAddress,
        _ => IdentityKind::Domain,
    };
    Some(Identity { name: found.identity_name()?.to_owned(), kind, sends: found.sending_enabled() })
}
