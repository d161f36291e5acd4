use guard_core::port::{
    AccountView, Clock, Inventory, Ledger, Monitor, Register, Reminder, SendingSwitch, Waker, chain,
};
use guard_core::steps::account::{AccountGuard, Guarded};
use guard_core::steps::decide::Outcome;
use guard_core::steps::look::{Looked, Lookout};
use guard_core::steps::sweep::{Heard, Seen, Sweeper, Swept};
use guard_core::time::stop_at;
use tracing::{debug, error, info, warn};

use crate::Errand;

/// Seconds before the deadline at which nothing is begun any more: time for one call to SES and what is written of it.
const RESERVE_SECONDS: i64 = 10;
/// Longer than the function's time-out in the template.
const LONGEST_SECONDS: i64 = 60;

/// Something is left undone. The next minute's sweep takes it up again.
#[derive(Debug, thiserror::Error)]
#[error("{0} things could not be done; the log says which")]
pub struct Undone(usize);

/// Does one errand. `Err` is for the error count, by which people are alarmed: nothing depends on a repeat.
pub async fn handle<L, R, M, C, S, W, I, V, T>(
    sweeper: &Sweeper<L, R, M, C, S, W, I>,
    accounts: &[AccountGuard<L, R, C, V>],
    lookout: &Lookout<L, R, C, T, I>,
    errand: &Errand,
    deadline_millisecond: u64,
) -> Result<(), Undone>
where
    L: Ledger,
    R: Register,
    M: Reminder,
    C: Clock,
    S: SendingSwitch,
    W: Waker,
    I: Inventory,
    V: AccountView,
    T: Monitor,
{
    let faults = match errand {
        Errand::Sweep(minute) => {
            let now = sweeper.judge.clock.now();
            let stop_at = stop_at(deadline_millisecond, now, RESERVE_SECONDS, LONGEST_SECONDS);
            // The accounts first: a sweep takes what time it is given, and this takes little.
            let mut faults = 0;
            for account in accounts {
                let guarded = account.guard(stop_at).await;
                log_account(&guarded);
                faults += guarded.faults.len();
            }
            let swept = sweeper.sweep(*minute, stop_at).await;
            log(&swept);
            // And the lookout last: whatever it comes to, the sweep is done. Boxed: with the AWS clients in it, the future is
            // nested deeper than the compiler looks by default.
            let looked = Box::pin(lookout.look(*minute, swept.marked, stop_at)).await;
            log_looked(&looked);
            faults + swept.faults.len() + looked.faults.len()
        }
        Errand::Touched(set) => {
            let swept = sweeper.touched(set).await;
            log(&swept);
            swept.faults.len()
        }
        Errand::Created(set) => {
            let swept = sweeper.created(set).await;
            log(&swept);
            swept.faults.len()
        }
        Errand::Republished(set) => {
            let swept = sweeper.republished(set).await;
            log(&swept);
            swept.faults.len()
        }
        Errand::Tenant(event) => {
            let swept = sweeper.told_of_tenant(event).await;
            log(&swept);
            swept.faults.len()
        }
        Errand::Nothing(why) => {
            debug!("nothing to do: {why}");
            0
        }
    };
    match faults {
        0 => Ok(()),
        faults => Err(Undone(faults)),
    }
}

fn log_account(guarded: &Guarded) {
    for record in &guarded.told {
        warn!(account = %record.set.account, audit.id = %record.id, act = ?record.act, "{}: {}", record.set, record.sentence);
    }
    for record in &guarded.paused {
        let set = &record.set;
        info!(configuration_set.name = %set.name, audit.id = %record.id, act = ?record.act, "{set}: {}", record.sentence);
    }
    if let Some(why) = &guarded.unread {
        warn!("SES does not say how it sees the account, and the guard goes by its own counts: {why}");
    }
    for fault in &guarded.faults {
        error!(error = chain(fault), "{fault} failed; the account is looked at again in a minute");
    }
}

fn log(swept: &Swept) {
    for (set, outcome) in &swept.judged {
        match outcome {
            Outcome::Changed(phase, records) => {
                for record in records {
                    info!(
                        configuration_set.name = %set.name, phase = phase.as_str(), audit.id = %record.id,
                        act = ?record.act, "{set}: {}", record.sentence
                    );
                }
            }
            Outcome::Kept(_) | Outcome::Rechecking(_) | Outcome::Later | Outcome::Contended => {
                debug!(configuration_set.name = %set.name, "swept {set}: {outcome:?}");
            }
        }
    }
    for (set, seen) in &swept.looked_at {
        match seen {
            Seen::Drifted(record) => {
                warn!(configuration_set.name = %set.name, audit.id = %record.id, act = ?record.act, "{set}: {}", record.sentence);
            }
            Seen::Gone => warn!(configuration_set.name = %set.name, "SES knows no {set} any more"),
            Seen::Unanswered(fault) => {
                warn!(configuration_set.name = %set.name, error = chain(fault), "SES did not say whether {set} may send");
            }
            Seen::AsMeant | Seen::Unsettled => {
                debug!(configuration_set.name = %set.name, "looked at {set}: {seen:?}");
            }
        }
    }
    log_hearing(swept);
    for record in &swept.tenants {
        warn!(audit.id = %record.id, act = ?record.act, "{}: {}", record.set, record.sentence);
    }
    for set in &swept.reminded {
        info!(configuration_set.name = %set.name, "people are reminded of {set}");
    }
    if swept.left > 0 {
        warn!(left = swept.left, "no time for {} sets; they come first in a minute", swept.left);
    }
    for fault in &swept.faults {
        error!(error = chain(fault), "{fault} failed; it comes again in a minute");
    }
    debug!(judged = swept.judged.len(), looked_at = swept.looked_at.len(), woken = swept.woken.len(), "swept");
}

fn log_hearing(swept: &Swept) {
    for (set, heard) in &swept.heard {
        match heard {
            Heard::News(record) => {
                warn!(configuration_set.name = %set.name, audit.id = %record.id, act = ?record.act, "{set}: {}", record.sentence);
            }
            Heard::Unanswered(fault) => {
                warn!(configuration_set.name = %set.name, error = chain(fault), "SES did not say where the events of {set} go");
            }
            Heard::Still(unheard) => {
                debug!(configuration_set.name = %set.name, "{set} is still not heard: {}", unheard.gap.as_str());
            }
        }
    }
    if !swept.discovered.is_empty() {
        info!(configuration_sets = swept.discovered.len(), "{} configuration sets are new", swept.discovered.len());
    }
    if let Some(fault) = &swept.unlisted {
        warn!(error = chain(fault), "SES did not list its configuration sets; the list is asked for again");
    }
}

fn log_looked(looked: &Looked) {
    for record in &looked.turned {
        warn!(audit.id = %record.id, act = ?record.act, "{}: {}", record.set, record.sentence);
    }
    for reason in &looked.unanswered {
        warn!("the guard can't tell whether it is well: {reason}");
    }
    for fault in &looked.faults {
        error!(error = chain(fault), "{fault} failed; the guard looks again in a minute");
    }
}
