//! The study's findings at small scale: who pauses whom by mistake, who finds the bad, and what waiting costs. The
//! bounds leave room for chance: they hold from seed to seed, and a spoilt rule does not get through them.

use guard_core::policy::{MetricPolicy, Policy};
use guard_fleet::fleet::Fleet;
use guard_fleet::mail::{HOUR, MINUTE, SECOND};
use guard_fleet::rule::{Rule, Test};
use guard_fleet::sender::Volumes;
use guard_fleet::study::{Score, Study, Truth};

/// Nobody in it is very big, so that it is played quickly without optimization.
const FLEET: Fleet = Fleet { senders: 150, each_bad: 4, borderline: 3, volumes: Volumes { median: 250.0, sigma: 1.4 } };
/// Healthy, and big enough for complaints to come in while nothing is sent.
const BIG: Fleet = Fleet { senders: 60, each_bad: 0, borderline: 0, volumes: Volumes { median: 5_000.0, sigma: 1.0 } };
/// Bad senders only.
const BAD: Fleet = Fleet { senders: 32, each_bad: 8, borderline: 0, ..FLEET };

/// Plays the rules past the fleet; what does not hold of each of them if it stands in the shipped one's place.
fn broken(seed: u64, rules: &[Rule]) -> Vec<Vec<String>> {
    let all = [&[Rule::MIN_VOLUME, Rule::NAIVE], rules].concat();
    let (truth, scores) = Study { fleet: FLEET, seed, runs: 2 }.play(&all, false);
    let [min_volume, naive, of_rules @ ..] = scores.as_slice() else { return Vec::new() };
    of_rules.iter().map(|score| not_so(&truth, score, min_volume, naive)).collect()
}

fn not_so(truth: &Truth, score: &Score, min_volume: &Score, naive: &Score) -> Vec<String> {
    let [mistaken, by_volume, naively] = [score, min_volume, naive].map(Score::false_pauses);
    let (bad, found, found_by_volume) = (truth.bad_mails.len(), score.found(), min_volume.found());
    let missed = score.missed.iter().filter(|mails| **mails >= 5_000).count();
    [
        // The study has 0.1 in 1,000 sender-days.
        (mistaken as f64 <= truth.healthy_days / 1_000.0, format!("{mistaken} paused by mistake")),
        (by_volume >= 10 * mistaken.max(1), format!("{mistaken} paused by mistake, {by_volume} by minimum volume")),
        (naively >= 4 * by_volume, format!("{by_volume} paused by mistake by minimum volume, {naively} without")),
        (found * 100 >= bad * 85, format!("{found} of {bad} bad senders found")),
        (missed <= 1, format!("{missed} that sent 5,000 bad mails and more not found")),
        (found + 1 >= found_by_volume, format!("{found} found, {found_by_volume} by minimum volume")),
    ]
    .into_iter()
    .filter_map(|(holds, said)| (!holds).then_some(said))
    .collect()
}

fn with_slack(bounces: u32, complaints: u32) -> Rule {
    let policy = Policy::default();
    let slack = |lines: MetricPolicy, slack| {
        let mut lines = lines;
        lines.pause.slack = slack;
        lines
    };
    let [bounce, complaint] = [slack(policy.bounce, bounces), slack(policy.complaint, complaints)];
    Rule { test: Test::Shipped(Policy { bounce, complaint, ..policy }), ..Rule::shipped() }
}

#[test]
fn the_shipped_rule_makes_few_mistakes_and_finds_the_bad() {
    assert_eq!(broken(1, &[Rule::shipped(), Rule::shipped_high_volume()]), [vec![""; 0], vec![]]);
}

#[test]
fn it_does_from_another_seed_too_and_spoilt_rules_do_not() {
    let broken = broken(2, &[Rule::shipped(), with_slack(3, 2), with_slack(100, 50)]);
    let [shipped, touchy, deaf] = broken.as_slice() else { panic!("three rules were played") };
    assert_eq!(*shipped, [""; 0]);
    assert!(touchy.iter().any(|what| what.ends_with("paused by mistake")), "{touchy:?}");
    assert!(deaf.iter().any(|what| what.ends_with("bad senders found")), "{deaf:?}");
}

#[test]
fn counted_by_arrival_the_same_rule_makes_ten_times_the_mistakes() {
    let (_, scores) = Study { fleet: BIG, seed: 1, runs: 1 }.play(&[Rule::shipped(), Rule::by_arrival()], false);
    let [sent, arrived] = [0, 1].map(|index: usize| scores[index].false_pauses());
    assert!(arrived >= 10 * sent.max(1), "{sent} paused by mistake, {arrived} by arrival");
}

#[test]
fn the_later_the_decision_the_more_bad_mail() {
    let late = [2, 10, 60].map(|seconds| Rule { latency: seconds * SECOND, ..Rule::shipped() });
    let timed = [5 * MINUTE, HOUR].map(|interval| Rule::shipped().every(interval));
    let (_, scores) = Study { fleet: BAD, seed: 1, runs: 1 }.play(&[&late[..], &timed].concat(), false);
    let out: Vec<u64> = scores.iter().map(|score| score.bad_mails).collect();
    assert!(out.is_sorted_by(|sooner, later| sooner < later), "{out:?}");
    assert!(out[4] > 2 * out[1], "an hourly look lets a multiple out: {out:?}");
}
