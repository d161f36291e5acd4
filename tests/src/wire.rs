//! A stand-in of AWS on a loopback port that answers as it is told and notes what it was asked.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpStream};

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Such as `GET /v2/email/configuration-sets/promo`.
    pub what: String,
    /// Its body.
    pub body: String,
    /// The access key that signed it.
    pub access_key: String,
    /// The Region that it was signed for.
    pub region: String,
}

/// The stand-in, for as long as the test's runtime lives.
#[derive(Debug, Clone)]
pub struct Wire {
    /// Its address.
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Wire {
    /// Answers with the status and the text that `answer` gives.
    pub async fn start(answer: impl Fn(&Asked) -> (u16, String) + Clone + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port is free");
        let url = format!("http://{}", listener.local_addr().expect("the listener has an address"));
        let wire = Self { url, asked: Arc::default() };
        let asked = wire.asked.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (asked, answer) = (asked.clone(), answer.clone());
                tokio::spawn(async move { serve(stream, &asked, answer).await });
            }
        });
        wire
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no request panicked").clone()
    }
}

/// One request on each connection.
async fn serve(stream: TcpStream, log: &Mutex<Vec<Asked>>, answer: impl Fn(&Asked) -> (u16, String)) -> Option<()> {
    let mut stream = BufStream::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        if line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    let header = |name: &str| {
        lines.iter().find_map(|line| {
            line.split_once(": ").filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        })
    };
    let length = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    // AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, …
    let mut credential = header("authorization")?.split_once("Credential=")?.1.split('/');
    let asked = Asked {
        what: lines.first()?.rsplit_once(' ')?.0.to_owned(),
        body: String::from_utf8_lossy(&body).into_owned(),
        access_key: credential.next()?.to_owned(),
        region: credential.nth(1)?.to_owned(),
    };
    let (status, text) = answer(&asked);
    log.lock().ok()?.push(asked);
    let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", text.len());
    stream.write_all(format!("{head}{text}").as_bytes()).await.ok()?;
    stream.flush().await.ok()
}
