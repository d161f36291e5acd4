//! Looking on: what the guard knows, as a page shows it. Nothing is changed, and SES is not asked.
//!
//! All sets are looked at by what their states tell at a glance; counts are read of those that are shown, and of no other.

mod rank;
mod view;

use futures::StreamExt;
use jiff::Timestamp;

use crate::home::{Home, Homes};
use crate::name::SetKey;
use crate::notice::sentence;
use crate::policy::stored::{InForce, Policies, PolicyStore};
use crate::port::{Clock, Fault, Glance, Ledger, Register};
use crate::sight::Sight;
use crate::standing::{assess, courses, window_start};
use crate::state::State;
use crate::steps::decide::{Mode, spared};
use crate::strangers::apart;
use crate::tally::BucketTally;
use crate::time::Bucket;

pub use rank::{Query, rank};
pub use view::{AccountView, Overview, Row, SetView, Sums};

/// Sets whose counts are read at once.
const IN_FLIGHT: usize = 16;
/// Audit records on the page of one set.
const HISTORY: u32 = 10;

/// Looks on.
#[derive(Debug)]
pub struct Watcher<L, R, C, P> {
    /// The counts.
    pub ledger: L,
    /// The states.
    pub register: R,
    /// The time.
    pub clock: C,
    /// What each set is judged by.
    pub policies: Policies<P>,
    /// Whether the guard pauses at all.
    pub mode: Mode,
    /// What is guarded.
    pub homes: Homes,
}

impl<L: Ledger, R: Register, C: Clock, P: PolicyStore> Watcher<L, R, C, P> {
    /// The guard as a whole, and the sets that the query asks for, nearest to their limit first.
    pub async fn overview(&self, query: Query) -> Result<Overview, Fault> {
        let now = self.clock.now();
        let policy = self.policies.in_force().await?;
        let glances = self.register.glances().await?;
        let (sums, ranked) = (Sums::of(&glances), rank(&glances, &query));
        let shown: Vec<&Glance> = query.part_of(&ranked).to_vec();
        let read = |glance: &Glance| {
            let set = glance.set.clone();
            async { self.row(&policy, set, now).await }
        };
        let rows: Vec<Result<Row, Fault>> = futures::stream::iter(shown).map(read).buffered(IN_FLIGHT).collect().await;
        let mut accounts = Vec::new();
        let mut blind_spots = Vec::new();
        for home in self.homes.iter() {
            let whole = self.register.read(&home.whole()).await?;
            accounts.push(AccountView { home: home.clone(), phase: whole.phase, watch: whole.account });
            if home == self.homes.own() {
                blind_spots = Sight::shown(whole.sight.as_ref(), now);
            }
        }
        Ok(Overview {
            at: now,
            mode: self.mode.and(policy.book.mode()),
            several_homes: self.homes.are_several(),
            sums,
            accounts,
            blind_spots,
            matching: ranked.len(),
            query,
            rows: rows.into_iter().collect::<Result<_, _>>()?,
        })
    }

    /// One set; `None` when nothing is known of it here.
    pub async fn set(&self, set: SetKey) -> Result<Option<SetView>, Fault> {
        if !self.homes.contains(&Home::of(&set)) {
            return Ok(None);
        }
        let now = self.clock.now();
        let policy = self.policies.in_force().await?;
        let history = self.register.history(&set, HISTORY).await?;
        let row = self.row(&policy, set, now).await?;
        let known = row.state != State::default();
        let several_homes = self.homes.are_several();
        Ok(known.then_some(SetView { at: now, several_homes, row, history }))
    }

    async fn row(&self, policy: &InForce, set: SetKey, now: Timestamp) -> Result<Row, Fault> {
        let state = self.register.read(&set).await?;
        let judged_by = policy.book.for_set(&set.name, now);
        let from = window_start(&judged_by.policy, now, state.fresh);
        let tallies =
            if set.is_account() { Vec::new() } else { self.ledger.window(&set, from, Bucket::of(now).plus(1)).await? };
        let (tallies, _) = apart(&judged_by, tallies);
        Ok(Row::of(set, state, judged_by, &tallies, self.mode, now))
    }
}

impl Row {
    /// What is shown of a set with these counts.
    pub fn of(
        set: SetKey,
        state: State,
        judged_by: crate::policy::SetPolicy,
        tallies: &[BucketTally],
        mode: Mode,
        now: Timestamp,
    ) -> Self {
        let found = assess(&judged_by.policy, tallies, state.fresh, now);
        let courses = courses(&judged_by.policy, tallies, state.fresh, now);
        let why = state.why.as_ref().map(|why| why.sentence.clone());
        let [bounce, complaint] = &courses;
        let standing = || sentence::standing(&found.totals, bounce.line, complaint.line);
        Self {
            sentence: why.unwrap_or_else(standing),
            spared: spared(&judged_by, mode, &state),
            profile: judged_by.profile,
            window: judged_by.policy.window_buckets,
            used_ppm: found.used_ppm,
            trial: found.judgement.trial,
            totals: found.totals,
            degraded: found.degraded,
            courses,
            state,
            set,
        }
    }
}
