//! `ses-guard dashboard` as a browser meets it: who is let in, and what is passed on to the deployed functions.
#![expect(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod lambda;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use lambda::{Lambda, Reply};
use serde_json::{Value, json};

/// A running dashboard; it ends with the test.
struct Served {
    process: Child,
    port: u16,
    key: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Served {
    fn start(arguments: &[&str], lambda: Option<&Lambda>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ses-guard"));
        command.arg("dashboard").args(arguments).env_clear().stdout(Stdio::piped()).stderr(Stdio::null());
        for (name, value) in [("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x"), ("AWS_REGION", "eu-west-1")] {
            command.env(name, value);
        }
        command.env("AWS_EC2_METADATA_DISABLED", "true").envs(lambda.map(|lambda| ("AWS_ENDPOINT_URL", lambda.url())));
        let mut process = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let (address, key) = line.trim().strip_prefix("http://127.0.0.1:").unwrap().split_once("/?key=").unwrap();
        Self { process, port: address.parse().unwrap(), key: key.to_owned() }
    }

    /// The status, and everything after it.
    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let mut head = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
        if !headers.iter().any(|(name, _)| *name == "host") {
            head += &format!("host: 127.0.0.1:{}\r\n", self.port);
        }
        headers.iter().for_each(|(name, value)| head += &format!("{name}: {value}\r\n"));
        stream.write_all(format!("{head}\r\n{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
    }

    fn call(&self, endpoint: &str, parameters: &Value, forms: &Value) -> (u16, String) {
        let asked =
            json!({ "endpoint": endpoint, "parameters": parameters, "forms": forms, "theme": "dark", "width": 640 });
        self.ask("POST", "/call", &[("x-ses-guard-key", &self.key)], &asked.to_string())
    }
}

const WIDGET: &str = "arn:aws:lambda:eu-west-1:111122223333:function:ses-reputation-guard-widget";
const OPERATE: &str = "arn:aws:lambda:eu-west-1:111122223333:function:ses-reputation-guard-operate";

fn with_functions(arguments: &[&str]) -> (Lambda, Served) {
    let lambda = Lambda::start(|request| Reply::answer(json!(format!("<p>{}</p>", request["action"]))));
    let served = Served::start(arguments, Some(&lambda));
    (lambda, served)
}

#[test]
fn nobody_is_let_in_but_the_page_itself() {
    let (lambda, served) = with_functions(&[]);
    let page = format!("/?key={}", served.key);
    let ours = format!("http://127.0.0.1:{}", served.port);
    let key = ("x-ses-guard-key", served.key.as_str());
    let call = json!({ "endpoint": "", "parameters": {}, "forms": {}, "theme": "light", "width": 1 }).to_string();
    let much = "x".repeat(70_000);
    for (what, method, path, headers, body, status) in [
        ("the address as printed", "GET", page.as_str(), vec![], "", 200),
        ("without the key", "GET", "/", vec![], "", 403),
        ("with another key", "GET", "/?key=00", vec![], "", 403),
        ("by a name that was made to point here", "GET", page.as_str(), vec![("host", "evil.example")], "", 421),
        ("by another port's name", "GET", page.as_str(), vec![("host", "127.0.0.1:1")], "", 421),
        ("something else", "GET", "/call", vec![key], "", 404),
        ("a call", "POST", "/call", vec![key, ("origin", &ours)], call.as_str(), 200),
        ("a call without the key", "POST", "/call", vec![("origin", &ours)], call.as_str(), 403),
        ("a call with another key", "POST", "/call", vec![("x-ses-guard-key", "00")], call.as_str(), 403),
        ("a call of another page", "POST", "/call", vec![key, ("origin", "https://evil.example")], call.as_str(), 403),
        ("a call of a page without an origin", "POST", "/call", vec![key, ("origin", "null")], call.as_str(), 403),
        ("nonsense", "POST", "/call", vec![key], "{}", 400),
        ("too much", "POST", "/call", vec![key], much.as_str(), 413),
    ] {
        let (found, answer) = served.ask(method, path, &headers, body);
        assert_eq!(found, status, "{what}: {answer}");
        assert!(answer.contains("cache-control: no-store"), "{what}: {answer}");
    }
    assert_eq!(lambda.invocations().len(), 1, "nothing else was passed on");
}

#[test]
fn the_page_runs_one_script_and_asks_nobody_else() {
    let (_lambda, served) = with_functions(&[]);
    let (_, page) = served.ask("GET", &format!("/?key={}", served.key), &[], "");
    let policy = page.lines().find_map(|line| line.strip_prefix("content-security-policy: ")).unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-"), "{policy}");
    for part in ["connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"] {
        assert!(policy.contains(part), "{part}: {policy}");
    }
    assert!(page.contains("referrer-policy: no-referrer"), "the key is in the address");
    assert_eq!(page.matches("<script").count(), 1);
    let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
    assert!(page.contains(&format!("<script nonce=\"{nonce}\">")));
    let (_, again) = served.ask("GET", &format!("/?key={}", served.key), &[], "");
    assert!(!again.contains(nonce), "each page has a nonce of its own");
}

#[test]
fn calls_reach_the_two_functions_as_from_cloudwatch_and_no_other() {
    let (lambda, served) = with_functions(&["--actor", "night-shift"]);
    let order = json!({ "action": "resume", "configurationSet": "promo" });
    for (endpoint, status) in [("", 200), (WIDGET, 200), (OPERATE, 200), ("arn:aws:lambda:x:1:function:other", 502)] {
        let (found, answer) = served.call(endpoint, &order, &json!({ "reason": "cleaned", "actor": " " }));
        assert_eq!(found, status, "{endpoint}: {answer}");
    }
    let seen = lambda.invocations();
    let functions: Vec<&str> = seen.iter().map(|one| one.function.as_str()).collect();
    let [widget, operate] = ["ses-reputation-guard-widget", "ses-reputation-guard-operate"];
    assert_eq!(functions, [widget, widget, operate]);
    assert!(seen.iter().all(|one| one.region == "eu-west-1"));
    let asked = &seen[2].request;
    assert_eq!((&asked["action"], &asked["configurationSet"]), (&json!("resume"), &json!("promo")));
    let context = &asked["widgetContext"];
    assert_eq!((&context["theme"], &context["width"]), (&json!("dark"), &json!(640)));
    assert_eq!(context["forms"]["all"], json!({ "reason": "cleaned", "actor": "night-shift" }), "a blank name is none");
    served.call(OPERATE, &order, &json!({ "actor": "ops" }));
    assert_eq!(lambda.invocations()[3].request["widgetContext"]["forms"]["all"]["actor"], "ops", "what is typed wins");
}

#[test]
fn who_only_looks_gives_no_orders() {
    let (lambda, served) = with_functions(&["--read-only"]);
    assert_eq!(served.call(OPERATE, &json!({ "action": "pause" }), &json!({})).0, 502);
    assert_eq!(served.call("", &json!({}), &json!({})).0, 200);
    let seen = lambda.invocations();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].request["widgetContext"]["params"]["actions"], false, "the page has no buttons for them");
}

#[test]
fn past_events_are_shown_by_the_same_page_without_orders() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../events/ses");
    let served = Served::start(&["--backtest", folder], None);
    let (status, answer) = served.call("", &json!({}), &json!({}));
    assert_eq!(status, 200, "{answer}");
    assert!(answer.contains("marketing-weekly") && answer.contains("Last decision"), "{answer}");
    let set = "111122223333/eu-west-1/marketing-weekly";
    let (_, page) = served.call("widget", &json!({ "set": set }), &json!({}));
    assert!(page.contains("What was decided") && !page.contains("name=\\\"reason\\\""), "{page}");
}
