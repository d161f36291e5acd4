//! Operating: what a person asks of the guard, as one JSON object in and one out. A refusal changes nothing.

mod account;
mod answer;
mod evidence;
mod hearing;
mod policies;
mod refusal;
mod request;

use jiff::Timestamp;

pub use answer::{Answer, SetAnswer};
use answer::{SightAnswer, TenantAnswer};
pub use refusal::{ErrorCode, Refusal};
pub use request::{Action, Place, Request};

use crate::account::AccountStop;
use crate::audit::{Act, AuditRecord};
use crate::hearing::Ear;
use crate::home::{Home, Homes};
use crate::name::{ConfigurationSetName, SetKey};
use crate::policy::stored::{Policies, PolicyStore};
use crate::policy::{PauseThrough, SetPolicy};
use crate::port::{Clock, Committed, Ledger, Register, SendingSwitch, SwitchFault};
use crate::standing::{assess, window_start};
use crate::state::{Change, Hold, Intent, Mark, Owner, Phase, State, Why};
use crate::steps::decide::Mode;
use crate::steps::lever::{self, Stop};
use crate::strangers::{SendersAnswer, apart};
use crate::tally::BucketTally;
use crate::time::Bucket;

/// How often an order is tried anew after someone else changed the state.
const COMMIT_ATTEMPTS: usize = 8;

/// Carries out operators' orders.
#[derive(Debug)]
pub struct Operator<L, R, S, C, P> {
    /// The counts.
    pub ledger: L,
    /// The states.
    pub register: R,
    /// SES, to look at.
    pub switch: S,
    /// The time.
    pub clock: C,
    /// What each set is judged by, and where that comes from.
    pub policies: Policies<P>,
    /// Whether the guard pauses at all, to show.
    pub mode: Mode,
    /// Whether orders about the stack's own account as a whole are obeyed.
    pub account_stop: AccountStop,
    /// What is guarded.
    pub homes: Homes,
    /// By what the guard hears of its own home, to show.
    pub ear: Ear,
}

impl<L: Ledger, R: Register, S: SendingSwitch, C: Clock, P: PolicyStore> Operator<L, R, S, C, P> {
    /// Answers one request.
    pub async fn operate(&self, request: Request) -> Answer {
        self.answer(&request).await.unwrap_or_else(Answer::refused)
    }

    async fn answer(&self, request: &Request) -> Result<Answer, Refusal> {
        match &request.action {
            Action::Status { set: None } => self.overview(&request.place).await,
            Action::Status { set: Some(name) } => self.status(request, &self.find(&request.place, name).await?).await,
            Action::List { phase, unheard } => self.list(*phase, *unheard, &request.place).await,
            Action::History { set, limit } => {
                let set = self.find(&request.place, set).await?;
                Ok(Answer::history(&set, self.register.history(&set, *limit).await?))
            }
            Action::Evidence { set, since } => self.evidence(&self.find(&request.place, set).await?, *since).await,
            Action::Pause { set, order } => {
                let (set, why) = (self.find(&request.place, set).await?, order.why("paused"));
                let through = self.through(&set).await?;
                self.change(request, &set, |state, sending, now| pause(&set, state, sending, &why, through, now)).await
            }
            Action::Resume { set, order, force } => {
                let (set, why) = (self.find(&request.place, set).await?, order.why("resumed"));
                self.is_not_stopped_by_aws(&Home::of(&set)).await?;
                self.change(request, &set, |state, sending, now| resume(&set, state, sending, &why, *force, now)).await
            }
            Action::Hold { set, order } => {
                let (set, why) = (self.find(&request.place, set).await?, order.why("held"));
                self.change(request, &set, |state, sending, now| hold(&set, state, sending, &why, now)).await
            }
            Action::Release { set, order } => {
                let (set, why) = (self.find(&request.place, set).await?, order.why("released"));
                self.change(request, &set, |state, _, now| release(&set, state, &why, now)).await
            }
            Action::Policy { version, limit } => self.show_policy(*version, *limit).await,
            Action::SetPolicy { text, order, base, plan } => self.set_policy(text, order, *base, *plan).await,
            Action::ClearPolicy { order, base, plan } => self.clear_policy(order, *base, *plan).await,
        }
    }

    /// The set of this name where the request says, else in the stack's own home. Where nothing is said and another home
    /// has a set of this name, nothing is guessed.
    async fn find(&self, place: &Place, name: &ConfigurationSetName) -> Result<SetKey, Refusal> {
        let own = self.homes.own();
        if *place != Place::default() {
            let home = Home {
                account: place.account.as_ref().unwrap_or(&own.account).clone(),
                region: place.region.as_ref().unwrap_or(&own.region).clone(),
            };
            self.homes.check(&home).map_err(|not_guarded| Refusal::not_guarded(&not_guarded))?;
            return Ok(home.set(name.clone()));
        }
        let mut elsewhere = Vec::new();
        for home in self.homes.others() {
            if self.register.read(&home.set(name.clone())).await? != State::default() {
                elsewhere.push(home);
            }
        }
        if elsewhere.is_empty() { Ok(own.set(name.clone())) } else { Err(Refusal::ambiguous(name, &elsewhere)) }
    }

    /// The states of the homes that the request means, and these homes.
    async fn states(&self, place: &Place) -> Result<(Vec<Home>, Vec<(SetKey, State)>), Refusal> {
        let homes: Vec<Home> = self.homes.iter().filter(|home| place.includes(home)).cloned().collect();
        if homes.is_empty() {
            return Err(Refusal::guards_nothing_there());
        }
        let mut states = self.register.states().await?;
        states.retain(|(set, _)| place.includes(&Home::of(set)));
        Ok((homes, states))
    }

    /// What AWS stops nobody here lets go, and a set let go meanwhile would send as soon as AWS lifts it.
    async fn is_not_stopped_by_aws(&self, home: &Home) -> Result<(), Refusal> {
        let whole = self.register.read(&home.whole()).await?;
        let is_stopped = whole.account.is_some_and(|watch| watch.is_stopped_by_aws());
        if is_stopped { Err(Refusal::stopped_by_aws()) } else { Ok(()) }
    }

    /// Decides on what was read and commits it, anew if someone else was faster.
    async fn change(
        &self,
        request: &Request,
        set: &SetKey,
        decide: impl Fn(&State, &Sending, Timestamp) -> Result<Change, Refusal>,
    ) -> Result<Answer, Refusal> {
        let may_stop = self.account_stop == AccountStop::Allowed && Home::of(set) == *self.homes.own();
        if set.is_account() && !may_stop {
            return Err(Refusal::account_stop_forbidden());
        }
        let sending = self.sending(set, &self.register.read(set).await?).await?;
        for _ in 0..COMMIT_ATTEMPTS {
            let before = self.register.read(set).await?;
            let change = decide(&before, &sending, self.clock.now())?;
            // Everything that the answer needs is read before the commit: after it, a refusal would be a lie.
            let known = self.look(set, &before).await?;
            if self.register.commit(&change).await.map_err(Refusal::unwritten)? == Committed::Done {
                return Ok(known.answer(request, set, &before, &change.stored(), &sending));
            }
        }
        Err(Refusal::conflict())
    }

    async fn status(&self, request: &Request, set: &SetKey) -> Result<Answer, Refusal> {
        let state = self.register.read(set).await?;
        let sending = self.sending(set, &state).await?;
        if sending == Sending::NotFound && state == State::default() {
            return Err(Refusal::unknown_set());
        }
        let known = self.look(set, &state).await?;
        Ok(known.answer(request, set, &state, &state, &sending))
    }

    async fn look(&self, set: &SetKey, state: &State) -> Result<Known, Refusal> {
        let now = self.clock.now();
        let mut judged_by = self.policies.in_force().await?.book.for_set(&set.name, now);
        judged_by.mode = self.mode.and(judged_by.mode);
        let from = window_start(&judged_by.policy, now, state.fresh);
        let tallies = self.ledger.window(set, from, Bucket::of(now).plus(1)).await?;
        Ok(Known { judged_by, tallies, now })
    }

    /// With the account of the first of the homes that the request means.
    async fn overview(&self, place: &Place) -> Result<Answer, Refusal> {
        let (homes, states) = self.states(place).await?;
        let policy = self.policies.in_force().await?;
        let account = match homes.first() {
            Some(home) => self.register.read(&home.whole()).await?.account,
            None => None,
        };
        let account = account::answer(account.as_deref(), policy.book.account());
        // Whichever homes are meant, these are of the stack's own.
        let own = self.homes.own();
        let whole = self.register.read(&own.whole()).await?;
        let hearing = hearing::answer(own, &whole, &states, &self.ear);
        let sight = SightAnswer::of(whole.sight.as_ref(), self.clock.now());
        Ok(Answer::overview(self.mode, &policy, &homes, &states, account, hearing, &sight))
    }

    async fn list(&self, phase: Option<Phase>, unheard: bool, place: &Place) -> Result<Answer, Refusal> {
        let (_, mut states) = self.states(place).await?;
        states.retain(|(_, state)| !unheard || state.unheard.is_some());
        states.retain(|(_, state)| phase.is_none_or(|phase| state.phase == phase));
        Ok(Answer::list(states))
    }

    async fn sending(&self, set: &SetKey, state: &State) -> Result<Sending, Refusal> {
        Ok(match lever::stop(&self.switch, set, state, self.through(set).await?).await {
            Ok(None) => Sending::On,
            Ok(Some(stop)) => Sending::Off(stop),
            Err(SwitchFault::NotFound) => Sending::NotFound,
            Err(SwitchFault::Throttled | SwitchFault::Refused(_) | SwitchFault::Unknown(_)) => Sending::Unknown,
        })
    }

    /// What the policy has the set paused through.
    async fn through(&self, set: &SetKey) -> Result<PauseThrough, Refusal> {
        let book = self.policies.in_force().await?.book;
        Ok(book.for_set(&set.name, self.clock.now()).policy.pause_through)
    }
}

/// What a set is judged by, and its tally.
struct Known {
    judged_by: SetPolicy,
    tallies: Vec<BucketTally>,
    now: Timestamp,
}

impl Known {
    fn answer(self, request: &Request, set: &SetKey, before: &State, after: &State, sending: &Sending) -> Answer {
        let (tallies, strangers) = apart(&self.judged_by, self.tallies);
        let found = assess(&self.judged_by.policy, &tallies, after.fresh, self.now);
        let senders = SendersAnswer::of(&self.judged_by, &strangers);
        let tenant = sending.tenant(after);
        let answer = SetAnswer::new(request, set, before, after, sending.known(), &found, self.judged_by);
        Answer::Set(Box::new(answer.naming(senders).of(tenant)))
    }
}

/// What SES says of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Sending {
    On,
    Off(Stop),
    NotFound,
    /// SES did not say.
    Unknown,
}

impl Sending {
    fn known(&self) -> Option<bool> {
        match self {
            Self::On => Some(true),
            Self::Off(_) => Some(false),
            Self::NotFound | Self::Unknown => None,
        }
    }

    /// The set's tenant, where the set is stopped through it.
    fn tenant(&self, after: &State) -> Option<TenantAnswer> {
        let (tenant, aws) = match self {
            Self::Off(Stop::Aws { tenant }) => (Some(tenant), true),
            Self::Off(Stop::Tenant { tenant }) => (Some(tenant), false),
            Self::On | Self::Off(Stop::OwnSwitch) | Self::NotFound | Self::Unknown => (None, false),
        };
        let tenant = tenant.or(after.lever.tenant())?.clone();
        Some(TenantAnswer { disabled_by_aws: aws, paused_through: after.lever.tenant() == Some(&tenant), tenant })
    }
}

fn pause(
    set: &SetKey,
    state: &State,
    sending: &Sending,
    why: &Why,
    through: PauseThrough,
    now: Timestamp,
) -> Result<Change, Refusal> {
    match (state.phase, sending) {
        // Someone let it send again behind the guard's back: the operator's word stops it again.
        (Phase::Paused, Sending::On) => {}
        (Phase::Pausing | Phase::Paused, _) => return Err(Refusal::already_paused(state)),
        (Phase::Active | Phase::Warned | Phase::Resuming | Phase::Trial | Phase::External | Phase::Gone, _) => {}
    }
    if *sending == Sending::NotFound {
        return Err(Refusal::unknown_set());
    }
    // A person's word comes before any pause by numbers.
    let after = state.by(through).intending(Intent::Pause, u64::from(u32::MAX), Owner::Operator, why.clone());
    let record = AuditRecord::of(set, now, Act::PauseIntended, state, &after, why.clone());
    Ok(Change::silent(set, state, after).recorded(record, false))
}

fn resume(
    set: &SetKey,
    state: &State,
    sending: &Sending,
    why: &Why,
    force: bool,
    now: Timestamp,
) -> Result<Change, Refusal> {
    if let Sending::Off(Stop::Aws { tenant }) = sending {
        return Err(Refusal::tenant_stopped_by_aws(tenant));
    }
    match (state.phase, sending) {
        (Phase::Paused | Phase::Pausing, _) => {}
        (Phase::Resuming, _) => return Err(Refusal::already_resuming()),
        (_, Sending::NotFound) => return Err(Refusal::unknown_set()),
        (Phase::Active | Phase::Warned | Phase::Trial | Phase::Gone | Phase::External, Sending::On) => {
            return Err(Refusal::not_paused());
        }
        (_, Sending::Unknown) => return Err(Refusal::unavailable("SES did not say whether the set may send")),
        (Phase::Active | Phase::Warned | Phase::Trial | Phase::Gone | Phase::External, Sending::Off(_)) if force => {}
        (_, Sending::Off(_)) => return Err(Refusal::not_paused_by_guard()),
    }
    let fence = match sending {
        // Someone let it send behind the guard's back: what it has sent in this bucket is old, too.
        Sending::On if state.is_settled(now) => Bucket::of(now).plus(1),
        Sending::On | Sending::Off(_) | Sending::NotFound | Sending::Unknown => state.fence(now),
    };
    let sentence = format!("{}. Mail sent before {} no longer counts.", why.sentence, fence.start());
    let why = Why { sentence, ..why.clone() };
    let mut after = state.intending(Intent::Resume, 0, Owner::Operator, why.clone());
    after.fresh = Some(fence);
    after.totals = None;
    after.used_ppm = 0;
    let record = AuditRecord::of(set, now, Act::ResumeIntended, state, &after, why);
    Ok(Change::silent(set, state, after).recorded(record, false))
}

fn hold(set: &SetKey, state: &State, sending: &Sending, why: &Why, now: Timestamp) -> Result<Change, Refusal> {
    if let Some(hold) = &state.hold {
        return Err(Refusal::already_held(hold));
    }
    if *sending == Sending::NotFound {
        return Err(Refusal::unknown_set());
    }
    let reason = why.reason.clone().unwrap_or_default();
    let mut after = state.clone();
    after.hold = Some(Hold { actor: why.actor.clone(), reason, since: now });
    let record = AuditRecord::of(set, now, Act::Held, state, &after, why.clone());
    Ok(Change::silent(set, state, after).recorded(record, false))
}

/// The set is judged at once by what was counted meanwhile.
fn release(set: &SetKey, state: &State, why: &Why, now: Timestamp) -> Result<Change, Refusal> {
    if state.hold.is_none() {
        return Err(Refusal::not_held());
    }
    let mut after = state.clone();
    after.hold = None;
    after.would_pause_told = false;
    let record = AuditRecord::of(set, now, Act::Released, state, &after, why.clone());
    let mut change = Change::silent(set, state, after).recorded(record, false);
    change.mark = Mark::Set;
    Ok(change)
}
