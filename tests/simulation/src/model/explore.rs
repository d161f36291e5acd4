//! Every state that can be reached, each once.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};

use super::{Act, Model, State};

/// What was found.
#[derive(Debug, Default)]
pub struct Explored {
    /// Different states.
    pub states: usize,
    /// Steps from one to another.
    pub transitions: usize,
    /// States in which the guard does nothing more by itself.
    pub at_rest: usize,
    /// A promise that can be broken, and the shortest way there.
    pub wrong: Option<(String, Vec<Act>)>,
    /// L1: whoever only goes on, without further faults, comes to an end: there is no way back to where one has been.
    pub ends: bool,
    /// Whether a second pause, after a resume, can be reached.
    pub pauses_again: bool,
}

type Index = HashMap<State, u32, BuildHasherDefault<DefaultHasher>>;

/// Explores a model, up to the first promise that is broken.
pub fn explore(model: &Model) -> Explored {
    let mut found = Explored::default();
    let (mut index, mut states, mut from) = (Index::default(), vec![model.init()], vec![(u32::MAX, Act::Look)]);
    index.insert(model.init(), 0);
    // Steps by which the guard goes on, ordered by where they start.
    let mut goes_on: Vec<(u32, u32)> = Vec::new();
    let (mut here, mut acts) = (0, Vec::new());
    while let Some(state) = states.get(here).cloned() {
        acts.clear();
        model.acts(&state, &mut acts);
        found.pauses_again |= state.paused.1;
        let before = goes_on.len();
        for act in &acts {
            let next = model.next(&state, *act);
            found.transitions += 1;
            let new = states.len() as u32;
            let there = *index.entry(next.clone()).or_insert_with(|| {
                states.push(next);
                from.push((here as u32, *act));
                new
            });
            if act.is_progress() {
                goes_on.push((here as u32, there));
            }
        }
        let rests = goes_on.len() == before && state.wrong.is_none();
        found.at_rest += usize::from(rests);
        let wrong = state.wrong.map(|wrong| format!("{wrong:?}"));
        let wrong = wrong.or_else(|| model.wrong_at_rest(&state).filter(|_| rests).map(str::to_owned));
        if let Some(wrong) = wrong {
            found.wrong = Some((wrong, way(&from, here)));
            break;
        }
        here += 1;
    }
    found.states = states.len();
    found.ends = found.wrong.is_none() && ends(states.len(), &goes_on);
    found
}

fn way(from: &[(u32, Act)], to: usize) -> Vec<Act> {
    let (mut way, mut at) = (Vec::new(), to);
    while at != 0 {
        way.push(from[at].1);
        at = from[at].0 as usize;
    }
    way.reverse();
    way
}

/// Whether these steps lead nowhere in a circle: taking away what nothing leads to leaves nothing.
fn ends(states: usize, steps: &[(u32, u32)]) -> bool {
    let (mut led_to, mut first) = (vec![0_u32; states], vec![0_usize; states + 1]);
    for (here, there) in steps {
        led_to[*there as usize] += 1;
        first[*here as usize + 1] += 1;
    }
    for state in 0..states {
        first[state + 1] += first[state];
    }
    let mut free: Vec<usize> = (0..states).filter(|state| led_to[*state] == 0).collect();
    let mut taken = 0;
    while let Some(state) = free.pop() {
        taken += 1;
        for (_, there) in &steps[first[state]..first[state + 1]] {
            let left = &mut led_to[*there as usize];
            *left -= 1;
            if *left == 0 {
                free.push(*there as usize);
            }
        }
    }
    taken == states
}
