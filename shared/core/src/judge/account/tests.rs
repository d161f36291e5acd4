use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::judge::Metric::{Bounce, Complaint};

fn part(sends: u64, events: u64) -> Part {
    Part { counts: Counts { sends, events }, standing: Standing::Sends }
}

fn stopped(sends: u64, events: u64) -> Part {
    Part { standing: Standing::Stopped, ..part(sends, events) }
}

fn spared(sends: u64, events: u64) -> Part {
    Part { standing: Standing::Spared, ..part(sends, events) }
}

fn sum(parts: &[Part]) -> Counts {
    parts.iter().fold(Counts::default(), |sum, part| sum.and(part.counts))
}

fn found(parts: &[Part], ses_ppm: Option<u64>, allowance: Allowance) -> AccountFinding {
    judge_account(&AccountPolicy::default(), Bounce, sum(parts), ses_ppm, parts, allowance)
}

fn boundless(parts: &[Part]) -> AccountFinding {
    found(parts, None, Allowance::BOUNDLESS)
}

#[test]
fn each_line_counts_from_itself_on() {
    for (what, metric, sends, events, ses, triggered, warned) in [
        ("one bounce below the warn line", Bounce, 10_000, 249, None, false, false),
        ("at the warn line", Bounce, 10_000, 250, None, false, true),
        ("one below the trigger", Bounce, 10_000, 399, None, false, true),
        ("at the trigger", Bounce, 10_000, 400, None, true, true),
        ("one mail too few to judge", Bounce, 4_999, 400, None, false, false),
        ("as few as can be judged", Bounce, 5_000, 400, None, true, true),
        ("SES has its own opinion", Bounce, 0, 0, Some(40_000), true, true),
        ("and its own warn line", Bounce, 0, 0, Some(39_999), false, true),
        ("SES is content, we are not", Bounce, 10_000, 400, Some(1), true, true),
        ("complaints below", Complaint, 100_000, 49, None, false, false),
        ("complaints warned", Complaint, 100_000, 50, None, false, true),
        ("complaints at the trigger", Complaint, 100_000, 80, None, true, true),
    ] {
        let ours = Counts { sends, events };
        let found = judge_account(&AccountPolicy::default(), metric, ours, ses, &[], Allowance::BOUNDLESS);
        assert_eq!((found.triggered, found.warned), (triggered, warned), "{what}");
    }
}

#[test]
fn a_set_is_chosen_when_it_stands_out_and_not_below() {
    // Most of the account's mail is of sets that nobody can name, so the target is never met, and who stands out is chosen.
    let unnamed = Counts { sends: 200_000, events: 12_000 };
    let chosen = |set: Part| {
        let ours = unnamed.and(set.counts);
        let policy = AccountPolicy::default();
        !judge_account(&policy, Bounce, ours, None, &[set], Allowance::BOUNDLESS).chosen.is_empty()
    };
    for (what, set, expected) in [
        ("at the target", part(50_000, 1_000), false),
        ("above it within chance: two deviations are 62.6", part(50_000, 1_062), false),
        ("above it beyond chance", part(50_000, 1_063), true),
        ("under 2 % of the failures", part(2_000, 244), false),
        ("2 % of the failures", part(2_000, 245), true),
        ("all of them failed", part(5_000, 5_000), true),
        ("more failures than mails are no rate", part(5_000, 5_001), false),
    ] {
        assert_eq!(chosen(set), expected, "{what}");
    }
    let tiny = |events| boundless(&[part(5_000, 199), part(20, events)]).chosen.contains(&1);
    assert!(!tiny(4), "fewer than five failures choose nobody");
    assert!(!tiny(5), "nor does an excess of less than five");
    assert!(tiny(6));
}

#[test]
fn an_innocent_giant_goes_on_while_the_small_ones_stop() {
    let giant = part(1_000_000, 19_000);
    let bad = [part(60_000, 15_000), part(40_000, 9_500), part(10_000, 2_800)];
    let found = boundless(&[giant, bad[0], bad[1], bad[2]]);
    assert_eq!(found.chosen, [1, 2, 3], "the giant has most failures, and a rate of 1.9 %");
    assert!(found.meets_target());
}

#[test]
fn what_is_over_is_no_longer_reckoned_with_and_nobody_pays_for_who_is_spared() {
    let (good, bad, other) = (part(50_000, 500), (20_000, 4_000), part(20_000, 900));
    assert_eq!(boundless(&[good, part(bad.0, bad.1), other]).chosen, [1], "the other one is above, but need not stop");
    let found = boundless(&[good, spared(bad.0, bad.1), other]);
    assert_eq!((found.chosen.len(), &found.causes[..]), (0, &[1][..]));
    assert!(!found.meets_target(), "and that is said");
    let found = boundless(&[good, stopped(bad.0, bad.1), other]);
    assert!(found.triggered && found.chosen.is_empty() && found.causes.is_empty() && found.meets_target());
}

#[test]
fn beyond_the_allowance_sets_are_named_and_go_on() {
    let parts = [part(100_000, 1_000), part(30_000, 6_000), part(10_000, 1_900), part(9_000, 1_600)];
    for (what, allowance, chosen, beyond) in [
        ("no bound", Allowance::BOUNDLESS, &[1, 2, 3][..], &[][..]),
        ("two sets", Allowance { sets: 2, sends: u64::MAX }, &[1, 2], &[3]),
        ("exactly the first one's mail", Allowance { sets: 9, sends: 30_000 }, &[1], &[2, 3]),
        ("and the second one's", Allowance { sets: 9, sends: 40_000 }, &[1, 2], &[3]),
        ("one mail too few for the second", Allowance { sets: 9, sends: 39_999 }, &[1], &[2, 3]),
        (
            "one mail less: nor is a smaller one paused in its place",
            Allowance { sets: 9, sends: 29_999 },
            &[],
            &[1, 2, 3],
        ),
        ("nothing", Allowance { sets: 0, sends: u64::MAX }, &[], &[1, 2, 3]),
    ] {
        let found = found(&parts, None, allowance);
        assert_eq!((&found.chosen[..], &found.beyond[..]), (chosen, beyond), "{what}");
    }
}

#[test]
fn ses_rate_above_ours_lowers_the_target_and_one_below_changes_nothing() {
    let parts = [part(90_000, 900), part(10_000, 1_100)];
    for (ses, target) in [(None, 20_000), (Some(10_000), 20_000), (Some(20_000), 20_000), (Some(80_000), 5_000)] {
        assert_eq!(found(&parts, ses, Allowance::BOUNDLESS).target.get(), target, "{ses:?}");
    }
    assert_eq!(found(&[part(10_000, 0)], Some(0), Allowance::BOUNDLESS).target.get(), 20_000, "no failure by either");
    let found = found(&parts, Some(80_000), Allowance::BOUNDLESS);
    assert_eq!(found.chosen, [1, 0], "1 % by our counts is 4 % by SES's");
}

fn parts() -> impl Strategy<Value = Vec<Part>> {
    let one = (0..100_000_u64, 0..=400_000_u32, 0..8_u8).prop_map(|(sends, ppm, standing)| {
        let standing = match standing {
            0 => Standing::Stopped,
            1 => Standing::Spared,
            _ => Standing::Sends,
        };
        Part { counts: Counts { sends, events: sends * u64::from(ppm) / 1_000_000 }, standing }
    });
    let healthy = (0..400_000_u64, 0..=20_000_u64).prop_map(|(sends, ppm)| part(sends, sends * ppm / 1_000_000));
    vec(prop_oneof![1 => one, 2 => healthy], 0..30)
}

fn allowance() -> impl Strategy<Value = Allowance> {
    prop_oneof![
        2 => Just(Allowance::BOUNDLESS),
        1 => (0..4_u32, 0..300_000_u64).prop_map(|(sets, sends)| Allowance { sets, sends }),
    ]
}

proptest! {
    #[test]
    fn nobody_at_or_below_the_target_is_ever_chosen(
        parts in parts(),
        ses in proptest::option::of(0..200_000_u64),
        allowance in allowance(),
    ) {
        let found = found(&parts, ses, allowance);
        for place in found.chosen.iter().chain(&found.causes).chain(&found.beyond) {
            let counts = parts[*place].counts;
            prop_assert!(counts.excess_micro(found.target) > 0, "{:?} is no cause", counts);
        }
        prop_assert!(found.chosen.iter().all(|place| parts[*place].standing == Standing::Sends));
        let sends: u64 = found.chosen.iter().map(|place| parts[*place].counts.sends).sum();
        prop_assert!(sends <= allowance.sends && found.chosen.len() <= allowance.sets as usize);
    }

    #[test]
    fn the_target_is_met_or_a_reason_is_named(parts in parts(), allowance in allowance()) {
        let found = found(&parts, None, allowance);
        prop_assume!(found.triggered);
        if found.meets_target() {
            return Ok(());
        }
        let all = boundless(&parts);
        let named = !found.beyond.is_empty() || !found.causes.is_empty();
        // With nobody left to name, everybody who stands out was chosen: more room would change nothing.
        prop_assert!(named || found.chosen == all.chosen);
        for (place, part) in parts.iter().enumerate() {
            let stands_out = part.standing == Standing::Sends && part.counts.surely_above(found.target)
                && part.counts.events * 50 >= sum(&parts).events && part.counts.events >= 5
                && part.counts.excess_micro(found.target) >= 5_000_000;
            prop_assert!(named || !stands_out || found.chosen.contains(&place), "{} was left out", place);
        }
    }

    #[test]
    fn who_is_chosen_stays_chosen_with_more_failures(
        parts in parts(),
        ses in proptest::option::of(0..200_000_u64),
        allowance in allowance(),
        which in any::<prop::sample::Index>(),
        more in 1..5_000_u64,
    ) {
        let before = found(&parts, ses, allowance);
        prop_assume!(!before.chosen.is_empty());
        let place = *which.get(&before.chosen);
        let mut worse = parts.clone();
        let counts = &mut worse[place].counts;
        counts.events = counts.sends.min(counts.events + more);
        let after = found(&worse, ses, allowance);
        prop_assert!(after.triggered && after.chosen.contains(&place), "{:?}, then {:?}", before, after);
    }
}

#[test]
fn a_rate_needs_mail_and_is_at_its_line_from_the_line_on() {
    let line = Ppm::try_from(20_000).unwrap();
    for (sends, events, at, surely_above) in [
        (0, 0, false, false),
        (0, 5, false, true),
        (2_500, 49, false, false),
        (2_500, 50, true, false),
        // Two standard deviations above exactly, and one failure more.
        (2_500, 64, true, false),
        (2_500, 65, true, true),
    ] {
        let counts = Counts { sends, events };
        assert_eq!((counts.reach(line), counts.surely_above(line)), (at, surely_above), "{events} of {sends}");
    }
}
