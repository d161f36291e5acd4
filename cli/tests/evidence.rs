//! The pack for AWS Support: what is on file, as a text and as a page to print.
#![expect(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod guard;
#[expect(dead_code, reason = "the operator's commands use more of it")]
mod lambda;

use assert_cmd::Command;
use guard::{Guard, NOW, set, wait};
use guard_core::audit::{Act, AuditRecord};
use guard_core::port::Register;
use guard_core::state::{Change, Intent, Why};
use insta::assert_snapshot;
use lambda::{Lambda, Reply};
use serde_json::Value;

fn deployed(guard: Guard) -> Lambda {
    Lambda::start(move |request| Reply::answer(guard.answer(request)))
}

/// Exit code, standard output and standard error.
fn run(lambda: &Lambda, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("ses-guard"));
    command.env_clear().env("AWS_ENDPOINT_URL", lambda.url()).env("AWS_REGION", "eu-west-1");
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    command.env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_MAX_ATTEMPTS", "1");
    let output = command.arg("evidence").args(arguments).args(["--now", NOW]).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

fn written(guard: Guard, arguments: &[&str]) -> String {
    let (code, printed, said) = run(&deployed(guard), arguments);
    assert_eq!((code, said.as_str()), (0, ""), "{arguments:?}");
    printed
}

/// The bought list was paused, and an operator with a sharp tongue let it send again.
fn after_a_resume() -> Guard {
    let guard = Guard::with_four_sets();
    let set = set("marketing-weekly");
    let before = wait(guard.register.read(&set)).unwrap();
    let reason = "list <b>cleaned</b> | ticket [4711](http://evil.example)";
    let why = Why::operator(format!("ops@example.com resumed it: {reason}."), "ops@example.com", reason);
    let after = before.intending(Intent::Resume, 0, guard_core::state::Owner::Operator, why.clone());
    let at = "2026-11-20T09:16:00Z".parse().unwrap();
    let record = AuditRecord::of(&set, at, Act::ResumeIntended, &before, &after, why);
    guard.commit(&Change::silent(&set, &before, after).recorded(record, false));
    guard.ses.toggle(&set, true);
    let resumed = wait(guard.register.read(&set)).unwrap().confirmed(
        &set,
        Intent::Resume,
        "2026-11-20T09:16:02Z".parse().unwrap(),
    );
    guard.commit(&resumed);
    guard
}

#[test]
fn a_set_s_evidence_as_text() {
    assert_snapshot!(written(after_a_resume(), &["marketing-weekly", "--since", "2d"]));
}

#[test]
fn the_account_s_evidence_as_text() {
    assert_snapshot!(written(after_a_resume(), &["--account", "--since", "2026-11-20"]));
}

#[test]
fn a_page_to_print_needs_nothing_else_and_runs_nothing() {
    let page = written(after_a_resume(), &["marketing-weekly", "--since", "2d", "--format", "html"]);
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("@media print"));
    assert!(page.contains("list &lt;b&gt;cleaned&lt;/b&gt; | ticket [4711](http://evil.example)"), "{page}");
    for word in ["<script", "<b>", "<img", "src=", "href=", "url(", "@import"] {
        assert!(!page.contains(word), "{word}");
    }
    let (_, body) = page.split_once("</style>").unwrap();
    assert_snapshot!(body);
}

#[test]
fn what_nothing_is_known_of_is_said_to_be_so() {
    let text = written(Guard::with_four_sets(), &["brand-new", "--since", "2026-10-01"]);
    for part in [
        "No mail was counted",
        "Nothing is on file.",
        "Nobody was paused.",
        "Nothing is on file: no operator's order and no new policy.",
        "Counts are kept 15 days: there are none of mail sent before 2026-11-05 09:15:00.",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn json_is_all_answers_as_they_are() {
    let text = written(after_a_resume(), &["marketing-weekly", "--since", "2d", "--json"]);
    let all: Value = serde_json::from_str(&text).unwrap();
    let actions: Vec<_> = ["evidence", "status", "guard", "policy"].map(|part| all[part]["action"].clone()).into();
    assert_eq!(actions, ["evidence", "status", "status", "policy"]);
}

#[test]
fn it_asks_as_the_operator_and_says_why_there_is_nothing() {
    let lambda = deployed(Guard::with_four_sets());
    for (arguments, code, message) in [
        (&["nobody", "--since", "2d"][..], 1, "SES knows no configuration set of this name"),
        (&["marketing-weekly", "--since", "2026-11-21"], 1, "since must lie in the past"),
        (&["marketing-weekly", "--since", "yesterday"], 2, "must be a day"),
        (&["--since", "2d"], 2, "required"),
        (&["marketing-weekly", "--account", "--since", "2d"], 2, "cannot be used with"),
    ] {
        let (exit, printed, said) = run(&lambda, arguments);
        assert_eq!((exit, printed.as_str()), (code, ""), "{arguments:?}: {said}");
        assert!(said.contains(message), "{arguments:?}: {said}");
    }
    let asked: Vec<_> = lambda.invocations().iter().map(|one| one.request["action"].clone()).collect();
    assert_eq!(asked[..4], ["evidence", "status", "status", "evidence"]);
}

#[test]
fn a_file_is_written_where_it_was_asked_for() {
    let folder = std::env::temp_dir().join(format!("ses-guard-evidence-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("evidence.md");
    let printed = written(after_a_resume(), &["marketing-weekly", "--since", "2d", "--out", file.to_str().unwrap()]);
    assert_eq!(printed, "");
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("# Amazon SES: configuration set marketing-weekly"));
    std::fs::remove_dir_all(folder).unwrap();
}
