//! The simulation itself: the same seed is the same run, and what is shrunk still breaks what it broke.

use guard_simulation::mutant::Mutant;
use guard_simulation::run::Play;
use guard_simulation::shrink::shrink;

#[test]
fn a_seed_is_the_same_run_each_time() {
    for seed in [3, 8] {
        let [once, again] = [(); 2].map(|()| Play::of(seed, Mutant::None).run(true));
        assert!(once.trace.len() > 1_000, "{} lines", once.trace.len());
        assert_eq!(once.trace, again.trace);
        assert_eq!(once.struck, again.struck);
    }
    let other = Play::of(4, Mutant::None).run(true);
    assert_ne!(other.trace, Play::of(3, Mutant::None).run(true).trace);
}

#[test]
fn a_play_shrinks_to_what_breaks_the_promise() {
    // Whoever calls SES before writing does so at the first pause: all that it takes is one set's bad mail.
    let play = Play::of(1, Mutant::PutBeforeIntent);
    let whole = play.run(false);
    let promise = whole.violation.expect("it breaks a promise").promise;
    let (small, played) = shrink(&play).expect("it breaks a promise");
    assert_eq!(played.violation.expect("it still does").promise, promise);
    assert!(played.struck.is_empty(), "no fault is needed for it: {:?}", played.struck);
    let (before, after) = (play.script.happenings.len(), small.script.happenings.len());
    assert!(after * 10 < before, "{after} of {before} happenings are left");
    assert!(played.trace.iter().any(|line| line.contains("turn off")), "the trace shows the call");
}
