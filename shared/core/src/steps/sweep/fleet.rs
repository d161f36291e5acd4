//! What a round of looks came to for the account's sets as a whole: kept in the account's state, and told of many at once.

use jiff::Timestamp;

use super::{Round, Sweeper, Swept};
use crate::audit::{Act, AuditRecord};
use crate::name::SetKey;
use crate::port::{Clock, Glance, Inventory, Ledger, Register, Reminder, SendingSwitch, Waker};
use crate::state::{Change, State, Why};

impl<L: Ledger, R: Register, M: Reminder, C: Clock, S: SendingSwitch, W: Waker, I: Inventory>
    Sweeper<L, R, M, C, S, W, I>
{
    fn account(&self) -> SetKey {
        SetKey::account(self.listening.account.clone(), self.listening.region.clone())
    }

    /// Without what is known of the account nobody is listened to: people could be told too much.
    pub(super) async fn begin_round(&self, stop_at: Timestamp, swept: &mut Swept) -> Round {
        let mut round = Round { stop_at, ..Round::default() };
        match self.register().read(&self.account()).await {
            Ok(before) => {
                round.listens = true;
                round.fleet = before.fleet.clone().unwrap_or_default();
                round.before = before;
            }
            Err(fault) => swept.faults.push(fault),
        }
        round
    }

    /// Writes down what the round came to. Should someone else have changed the account's state meanwhile, the page is read
    /// again in a minute, and people may read of a few sets more.
    pub(super) async fn end_round(&self, glances: &[Glance], mut round: Round, swept: &mut Swept) {
        swept.heard.append(&mut round.heard);
        let (now, account) = (self.now(), self.account());
        let mut fleet = round.fleet;
        let mut news = Vec::new();
        if fleet.telling.is_due(now) {
            let sets = glances.iter().filter(|one| !one.set.is_account());
            let unheard = sets.clone().filter(|one| one.is_unheard).count() as u64;
            news.push((Act::ManyUnheard, fleet.telling.sentence(unheard, sets.count() as u64)));
            fleet.telling = fleet.telling.told(now);
        }
        if fleet.listing.is_near_limit() && !fleet.listing.limit_told {
            news.push((Act::SetsNearLimit, fleet.listing.limit_sentence()));
            fleet.listing.limit_told = true;
        }
        if round.before.fleet.clone().unwrap_or_default() == fleet {
            return;
        }
        let after = State { fleet: Some(fleet), ..round.before.clone() };
        let mut change = Change::silent(&account, &round.before, after);
        for (act, sentence) in news {
            let record = AuditRecord::of(&account, now, act, &change.before, &change.after, Why::guard(sentence));
            change = change.recorded(record, true);
        }
        if let Err(fault) = self.register().commit(&change).await {
            swept.faults.push(fault);
        }
    }
}
