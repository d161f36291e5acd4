//! A policy that says different things of different sets, in the running guard.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use guard_core::event::SignalKind::{Bounce, Send};
use guard_core::policy::Deployed;
use guard_core::policy::stored::{PolicyStore, StoredPolicy};
use guard_core::port::Committed;
use guard_core::state::Phase;
use guard_core::steps::decide::Mode;
use guard_tests::guard::Guard;
use guard_tests::mail::set;
use jiff::Timestamp;
use serde_json::json;

const POLICY: &str = r#"
[[assign]]
sets = ["watched", "import"]
mode = "observe"
[[assign]]
sets = "new-*"
profile = "strict"
[[exempt]]
sets = "import"
reason = "one-off import, ticket 4711"
expires = 2026-11-20
"#;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

async fn guard(mode: Mode) -> Guard {
    let now = at("2026-11-20T12:00:00Z");
    let mut guard = Guard::of(now, &["watched", "import", "new-1", "other"].map(set));
    (guard.policy, guard.mode) = (Deployed::read(POLICY).unwrap(), mode);
    guard
}

/// 100 mails, 12 of which bounce: over the strict line (7 + 4 %) and under the default one (10 + 5 %).
async fn twelve_bounces(guard: &mut Guard, name: &str) {
    guard.mail(name, Send, 0, 100, at("2026-11-20T11:50:00Z")).await;
    guard.mail(name, Bounce, 0, 12, at("2026-11-20T11:50:00Z")).await;
}

#[tokio::test]
async fn each_set_is_judged_by_its_own_profile() {
    let mut guard = guard(Mode::Enforce).await;
    for (name, phase) in [("new-1", Phase::Paused), ("other", Phase::Active)] {
        twelve_bounces(&mut guard, name).await;
        assert_eq!(guard.state(&set(name)).await.phase, phase, "{name}");
    }
}

#[tokio::test]
async fn observed_and_exempt_sets_are_told_and_left_alone() {
    let mut guard = guard(Mode::Enforce).await;
    let rest = "20 of the 120 mails sent between Fri 11:45 and 11:59 UTC hard-bounced (16.7 %); the limit for that many \
                mails is 16 (10 + 5 %).";
    for (name, because) in
        [("watched", "the guard observes only"), ("import", "exempt until 2026-11-20: one-off import, ticket 4711")]
    {
        guard.mail(name, Send, 0, 120, at("2026-11-20T11:50:00Z")).await;
        guard.mail(name, Bounce, 0, 20, at("2026-11-20T11:50:00Z")).await;
        let state = guard.state(&set(name)).await;
        assert_eq!(state.phase, Phase::Warned, "{name}");
        assert!(guard.ses.accepts(&set(name)), "{name}");
        let told: Vec<String> = guard.notices.all().iter().map(|notice| format!("{notice:?}")).collect();
        assert!(told.iter().any(|told| told.contains(because)), "{name}: {told:?}");
        assert_eq!(state.why.unwrap().sentence, format!("Would have paused ({because}): {rest}"));
    }
}

#[tokio::test]
async fn an_exemption_ends_with_its_day() {
    let mut guard = guard(Mode::Enforce).await;
    guard.policy = Deployed::read(&POLICY.replace("\"watched\", \"import\"", "\"watched\"")).unwrap();
    guard.clock.set(at("2026-11-21T00:00:00Z"));
    guard.mail("import", Send, 0, 120, at("2026-11-20T23:50:00Z")).await;
    guard.mail("import", Bounce, 0, 20, at("2026-11-20T23:50:00Z")).await;
    assert_eq!(guard.state(&set("import")).await.phase, Phase::Paused);
}

#[tokio::test]
async fn a_guard_that_observes_is_not_overruled_by_the_policy() {
    let mut guard = guard(Mode::Observe).await;
    guard.policy = Deployed::read("[[assign]]\nsets = '*'\nprofile = 'strict'\nmode = 'enforce'").unwrap();
    twelve_bounces(&mut guard, "new-1").await;
    assert_eq!(guard.state(&set("new-1")).await.phase, Phase::Warned);
}

#[tokio::test]
async fn status_says_what_a_set_is_judged_by_and_where_that_comes_from() {
    let mut guard = guard(Mode::Enforce).await;
    let overview = guard.operate(json!({"action": "status"})).await;
    assert_eq!((&overview["policySource"], &overview["mode"]), (&json!("environment"), &json!("enforce")));
    let answer = guard.operate(json!({"action": "status", "configurationSet": "import"})).await;
    insta::assert_json_snapshot!(answer["judgedBy"], @r#"
    {
      "exempt": {
        "expires": "2026-11-20",
        "reason": "one-off import, ticket 4711"
      },
      "mode": "observe",
      "profile": "default",
      "rule": {
        "line": 3,
        "pattern": "import"
      }
    }
    "#);
    let answer = guard.operate(json!({"action": "status", "configurationSet": "new-1"})).await;
    insta::assert_json_snapshot!(answer["thresholds"]["bounce"], @r#"
    {
      "ratePpm": 40000,
      "slack": 7
    }
    "#);
    guard.policy = Deployed::default();
    assert_eq!(guard.operate(json!({"action": "status"})).await["policySource"], json!("builtIn"));
}

fn push(text: &str) -> serde_json::Value {
    json!({"action": "setPolicy", "policy": text, "reason": "ticket 4712", "actor": "ops@example.com"})
}

const LAXER: &str = "[profile.laxer]\nbased_on = 'default'\nbounce = { pause_slack = 60 }\n[[assign]]\nsets = 'promo'\nprofile = 'laxer'\n";

/// `promo` with 40 of 300 mails bounced, in a guard that only observes so far.
async fn observed() -> (Guard, guard_core::name::SetKey) {
    let (promo, now) = (set("promo"), at("2026-11-20T12:07:00Z"));
    let mut guard = Guard::of(now, &[promo.clone(), set("shop")]);
    guard.policy = Deployed::read("mode = 'observe'").unwrap();
    for name in ["promo", "shop"] {
        guard.mail(name, Send, 0, 300, now).await;
        guard.mail(name, Bounce, 0, if name == "promo" { 40 } else { 1 }, now).await;
    }
    assert!(guard.ses.accepts(&promo));
    (guard, promo)
}

#[tokio::test]
async fn a_plan_says_whom_a_policy_would_pause_and_changes_nothing() {
    let (mut guard, promo) = observed().await;
    let before = guard.state(&promo).await;
    let mut request = push("mode = 'enforce'");
    request["plan"] = true.into();
    let plan = guard.operate(request).await;
    insta::assert_json_snapshot!(plan, @r#"
    {
      "action": "setPolicy",
      "marked": 0,
      "ok": true,
      "plan": true,
      "policyVersion": 0,
      "warnings": [],
      "wouldPause": [
        {
          "account": "111122223333",
          "configurationSet": "promo",
          "phase": "WARNED",
          "profile": "default",
          "region": "eu-west-1",
          "sentence": "40 of the 300 mails sent between Fri 12:00 and 12:14 UTC hard-bounced (13.3 %); the limit for that many mails is 25 (10 + 5 %)",
          "spared": null
        }
      ],
      "wouldWarn": []
    }
    "#);
    assert_eq!(guard.state(&promo).await, before);
    assert_eq!(guard.operate(json!({"action": "policy"})).await["versions"], json!([]));
}

#[tokio::test]
async fn a_push_is_in_force_at_once_for_every_set() {
    let (mut guard, promo) = observed().await;
    let pushed = guard.operate(push("mode = 'enforce'")).await;
    assert_eq!((&pushed["ok"], &pushed["policyVersion"], &pushed["marked"]), (&json!(true), &json!(1), &json!(2)));
    assert!(!guard.ses.accepts(&promo), "judged without waiting for its next bounce");
    assert!(guard.ses.accepts(&set("shop")));
    let status = guard.operate(json!({"action": "status"})).await;
    assert_eq!((&status["policySource"], &status["policyVersion"]), (&json!("stored"), &json!(1)));
}

#[tokio::test]
async fn versions_are_kept_and_a_cleared_policy_gives_way_to_the_deployed_one() {
    let (mut guard, promo) = observed().await;
    assert_eq!(guard.operate(push(LAXER)).await["policyVersion"], 1);
    assert!(guard.ses.accepts(&promo), "40 of 300 is below 60 + 5 %");
    let cleared = json!({"action": "clearPolicy", "reason": "test over", "actor": "ops@example.com"});
    assert_eq!(guard.operate(cleared).await["policyVersion"], 2);
    let shown = guard.operate(json!({"action": "policy"})).await;
    assert_eq!((&shown["policySource"], &shown["policy"]), (&json!("environment"), &json!("mode = 'observe'")));
    let old = guard.operate(json!({"action": "policy", "version": 1})).await;
    assert_eq!(old["policy"], LAXER);
    let versions: Vec<_> = shown["versions"].as_array().unwrap().iter().map(|one| one["version"].clone()).collect();
    assert_eq!(versions, [json!(2), json!(1)]);
}

#[tokio::test]
async fn what_check_refuses_and_what_is_based_on_an_old_version_is_not_pushed() {
    let (mut guard, _) = observed().await;
    guard.operate(push(LAXER)).await;
    for (what, text, base, code) in [
        ("an unknown key", "mood = 'enforce'", 1, "invalidPolicy"),
        ("slack 0", "[profile.mine]\nbased_on = 'default'\nbounce = { pause_slack = 0 }", 1, "invalidPolicy"),
        ("nothing", "  ", 1, "invalidRequest"),
        ("someone pushed since", "mode = 'enforce'", 0, "conflict"),
    ] {
        let mut request = push(text);
        request["baseVersion"] = base.into();
        let answer = guard.operate(request).await;
        assert_eq!(answer["error"]["code"], code, "{what}: {answer}");
    }
    let shown = guard.operate(json!({"action": "policy", "limit": 1})).await;
    assert_eq!((&shown["policyVersion"], &shown["policy"]), (&json!(1), &json!(LAXER)));
}

#[tokio::test]
async fn what_is_refused_was_not_written_even_when_the_policy_cannot_be_read() {
    let (mut guard, promo) = observed().await;
    let from_another_version = StoredPolicy {
        version: 1,
        text: "[no-such-table]".into(),
        at: at("2026-11-20T12:00:00Z"),
        actor: "ops".into(),
        reason: "a newer guard".into(),
    };
    assert_eq!(guard.policies.push(&from_another_version).await.unwrap(), Committed::Done);
    let before = guard.state(&promo).await;
    let hold = json!({"action": "hold", "configurationSet": "promo", "reason": "x", "actor": "y"});
    assert_eq!(guard.operate(hold).await["error"]["code"], "unavailable");
    assert_eq!(guard.state(&promo).await, before);
}

#[tokio::test]
async fn a_dip_below_the_line_does_not_make_it_news_again() {
    let (mut guard, promo) = observed().await;
    let now = at("2026-11-20T12:07:00Z");
    let told = guard.notices.all().len();
    guard.mail("promo", Send, 1_000, 600, now).await;
    guard.mail("promo", Bounce, 40, 1, now).await;
    assert_eq!(guard.state(&promo).await.phase, Phase::Warned, "41 of 900 is a warning only");
    guard.mail("promo", Bounce, 41, 40, now).await;
    assert_eq!(guard.notices.all().len(), told, "81 of 900 would pause it again, which people know");
}
