//! The policy page's reference vectors, number by number: the verdicts, the waits and the sentences.

#![expect(clippy::unwrap_used, reason = "a vector that can't be read is a failed test")]

use guard_core::policy::cases::{CasesError, Report, run};
use serde_json::{Value, json};

fn vectors() -> Value {
    serde_json::from_str(include_str!("fixtures/policy_vectors.json")).unwrap()
}

fn run_json(cases: &Value) -> Report {
    run(&cases.to_string()).unwrap()
}

#[test]
fn every_verdict_every_sentence_and_every_wait_agrees() {
    assert_eq!(run_json(&vectors()), Report { decide: 69, account_guard: 9, recheck: 6, mismatches: Vec::new() });
}

#[test]
fn every_case_says_every_number() {
    for case in vectors()["decide"].as_array().unwrap() {
        let fields = |value: &Value| value.as_object().unwrap().len();
        let expect = &case["expect"];
        let found =
            (fields(expect), fields(&expect["bounce"]), fields(&expect["complaint"]), case["explain"].is_string());
        assert_eq!(found, (5, 9, 9, true), "{}", case["name"]);
    }
    for case in vectors()["account_guard"].as_array().unwrap() {
        assert_eq!(case["expect"].as_object().unwrap().len(), 5, "{}", case["name"]);
    }
}

#[test]
fn the_default_policy_is_that_of_the_vectors() {
    let mut vectors = vectors();
    vectors.as_object_mut().unwrap().remove("default_config");
    vectors.as_object_mut().unwrap().remove("default_guard_config");
    assert_eq!(run_json(&vectors).mismatches, [], "the built-in policy stands in for it");
}

#[test]
fn a_single_wrong_number_is_told() {
    let vectors = vectors();
    let first = vectors["decide"][5].clone();
    let paths = ["/decision", "/because", "/probation"].map(str::to_owned).into_iter();
    let numbers =
        ["status", "rate_ppm", "slack", "excess_micro", "from_hour", "to_hour", "sends", "events", "allowed_micro"];
    let paths = paths
        .chain(["bounce", "complaint"].iter().flat_map(|metric| numbers.map(|number| format!("/{metric}/{number}"))));
    for path in paths {
        let mut wrong = first.clone();
        *wrong["expect"].pointer_mut(&path).unwrap() = json!(123_456_789);
        let report = run_json(&json!({ "default_config": vectors["default_config"], "decide": [wrong] }));
        let fields: Vec<&str> = report.mismatches.iter().map(|mismatch| mismatch.field.as_str()).collect();
        assert_eq!(fields, [path.trim_start_matches('/').replace('/', ".")]);
    }
    for field in ["triggered", "pause", "effective_target_ppm", "projected_sends", "projected_events"] {
        let mut wrong = vectors["account_guard"][3].clone();
        wrong["expect"][field] = json!(123_456_789);
        let report = run_json(&json!({ "account_guard": [wrong] }));
        let fields: Vec<&str> = report.mismatches.iter().map(|mismatch| mismatch.field.as_str()).collect();
        assert_eq!(fields, [field]);
    }
    let mut wrong = first.clone();
    wrong["explain"] = json!("Fine.");
    wrong["expect"]["mood"] = json!("sunny");
    let report = run_json(&json!({ "decide": [wrong], "recheck": [
        { "newest_failure_sent_at": 1010, "newest_send_counted_at": 1000, "expect_recheck_after_s": 16 },
    ] }));
    let told: String = report.mismatches.iter().map(|mismatch| format!("{mismatch}\n")).collect();
    insta::assert_snapshot!(told, @r#"
    case 7 "9 of 9 bounced: still below the slack": mood: expected "sunny", found nothing of this name
    case 7 "9 of 9 bounced: still below the slack": explain: expected "Fine.", found "OK."
    recheck 1: expect_recheck_after_s: expected 16, found 15
    "#);
}

#[test]
fn a_case_may_say_as_little_as_it_cares_about() {
    let report = run_json(&json!({ "decide": [{
        "name": "short", "now_hour": 10, "buckets": [[10, 100, 15, 0]], "expect": { "decision": "pause" },
        "config_overrides": { "bounce": { "pause_slack": 11 }, "scale_slack": false },
    }] }));
    let told: Vec<String> = report.mismatches.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["case \"short\": decision: expected \"pause\", found \"warn\""]);
}

#[test]
fn what_is_no_file_of_cases_does_not_pass() {
    for (cases, message) in [
        ("{", "not a file of cases: EOF"),
        ("{}", "the file holds no cases"),
        ("{\"decide\": []}", "the file holds no cases"),
        ("{\"decide\": [{\"now_hour\": 1, \"buckets\": []}]}", "missing field `expect`"),
        ("{\"decide\": [{\"now_hour\": 9223372036854775807, \"buckets\": [], \"expect\": {}}]}", "beyond all time"),
        (
            "{\"decide\": [{\"now_hour\": 1, \"buckets\": [], \"expect\": {}, \"config_overrides\": {\"slack\": 1}}]}",
            "unknown field `slack`",
        ),
        ("{\"default_config\": {\"complaint_coverage_ppm\": 1000001}, \"decide\": []}", "more than 100 %"),
    ] {
        let error: CasesError = run(cases).unwrap_err();
        assert!(error.to_string().contains(message), "{cases}: {error}");
    }
}
