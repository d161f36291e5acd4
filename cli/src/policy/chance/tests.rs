//! The figures of the policy page's §4, and a walk taken step by step.

use super::*;

fn line(ppm: u32, slack: u32) -> Line {
    Line { rate_ppm: ppm.try_into().unwrap(), slack }
}

/// With as many digits as the page gives: two.
fn two_digits(chance: f64) -> String {
    match chance {
        chance if chance >= 0.995 => "~100 %".to_owned(),
        chance if chance >= 0.095 => format!("{:.0} %", chance * 100.0),
        chance if chance >= 0.0095 => format!("{:.1} %", chance * 100.0),
        chance if chance >= 0.000_95 => format!("{:.2} %", chance * 100.0),
        chance => format!("{chance:.1e}"),
    }
}

fn percent(percent: f64) -> f64 {
    percent / 100.0
}

#[test]
fn the_chances_of_healthy_bouncers_are_the_pages() {
    let line = line(50_000, 10);
    let mut rows = String::new();
    for p in [1.0, 2.0, 3.0, 3.5, 4.0].map(percent) {
        let chances = [Some(bound(line, p)), within(line, p, 10_000), within(line, p, 100_000)];
        rows.push_str(&format!("{p}: {:?}\n", chances.map(|chance| two_digits(chance.unwrap()))));
    }
    insta::assert_snapshot!(rows, @r#"
    0.01: ["1.0e-12", "4.8e-10", "4.9e-9"]
    0.02: ["4.8e-8", "1.4e-5", "1.4e-4"]
    0.03: ["5.0e-5", "0.70 %", "6.9 %"]
    0.035: ["8.5e-4", "6.7 %", "51 %"]
    0.04: ["1.1 %", "36 %", "99 %"]
    "#);
}

#[test]
fn the_chances_of_healthy_complainers_are_the_pages() {
    let line = line(1_000, 5);
    let mut rows = String::new();
    for p in [0.02, 0.03, 0.05, 0.07].map(percent) {
        let chances = [Some(bound(line, p)), within(line, p, 100_000), within(line, p, 1_000_000)];
        rows.push_str(&format!("{p}: {:?}\n", chances.map(|chance| two_digits(chance.unwrap()))));
    }
    insta::assert_snapshot!(rows, @r#"
    0.0002: ["1.7e-6", "1.5e-4", "0.15 %"]
    0.0003: ["3.3e-5", "0.24 %", "2.4 %"]
    0.0005: ["0.19 %", "7.3 %", "54 %"]
    0.0007000000000000001: ["3.4 %", "46 %", "~100 %"]
    "#);
}

#[test]
fn the_mails_a_bad_sender_gets_out_are_the_pages() {
    // The page's means stop where 1 of 1,000 is left: its complaints' 4,743, 2,518 and 1,302 are 1 or 2 mails short.
    for (line, percents, expected) in [
        (line(50_000, 10), [7.0, 10.0, 20.0, 30.0], [(451, 915), (196, 346), (68, 107), (41, 61)]),
        (line(1_000, 5), [0.2, 0.3, 0.5, 1.0], [(4_745, 10_077), (2_519, 4_980), (1_303, 2_477), (603, 1_055)]),
    ] {
        let until = percents.map(|p| mails_until_paused(line, percent(p)).unwrap());
        assert_eq!(
            until.map(|(mean, latest)| (mean.round(), latest)),
            expected.map(|(mean, at)| (f64::from(mean), at))
        );
    }
}

#[test]
fn a_trial_costs_a_repaired_sender_what_the_page_says() {
    // The page's 0.05 %.
    let bounces = within(line(50_000, 5), 0.01, 10_000).unwrap();
    let complaints = within(line(1_000, 3), 0.000_3, 10_000).unwrap();
    assert_eq!((two_digits(bounces), two_digits(complaints)), ("4.8e-4".to_owned(), "1.3 %".to_owned()));
}

/// Page's walk as its definition says: the score in units of a failure's `unit`-th part.
fn step_by_step(rate: Fraction, slack: u32, p: f64, mails: u32) -> f64 {
    let Fraction { fall, unit } = rate;
    let mut chances = vec![0.0; slack as usize * unit];
    chances[0] = 1.0;
    let mut paused = 0.0;
    for _ in 0..mails {
        let mut next = vec![0.0; chances.len()];
        for (score, chance) in chances.iter().enumerate() {
            next[score.saturating_sub(fall)] += chance * (1.0 - p);
            match next.get_mut(score + unit - fall) {
                Some(next) => *next += chance * p,
                None => paused += chance * p,
            }
        }
        chances = next;
    }
    paused
}

#[test]
fn the_blocks_agree_with_walking_step_by_step() {
    for (ppm, slack) in [(50_000, 10), (50_000, 1), (30_000, 3), (80_000, 2), (48_000, 4), (99_999, 2), (333_333, 3)] {
        let rate = Fraction::of(line(ppm, slack).rate_ppm);
        for p in [0.3, 1.0, 2.5].map(|times| times * f64::from(ppm) / 1e6) {
            for mails in [0, 1, 2, 19, 20, 21, 333, 1_000] {
                let (blocks, steps) =
                    (within(line(ppm, slack), p, mails).unwrap(), step_by_step(rate, slack, p, mails));
                assert!((blocks - steps).abs() < 1e-12, "{ppm} ppm + {slack}, {p}, {mails} mails: {blocks} {steps}");
            }
        }
    }
}

#[test]
fn a_rate_is_kept_exactly_or_lowered_by_a_hair() {
    for (ppm, fall, unit) in [(50_000, 1, 20), (1_000, 1, 1_000), (30_000, 3, 100), (600, 3, 5_000), (1, 1, 1_000_000)]
    {
        assert_eq!(Fraction::of(ppm.try_into().unwrap()), Fraction { fall, unit });
    }
    for ppm in (1..100_000).step_by(7) {
        let Fraction { fall, unit } = Fraction::of(ppm.try_into().unwrap());
        let kept = fall as f64 / unit as f64 / (f64::from(ppm) / 1e6);
        assert!((0.99..=1.0 + 1e-12).contains(&kept), "{ppm}: {fall}/{unit} is {kept}");
    }
}

#[test]
fn the_ends_are_answered() {
    let line = line(50_000, 10);
    assert_eq!((bound(line, 0.0), bound(line, 0.05), bound(line, 1.0)), (0.0, 1.0, 1.0));
    assert_eq!(
        (within(line, 0.0, 1_000), within(line, 1.0, 10), within(line, 1.0, 11)),
        (Some(0.0), Some(0.0), Some(1.0))
    );
    assert_eq!(mails_until_paused(line, 0.05), None, "at the limit it may take for ever");
    assert_eq!(mails_until_paused(line, 1.0), Some((11.0, 11)));
    assert_eq!(within(Line { slack: 101, ..line }, 0.01, 10), None);
}
