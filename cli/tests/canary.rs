//! What `ses-guard inspect` and `backtest` show of an event: what the guard reads from it, and never an address, a subject,
//! a header or a diagnostic text, nor a character that steers a terminal.

#![expect(clippy::unwrap_used, reason = "files of its own, which a test may miss loudly")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const CANARY: &str = "canary.0815@leak.example";

fn run(arguments: &[&str], file: &Path) -> Output {
    let mut ses_guard = Command::new(assert_cmd::cargo::cargo_bin!("ses-guard"));
    ses_guard.args(arguments).arg(file).output().unwrap()
}

/// Every sample event of SES, with canaries in place of all addresses and of all free text.
fn samples() -> Vec<(String, String)> {
    let events = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events");
    let mut all = Vec::new();
    for folder in ["ses", "sns", "sqs", "eventbridge", "identity"] {
        for entry in fs::read_dir(events.join(folder)).unwrap().flatten() {
            let text = fs::read_to_string(entry.path()).unwrap();
            let mut planted = String::new();
            // Words with an @ are addresses; what stands behind them in the same text may be anything.
            for word in text.split_inclusive([' ', '"', '<', '>', ':', ';', ',']) {
                let last = word.chars().next_back().filter(|last| !last.is_alphanumeric());
                match word.contains('@') && !word.contains('\\') {
                    true => planted.extend(CANARY.chars().chain(last)),
                    false => planted.push_str(word),
                }
            }
            for (from, to) in [
                ("user unknown", "canary\\u001b[31m unknown"),
                ("Subject", "Canary\\n"),
                ("amazonses.com", "amazonses.com"),
            ] {
                planted = planted.replace(from, to);
            }
            all.push((entry.path().display().to_string(), planted));
        }
    }
    all.sort();
    all
}

fn assert_silent(what: &str, text: &str) {
    let text = text.to_lowercase();
    assert!(!text.contains("leak.example") && !text.contains("canary."), "{what}: {text}");
    assert!(!text.contains('\u{1b}'), "{what} steers the terminal: {text:?}");
}

fn file(name: &str, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn inspect_repeats_nothing_of_an_event_but_what_it_counts() {
    let mut canaries = 0;
    for (name, text) in samples() {
        canaries += text.matches(CANARY).count();
        for (wrapping, text) in [("whole", text.clone()), ("cut off", text.chars().take(text.len() * 2 / 3).collect())]
        {
            let output = run(&["inspect", "--now", "2026-11-20T12:00:00Z"], &file("inspect.json", &text));
            for said in [&output.stdout, &output.stderr] {
                assert_silent(&format!("{name}, {wrapping}"), std::str::from_utf8(said).unwrap());
            }
        }
    }
    assert!(canaries > 150, "{canaries} canaries were planted");
}

#[test]
fn a_backtest_shows_counts_and_places_in_every_form() {
    let text: Vec<String> = samples().into_iter().map(|(_, text)| text).collect();
    let archive = file("canaries.jsonl", &text.join("\n"));
    let html = Path::new(env!("CARGO_TARGET_TMPDIR")).join("canaries.html");
    for arguments in [
        vec!["backtest"],
        vec!["backtest", "--format", "json"],
        vec!["backtest", "--format", "html", "--out", html.to_str().unwrap()],
    ] {
        let output = run(&arguments, &archive);
        for said in [&output.stdout, &output.stderr] {
            assert_silent(&format!("{arguments:?}"), std::str::from_utf8(said).unwrap());
        }
    }
    assert_silent("the page", &fs::read_to_string(html).unwrap());
}
