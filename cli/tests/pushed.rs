//! The policy of the deployed guard, from a terminal: pushed, planned, shown, compared, taken back.
#![expect(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod guard;
#[expect(dead_code, reason = "the operator's commands use more of it")]
mod lambda;

use assert_cmd::Command;
use guard::Guard;
use insta::assert_snapshot;
use lambda::{Lambda, Reply};

const STRICT: &str = "[[assign]]\nsets = \"*\"\nprofile = \"strict\"\n";

fn deployed() -> Lambda {
    let guard = Guard::with_four_sets();
    Lambda::start(move |request| Reply::answer(guard.answer(request)))
}

/// Exit code, standard output and standard error.
fn run(lambda: &Lambda, arguments: &[&str], input: &str) -> (i32, String, String) {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("ses-guard"));
    command.env_clear().env("AWS_ENDPOINT_URL", lambda.url()).env("AWS_REGION", "eu-west-1");
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    command.env("AWS_EC2_METADATA_DISABLED", "true").env("GUARD_ACTOR", "ops@example.com");
    let output = command.arg("policy").args(arguments).write_stdin(input).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

fn done(lambda: &Lambda, arguments: &[&str], input: &str) -> String {
    let (code, printed, said) = run(lambda, arguments, input);
    assert_eq!((code, said.as_str()), (0, ""), "{arguments:?}");
    printed
}

#[test]
fn a_policy_is_planned_pushed_shown_and_taken_back() {
    let lambda = deployed();
    let why = ["--reason", "stricter, ticket 4712"];
    let with = |arguments: &[&'static str]| [arguments, &why[..]].concat();

    assert_snapshot!(done(&lambda, &["show"], ""), @"# built in: nothing was pushed or deployed");
    assert_snapshot!(done(&lambda, &["versions"], ""), @"No policy was ever pushed.");
    assert_snapshot!(done(&lambda, &with(&["push", "-", "--plan"]), STRICT), @"It would pause nobody by what is counted now. Nothing was changed.");
    assert_snapshot!(done(&lambda, &["versions"], ""), @"No policy was ever pushed.");
    assert_snapshot!(done(&lambda, &with(&["push", "-"]), STRICT), @"Version 1 is in force; 2 configuration sets judged anew.");
    assert_snapshot!(done(&lambda, &["show"], ""), @r#"
    # version 1
    [[assign]]
    sets = "*"
    profile = "strict"
    "#);

    let observing = "mode = \"observe\"\n";
    let (code, changes, _) = run(&lambda, &["diff", "-"], observing);
    assert_eq!(code, 1);
    assert_snapshot!(changes, @r#"
    --- version 1
    +++ -
    @@ -1,3 +1 @@
    -[[assign]]
    -sets = "*"
    -profile = "strict"
    +mode = "observe"
    "#);
    assert_eq!(run(&lambda, &["diff", "-"], STRICT), (0, String::new(), String::new()));

    done(&lambda, &with(&["push", "-", "--base-version", "1"]), observing);
    done(&lambda, &with(&["rollback", "1"]), "");
    assert!(done(&lambda, &["show"], "").contains("strict"));
    done(&lambda, &with(&["clear"]), "");
    assert_snapshot!(done(&lambda, &["versions"], ""), @"
    4 (cleared)  2026-11-20T09:20:02Z  ops@example.com: stricter, ticket 4712
    3  2026-11-20T09:20:02Z  ops@example.com: stricter, ticket 4712
    2  2026-11-20T09:20:02Z  ops@example.com: stricter, ticket 4712
    1  2026-11-20T09:20:02Z  ops@example.com: stricter, ticket 4712
    ");
}

#[test]
fn what_cannot_be_pushed_is_said_and_nothing_is() {
    let lambda = deployed();
    let why = ["--reason", "x"];
    for (what, arguments, input, code, said) in [
        ("a misspelt key", &["push", "-"][..], "mood = \"observe\"\n", 1, "nothing was pushed:\n-:1:1: error:"),
        ("an old base", &["push", "-", "--base-version", "7"], STRICT, 1, "the latest version is 0 by now"),
        ("a version that never was", &["rollback", "3"], "", 1, "there is no version 3"),
        ("no such file", &["push", "no-such-file.toml"], "", 2, "cannot read no-such-file.toml"),
    ] {
        let (exit, _, told) = run(&lambda, &[arguments, &why].concat(), input);
        assert_eq!(exit, code, "{what}: {told}");
        assert!(told.contains(said), "{what}: {told}");
    }
    assert_eq!(done(&lambda, &["versions"], ""), "No policy was ever pushed.\n");
}

#[test]
fn a_plan_names_whom_it_would_pause() {
    let guard = Guard::with_four_sets();
    let lambda = Lambda::start(move |request| Reply::answer(guard.answer(request)));
    // 120 of 240,000 is far below every line but one that nobody would draw.
    let tiny = "[profile.tiny]\nbased_on = \"default\"\nbounce = { pause_rate = \"0.001 %\", pause_slack = 10, \
                warn_rate = \"0.001 %\", warn_slack = 10, trial_slack = 5 }\n[[assign]]\nsets = \"transactional\"\n\
                profile = \"tiny\"\n";
    let plan = done(&lambda, &["push", "-", "--plan", "--reason", "x"], tiny);
    assert_snapshot!(plan, @"
    would pause  transactional, by profile tiny: 120 of the 240,000 mails sent between Fri 09:00 and 09:14 UTC hard-bounced (0.1 %); the limit for that many mails is 13 (10 + 0.001 %)
    Nothing was changed.
    ");
}

#[test]
fn a_plan_for_several_homes_says_which() {
    let row = |account: &str| {
        format!(r#"{{"configurationSet":"promo","account":"{account}","region":"eu-west-1","profile":"strict"}}"#)
    };
    let answer = |rows: &[String]| {
        let rows = rows.join(",");
        format!(
            r#"{{"ok":true,"plan":true,"policyVersion":0,"warnings":[],"wouldPause":[{rows}],"wouldWarn":[],"marked":0}}"#
        )
    };
    let plan = |rows: &[String]| {
        let answer = answer(rows);
        let lambda = Lambda::start(move |_| Reply::answer(&answer));
        done(&lambda, &["push", "-", "--plan", "--reason", "x"], STRICT)
    };
    assert_snapshot!(plan(&[row("111122223333"), row("444455556666")]), @"
    would pause  promo (111122223333, eu-west-1), by profile strict: 
    would pause  promo (444455556666, eu-west-1), by profile strict: 
    Nothing was changed.
    ");
    assert!(plan(&[row("111122223333")]).starts_with("would pause  promo, by"), "one home needs no name");
}
