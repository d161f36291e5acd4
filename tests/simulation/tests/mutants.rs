//! A guard that is wrong in one way breaks a promise within 200 seeds; one that only has another policy breaks none.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use guard_simulation::mutant::Mutant;
use guard_simulation::run::Play;

/// Seeds, within which each mistake must be found.
const SEEDS: u64 = 200;

#[test]
fn every_mistake_is_found_and_nothing_else() {
    let (next, found) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(mutant) = Mutant::ALL.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let broken =
                        (1..=SEEDS).find_map(|seed| Some((seed, Play::of(seed, *mutant).run(false).violation?)));
                    found.lock().unwrap().push((*mutant, broken));
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap();
    found.sort_by_key(|(mutant, _)| *mutant);
    for (mutant, broken) in &found {
        let (seeds, promise) = match broken {
            Some((seed, violation)) => (seed.to_string(), violation.promise),
            None => ("none of 200".to_owned(), ""),
        };
        println!("| {:<20} | {seeds:>11} | {promise} |", format!("{mutant:?}"));
    }
    for (mutant, broken) in found {
        assert_eq!(broken.is_some(), mutant.is_mistake(), "{mutant:?}");
    }
}
