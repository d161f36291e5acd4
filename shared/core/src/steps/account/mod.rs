//! Guarding the account: its own rate against its lines, every minute or, far below them, every five; and rounds of pauses
//! where that is needed.
//!
//! It is a backstop: it matters where every set is below its own line and the account as a whole is not. A round is
//! written down whole, with its numbers, before the first of its pauses; whoever dies in the middle leaves it to the next
//! minute, and a set that anyone has changed since it was chosen is left alone. SES's own figures are asked for and not
//! depended on.

mod counts;
mod field;
mod news;
mod round;
mod words;

use std::sync::Arc;

use jiff::Timestamp;

use crate::account::{AccountStop, AccountWatch};
use crate::audit::{Act, AuditRecord};
use crate::judge::Metric;
use crate::name::{AccountId, Region, SetKey};
use crate::policy::PolicyBook;
use crate::port::{AccountView, Clock, Committed, Fault, Ledger, Register, chain};
use crate::state::{Change, Intent, Owner, Phase, State};
use crate::steps::decide::Mode;
use crate::time::plus_seconds;
use counts::AccountCounts;
use news::News;

/// How often it is begun anew after someone else changed the account's state.
const ATTEMPTS: usize = 4;
/// How often SES is asked, and how often the figures are written down when nothing happens.
const ASKED_EVERY_SECONDS: i64 = 300;
/// Before every pause by numbers, after a person's word.
const STOP_PRIORITY: u64 = 2_000_000;
/// As much of a failure as is kept and shown.
const LONGEST_FAULT: usize = 300;

/// Guards the account.
#[derive(Debug)]
pub struct AccountGuard<L, R, C, V> {
    /// The counts.
    pub ledger: L,
    /// The states; the account's own among them.
    pub register: R,
    /// The time.
    pub clock: C,
    /// SES's own opinion.
    pub view: V,
    /// The account's lines, and what each set is judged by.
    pub policy: Arc<PolicyBook>,
    /// Whether it pauses at all.
    pub mode: Mode,
    /// Whether it may stop the account as a whole, where the policy says when.
    pub account_stop: AccountStop,
    /// The account.
    pub account: AccountId,
    /// Its Region.
    pub region: Region,
}

/// What a look at the account came to.
#[derive(Debug, Default)]
pub struct Guarded {
    /// What was filed of the account; people are told.
    pub told: Vec<AuditRecord>,
    /// The pauses that were written down.
    pub paused: Vec<AuditRecord>,
    /// SES did not say how it sees the account; the guard went on by its own counts.
    pub unread: Option<String>,
    /// What the tables refused; it is due in the next minute still.
    pub faults: Vec<Fault>,
}

/// Whether one attempt was the last.
enum Attempt {
    Done,
    /// Someone else changed the account's state.
    Again,
}

impl<L: Ledger, R: Register, C: Clock, V: AccountView> AccountGuard<L, R, C, V> {
    /// Looks at the account once. Nothing is begun at or after `stop_at`.
    pub async fn guard(&self, stop_at: Timestamp) -> Guarded {
        let mut guarded = Guarded::default();
        for _ in 0..ATTEMPTS {
            if self.clock.now() >= stop_at {
                break;
            }
            match self.attempt(&mut guarded).await {
                Ok(Attempt::Done) => break,
                Ok(Attempt::Again) => {}
                Err(fault) => {
                    guarded.faults.push(fault);
                    break;
                }
            }
        }
        guarded
    }

    fn account_key(&self) -> SetKey {
        SetKey::account(self.account.clone(), self.region.clone())
    }

    async fn attempt(&self, guarded: &mut Guarded) -> Result<Attempt, Fault> {
        let key = self.account_key();
        let state = self.register.read(&key).await?;
        let before = state.account.as_deref().cloned().unwrap_or_default();
        if before.rounds.iter().any(|round| !round.done) {
            return self.finish(&key, &state, guarded).await;
        }
        let now = self.clock.now();
        if self.is_quiet(&before, now) && state.phase != Phase::Trial {
            return Ok(Attempt::Done);
        }
        let mut watch = before.clone();
        let mut news = News::new(&key, &state, now);
        self.ask_ses(&mut watch, &mut news, now).await;
        if watch.asked_at != before.asked_at {
            guarded.unread.clone_from(&watch.unread);
        }

        let counts = AccountCounts::read(&self.ledger, &self.account, &self.region, state.fresh, now).await?;
        let may_choose = self.may_choose(&state, &watch, now);
        for metric in [Metric::Bounce, Metric::Complaint] {
            self.judge(metric, &counts, may_choose, &mut watch, &mut news, now).await?;
        }
        round::forget_old(&mut watch.rounds, now);

        // Whatever people are told is remembered, so that it is told once; so is when SES was asked.
        let on_trial = state.phase == Phase::Trial;
        if !on_trial && watch.without_figures() == before.without_figures() {
            return Ok(Attempt::Done);
        }
        watch.at = Some(now);
        let mut stop = None;
        let is_round = watch.rounds.iter().any(|round| !round.done);
        let mut after = State { account: Some(Box::new(watch)), ..state.clone() };
        // The fence of its resume holds; beyond that an account is not judged otherwise than before.
        if on_trial {
            after.phase = Phase::Active;
        }
        if let Some(why) = news.stop.take().filter(|_| self.may_stop(&state)) {
            let before = after.clone();
            after = before.intending(Intent::Pause, STOP_PRIORITY, Owner::Guard, why.clone());
            stop = Some(AuditRecord::of(&key, now, Act::PauseIntended, &state, &after, why));
        }
        let records = news.records;
        let change = Change::silent(&key, &state, after);
        let change = records.iter().fold(change, |change, record| change.recorded(record.clone(), true));
        let change = stop.iter().fold(change, |change, record| change.recorded(record.clone(), false));
        if self.register.commit(&change).await? == Committed::Conflict {
            return Ok(Attempt::Again);
        }
        guarded.told.extend(records);
        guarded.paused.extend(stop);
        if is_round {
            self.finish(&key, &change.stored(), guarded).await?;
        }
        Ok(Attempt::Done)
    }

    /// Whether a look can wait: the last one is minutes old, and found every rate below half of its warn line. The rates of
    /// a day hardly move meanwhile; what does move, the sets' own lines see at each failure.
    fn is_quiet(&self, watch: &AccountWatch, now: Timestamp) -> bool {
        let is_far = |metric| {
            let (rate, warn) = (watch.of(metric), self.policy.account().metric(metric).warn_ppm);
            let highest = rate.ours.rate_ppm().max(rate.ses_ppm).unwrap_or(0);
            !rate.warned && highest.saturating_mul(2) < u64::from(warn.get())
        };
        watch.at.is_some_and(|at| now < plus_seconds(at, ASKED_EVERY_SECONDS))
            && watch.alarmed_at.is_none()
            && [Metric::Bounce, Metric::Complaint].into_iter().all(is_far)
    }

    /// Whether the account as a whole may be stopped now: by grant, by mode, and where nobody holds it or stopped it.
    fn may_stop(&self, state: &State) -> bool {
        self.account_stop == AccountStop::Allowed
            && self.mode.and(self.policy.mode()) == Mode::Enforce
            && state.hold.is_none()
            && state.wants_sending()
    }

    /// Asks SES how it sees the account, every few minutes and after an alarm.
    async fn ask_ses(&self, watch: &mut AccountWatch, news: &mut News<'_>, now: Timestamp) {
        let is_due = watch.asked_at.is_none_or(|at| plus_seconds(at, ASKED_EVERY_SECONDS) <= now);
        if !is_due && watch.alarmed_at.is_none() {
            return;
        }
        (watch.asked_at, watch.alarmed_at, watch.unread) = (Some(now), None, None);
        let (rates, standing) = futures::future::join(self.view.rates(now), self.view.standing()).await;
        let mut missed = |fault: &Fault| {
            let text = format!("{fault} failed: {}", chain(fault));
            watch.unread = Some(text.chars().take(LONGEST_FAULT).collect());
        };
        match rates {
            Ok(rates) => (watch.bounce.ses_ppm, watch.complaint.ses_ppm) = (rates.bounce_ppm, rates.complaint_ppm),
            Err(fault) => {
                missed(&fault);
                // An old figure would be acted on.
                (watch.bounce.ses_ppm, watch.complaint.ses_ppm) = (None, None);
            }
        }
        match standing {
            Ok(standing) => news.of_standing(watch, standing),
            Err(fault) => missed(&fault),
        }
    }
}
