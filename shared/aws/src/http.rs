//! The way to AWS: HTTP/1.1 over TLS, and one pool of connections for all clients of a function.
//!
//! The SDK's own client speaks HTTP/2 and through proxies too, which no call of the guard's needs and each function would
//! carry.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector as SmithyConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::ErrorKind;
use hyper::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::{CaptureConnection, HttpConnector, capture_connection};
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};
use tower::Service;
use tower::timeout::Timeout;
use tower::timeout::error::Elapsed;
use tower::util::BoxCloneSyncService;

/// For finding the address, reaching it, and TLS together. The SDK's own default.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(3100);

type Stream = <HttpsConnector<HttpConnector> as Service<Uri>>::Response;

/// How all clients of a function reach AWS. Clones share their connections.
#[derive(Debug, Clone)]
pub(crate) struct Http(Client<BoxCloneSyncService<Uri, Stream, BoxError>, SdkBody>);

impl Http {
    /// Trusts the roots that the machine trusts, as read now.
    pub(crate) fn new() -> Self {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        let (trusted, _) = roots.add_parsable_certificates(found.certs);
        // Not an error yet: a local AWS needs none.
        if trusted == 0 {
            tracing::warn!(errors = ?found.errors, "no root certificate found: no call to AWS will be trusted");
        }
        Self::trusting(roots, CONNECT_TIMEOUT)
    }

    fn trusting(roots: RootCertStore, connect_timeout: Duration) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        // Shared evenly by all addresses of a name, so that a dead one leaves time for the next.
        tcp.set_connect_timeout(Some(connect_timeout));
        // The scheme is looked at by the connector around it.
        tcp.enforce_http(false);
        let connector =
            HttpsConnectorBuilder::new().with_tls_config(tls(roots)).https_or_http().enable_http1().wrap_connector(tcp);
        let connector = BoxCloneSyncService::new(Timeout::new(connector, connect_timeout));
        Self(Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector))
    }
}

#[expect(clippy::expect_used, reason = "only a provider without the cipher suites of TLS 1.2 and 1.3 would fail")]
fn tls(roots: RootCertStore) -> ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has the suites of both versions")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

impl HttpClient for Http {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl SmithyConnector for Http {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into()))),
        };
        // The SDK doesn't use a connection again over which a call broke off: it must be able to tell which it was.
        let used = capture_connection(&mut request);
        if let Some(connection) = request.extensions().get::<CaptureSmithyConnection>() {
            connection.set_connection_retriever(move || describe(&used));
        }
        let answer = self.0.request(request);
        HttpConnectorFuture::new(async move {
            let answer = answer.await.map_err(classify)?;
            HttpResponse::try_from(answer.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

fn describe(used: &CaptureConnection) -> Option<ConnectionMetadata> {
    used.connection_metadata().as_ref()?;
    let used = used.clone();
    let poison = move || {
        if let Some(connection) = used.connection_metadata().as_ref() {
            connection.poison();
        }
    };
    Some(ConnectionMetadata::builder().proxied(false).poison_fn(poison).build())
}

/// What the SDK is to make of a call without an answer: it repeats after a time-out, a broken connection and a half answer.
fn classify(error: legacy::Error) -> ConnectorError {
    let io = source::<std::io::Error>(&error);
    let timed_out =
        source::<Elapsed>(&error).is_some() || io.is_some_and(|io| io.kind() == std::io::ErrorKind::TimedOut);
    let broken = error.is_connect() || io.is_some();
    match source::<hyper::Error>(&error) {
        _ if timed_out => ConnectorError::timeout(error.into()),
        Some(call) if call.is_timeout() => ConnectorError::timeout(error.into()),
        Some(call) if call.is_user() => ConnectorError::user(error.into()),
        Some(call) if call.is_incomplete_message() => {
            ConnectorError::other(error.into(), Some(ErrorKind::TransientError))
        }
        Some(call) if call.is_closed() || call.is_canceled() => ConnectorError::io(error.into()),
        _ if broken => ConnectorError::io(error.into()),
        _ => ConnectorError::other(error.into(), None),
    }
}

fn source<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    std::iter::successors(Some(error), |&error| error.source()).find_map(|error| error.downcast_ref())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    use rustls::ServerConfig;
    use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::*;

    const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

    fn http() -> Http {
        Http::trusting(RootCertStore::empty(), Duration::from_millis(200))
    }

    async fn listener() -> (TcpListener, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        (listener, port)
    }

    /// Answers whatever is asked with this text, as long as it is asked; with an empty one it hangs up at once.
    async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, text: &str) {
        let mut asked = [0; 4096];
        while matches!(stream.read(&mut asked).await, Ok(1..)) && !text.is_empty() {
            stream.write_all(text.as_bytes()).await.unwrap();
        }
    }

    fn ask(url: &str) -> HttpRequest {
        HttpRequest::try_from(hyper::Request::get(url).body(SdkBody::empty()).unwrap()).unwrap()
    }

    /// The status, once the whole answer was read: only then may its connection be used again.
    async fn call(http: &Http, request: HttpRequest) -> Result<u16, ConnectorError> {
        let answer = http.call(request).await?;
        let status = answer.status().as_u16();
        aws_smithy_types::byte_stream::ByteStream::new(answer.into_body()).collect().await.unwrap();
        Ok(status)
    }

    #[tokio::test]
    async fn the_sdk_is_told_what_to_make_of_a_call_without_an_answer() {
        type Right = fn(&ConnectorError) -> bool;
        let transient: Right = |error| error.as_other() == Some(ErrorKind::TransientError);
        let table: [(&str, Option<&str>, Right); 3] = [
            ("nobody listens", None, ConnectorError::is_io),
            ("hung up without an answer", Some(""), transient),
            ("no HTTP", Some("220 mail.example.com ESMTP\r\n\r\n"), |error| {
                error.is_other() && error.as_other().is_none()
            }),
        ];
        for (case, text, right) in table {
            let (listener, port) = listener().await;
            // Dropped here if nothing is to be said.
            let says = text.map(|text| (listener, text));
            let server = async {
                if let Some((listener, text)) = says {
                    answer(listener.accept().await.unwrap().0, text).await;
                }
            };
            let http = http();
            let url = format!("http://127.0.0.1:{port}/");
            let (error, ()) = tokio::join!(async { call(&http, ask(&url)).await.unwrap_err() }, server);
            assert!(right(&error), "{case}: {error:?}");
        }
    }

    #[tokio::test]
    async fn whoever_lets_us_wait_for_the_handshake_is_given_up() {
        // The system takes the connection, and nobody ever says a word.
        let (_listener, port) = listener().await;
        let error = call(&http(), ask(&format!("https://127.0.0.1:{port}/"))).await.unwrap_err();
        assert!(error.is_timeout(), "{error:?}");
    }

    #[tokio::test]
    async fn a_connection_serves_one_call_after_another_until_it_is_given_up() {
        let (listener, port) = listener().await;
        let connections = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                seen.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(answer(stream, OK));
            }
        });
        let http = http();
        for (given_up, connections_since) in [(false, 1), (false, 1), (true, 1), (false, 2), (true, 2), (false, 3)] {
            let used = CaptureSmithyConnection::new();
            let mut request = ask(&format!("http://127.0.0.1:{port}/"));
            request.add_extension(used.clone());
            assert_eq!(call(&http, request).await.unwrap(), 200);
            assert_eq!(connections.load(Ordering::Relaxed), connections_since);
            if given_up {
                used.get().unwrap().poison();
            }
            // The connection goes back to the pool in a task of its own.
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
        }
    }

    #[tokio::test]
    async fn whoever_has_no_certificate_of_a_trusted_root_is_not_asked() {
        let root_key = KeyPair::generate().unwrap();
        let mut root = CertificateParams::new(Vec::<String>::new()).unwrap();
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root_certificate = root.self_signed(&root_key).unwrap();
        let key = KeyPair::generate().unwrap();
        let names = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let certificate = names.signed_by(&key, &Issuer::new(root, root_key)).unwrap();
        let server = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.serialize_der().try_into().unwrap())
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(server));

        let mut trusting = RootCertStore::empty();
        trusting.add(root_certificate.der().clone()).unwrap();
        for (roots, name, trusted) in [
            (trusting.clone(), "localhost", true),
            (trusting, "127.0.0.1", false),
            (RootCertStore::empty(), "localhost", false),
        ] {
            let (listener, port) = listener().await;
            let asked = async {
                let (stream, _) = listener.accept().await.unwrap();
                let Ok(stream) = acceptor.accept(stream).await else { return false };
                answer(stream, OK).await;
                true
            };
            let http = Http::trusting(roots, CONNECT_TIMEOUT);
            let request = ask(&format!("https://{name}:{port}/"));
            let answered = async move {
                let answered = call(&http, request).await;
                drop(http);
                answered
            };
            let (answered, asked) = tokio::join!(answered, asked);
            assert_eq!((answered.is_ok(), asked), (trusted, trusted), "{name}: {answered:?}");
        }
    }
}
