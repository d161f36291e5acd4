//! Sweeping: what the stream lost, what only time changes, and what others did in SES.
//!
//! A sweep may die anywhere and may run twice: each step is a compare and replace, and what is left over is due in the
//! next minute still. It turns no switch in SES; it wakes who does. All it may do there is to enrol sets, where that is
//! wanted.

mod discover;
mod drift;
mod due;
mod fleet;
mod hear;
mod tenants;

use std::collections::BTreeSet;

use futures::StreamExt;
use jiff::Timestamp;
use jiff::tz::TimeZone;

pub use drift::OnDrift;
pub use hear::{EnrolNewSets, Heard, Listening};

use crate::audit::{Act, AuditRecord};
use crate::fleet::Fleet;
use crate::name::SetKey;
use crate::pace::Pace;
use crate::port::{
    Clock, Committed, Fault, Glance, Inventory, Ledger, Register, Reminder, SendingSwitch, SwitchFault, Waker,
};
use crate::state::{Change, Phase, State, Why};
use crate::steps::decide::{Judge, Outcome, spared};
use crate::time::seconds_between;

/// Sets that are judged at once.
const IN_FLIGHT: usize = 8;
/// Sets named to the actuator at once: as many as fit into an invocation's 256 KB. It finds what is pending by itself.
const WOKEN_AT_ONCE: usize = 1_000;

/// Finishes what is unfinished.
#[derive(Debug)]
pub struct Sweeper<L, R, M, C, S, W, I> {
    /// Judges what the stream lost, and what is due by time.
    pub judge: Judge<L, R, M, C>,
    /// SES, to look at.
    pub switch: S,
    /// SES's list of sets, and where their events go.
    pub inventory: I,
    /// Whose sets are listened to.
    pub listening: Listening,
    /// Wakes the actuator.
    pub waker: W,
    /// What becomes of a paused set that someone else lets send.
    pub on_drift: OnDrift,
}

/// One sweep's round of looks.
#[derive(Debug, Default)]
struct Round {
    /// Whether SES is asked where events go.
    listens: bool,
    /// Nothing is begun at or after this.
    stop_at: Timestamp,
    /// What is known of the account's sets as a whole, as it was before the round.
    before: State,
    /// The same, as it becomes.
    fleet: Fleet,
    /// What was heard, unless all was well.
    heard: Vec<(SetKey, Heard)>,
}

impl Round {
    /// SES did not answer as it should; gives whether it refused. Whether it has nothing to give or lets nobody ask, the
    /// next sweep tries again.
    fn refused(&mut self, fault: &SwitchFault) -> bool {
        match fault {
            SwitchFault::Throttled => self.listens = false,
            SwitchFault::Refused(_) => {
                self.listens = false;
                return true;
            }
            SwitchFault::NotFound | SwitchFault::Unknown(_) => {}
        }
        false
    }
}

/// What SES said of a set that was looked at, and what came of it.
#[derive(Debug)]
pub enum Seen {
    /// As meant.
    AsMeant,
    /// The set changes, or changed a moment ago: it is looked at again.
    Unsettled,
    /// Otherwise than meant; this was written down.
    Drifted(Box<AuditRecord>),
    /// SES does not know the set.
    Gone,
    /// SES did not say.
    Unanswered(SwitchFault),
}

/// What a sweep did.
#[derive(Debug, Default)]
pub struct Swept {
    /// How many sets waited to be judged when it began.
    pub marked: usize,
    /// The sets it judged, and what came of it.
    pub judged: Vec<(SetKey, Outcome)>,
    /// The sets it asked SES about.
    pub looked_at: Vec<(SetKey, Seen)>,
    /// What it heard of them, unless all was well.
    pub heard: Vec<(SetKey, Heard)>,
    /// The sets of which nothing was known before.
    pub discovered: Vec<SetKey>,
    /// Why SES did not list its sets, when it was asked to.
    pub unlisted: Option<SwitchFault>,
    /// The sets people are reminded of.
    pub reminded: Vec<SetKey>,
    /// What was told of tenants.
    pub tenants: Vec<AuditRecord>,
    /// Whom it woke the actuator for.
    pub woken: BTreeSet<SetKey>,
    /// What there was no time for; it is due in the next minute still.
    pub left: usize,
    /// What the tables refused; it is due in the next minute still.
    pub faults: Vec<Fault>,
}

impl<L: Ledger, R: Register, M: Reminder, C: Clock, S: SendingSwitch, W: Waker, I: Inventory>
    Sweeper<L, R, M, C, S, W, I>
{
    /// Sweeps for one minute of the timer. Nothing is begun at or after `stop_at`, which must leave time for one call to
    /// SES.
    pub async fn sweep(&self, minute: Timestamp, stop_at: Timestamp) -> Swept {
        let mut swept = Swept::default();
        let marked = self.ask(self.register().to_judge().await, &mut swept);
        swept.marked = marked.len();
        let glances = self.ask(self.register().glances().await, &mut swept);
        let mut by_time: Vec<&Glance> = glances.iter().filter(|one| due::to_be_judged(one, minute)).collect();
        due::most_urgent_first(&mut by_time);
        let marked_too: BTreeSet<&SetKey> = marked.iter().collect();
        let by_time = by_time.into_iter().map(|one| &one.set).filter(|set| !marked_too.contains(set));
        self.judge_all(marked.iter().chain(by_time), stop_at, &mut swept).await;
        self.wake(&glances, &mut swept).await;
        self.remind(&glances, stop_at, &mut swept).await;
        let mut round = self.begin_round(stop_at, &mut swept).await;
        self.look_at_all(&glances, &mut round, &mut swept).await;
        self.discover(&glances, &mut round, &mut swept).await;
        self.end_round(&glances, round, &mut swept).await;
        swept
    }

    /// Someone touched the switch of this set in SES.
    pub async fn touched(&self, set: &SetKey) -> Swept {
        let mut swept = Swept::default();
        match self.look_at(set, &mut Round::default()).await {
            Ok(seen) => {
                if matches!(seen, Seen::Unsettled | Seen::Unanswered(_)) {
                    let asked = self.ask_to_look(set).await;
                    swept.faults.extend(asked.err());
                }
                swept.looked_at.push((set.clone(), seen));
            }
            Err(fault) => swept.faults.push(fault),
        }
        swept
    }

    fn register(&self) -> &R {
        &self.judge.register
    }

    fn now(&self) -> Timestamp {
        self.judge.clock.now()
    }

    fn ask<T: Default>(&self, answer: Result<T, Fault>, swept: &mut Swept) -> T {
        answer.unwrap_or_else(|fault| {
            swept.faults.push(fault);
            T::default()
        })
    }

    async fn judge_all(&self, sets: impl Iterator<Item = &SetKey>, stop_at: Timestamp, swept: &mut Swept) {
        let judged: Vec<_> = futures::stream::iter(sets.cloned())
            .map(|set| async move {
                if self.now() >= stop_at {
                    return None;
                }
                let outcome = self.judge.judge(&set).await;
                Some((set, outcome))
            })
            .buffer_unordered(IN_FLIGHT)
            .collect()
            .await;
        for one in judged {
            match one {
                Some((set, Ok(outcome))) => swept.judged.push((set, outcome)),
                Some((_, Err(fault))) => swept.faults.push(fault),
                None => swept.left += 1,
            }
        }
    }

    /// For all that is pending or untold, this sweep's pauses included. Most of it the stream wakes the actuator for; to
    /// be woken twice costs it one look.
    async fn wake(&self, glances: &[Glance], swept: &mut Swept) {
        let pending = self.ask(self.register().pending().await, swept);
        let untold = glances.iter().filter(|one| one.is_untold).map(|one| one.set.clone());
        let decided = swept.judged.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Changed(..)));
        let decided: Vec<SetKey> = decided.map(|(set, _)| set.clone()).collect();
        let all = pending.into_iter().map(|one| one.set).chain(decided).chain(untold);
        swept.woken = all.take(WOKEN_AT_ONCE).collect();
        if !swept.woken.is_empty()
            && let Err(fault) = self.waker.wake(&swept.woken).await
        {
            swept.faults.push(fault);
        }
    }

    async fn remind(&self, glances: &[Glance], stop_at: Timestamp, swept: &mut Swept) {
        for glance in glances.iter().filter(|one| due::to_be_reminded(one, self.now())) {
            if self.now() >= stop_at {
                swept.left += 1;
                continue;
            }
            match self.remind_of(&glance.set).await {
                Ok(true) => swept.reminded.push(glance.set.clone()),
                Ok(false) => {}
                Err(fault) => swept.faults.push(fault),
            }
        }
    }

    /// The glance may be old, so the state itself is asked.
    async fn remind_of(&self, set: &SetKey) -> Result<bool, Fault> {
        let state = self.register().read(set).await?;
        let now = self.now();
        if !due::to_be_reminded(&Glance::at(set, &state), now) {
            return Ok(false);
        }
        let after = State { reminded_at: Some(now), ..state.clone() };
        let why = still_paused(&state, now);
        let record = AuditRecord::of(set, now, Act::StillPaused, &state, &after, why);
        let change = Change::silent(set, &state, after).recorded(record, true);
        Ok(self.register().commit(&change).await? == Committed::Done)
    }

    async fn look_at_all(&self, glances: &[Glance], round: &mut Round, swept: &mut Swept) {
        let mut pace = Pace::default();
        let due = due::to_be_looked_at(glances, self.now());
        for (index, set) in due.iter().enumerate() {
            self.judge.clock.sleep(pace.wait(self.now())).await;
            if self.now() >= round.stop_at {
                swept.left += due.len() - index;
                return;
            }
            pace.called(self.now());
            match self.look_at(set, round).await {
                // What SES has to give goes to the pauses.
                Ok(seen @ Seen::Unanswered(SwitchFault::Throttled)) => {
                    swept.looked_at.push((set.clone(), seen));
                    swept.left += due.len() - index;
                    round.listens = false;
                    return;
                }
                Ok(seen) => swept.looked_at.push((set.clone(), seen)),
                Err(fault) => swept.faults.push(fault),
            }
        }
    }

    /// Asks SES once, and writes down what came of it. The state is read before SES is asked, so that whoever changes it
    /// meanwhile makes this a conflict, and nothing is written.
    async fn look_at(&self, set: &SetKey, round: &mut Round) -> Result<Seen, Fault> {
        let state = self.register().read(set).await?;
        let now = self.now();
        if !drift::is_at_rest(state.phase) || !state.is_settled(now) {
            return Ok(Seen::Unsettled);
        }
        // Whom the guard may not pause it does not pause again either.
        let judged_by = self.judge.policy.for_set(&set.name, now);
        let on_drift = match spared(&judged_by, self.judge.mode, &state) {
            Some(_) => OnDrift::Adopt,
            None => self.on_drift,
        };
        let seen = match self.stop(set, &state, judged_by.policy.pause_through).await? {
            Ok(stop) => drift::drift(set, &state, stop.as_ref(), on_drift, now),
            Err(SwitchFault::NotFound) if state.revision > 0 => Some(state.gone(set, now)),
            Err(SwitchFault::NotFound) => return Ok(Seen::Gone),
            Err(fault) => {
                // What SES refuses it refuses each time, and the others want their turn.
                if matches!(fault, SwitchFault::Refused(_)) {
                    self.settle(look(set, &state, now)).await?;
                }
                return Ok(Seen::Unanswered(fault));
            }
        };
        let Some(change) = seen else {
            let look = self.hear(set, &state, look(set, &state, now), round).await;
            self.settle(look).await?;
            return Ok(Seen::AsMeant);
        };
        match self.register().commit(&change).await? {
            Committed::Conflict => Ok(Seen::Unsettled),
            Committed::Done if change.after.phase == Phase::Gone => Ok(Seen::Gone),
            Committed::Done => {
                Ok(change.audit.into_iter().next().map_or(Seen::AsMeant, |record| Seen::Drifted(Box::new(record))))
            }
        }
    }

    /// Its turn is over; of a set that nobody knows anything of nothing is kept. A conflict is no harm: its turn comes
    /// again the sooner.
    async fn settle(&self, look: Change) -> Result<(), Fault> {
        if look.before.revision == 0 {
            return Ok(());
        }
        self.register().commit(&look).await.map(drop)
    }

    /// Has the set looked at again as soon as SES is to be believed.
    async fn ask_to_look(&self, set: &SetKey) -> Result<(), Fault> {
        let state = self.register().read(set).await?;
        let at = state.settles_at().unwrap_or(Timestamp::MIN).max(self.now());
        let after = State { look_at: Some(at), ..state.clone() };
        // Who is faster than this has asked for it, or made it needless.
        self.register().commit(&Change::silent(set, &state, after)).await.map(drop)
    }
}

/// That SES was asked, and nothing more.
fn look(set: &SetKey, state: &State, now: Timestamp) -> Change {
    Change::silent(set, state, State { looked_at: Some(now), look_at: None, ..state.clone() })
}

fn still_paused(state: &State, now: Timestamp) -> Why {
    let since = state.off_since.unwrap_or(now);
    let days = seconds_between(since, now) / 86_400;
    let days = if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
    let day = since.to_zoned(TimeZone::UTC).strftime("%a %-d %b %Y %H:%M UTC");
    let why = state.why.clone().unwrap_or_default();
    Why { evidence: why.evidence, ..Why::guard(format!("Paused for {days}, since {day}. {}", why.sentence)) }
}
