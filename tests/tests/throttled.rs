//! Hundreds of sets are over, and SES throttles for minutes: nobody is forgotten, the worst are paused first, and an
//! actuator spends its time on pausing.

use std::collections::BTreeSet;

use guard_core::name::SetKey;
use guard_core::port::{Clock, Committed, Register};
use guard_core::state::{Change, Intent, Owner, State, Why};
use guard_core::steps::act::Actuator;
use guard_core::time::plus_seconds;
use guard_local::{ManualClock, MemoryRegister, RecordedNotices, SesFault, SimulatedSes};
use guard_tests::crash::{Fuse, Mortal};
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

/// So many sets that are to be paused, and woke the actuator.
async fn pending(sets: u64) -> (MemoryRegister, SimulatedSes, BTreeSet<SetKey>) {
    let (register, ses) = (MemoryRegister::default(), SimulatedSes::default());
    let woken: BTreeSet<SetKey> = (0..sets).map(|n| set(&format!("bad-{n}"))).collect();
    for set in &woken {
        ses.create(set);
        let over = State::default().intending(Intent::Pause, 1, Owner::Guard, Why::guard("Over."));
        assert_eq!(register.commit(&Change::silent(set, &State::default(), over)).await.unwrap(), Committed::Done);
    }
    (register, ses, woken)
}

/// The calls of a drain of so many sets.
async fn calls_of(sets: u64) -> u64 {
    let (register, ses, woken) = pending(sets).await;
    let (fuse, clock) = (Fuse::endless(), ManualClock::at(at(NOON)));
    let register = Mortal::new(register, &fuse);
    let actuator = Actuator::new(register, ses, RecordedNotices::default(), clock);
    let drained = actuator.drain(&woken, "me", plus_seconds(at(NOON), 3_600)).await;
    assert_eq!((drained.unfinished.len(), drained.faults.len()), (0, 0), "{:?}", drained.faults.first());
    fuse.calls_since(u64::MAX)
}

#[tokio::test]
async fn five_times_the_sets_take_five_times_the_calls() {
    // No more than one drain tells of together.
    let (few, many) = (calls_of(40).await, calls_of(200).await);
    println!("{few} calls for 40 sets, {many} for 200");
    assert!(many <= few * 5, "{many} calls for 200 sets, {few} for 40");
}

#[tokio::test]
async fn a_drain_without_time_asks_for_nothing_however_many_woke_it() {
    let (register, ses, woken) = pending(500).await;
    // Who told people last, in the seconds that it may take longer.
    for (late, asks) in [(0, true), (9, true), (10, false), (60, false)] {
        let (fuse, clock) = (Fuse::endless(), ManualClock::at(at(NOON)));
        let register = Mortal::new(register.clone(), &fuse);
        let actuator = Actuator::new(register, ses.clone(), RecordedNotices::default(), clock);
        let drained = actuator.drain(&woken, "me", plus_seconds(at(NOON), -late)).await;
        assert_eq!(drained.unfinished, woken, "all of them come again");
        assert_eq!(fuse.calls_since(u64::MAX) > 0, asks, "{late} s late");
        assert!(ses.calls().is_empty(), "nothing is begun when the time is up, {late} s late");
    }
}
