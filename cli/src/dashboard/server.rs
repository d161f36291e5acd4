//! Answers the browser: on the loopback address, to whoever knows the key.
//!
//! Three things could turn a browser against its user. A page elsewhere may send requests here: each needs the key, which no
//! other page can read. A name may be made to point here (DNS rebinding): its `Host` is not ours. A script might get into
//! the page: the policy of the page runs ours alone.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderMap, ORIGIN, REFERRER_POLICY};
use hyper::header::{HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpListener;

use super::console;
use super::source::{Call, Source};

/// What a call may hold: a name, a reason, and little else.
const MOST_BYTES: usize = 64 * 1024;
const KEY: HeaderName = HeaderName::from_static("x-ses-guard-key");
/// Between looks at connections that failed, as when there are too many.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(100);

/// 128 random bits.
pub(super) fn key() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

struct Server {
    address: SocketAddr,
    key: String,
    source: Source,
}

type Answer = Response<Full<Bytes>>;

/// Serves until the process ends.
pub(super) async fn serve(listener: TcpListener, address: SocketAddr, key: String, source: Source) -> io::Result<()> {
    let server = Arc::new(Server { address, key, source });
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(_) => {
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            let answer = service_fn(move |request| {
                let server = Arc::clone(&server);
                async move { Ok::<_, Infallible>(server.answer(request).await) }
            });
            // A browser that goes away is no fault of ours.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
        });
    }
}

impl Server {
    async fn answer(&self, request: Request<Incoming>) -> Answer {
        if let Some(refused) = self.refused(request.headers()) {
            return refused;
        }
        match (request.method(), request.uri().path()) {
            (&Method::GET, "/") if request.uri().query() == Some(&format!("key={}", self.key)) => self.page(),
            (&Method::GET, "/") => {
                plain(StatusCode::FORBIDDEN, "Open the address that ses-guard printed: it holds a key.")
            }
            (&Method::POST, "/call") => self.call(request).await,
            _ => plain(StatusCode::NOT_FOUND, "There is nothing here."),
        }
    }

    /// What a request is answered that was not meant for this address, or came from another page.
    fn refused(&self, headers: &HeaderMap) -> Option<Answer> {
        let port = self.address.port();
        let hosts = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        if !text(HOST).is_some_and(|host| hosts.iter().any(|ours| ours == host)) {
            return Some(plain(StatusCode::MISDIRECTED_REQUEST, "This is not the address that ses-guard listens on."));
        }
        match text(ORIGIN) {
            Some(origin) if !hosts.iter().any(|ours| origin == format!("http://{ours}")) => {
                Some(plain(StatusCode::FORBIDDEN, "Another page sent this."))
            }
            Some(_) | None => None,
        }
    }

    fn page(&self) -> Answer {
        match key() {
            Ok(nonce) => {
                let page = console::page(&self.source.title(), &self.key, &nonce);
                let mut answer = with(StatusCode::OK, "text/html; charset=utf-8", page);
                if let Ok(policy) = HeaderValue::from_str(&console::policy(&nonce)) {
                    answer.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
                }
                answer
            }
            Err(error) => plain(StatusCode::INTERNAL_SERVER_ERROR, &format!("no random nonce: {error}")),
        }
    }

    async fn call(&self, request: Request<Incoming>) -> Answer {
        if request.headers().get(KEY).is_none_or(|key| key.as_bytes() != self.key.as_bytes()) {
            return plain(StatusCode::FORBIDDEN, "The key is wrong; open the address that ses-guard printed.");
        }
        let body = match Limited::new(request.into_body(), MOST_BYTES).collect().await {
            Ok(body) => body.to_bytes(),
            Err(_) => return plain(StatusCode::PAYLOAD_TOO_LARGE, "That is too much."),
        };
        let call: Call = match serde_json::from_slice(&body) {
            Ok(call) => call,
            Err(error) => return plain(StatusCode::BAD_REQUEST, &format!("this is no call: {error}")),
        };
        match self.source.call(call).await {
            Ok(html) => with(StatusCode::OK, "application/json", json!({ "html": html }).to_string()),
            Err(error) => with(StatusCode::BAD_GATEWAY, "application/json", json!({ "error": error }).to_string()),
        }
    }
}

fn plain(status: StatusCode, text: &str) -> Answer {
    with(status, "text/plain; charset=utf-8", format!("{text}\n"))
}

fn with(status: StatusCode, content_type: &'static str, body: String) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    let headers = [
        (CONTENT_TYPE, content_type),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // The key is in the address.
        (REFERRER_POLICY, "no-referrer"),
    ];
    answer.headers_mut().extend(headers.map(|(name, value)| (name, HeaderValue::from_static(value))));
    answer
}
