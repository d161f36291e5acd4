//! The pushed policy: a store of versions in this world, and operators who push.

use guard_core::policy::stored::{PolicyStore, StoredPolicy};
use guard_core::port::{Committed, Fault};
use serde_json::{Value, json};

use crate::mutant::Mutant;
use crate::now;
use crate::oracle::Violation;
use crate::port::Port;
use crate::process::Start;
use crate::rules::Rules;
use crate::script::{Push, Service};
use crate::world::{Pid, World};

impl PolicyStore for Port {
    async fn latest(&self) -> Result<Option<StoredPolicy>, Fault> {
        let pid = self.pid();
        self.ask(Service::Register, "get", "latest policy", false, move |world| world.latest_policy(pid)).await
    }

    async fn version(&self, version: u64) -> Result<Option<StoredPolicy>, Fault> {
        let effect = move |world: &mut World| now(world.policies.version(version)).ok().flatten();
        self.ask(Service::Register, "get", "policy", false, effect).await
    }

    async fn versions(&self, limit: u32) -> Result<Vec<StoredPolicy>, Fault> {
        let effect = move |world: &mut World| now(world.policies.versions(limit)).unwrap_or_default();
        self.ask(Service::Register, "query", "policies", false, effect).await
    }

    async fn push(&self, policy: &StoredPolicy) -> Result<Committed, Fault> {
        let (pid, policy) = (self.pid(), policy.clone());
        self.ask(Service::Register, "push", "policy", true, move |world| world.push_policy(pid, &policy)).await
    }
}

impl World {
    /// What a process will judge by, if it judges.
    fn latest_policy(&mut self, pid: Pid) -> Option<StoredPolicy> {
        let latest = now(self.policies.latest()).ok().flatten();
        let in_force = self.oracle.rules;
        if let Some(running) = self.running.get_mut(&pid) {
            running.rules = Some(in_force);
        }
        if self.mutant == Mutant::OldPolicy {
            let before = latest?.version - 1;
            return now(self.policies.version(before)).ok().flatten();
        }
        latest
    }

    fn push_policy(&mut self, pid: Pid, policy: &StoredPolicy) -> Committed {
        let committed = now(self.policies.push(policy)).unwrap_or(Committed::Conflict);
        if committed == Committed::Done {
            self.oracle.rules = self.texts.get(&policy.text).copied().unwrap_or(self.script.rules);
            if let Some(running) = self.running.get_mut(&pid) {
                running.wrote = true;
            }
            self.note(|| format!("        version {} of the policy is in force", policy.version));
        }
        committed
    }

    /// An operator pushes. Half of them say which version they have seen.
    pub fn pushed(&mut self, push: Push) {
        let latest = now(self.policies.latest()).ok().flatten().map_or(0, |latest| latest.version);
        let text = |world: &mut Self, rules: Rules| {
            let text = rules.text();
            world.texts.insert(text.clone(), rules);
            text
        };
        let text = match push {
            Push::New(rules) | Push::Plan(rules) => text(self, rules),
            Push::Back => {
                let before = now(self.policies.version(latest.saturating_sub(1))).ok().flatten();
                before.map(|before| before.text).unwrap_or_default()
            }
            Push::Clear => String::new(),
        };
        self.note(|| format!("an operator: {push:?}"));
        let mut request = json!({ "reason": "so it is ordered", "actor": "ops@example.com" });
        match text.is_empty() {
            true => request["action"] = "clearPolicy".into(),
            false => {
                request["action"] = "setPolicy".into();
                request["policy"] = text.into();
            }
        }
        if let Push::Plan(_) = push {
            request["plan"] = true.into();
        }
        if self.between(0, 1) == 0 {
            request["baseVersion"] = latest.into();
        }
        self.to_start.push_back(Start::Push(request));
    }

    /// An operator who pushed has an answer.
    pub fn push_answered(&mut self, pid: Pid, answer: &Value) {
        let Some(ended) = self.ended(pid) else { return };
        let message = answer["error"]["message"].as_str().unwrap_or("done").to_owned();
        self.note(|| format!("        the push: {message}"));
        let says_so = message.contains("is in force, but") || (answer["ok"] == true && answer["plan"] == false);
        if says_so != ended.wrote && !message.contains("perhaps") {
            let what = format!("a push: {answer}, and written is {}", ended.wrote);
            self.oracle.violates(Violation::new("an answer tells what was done", self.now, what));
        }
    }
}
