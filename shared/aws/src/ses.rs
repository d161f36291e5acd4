use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::config::http::HttpResponse;
use aws_sdk_sesv2::config::retry::RetryConfig;
use aws_sdk_sesv2::error::{ProvideErrorMetadata, SdkError};
use guard_core::home::{Home, NotGuarded};
use guard_core::name::{AccountId, Region, SetKey};
use guard_core::port::{SendingSwitch, SwitchFault};

use crate::{Clients, HomeClients};

/// How long one call may take. A call that takes longer may still land; the lease outlasts that.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// SES's own switch of a configuration set, or of all sending, in every guarded home: a set of the same name elsewhere is
/// another set.
#[derive(Debug, Clone)]
pub struct SesSwitch {
    clients: BTreeMap<Home, Client>,
}

impl SesSwitch {
    /// The switches of these homes. The SDK does not repeat its calls: they are paced by whoever makes them.
    pub fn new(clients: &HomeClients) -> Self {
        Self { clients: clients.each(one_call_each) }
    }

    pub(crate) fn of(&self, set: &SetKey) -> Result<&Client, SwitchFault> {
        self.at(&Home::of(set))
    }

    /// A home that is not guarded is called by nobody.
    pub(crate) fn at(&self, home: &Home) -> Result<&Client, SwitchFault> {
        self.clients.get(home).ok_or_else(|| SwitchFault::Refused(NotGuarded(home.clone()).into()))
    }
}

/// A client of which each call is one request.
pub(crate) fn one_call_each(clients: &Clients) -> Client {
    let timeouts =
        TimeoutConfig::builder().operation_attempt_timeout(CALL_TIMEOUT).operation_timeout(CALL_TIMEOUT).build();
    let config = aws_sdk_sesv2::config::Builder::from(clients.config())
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
        .build();
    Client::from_conf(config)
}

/// Refuses what is not in the account and Region that this stack guards.
pub(crate) fn elsewhere(what: &str, account: &AccountId, region: &Region) -> SwitchFault {
    SwitchFault::Refused(
        format!("{what} is not in account {account} and Region {region}, which this stack guards").into(),
    )
}

impl SendingSwitch for SesSwitch {
    async fn is_on(&self, set: &SetKey) -> Result<bool, SwitchFault> {
        let client = self.of(set)?;
        if set.is_account() {
            let answer = client.get_account().send().await.map_err(switch_fault)?;
            return Ok(answer.sending_enabled());
        }
        let answer = client.get_configuration_set().configuration_set_name(set.name.as_str()).send().await;
        let answer = answer.map_err(switch_fault)?;
        // SES leaves the options out while nobody has touched them: the set sends.
        Ok(answer.sending_options().is_none_or(|options| options.sending_enabled()))
    }

    async fn turn(&self, set: &SetKey, on: bool) -> Result<(), SwitchFault> {
        let client = self.of(set)?;
        if set.is_account() {
            let call = client.put_account_sending_attributes().sending_enabled(on);
            return call.send().await.map(drop).map_err(switch_fault);
        }
        let call = client.put_configuration_set_sending_options().configuration_set_name(set.name.as_str());
        call.sending_enabled(on).send().await.map(drop).map_err(switch_fault)
    }
}

/// The call was not even made.
#[derive(Debug, thiserror::Error)]
#[error("no credentials for it; in another account or Region: is member.yaml deployed there, for this guard?")]
struct NoCredentials(#[source] Box<dyn Error + Send + Sync>);

/// Whether there were no credentials to sign the call with.
fn lacks_credentials(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<CredentialsError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the SDK's enum may grow; what is not known has no status")]
pub(crate) fn switch_fault<E>(error: SdkError<E, HttpResponse>) -> SwitchFault
where
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    // Nothing can land that was never signed. A role that can't be assumed is one home's trouble, and the others' turn.
    if lacks_credentials(&error) {
        return SwitchFault::Refused(NoCredentials(error.into()).into());
    }
    let status = match &error {
        SdkError::ServiceError(refused) => Some(refused.raw().status().as_u16()),
        SdkError::ConstructionFailure(_) => Some(400),
        _ => None,
    };
    match (status, error.code()) {
        (Some(429), _) | (_, Some("TooManyRequestsException" | "ThrottlingException" | "Throttling")) => {
            SwitchFault::Throttled
        }
        (Some(404), _) | (_, Some("NotFoundException")) => SwitchFault::NotFound,
        (Some(status), _) if status < 500 => SwitchFault::Refused(error.into()),
        _ => SwitchFault::Unknown(error.into()),
    }
}
