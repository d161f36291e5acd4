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
fn the_window_of_a_case_is_a_week_where_it_says_nothing() {
    for (what, overrides, hour, decision) in [
        ("the week's first hour", json!({}), 33, "pause"),
        ("the hour before", json!({}), 32, "ok"),
        ("a day's first hour", json!({ "window_hours": 24 }), 177, "pause"),
        ("the hour before that", json!({ "window_hours": 24 }), 176, "ok"),
    ] {
        let report = run_json(&json!({ "decide": [{
            "now_hour": 200, "buckets": [[hour, 100, 15, 0], [200, 1, 0, 0]], "expect": { "decision": decision },
            "config_overrides": overrides,
        }] }));
        assert_eq!(report.mismatches, [], "{what}");
    }
}

#[test]
fn every_figure_of_an_account_s_case_is_its_own_else_the_file_s_else_built_in() {
    // Two sets of 4 % and 0.08 % and more; one of them has four of five failures.
    let case = |metric: &str, overrides: &Value, expect: &Value| {
        let events: [u64; 2] = if metric == "bounce" { [400, 100] } else { [8, 2] };
        json!({
            "id": 1, "name": "two sets", "metric": metric, "account_sends": 10_000, "account_events": events[0] + events[1],
            "tenants": [["a", 5_000, events[0], false], ["b", 5_000, events[1], false]],
            "config_overrides": overrides, "expect": expect,
        })
    };
    let paused = json!({ "triggered": true, "pause": ["a"] });
    let (nobody, nothing) = (json!({ "triggered": true, "pause": [] }), json!({ "triggered": false, "pause": [] }));
    for (metric, overrides, expect) in [
        ("bounce", json!({}), &paused),
        ("bounce", json!({ "bounce": { "trigger_ppm": 50_001 } }), &nothing),
        ("bounce", json!({ "bounce": { "target_ppm": 80_000 } }), &nobody),
        ("bounce", json!({ "bounce": { "min_events": 401 } }), &nobody),
        ("bounce", json!({ "complaint": { "trigger_ppm": 50_001 } }), &paused),
        ("complaint", json!({}), &paused),
        ("complaint", json!({ "complaint": { "trigger_ppm": 1_001 } }), &nothing),
        ("complaint", json!({ "complaint": { "target_ppm": 1_600 } }), &nobody),
        ("complaint", json!({ "complaint": { "min_events": 9 } }), &nobody),
        ("bounce", json!({ "min_account_sends": 10_001 }), &nothing),
        ("bounce", json!({ "min_share_ppm": 800_001 }), &nobody),
    ] {
        let own = run_json(&json!({ "account_guard": [case(metric, &overrides, expect)] }));
        assert_eq!(own.mismatches, [], "{metric} {overrides}");
        let file = json!({ "default_guard_config": overrides, "account_guard": [case(metric, &json!({}), expect)] });
        assert_eq!(run_json(&file).mismatches, [], "{metric} {overrides}, of the file");
    }
    let wrong = run_json(&json!({ "account_guard": [case("bounce", &json!({}), &nobody)] }));
    assert_eq!(wrong.mismatches[0].to_string(), "account guard case 1 \"two sets\": pause: expected [], found [\"a\"]");
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
