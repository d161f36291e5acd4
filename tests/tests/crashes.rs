//! Whatever process dies, between whichever two of its steps: no mail is lost or counted twice, no pause is lost, and
//! every pause is written down before SES is called and told to people after.

use std::collections::BTreeSet;

use guard_core::audit::Act;
use guard_core::event::SignalKind::{Bounce, Send};
use guard_core::port::{Ledger, Register};
use guard_core::state::Phase;
use guard_core::steps::count::Receipt;
use guard_core::time::{Bucket, plus_seconds};
use guard_tests::crash::Fuse;
use guard_tests::guard::{Guard, receipt};
use guard_tests::mail::{at, set};
use serde_json::json;

const NOON: &str = "2026-11-20T12:07:00Z";
/// More steps than any of the processes has.
const MANY: u64 = 200;

/// What must hold in the end, however often a process died.
async fn paused_exactly(guard: &Guard, what: &str) {
    let promo = set("promo");
    let state = guard.state(&promo).await;
    assert_eq!(state.phase, Phase::Paused, "{what}");
    assert!(!guard.ses.accepts(&promo), "{what}");
    assert_eq!((state.generation, state.applied, state.pending), (1, 1, None), "{what}");
    let bucket = Bucket::of(at(NOON));
    let counts = guard.ledger.window(&promo, bucket, bucket).await.unwrap()[0].counts;
    assert_eq!(counts.bounces.exact(), Some(60), "{what}");
    let account = guard.ledger.window(&promo.account_shard(), bucket, bucket).await.unwrap()[0].counts;
    for sends in [counts.sends, account.sends] {
        assert!(sends.lower() <= 300 && 300 <= sends.upper(), "{what}: {sends:?}");
    }
    assert!(account.bounces.lower() <= 60 && 60 <= account.bounces.upper(), "{what}: {:?}", account.bounces);
    let acts: Vec<Act> =
        guard.register.history(&promo, 10).await.unwrap().into_iter().map(|record| record.act).collect();
    assert_eq!(acts, [Act::Paused, Act::PauseIntended], "{what}: one decision, written down once");
    assert!(!guard.notices.all().is_empty(), "{what}: people are told");
    assert!(guard.notices.all().iter().all(|notice| notice.subject == "SES guard: paused promo"), "{what}");
}

fn fresh() -> (Guard, Vec<Receipt>) {
    let now = at(NOON);
    let guard = Guard::of(now, &[set("promo")]);
    let mut batch: Vec<Receipt> = (0..300).map(|mail| receipt("promo", Send, mail, now)).collect();
    batch.extend((0..60).map(|mail| receipt("promo", Bounce, mail, now)));
    (guard, batch)
}

fn redelivered(batch: &[Receipt]) -> Vec<Receipt> {
    batch.iter().cloned().map(|one| Receipt { suspect: true, ..one }).collect()
}

#[tokio::test]
async fn ingest_may_die_between_any_two_steps() {
    let mut deaths = 0;
    for steps in 0..MANY {
        let (mut guard, batch) = fresh();
        let survived = guard.count(&batch, &Fuse::of(steps)).await.is_some();
        if !survived {
            deaths += 1;
            // The stream wakes the judge for what was marked before the crash; then the batch comes again.
            guard.settle().await;
            guard.count(&redelivered(&batch), &Fuse::endless()).await.unwrap();
        }
        guard.settle().await;
        paused_exactly(&guard, &format!("ingest died after {steps} steps")).await;
        if survived {
            break;
        }
    }
    assert_eq!(deaths, 8, "before and after saying that it notes, the write, the mark and the account's write");
}

#[tokio::test]
async fn judge_may_die_between_any_two_steps() {
    let mut deaths = 0;
    for steps in 0..MANY {
        let (mut guard, batch) = fresh();
        guard.count(&batch, &Fuse::endless()).await.unwrap();
        let survived = guard.judge(&set("promo"), &Fuse::of(steps)).await.is_some();
        deaths += u32::from(!survived);
        guard.judge(&set("promo"), &Fuse::endless()).await.unwrap().unwrap();
        guard.settle().await;
        paused_exactly(&guard, &format!("judge died after {steps} steps")).await;
        if survived {
            break;
        }
    }
    assert_eq!(deaths, 8, "before and after reading the state, what is known, the counts, and writing the intent");
}

#[tokio::test]
async fn actuate_may_die_between_any_two_steps() {
    let mut deaths = 0;
    for steps in 0..MANY {
        let (mut guard, batch) = fresh();
        guard.count(&batch, &Fuse::endless()).await.unwrap();
        guard.judge(&set("promo"), &Fuse::endless()).await.unwrap().unwrap();
        let woken = BTreeSet::from([set("promo")]);
        let survived = guard.actuate(&woken, &Fuse::of(steps)).await.is_some();
        deaths += u32::from(!survived);
        // The record comes again; what a dead process had leased is waited for.
        guard.settle().await;
        paused_exactly(&guard, &format!("actuate died after {steps} steps")).await;
        let calls = guard.ses.calls().len();
        assert!((1..=2).contains(&calls), "{calls} calls to SES after {steps} steps");
        if survived {
            break;
        }
    }
    assert!(deaths > 20, "{deaths} places to die");
}

#[tokio::test]
async fn actuate_may_die_between_any_two_steps_of_a_resume() {
    let mut deaths = 0;
    for steps in 0..MANY {
        let (mut guard, batch) = fresh();
        guard.count(&batch, &Fuse::endless()).await.unwrap();
        guard.settle().await;
        let promo = set("promo");
        let later = plus_seconds(at(NOON), 3_600);
        guard.clock.set(later);
        let before = guard.state(&promo).await;
        // The order is written; the actuator has not been woken yet.
        let change = {
            let why = guard_core::state::Why::operator("resumed".into(), "ops", "list cleaned");
            let mut after =
                before.intending(guard_core::state::Intent::Resume, 0, guard_core::state::Owner::Operator, why);
            after.fresh = Some(before.fence(later));
            guard_core::state::Change::silent(&promo, &before, after)
        };
        assert_eq!(guard.register.commit(&change).await.unwrap(), guard_core::port::Committed::Done);
        let survived = guard.actuate(&BTreeSet::from([promo.clone()]), &Fuse::of(steps)).await.is_some();
        deaths += u32::from(!survived);
        guard.settle().await;
        let state = guard.state(&promo).await;
        assert!(guard.ses.accepts(&promo), "after {steps} steps");
        assert_eq!((state.phase, state.applied), (Phase::Trial, 2), "after {steps} steps");
        let subjects: BTreeSet<_> = guard.notices.all().into_iter().map(|notice| notice.subject).collect();
        assert!(subjects.contains("SES guard: resumed promo"), "after {steps} steps: {subjects:?}");
        let turned_on = guard.ses.calls().iter().filter(|(_, turned)| *turned == Some(true)).count();
        assert_eq!(turned_on, 1, "after {steps} steps: an enabled set is never enabled again");
        if survived {
            break;
        }
    }
    assert!(deaths > 20, "{deaths} places to die");
}

#[tokio::test]
async fn an_operators_resume_survives_the_death_of_who_wrote_it() {
    let (mut guard, batch) = fresh();
    guard.count(&batch, &Fuse::endless()).await.unwrap();
    guard.settle().await;
    guard.clock.set(plus_seconds(at(NOON), 3_600));
    let order = json!({"action": "resume", "configurationSet": "promo", "reason": "clean", "actor": "ops"});
    assert_eq!(guard.operate(order.clone()).await["ok"], true);
    // The answer was lost and the operator asks again: nothing happens twice.
    assert_eq!(guard.operate(order).await["error"]["code"], "notPaused");
    assert_eq!(guard.state(&set("promo")).await.generation, 2);
}
