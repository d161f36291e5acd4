//! What is on file since some time: the records, and the counts by hour. Nothing is reckoned that isn't stored, and what is
//! not known is left out and said so.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::Operator;
use super::answer::Answer;
use super::refusal::Refusal;
use crate::audit::{Act, AuditRecord};
use crate::event::SignalKind;
use crate::home::Home;
use crate::name::{ACCOUNT_SHARDS, SetKey};
use crate::policy::stored::PolicyStore;
use crate::port::{Clock, Fault, Ledger, Register, SendingSwitch};
use crate::tally::{BucketTally, Interval, PerKind};
use crate::time::{Bucket, plus_seconds};

/// Most records of one set, or of the account as a whole.
const MOST_RECORDS: u32 = 300;
/// Most sets whose pauses are looked up for the account.
const MOST_SETS: usize = 1_000;
/// Sets looked up at once.
const IN_FLIGHT: usize = 16;
/// How long the ledger keeps a bucket, for certain.
const KEPT_SECONDS: i64 = 15 * 86_400;
const HOUR_SECONDS: i64 = 3_600;

/// Between which numbers a count lies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Between {
    at_least: u64,
    at_most: u64,
}

impl Between {
    fn add(&mut self, one: Interval) {
        self.at_least += one.lower();
        self.at_most += one.upper();
    }
}

/// Of one set, or of the account as a whole: the latest records since `since`, oldest first.
struct Filed {
    records: Vec<AuditRecord>,
    /// Whether there are no others.
    complete: bool,
}

impl<L: Ledger, R: Register, S: SendingSwitch, C: Clock, P: PolicyStore> Operator<L, R, S, C, P> {
    pub(super) async fn evidence(&self, set: &SetKey, since: Timestamp) -> Result<Answer, Refusal> {
        let now = self.clock.now();
        if since >= now {
            return Err(Refusal::invalid("since must lie in the past"));
        }
        let counts_since = since.max(plus_seconds(now, -KEPT_SECONDS));
        let hours = hours(&self.tallies(set, counts_since, now).await?);
        let hours: Vec<_> = hours
            .into_iter()
            .map(|(hour, counts)| {
                json!({
                    "hour": hour, "sends": counts.sends, "bounces": counts.bounces, "complaints": counts.complaints,
                    "prevented": counts.prevented,
                })
            })
            .collect();
        let filed = self.filed(set, since).await?;
        let (sets, sets_complete) = match set.is_account() {
            true => self.pauses(&Home::of(set), since).await?,
            false => (Vec::new(), true),
        };
        let sets: Vec<_> = sets
            .into_iter()
            .map(|(set, filed)| {
                json!({"configurationSet": set.name, "records": filed.records, "complete": filed.complete})
            })
            .collect();
        Ok(Answer::Other(json!({
            "ok": true,
            "action": "evidence",
            "configurationSet": set.name,
            "account": set.account,
            "region": set.region,
            "since": since,
            "until": now,
            // From its bucket on; what was sent before is no longer in the ledger.
            "countsSince": Bucket::of(counts_since).start(),
            "hours": hours,
            "records": filed.records,
            "complete": filed.complete,
            // Of the account: each set that was paused or let send again, without the numbers of each judgement.
            "configurationSets": sets,
            "configurationSetsComplete": sets_complete,
        })))
    }

    /// The buckets of a set; of the account, of all that it sent.
    async fn tallies(&self, set: &SetKey, since: Timestamp, now: Timestamp) -> Result<Vec<BucketTally>, Fault> {
        let keys = match set.is_account() {
            true => SetKey::account_shards(&set.account, &set.region).to_vec(),
            false => vec![set.clone()],
        };
        let (from, to) = (Bucket::of(since), Bucket::of(now).plus(1));
        let windows: Vec<_> = futures::stream::iter(keys)
            .map(|key| async move { self.ledger.window(&key, from, to).await })
            .buffer_unordered(ACCOUNT_SHARDS)
            .try_collect()
            .await?;
        Ok(windows.into_iter().flatten().collect())
    }

    async fn filed(&self, set: &SetKey, since: Timestamp) -> Result<Filed, Fault> {
        let mut records = self.register.history(set, MOST_RECORDS).await?;
        let may_be_more = u32::try_from(records.len()).is_ok_and(|count| count >= MOST_RECORDS);
        let complete = !may_be_more || records.last().is_some_and(|oldest| oldest.at < since);
        records.retain(|record| record.at >= since);
        records.reverse();
        Ok(Filed { records, complete })
    }

    /// The sets of a home that were paused or let send again since then, and whether these are all. A set that never had a
    /// generation was neither: an intent begins one, and so does each switch that someone else turned.
    async fn pauses(&self, home: &Home, since: Timestamp) -> Result<(Vec<(SetKey, Filed)>, bool), Fault> {
        let states = self.register.states().await?;
        let mut sets: Vec<SetKey> = states
            .into_iter()
            .filter(|(set, state)| Home::of(set) == *home && state.generation > 0)
            .map(|(set, _)| set)
            .collect();
        let complete = sets.len() <= MOST_SETS;
        sets.truncate(MOST_SETS);
        let mut found: Vec<_> = futures::stream::iter(sets)
            .map(|set| async move {
                let mut filed = self.filed(&set, since).await?;
                filed.records.retain(|record| is_a_switch(record.act));
                filed.records.iter_mut().for_each(|record| record.evidence = None);
                Ok((set, filed))
            })
            .buffer_unordered(IN_FLIGHT)
            .try_collect()
            .await?;
        found.retain(|(_, filed): &(SetKey, Filed)| !filed.records.is_empty());
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok((found, complete))
    }
}

/// By the hour in which the mail was sent; only those with mail.
fn hours(tallies: &[BucketTally]) -> BTreeMap<Timestamp, PerKind<Between>> {
    let mut hours = BTreeMap::<Timestamp, PerKind<Between>>::new();
    for tally in tallies {
        let second = tally.bucket.start_second().div_euclid(HOUR_SECONDS) * HOUR_SECONDS;
        let hour = hours.entry(Timestamp::from_second(second).unwrap_or(Timestamp::MIN)).or_default();
        for kind in SignalKind::ALL {
            hour.of_mut(kind).add(*tally.counts.of(kind));
        }
    }
    hours
}

/// Whether SES was told, or found, to take a set's mail or not.
fn is_a_switch(act: Act) -> bool {
    match act {
        Act::Paused
        | Act::Resumed
        | Act::Reasserted
        | Act::Adopted
        | Act::FoundOff
        | Act::FoundOn
        | Act::Gone
        | Act::FoundAgain => true,
        Act::Warned
        | Act::PauseIntended
        | Act::WouldPause
        | Act::ResumeIntended
        | Act::Held
        | Act::Released
        | Act::CountingDegraded
        | Act::StrangersSend
        | Act::TrialEnded
        | Act::AlarmNotFollowed
        | Act::AlarmNotUnderstood
        | Act::AccountAtRisk
        | Act::StillPaused
        | Act::AccountWarned
        | Act::AccountDefended
        | Act::AccountUndefended
        | Act::AccountDisputed
        | Act::AccountStandingChanged
        | Act::Unheard
        | Act::HeardAgain
        | Act::Enrolled
        | Act::ManyUnheard
        | Act::SetsNearLimit
        | Act::WentBlind
        | Act::SeesAgain
        | Act::TenantInTrouble
        | Act::TenantRecovered => false,
    }
}
