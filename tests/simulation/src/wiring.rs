//! The guard's steps on one machine, wired as the functions wire them.

use std::sync::Arc;

use guard_core::account::AccountStop;
use guard_core::digest::{Ages, Digested, Keeping};
use guard_core::home::{Home, Homes};
use guard_core::policy::stored::Policies;
use guard_core::policy::{Deployed, PolicyBook};
use guard_core::steps::account::AccountGuard;
use guard_core::steps::alarm::Responder;
use guard_core::steps::decide::{Judge, Mode};
use guard_core::steps::look::Lookout;
use guard_core::steps::operate::Operator;
use guard_core::steps::sweep::{EnrolNewSets, Listening, OnDrift, Sweeper};

use crate::inventory::ear;
use crate::mutant::Mutant;
use crate::port::Port;
use crate::process::Role;

/// A machine that decides: it reads the policy in force for each invocation, and each of its versions once.
pub struct Deciding {
    /// Its ports.
    pub port: Port,
    policies: Policies<Port>,
    deployed: Deployed,
}

/// The counts, read with digests.
pub(crate) type Counts = Digested<Port, Port, Port>;

/// Mail is old sooner than in the guard, as a run lasts hours and no week: additions are noted from five minutes on, and
/// digests made ten minutes later, which is two minutes more than two clocks are apart.
pub(crate) const AGES: Ages = Ages { noted: 300, closed: 900, settled: 0 };

pub(crate) fn counts(port: &Port) -> Counts {
    let is_early = port.world().mutant == Mutant::EarlyDigests;
    let ages = if is_early { Ages { closed: 0, ..AGES } } else { AGES };
    Digested::new(port.clone(), port.clone(), port.clone()).with(ages, Some(Keeping { above_bytes: 0 }))
}

/// What a whole sweep takes.
pub(crate) type Sweep = Sweeper<Counts, Port, Port, Port, Port, Port, Port>;

impl Deciding {
    pub(crate) fn new(port: Port, deployed: &Deployed) -> Self {
        let policies = Policies::new(deployed.clone(), port.clone());
        Self { port, policies, deployed: deployed.clone() }
    }

    /// The policy in force; `None` when the table does not say, and the invocation fails.
    pub(crate) async fn policy(&self) -> Option<Arc<PolicyBook>> {
        self.policies.in_force().await.ok().map(|in_force| in_force.book)
    }

    fn home(&self) -> Home {
        Home::of(self.port.world().sets.first().expect("a world has sets"))
    }

    fn mode(&self) -> Mode {
        let world = self.port.world();
        match world.script.observes && world.mutant != Mutant::ObserverPauses {
            true => Mode::Observe,
            false => Mode::Enforce,
        }
    }

    fn account_stop(&self) -> AccountStop {
        let world = self.port.world();
        match world.script.may_stop || world.mutant == Mutant::StopUngranted {
            true => AccountStop::Allowed,
            false => AccountStop::Forbidden,
        }
    }

    pub(crate) fn lookout(&self) -> Lookout<Counts, Port, Port, Port, Port> {
        let Home { account, region } = self.home();
        let port = &self.port;
        let (ledger, register, clock) = (counts(port), port.clone(), port.clone());
        Lookout { ledger, register, clock, monitor: port.clone(), inventory: port.clone(), account, region }
    }

    pub(crate) fn judge(&self, policy: Arc<PolicyBook>) -> Judge<Counts, Port, Port, Port> {
        let port = &self.port;
        let (ledger, register, reminder, clock) = (counts(port), port.clone(), port.clone(), port.clone());
        Judge { ledger, register, reminder, clock, policy, mode: self.mode() }
    }

    pub(crate) fn sweeper(&self, policy: Arc<PolicyBook>) -> Sweep {
        let adopts = self.port.world().mutant == Mutant::AdoptOnEnable;
        let Home { account, region } = self.home();
        let port = &self.port;
        Sweeper {
            judge: self.judge(policy),
            switch: port.clone(),
            inventory: port.clone(),
            listening: Listening::new(account, region, ear(), EnrolNewSets::Off),
            waker: port.clone(),
            on_drift: if adopts { OnDrift::Adopt } else { OnDrift::Reassert },
        }
    }

    pub(crate) fn account_guard(&self, policy: Arc<PolicyBook>) -> Option<AccountGuard<Counts, Port, Port, Port>> {
        let guards = self.port.world().script.guards_account;
        let Home { account, region } = self.home();
        let port = self.port.of(Role::Account);
        let (ledger, register, clock) = (counts(&port), port.clone(), port.clone());
        let (mode, account_stop) = (self.mode(), self.account_stop());
        let guard = AccountGuard { ledger, register, clock, view: port, policy, mode, account_stop, account, region };
        guards.then_some(guard)
    }

    pub(crate) fn responder(&self, policy: Arc<PolicyBook>) -> Responder<Counts, Port, Port, Port, Port, Port> {
        let port = &self.port;
        let homes = Homes::only(self.home());
        Responder { judge: self.judge(policy), switch: port.clone(), alarms: port.clone(), homes }
    }

    pub(crate) fn operator(&self) -> Operator<Counts, Port, Port, Port, Port> {
        let port = &self.port;
        Operator {
            ledger: counts(port),
            register: port.clone(),
            switch: port.clone(),
            clock: port.clone(),
            policies: Policies::new(self.deployed.clone(), port.clone()),
            mode: self.mode(),
            account_stop: self.account_stop(),
            homes: Homes::only(self.home()),
            ear: ear(),
        }
    }
}
