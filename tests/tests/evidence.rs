//! What is on file since some time: the records, the counts by hour, and of the account who was paused.

use guard_core::event::SignalKind::{Bounce, Complaint, Prevented, Send};
use guard_core::home::Home;
use guard_core::port::{Committed, Register};
use guard_core::state::{Change, Phase, State};
use guard_core::time::plus_seconds;
use guard_tests::mail::{homes, set};
use guard_tests::story::{guard, order, with_bounces};
use serde_json::{Value, json};

fn asked(set: &str, since: &str) -> Value {
    json!({"action": "evidence", "configurationSet": set, "since": since})
}

const MEMBER: &str = "444455556666/us-east-1";

/// Of the guard's own home.
fn at_home(mut request: Value) -> Value {
    (request["account"], request["region"]) = ("111122223333".into(), "eu-west-1".into());
    request
}

fn acts(records: &Value) -> Vec<&str> {
    records.as_array().unwrap().iter().map(|record| record["act"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_pause_and_its_end_are_on_file_with_the_counts_of_each_hour() {
    let (mut guard, promo, now) = with_bounces(60).await;
    guard.mail("promo", Complaint, 0, 2, plus_seconds(now, -7_200)).await;
    guard.mail("promo", Prevented, 0, 3, plus_seconds(now, -7_200)).await;
    guard.clock.advance(1_800);
    guard.operate(order("resume")).await;
    guard.clock.advance(60);
    let answer = guard.operate(asked("promo", "2026-11-20T00:00:00Z")).await;
    assert_eq!(acts(&answer["records"]), ["pauseIntended", "paused", "resumeIntended", "resumed"], "oldest first");
    assert_eq!(answer["complete"], true);
    assert_eq!(answer["countsSince"], "2026-11-20T00:00:00Z");
    assert_eq!(answer["configurationSets"], json!([]), "only of the account");
    let hours = answer["hours"].as_array().unwrap();
    let between = |count: u64| json!({"atLeast": count, "atMost": count});
    let counts: Vec<_> = hours.iter().map(|hour| (hour["hour"].as_str().unwrap(), &hour["bounces"])).collect();
    assert_eq!(counts, [("2026-11-20T10:00:00Z", &between(0)), ("2026-11-20T11:00:00Z", &between(60))]);
    assert_eq!((&hours[0]["complaints"], &hours[0]["prevented"]), (&between(2), &between(3)));
    assert_eq!(hours[1]["sends"]["atMost"], 1_000);
    assert!(guard.state(&promo).await.untold.is_empty());
}

#[tokio::test]
async fn only_what_is_asked_for_is_given() {
    let (mut guard, _, now) = with_bounces(60).await;
    guard.clock.advance(7_200);
    guard.operate(order("resume")).await;
    let since = plus_seconds(now, 3_600).to_string();
    let answer = guard.operate(asked("promo", &since)).await;
    assert_eq!(acts(&answer["records"]), ["resumeIntended", "resumed"]);
    assert_eq!((&answer["complete"], &answer["hours"]), (&json!(true), &json!([])));

    let long_ago = guard.operate(asked("promo", "2026-10-01T00:00:00Z")).await;
    assert_eq!(long_ago["since"], "2026-10-01T00:00:00Z");
    assert_eq!(long_ago["countsSince"], "2026-11-05T14:00:00Z", "the ledger keeps 15 days");
    assert_eq!(long_ago["records"].as_array().unwrap().len(), 4, "records are kept for ever");
}

#[tokio::test]
async fn what_can_not_be_asked_is_refused() {
    let (mut guard, _, _) = guard();
    for (what, request, message) in [
        ("no time", json!({"action": "evidence", "configurationSet": "promo"}), "evidence needs since"),
        ("no set", json!({"action": "evidence", "since": "2026-11-20T00:00:00Z"}), "evidence needs configurationSet"),
        ("not a time", asked("promo", "yesterday"), ""),
        ("the future", asked("promo", "2026-11-20T12:07:00Z"), "since must lie in the past"),
        (
            "a time that history does not take",
            json!({"action": "history", "configurationSet": "promo", "since": "2026-11-20T00:00:00Z"}),
            "history takes no since",
        ),
    ] {
        let answer = guard.operate(request).await;
        assert_eq!(answer["error"]["code"], "invalidRequest", "{what}: {answer}");
        assert!(answer["error"]["message"].as_str().unwrap().contains(message), "{what}: {answer}");
    }
}

#[tokio::test]
async fn of_the_account_each_sets_pauses_are_given_and_all_of_its_mail() {
    let (mut guard, _, now) = with_bounces(60).await;
    guard.mail("shop", Send, 0, 500, plus_seconds(now, -600)).await;
    guard.mail("shop", Bounce, 0, 5, plus_seconds(now, -600)).await;
    guard.clock.advance(60);
    let answer = guard.operate(asked("*account*", "2026-11-20T00:00:00Z")).await;
    let hours = answer["hours"].as_array().unwrap();
    assert_eq!(hours.len(), 1);
    let (bounces, sends) = (&hours[0]["bounces"], &hours[0]["sends"]);
    assert_eq!((&sends["atMost"], &bounces["atMost"]), (&json!(1_500), &json!(65)));
    let sets = answer["configurationSets"].as_array().unwrap();
    let [promo] = &sets[..] else { panic!("shop was never paused: {sets:?}") };
    assert_eq!((&promo["configurationSet"], acts(&promo["records"])), (&json!("promo"), vec!["paused"]));
    assert!(promo["records"][0].get("evidence").is_none());
    assert_eq!(answer["configurationSetsComplete"], true);
}

#[tokio::test]
async fn of_the_account_only_sets_of_its_own_that_were_ever_switched_are_given() {
    let (mut guard, _, _) = with_bounces(60).await;
    guard.homes = homes(MEMBER);
    let [shop, gone, there] = ["shop", "gone", "there"].map(set);
    let there = MEMBER.parse::<Home>().unwrap().set(there.name);
    for set in [&shop, &gone, &there] {
        guard.ses.create(set);
        let change = Change::silent(set, &State::default(), State::default());
        assert_eq!(guard.register.commit(&change).await.unwrap(), Committed::Done);
    }
    // One is switched by someone else, one in another home, and one is deleted that always sent.
    guard.ses.toggle(&shop, false);
    guard.ses.toggle(&there, false);
    guard.ses.delete(&gone);
    guard.clock.advance(1_800);
    guard.sweep().await;
    guard.operate(at_home(order("resume"))).await;
    let phases = [&shop, &there, &gone].map(|set| async { guard.state(set).await.phase });
    assert_eq!(futures::future::join_all(phases).await, [Phase::External, Phase::External, Phase::Gone]);

    let answer = guard.operate(at_home(asked("*account*", "2026-11-20T00:00:00Z"))).await;
    let sets = answer["configurationSets"].as_array().unwrap();
    let switched: Vec<_> = sets.iter().map(|set| (&set["configurationSet"], acts(&set["records"]))).collect();
    assert_eq!(
        switched,
        [(&json!("promo"), vec!["paused", "resumed"]), (&json!("shop"), vec!["foundOff"])],
        "promo sends again: {answer}"
    );
}

#[tokio::test]
async fn records_beyond_the_latest_are_said_to_exist() {
    let (mut guard, _, _) = guard();
    for _ in 0..151 {
        guard.operate(order("hold")).await;
        guard.clock.advance(1);
        guard.operate(order("release")).await;
        guard.clock.advance(1);
    }
    let answer = guard.operate(asked("promo", "2026-11-20T00:00:00Z")).await;
    assert_eq!((answer["records"].as_array().unwrap().len(), &answer["complete"]), (300, &json!(false)));
    let oldest = answer["records"][0]["at"].as_str().unwrap();
    assert_eq!(oldest, "2026-11-20T12:07:02Z", "two came before it");
    for (what, since, complete) in [
        ("the one before may be of the same moment", oldest, false),
        ("those before were not asked for", "2026-11-20T12:07:03Z", true),
    ] {
        assert_eq!(guard.operate(asked("promo", since)).await["complete"], complete, "{what}");
    }
}
