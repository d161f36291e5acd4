//! Whether sets are heard: asked of SES at each look, kept in the set's state, told once and cleared by itself.

use jiff::Timestamp;

use super::{Round, Sweeper};
use crate::audit::{Act, AuditRecord};
use crate::fleet::News;
use crate::hearing::{Ear, Finding, Unheard, listen};
use crate::name::{AccountId, Region, SetKey};
use crate::port::{Clock, Inventory, Ledger, Register, Reminder, SendingSwitch, SwitchFault, Waker};
use crate::state::{Change, State, Why};
use crate::steps::enrol::{self, Steps, Wanted};
use crate::time::plus_seconds;

/// How long it may take to enrol a set: three calls, were SES to answer none of them in time.
const ENROLLING_SECONDS: i64 = 15;

/// Whose sets are listened to, and what becomes of those that are not heard.
#[derive(Debug, Clone)]
pub struct Listening {
    /// The account that is guarded.
    pub account: AccountId,
    /// Its Region.
    pub region: Region,
    /// What a set is to have.
    pub wanted: Wanted,
    /// Whether the sweep enrols sets by itself.
    pub enrols: bool,
}

/// What the sweep does by itself with sets that are not heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnrolNewSets {
    /// Nothing: it tells.
    Off,
    /// It gives them an event destination.
    Events,
    /// It switches their reputation metrics on, too.
    EventsAndMetrics,
}

impl Listening {
    /// To the sets of this account and Region.
    pub fn new(account: AccountId, region: Region, ear: Ear, enrol: EnrolNewSets) -> Self {
        let metrics = enrol == EnrolNewSets::EventsAndMetrics;
        Self { account, region, wanted: Wanted { ear, metrics }, enrols: enrol != EnrolNewSets::Off }
    }
}

/// What was heard of a set.
#[derive(Debug)]
pub enum Heard {
    /// Something changed, and was written down.
    News(Box<AuditRecord>),
    /// It is not heard, as was known.
    Still(Unheard),
    /// SES did not say.
    Unanswered(SwitchFault),
}

impl<L: Ledger, R: Register, M: Reminder, C: Clock, S: SendingSwitch, W: Waker, I: Inventory>
    Sweeper<L, R, M, C, S, W, I>
{
    /// Asks where the set's events go, and adds what came of it to the change of the look. SES is not asked for more once
    /// it throttled or refused: the next sweep comes in a minute.
    pub(super) async fn hear(&self, set: &SetKey, state: &State, look: Change, round: &mut Round) -> Change {
        let is_here = set.account == self.listening.account && set.region == self.listening.region;
        if !(round.listens && is_here) || set.is_account() || self.now() >= round.stop_at {
            return look;
        }
        let listened = match self.inventory.event_destinations(set).await {
            Ok(found) => listen(&set.name, &found, &self.listening.wanted.ear),
            Err(fault) => {
                round.refused(&fault);
                round.heard.push((set.clone(), Heard::Unanswered(fault)));
                return look;
            }
        };
        match (state.unheard, listened) {
            (None, Ok(())) => look,
            (Some(known), Ok(())) => mended(look, known, self.now(), round),
            (known, Err(finding)) => match self.enrol(set, &finding, round).await {
                Enrolment::Done => enrolled(look, known, &self.listening.wanted, self.now(), round),
                Enrolment::Impossible(finding) => unheard(look, known, &finding, self.now(), round),
                Enrolment::NotTried => unheard(look, known, &finding, self.now(), round),
            },
        }
    }

    async fn enrol(&self, set: &SetKey, finding: &Finding, round: &mut Round) -> Enrolment {
        let in_time = plus_seconds(self.now(), ENROLLING_SECONDS) <= round.stop_at;
        if !(self.listening.enrols && finding.gap.can_be_closed() && in_time) {
            return Enrolment::NotTried;
        }
        let steps = Steps { destination: true, metrics: self.listening.wanted.metrics };
        match enrol::carry_out(&self.inventory, &self.listening.wanted, set, steps).await {
            Ok(Ok(())) => Enrolment::Done,
            Ok(Err(finding)) => Enrolment::Impossible(finding),
            // Whatever was done is seen at the next look.
            Err(fault) => {
                round.refused(&fault);
                round.heard.push((set.clone(), Heard::Unanswered(fault)));
                Enrolment::NotTried
            }
        }
    }
}

enum Enrolment {
    Done,
    Impossible(Finding),
    NotTried,
}

/// One that was known is told of again only after it was mended.
fn unheard(look: Change, known: Option<Unheard>, finding: &Finding, now: Timestamp, round: &mut Round) -> Change {
    let mut change = look;
    if let Some(known) = known {
        let still = Unheard { gap: finding.gap, ..known };
        change.after.unheard = Some(still);
        round.heard.push((change.set.clone(), Heard::Still(still)));
        return change;
    }
    let told = round.fleet.telling.take(News::Unheard, now);
    change.after.unheard = Some(Unheard { gap: finding.gap, since: now, told });
    let why = Why { evidence: serde_json::to_value(finding).ok(), ..Why::guard(finding.sentence.clone()) };
    recorded(change, Act::Unheard, why, told, now, round)
}

/// Who was told of the one is told of the other; the others can see it in the state.
fn mended(look: Change, known: Unheard, now: Timestamp, round: &mut Round) -> Change {
    let mut change = look;
    change.after.unheard = None;
    let since = known.since.strftime("%a %-d %b %H:%M UTC");
    let why = Why::guard(format!("SEND, BOUNCE and COMPLAINT reach the guard now; on {since} they did not."));
    recorded(change, Act::HeardAgain, why, known.told, now, round)
}

fn enrolled(look: Change, known: Option<Unheard>, wanted: &Wanted, now: Timestamp, round: &mut Round) -> Change {
    let mut change = look;
    let Wanted { ear, metrics } = wanted;
    let told = round.fleet.telling.take(News::Enrolled, now) || known.is_some_and(|known| known.told);
    change.after.unheard = None;
    let metrics = if *metrics { ", and its reputation metrics are on" } else { "" };
    let why = Why::guard(format!(
        "It was not heard, so it was enrolled: its new event destination {} publishes SEND, BOUNCE and COMPLAINT to {}{metrics}.",
        ear.destination, ear.topic
    ));
    recorded(change, Act::Enrolled, why, told, now, round)
}

fn recorded(change: Change, act: Act, why: Why, tell: bool, now: Timestamp, round: &mut Round) -> Change {
    let record = AuditRecord::of(&change.set, now, act, &change.before, &change.after, why);
    round.heard.push((change.set.clone(), Heard::News(Box::new(record.clone()))));
    change.recorded(record, tell)
}
