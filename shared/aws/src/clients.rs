use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_async::time::SystemTimeSource;
use guard_core::name::Region;

/// The clients of one function, made once at its cold start.
#[derive(Debug, Clone)]
pub struct Clients {
    config: SdkConfig,
}

impl Clients {
    /// From the environment: credentials, for a local AWS `AWS_ENDPOINT_URL`, and the Region, unless one is given. In a
    /// function, its name is in the user agent of every call, and so in CloudTrail.
    pub async fn from_env(region: Option<Region>) -> Self {
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12()).timeout_config(timeouts());
        if let Some(region) = region {
            loader = loader.region(aws_config::Region::new(String::from(region)));
        }
        // A name that no user agent may hold is left out: nothing depends on it.
        if let Ok(name) =
            std::env::var("AWS_LAMBDA_FUNCTION_NAME").map_err(drop).and_then(|name| AppName::new(name).map_err(drop))
        {
            loader = loader.app_name(name);
        }
        Self { config: loader.load().await }
    }

    /// For a stand-in of AWS at this address, with credentials that mean nothing.
    pub fn local(endpoint: &str, region: &str) -> Self {
        let credentials = Credentials::new("local", "local", None, None, "local AWS");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(aws_config::Region::new(region.to_owned()))
            .endpoint_url(endpoint)
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .timeout_config(timeouts())
            .time_source(SystemTimeSource::new())
            .build();
        Self { config }
    }

    /// With this configuration.
    pub(crate) fn of(config: SdkConfig) -> Self {
        Self { config }
    }

    /// The configuration they share.
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }
}

/// The SDK sets neither by default; a call that hangs would take the whole invocation with it.
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .operation_attempt_timeout(Duration::from_secs(5))
        .operation_timeout(Duration::from_secs(12))
        .build()
}
