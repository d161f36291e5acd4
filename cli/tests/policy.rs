//! The policy commands: what they print and how they end.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use insta::assert_snapshot;

const NOW: &str = "2026-11-20T09:14:02Z";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// With a policy on standard input.
fn policy(command: &str, arguments: &[&str], input: &str) -> Output {
    let mut ses_guard = Command::new(assert_cmd::cargo::cargo_bin!("ses-guard"));
    ses_guard.args(["policy", command, "-"]).args(arguments).write_stdin(input).output().unwrap()
}

fn printed(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn said(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

fn file(name: &str, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn the_example_is_clean_and_has_every_documented_key() {
    let example = fs::read_to_string(repository().join("docs/policy.example.toml")).unwrap();
    let output = policy("check", &["--now", NOW], &example);
    assert_eq!(printed(&output), "<stdin>: OK, 1 profile of its own, 7 patterns assigned\n");
    assert_eq!(output.status.code(), Some(0));
    let reference = fs::read_to_string(repository().join("docs/POLICY.md")).unwrap();
    let documented = reference.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let keys: Vec<&str> = documented.flat_map(|key| key.split('.')).filter(|key| !key.contains('-')).collect();
    assert!(keys.len() > 30, "{keys:?}");
    for key in keys {
        assert!(example.contains(key) || ["default", "strict"].contains(&key), "{key} is not in the example");
    }
}

#[test]
fn everything_wrong_is_printed_with_its_place() {
    let path = file("wrong.toml", "mode = \"on\"\n[profile.a]\nbounce = { pause_rate = \"8 %\", slack = 3 }\n");
    let mut ses_guard = Command::new(assert_cmd::cargo::cargo_bin!("ses-guard"));
    let output = ses_guard.args(["policy", "check"]).arg(&path).output().unwrap();
    let listed = printed(&output).replace(&path.display().to_string(), "wrong.toml");
    assert_snapshot!(listed, @r#"
    wrong.toml:1:8: error: mode: write "enforce" (the guard pauses) or "observe" (it only says so)
    wrong.toml:2:10: warning: no rule uses the profile "a"; write [[assign]] sets = ["…"], profile = "a"
    wrong.toml:3:32: error: unknown key "slack"; known here: pause_rate, pause_slack, warn_rate, warn_slack, trial_slack
    wrong.toml: 2 errors, 1 warning; the policy cannot be used
    "#);
    assert_eq!((output.status.code(), said(&output)), (Some(1), ""));
}

#[test]
fn a_warning_alone_is_no_failure() {
    let output = policy("check", &["--now", NOW], "[profile.a]\n");
    assert_snapshot!(printed(&output), @r#"
    <stdin>:1:10: warning: no rule uses the profile "a"; write [[assign]] sets = ["…"], profile = "a"
    <stdin>: OK, 1 profile of its own, 0 patterns assigned, 1 warning
    "#);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn what_is_unfit_or_not_there_is_not_explained() {
    let output = policy("explain", &[], "mode = 1");
    assert_snapshot!(said(&output), @r#"
    ses-guard: the policy cannot be used:
    <stdin>:1:8: error: mode: write "enforce" (the guard pauses) or "observe" (it only says so)
    "#);
    assert_eq!((output.status.code(), printed(&output)), (Some(1), ""));
    let mut ses_guard = Command::new(assert_cmd::cargo::cargo_bin!("ses-guard"));
    let output = ses_guard.args(["policy", "check", "no/such/file.toml"]).output().unwrap();
    assert_eq!((output.status.code(), printed(&output)), (Some(2), ""));
    assert!(said(&output).starts_with("ses-guard: cannot read no/such/file.toml: "), "{}", said(&output));
    assert_eq!(policy("explain", &["--set", "a b"], "").status.code(), Some(2));
}

#[test]
fn the_built_in_policy_is_explained_as_a_table_and_a_drawing() {
    let svg = Path::new(env!("CARGO_TARGET_TMPDIR")).join("default.svg");
    let output = policy("explain", &["--svg", svg.to_str().unwrap()], "");
    assert_snapshot!(printed(&output), @"
    mode enforce, unless a rule says otherwise

    PROFILE default
      judges: every set that no rule names
      bounces: paused at 10 + 5 %, warned at 10 + 3 %, on trial paused at 5 + 5 %
      complaints: paused at 5 + 0.1 %, warned at 5 + 0.05 %, on trial paused at 3 + 0.1 %
      window 7 days; on trial after a resume for 10,000 mails or 7 days, whichever ends first

      bounces of so many mails, in one stretch, that …
      mails                 warn           pause  pause on trial
      10                   never           never        6 (60 %)
      100              13 (13 %)       15 (15 %)       10 (10 %)
      1,000             40 (4 %)        60 (6 %)      55 (5.5 %)
      10,000         310 (3.1 %)     510 (5.1 %)               –
      100,000     3,010 (3.01 %)  5,010 (5.01 %)               –
      1,000,000     30,010 (3 %)    50,010 (5 %)               –
      10,000,000   300,010 (3 %)   500,010 (5 %)               –

      complaints of so many mails, in one stretch, that …
      mails                 warn            pause  pause on trial
      10                6 (60 %)         6 (60 %)        4 (40 %)
      100                6 (6 %)          6 (6 %)         4 (4 %)
      1,000            6 (0.6 %)        6 (0.6 %)       4 (0.4 %)
      10,000          10 (0.1 %)      15 (0.15 %)               –
      100,000       55 (0.055 %)    105 (0.105 %)               –
      1,000,000   505 (0.0505 %)  1,005 (0.101 %)               –
      10,000,000  5,005 (0.05 %)   10,005 (0.1 %)               –

      a healthy sender's chance to be paused for bounces, at worst (judged after every mail)
      fails  from one start, ever  in 10,000 mails  in 100,000 mails  on trial, in 10,000 mails
      1 %                 1.0e-12          4.8e-10            4.9e-9                     4.8e-4
      2 %                  4.8e-8           1.4e-5            1.4e-4                      6.2 %
      3 %                  5.0e-5           0.70 %             6.9 %                       65 %
      3.5 %                8.5e-4            6.7 %              51 %                       94 %
      4 %                   1.1 %             36 %              99 %                     ~100 %

      mails a bad sender gets out before it is paused for bounces
      fails  on average  95 of 100 times at most
      7 %           451                      915
      10 %          196                      346
      20 %           68                      107
      30 %           41                       61

      a healthy sender's chance to be paused for complaints, at worst (judged after every mail)
      fails   from one start, ever  in 100,000 mails  in 1,000,000 mails  on trial, in 10,000 mails
      0.02 %                1.7e-6            1.5e-4              0.15 %                     0.26 %
      0.03 %                3.3e-5            0.24 %               2.4 %                      1.3 %
      0.05 %                0.19 %             7.3 %                54 %                      8.5 %
      0.07 %                 3.4 %              46 %              ~100 %                       25 %

      mails a bad sender gets out before it is paused for complaints
      fails  on average  95 of 100 times at most
      0.2 %       4,745                   10,077
      0.3 %       2,519                    4,980
      0.5 %       1,303                    2,477
      1 %           603                    1,055
    ");
    assert_eq!((output.status.code(), said(&output)), (Some(0), ""));
    let drawn = fs::read_to_string(svg).unwrap();
    assert!(drawn.starts_with("<svg ") && drawn.trim_end().ends_with("</svg>"));
    for text in ["default: bounces that warn and pause", "AWS reviews the account", "paused on trial", "10 M"] {
        assert!(drawn.contains(text), "{text}");
    }
}

#[test]
fn the_reference_vectors_pass_and_a_wrong_number_does_not() {
    let vectors = fs::read_to_string(repository().join("shared/core/tests/fixtures/policy_vectors.json")).unwrap();
    let output = policy("test", &[], &vectors);
    assert_eq!(
        (output.status.code(), printed(&output)),
        (Some(0), "69 decisions, 9 account choices and 6 re-checks agree\n")
    );
    let output = policy("test", &[], &vectors.replacen("\"excess_micro\": 8550000", "\"excess_micro\": 8550001", 1));
    assert_snapshot!(printed(&output), @r#"
    case 7 "9 of 9 bounced: still below the slack": bounce.excess_micro: expected 8550001, found 8550000
    1 mismatch in 69 decisions, 9 account choices and 6 re-checks
    "#);
    assert_eq!(output.status.code(), Some(1));
    let output = policy("test", &[], "{\"decide\": 1}");
    assert_snapshot!(said(&output), @"
    ses-guard: -: not a file of cases: invalid type: integer `1`, expected a sequence at line 1 column 12
    ");
    assert_eq!(output.status.code(), Some(1));
}
