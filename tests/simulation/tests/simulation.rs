//! Seeds, one after the other, until a promise is broken.
//!
//! `SIM_SEEDS` says how many (500), `SIM_FROM` from which on (1). `SIM_SEED` plays one and prints what happens in it.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use guard_simulation::fault::Kind;
use guard_simulation::mutant::Mutant;
use guard_simulation::run::{Play, Played};
use guard_simulation::shrink::shrink;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

/// `SIM_MUTANT` names one of the wrong guards, to see what it breaks.
fn mutant() -> Mutant {
    let Ok(name) = std::env::var("SIM_MUTANT") else { return Mutant::None };
    let mut all = Mutant::ALL.into_iter();
    all.find(|mutant| format!("{mutant:?}") == name).expect("the name of a mutant, as src/mutant.rs has it")
}

#[derive(Default)]
struct Sum {
    played: u64,
    faults: BTreeMap<Kind, u64>,
    processes: u64,
    pauses: [u64; 3],
    stops: u64,
    blind: usize,
    dead_letters: usize,
    broken: Option<u64>,
}

impl Sum {
    fn add(&mut self, seed: u64, played: Played) {
        self.played += 1;
        for (kind, _) in played.struck {
            *self.faults.entry(kind).or_default() += 1;
        }
        self.processes += played.processes;
        self.pauses = std::array::from_fn(|one| self.pauses[one] + played.pauses[one]);
        self.stops += played.stops;
        self.blind += played.blind;
        self.dead_letters += played.dead_letters;
        if played.violation.is_some() && self.broken.is_none_or(|earlier| seed < earlier) {
            self.broken = Some(seed);
        }
    }
}

#[test]
fn no_seed_breaks_a_promise() {
    let (from, count) = match number("SIM_SEED") {
        Some(seed) => (seed, 1),
        None => (number("SIM_FROM").unwrap_or(1), number("SIM_SEEDS").unwrap_or(500)),
    };
    let began = Instant::now();
    let (next, sum) = (AtomicU64::new(from), Mutex::new(Sum::default()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= from + count || sum.lock().unwrap().broken.is_some() {
                        return;
                    }
                    let played = Play::of(seed, mutant()).run(false);
                    sum.lock().unwrap().add(seed, played);
                }
            });
        }
    });
    let sum = sum.into_inner().unwrap();
    if count == 1 && sum.broken.is_none() {
        println!("{}\n", Play::of(from, mutant()).run(true).trace.join("\n"));
    }
    let faults: u64 = sum.faults.values().sum();
    println!(
        "{} seeds from {from} in {:.1} s: {} processes, {faults} faults",
        sum.played,
        began.elapsed().as_secs_f64(),
        sum.processes
    );
    let [pauses, again, for_account] = sum.pauses;
    println!(
        "{pauses} pauses, {again} of them after a resume, {for_account} for the account; {} stops of the account; \
         {} blind spots; {} dead letters",
        sum.stops, sum.blind, sum.dead_letters
    );
    for kind in Kind::ALL {
        println!("  {:<16}{:>8}", format!("{kind:?}"), sum.faults.get(&kind).copied().unwrap_or(0));
    }
    if let Some(seed) = sum.broken {
        let play = Play::of(seed, mutant());
        let before = play.run(false);
        let (small, played) = shrink(&play).expect("it breaks a promise");
        println!("\n{}\n", played.trace.join("\n"));
        let faults: Vec<Kind> = played.struck.iter().map(|(kind, _)| *kind).collect();
        println!("{} happenings, faults {faults:?}", small.script.happenings.len());
        panic!("SIM_SEED={seed} breaks {:?}\nshrunk: {:?}", before.violation.unwrap(), played.violation);
    }
}
