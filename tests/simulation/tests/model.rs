//! Every order of steps of the protocol, for a few events and processes: no promise can be broken, and without further
//! faults every way ends.

use std::time::Instant;

use guard_simulation::model::{Act, Model, SIZES, State, explore};
use guard_simulation::mutant::Mutant;
use stateright::{Checker, Property};

/// States and transitions of each size. They change with the protocol, and with nothing else.
const COUNTS: [(&str, usize, usize); 7] = [
    ("A", 44_474, 187_669),
    ("B", 478_843, 2_751_986),
    ("C", 223_016, 1_223_309),
    ("D", 1_311_212, 7_109_072),
    ("E", 7_543_761, 46_870_437),
    ("F", 3_356_545, 20_714_412),
    ("G", 4_817_684, 30_512_221),
];

fn size(name: &str) -> Model {
    SIZES.into_iter().find(|(of, _)| *of == name).expect("there is such a size").1
}

fn check(names: &[&str]) {
    let mut wrong = Vec::new();
    println!("| size | states | transitions | at rest | second pause | broken | ends | seconds |");
    for (name, states, transitions) in COUNTS.into_iter().filter(|(name, ..)| names.contains(name)) {
        let began = Instant::now();
        let found = explore(&size(name));
        let counts = (found.states, found.transitions);
        println!(
            "| {name} | {} | {} | {} | {} | {:?} | {} | {:.1} |",
            counts.0,
            counts.1,
            found.at_rest,
            found.pauses_again,
            found.wrong,
            found.ends,
            began.elapsed().as_secs_f64()
        );
        if found.wrong.is_some() || !found.ends || counts != (states, transitions) {
            wrong.push(name);
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}: broken, without an end, or of other counts");
}

#[test]
fn no_order_of_steps_breaks_a_promise() {
    check(&["A", "B", "C"]);
}

#[test]
#[ignore = "takes minutes and gigabytes: make soak"]
fn no_order_of_more_steps_breaks_a_promise() {
    check(&["D", "E", "F", "G"]);
}

/// The same model for another checker, so that neither is believed alone.
#[derive(Clone)]
struct Twin(Model);

impl stateright::Model for Twin {
    type State = State;
    type Action = Act;

    fn init_states(&self) -> Vec<State> {
        vec![self.0.init()]
    }

    fn actions(&self, state: &State, acts: &mut Vec<Act>) {
        self.0.acts(state, acts);
    }

    fn next_state(&self, state: &State, act: Act) -> Option<State> {
        Some(self.0.next(state, act))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("no step is wrong", |_, state: &State| state.wrong.is_none()),
            Property::always("what rests is right", |twin: &Twin, state: &State| {
                let mut acts = Vec::new();
                twin.0.acts(state, &mut acts);
                acts.iter().any(|act| act.is_progress()) || twin.0.wrong_at_rest(state).is_none()
            }),
            Property::sometimes("it pauses", |_, state: &State| !state.on && !state.wanted && !state.pending),
        ]
    }
}

#[test]
fn stateright_finds_the_same() {
    for name in ["A", "C"] {
        let checker = stateright::Model::checker(Twin(size(name))).threads(2).spawn_bfs().join();
        checker.assert_properties();
        let (_, states, _) = COUNTS.into_iter().find(|(of, ..)| *of == name).expect("it is counted");
        assert_eq!(checker.unique_state_count(), states, "{name}");
    }
}

#[test]
fn every_mistake_breaks_a_promise_of_the_model_and_another_policy_breaks_none() {
    use Mutant::*;
    let base = size("A");
    let counting = Model { events: 2, workers: 2, judges: 2, resumes: 0, ..base };
    let resuming = Model { events: 4, judges: 2, crashes: 0, ..base };
    let calling = Model { events: 2, actuators: 2, duplicates: 0, resumes: 2, console: 1, ..base };
    for (model, mutants) in [
        (
            counting,
            vec![
                MarkBeforeWrite,
                AckBeforeMark,
                SkipMarkIfDuplicate,
                DirtyBoolean,
                StaleWindowRead,
                PutBeforeIntent,
                AddCounters,
            ],
        ),
        (resuming, vec![NoGenOnIntent, NoFreshStart, ArrivalTimeBuckets]),
        (calling, vec![NoLease, LeaseShorterThanPut, TimeoutFreesLease, RecordWithoutGen, NoSweeper, AdoptOnEnable]),
    ] {
        for mutant in mutants {
            let found = explore(&Model { mutant, ..model });
            let wrong = found.wrong.as_ref().map(|(wrong, way)| (wrong.as_str(), way.len()));
            println!("| {mutant:?} | {} states | {wrong:?} |", found.states);
            assert_eq!(wrong.is_some(), mutant.is_mistake(), "{mutant:?}");
        }
    }
}
