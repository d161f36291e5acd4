//! `ses-guard backtest`, as an operator runs it.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command as Process;
use std::time::Duration;

use assert_cmd::Command;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const NOW: &str = "2026-11-20T10:00:00Z";

/// A folder of its own, gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ses-guard-backtest-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn event(kind: &str, set: &str, number: i64, later: i64) -> String {
    let start: Timestamp = "2026-10-05T09:00:00Z".parse().unwrap();
    let at = |second: i64| format!("{:.3}", start.saturating_add(SignedDuration::from_secs(second)).unwrap());
    let address = format!("r{number}@example.net");
    let mut event = json!({
        "eventType": kind,
        "mail": {
            "timestamp": at(number), "messageId": format!("{set}-{number}"), "destination": [address],
            "sourceArn": "arn:aws:ses:eu-west-1:111122223333:identity/example.com",
            "sendingAccountId": "111122223333", "tags": {"ses:configuration-set": [set]}
        }
    });
    if kind == "Bounce" {
        event["bounce"] = json!({"bounceType": "Permanent", "bounceSubType": "General",
            "bouncedRecipients": [{"emailAddress": address}], "timestamp": at(number + later)});
    } else if kind == "Complaint" {
        event["complaint"] = json!({"feedbackId": format!("f-{number}"), "timestamp": at(number + later)});
    }
    format!("{event}\n")
}

/// One mail a second; every fourth of `promo` bounces, every three hundredth of `news` is complained about.
fn story() -> String {
    let mut text = String::new();
    for number in 0..1_500 {
        for set in ["promo", "news", "shop"] {
            text += &event("Send", set, number, 0);
        }
        if number % 4 == 0 {
            text += &event("Bounce", "promo", number, 5);
        }
        if number % 200 == 0 {
            text += &event("Complaint", "news", number, 3_600);
        }
    }
    text + "oops\n{\"eventType\": \"Send\"}\n"
}

const STRICT: &str = "[[assign]]\nsets = \"*\"\nprofile = \"strict\"\n";

fn backtest(arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("ses-guard").unwrap();
    command.args(["backtest", "--now", NOW]).args(arguments).env("NO_COLOR", "1");
    command
}

/// What is written, with the folder's name taken out.
fn shown(folder: &Folder, arguments: &[&str]) -> String {
    let output = backtest(arguments).assert().success().get_output().clone();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "no progress bar in a pipe");
    String::from_utf8(output.stdout).unwrap().replace(&folder.0.display().to_string(), "FOLDER")
}

#[test]
fn the_report_says_who_when_and_why() {
    let folder = Folder::new("report");
    let events = folder.file("events.json", &story());
    let (plain, strict) = (folder.file("plain.toml", ""), folder.file("strict.toml", STRICT));
    let arguments = ["--policy", &plain, "--policy", &strict, &events];
    insta::assert_snapshot!("table", shown(&folder, &arguments));
    insta::assert_snapshot!("csv", shown(&folder, &[&arguments[..], &["--format", "csv"]].concat()));
    insta::assert_snapshot!("json", shown(&folder, &["--format", "json", &events]));
}

#[test]
fn the_report_goes_where_it_is_told() {
    let folder = Folder::new("out");
    let events = folder.file("events.json", &story());
    let out = folder.0.join("report.csv").display().to_string();
    assert_eq!(shown(&folder, &["--format", "csv", "--out", &out, &events]), "");
    assert!(fs::read_to_string(out).unwrap().starts_with("account,region,configuration_set,policy,"));
    let from_pipe = backtest(&["--format", "csv", "-"]).write_stdin(story()).assert().success().get_output().clone();
    assert_eq!(String::from_utf8(from_pipe.stdout).unwrap(), shown(&folder, &["--format", "csv", &events]));
}

#[test]
fn what_goes_wrong_is_said_once_and_with_its_code() {
    let folder = Folder::new("wrong");
    let events = folder.file("events.json", &story());
    let bad_policy = folder.file("bad.toml", "mode = \"maybe\"\n");
    let text = folder.file("notes.txt", "nothing\nof the kind\n");
    let empty = folder.0.join("empty");
    fs::create_dir_all(&empty).unwrap();
    let empty = empty.display().to_string();
    for (what, arguments, code, message) in [
        ("strict", vec!["--strict", &events], 1, "events.json:4884: body is not JSON: syntax error (byte "),
        ("no record", vec![&text], 1, "nothing to replay: none of 2 records in 1 file is a send"),
        ("no file", vec![&empty], 1, "nothing to read"),
        ("another account", vec!["--account", "999988887777", &events], 1, "nothing to replay"),
        ("no such path", vec!["/no/such/path"], 2, "cannot read /no/such/path: No such file"),
        ("a bad policy", vec!["--policy", &bad_policy, &events], 2, "bad.toml:1:"),
        ("no path", vec![], 2, "required"),
    ] {
        let output = backtest(&arguments).assert().code(code).get_output().clone();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(message), "{what}: {stderr}");
        assert!(output.stdout.is_empty(), "{what}");
    }
}

#[test]
fn the_page_needs_nothing_else_and_escapes_what_is_foreign() {
    let folder = Folder::new("page");
    let events = folder.file("events.json", &story());
    let hostile = "[[exempt]]\nsets = \"promo\"\nreason = \"<script>alert('1')</script>\"\nexpires = 2026-12-31\n";
    let policy = folder.file("<img src=x onerror=alert(1)>.toml", hostile);
    let page = shown(&folder, &["--policy", &policy, "--format", "html", &events]);
    for outside in ["http://", "https://", "<script", "<link", "<img", "@import", "url(", "src="] {
        let outside = if outside == "src=" { " src=\"" } else { outside };
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("&lt;script&gt;") && page.contains("&lt;img src=x onerror=alert(1)&gt;.toml"));
    assert!(
        page.contains("<svg") && page.contains("What this can't tell") && page.contains("prefers-color-scheme: dark")
    );
}

#[test]
fn a_browser_shows_the_page() {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let found = names.into_iter().find(|name| Process::new(name).arg("--version").output().is_ok());
    let Some(browser) = found else {
        println!("skipped: no Chromium here to open the page in");
        return;
    };
    let folder = Folder::new("browser");
    let events = folder.file("events.json", &story());
    let page = folder.0.join("report.html").display().to_string();
    shown(&folder, &["--format", "html", "--out", &page, &events]);
    let open = |arguments: &[String]| {
        let profile = format!("--user-data-dir={}", folder.0.join("profile").display());
        let mut command = Command::new(browser);
        command.args(["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", &profile]);
        command.args(arguments).arg(format!("file://{page}")).timeout(Duration::from_secs(120));
        command.assert().success().get_output().clone()
    };
    let dom = String::from_utf8(open(&["--dump-dom".to_owned()]).stdout).unwrap();
    assert!(dom.contains("Who would have been paused") && dom.matches("<svg").count() >= 6, "{dom}");
    for width in [420, 1_280] {
        let picture = folder.0.join(format!("{width}.png"));
        open(&[format!("--window-size={width},1600"), format!("--screenshot={}", picture.display())]);
        assert!(is_picture(&picture), "{width}");
    }
}

fn is_picture(path: &Path) -> bool {
    fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"\x89PNG") && bytes.len() > 20_000)
}

#[test]
fn json_has_what_the_table_has() {
    let folder = Folder::new("json");
    let events = folder.file("events.json", &story());
    let report: Value = serde_json::from_str(&shown(&folder, &["--format", "json", &events])).unwrap();
    assert_eq!(report["version"], 1);
    assert_eq!(report["sets"][0]["configurationSet"], "promo");
    assert_eq!(report["sets"][0]["outcomes"][0]["verdict"], "paused");
    assert_eq!(report["intake"]["malformed"][0]["first"][0]["line"], 4884);
}
