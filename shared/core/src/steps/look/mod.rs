//! Looking: every five minutes the guard asks itself what it does not see, by SES's own count of the account's mail, by
//! the age of what waits in its own pipeline and, once a day, by the identities of SES.
//!
//! What was seen is kept with the account's state, in the same compare and replace as the records of what begins or is
//! over; so a look that dies has not been made, and one that comes twice tells nothing twice. It changes nothing else.

mod seen;
mod survey;

use futures::StreamExt;
use jiff::Timestamp;

use seen::Seen;

use crate::audit::{Act, AuditRecord};
use crate::name::{AccountId, Region, SetKey};
use crate::port::{Clock, Committed, Fault, Inventory, Landed, Ledger, Monitor, Register, Vitals, chain};
use crate::sight::checks::Scope;
use crate::sight::{Sight, Turn};
use crate::state::{Change, State, Why};
use crate::tally::BucketTally;
use crate::time::seconds_between;

/// How often a change is tried anew after someone else changed the account's state.
const COMMIT_ATTEMPTS: usize = 8;
/// An event of the timer that is older than this is not the timer's.
const LONGEST_LATE_SECONDS: i64 = 300;

/// Looks for blind spots.
#[derive(Debug)]
pub struct Lookout<L, R, C, M, I> {
    /// The account's own counts.
    pub ledger: L,
    /// The account's state.
    pub register: R,
    /// The time.
    pub clock: C,
    /// CloudWatch.
    pub monitor: M,
    /// SES's identities.
    pub inventory: I,
    /// The account that is guarded.
    pub account: AccountId,
    /// The Region that is guarded.
    pub region: Region,
}

/// What a look did.
#[derive(Debug, Default)]
pub struct Looked {
    /// The records of what began and what is over.
    pub turned: Vec<AuditRecord>,
    /// Questions that had no answer, and why.
    pub unanswered: Vec<String>,
    /// What the tables refused; the next minute's sweep takes it up again.
    pub faults: Vec<Fault>,
}

impl<L: Ledger, R: Register, C: Clock, M: Monitor, I: Inventory> Lookout<L, R, C, M, I> {
    /// Looks, if that is due in this minute of the timer. `marked` sets waited to be judged when the minute's sweep began.
    /// However late it is: the look itself takes a second or two, and a sweep that never has time must not keep the guard from
    /// looking. The survey of identities begins nothing at or after `stop_at`.
    pub async fn look(&self, minute: Timestamp, marked: usize, stop_at: Timestamp) -> Looked {
        let mut looked = Looked::default();
        let minute = self.believed(minute);
        let done = match self.look_once(minute, marked, &mut looked).await {
            Ok(true) => self.survey(minute, stop_at, &mut looked).await,
            other => other.map(drop),
        };
        looked.faults.extend(done.err());
        looked
    }

    /// The timer's minute, unless that is long over or still to come, as in an event that somebody sends by hand: a future
    /// one would keep the guard from looking until then.
    fn believed(&self, minute: Timestamp) -> Timestamp {
        let now = self.clock.now();
        match (0..=LONGEST_LATE_SECONDS).contains(&seconds_between(minute, now)) {
            true => minute,
            false => now,
        }
    }

    /// Gives whether this minute's look was made by us.
    async fn look_once(&self, minute: Timestamp, marked: usize, looked: &mut Looked) -> Result<bool, Fault> {
        let state = self.register.read(&self.key()).await?;
        let known = state.sight.unwrap_or_else(|| Sight::beginning(minute));
        if !known.is_due(minute) {
            return Ok(false);
        }
        let scope = Scope::of(minute);
        let (vitals, refused) = match self.monitor.vitals(scope.from(), scope.to()).await {
            Ok(vitals) => (vitals, None),
            Err(fault) => (Vitals::default(), Some(format!("CloudWatch did not answer ({})", chain(&fault)))),
        };
        let tallies = match known.asks_all(minute) {
            true => Some(self.tallies(scope).await?),
            false => None,
        };
        let seen = Seen { scope, vitals, refused, tallies, marked };
        looked.unanswered = seen.views(&known).iter().filter_map(|(_, view)| seen.reason(view)).collect();
        let change = |state: &State| {
            let mut sight = state.sight.clone().unwrap_or_else(|| Sight::beginning(minute));
            if !sight.is_due(minute) {
                return None;
            }
            let views = seen.views(&sight);
            let turns = views.into_iter().filter_map(|(spot, view)| sight.saw(spot, view, minute)).collect();
            sight.checked_at = Some(minute);
            Some((sight, turns))
        };
        self.keep(minute, change, looked).await
    }

    /// Writes down what was seen, with the records of what begins and what is over; anew if someone else was faster.
    /// `change` gives nothing when there is nothing to write any more.
    async fn keep(
        &self,
        minute: Timestamp,
        change: impl Fn(&State) -> Option<(Sight, Vec<Turn>)>,
        looked: &mut Looked,
    ) -> Result<bool, Fault> {
        let key = self.key();
        for _ in 0..COMMIT_ATTEMPTS {
            let state = self.register.read(&key).await?;
            let Some((sight, turns)) = change(&state) else { return Ok(false) };
            let after = State { sight: Some(sight), ..state.clone() };
            let records: Vec<_> = turns.into_iter().map(|turn| record(&key, minute, &state, &after, turn)).collect();
            let silent = Change::silent(&key, &state, after);
            let change = records.iter().fold(silent, |change, record| change.recorded(record.clone(), true));
            if self.register.commit(&change).await? == Committed::Done {
                looked.turned.extend(records);
                return Ok(true);
            }
        }
        let source = "others kept changing it".into();
        Err(Fault { operation: "a change", subject: key.to_string(), landed: Landed::No, source })
    }

    async fn tallies(&self, scope: Scope) -> Result<Vec<BucketTally>, Fault> {
        let shards = SetKey::account_shards(&self.account, &self.region);
        let (from, to) = (scope.suspects_start(), scope.hour_end().plus(-1));
        let windows = futures::stream::iter(&shards).then(|shard| self.ledger.window(shard, from, to));
        let windows: Vec<_> = windows.collect().await;
        Ok(windows.into_iter().collect::<Result<Vec<_>, Fault>>()?.into_iter().flatten().collect())
    }

    fn key(&self) -> SetKey {
        SetKey::account(self.account.clone(), self.region.clone())
    }
}

fn record(key: &SetKey, minute: Timestamp, before: &State, after: &State, turn: Turn) -> AuditRecord {
    let act = if turn.begins { Act::WentBlind } else { Act::SeesAgain };
    let evidence = serde_json::json!({ "blindSpot": turn.blind_spot, "since": turn.since });
    let why = Why { evidence: Some(evidence), ..Why::guard(turn.sentence) };
    AuditRecord::of(key, minute, act, before, after, why).once(&format!("{:?}", turn.blind_spot))
}
