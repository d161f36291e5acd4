//! Acting: lease, the call to SES, "applied", and then people are told.
//!
//! One drain carries out everything that is pending, worst first, not only what woke it. What it leaves unfinished it
//! names, so that the stream wakes it again. A crash after the lease costs at most the lease's time; a crash after
//! the call repeats the call, which changes nothing.

mod tell;

use std::collections::BTreeSet;
use std::sync::Mutex;

use jiff::Timestamp;

use crate::audit::AuditRecord;
use crate::home::Home;
use crate::name::SetKey;
use crate::notice::{Crowd, Letterhead, Notice};
use crate::pace::Pace;
use crate::port::{Clock, Committed, Fault, Notifier, Pending, Register, SendingSwitch, SwitchFault};
use crate::state::{Change, Intent, State, Why};
use crate::steps::lever;
use crate::tenant::{Lever, SendingStatus, Tenant};
use crate::time::plus_seconds;

/// How often a commit is tried anew after someone else changed the state.
const COMMIT_ATTEMPTS: usize = 8;
/// How long people may still be told after the time is up, by who calls nobody any more.
const TELLING_SECONDS: i64 = 10;
/// How long to wait for another actuator's lease before looking again.
const LEASE_POLL_MILLISECONDS: u64 = 1_000;

/// One thing that was done.
#[derive(Debug)]
pub enum Deed {
    /// SES carried out the intent, and that is recorded.
    Applied(SetKey, Intent),
    /// SES does not know the set; that is recorded.
    Gone(SetKey),
    /// The set waits: SES throttled, refused or did not answer.
    Put(SetKey, Intent, SwitchFault),
    /// People were told.
    Told(SetKey, Notice),
    /// People were told of all these at once.
    ToldTogether(Vec<SetKey>, Notice),
}

/// What a drain did.
#[derive(Debug, Default)]
pub struct Drained {
    /// In the order of doing.
    pub deeds: Vec<Deed>,
    /// What the tables or topics refused.
    pub faults: Vec<Fault>,
    /// Those of the sets it was woken for that still wait for something.
    pub unfinished: BTreeSet<SetKey>,
    /// What people are to be told of together, once the drain has done the rest.
    together: Vec<AuditRecord>,
}

/// Carries out intents, in all homes at one pace: what SES grants each of them is enough for all together.
#[derive(Debug)]
pub struct Actuator<R, S, N, C> {
    register: R,
    switch: S,
    notifier: N,
    clock: C,
    pace: Mutex<Pace>,
    crowd: Mutex<Crowd>,
    letterhead: Letterhead,
}

impl<R: Register, S: SendingSwitch, N: Notifier, C: Clock> Actuator<R, S, N, C> {
    /// An actuator that has called nobody yet.
    pub fn new(register: R, switch: S, notifier: N, clock: C) -> Self {
        let (pace, crowd) = (Mutex::default(), Mutex::default());
        Self { register, switch, notifier, clock, pace, crowd, letterhead: Letterhead::default() }
    }

    /// What it tells is of this guard.
    #[must_use]
    pub fn writing_as(mut self, letterhead: Letterhead) -> Self {
        self.letterhead = letterhead;
        self
    }

    /// Carries out what is pending and tells what is untold. `me` names this drain in its leases. Nothing is begun at
    /// or after `stop_at`, which must leave time for one call to SES, but that people are told for ten seconds more.
    pub async fn drain(&self, woken: &BTreeSet<SetKey>, me: &str, stop_at: Timestamp) -> Drained {
        let mut drained = Drained::default();
        let mut refused: BTreeSet<SetKey> = BTreeSet::new();
        let mut unsure = woken.clone();
        while self.clock.now() < stop_at {
            let queue = self.queue(&mut unsure, &refused, &mut drained.faults).await;
            let mut leased_away = false;
            let mut next = None;
            for pending in queue {
                match self.register.read(&pending.set).await {
                    Ok(state) if state.pending.is_none() => {}
                    Ok(state) if !state.is_free(self.clock.now()) => leased_away = true,
                    Ok(state) => {
                        next = Some((pending.set, state));
                        break;
                    }
                    Err(fault) => drained.faults.push(fault),
                }
            }
            match next {
                Some((set, state)) => {
                    if let Err(fault) = self.carry_out(&set, &state, me, &mut drained.deeds).await {
                        drained.faults.push(fault);
                        refused.insert(set.clone());
                    }
                    if let Some(Deed::Put(_, _, SwitchFault::Refused(_))) = drained.deeds.last() {
                        refused.insert(set.clone());
                    }
                    self.tell(&set, &mut drained).await;
                }
                None if leased_away => self.clock.sleep(LEASE_POLL_MILLISECONDS).await,
                None => break,
            }
        }
        for set in woken {
            // Hundreds may have woken us. Who is not asked after comes again.
            if self.clock.now() >= plus_seconds(stop_at, TELLING_SECONDS) {
                drained.unfinished.insert(set.clone());
                continue;
            }
            self.tell(set, &mut drained).await;
        }
        self.tell_together(&mut drained).await;
        for set in woken.difference(&drained.unfinished.clone()) {
            match self.register.read(set).await {
                Ok(state) if state.pending.is_none() && state.untold.is_empty() => {}
                Ok(_) => drop(drained.unfinished.insert(set.clone())),
                Err(fault) => {
                    drained.faults.push(fault);
                    drained.unfinished.insert(set.clone());
                }
            }
        }
        drained
    }

    /// What is to be done, pauses first and worst first. The list of what is pending may lag, so the sets that woke us
    /// are asked themselves: each until it has nothing pending. Whatever is pending later wakes anew.
    async fn queue(
        &self,
        unsure: &mut BTreeSet<SetKey>,
        refused: &BTreeSet<SetKey>,
        faults: &mut Vec<Fault>,
    ) -> Vec<Pending> {
        let mut queue = match self.register.pending().await {
            Ok(pending) => pending,
            Err(fault) => {
                faults.push(fault);
                Vec::new()
            }
        };
        let listed: BTreeSet<SetKey> = queue.iter().map(|one| one.set.clone()).collect();
        for set in unsure.difference(&listed).cloned().collect::<Vec<_>>() {
            match self.register.read(&set).await {
                Ok(State { pending: Some((intent, priority)), .. }) => queue.push(Pending { set, intent, priority }),
                Ok(_) => drop(unsure.remove(&set)),
                Err(fault) => faults.push(fault),
            }
        }
        queue.retain(|one| !refused.contains(&one.set));
        queue.sort_by_key(|one| (one.intent, std::cmp::Reverse(one.priority)));
        queue
    }

    async fn carry_out(&self, set: &SetKey, state: &State, me: &str, deeds: &mut Vec<Deed>) -> Result<(), Fault> {
        let Some((intent, _)) = state.pending else { return Ok(()) };
        self.take_turn().await;
        let chosen = match self.choose_lever(set, state, intent).await {
            Ok(chosen) => chosen,
            Err(fault) => {
                self.with_pace(|pace, _| pace.throttled());
                deeds.push(Deed::Put(set.clone(), intent, fault));
                return Ok(());
            }
        };
        let leased = Change::silent(set, state, chosen.leased(me, self.clock.now()));
        if self.register.commit(&leased).await? == Committed::Conflict {
            return Ok(());
        }
        let answer = match (intent, chosen.lever.tenant()) {
            (Intent::Pause, None) => self.switch.turn(set, false).await,
            (Intent::Pause, Some(tenant)) => self.switch.turn_tenant(&Home::of(set), tenant, false).await,
            (Intent::Resume, None) => self.switch_on(set, state).await,
            (Intent::Resume, Some(tenant)) => self.tenant_on(set, state, tenant).await,
        };
        if answer.is_ok() {
            self.with_pace(|pace, _| pace.taken());
        }
        match answer {
            Ok(()) => self.settle(set, state.generation, me, |state, now| state.confirmed(set, intent, now)).await.map(
                |settled| {
                    if settled {
                        deeds.push(Deed::Applied(set.clone(), intent));
                    }
                },
            ),
            Err(SwitchFault::NotFound) if chosen.lever.tenant().is_some() => self
                .settle(set, state.generation, me, |state, _| Change::silent(set, state, without_tenant(state)))
                .await
                .map(drop),
            Err(SwitchFault::NotFound) => {
                let settled = self.settle(set, state.generation, me, |state, now| state.gone(set, now)).await?;
                if settled {
                    deeds.push(Deed::Gone(set.clone()));
                }
                Ok(())
            }
            // The call may still land: nobody else may call before it can't any more, so the lease stays.
            Err(fault @ SwitchFault::Unknown(_)) => {
                deeds.push(Deed::Put(set.clone(), intent, fault));
                Ok(())
            }
            Err(fault @ (SwitchFault::Throttled | SwitchFault::Refused(_))) => {
                if matches!(fault, SwitchFault::Throttled) {
                    self.with_pace(|pace, _| pace.throttled());
                }
                deeds.push(Deed::Put(set.clone(), intent, fault));
                self.settle(set, state.generation, me, |state, _| Change::silent(set, state, state.unleased()))
                    .await
                    .map(drop)
            }
        }
    }

    /// With the lever by which it is to be paused, where nobody has looked for that yet. It is written down with the lease,
    /// and so before anything is done: whoever resumes the set must find it.
    async fn choose_lever(&self, set: &SetKey, state: &State, intent: Intent) -> Result<State, SwitchFault> {
        let mut chosen = state.clone();
        match (&state.lever, intent) {
            (Lever::OwnSwitch | Lever::Tenant(_), _) => {}
            // Nothing was done yet.
            (Lever::ItsTenant, Intent::Resume) => chosen.lever = Lever::OwnSwitch,
            (Lever::ItsTenant, Intent::Pause) => {
                let (lever, sentence) = lever::find(&self.switch, set).await?;
                chosen.lever = lever;
                chosen.why = Some(adding(state, &sentence));
                self.take_turn().await;
            }
        }
        Ok(chosen)
    }

    /// As [`Self::switch_on`]. Of what AWS says of the tenant nothing is changed by this.
    async fn tenant_on(&self, set: &SetKey, state: &State, tenant: &Tenant) -> Result<(), SwitchFault> {
        let home = Home::of(set);
        let is_on = self.switch.tenant_status(&home, tenant).await?.customer != SendingStatus::Disabled;
        if is_on && state.is_settled(self.clock.now()) {
            return Ok(());
        }
        self.take_turn().await;
        self.switch.turn_tenant(&home, tenant, true).await
    }

    /// What enabling an enabled set does to its metrics is not documented, so it isn't done. But SES may call a set
    /// enabled for minutes after it was paused, and who believes that reports a resume that never was.
    async fn switch_on(&self, set: &SetKey, state: &State) -> Result<(), SwitchFault> {
        if self.switch.is_on(set).await? && state.is_settled(self.clock.now()) {
            return Ok(());
        }
        self.take_turn().await;
        self.switch.turn(set, true).await
    }

    /// Ends the lease of `me` with `change`, if the intent is still the one of `generation`; else drops the lease only.
    /// Gives whether the change was made.
    async fn settle(
        &self,
        set: &SetKey,
        generation: u64,
        me: &str,
        change: impl Fn(&State, Timestamp) -> Change,
    ) -> Result<bool, Fault> {
        for _ in 0..COMMIT_ATTEMPTS {
            let state = self.register.read(set).await?;
            if !state.is_leased_to(me) {
                return Ok(false);
            }
            let (current, now) = (state.generation == generation, self.clock.now());
            let change = match current {
                true => change(&state, now),
                // SES has perhaps done what is no longer wanted, and whoever comes next must know of it.
                false => Change::silent(set, &state, State { confirmed_at: Some(now), ..state.unleased() }),
            };
            if self.register.commit(&change).await? == Committed::Done {
                return Ok(current);
            }
        }
        Ok(false)
    }

    async fn take_turn(&self) {
        loop {
            let wait = self.with_pace(|pace, now| pace.wait(now));
            if wait == 0 {
                break self.with_pace(|pace, now| pace.called(now));
            }
            self.clock.sleep(wait).await;
        }
    }

    fn with_pace<T>(&self, change: impl FnOnce(&mut Pace, Timestamp) -> T) -> T {
        let mut pace = self.pace.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        change(&mut pace, self.clock.now())
    }
}

/// Its tenant was deleted: what is to be done is done by the set's own switch.
fn without_tenant(state: &State) -> State {
    let why = adding(state, "That tenant is no more, so its own switch is turned.");
    State { lever: Lever::OwnSwitch, why: Some(why), ..state.unleased() }
}

/// Why it is done, and by which lever.
fn adding(state: &State, sentence: &str) -> Why {
    let why = state.why.clone().unwrap_or_default();
    let end = if why.sentence.ends_with('.') { "" } else { "." };
    Why { sentence: format!("{}{end} {sentence}", why.sentence), ..why }
}
