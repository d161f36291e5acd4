//! What people and machines are told: by the published schemas, once, together where it is many, and by every way that is
//! open.

use std::collections::{BTreeMap, BTreeSet};

use guard_aws::{AwsNotifier, Clients, Destinations};
use guard_core::audit::Act;
use guard_core::name::SetKey;
use guard_core::notice::{Audience, Letterhead, Notice};
use guard_core::port::{Clock, Committed, Fault, Landed, Notifier, Register};
use guard_core::state::{Change, Intent, Owner, State, Why};
use guard_core::steps::act::Actuator;
use guard_core::time::plus_seconds;
use guard_local::{ManualClock, MemoryRegister, RecordedNotices, SimulatedSes};
use guard_tests::mail::{REGION, at, homes, set};
use guard_tests::schema::{self, exact, published, validator};
use guard_tests::story::with_bounces;
use guard_tests::wire::{Asked, Wire};
use serde_json::{Value, json};

const NOON: &str = "2026-11-20T12:07:00Z";

#[test]
fn the_schemas_are_valid_themselves_and_refuse_nonsense() {
    for name in ["notice", "chat"] {
        let schema = published(name);
        assert!(jsonschema::draft202012::meta::is_valid(&schema), "{name}");
        assert!(jsonschema::draft202012::meta::is_valid(&exact(schema.clone())), "{name}");
        assert!(schema["$id"].as_str().unwrap().ends_with(&format!("docs/schema/{name}.v1.json")));
        assert!(!validator(&schema).is_valid(&json!({})), "{name}");
    }
}

/// Each kind of notice is in the snapshots of guard-core, in full.
#[test]
fn each_kind_is_as_published() {
    let snapshot = |name: &str| -> Vec<Value> {
        let path = format!("../shared/core/src/notice/snapshots/guard_core__notice__tests__{name}.snap");
        let text = std::fs::read_to_string(path).unwrap();
        let (_, json) = text.split_once("\n---\n").unwrap();
        serde_json::from_str(json).unwrap()
    };
    let (notice, chat) = (validator(&exact(published("notice"))), validator(&exact(published("chat"))));
    let events = snapshot("each_kind_as_an_event");
    let told: BTreeSet<&str> = events.iter().map(|event| event[1]["audit"]["act"].as_str().unwrap()).collect();
    assert_eq!(told.len(), Act::ALL.len() - 5, "five are on file and not told");
    for event in &events {
        let faults: Vec<_> = notice.iter_errors(&event[1]).map(|error| error.to_string()).collect();
        assert_eq!(faults, Vec::<String>::new(), "{event}");
    }
    for message in snapshot("each_kind_in_a_chat") {
        assert!(chat.is_valid(&message), "{message}");
    }
}

#[tokio::test]
async fn what_is_not_published_is_found() {
    let (guard, _, _) = with_bounces(98).await;
    let notice = guard.notices.all().remove(0);
    assert_eq!(schema::faults(&notice), Vec::<String>::new());
    for (what, pointer, value) in [
        ("another version", "/version", json!(2)),
        ("no urgency", "/urgency", json!("now")),
        ("a field more", "/more", json!(1)),
        ("a field more in the evidence", "/audit/evidence/more", json!(1)),
        ("an act that nobody is told of", "/audit/act", json!("held")),
        ("a recipient for a name", "/configurationSet", json!("jane@example.com")),
    ] {
        let mut wrong = notice.clone();
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        wrong.detail.pointer_mut(parent).unwrap()[field] = value;
        assert!(!schema::faults(&wrong).is_empty(), "{what}");
    }
}

/// An actuator of so many sets that are to be paused.
async fn to_be_paused(count: usize) -> (MemoryRegister, RecordedNotices, ManualClock, SimulatedSes) {
    let (register, ses) = (MemoryRegister::default(), SimulatedSes::default());
    for number in 0..count {
        let set = set(&format!("bad-{number:03}"));
        ses.create(&set);
        let over = State::default().intending(Intent::Pause, 1, Owner::Guard, Why::guard("Sending was paused: over."));
        let change = Change::silent(&set, &State::default(), over);
        assert_eq!(register.commit(&change).await.unwrap(), Committed::Done);
    }
    (register, RecordedNotices::default(), ManualClock::at(at(NOON)), ses)
}

fn by(audience: Audience, notices: &[Notice]) -> Vec<&Notice> {
    notices.iter().filter(|notice| notice.audience == audience).collect()
}

#[tokio::test]
async fn of_forty_pauses_five_are_told_one_by_one_and_the_others_together() {
    let (register, notices, clock, ses) = to_be_paused(40).await;
    let actuator = Actuator::new(register.clone(), ses, notices.clone(), clock.clone())
        .writing_as(Letterhead::of(homes(""), "ses-reputation-guard-actuate"));
    let stop_at = plus_seconds(clock.now(), 90);
    let drained = actuator.drain(&BTreeSet::new(), "one", stop_at).await;
    assert!(drained.faults.is_empty(), "{:?}", drained.faults);
    let told = notices.all();
    assert!(told.iter().all(|notice| schema::faults(notice).is_empty()));
    assert_eq!(by(Audience::All, &told).len(), 5);
    let [together] = by(Audience::People, &told)[..] else { panic!("{told:?}") };
    assert_eq!(together.subject, "SES guard: paused 35 more configuration sets");
    let mut named = BTreeMap::<&str, usize>::new();
    for notice in &told {
        if let Some(name) = notice.detail["configurationSet"].as_str() {
            *named.entry(name).or_default() += 1;
        }
    }
    assert!(named.len() == 40 && named.values().all(|times| *times == 1), "machines get each, once: {named:?}");
    let for_people: Vec<&Notice> = told.iter().filter(|notice| notice.audience != Audience::Machines).collect();
    let read_of = |name: &str| for_people.iter().filter(|notice| notice.text.contains(name)).count();
    assert!((0..40).all(|number| read_of(&format!("bad-{number:03}")) == 1), "people read of each, once");
    for (set, state) in register.states().await.unwrap() {
        assert!(state.untold.is_empty(), "{set}");
    }
}

/// Each is an event for machines and a write, so a drain takes two hundred of them.
#[tokio::test]
async fn of_more_than_two_hundred_the_others_are_told_together_in_the_next_drain() {
    let (register, notices, clock, ses) = to_be_paused(206).await;
    let actuator = Actuator::new(register.clone(), ses, notices.clone(), clock.clone());
    let untold = async || {
        let states = register.states().await.unwrap();
        states.into_iter().filter(|(_, state)| !state.untold.is_empty()).map(|(set, _)| set).collect::<BTreeSet<_>>()
    };
    actuator.drain(&BTreeSet::new(), "one", plus_seconds(clock.now(), 300)).await;
    assert_eq!(by(Audience::All, &notices.all()).len(), 5);
    assert_eq!(by(Audience::People, &notices.all())[0].subject, "SES guard: paused 200 more configuration sets");
    let left = untold().await;
    assert_eq!(left.len(), 1);
    actuator.drain(&left, "other", plus_seconds(clock.now(), 300)).await;
    assert!(untold().await.is_empty());
}

#[tokio::test]
async fn six_are_one_more_than_five_and_one_is_not_many() {
    let (register, notices, clock, ses) = to_be_paused(6).await;
    let actuator = Actuator::new(register, ses, notices.clone(), clock.clone());
    actuator.drain(&BTreeSet::new(), "one", plus_seconds(clock.now(), 90)).await;
    let told = notices.all();
    assert_eq!((told.len(), by(Audience::All, &told).len()), (6, 6));
}

/// Tells nobody, this many times.
struct Deaf(RecordedNotices, std::sync::atomic::AtomicUsize);

impl Notifier for Deaf {
    async fn notify(&self, notice: &Notice) -> Result<(), Fault> {
        use std::sync::atomic::Ordering::SeqCst;
        if self.1.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok() {
            return Err(Fault {
                operation: "Publish",
                subject: "topic".into(),
                landed: Landed::No,
                source: "no".into(),
            });
        }
        self.0.notify(notice).await
    }
}

#[tokio::test]
async fn whatever_fails_is_told_in_the_next_drain_and_nothing_is_left_out() {
    for failures in [1, 5, 6, 7, 20, 41] {
        let (register, notices, clock, ses) = to_be_paused(40).await;
        let deaf = Deaf(notices.clone(), failures.into());
        let actuator = Actuator::new(register.clone(), ses, deaf, clock.clone());
        for drain in 0..9 {
            let woken: BTreeSet<SetKey> = (0..40).map(|number| set(&format!("bad-{number:03}"))).collect();
            actuator.drain(&woken, &format!("drain-{drain}"), plus_seconds(clock.now(), 90)).await;
        }
        let told = notices.all();
        let named: BTreeSet<&str> =
            told.iter().filter_map(|notice| notice.detail["configurationSet"].as_str()).collect();
        assert_eq!(named.len(), 40, "after {failures} failures");
        let left = register.states().await.unwrap().into_iter().filter(|(_, state)| !state.untold.is_empty()).count();
        assert_eq!(left, 0, "after {failures} failures");
    }
}

const NOTICES: &str = "arn:aws:sns:eu-west-1:111122223333:notices";
const CHAT: &str = "arn:aws:sns:eu-west-1:111122223333:chat";

/// The ways of a request: which topic, or the bus.
fn ways(asked: &[Asked]) -> Vec<&'static str> {
    let way = |one: &Asked| match &one.body {
        body if body.contains("notices") && body.contains("Action=Publish") => "mail",
        body if body.contains("Action=Publish") => "chat",
        _ => "bus",
    };
    asked.iter().map(way).collect()
}

fn answer(asked: &Asked, broken: &str) -> (u16, String) {
    let way = ways(std::slice::from_ref(asked))[0];
    match (way == broken, way) {
        (true, "bus") => {
            (200, json!({"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure"}]}).to_string())
        }
        (true, _) => (403, "<ErrorResponse><Error><Code>AuthorizationError</Code></Error></ErrorResponse>".to_owned()),
        (false, "bus") => (200, json!({"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}).to_string()),
        (false, _) => (
            200,
            "<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>".to_owned(),
        ),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_way_that_is_broken_closes_no_other_and_repeats_none() {
    let (guard, _, _) = with_bounces(98).await;
    let notice = guard.notices.all().remove(0);
    for (chat, broken, first, second) in [
        ("", "", &["mail", "bus"][..], &["mail", "bus"][..]),
        (CHAT, "", &["mail", "chat", "bus"], &["mail", "chat", "bus"]),
        (CHAT, "mail", &["mail", "chat", "bus"], &["mail"]),
        (CHAT, "chat", &["mail", "chat", "bus"], &["chat"]),
        (CHAT, "bus", &["mail", "chat", "bus"], &["bus"]),
    ] {
        let wire = Wire::start(move |asked| answer(asked, broken)).await;
        let to = Destinations {
            notices_topic_arn: NOTICES.to_owned(),
            chat_topic_arn: chat.to_owned(),
            event_bus: "default".to_owned(),
        };
        let notifier = AwsNotifier::new(&Clients::local(&wire.url, REGION), to);
        for expected in [first, second] {
            let before = wire.asked().len();
            assert_eq!(notifier.notify(&notice).await.is_ok(), broken.is_empty(), "{broken}");
            assert_eq!(ways(&wire.asked()[before..]), expected, "{broken}");
        }
    }
}
