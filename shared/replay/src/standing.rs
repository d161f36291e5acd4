//! How the sets of an archive stand at its end, as the guard itself would have them: for the page that shows a running one.

use guard_core::home::{Home, Homes};
use guard_core::policy::stored::Policies;
use guard_core::policy::{Deployed, PolicyBook, Source};
use guard_core::steps::decide::Mode;
use guard_core::steps::watch::Watcher;
use guard_local::{ManualClock, MemoryLedger, MemoryPolicyStore, MemoryRegister};

use crate::archive::Archive;
use crate::replay::Past;

/// Looks on at what is in memory.
pub type Onlooker = Watcher<MemoryLedger, MemoryRegister, ManualClock, MemoryPolicyStore>;

/// Replays an archive under a policy, and looks on at its end. Whoever would have been paused is, and what it sent
/// afterwards is left out: SES would have refused it. `None` when the archive holds no mail.
pub fn onlooker(archive: &Archive, book: &PolicyBook, latency_seconds: u32) -> Option<Onlooker> {
    let (ledger, register) = (MemoryLedger::default(), MemoryRegister::default());
    let at = archive.sets.values().filter_map(|history| history.last_moment()).max()?;
    let mut homes: Vec<Home> = archive.sets.keys().map(Home::of).collect();
    homes.sort();
    homes.dedup();
    for (set, history) in &archive.sets {
        Past::of(set, history, ledger.clone()).settle(book, register.clone(), latency_seconds, at);
    }
    let listed: Vec<String> = homes.iter().skip(1).map(ToString::to_string).collect();
    let homes = Homes::listed(homes.into_iter().next()?, &listed.join(",")).ok()?;
    let deployed = Deployed { book: book.clone(), source: Source::Environment, text: String::new() };
    let policies = Policies::new(deployed, MemoryPolicyStore::default());
    Some(Watcher { ledger, register, clock: ManualClock::at(at), policies, mode: Mode::Enforce, homes })
}
