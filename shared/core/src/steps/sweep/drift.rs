//! Drift: SES says something else than the guard means. What then becomes of the set, and in which words.

use jiff::Timestamp;

use crate::audit::{Act, AuditRecord};
use crate::name::SetKey;
use crate::state::{Change, Intent, Mark, Owner, Phase, State, Why};
use crate::steps::lever::Stop;
use crate::tenant::Lever;

/// A set that was paused before and is let send against the guard's will comes before any pause by numbers, and after
/// a person's word.
const PRIORITY: u64 = 1_000_000;

const SENT_AGAIN: &str = "Someone let it send again in SES, although the guard means it to be paused.";

/// What becomes of a paused set that someone else lets send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDrift {
    /// It is paused again.
    Reassert,
    /// It may send, as after a resume.
    Adopt,
}

/// Whether the set rests, so that SES's answer can be held against it: nobody is about to change it.
pub(super) fn is_at_rest(phase: Phase) -> bool {
    match phase {
        Phase::Active | Phase::Warned | Phase::Trial | Phase::Paused | Phase::External => true,
        Phase::Pausing | Phase::Resuming | Phase::Gone => false,
    }
}

/// What is to be written down when something keeps SES from taking the set's mail, or nothing does; `None` when that is as
/// meant.
pub(super) fn drift(
    set: &SetKey,
    state: &State,
    stop: Option<&Stop>,
    on_drift: OnDrift,
    now: Timestamp,
) -> Option<Change> {
    let change = match (state.phase, stop) {
        (Phase::Paused, None) => match on_drift {
            OnDrift::Reassert => reassert(set, state, now),
            OnDrift::Adopt => adopt(set, state, now),
        },
        (Phase::External, None) => found_on(set, state, now),
        (Phase::Active | Phase::Warned | Phase::Trial, Some(stop)) => found_off(set, state, stop, now),
        (Phase::Paused | Phase::External, Some(_))
        | (Phase::Active | Phase::Warned | Phase::Trial, None)
        | (Phase::Pausing | Phase::Resuming | Phase::Gone, _) => return None,
    };
    Some(change)
}

fn reassert(set: &SetKey, state: &State, now: Timestamp) -> Change {
    let why = state.why.clone().unwrap_or_default();
    // Whoever does it daily need not read of every day.
    let sentence = match why.sentence.starts_with(SENT_AGAIN) {
        true => why.sentence.clone(),
        false => format!("{SENT_AGAIN} It was paused for this: {}", why.sentence),
    };
    let why = Why { evidence: why.evidence, ..Why::guard(sentence) };
    let owner = state.owner.unwrap_or(Owner::Guard);
    let mut after = state.intending(Intent::Pause, PRIORITY, owner, why.clone());
    after.off_since = None;
    after.looked_at = Some(now);
    recorded(set, state, after, Act::Reasserted, why, now)
}

fn adopt(set: &SetKey, state: &State, now: Timestamp) -> Change {
    let fence = state.fence(now);
    let why = Why::guard(format!(
        "Someone let it send again in SES; the guard lets that stand. Mail sent before {} no longer counts.",
        fence.start()
    ));
    let mut after = resting(state, Phase::Trial, None, &why, now);
    after.lever = Lever::OwnSwitch;
    after.fresh = Some(fence);
    after.totals = None;
    after.used_ppm = 0;
    after.off_since = None;
    recorded(set, state, after, Act::Adopted, why, now)
}

fn found_off(set: &SetKey, state: &State, stop: &Stop, now: Timestamp) -> Change {
    let (lever, sentence) = match stop {
        Stop::OwnSwitch => (
            Lever::OwnSwitch,
            "Someone else disabled it in SES; the guard did not, and will not enable it by itself.".to_owned(),
        ),
        Stop::Tenant { tenant } => (
            Lever::Tenant(tenant.clone()),
            format!(
                "Someone else, or its reputation policy, disabled its tenant {tenant} in SES; the guard did not, and will \
                 not enable it by itself."
            ),
        ),
        Stop::Aws { tenant } => (
            Lever::Tenant(tenant.clone()),
            format!(
                "AWS keeps its tenant {tenant} disabled, and nobody but AWS lets it send again: answer the case in the \
                 Support Center."
            ),
        ),
    };
    let why = Why::guard(sentence);
    let mut after = resting(state, Phase::External, Some(Owner::Operator), &why, now);
    after.lever = lever;
    after.off_since = Some(now);
    recorded(set, state, after, Act::FoundOff, why, now)
}

/// Nobody resumed it by the guard, so all that was counted goes on counting.
fn found_on(set: &SetKey, state: &State, now: Timestamp) -> Change {
    let why = Why::guard("It was disabled in SES by someone else, and has been enabled again.");
    let mut after = resting(state, Phase::Active, None, &why, now);
    after.lever = Lever::OwnSwitch;
    after.off_since = None;
    let mut change = recorded(set, state, after, Act::FoundOn, why, now);
    change.mark = Mark::Set;
    change
}

/// In a phase in which SES is already: a new generation that needs no call. SES has just confirmed it, and may still
/// answer as before for a while.
fn resting(state: &State, phase: Phase, owner: Option<Owner>, why: &Why, now: Timestamp) -> State {
    State {
        phase,
        owner,
        generation: state.generation + 1,
        applied: state.generation + 1,
        confirmed_at: Some(now),
        looked_at: Some(now),
        look_at: None,
        reminded_at: None,
        recheck_at: None,
        would_pause_told: false,
        why: Some(why.clone()),
        ..state.clone()
    }
}

fn recorded(set: &SetKey, before: &State, after: State, act: Act, why: Why, now: Timestamp) -> Change {
    let record = AuditRecord::of(set, now, act, before, &after, why);
    Change::silent(set, before, after).recorded(record, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_ses_says_otherwise_is_drift() {
        let set: SetKey = "111122223333/eu-west-1/promo".parse().unwrap();
        let now: Timestamp = "2026-11-20T12:07:00Z".parse().unwrap();
        use OnDrift::{Adopt, Reassert};
        use Phase::{Active, External, Gone, Paused, Pausing, Resuming, Trial, Warned};
        for (phase, sends, on_drift, expected) in [
            (Active, true, Reassert, None),
            (Active, false, Reassert, Some((Act::FoundOff, External))),
            (Warned, false, Adopt, Some((Act::FoundOff, External))),
            (Trial, true, Reassert, None),
            (Trial, false, Reassert, Some((Act::FoundOff, External))),
            (Paused, false, Reassert, None),
            (Paused, true, Reassert, Some((Act::Reasserted, Pausing))),
            (Paused, true, Adopt, Some((Act::Adopted, Trial))),
            (External, false, Reassert, None),
            (External, true, Reassert, Some((Act::FoundOn, Active))),
            (Pausing, true, Reassert, None),
            (Resuming, false, Reassert, None),
            (Gone, false, Reassert, None),
        ] {
            let state = State { phase, generation: 3, applied: 3, off_since: Some(now), ..State::default() };
            let stop = (!sends).then_some(&Stop::OwnSwitch);
            let change = drift(&set, &state, stop, on_drift, now);
            let found = change.as_ref().map(|change| (change.audit[0].act, change.after.phase));
            assert_eq!(found, expected, "{phase:?}, sends: {sends}, {on_drift:?}");
            let Some(change) = change else { continue };
            assert_eq!(change.after.generation, 4);
            assert_eq!(change.after.untold.len(), 1, "people are told");
            let calls_ses = change.after.pending.is_some();
            assert_eq!(calls_ses, change.audit[0].act == Act::Reasserted, "only a reassertion needs a call");
            assert_eq!(change.after.wants_sending(), sends && !calls_ses);
            let settles_at = change.after.settles_at();
            assert_eq!(settles_at.is_some_and(|at| at > now), !calls_ses, "SES may answer as before for a while");
        }
    }

    #[test]
    fn nothing_of_the_phase_before_goes_on_in_the_one_that_was_found() {
        let set: SetKey = "111122223333/eu-west-1/promo".parse().unwrap();
        let (before, now): (Timestamp, Timestamp) =
            ("2026-11-19T12:07:00Z".parse().unwrap(), "2026-11-20T12:07:00Z".parse().unwrap());
        for (phase, stop, expected, owner) in [
            (Phase::Trial, Some(Stop::OwnSwitch), Phase::External, Some(Owner::Operator)),
            (Phase::Paused, None, Phase::Trial, None),
            (Phase::External, None, Phase::Active, None),
        ] {
            let state = State {
                phase,
                owner: Some(Owner::Guard),
                generation: 3,
                applied: 3,
                confirmed_at: Some(before),
                looked_at: Some(before),
                look_at: Some(before),
                reminded_at: Some(before),
                recheck_at: Some(before),
                would_pause_told: true,
                ..State::default()
            };
            let after = drift(&set, &state, stop.as_ref(), OnDrift::Adopt, now).unwrap().after;
            assert_eq!((after.phase, after.owner), (expected, owner));
            assert_eq!((after.generation, after.applied), (4, 4), "{expected:?}: SES needs no call");
            assert_eq!((after.confirmed_at, after.looked_at), (Some(now), Some(now)), "{expected:?}");
            assert_eq!(after.look_at, None, "{expected:?}: it was looked at");
            assert_eq!((after.reminded_at, after.recheck_at), (None, None), "{expected:?}: neither is due any more");
            assert!(!after.would_pause_told, "{expected:?}: the next pause that is not made is told");
        }
    }

    #[test]
    fn a_repeated_reassertion_does_not_repeat_its_reason() {
        let set: SetKey = "111122223333/eu-west-1/promo".parse().unwrap();
        let now: Timestamp = "2026-11-20T12:07:00Z".parse().unwrap();
        let evidence = Some(serde_json::json!({"bounces": 98}));
        let why = Why { evidence: evidence.clone(), ..Why::guard("98 of 1,000.") };
        let mut state = State { phase: Phase::Paused, why: Some(why), ..State::default() };
        for _ in 0..3 {
            state = drift(&set, &state, None, OnDrift::Reassert, now).unwrap().after;
            state.phase = Phase::Paused;
        }
        let why = state.why.unwrap();
        assert_eq!(why.sentence, format!("{SENT_AGAIN} It was paused for this: 98 of 1,000."));
        assert_eq!(why.evidence, evidence, "the numbers of the pause stay with it");
    }
}
