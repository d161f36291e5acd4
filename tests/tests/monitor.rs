//! One contract, both monitors: the simulated CloudWatch, and CloudWatch's API in the local AWS where one is running.

use guard_aws::{Clients, CloudWatchMonitor, Pipeline};
use guard_core::port::{Monitor, Point, Vital};
use guard_core::time::plus_seconds;
use guard_local::SimulatedMonitor;
use guard_tests::mail::{REGION, at};

/// `tests/demo/contract.py` publishes the same in the local AWS.
const BEGIN: &str = "2026-11-20T12:00:00Z";

macro_rules! contract {
    ($($law:ident),* $(,)?) => {
        mod in_memory {
            $(#[tokio::test]
            async fn $law() {
                super::$law(super::simulated()).await;
            })*
        }
        mod in_local_aws {
            $(#[tokio::test]
            async fn $law() {
                let Some(monitor) = super::local_aws() else {
                    eprintln!("skipped: GUARD_TEST_ENDPOINT names no local AWS; `make test` starts one");
                    return;
                };
                super::$law(monitor).await;
            })*
        }
    };
}

contract!(each_vital_is_read_as_it_was_published, the_end_is_left_out, what_was_not_published_is_not_there);

fn simulated() -> SimulatedMonitor {
    let monitor = SimulatedMonitor::default();
    for (vital, seconds, value) in [
        (Vital::Sends, 0, 200),
        (Vital::Sends, 900, 100),
        (Vital::EventsAge, 0, 16),
        (Vital::EventsAge, 60, 0),
        (Vital::JudgeAge, 60, 16),
        (Vital::EventDeadLetters, 120, 12),
    ] {
        monitor.publish(vital, plus_seconds(at(BEGIN), seconds), value);
    }
    monitor
}

fn local_aws() -> Option<CloudWatchMonitor> {
    let endpoint = std::env::var("GUARD_TEST_ENDPOINT").ok()?;
    let pipeline = Pipeline {
        events_queue: "contract-events".to_owned(),
        events_dead_letter_queue: "contract-events-dead".to_owned(),
        wake_up_dead_letter_queue: "contract-wake-ups-dead".to_owned(),
        judge_function: "contract-judge".to_owned(),
        actuate_function: "contract-actuate".to_owned(),
    };
    Some(CloudWatchMonitor::new(&Clients::local(&endpoint, REGION), pipeline))
}

fn points(points: &[(i64, u64)]) -> Vec<Point> {
    points.iter().map(|(seconds, value)| Point { at: plus_seconds(at(BEGIN), *seconds), value: *value }).collect()
}

async fn each_vital_is_read_as_it_was_published(monitor: impl Monitor) {
    let vitals = monitor.vitals(at(BEGIN), plus_seconds(at(BEGIN), 1_800)).await.unwrap();
    assert_eq!(vitals[&Vital::Sends], points(&[(0, 200), (900, 100)]), "summed by the quarter of an hour");
    assert_eq!(vitals[&Vital::EventsAge], points(&[(0, 16), (60, 0)]), "a zero is a number");
    assert_eq!(vitals[&Vital::JudgeAge], points(&[(60, 16)]), "milliseconds are seconds, rounded up");
    assert_eq!(vitals[&Vital::EventDeadLetters], points(&[(120, 12)]), "each queue its own");
}

async fn the_end_is_left_out(monitor: impl Monitor) {
    let vitals = monitor.vitals(at(BEGIN), plus_seconds(at(BEGIN), 60)).await.unwrap();
    assert_eq!(vitals[&Vital::EventsAge], points(&[(0, 16)]));
}

async fn what_was_not_published_is_not_there(monitor: impl Monitor) {
    let vitals = monitor.vitals(at(BEGIN), plus_seconds(at(BEGIN), 1_800)).await.unwrap();
    assert!(!vitals.contains_key(&Vital::ActuateAge) && !vitals.contains_key(&Vital::WakeUpDeadLetters), "{vitals:?}");
    let later = monitor.vitals(plus_seconds(at(BEGIN), 86_400), plus_seconds(at(BEGIN), 90_000)).await.unwrap();
    assert!(later.is_empty(), "{later:?}");
}
