//! What a set's state becomes, and what is filed, for every verdict that matters to where it stands.

use super::*;
use crate::policy::PolicyBook;
use crate::tally::{Interval, PerKind};

fn now() -> Timestamp {
    "2026-11-20T12:07:30Z".parse().unwrap()
}

fn promo() -> SetKey {
    "111122223333/eu-west-1/promo".parse().unwrap()
}

/// What is decided of a set in this state that sent this a quarter of an hour ago, by the policy that is built in.
fn decided(state: &State, mode: Mode, sends: u64, bounces: u64) -> Change {
    let known = |count| Interval { receipts: count, recorded: count, suspect: 0, ids: count };
    let counts = PerKind { sends: known(sends), bounces: known(bounces), ..PerKind::default() };
    let tally = BucketTally { counts, ..BucketTally::nothing(Bucket::of(now()).plus(-1)) };
    let judged_by = PolicyBook::default().for_set(&promo().name, now());
    let Decision::Settle(change) = decide(&judged_by, mode, &promo(), state, vec![tally], now()) else {
        panic!("no send is counted late here")
    };
    *change
}

fn acts(change: &Change) -> Vec<Act> {
    change.audit.iter().map(|record| record.act).collect()
}

/// Of 100 mails 13 bounces are at the warn line, and 15 at the pause line; of 300 on trial 19 are at the one and 20 at the
/// other. Of 5 mails no 20 can bounce.
#[test]
fn where_a_set_stands_follows_from_where_it_stood_and_what_was_counted() {
    use Act::{CountingDegraded, PauseIntended, TrialEnded, Warned};
    let (yesterday, last_month) = (Some(-96), Some(-30 * 96));
    for (what, before, resumed, sends, bounces, after, told) in [
        ("below the lines", Phase::Active, None, 100, 12, Phase::Active, vec![]),
        ("at the warn line", Phase::Active, None, 100, 13, Phase::Warned, vec![Warned]),
        ("there still", Phase::Warned, None, 100, 13, Phase::Warned, vec![]),
        ("below it again", Phase::Warned, None, 100, 12, Phase::Active, vec![]),
        ("at the pause line", Phase::Warned, None, 100, 15, Phase::Pausing, vec![PauseIntended]),
        ("counts that can't be", Phase::Active, None, 5, 20, Phase::Active, vec![CountingDegraded]),
        ("they prove no health either", Phase::Warned, None, 5, 20, Phase::Warned, vec![CountingDegraded]),
        ("on trial, below the lines", Phase::Trial, yesterday, 300, 18, Phase::Trial, vec![]),
        ("on trial, a warning changes nothing", Phase::Trial, yesterday, 300, 19, Phase::Trial, vec![]),
        ("on trial, at its line", Phase::Trial, yesterday, 300, 20, Phase::Pausing, vec![PauseIntended]),
        ("on trial, counts that can't be", Phase::Trial, yesterday, 5, 20, Phase::Trial, vec![CountingDegraded]),
        ("the trial is over", Phase::Trial, last_month, 300, 18, Phase::Active, vec![TrialEnded]),
        ("over, at the warn line", Phase::Trial, last_month, 300, 19, Phase::Warned, vec![Warned]),
        ("over, counts that can't be", Phase::Trial, last_month, 5, 20, Phase::Active, vec![CountingDegraded]),
        ("SES did not know it, and nothing was sent", Phase::Gone, None, 0, 0, Phase::Gone, vec![]),
        ("SES did not know it, and it sends", Phase::Gone, None, 100, 0, Phase::Active, vec![]),
    ] {
        let fresh = resumed.map(|ago| Bucket::of(now()).plus(ago));
        let state = State { phase: before, fresh, ..State::default() };
        let change = decided(&state, Mode::Enforce, sends, bounces);
        assert_eq!((change.after.phase, acts(&change)), (after, told), "{what}");
    }
}

#[test]
fn what_was_told_is_told_again_only_after_it_was_over() {
    // Below the line, at the warn line, at the pause line, and counts that can't be.
    let (fine, warned, over, faulty) = ((100, 0), (100, 13), (100, 15), (5, 20));
    let mut state = State::default();
    for (what, (sends, bounces), told) in [
        ("over, and only watched", over, vec![Act::WouldPause]),
        ("still", over, vec![]),
        ("a dip to the warn line", warned, vec![]),
        ("over again", over, vec![]),
        ("fine", fine, vec![]),
        ("over after that", over, vec![Act::WouldPause]),
        ("counts that can't be", faulty, vec![Act::CountingDegraded]),
        ("still", faulty, vec![]),
        ("fine again", fine, vec![]),
        ("and once more", faulty, vec![Act::CountingDegraded]),
    ] {
        let change = decided(&state, Mode::Observe, sends, bounces);
        assert_eq!(acts(&change), told, "{what}");
        state = change.stored();
    }
}

#[test]
fn what_was_found_is_kept_for_who_asks() {
    for (bounces, near, used_ppm) in [(7, false, 466_666), (8, true, 533_333), (13, true, 866_666)] {
        for was_near in [false, true] {
            let before = State { near: was_near, ..State::default() };
            let State { near: is_near, used_ppm: used, totals, .. } =
                decided(&before, Mode::Enforce, 100, bounces).after;
            let totals = totals.unwrap();
            let found = (is_near, used, totals.sends, totals.bounces);
            assert_eq!(found, (near, used_ppm, 100, bounces), "{bounces} of 100, {was_near} before");
        }
    }
}
