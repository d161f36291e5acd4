//! Accounts whose own bounce rate is at the trigger, and whom each ranking would pause so that the rest is at the target.
//! A day's counts of each set, drawn from its true rate: no time passes, and nobody is paused by a line of its own.

use std::cmp::Reverse;
use std::fmt::Write as _;

use guard_core::judge::Metric;
use guard_core::judge::account::{Allowance, Counts, Part, Standing, judge_account};
use guard_core::policy::AccountPolicy;

use crate::draw::{Draw, whole};

/// Accounts as in the study.
pub const ACCOUNTS: u32 = 139;

/// One set of an account.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Member {
    /// Its true bounce rate, which no ranking is told.
    pub rate: f64,
    /// What it sent, and how much of that bounced.
    pub counts: Counts,
}

/// An account at the trigger. The first of its members is the innocent giant.
#[derive(Debug, Clone, PartialEq)]
pub struct Triggered(pub Vec<Member>);

/// By what sets are paused, the largest first, until the rest is at the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ranking {
    /// Most bounces first.
    Bounces,
    /// Highest rate first.
    Rate,
    /// Most bounces beyond what the target allows first.
    Excess,
    /// As shipped: by excess, and only who stands out beyond doubt.
    Shipped,
}

/// What a ranking came to, over all accounts.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Came {
    /// Accounts in which the innocent giant is paused.
    pub giants: u32,
    /// Sets paused whose true rate is at the target or below.
    pub innocents: u32,
    /// The same with the measured rate.
    pub measured_innocents: u32,
    /// Sets paused.
    pub sets: u32,
    /// Accounts whose rest is at the target.
    pub met: u32,
    /// The share of innocents' mail that is cut, summed over the accounts.
    pub innocent_volume: f64,
}

impl Ranking {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Bounces, Self::Rate, Self::Excess, Self::Shipped];

    fn name(self) -> &'static str {
        match self {
            Self::Bounces => "bounces",
            Self::Rate => "rate",
            Self::Excess => "excess",
            Self::Shipped => "**shipped: excess, beyond doubt**",
        }
    }

    /// Whom it pauses, by their places.
    pub fn pauses(self, account: &Triggered) -> Vec<usize> {
        let policy = AccountPolicy::default();
        let (target, least) = (policy.bounce.target_ppm, u64::from(policy.bounce.min_events));
        let mut ranked: Vec<usize> = (0..account.0.len()).collect();
        let counts = |place: &usize| account.0.get(*place).map(|one| one.counts).unwrap_or_default();
        match self {
            Self::Bounces => ranked.sort_by_key(|place| Reverse(counts(place).events)),
            Self::Rate => ranked.sort_by_key(|place| Reverse(counts(place).rate_ppm())),
            Self::Excess => ranked.sort_by_key(|place| Reverse(counts(place).excess_micro(target))),
            Self::Shipped => {
                let part = |one: &Member| Part { counts: one.counts, standing: Standing::Sends };
                let parts: Vec<Part> = account.0.iter().map(part).collect();
                let ours = account.counts();
                return judge_account(&policy, Metric::Bounce, ours, None, &parts, Allowance::BOUNDLESS).chosen;
            }
        }
        let mut rest = account.counts();
        let mut paused = Vec::new();
        for place in ranked.into_iter().filter(|place| counts(place).events >= least) {
            if rest.excess_micro(target) == 0 {
                break;
            }
            rest = rest.without(counts(&place));
            paused.push(place);
        }
        paused
    }
}

impl Triggered {
    /// The `number`th account of a seed that is at the trigger.
    pub fn of(seed: u64, number: u32) -> Self {
        let policy = AccountPolicy::default();
        let mut attempts = 0..u32::MAX;
        loop {
            let account = Self::draw(&mut Draw::of(seed, number, attempts.next().unwrap_or_default()));
            let counts = account.counts();
            if counts.sends >= policy.min_mails && counts.reach(policy.bounce.trigger_ppm) {
                return account;
            }
        }
    }

    /// A giant with a rate just below the target, innocents of all sizes, and one to five that cause it; beside them a few
    /// tiny sets with lists as bad, which hardly matter.
    fn draw(draw: &mut Draw) -> Self {
        let mut members = vec![member(draw, 20_000.0, 120_000.0, (0.012, 0.019))];
        for _ in 0..draw.count(25.0) {
            members.push(member(draw, 50.0, 8_000.0, (0.002, 0.02)));
        }
        for _ in 0..1 + whole(draw.between(0.0, 4.0)) {
            members.push(member(draw, 2_000.0, 40_000.0, (0.05, 0.35)));
        }
        for _ in 0..draw.count(3.0) {
            members.push(member(draw, 20.0, 200.0, (0.1, 0.5)));
        }
        Self(members)
    }

    fn counts(&self) -> Counts {
        self.0.iter().fold(Counts::default(), |sum, one| sum.and(one.counts))
    }
}

fn member(draw: &mut Draw, least: f64, most: f64, (low, high): (f64, f64)) -> Member {
    let sends = whole(draw.log_between(least, most));
    let rate = draw.log_between(low, high);
    Member { rate, counts: Counts { sends, events: draw.failing(sends, rate).len() as u64 } }
}

/// Asks each ranking of the same accounts.
pub fn play(seed: u64, accounts: u32) -> Vec<(Ranking, Came)> {
    let accounts: Vec<Triggered> = (0..accounts).map(|number| Triggered::of(seed, number)).collect();
    Ranking::ALL.map(|ranking| (ranking, came(ranking, &accounts))).to_vec()
}

fn came(ranking: Ranking, accounts: &[Triggered]) -> Came {
    let target = AccountPolicy::default().bounce.target_ppm;
    let at_most = f64::from(target.get()) / 1e6;
    let mut came = Came::default();
    for account in accounts {
        let paused = ranking.pauses(account);
        let innocent = |one: &Member| one.rate <= at_most;
        let cut: Vec<&Member> = paused.iter().filter_map(|place| account.0.get(*place)).collect();
        let mails = |sets: &mut dyn Iterator<Item = &Member>| sets.map(|one| one.counts.sends).sum::<u64>() as f64;
        let all_innocent = mails(&mut account.0.iter().filter(|one| innocent(one)));
        came.innocent_volume += mails(&mut cut.iter().copied().filter(|one| innocent(one))) / all_innocent.max(1.0);
        let count = |of: &dyn Fn(&Member) -> bool| u32::try_from(cut.iter().filter(|one| of(one)).count()).unwrap_or(0);
        came.giants += u32::from(paused.contains(&0));
        came.innocents += count(&innocent);
        came.measured_innocents += count(&|one| one.counts.excess_micro(target) == 0);
        came.sets += count(&|_| true);
        let rest = cut.iter().fold(account.counts(), |rest, one| rest.without(one.counts));
        came.met += u32::from(rest.excess_micro(target) == 0);
    }
    came
}

/// Whom each ranking pauses.
pub fn report(accounts: u32, came: &[(Ranking, Came)]) -> String {
    let mut table = String::from(
        "| by | giant paused | innocent sets paused | innocents' mail cut | sets paused per account | target met |\n\
         |---|---|---|---|---|---|\n",
    );
    for (ranking, came) in came {
        let per_account = |number: f64| number / f64::from(accounts.max(1));
        let _ = writeln!(
            table,
            "| {} | {} of {accounts} | {} | {:.1} % | {:.1} | {} of {accounts} |",
            ranking.name(),
            came.giants,
            came.innocents,
            per_account(came.innocent_volume) * 100.0,
            per_account(f64::from(came.sets)),
            came.met,
        );
    }
    table
}
