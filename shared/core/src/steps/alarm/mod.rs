//! Alarms: CloudWatch says that a set, or the account, is at its line. A second opinion, and never a blind order.
//!
//! The set is judged at once by its own counts. Where they do not agree the alarm is followed only if the policy trusts
//! it, or if the guard has counted nothing that could disagree; else people read why not, once for each time that the
//! alarm goes off. OK and INSUFFICIENT_DATA change nothing: a paused set sends nothing, so its silence is no health.

mod resolve;
mod words;

use jiff::Timestamp;

use crate::audit::{Act, AuditRecord};
use crate::event::{AlarmChange, AlarmState, ParseError};
use crate::home::{Home, Homes};
use crate::name::SetKey;
use crate::port::{Alarms, Clock, Committed, Fault, Landed, Ledger, Register, Reminder, SendingSwitch, SwitchFault};
use crate::standing::{Assessment, assess, window_start};
use crate::state::{Change, Intent, Owner, Phase, State, Why};
use crate::steps::decide::{Judge, Outcome, spared};
use crate::strangers::apart;
use crate::time::Bucket;

/// How often a change is tried anew after someone else changed the state.
const COMMIT_ATTEMPTS: usize = 8;

/// Takes alarms up.
#[derive(Debug)]
pub struct Responder<L, R, M, C, S, A> {
    /// Judges the set by its own counts.
    pub judge: Judge<L, R, M, C>,
    /// SES, to tell an unknown set from one that never failed.
    pub switch: S,
    /// CloudWatch, for what a composite alarm does not say.
    pub alarms: A,
    /// What is guarded.
    pub homes: Homes,
}

/// What an alarm came to, for one set or for the account.
#[derive(Debug, Clone, PartialEq)]
pub enum Response {
    /// OK or INSUFFICIENT_DATA: nothing is to be done.
    Nothing,
    /// The set is paused, or about to be: by its own counts, or it was before.
    Stopped(SetKey, Phase),
    /// The set is to be paused on the alarm's word.
    Paused(SetKey, AuditRecord),
    /// Not paused, and why; or nothing the guard can act on; or of the whole account. People are told.
    Told(AuditRecord),
    /// This was reported, and taken up, before.
    Known(SetKey),
}

impl<L: Ledger, R: Register, M: Reminder, C: Clock, S: SendingSwitch, A: Alarms> Responder<L, R, M, C, S, A> {
    /// Takes an alarm's change up. `Err` means that it is to be reported again: what was done already is not repeated.
    pub async fn respond(&self, alarm: &AlarmChange) -> Result<Vec<Response>, Fault> {
        match alarm.state {
            AlarmState::Alarm => {}
            AlarmState::Ok | AlarmState::InsufficientData => return Ok(vec![Response::Nothing]),
        }
        let own = self.homes.own();
        let home = Home {
            account: alarm.account.as_ref().unwrap_or(&own.account).clone(),
            region: alarm.region.as_ref().unwrap_or(&own.region).clone(),
        };
        if let Err(not_guarded) = self.homes.check(&home) {
            let why = words::foreign(alarm, &not_guarded);
            return Ok(vec![self.tell(&own.whole(), alarm, Act::AlarmNotUnderstood, why).await?]);
        }
        let account = home.whole();
        let subjects = resolve::subjects(&self.alarms, &home, alarm).await?;
        let mut responses = Vec::new();
        for name in subjects.configuration_sets {
            responses.push(self.of_set(home.set(name), alarm).await?);
        }
        if subjects.account_level {
            responses.push(self.tell(&account, alarm, Act::AccountAtRisk, words::account_at_risk(alarm)).await?);
        }
        if responses.is_empty() {
            let why = words::names_nothing(alarm);
            responses.push(self.tell(&account, alarm, Act::AlarmNotUnderstood, why).await?);
        }
        Ok(responses)
    }

    /// Something came that can't be read as an alarm. It would not become readable by coming again, so people are told
    /// and it is done with; the same error is told once an hour.
    pub async fn unreadable(&self, error: &ParseError) -> Result<Response, Fault> {
        let account = self.homes.own().whole();
        let hour = self.judge.clock.now().as_second().div_euclid(3_600) * 3_600;
        let at = Timestamp::from_second(hour).unwrap_or(Timestamp::MIN);
        self.file(&account, &error.to_string(), at, Act::AlarmNotUnderstood, words::unreadable(error)).await
    }

    async fn of_set(&self, set: SetKey, alarm: &AlarmChange) -> Result<Response, Fault> {
        if self.judge.register.read(&set).await? == State::default()
            && matches!(self.switch.is_on(&set).await, Err(SwitchFault::NotFound))
        {
            let account = Home::of(&set).whole();
            return self.tell(&account, alarm, Act::AlarmNotUnderstood, words::unknown_set(alarm, &set.name)).await;
        }
        let outcome = self.judge.judge(&set).await?;
        for _ in 0..COMMIT_ATTEMPTS {
            let state = self.judge.register.read(&set).await?;
            match state.phase {
                Phase::Pausing | Phase::Paused | Phase::External | Phase::Resuming | Phase::Gone => {
                    return Ok(Response::Stopped(set, state.phase));
                }
                Phase::Active | Phase::Warned | Phase::Trial => {}
            }
            if let Some(answer) = self.decide(&set, &state, alarm, &outcome).await? {
                return Ok(answer);
            }
        }
        Err(contended(&set))
    }

    /// `None` when someone else changed the state meanwhile.
    async fn decide(
        &self,
        set: &SetKey,
        state: &State,
        alarm: &AlarmChange,
        outcome: &Outcome,
    ) -> Result<Option<Response>, Fault> {
        let now = self.judge.clock.now();
        let changed_at = alarm.changed_at.unwrap_or(Bucket::of(now).start());
        let judged_by = self.judge.policy.for_set(&set.name, now);
        let policy = &judged_by.policy;
        // From the window's edge, and not from the fence: a set that was counted before its resume is not blind.
        let tallies = self.judge.ledger.window(set, window_start(policy, now, None), Bucket::of(now).plus(1)).await?;
        let blind = tallies.iter().all(|one| one.counts.sends.receipts == 0);
        let (tallies, _) = apart(&judged_by, tallies);
        let found = assess(policy, &tallies, state.fresh, now);

        let refusal = if let Some(because) = spared(&judged_by, self.judge.mode, state) {
            Some(words::spared(&because))
        } else if state.fresh.is_some_and(|fresh| changed_at < fresh.start()) {
            Some("The alarm speaks of mail that was sent before the resume.".to_owned())
        } else if policy.trust_alarm || blind {
            None
        } else {
            Some(words::disagreement(&found, policy, outcome))
        };
        let why = match &refusal {
            Some(refusal) => words::not_followed(alarm, refusal),
            None => words::followed(alarm, blind),
        };
        let why = Why { evidence: serde_json::to_value(&found.judgement).ok(), ..why };
        let (act, after) = match refusal {
            Some(_) => (Act::AlarmNotFollowed, state.clone()),
            None => (Act::PauseIntended, intending(&state.by(policy.pause_through), &found, &why)),
        };
        let record = AuditRecord::of(set, changed_at, act, state, &after, why).once(&alarm.name);
        if self.judge.register.audit_record(set, &record.id).await?.is_some() {
            return Ok(Some(Response::Known(set.clone())));
        }
        let tell = act == Act::AlarmNotFollowed;
        let change = Change::silent(set, state, after).recorded(record.clone(), tell);
        Ok(match self.judge.register.commit(&change).await? {
            Committed::Conflict => None,
            Committed::Done if tell => Some(Response::Told(record)),
            Committed::Done => Some(Response::Paused(set.clone(), record)),
        })
    }

    async fn tell(&self, of: &SetKey, alarm: &AlarmChange, act: Act, why: Why) -> Result<Response, Fault> {
        let at = alarm.changed_at.unwrap_or(Bucket::of(self.judge.clock.now()).start());
        self.file(of, &format!("{} {}", alarm.name, why.sentence), at, act, why).await
    }

    /// Files a record once, and has people told of it.
    async fn file(&self, of: &SetKey, what: &str, at: Timestamp, act: Act, why: Why) -> Result<Response, Fault> {
        for _ in 0..COMMIT_ATTEMPTS {
            let state = self.judge.register.read(of).await?;
            let record = AuditRecord::of(of, at, act, &state, &state, why.clone()).once(what);
            if self.judge.register.audit_record(of, &record.id).await?.is_some() {
                return Ok(Response::Known(of.clone()));
            }
            let after = if act == Act::AccountAtRisk { alarmed(&state, self.judge.clock.now()) } else { state.clone() };
            let change = Change::silent(of, &state, after).recorded(record.clone(), true);
            if self.judge.register.commit(&change).await? == Committed::Done {
                return Ok(Response::Told(record));
            }
        }
        Err(contended(of))
    }
}

/// Has the account's guard ask SES within the minute. It may do more than this function needs to be allowed.
fn alarmed(account: &State, now: Timestamp) -> State {
    let mut after = account.clone();
    after.account.get_or_insert_default().alarmed_at = Some(now);
    after
}

/// As a pause by its own counts. With nothing counted there is no telling how urgent it is, so not the least urgent.
fn intending(state: &State, found: &Assessment, why: &Why) -> State {
    state.intending(Intent::Pause, found.priority.max(1), Owner::Guard, why.clone())
}

fn contended(set: &SetKey) -> Fault {
    let source = "others kept changing it".into();
    Fault { operation: "a change", subject: set.to_string(), landed: Landed::No, source }
}
