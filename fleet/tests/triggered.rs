//! Whom to pause for the account's sake: what the policy study found of four rankings, on accounts of our own.

use guard_fleet::triggered::{ACCOUNTS, Came, Ranking, Triggered, play};

const SEEDS: [u64; 2] = [1, 2];

#[test]
fn only_by_excess_the_giant_goes_on_and_no_more_sets_are_paused_than_needed() {
    for seed in SEEDS {
        let all = play(seed, ACCOUNTS);
        let of = |one| all.iter().find(|(ranking, _)| *ranking == one).map_or(Came::default(), |(_, came)| *came);
        let [bounces, rate, excess, shipped] = Ranking::ALL.map(of);
        assert_eq!((shipped.giants, shipped.innocents, shipped.met), (0, 0, ACCOUNTS), "seed {seed}: {shipped:?}");
        assert!(shipped.sets <= excess.sets, "seed {seed}: {shipped:?}, {excess:?}");
        assert_eq!((excess.giants, excess.measured_innocents), (0, 0), "seed {seed}: {excess:?}");
        assert!(bounces.giants * 10 >= ACCOUNTS, "seed {seed}: by bounces the giant pays: {bounces:?}");
        assert!(bounces.innocent_volume > 0.05 * f64::from(ACCOUNTS), "seed {seed}: {bounces:?}");
        assert_eq!(rate.giants, 0, "seed {seed}: {rate:?}");
        assert!(4 * shipped.sets < 3 * rate.sets, "seed {seed}: by rate tiny sets are paused in vain: {rate:?}");
    }
}

#[test]
fn a_seed_gives_the_same_accounts_again() {
    assert_eq!(Triggered::of(1, 7), Triggered::of(1, 7));
    assert_ne!(Triggered::of(1, 7), Triggered::of(2, 7));
    assert_ne!(Triggered::of(1, 7), Triggered::of(1, 8));
}
