//! SES throttles for minutes while hundreds of sets are over: nobody is forgotten, and the worst are paused first.

use std::collections::BTreeSet;

use guard_core::name::SetKey;
use guard_core::port::{Clock, Committed, Register};
use guard_core::state::{Change, Intent, Owner, State, Why};
use guard_core::steps::act::Actuator;
use guard_core::time::plus_seconds;
use guard_local::{ManualClock, MemoryRegister, RecordedNotices, SesFault, SimulatedSes};
use guard_tests::mail::{at, set};

const NOON: &str = "2026-11-20T12:07:00Z";
const SETS: u64 = 500;
/// Ten minutes of refusals, at the slowest pace.
const REFUSALS: usize = 75;

#[tokio::test]
async fn five_hundred_sets_are_paused_within_520_seconds_after_ten_minutes_of_throttling_the_worst_first() {
    let (register, ses, clock) = (MemoryRegister::default(), SimulatedSes::default(), ManualClock::at(at(NOON)));
    // In an order of names that is not that of their priorities.
    let sets: Vec<(SetKey, u64)> = (0..SETS).map(|n| (set(&format!("bad-{}", n * 7 % SETS)), n)).collect();
    for (set, priority) in &sets {
        ses.create(set);
        let state = State::default();
        let over = state.intending(Intent::Pause, *priority, Owner::Guard, Why::guard("Over."));
        assert_eq!(register.commit(&Change::silent(set, &state, over)).await.unwrap(), Committed::Done);
    }
    ses.plant(vec![SesFault::Throttled; REFUSALS]);
    let actuator = Actuator::new(register.clone(), ses.clone(), RecordedNotices::default(), clock.clone());
    let mut refused_last = at(NOON);
    for invocation in 0.. {
        // Short ones while SES refuses, to see when it does no more.
        let seconds = if ses.calls().len() < REFUSALS { 9 } else { 90 };
        if seconds == 9 {
            refused_last = clock.now();
        }
        actuator.drain(&BTreeSet::new(), &format!("invocation-{invocation}"), plus_seconds(clock.now(), seconds)).await;
        if register.pending().await.unwrap().is_empty() {
            break;
        }
        clock.advance(1);
        assert!(invocation < 1_000, "it never ends");
    }
    let throttled_for = refused_last.duration_since(at(NOON)).as_secs();
    assert!((500..700).contains(&throttled_for), "SES refused for {throttled_for} s");
    let took = clock.now().duration_since(refused_last).as_secs();
    println!("all are paused {took} s after the last refusal");
    assert!(took <= 520, "{took} s");
    let order: Vec<SetKey> = ses.calls().into_iter().skip(REFUSALS).map(|(set, _)| set).collect();
    let worst_first: Vec<SetKey> = sets.iter().rev().map(|(set, _)| set.clone()).collect();
    assert_eq!(order, worst_first);
}
