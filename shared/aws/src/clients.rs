use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_async::time::SystemTimeSource;

use crate::http::Http;
use crate::settings::{Problems, Settings};

/// The clients of one function, made once at its cold start.
#[derive(Debug, Clone)]
pub struct Clients {
    config: SdkConfig,
}

impl Clients {
    /// Of a function: Region and credentials are in its environment, where Lambda puts them for as long as the environment
    /// lives, and are looked for nowhere else. For a local AWS there is `AWS_ENDPOINT_URL` too. The function's name is in
    /// the user agent of every call, and so in CloudTrail.
    pub fn of_function() -> Result<Self, Problems> {
        Self::of_environment(&|name| std::env::var(name).ok())
    }

    fn of_environment(env: &dyn Fn(&str) -> Option<String>) -> Result<Self, Problems> {
        let mut settings = Settings::new(env);
        let (region, credentials) = (settings.region(), settings.credentials());
        let (region, credentials) = settings.finish(region.zip(credentials))?;
        // A name that no user agent may hold is left out: nothing depends on it.
        let app_name = env("AWS_LAMBDA_FUNCTION_NAME").and_then(|name| AppName::new(name).ok());
        Ok(Self::with(region.into(), credentials, env("AWS_ENDPOINT_URL"), app_name))
    }

    /// Of an operator at a terminal: everything is looked for wherever AWS's own tools look (environment, profiles, proxies),
    /// and the Region too, unless one is given.
    #[cfg(feature = "operator")]
    pub async fn of_operator(region: Option<guard_core::name::Region>) -> Self {
        use aws_smithy_http_client::{Builder, Connector, proxy::ProxyConfig, tls};

        // What the SDK makes by default, but for the library of its TLS.
        let http = Builder::new().build_with_connector_fn(|settings, components| {
            let ring = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
            let mut connector = Connector::builder().tls_provider(ring);
            connector.set_connector_settings(settings.cloned());
            connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
            connector.set_proxy_config(Some(ProxyConfig::from_env()));
            connector.build()
        });
        let mut loader =
            aws_config::defaults(BehaviorVersion::v2026_01_12()).timeout_config(timeouts()).http_client(http);
        if let Some(region) = region {
            loader = loader.region(aws_config::Region::new(String::from(region)));
        }
        Self { config: loader.load().await }
    }

    /// For a stand-in of AWS at this address, with credentials that mean nothing.
    pub fn local(endpoint: &str, region: &str) -> Self {
        let credentials = Credentials::new("local", "local", None, None, "local AWS");
        Self::with(region.to_owned(), credentials, Some(endpoint.to_owned()), None)
    }

    fn with(region: String, credentials: Credentials, endpoint: Option<String>, app_name: Option<AppName>) -> Self {
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(aws_config::Region::new(region))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(Http::new())
            .timeout_config(timeouts())
            .time_source(SystemTimeSource::new());
        config.set_endpoint_url(endpoint).set_app_name(app_name);
        Self { config: config.build() }
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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use aws_sdk_dynamodb::Client;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    /// What a stand-in of AWS does with a call.
    #[derive(Debug, Clone, Copy)]
    enum Then {
        Answers,
        Fails,
        AnswersAndHangsUp,
        HangsUp,
        IsSilent,
    }

    /// Does one after the other, over however many connections, and keeps what was asked.
    async fn stand_in(script: &'static [Then]) -> (String, Arc<Mutex<Vec<String>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (asked, rest) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(script.iter())));
        let seen = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (seen, rest) = (Arc::clone(&seen), Arc::clone(&rest));
                tokio::spawn(serve(stream, move |request| {
                    seen.lock().unwrap().push(request);
                    *rest.lock().unwrap().next().unwrap()
                }));
            }
        });
        (endpoint, asked)
    }

    async fn serve(mut stream: TcpStream, mut then: impl FnMut(String) -> Then) {
        let mut request = [0; 8192];
        loop {
            let read = stream.read(&mut request).await.unwrap_or(0);
            if read == 0 {
                return;
            }
            let then = then(String::from_utf8_lossy(&request[..read]).into_owned());
            let (status, body) = match then {
                Then::Answers | Then::AnswersAndHangsUp => ("200 OK", r#"{"TableNames":[]}"#),
                Then::Fails => ("500 Internal Server Error", r#"{"__type":"InternalServerError"}"#),
                Then::HangsUp => return,
                Then::IsSilent => std::future::pending().await,
            };
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            stream.write_all(answer.as_bytes()).await.unwrap();
            if let Then::AnswersAndHangsUp = then {
                return;
            }
        }
    }

    #[tokio::test]
    async fn a_connection_that_died_while_its_function_was_frozen_loses_no_call() {
        for (script, calls) in [
            (&[Then::Answers, Then::Answers][..], 2),
            (&[Then::AnswersAndHangsUp, Then::Answers], 2),
            (&[Then::Answers, Then::HangsUp, Then::Answers], 2),
            (&[Then::Answers, Then::IsSilent, Then::Answers], 2),
            (&[Then::Fails, Then::HangsUp, Then::Answers], 1),
        ] {
            let (endpoint, asked) = stand_in(script).await;
            let clients = Clients::local(&endpoint, "eu-west-1");
            let timeouts = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_millis(500)).build();
            let config = aws_sdk_dynamodb::config::Builder::from(clients.config()).timeout_config(timeouts).build();
            let client = Client::from_conf(config);
            for call in 0..calls {
                let answer = client.list_tables().send().await;
                assert!(answer.is_ok(), "{script:?}, call {call}: {answer:?}");
            }
            let asked = asked.lock().unwrap();
            assert_eq!(asked.len(), script.len(), "{script:?}: each try is one request");
            for request in &*asked {
                assert!(request.starts_with("POST / HTTP/1.1\r\n"), "{request}");
                assert!(request.contains("authorization: AWS4-HMAC-SHA256 Credential=local/"), "{request}");
            }
        }
    }

    #[test]
    fn a_function_without_credentials_says_which_are_missing() {
        let of = |secret: &'static str, region: &'static str| {
            Clients::of_environment(&|name| match name {
                "AWS_ACCESS_KEY_ID" => Some("AKIDEXAMPLE".to_owned()),
                "AWS_SECRET_ACCESS_KEY" => Some(secret.to_owned()),
                "AWS_REGION" => Some(region.to_owned()),
                "AWS_LAMBDA_FUNCTION_NAME" => Some("guard-ingest".to_owned()),
                _ => None,
            })
        };
        let clients = of("secret", "eu-west-1").unwrap();
        assert_eq!(clients.config().region().unwrap().as_ref(), "eu-west-1");
        assert_eq!(clients.config().app_name().unwrap().as_ref(), "guard-ingest");
        let said = of(" ", "").unwrap_err().to_string();
        let wrong = "the function's environment is wrong: AWS_REGION is missing; AWS_SECRET_ACCESS_KEY is missing";
        assert_eq!(said, wrong);
    }
}
