//! A stand-in of Lambda's Invoke API: answers on a loopback port and remembers what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

/// What came in.
#[derive(Debug, Clone)]
pub(crate) struct Invocation {
    /// The function's name or ARN, as in the path.
    pub(crate) function: String,
    /// The Region that the request was signed for.
    pub(crate) region: String,
    pub(crate) request: Value,
}

/// What goes out.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) header: &'static str,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn answer(body: impl ToString) -> Self {
        Self { status: 200, header: "", body: body.to_string() }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Lambda {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Invocation>>>,
}

impl Lambda {
    /// Its thread ends with the test's process.
    pub(crate) fn start(reply: impl Fn(&Value) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let lambda = Self { address: listener.local_addr().unwrap(), seen: Arc::default() };
        let seen = Arc::clone(&lambda.seen);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                let invocation = read(&stream);
                let reply = reply(&invocation.request);
                seen.lock().unwrap().push(invocation);
                write(&stream, &reply);
            }
        });
        lambda
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn invocations(&self) -> Vec<Invocation> {
        self.seen.lock().unwrap().clone()
    }
}

fn read(stream: &TcpStream) -> Invocation {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        head.push(line.trim().to_owned());
    }
    let header = |name: &str| {
        let named = |line: &&String| line.split_once(':').is_some_and(|(key, _)| key.eq_ignore_ascii_case(name));
        head.iter().find(named).unwrap_or_else(|| panic!("no {name}: {head:?}")).split_once(':').unwrap().1.trim()
    };
    let path = head[0].strip_prefix("POST /2015-03-31/functions/").unwrap_or_else(|| panic!("{}", head[0]));
    let function = path.split_once("/invocations").unwrap().0.replace("%3A", ":");
    let region = header("authorization").split("Credential=").nth(1).unwrap().split('/').nth(2).unwrap().to_owned();
    let mut body = vec![0; header("content-length").parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    Invocation { function, region, request: serde_json::from_slice(&body).unwrap() }
}

fn write(mut stream: &TcpStream, reply: &Reply) {
    let Reply { status, header, body } = reply;
    let head = format!("HTTP/1.1 {status} -\r\ncontent-length: {}\r\nconnection: close\r\n{header}", body.len());
    stream.write_all(format!("{head}\r\n{body}").as_bytes()).unwrap();
}
