use std::collections::BTreeSet;

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use guard_core::name::SetKey;
use guard_core::port::{Fault, Waker};

use crate::Clients;
use crate::fault::fault;

/// Wakes the actuator by invoking its function, which answers nobody.
#[derive(Debug, Clone)]
pub struct ActuateFunction {
    client: aws_sdk_lambda::Client,
    name: String,
}

impl ActuateFunction {
    /// The function of this name or ARN.
    pub fn new(clients: &Clients, name: &str) -> Self {
        Self { client: aws_sdk_lambda::Client::new(clients.config()), name: name.to_owned() }
    }
}

impl Waker for ActuateFunction {
    async fn wake(&self, sets: &BTreeSet<SetKey>) -> Result<(), Fault> {
        let payload = serde_json::json!({ "sets": sets }).to_string();
        let invoked = self.client.invoke().function_name(&self.name).invocation_type(InvocationType::Event);
        let invoked = invoked.payload(Blob::new(payload)).send().await;
        invoked.map(drop).map_err(|error| fault("Invoke", &self.name, error))
    }
}
