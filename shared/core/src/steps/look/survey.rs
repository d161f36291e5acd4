//! A part of the survey of SES's identities, as large as one look may make it.

use jiff::Timestamp;

use super::{Looked, Lookout};
use crate::pace::Pace;
use crate::port::{Clock, Fault, Identity, Inventory, Ledger, Monitor, Register, SwitchFault};
use crate::sight::{BlindSpot, Surveyed};
use crate::state::State;

/// Calls to SES in one look: a tenth of the one a second that it grants. some 8,300 identities in a day.
const CALLS_PER_LOOK: usize = 30;
/// How many calls a look has made, and when the next one may follow.
#[derive(Default)]
struct Calls {
    made: usize,
    pace: Pace,
}

impl<L: Ledger, R: Register, C: Clock, M: Monitor, I: Inventory> Lookout<L, R, C, M, I> {
    /// Looks at the next identities, if a survey is underway or due. What SES has to give goes to the pauses first.
    pub(super) async fn survey(&self, minute: Timestamp, stop_at: Timestamp, looked: &mut Looked) -> Result<(), Fault> {
        let Some(known) = self.register.read(&self.key()).await?.sight else { return Ok(()) };
        if !known.survey.is_due(minute) || !self.register.pending().await?.is_empty() {
            return Ok(());
        }
        let (mut survey, mut calls) = (known.survey.clone(), Calls::default());
        survey.refused = None;
        let mut over = None;
        while over.is_none() && self.may_call(&mut calls, stop_at).await {
            let page = match self.inventory.identities(&self.account, &self.region, survey.page.as_deref()).await {
                Ok(page) => page,
                Err(fault) => {
                    if survey.page.is_some() && matches!(fault, SwitchFault::Refused(_)) {
                        survey.begin_anew();
                    }
                    survey.refused = refusal("ListEmailIdentities", &fault);
                    break;
                }
            };
            for identity in page.items.iter().skip(survey.of_page) {
                match self.ask(identity, &mut calls, stop_at).await {
                    Some(Ok(surveyed)) => survey.note(identity, surveyed),
                    Some(Err(fault)) => {
                        survey.refused = refusal("GetEmailIdentity", &fault);
                        break;
                    }
                    None => break,
                }
            }
            if survey.of_page < page.items.len() {
                break;
            }
            over = survey.turn_page(page.next, minute);
        }
        looked.unanswered.extend(survey.refused.clone());
        let change = |state: &State| {
            let mut sight = state.sight.clone()?;
            // Somebody else's survey went on meanwhile: it is the one.
            if sight.survey != known.survey {
                return None;
            }
            sight.survey = survey.clone();
            let turns = over.clone().and_then(|view| sight.saw(BlindSpot::NoDefaultSet, view, minute));
            Some((sight, turns.into_iter().collect()))
        };
        self.keep(minute, change, looked).await.map(drop)
    }

    /// `None` when there is no time, or no call left.
    async fn ask(
        &self,
        identity: &Identity,
        calls: &mut Calls,
        stop_at: Timestamp,
    ) -> Option<Result<Surveyed, SwitchFault>> {
        if !identity.sends {
            return Some(Ok(Surveyed::Silent));
        }
        if !self.may_call(calls, stop_at).await {
            return None;
        }
        Some(match self.inventory.default_set(&self.account, &self.region, &identity.name).await {
            Ok(Some(_)) => Ok(Surveyed::Covered),
            Ok(None) => Ok(Surveyed::Bare),
            Err(SwitchFault::NotFound) => Ok(Surveyed::Silent),
            Err(fault) => Err(fault),
        })
    }

    /// Waits for its turn: one call a second at most.
    async fn may_call(&self, calls: &mut Calls, stop_at: Timestamp) -> bool {
        if calls.made >= CALLS_PER_LOOK {
            return false;
        }
        self.clock.sleep(calls.pace.wait(self.clock.now())).await;
        let now = self.clock.now();
        calls.pace.called(now);
        calls.made += 1;
        now < stop_at
    }
}

/// In our words alone: SES's own would name the identity, and that may be an address. Throttling is no refusal: the next
/// look goes on.
fn refusal(operation: &str, fault: &SwitchFault) -> Option<String> {
    match fault {
        SwitchFault::Throttled => None,
        SwitchFault::NotFound | SwitchFault::Refused(_) | SwitchFault::Unknown(_) => {
            Some(format!("{operation}: {fault}"))
        }
    }
}
