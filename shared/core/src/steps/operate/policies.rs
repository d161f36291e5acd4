//! The pushed policy: shown, changed with a plan of what that does, and cleared. Every version is kept with who pushed
//! it and why; going back is pushing an old text again.

use std::sync::Arc;

use futures::StreamExt;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Operator;
use super::answer::Answer;
use super::refusal::{ErrorCode, Refusal};
use super::request::Order;
use crate::judge::Verdict;
use crate::name::SetKey;
use crate::notice::sentence;
use crate::policy::file::check;
use crate::policy::stored::{PolicyStore, StoredPolicy};
use crate::policy::{PolicyBook, Source};
use crate::port::{Clock, Committed, Fault, Ledger, Register, SendingSwitch};
use crate::standing::{assess, window_start};
use crate::state::{Phase, State};
use crate::steps::decide::spared;
use crate::strangers::apart;
use crate::time::Bucket;

/// Sets looked at, or marked, at once.
const IN_FLIGHT: usize = 32;

impl<L: Ledger, R: Register, S: SendingSwitch, C: Clock, P: PolicyStore> Operator<L, R, S, C, P> {
    pub(super) async fn show_policy(&self, version: Option<u64>, limit: u32) -> Result<Answer, Refusal> {
        let versions: Vec<Value> = self.policies.store().versions(limit).await?.iter().map(about).collect();
        let (text, source, version) = match version {
            Some(wanted) => {
                let stored = self.policies.store().version(wanted).await?;
                let stored = stored.ok_or_else(|| Refusal::invalid(format!("there is no version {wanted}")))?;
                (stored.text, Source::Stored, Some(wanted))
            }
            None => {
                let in_force = self.policies.in_force().await?;
                (in_force.text, in_force.source, in_force.version)
            }
        };
        Ok(Answer::Other(json!({
            "ok": true, "action": "policy", "policySource": source, "policyVersion": version, "policy": text,
            "versions": versions,
        })))
    }

    pub(super) async fn set_policy(
        &self,
        text: &str,
        order: &Order,
        base: Option<u64>,
        plan: bool,
    ) -> Result<Answer, Refusal> {
        if text.trim().is_empty() {
            return Err(Refusal::invalid("the policy is empty; clearPolicy puts the deployed one into force again"));
        }
        let checked = check(text, self.clock.now());
        let problems: Vec<String> = checked.problems.iter().map(ToString::to_string).collect();
        let Some(book) = checked.book else {
            return Err(Refusal::new(ErrorCode::InvalidPolicy, problems.join("\n")));
        };
        self.replace_policy("setPolicy", text, Arc::new(book), problems, order, base, plan).await
    }

    pub(super) async fn clear_policy(&self, order: &Order, base: Option<u64>, plan: bool) -> Result<Answer, Refusal> {
        let book = self.policies.without_stored()?.book;
        self.replace_policy("clearPolicy", "", book, Vec::new(), order, base, plan).await
    }

    #[expect(clippy::too_many_arguments, reason = "private, and called twice with what the request says")]
    async fn replace_policy(
        &self,
        action: &str,
        text: &str,
        book: Arc<PolicyBook>,
        warnings: Vec<String>,
        order: &Order,
        base: Option<u64>,
        plan: bool,
    ) -> Result<Answer, Refusal> {
        let latest = self.policies.store().latest().await?.map_or(0, |latest| latest.version);
        if base.is_some_and(|base| base != latest) {
            return Err(Refusal::new(
                ErrorCode::Conflict,
                format!("the latest version is {latest} by now; look at it, then push again"),
            ));
        }
        let states = self.register.states().await?;
        let (would_pause, would_warn) = self.plan(&book, &states).await?;
        let mut marked = 0;
        if !plan {
            let pushed = StoredPolicy {
                version: latest + 1,
                text: text.to_owned(),
                at: self.clock.now(),
                actor: order.actor().to_owned(),
                reason: order.reason().to_owned(),
            };
            if self.policies.store().push(&pushed).await.map_err(Refusal::unwritten)? == Committed::Conflict {
                return Err(Refusal::new(
                    ErrorCode::Conflict,
                    "another version was pushed at the same time; look at it, then push again",
                ));
            }
            marked = self.mark_all(&states).await.map_err(|fault| Refusal::unmarked(pushed.version, &fault))?;
        }
        Ok(Answer::Other(json!({
            "ok": true, "action": action, "plan": plan,
            "policyVersion": if plan { latest } else { latest + 1 },
            "warnings": warnings, "wouldPause": would_pause, "wouldWarn": would_warn, "marked": marked,
        })))
    }

    /// Whom this policy would pause and warn by what is counted now, of those that send.
    async fn plan(&self, book: &PolicyBook, states: &[(SetKey, State)]) -> Result<(Vec<Value>, Vec<Value>), Fault> {
        let now = self.clock.now();
        let sending = states.iter().filter(|(_, state)| is_judged(state.phase));
        let verdicts: Vec<_> = futures::stream::iter(sending)
            .map(|(set, state)| self.verdict(book, set, state, now))
            .buffer_unordered(IN_FLIGHT)
            .collect()
            .await;
        let (mut would_pause, mut would_warn) = (Vec::new(), Vec::new());
        for verdict in verdicts {
            match verdict? {
                (Verdict::Pause, about) => would_pause.push(about),
                (Verdict::Warn, about) => would_warn.push(about),
                (Verdict::Ok | Verdict::DataFault, _) => {}
            }
        }
        let by_name = |about: &Value| ["configurationSet", "account", "region"].map(|part| about[part].to_string());
        would_pause.sort_by_key(by_name);
        would_warn.sort_by_key(by_name);
        Ok((would_pause, would_warn))
    }

    async fn verdict(
        &self,
        book: &PolicyBook,
        set: &SetKey,
        state: &State,
        now: Timestamp,
    ) -> Result<(Verdict, Value), Fault> {
        let judged_by = book.for_set(&set.name, now);
        let from = window_start(&judged_by.policy, now, state.fresh);
        let tallies = self.ledger.window(set, from, Bucket::of(now).plus(1)).await?;
        let (tallies, _) = apart(&judged_by, tallies);
        let judgement = assess(&judged_by.policy, &tallies, state.fresh, now).judgement;
        let about = json!({
            "configurationSet": set.name,
            "account": set.account,
            "region": set.region,
            "phase": state.phase,
            "profile": judged_by.profile,
            "spared": spared(&judged_by, self.mode, state),
            "sentence": judgement.because.map(|metric| {
                let finding = judgement.finding(metric);
                sentence::measured(finding, &sentence::when(finding, now))
            }),
        });
        Ok((judgement.verdict, about))
    }

    /// Has every set that sends judged at once. A crash on the way leaves some to their next event; pushing the same
    /// policy again marks all.
    async fn mark_all(&self, states: &[(SetKey, State)]) -> Result<usize, Fault> {
        let sending = states.iter().filter(|(_, state)| is_judged(state.phase));
        let marks: Vec<Result<(), Fault>> = futures::stream::iter(sending)
            .map(|(set, _)| self.register.mark(set))
            .buffer_unordered(IN_FLIGHT)
            .collect()
            .await;
        let marked = marks.len();
        marks.into_iter().collect::<Result<Vec<()>, Fault>>()?;
        Ok(marked)
    }
}

fn is_judged(phase: Phase) -> bool {
    match phase {
        Phase::Active | Phase::Warned | Phase::Trial => true,
        Phase::Pausing | Phase::Paused | Phase::Resuming | Phase::External | Phase::Gone => false,
    }
}

fn about(stored: &StoredPolicy) -> Value {
    json!({
        "version": stored.version, "at": stored.at, "actor": stored.actor, "reason": stored.reason,
        "cleared": stored.text.trim().is_empty(),
    })
}
