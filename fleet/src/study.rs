//! Many runs of a fleet past many rules, added up.

use std::collections::BTreeMap;

use crate::account::{Account, Peak};
use crate::draw::whole;
use crate::fleet::Fleet;
use crate::mail::{DAY, RUN};
use crate::replay::{Outcome, replay};
use crate::rule::Rule;
use crate::sender::{Kind, Sender};

/// A study: which fleet, from which seed, how often.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Study {
    /// Who sends.
    pub fleet: Fleet,
    /// Where chance begins.
    pub seed: u64,
    /// How many runs of 14 days.
    pub runs: u32,
}

/// What a fleet sent and was, over all runs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Truth {
    /// Mails, if nobody is stopped.
    pub mails: u64,
    /// Days that senders were healthy for, each sender's counted by itself.
    pub healthy_days: f64,
    /// How many senders of each kind should be found.
    pub bad: BTreeMap<Kind, u64>,
    /// What each of them would send that should be stopped, if nobody stopped it.
    pub bad_mails: Vec<u64>,
}

/// What a rule came to, over all runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// Which.
    pub rule: Rule,
    /// Pauses of healthy senders for bounces.
    pub false_bounce: u64,
    /// Pauses of healthy senders for complaints.
    pub false_complaint: u64,
    /// By kind of bad sender: mails that went out before each was paused. Those who weren't are not in it.
    pub until_pause: BTreeMap<Kind, Vec<u64>>,
    /// Mails of each bad sender that was never paused.
    pub missed: Vec<u64>,
    /// Mails of all bad senders that went out though they should have been stopped.
    pub bad_mails: u64,
    /// What became of the account, one for each run; empty when the study doesn't look at it.
    pub accounts: Vec<Peaks>,
}

/// The worst that an account came to, by how many mails SES looks back.
pub type Peaks = BTreeMap<u64, Peak>;

/// How many mails SES might look back: nobody outside knows.
pub const LOOKS_BACK: [u64; 3] = [10_000, 50_000, 250_000];

impl Study {
    /// Plays all runs past all rules. With `accounts` it also looks at the whole account as SES might.
    pub fn play(&self, rules: &[Rule], accounts: bool) -> (Truth, Vec<Score>) {
        let mut truth = Truth::default();
        let mut scores: Vec<Score> = rules.iter().map(|rule| Score::of(*rule)).collect();
        for run in 0..self.runs {
            let mut seen: Vec<Account> = rules.iter().filter(|_| accounts).map(|_| Account::default()).collect();
            for sender in self.fleet.of_run(self.seed, run) {
                truth.include(&sender);
                for (index, score) in scores.iter_mut().enumerate() {
                    let outcome = replay(&sender, &score.rule);
                    score.include(&sender, &outcome);
                    if let Some(account) = seen.get_mut(index) {
                        account.include(&sender, &outcome.pauses);
                    }
                }
            }
            for (score, account) in scores.iter_mut().zip(&seen) {
                score.accounts.push(LOOKS_BACK.map(|mails| (mails, account.peak(mails))).into());
            }
        }
        (truth, scores)
    }
}

impl Truth {
    fn include(&mut self, sender: &Sender) {
        self.mails += sender.mail.slices.iter().map(|slice| slice.mails).sum::<u64>();
        self.healthy_days += sender.healthy_until.min(RUN) as f64 / DAY as f64;
        if sender.is_bad() {
            *self.bad.entry(sender.kind).or_default() += 1;
            let bad = sender.mail.slices.iter().filter(|slice| slice.bad);
            self.bad_mails.push(bad.map(|slice| slice.mails).sum());
        }
    }
}

impl Score {
    fn of(rule: Rule) -> Self {
        Self {
            rule,
            false_bounce: 0,
            false_complaint: 0,
            until_pause: BTreeMap::new(),
            missed: Vec::new(),
            bad_mails: 0,
            accounts: Vec::new(),
        }
    }

    fn include(&mut self, sender: &Sender, outcome: &Outcome) {
        self.false_bounce += outcome.false_bounce;
        self.false_complaint += outcome.false_complaint;
        if sender.is_bad() {
            self.bad_mails += outcome.bad_mails;
            if outcome.found {
                self.until_pause.entry(sender.kind).or_default().push(outcome.bad_mails);
            } else {
                self.missed.push(outcome.bad_mails);
            }
        }
    }

    /// Pauses of healthy senders.
    pub fn false_pauses(&self) -> u64 {
        self.false_bounce + self.false_complaint
    }

    /// How many bad senders were paused.
    pub fn found(&self) -> usize {
        self.until_pause.values().map(Vec::len).sum()
    }

    /// The bad mails until the pause that this share of the paused senders stayed at or below; `None` when nobody was
    /// paused.
    pub fn until_pause(&self, share: f64) -> Option<u64> {
        quantile(&self.until_pause.values().flatten().copied().collect::<Vec<u64>>(), share)
    }

    /// The same at one half, of one kind of sender.
    pub fn median_of(&self, kind: Kind) -> Option<u64> {
        quantile(self.until_pause.get(&kind)?, 0.5)
    }

    /// In which share of the runs the account's peak passed a bound.
    pub fn share_of_runs(&self, looks_back: u64, passes: impl Fn(&Peak) -> bool) -> f64 {
        let passed = self.accounts.iter().filter(|peaks| peaks.get(&looks_back).is_some_and(&passes)).count();
        passed as f64 / self.accounts.len().max(1) as f64
    }
}

/// The value that this share of them stays at or below; `None` of none.
pub(crate) fn quantile(values: &[u64], share: f64) -> Option<u64> {
    let mut values = values.to_vec();
    values.sort_unstable();
    let last = values.len().checked_sub(1)?;
    let place = usize::try_from(whole(share * last as f64)).unwrap_or(last);
    values.get(place).copied()
}
