//! A backtest decides what the whole guard decides, at the same second, when both are given the same events.

use std::collections::BTreeMap;

use guard_core::audit::Act;
use guard_core::event::{Accounts, Reader, Reading, SignalKind};
use guard_core::name::SetKey;
use guard_core::policy::{Deployed, PolicyBook};
use guard_core::port::Register;
use guard_core::steps::count::Receipt;
use guard_core::time::plus_seconds;
use guard_replay::{Input, NamedPolicy, Options, read, replay};
use guard_tests::crash::Fuse;
use guard_tests::guard::Guard;
use guard_tests::mail::{at, hash_key, record, set};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::Value;

const SETS: [&str; 3] = ["a", "b", "c"];
const START: &str = "2026-10-05T09:00:00Z";
const LATENCY_SECONDS: u32 = 2;
/// Strangers send with all three sets: nobody minds, they are told of, they are left out.
const POLICY: &str =
    "[[assign]]\nsets = 'b'\nsenders = 'sender'\n[[assign]]\nsets = 'c'\nsenders = 's??der'\nstrict_sender = true";

/// One mail: whose, how many seconds after the one before, and what came of it after so many seconds.
#[derive(Debug, Clone)]
struct Mail {
    set: usize,
    by_a_stranger: bool,
    after: i64,
    fate: Option<(SignalKind, i64)>,
}

fn mail() -> impl Strategy<Value = Mail> {
    let kind =
        prop_oneof![6 => Just(SignalKind::Bounce), 2 => Just(SignalKind::Complaint), 1 => Just(SignalKind::Prevented)];
    let later = prop_oneof![0..10_i64, 0..5_000_i64, 80_000..90_000_i64];
    let fate = prop_oneof![3 => Just(None), 1 => (kind, later).prop_map(Some)];
    let after = prop_oneof![9 => 0..3_i64, 1 => 0..4_000_i64];
    (0..SETS.len(), any::<bool>(), after, fate).prop_map(|(set, by_a_stranger, after, fate)| Mail {
        set,
        by_a_stranger,
        after,
        fate,
    })
}

/// The records by the second in which they come, sends first.
fn records(mails: &[Mail]) -> BTreeMap<Timestamp, Vec<(SignalKind, Value)>> {
    let mut seconds: BTreeMap<Timestamp, Vec<(SignalKind, Value)>> = BTreeMap::new();
    let mut sent_at = at(START);
    for (number, mail) in (0..).zip(mails) {
        sent_at = plus_seconds(sent_at, mail.after);
        let mut add = |kind, occurred_at: Timestamp| {
            let mut event = record(SETS[mail.set], kind, number, sent_at);
            if mail.by_a_stranger {
                event["mail"]["tags"]["ses:caller-identity"] = serde_json::json!(["stranger"]);
            }
            for object in ["bounce", "complaint"] {
                if let Some(object) = event.get_mut(object) {
                    object["timestamp"] = format!("{occurred_at:.3}").into();
                }
            }
            seconds.entry(occurred_at).or_default().push((kind, event));
        };
        add(SignalKind::Send, sent_at);
        if let Some((kind, later)) = mail.fate {
            add(kind, plus_seconds(sent_at, later));
        }
    }
    seconds.values_mut().for_each(|events| events.sort_by_key(|(kind, _)| *kind));
    seconds
}

type Told = [Option<(Timestamp, String)>; 2];

/// When each set was first warned and paused, by the real steps. A guard for each set, so that no pause waits for its
/// turn at SES while the next set is judged.
fn of_the_guard(seconds: &BTreeMap<Timestamp, Vec<(SignalKind, Value)>>) -> Vec<Told> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("there are threads");
    SETS.map(|name| runtime.block_on(of_one_guard(&set(name), seconds))).into()
}

async fn of_one_guard(set: &SetKey, seconds: &BTreeMap<Timestamp, Vec<(SignalKind, Value)>>) -> Told {
    let mut guard = Guard::of(at(START), std::slice::from_ref(set));
    guard.policy = Deployed::read(POLICY).expect("the policy is sound");
    for (now, events) in seconds {
        guard.clock.set(*now);
        let mut batch = Vec::new();
        for (number, (_, event)) in events.iter().enumerate() {
            let Ok(Reading::Signals { signals, .. }) = Guard::reader().read(&event.to_string(), *now) else {
                panic!("{event} says nothing");
            };
            if signals.iter().all(|signal| signal.set == *set) {
                batch.push(Receipt { message_id: number.to_string(), suspect: false, signals });
            }
        }
        let counted = guard.count(&batch, &Fuse::endless()).await.expect("the fuse is endless");
        assert!(counted.failed.is_empty());
        guard.settle().await;
    }
    let mut history = guard.register.history(set, 1_000).await.expect("the register is in memory");
    history.reverse();
    let first = |act| history.iter().find(|record| record.act == act).map(|one| (one.at, one.sentence.clone()));
    [first(Act::Warned), first(Act::PauseIntended)]
}

/// The same by the backtest.
fn of_the_backtest(seconds: &BTreeMap<Timestamp, Vec<(SignalKind, Value)>>) -> Vec<Told> {
    let text: String = seconds.values().rev().flatten().map(|(_, event)| event.to_string()).collect();
    let reader = Reader::new(Accounts::Any, None, hash_key()).of_archive();
    let options = Options { threads: 1, ..Options::new(reader, at("2026-11-20T10:00:00Z")) };
    let archive = read(&[Input::Memory("events".to_owned(), text.into())], &options, &|_| {}).expect("there is input");
    assert_eq!(archive.intake().malformed, []);
    let policy =
        NamedPolicy { name: "built-in".to_owned(), book: PolicyBook::read(POLICY).expect("the policy is sound") };
    let report = replay(&archive, &[policy], LATENCY_SECONDS, 1);
    let of_set = |name: &str| {
        let found = report.sets.iter().find(|set| set.configuration_set.as_str() == name);
        let told =
            |decision: &Option<guard_replay::Decision>| decision.as_ref().map(|one| (one.at, one.sentence.clone()));
        found.map_or([None, None], |set| [told(&set.outcomes[0].warned), told(&set.outcomes[0].paused)])
    };
    SETS.map(of_set).into()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_backtest_decides_what_the_guard_decides(mails in prop::collection::vec(mail(), 50..400)) {
        let seconds = records(&mails);
        prop_assert_eq!(of_the_backtest(&seconds), of_the_guard(&seconds));
    }
}
