use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::primitives::Blob;
use serde_json::Value;

use crate::Clients;

/// Longer than the function's own time-out in the template.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(35);

/// The deployed `operate` function, invoked as an operator.
#[derive(Debug, Clone)]
pub struct OperateFunction {
    client: aws_sdk_lambda::Client,
    name: String,
}

/// The deployed `widget` function, invoked as a dashboard does.
#[derive(Debug, Clone)]
pub struct WidgetFunction(OperateFunction);

impl WidgetFunction {
    /// The function of this name or ARN.
    pub fn new(clients: &Clients, name: &str) -> Self {
        Self(OperateFunction::new(clients, name))
    }

    /// The page that it answers with, as JSON.
    pub async fn show(&self, event: &Value) -> Result<Value, OperateFunctionError> {
        self.0.ask(event).await
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum OperateFunctionError {
    /// AWS did not invoke it.
    #[error("could not invoke {name}")]
    NotInvoked {
        /// The function.
        name: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It failed.
    #[error("{name} failed: {message}")]
    Failed {
        /// The function.
        name: String,
        /// What it said.
        message: String,
    },
    /// It answered with something else than JSON.
    #[error("{name} did not answer in JSON")]
    NotJson {
        /// The function.
        name: String,
        /// Where it stops being JSON.
        source: serde_json::Error,
    },
}

impl OperateFunction {
    /// The function of this name or ARN. An order is sent once: a second one would be refused as already carried out.
    pub fn new(clients: &Clients, name: &str) -> Self {
        let timeouts =
            TimeoutConfig::builder().operation_timeout(ANSWER_TIMEOUT).operation_attempt_timeout(ANSWER_TIMEOUT);
        let config = aws_sdk_lambda::config::Builder::from(clients.config())
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts.build());
        Self { client: aws_sdk_lambda::Client::from_conf(config.build()), name: name.to_owned() }
    }

    /// Sends a request and gives the answer, a refusal included.
    pub async fn ask(&self, request: &Value) -> Result<Value, OperateFunctionError> {
        let name = || self.name.clone();
        let invoked = self.client.invoke().function_name(&self.name).payload(Blob::new(request.to_string()));
        let answer = invoked
            .send()
            .await
            .map_err(|error| OperateFunctionError::NotInvoked { name: name(), source: error.into() })?;
        let payload = answer.payload().map(|blob| blob.as_ref().to_vec()).unwrap_or_default();
        if answer.function_error().is_some() {
            let message = String::from_utf8_lossy(&payload).into_owned();
            return Err(OperateFunctionError::Failed { name: name(), message });
        }
        serde_json::from_slice(&payload).map_err(|source| OperateFunctionError::NotJson { name: name(), source })
    }
}
