//! Deciding: read, judge, write the decision down with its reasons, and only then is anything done about it.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::Timestamp;

use crate::audit::{Act, AuditRecord};
use crate::judge::{Judgement, Verdict};
use crate::name::SetKey;
use crate::notice::sentence;
use crate::policy::{PolicyBook, SetPolicy};
use crate::port::{Clock, Committed, Fault, Ledger, Register, Reminder};
use crate::standing::{Assessment, assess, window_start};
use crate::state::{Change, Intent, Owner, Phase, State, Why};
use crate::strangers::{Strangers, apart};
use crate::tally::BucketTally;
use crate::time::{Bucket, plus_seconds};

/// How often a decision is taken anew after someone else changed the state.
const COMMIT_ATTEMPTS: usize = 8;

/// By how much a re-check may come early.
const CLOCK_TOLERANCE_SECONDS: i64 = 2;

pub use crate::policy::Mode;

/// What judging a set came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Nothing to do now; the mark is off.
    Kept(Phase),
    /// The state changed, for these reasons.
    Changed(Phase, Vec<AuditRecord>),
    /// Over, but the sends are counted late: it is judged again in so many seconds.
    Rechecking(u32),
    /// To be judged later; the mark stays on.
    Later,
    /// Others kept changing the state; the mark stays on.
    Contended,
}

/// Judges sets that were marked.
#[derive(Debug)]
pub struct Judge<L, R, M, C> {
    /// The counts.
    pub ledger: L,
    /// The states.
    pub register: R,
    /// Wakes this judge later.
    pub reminder: M,
    /// The time.
    pub clock: C,
    /// What each set is judged by.
    pub policy: Arc<PolicyBook>,
    /// Whether it pauses at all; if so, the policy says whom.
    pub mode: Mode,
}

impl<L: Ledger, R: Register, M: Reminder, C: Clock> Judge<L, R, M, C> {
    /// Judges one set. The mark that is taken off was read before the counts were.
    pub async fn judge(&self, set: &SetKey) -> Result<Outcome, Fault> {
        for _ in 0..COMMIT_ATTEMPTS {
            let state = self.register.read(set).await?;
            let now = self.clock.now();
            let decision = match state.phase {
                Phase::Resuming => return Ok(Outcome::Later),
                Phase::Pausing | Phase::Paused | Phase::External => Decision::leave(set, &state),
                Phase::Active | Phase::Warned | Phase::Trial | Phase::Gone => {
                    let judged_by = self.policy.for_set(&set.name, now);
                    let from = window_start(&judged_by.policy, now, state.fresh);
                    let tallies = self.ledger.window(set, from, Bucket::of(now).plus(1)).await?;
                    decide(&judged_by, self.mode, set, &state, tallies, now)
                }
            };
            let change = match decision {
                Decision::Wait => return Ok(Outcome::Later),
                Decision::Recheck { seconds } => {
                    self.reminder.remind(set, seconds).await?;
                    let recheck_at = state.recheck_at.or(Some(plus_seconds(now, i64::from(seconds))));
                    let change = Change::silent(set, &state, State { recheck_at, ..state.clone() });
                    match self.register.commit(&change).await? {
                        Committed::Done => return Ok(Outcome::Rechecking(seconds)),
                        Committed::Conflict => continue,
                    }
                }
                Decision::Settle(change) => *change,
            };
            if change.after == change.before && !state.to_judge {
                return Ok(Outcome::Kept(state.phase));
            }
            if self.register.commit(&change).await? == Committed::Done {
                return Ok(match change.audit.is_empty() {
                    true => Outcome::Kept(change.after.phase),
                    false => Outcome::Changed(change.after.phase, change.audit),
                });
            }
        }
        Ok(Outcome::Contended)
    }
}

/// What is to be written down.
#[derive(Debug, Clone, PartialEq)]
enum Decision {
    /// The change, which may be no more than taking the mark off.
    Settle(Box<Change>),
    /// Over, but the sends are counted late: look again after so many seconds.
    Recheck { seconds: u32 },
    /// The time to look again has not come yet.
    Wait,
}

impl Decision {
    fn leave(set: &SetKey, state: &State) -> Self {
        Self::Settle(Box::new(Change::silent(set, state, state.clone()).judged()))
    }
}

/// Decides from what is known, and says why.
fn decide(
    judged_by: &SetPolicy,
    mode: Mode,
    set: &SetKey,
    state: &State,
    tallies: Vec<BucketTally>,
    now: Timestamp,
) -> Decision {
    let (tallies, strangers) = apart(judged_by, tallies);
    let found = assess(&judged_by.policy, &tallies, state.fresh, now);
    if found.judgement.verdict == Verdict::Pause
        && let Some(decision) = recheck_first(state, &found, now)
    {
        return decision;
    }
    let (totals, used_ppm, near) = (Some(found.totals), found.used_ppm, found.near);
    let mut after = State { totals, used_ppm, near, recheck_at: None, ..state.clone() };
    let verdict = found.judgement.verdict;
    let spared = spared(judged_by, mode, state);
    if verdict == Verdict::Pause && spared.is_none() {
        let why = why(sentence::paused(&found.judgement, now), &found.judgement);
        let next = after.by(judged_by.policy.pause_through).intending(
            Intent::Pause,
            found.priority,
            Owner::Guard,
            why.clone(),
        );
        let record = AuditRecord::of(set, now, Act::PauseIntended, state, &next, why);
        // The mark stays: a mark set meanwhile must not make the pause wait.
        let change = Change::silent(set, state, next).recorded(record, false);
        return Decision::Settle(Box::new(telling_of(&strangers, change, set, state, now)));
    }

    after.phase = match (state.phase, verdict) {
        (Phase::Gone, _) if found.totals.sends == 0 => Phase::Gone,
        (Phase::Trial, _) if found.judgement.trial => Phase::Trial,
        (_, Verdict::Pause | Verdict::Warn) => Phase::Warned,
        (phase, Verdict::DataFault) if phase != Phase::Trial => phase,
        (_, Verdict::Ok | Verdict::DataFault) => Phase::Active,
    };
    after.degraded_told = found.degraded.is_some();
    // A dip to the warning line, while sends come in before their bounces, does not make it news again.
    after.would_pause_told = match verdict {
        Verdict::Pause => true,
        Verdict::Warn => state.would_pause_told,
        Verdict::Ok | Verdict::DataFault => false,
    };
    let mut change = Change::silent(set, state, after.clone()).judged();
    if let Some(because) = spared.filter(|_| verdict == Verdict::Pause && !state.would_pause_told) {
        let why = why(sentence::would_pause(&found.judgement, now, &because), &found.judgement);
        change.after.why = Some(why.clone());
        let record = AuditRecord::of(set, now, Act::WouldPause, state, &change.after, why);
        change = change.recorded(record, true);
    } else if verdict == Verdict::Warn && after.phase == Phase::Warned && state.phase != Phase::Warned {
        let why = why(sentence::warned(&found.judgement, now), &found.judgement);
        change.after.why = Some(why.clone());
        let record = AuditRecord::of(set, now, Act::Warned, state, &change.after, why);
        change = change.recorded(record, true);
    } else if after.phase == Phase::Active {
        change.after.why = None;
        if state.phase == Phase::Trial && verdict == Verdict::Ok {
            let why = why(sentence::trial_ended(&found.totals, state.fresh), &found.judgement);
            let record = AuditRecord::of(set, now, Act::TrialEnded, state, &change.after, why);
            change = change.recorded(record, true);
        }
    }
    if let Some(degraded) = found.degraded
        && !state.degraded_told
    {
        let why = why(degraded, &found.judgement);
        let record = AuditRecord::of(set, now, Act::CountingDegraded, state, &change.after, why);
        change = change.recorded(record, true);
    }
    Decision::Settle(Box::new(telling_of(&strangers, change, set, state, now)))
}

/// The change, and that others than the policy names send with the set, if that is news.
fn telling_of(strangers: &Strangers, mut change: Change, set: &SetKey, state: &State, now: Timestamp) -> Change {
    if !strangers.are_news(state, now) {
        return change;
    }
    change.after.strangers_told_at = Some(now);
    let why = Why { evidence: Some(strangers.evidence()), ..Why::guard(strangers.sentence()) };
    let record = AuditRecord::of(set, now, Act::StrangersSend, state, &change.after, why);
    change.recorded(record, true)
}

/// Why a set isn't paused, whatever the verdict: what a person said of this set comes first.
pub(super) fn spared(judged_by: &SetPolicy, mode: Mode, state: &State) -> Option<String> {
    if let Some(hold) = &state.hold {
        return Some(format!("held by {}", hold.actor));
    }
    if let Some(exemption) = &judged_by.exempt {
        return Some(exemption.to_string());
    }
    match mode.and(judged_by.mode) {
        Mode::Enforce => None,
        Mode::Observe => Some("the guard observes only".to_owned()),
    }
}

/// Once, and only while the sends are behind: waiting until they have caught up would never end during a blast.
fn recheck_first(state: &State, found: &Assessment, now: Timestamp) -> Option<Decision> {
    let gap = u32::try_from(found.recheck_after?.as_secs()).unwrap_or(u32::MAX);
    match state.recheck_at {
        None => Some(Decision::Recheck { seconds: gap }),
        // The reminder comes once, and the clock that set the time is another machine's.
        Some(at) if now < plus_seconds(at, -CLOCK_TOLERANCE_SECONDS) => Some(Decision::Wait),
        Some(_) => None,
    }
}

fn why(sentence: String, judgement: &Judgement) -> Why {
    Why { evidence: serde_json::to_value(judgement).ok(), ..Why::guard(sentence) }
}
