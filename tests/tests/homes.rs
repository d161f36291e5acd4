//! Several accounts and Regions, one guard: a set of the same name elsewhere is another set.

use std::collections::BTreeSet;

use guard_core::audit::Act;
use guard_core::event::SignalKind::{self, Bounce, Send};
use guard_core::event::{Accounts, AlarmChange, Reader, Reading};
use guard_core::home::Home;
use guard_core::name::SetKey;
use guard_core::policy::Deployed;
use guard_core::port::{Ledger, Register, Watched};
use guard_core::state::Phase;
use guard_core::time::Bucket;
use guard_ingest::Ingest;
use guard_local::{MemoryLedger, MemoryRegister};
use guard_sweep::Errand;
use guard_tests::crash::Fuse;
use guard_tests::guard::{Guard, receipt};
use guard_tests::mail::{QUEUE_ARN, REGION, at, batch, hash_key, homes, of_home, record, set};
use guard_tests::story::{NOON, order, subjects};
use serde_json::{Value, json};

const MEMBER: &str = "444455556666/us-east-1";
const STRANGER: &str = "999988887777/eu-west-1";

fn home(text: &str) -> Home {
    text.parse().unwrap()
}

/// The set of the member's that has the same name.
fn there(name: &str) -> SetKey {
    home(MEMBER).set(name.parse().unwrap())
}

/// A guard of its own home and the member's, with `promo` in both.
fn guard() -> (Guard, SetKey, SetKey) {
    let (here, there) = (set("promo"), there("promo"));
    let mut guard = Guard::of(at(NOON), &[here.clone(), there.clone()]);
    guard.homes = homes(MEMBER);
    (guard, here, there)
}

/// Counts mail of this set, whichever its home, and lets the guard come to rest.
async fn mail(guard: &mut Guard, set: &SetKey, kind: SignalKind, count: u64) {
    let mut receipts: Vec<_> = (0..count).map(|mail| receipt(set.name.as_str(), kind, mail, at(NOON))).collect();
    receipts.iter_mut().flat_map(|receipt| &mut receipt.signals).for_each(|signal| signal.set = set.clone());
    let counted = guard.count(&receipts, &Fuse::endless()).await.unwrap();
    assert!(counted.failed.is_empty() && counted.faults.is_empty(), "{counted:?}");
    guard.settle().await;
}

/// The same order, of this home.
fn at_home(mut request: Value, home: &Home) -> Value {
    request["account"] = home.account.as_str().into();
    request["region"] = home.region.as_str().into();
    request
}

#[tokio::test]
async fn events_of_listed_homes_are_counted_apart_and_others_go_back() {
    let (ledger, register, now) = (MemoryLedger::default(), MemoryRegister::default(), at(NOON));
    let cases = [
        (home("111122223333/eu-west-1"), true),
        (home(MEMBER), true),
        (home("444455556666/eu-west-1"), false),
        (home("111122223333/us-east-1"), false),
        (home(STRANGER), false),
    ];
    let body = |home: &Home| of_home(record("promo", Bounce, 1, now), home).to_string();
    let deadline = u64::try_from(now.as_millisecond()).unwrap() + 30_000;
    let reader = Reader::guarding(homes(MEMBER), hash_key());
    let clock = guard_local::ManualClock::at(now);
    let ingest = Ingest::new(QUEUE_ARN.to_owned(), reader, ledger.clone(), register.clone(), clock);
    let answer = ingest.handle(batch(cases.iter().map(|(home, _)| body(home)), 1), deadline).await;
    let given_back: Vec<_> = answer.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect();
    assert_eq!(given_back, ["message-2", "message-3", "message-4"]);
    for (home, guarded) in cases {
        let set = home.set("promo".parse().unwrap());
        let tallies = ledger.window(&set, Bucket::of(now), Bucket::of(now)).await.unwrap();
        let bounces = tallies.first().and_then(|tally| tally.counts.bounces.exact());
        assert_eq!(bounces, guarded.then_some(1), "{home}");
        assert_eq!(register.read(&set).await.unwrap().to_judge, guarded, "{home}");
    }
}

#[tokio::test]
async fn a_set_of_the_same_name_elsewhere_is_paused_and_resumed_apart() {
    let (mut guard, here, there) = guard();
    for promo in [&here, &there] {
        mail(&mut guard, promo, Send, 300).await;
    }
    mail(&mut guard, &there, Bounce, 60).await;
    assert!(guard.ses.accepts(&here) && !guard.ses.accepts(&there), "60 of 300 bounced there, none here");
    assert_eq!(guard.state(&here).await.phase, Phase::Active);
    let notice = guard.notices.all().remove(0);
    assert!(notice.text.contains("promo (account 444455556666, us-east-1)"), "{}", notice.text);
    let command = "ses-guard resume --region eu-west-1 promo --home 444455556666/us-east-1 --reason";
    assert!(notice.text.contains(command), "{}", notice.text);

    let resume = at_home(order("resume"), &home(MEMBER));
    let answer = guard.operate(resume).await;
    assert_eq!((&answer["account"], &answer["region"]), (&json!("444455556666"), &json!("us-east-1")), "{answer}");
    assert!(guard.ses.accepts(&there));
    assert_eq!((guard.state(&there).await.phase, guard.state(&here).await.phase), (Phase::Trial, Phase::Active));

    mail(&mut guard, &here, Bounce, 60).await;
    assert!(!guard.ses.accepts(&here) && guard.ses.accepts(&there), "and the other way round");
}

#[tokio::test]
async fn a_name_that_several_homes_know_is_not_guessed() {
    let (mut guard, here, there) = guard();
    let status = json!({"action": "status", "configurationSet": "promo"});
    assert_eq!(
        guard.operate(status.clone()).await["account"],
        "111122223333",
        "nobody else knows one: the guard's own"
    );

    for promo in [&here, &there] {
        mail(&mut guard, promo, Send, 300).await;
        mail(&mut guard, promo, Bounce, 60).await;
    }
    assert!(!guard.ses.accepts(&here) && !guard.ses.accepts(&there));
    for action in ["status", "history", "pause", "resume", "hold", "release"] {
        let mut request = order(action);
        let names = if action == "status" || action == "history" { ["reason", "actor"] } else { ["", ""] };
        names.iter().for_each(|name| drop(request.as_object_mut().unwrap().remove(*name)));
        let refused = guard.operate(request.clone()).await;
        assert_eq!(refused["error"]["code"], "ambiguousConfigurationSet", "{action}: {refused}");
        let told = guard.operate(at_home(request, &home("111122223333/eu-west-1"))).await;
        assert_ne!(told["error"]["code"], "ambiguousConfigurationSet", "{action}: {told}");
    }
    assert!(guard.ses.accepts(&here) && !guard.ses.accepts(&there), "resumed where it was said, and only there");

    let refused = guard.operate(status).await;
    let message = "there is a promo in 444455556666/us-east-1, too; say which is meant, by account and region (--home)";
    assert_eq!(refused["error"]["message"], message);
}

#[tokio::test]
async fn a_home_that_is_not_guarded_is_refused_and_a_half_said_one_is_the_guards_own() {
    let (mut guard, _, _) = guard();
    for (what, place, code) in [
        ("the member's", json!({"account": "444455556666", "region": "us-east-1"}), Value::Null),
        ("a stranger's", json!({"account": "999988887777", "region": "eu-west-1"}), json!("notGuarded")),
        ("the member's account, the guard's Region", json!({"account": "444455556666"}), json!("notGuarded")),
        ("the member's Region, the guard's account", json!({"region": "us-east-1"}), json!("notGuarded")),
        ("the guard's own Region", json!({"region": REGION}), Value::Null),
        ("no account", json!({"account": "4444"}), json!("invalidRequest")),
        ("no Region", json!({"region": "Ireland"}), json!("invalidRequest")),
    ] {
        let mut request = json!({"action": "status", "configurationSet": "promo"});
        request.as_object_mut().unwrap().extend(place.as_object().unwrap().clone());
        let answer = guard.operate(request).await;
        assert_eq!(answer["error"]["code"], code, "{what}: {answer}");
    }
    let policy = guard.operate(json!({"action": "policy", "account": "444455556666"})).await;
    assert_eq!(policy["error"]["message"], "policy takes no account");
}

#[tokio::test]
async fn lists_say_the_home_and_can_be_narrowed_to_one() {
    let (mut guard, here, there) = guard();
    for promo in [&here, &there] {
        mail(&mut guard, promo, Send, 300).await;
        mail(&mut guard, promo, Bounce, 40).await;
    }
    let homes_in = |answer: &Value| -> Vec<String> {
        let rows = answer["configurationSets"].as_array().unwrap().iter();
        rows.map(|row| format!("{}/{}", row["account"].as_str().unwrap(), row["region"].as_str().unwrap())).collect()
    };
    let all = guard.operate(json!({"action": "list"})).await;
    assert_eq!(homes_in(&all), ["111122223333/eu-west-1", MEMBER]);
    let some = guard.operate(json!({"action": "list", "account": "444455556666"})).await;
    assert_eq!(homes_in(&some), [MEMBER]);
    let none = guard.operate(json!({"action": "list", "region": "ap-south-1"})).await;
    assert_eq!(none["error"]["code"], "notGuarded", "{none}");
    let whole = guard.operate(json!({"action": "status"})).await;
    let counts = (&whole["homes"], &whole["configurationSets"]);
    assert_eq!(counts, (&json!(["111122223333/eu-west-1", MEMBER]), &json!(2)), "{whole}");
    let part = guard.operate(json!({"action": "status", "region": "us-east-1"})).await;
    assert_eq!((&part["homes"], &part["configurationSets"]), (&json!([MEMBER]), &json!(1)), "{part}");
}

#[tokio::test]
async fn what_a_person_does_in_another_home_is_put_right_there() {
    let (mut guard, here, there) = guard();
    for promo in [&here, &there] {
        mail(&mut guard, promo, Send, 300).await;
        mail(&mut guard, promo, Bounce, 60).await;
    }
    guard.clock.advance(600);
    guard.ses.toggle(&there, true);
    guard.touched(&there).await;
    assert!(!guard.ses.accepts(&there) && !guard.ses.accepts(&here));
    let acts: Vec<Act> =
        guard.register.history(&there, 1).await.unwrap().into_iter().map(|record| record.act).collect();
    assert_eq!(acts, [Act::Paused]);

    guard.clock.advance(600);
    guard.ses.toggle(&there, true);
    let mut looked_at = BTreeSet::new();
    for _ in 0..3 {
        looked_at.extend(guard.sweep().await.looked_at.into_iter().map(|(set, _)| set));
        guard.clock.advance(60);
    }
    assert!(looked_at.contains(&here) && looked_at.contains(&there), "the sweep looks everywhere: {looked_at:?}");
    assert!(!guard.ses.accepts(&there));
}

#[tokio::test]
async fn each_home_s_account_is_guarded_by_its_own_rate() {
    let (mut guard, here, there) = guard();
    guard.policy = Deployed::read("[account]\nmin_mails = 1000\nmax_volume = \"100 %\"").unwrap();
    // 45 of 1,000: below the line of a set, above the trigger of an account.
    mail(&mut guard, &here, Send, 1_000).await;
    mail(&mut guard, &there, Send, 1_000).await;
    mail(&mut guard, &there, Bounce, 45).await;
    let fuse = Fuse::endless();
    let mut accounts = Vec::new();
    for home in guard.homes.iter() {
        accounts.push(guard.account_guard_of(home, &fuse).await);
    }
    let deadline = u64::try_from(at(NOON).as_millisecond()).unwrap() + 55_000;
    let lookout = guard.lookout(&fuse);
    let sweeper = guard.sweeper(&fuse).await;
    guard_sweep::handle(&sweeper, &accounts, &lookout, &Errand::Sweep(at(NOON)), deadline).await.unwrap();
    let watched =
        async |set: &SetKey| guard.state(&Home::of(set).whole()).await.account.expect("it was looked at").bounce.ours;
    assert_eq!((watched(&here).await.events, watched(&there).await.events), (0, 45));
    let filed = async |set: &SetKey| guard.register.history(&Home::of(set).whole(), 10).await.unwrap().len();
    assert_eq!(
        (filed(&here).await, filed(&there).await),
        (0, 1),
        "that one is over its trigger, this one has failed nobody"
    );
    guard.settle().await;
    assert!(guard.ses.accepts(&here) && !guard.ses.accepts(&there));
}

fn alarm_of(home: &Home, file: &str) -> AlarmChange {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../events/alarm").join(file);
    let text = std::fs::read_to_string(path).unwrap();
    let text = text.replace(REGION, home.region.as_str()).replace("111122223333", home.account.as_str());
    match Reader::new(Accounts::Any, None, hash_key()).read(&text, at("2026-11-20T09:30:20Z")) {
        Ok(Reading::Alarm(alarm)) => alarm,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_alarm_of_a_listed_home_is_about_its_sets_and_others_are_told() {
    let weekly = there("marketing-weekly");
    for file in ["direct-metric-alarm.json", "direct-composite.json"] {
        let mut guard = Guard::of(at("2026-11-20T09:30:20Z"), &[set("marketing-weekly"), weekly.clone()]);
        guard.homes = homes(MEMBER);
        let name = "ses-marketing-weekly-bounce-rate";
        let sets = vec![weekly.name.clone()];
        let child = Watched { name: name.into(), in_alarm: true, configuration_sets: sets, ..Watched::default() };
        guard.alarms.put(child, &[]);
        guard.respond(&alarm_of(&home(MEMBER), file), &Fuse::endless()).await.unwrap().unwrap();
        guard.settle().await;
        assert!(!guard.ses.accepts(&weekly), "{file}: nothing was counted there that could disagree");
        assert!(guard.ses.accepts(&set("marketing-weekly")), "{file}");
        assert!(guard.alarms.asked().iter().all(|asked| *asked == home(MEMBER)), "{file}");
    }
    let mut guard = Guard::of(at("2026-11-20T09:30:20Z"), std::slice::from_ref(&weekly));
    guard.respond(&alarm_of(&home(MEMBER), "direct-metric-alarm.json"), &Fuse::endless()).await.unwrap().unwrap();
    guard.settle().await;
    assert!(guard.ses.accepts(&weekly), "not listed");
    assert_eq!(subjects(&guard), ["SES guard: alarm not understood in account 111122223333"]);
    let text = guard.notices.all().remove(0).text;
    assert!(text.contains("444455556666/us-east-1 is not guarded here; to guard it, deploy member.yaml"), "{text}");
}
