//! Which deployed guard is asked, and why there is no answer.

use std::env;
use std::error::Error;

use clap::Args;
use guard_aws::{Clients, OperateFunction, OperateFunctionError};
use guard_core::name::Region;
use serde_json::Value;

const FUNCTION: &str = "GUARD_OPERATE_FUNCTION";
pub(crate) const STACK: &str = "ses-reputation-guard";
const ANOTHER: &str = "name another with --stack or --function";

#[derive(Debug, Args)]
#[command(next_help_heading = "The deployed guard")]
pub(crate) struct Deployed {
    /// The stack whose `operate` function is asked [default: ses-reputation-guard].
    #[arg(long, value_name = "NAME", conflicts_with = "function")]
    stack: Option<String>,
    /// That function itself [env: GUARD_OPERATE_FUNCTION, unless --stack is given].
    #[arg(long, value_name = "NAME|ARN")]
    function: Option<String>,
    /// Its Region [default: that of its ARN, else AWS_REGION or the AWS profile's].
    #[arg(long, value_name = "CODE")]
    region: Option<Region>,
    /// Print the answer as it is, on one line.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum NotAsked {
    /// Nobody says where the function is.
    NoRegion,
    /// In one line, with what to do.
    Failed(String),
}

impl Deployed {
    /// Sends the request and gives the answer, a refusal included.
    pub(crate) fn ask(&self, request: &Value) -> Result<Value, NotAsked> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| NotAsked::Failed(format!("cannot ask the guard: {error}")))?;
        runtime.block_on(async {
            let clients = Clients::of_operator(self.region()).await;
            let region = clients.config().region().ok_or(NotAsked::NoRegion)?.to_string();
            let function = OperateFunction::new(&clients, &self.name());
            function.ask(request).await.map_err(|error| NotAsked::Failed(explain(&error, &region)))
        })
    }

    /// What to say of an answer that is none of the guard's.
    pub(crate) fn stranger(&self) -> String {
        format!("{} answered, but not as the guard's operate function does; {ANOTHER}", self.name())
    }

    fn name(&self) -> String {
        let of_stack = |stack: &str| format!("{stack}-operate");
        let from_env = || env::var(FUNCTION).ok().filter(|name| !name.is_empty());
        let named = self.function.clone().or_else(|| self.stack.as_deref().map(of_stack));
        named.or_else(from_env).unwrap_or_else(|| of_stack(STACK))
    }

    /// An answer whose commands name this stack: the guard itself does not know its name.
    pub(crate) fn named(&self, answer: &Value) -> Value {
        let mut answer = answer.clone();
        let spots = answer.pointer_mut("/sight/blindSpots").and_then(Value::as_array_mut);
        for next in spots.into_iter().flatten().filter_map(|spot| spot.get_mut("next")) {
            if let Some(text) = next.as_str() {
                *next = text.replace("STACK", &self.stack()).into();
            }
        }
        answer
    }

    /// The stack's name: as `--stack` says, or that of its `operate` function.
    pub(crate) fn stack(&self) -> String {
        let name = self.name();
        let function = name.rsplit(':').next().unwrap_or_default();
        function.strip_suffix("-operate").unwrap_or(function).to_owned()
    }

    /// Its Region, if the options or its name say so.
    pub(crate) fn region(&self) -> Option<Region> {
        self.region.clone().or_else(|| region_of_arn(&self.name()))
    }
}

/// `arn:aws:lambda:REGION:…`
fn region_of_arn(name: &str) -> Option<Region> {
    name.strip_prefix("arn:")?.split(':').nth(2)?.parse().ok()
}

/// The cause, and what to do about it.
pub(crate) fn explain(error: &OperateFunctionError, region: &str) -> String {
    match error {
        OperateFunctionError::NotInvoked { name, source } => not_invoked(name, region, &causes(source.as_ref())),
        OperateFunctionError::Failed { name, message } => {
            format!("{name} failed: {}; its log says more", error_message(message))
        }
        OperateFunctionError::NotJson { name, source } => {
            format!("{name} did not answer in JSON ({source}); is it the guard's operate function? {ANOTHER}")
        }
    }
}

/// The SDK's types don't leave `guard-aws`, so its errors are told apart by their words.
fn not_invoked(name: &str, region: &str, cause: &str) -> String {
    let has = |words: &str| cause.contains(words);
    if has("ResourceNotFoundException") {
        format!("no function {name} in {region} of this account: {ANOTHER}, or another Region with --region")
    } else if has("AccessDenied") {
        format!("not allowed to invoke {name} in {region}: {cause}")
    } else if has("no credentials found in chain") {
        "no AWS credentials: log in (aws sso login), or set AWS_PROFILE or AWS_ACCESS_KEY_ID".to_owned()
    } else if has("timed out") {
        format!(
            "{name} in {region} did not answer in time; it may have done it all the same, so look at the status first"
        )
    } else {
        format!("cannot reach {name} in {region}: {cause}")
    }
}

/// An error's causes without the SDK's layers that say nothing, each once.
fn causes(error: &dyn Error) -> String {
    const LAYERS: [&str; 4] = ["service error", "dispatch failure", "other", "Error"];
    let mut causes: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = unwrapped(&error.to_string()).to_owned();
        if !LAYERS.contains(&text.as_str()) && causes.last() != Some(&text) {
            causes.push(text);
        }
        next = error.source();
    }
    causes.join(": ")
}

/// `unhandled error (CODE)` is the code, `Error { code: "CODE", message: "TEXT" }` the text.
fn unwrapped(text: &str) -> &str {
    let code = || text.strip_prefix("unhandled error (")?.strip_suffix(')');
    let message = || text.strip_prefix("Error { ")?.split_once("message: \"")?.1.split('"').next();
    match text {
        "unhandled error" => "AWS failed without a word",
        text => code().or_else(message).unwrap_or(text),
    }
}

/// Lambda wraps what a function failed with: `{"errorType": …, "errorMessage": …}`.
fn error_message(payload: &str) -> String {
    let wrapped: Option<Value> = serde_json::from_str(payload).ok();
    let message = wrapped.as_ref().and_then(|error| error.get("errorMessage")).and_then(Value::as_str);
    message.unwrap_or(payload).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_says_its_region() {
        for (name, region) in [
            ("arn:aws:lambda:eu-west-1:111122223333:function:mail-guard-operate", Some("eu-west-1")),
            ("arn:aws-cn:lambda:cn-north-1:111122223333:function:mail-guard-operate", Some("cn-north-1")),
            ("111122223333:function:mail-guard-operate", None),
            ("mail-guard-operate", None),
            ("arn:", None),
        ] {
            assert_eq!(region_of_arn(name).as_ref().map(Region::as_str), region, "{name}");
        }
    }

    #[test]
    fn the_sdk_s_words_are_unwrapped() {
        for (text, plain) in [
            ("unhandled error (AccessDeniedException)", "AccessDeniedException"),
            (
                "Error { code: \"ExpiredTokenException\", message: \"It expired.\", aws_request_id: \"1\" }",
                "It expired.",
            ),
            ("Error { code: \"ExpiredTokenException\" }", "Error { code: \"ExpiredTokenException\" }"),
            ("unhandled error", "AWS failed without a word"),
            ("io error", "io error"),
        ] {
            assert_eq!(unwrapped(text), plain);
        }
    }

    #[test]
    fn a_time_out_is_not_a_no() {
        let told = not_invoked("mail-guard-operate", "eu-west-1", "request has timed out: operation timeout");
        assert!(told.contains("may have done it all the same"), "{told}");
    }
}
