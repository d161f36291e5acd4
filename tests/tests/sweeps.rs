//! What is lost is found, what only time changes is changed, and what others do in SES does not go unnoticed.

use std::collections::BTreeSet;

use guard_core::audit::Act;
use guard_core::event::SignalKind::{Bounce, Send};
use guard_core::name::SetKey;
use guard_core::port::{Clock, Committed, Register, SwitchFault};
use guard_core::state::{Change, Phase, State, Totals};
use guard_core::steps::act::Actuator;
use guard_core::steps::decide::Mode;
use guard_core::steps::sweep::{OnDrift, Seen};
use guard_core::time::plus_seconds;
use guard_local::SesFault;
use guard_sweep::Errand;
use guard_tests::crash::Fuse;
use guard_tests::guard::{Guard, receipt};
use guard_tests::mail::{at, homes, set};
use guard_tests::traffic::dice;
use serde_json::{Value, json};

const NOON: &str = "2026-11-20T12:07:00Z";
const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

fn guard() -> (Guard, SetKey) {
    let promo = set("promo");
    (Guard::of(at(NOON), &[promo.clone(), set("shop")]), promo)
}

/// `promo` is paused, since noon.
async fn paused() -> (Guard, SetKey) {
    let (mut guard, promo) = guard();
    guard.mail("promo", Send, 0, 300, at(NOON)).await;
    guard.mail("promo", Bounce, 0, 60, at(NOON)).await;
    assert_eq!(guard.state(&promo).await.phase, Phase::Paused);
    (guard, promo)
}

/// 300 mails of `promo`, of which 60 bounced: counted and marked, and whatever the stream would say is lost.
async fn counted(guard: &Guard) {
    let mut batch: Vec<_> = (0..300).map(|mail| receipt("promo", Send, mail, at(NOON))).collect();
    batch.extend((0..60).map(|mail| receipt("promo", Bounce, mail, at(NOON))));
    guard.count(&batch, &Fuse::endless()).await.unwrap();
    guard.register.take_stream();
}

fn order(action: &str) -> Value {
    json!({"action": action, "configurationSet": "promo", "reason": "list cleaned", "actor": "ops@example.com"})
}

fn subjects(guard: &Guard) -> Vec<String> {
    guard.notices.all().into_iter().map(|notice| notice.subject).collect()
}

async fn acts(guard: &Guard, set: &SetKey) -> Vec<Act> {
    let mut records = guard.register.history(set, 50).await.unwrap();
    records.reverse();
    records.into_iter().map(|record| record.act).collect()
}

/// A sweep in each of the next `minutes`.
async fn sweeps(guard: &mut Guard, minutes: i64) {
    for _ in 0..minutes {
        let next = plus_seconds(guard.clock.now(), MINUTE);
        guard.sweep().await;
        guard.clock.set(next.max(guard.clock.now()));
    }
}

#[tokio::test]
async fn a_guard_whose_stream_is_gone_still_pauses_within_two_sweeps() {
    let (mut guard, promo) = guard();
    counted(&guard).await;
    for _ in 0..2 {
        guard.sweep_with(&Fuse::endless()).await.unwrap();
        guard.wake_by_sweeps_alone().await;
        guard.clock.advance(MINUTE);
    }
    assert!(!guard.ses.accepts(&promo));
    assert_eq!(guard.state(&promo).await.phase, Phase::Paused);
    assert_eq!(subjects(&guard), ["SES guard: paused promo"], "and people are told");
}

#[tokio::test]
async fn what_a_dead_actuator_left_is_finished_without_the_stream() {
    let mut deaths = 0;
    for steps in 0..200 {
        let (mut guard, promo) = guard();
        counted(&guard).await;
        guard.judge(&promo, &Fuse::endless()).await.unwrap().unwrap();
        let survived = guard.actuate(&BTreeSet::from([promo.clone()]), &Fuse::of(steps)).await.is_some();
        deaths += u32::from(!survived);
        guard.register.take_stream();
        for _ in 0..3 {
            guard.sweep_with(&Fuse::endless()).await.unwrap();
            guard.wake_by_sweeps_alone().await;
            guard.clock.advance(MINUTE);
        }
        let state = guard.state(&promo).await;
        assert!(!guard.ses.accepts(&promo) && state.phase == Phase::Paused, "after {steps} steps");
        assert!(state.pending.is_none() && state.untold.is_empty(), "after {steps} steps: {state:?}");
        assert!(subjects(&guard).iter().all(|subject| subject == "SES guard: paused promo"), "after {steps} steps");
        if survived {
            break;
        }
    }
    assert!(deaths > 20, "{deaths} places to die");
}

#[tokio::test]
async fn a_lost_reminder_to_look_again_is_made_good() {
    let (mut guard, promo) = guard();
    let sent_at = |second: i64| plus_seconds(at(NOON), -600 + second);
    guard.mail("promo", Send, 0, 100, sent_at(0)).await;
    guard.mail("promo", Bounce, 1_000, 20, sent_at(25)).await;
    assert_eq!(guard.reminders.all().len(), 1);
    guard.sweep().await;
    assert!(guard.ses.accepts(&promo), "the half minute is not over");
    guard.clock.advance(MINUTE);
    guard.sweep().await;
    assert!(!guard.ses.accepts(&promo));
}

#[tokio::test]
async fn a_sweep_may_die_between_any_two_steps_and_come_twice() {
    use Phase::{Active, External, Paused};
    let mut deaths = 0;
    for steps in 0..400 {
        let what = format!("after {steps} steps");
        let sets = ["promo", "late", "drifted", "off", "touched"].map(set);
        let mut guard = Guard::of(at(NOON), &sets);
        let yesterday = plus_seconds(at(NOON), -DAY - HOUR);
        for (name, phase, on) in [("late", Paused, false), ("drifted", Paused, true), ("off", Active, false)] {
            let after = State { phase, off_since: (phase == Paused).then_some(yesterday), ..State::default() };
            put(&guard, &set(name), after).await;
            guard.ses.toggle(&set(name), on);
        }
        put(&guard, &set("touched"), State { look_at: Some(at(NOON)), ..State::default() }).await;
        counted(&guard).await;

        let survived = guard.sweep_with(&Fuse::of(steps)).await.is_some();
        deaths += u32::from(!survived);
        guard.sweep_with(&Fuse::endless()).await.unwrap();
        guard.sweep().await;
        let phases: Vec<Phase> =
            futures::future::join_all(sets.iter().map(|set| async { guard.state(set).await.phase })).await;
        assert_eq!(phases, [Paused, Paused, Paused, External, Active], "{what}");
        let on: Vec<bool> = sets.iter().map(|set| guard.ses.accepts(set)).collect();
        assert_eq!(on, [false, false, false, false, true], "{what}");
        assert_eq!(acts(&guard, &set("promo")).await, [Act::PauseIntended, Act::Paused], "{what}");
        assert_eq!(acts(&guard, &set("late")).await, [Act::StillPaused], "{what}: reminded once");
        let drifted = acts(&guard, &set("drifted")).await;
        let mut once = drifted.clone();
        once.retain(|act| *act != Act::StillPaused);
        assert_eq!(once, [Act::Reasserted, Act::Paused], "{what}: {drifted:?}");
        assert_eq!(acts(&guard, &set("off")).await, [Act::FoundOff], "{what}");
        assert!(acts(&guard, &set("touched")).await.is_empty(), "{what}");
        assert_eq!(guard.state(&set("touched")).await.look_at, None, "{what}: it was looked at, and is not again");
        if survived {
            break;
        }
    }
    assert!(deaths > 40, "{deaths} places to die");
}

async fn put(guard: &Guard, set: &SetKey, after: State) {
    let change = Change::silent(set, &State::default(), after);
    assert_eq!(guard.register.commit(&change).await.unwrap(), Committed::Done);
}

#[tokio::test]
async fn a_set_that_someone_enabled_is_paused_again_and_people_are_told() {
    let (mut guard, promo) = paused().await;
    guard.clock.advance(HOUR);
    guard.ses.toggle(&promo, true);
    let swept = guard.sweep().await;
    assert!(matches!(&swept.looked_at[..], [(_, Seen::Drifted(record))] if record.act == Act::Reasserted));
    assert!(!guard.ses.accepts(&promo));
    let state = guard.state(&promo).await;
    assert_eq!((state.phase, state.generation, state.applied), (Phase::Paused, 2, 2));
    assert_eq!(
        subjects(&guard),
        ["SES guard: paused promo", "SES guard: pausing again: promo", "SES guard: paused promo"]
    );
    assert_eq!(guard.notices.all()[1].detail_type, "Configuration Set Drifted");
    insta::assert_snapshot!(guard.notices.all()[1].text);
    guard.clock.advance(HOUR);
    let answer = guard.operate(order("resume")).await;
    assert_eq!(answer["ok"], true, "an operator may resume it as before: {answer}");
}

#[tokio::test]
async fn a_set_that_someone_enabled_may_send_where_that_is_wanted() {
    for (what, on_drift, mode, held) in [
        ("by parameter", OnDrift::Adopt, Mode::Enforce, false),
        ("the guard observes", OnDrift::Reassert, Mode::Observe, false),
        ("an operator holds it", OnDrift::Reassert, Mode::Enforce, true),
    ] {
        let (mut guard, promo) = paused().await;
        (guard.on_drift, guard.mode) = (on_drift, mode);
        if held {
            guard.operate(order("hold")).await;
        }
        guard.clock.advance(HOUR);
        guard.ses.toggle(&promo, true);
        guard.sweep().await;
        assert!(guard.ses.accepts(&promo), "{what}");
        assert_eq!(guard.state(&promo).await.phase, Phase::Trial, "{what}");
        assert_eq!(subjects(&guard).last().unwrap(), "SES guard: found sending again: promo", "{what}");
        guard.mail("promo", Bounce, 100, 200, at(NOON)).await;
        assert!(guard.ses.accepts(&promo), "{what}: what was sent before does not count");
    }
}

#[tokio::test]
async fn what_someone_else_disabled_is_never_enabled_by_the_guard() {
    let (mut guard, promo) = guard();
    guard.mail("promo", Send, 0, 1_000, at(NOON)).await;
    guard.mail("promo", Bounce, 0, 5, at(NOON)).await;
    guard.ses.toggle(&promo, false);
    guard.sweep().await;
    let state = guard.state(&promo).await;
    assert_eq!((state.phase, state.wants_sending()), (Phase::External, false));
    assert_eq!(subjects(&guard), ["SES guard: found disabled: promo"]);
    for _ in 0..20 {
        guard.clock.advance(DAY);
        sweeps(&mut guard, 15).await;
    }
    assert!(guard.ses.calls().iter().all(|(_, turned)| turned.is_none()), "it only looked");
    assert_eq!(subjects(&guard).len(), 1, "told once");

    guard.ses.toggle(&promo, true);
    guard.clock.advance(HOUR);
    guard.sweep().await;
    assert_eq!(guard.state(&promo).await.phase, Phase::Active);
    assert_eq!(subjects(&guard).last().unwrap(), "SES guard: found enabled again: promo");
}

#[tokio::test]
async fn what_was_counted_before_a_stranger_disabled_and_enabled_a_set_still_counts() {
    let (mut guard, promo) = guard();
    guard.mail("promo", Send, 0, 300, at(NOON)).await;
    guard.mail("promo", Bounce, 0, 20, at(NOON)).await;
    guard.ses.toggle(&promo, false);
    guard.sweep().await;
    guard.mail("promo", Bounce, 20, 40, at(NOON)).await;
    assert_eq!(guard.state(&promo).await.phase, Phase::External);
    guard.ses.toggle(&promo, true);
    guard.clock.advance(HOUR);
    guard.sweep().await;
    assert!(!guard.ses.accepts(&promo), "60 of 300 is over, whoever was there");
    assert_eq!(guard.state(&promo).await.phase, Phase::Paused);
}

#[tokio::test]
async fn an_answer_that_may_be_old_is_not_believed_until_it_has_settled() {
    let (mut guard, promo) = paused().await;
    guard.ses.toggle(&promo, true);
    let of_promo = |guard: &Guard| guard.ses.calls().iter().filter(|(set, _)| *set == promo).count();
    let calls = of_promo(&guard);
    let swept = guard.touched(&promo).await;
    assert!(matches!(swept.looked_at[0].1, Seen::Unsettled));
    for second in [0, 60, 119] {
        guard.clock.set(plus_seconds(at(NOON), second));
        guard.sweep().await;
        assert_eq!(of_promo(&guard), calls, "after {second} s");
    }
    guard.clock.set(plus_seconds(at(NOON), 125));
    guard.sweep().await;
    assert!(!guard.ses.accepts(&promo), "it was asked for, so it is looked at as soon as it has settled");
    assert_eq!(guard.state(&promo).await.look_at, None);
}

#[tokio::test]
async fn a_call_in_cloudtrail_is_checked_at_once() {
    let (mut guard, promo) = paused().await;
    guard.clock.advance(HOUR);
    guard.ses.toggle(&promo, true);
    guard.ses.plant([SesFault::Throttled]);
    let swept = guard.touched(&promo).await;
    assert!(matches!(swept.looked_at[0].1, Seen::Unanswered(SwitchFault::Throttled)));
    assert!(guard.ses.accepts(&promo), "SES throttles; the next sweep looks again");
    guard.clock.advance(MINUTE);
    guard.sweep().await;
    assert!(!guard.ses.accepts(&promo));

    guard.clock.advance(HOUR);
    guard.ses.toggle(&promo, true);
    guard.touched(&promo).await;
    assert!(!guard.ses.accepts(&promo));

    let stranger = set("shop");
    guard.ses.toggle(&stranger, false);
    guard.touched(&stranger).await;
    assert_eq!(guard.state(&stranger).await.phase, Phase::External, "one that the guard had never heard of");
    guard.ses.delete(&set("shop"));
    guard.touched(&set("no-such-set")).await;
    assert_eq!(guard.state(&set("no-such-set")).await, State::default(), "nothing is kept of what does not exist");
}

#[tokio::test]
async fn a_console_that_is_flipped_a_hundred_times_at_random_leaves_nothing_unrecorded_after_two_sweeps() {
    let mut flips = 0;
    for seed in 0..20 {
        let (mut guard, promo) = paused().await;
        for flip in 0..100 {
            let thrown = dice(1_000 * seed + flip);
            let what = format!("flip {flip} of seed {seed}");
            guard.clock.advance(1 + (thrown % 900).cast_signed());
            let (was, on) = (guard.ses.accepts(&promo), (thrown >> 12).is_multiple_of(2));
            let known = guard.register.history(&promo, 100).await.unwrap().first().map(|record| record.id.clone());
            guard.ses.toggle(&promo, on);
            flips += usize::from(was != on);
            match (thrown >> 16) % 8 {
                0 => drop(guard.operate(order("resume")).await),
                1 => drop(guard.operate(order("pause")).await),
                _ => {}
            }
            if (thrown >> 24).is_multiple_of(3) {
                guard.touched(&promo).await;
            }
            // A paused set is looked at every ten minutes.
            for _ in 0..2 {
                guard.clock.advance(10 * MINUTE);
                guard.sweep().await;
            }
            let state = guard.state(&promo).await;
            assert_eq!(state.wants_sending(), guard.ses.accepts(&promo), "{what}: {state:?}");
            assert!(state.pending.is_none() && state.untold.is_empty(), "{what}: {state:?}");
            let newest = guard.register.history(&promo, 100).await.unwrap().first().map(|record| record.id.clone());
            assert!(was == on || newest != known, "{what}: it is on file");
        }
    }
    assert!(flips > 800, "{flips} of them changed something");
}

#[tokio::test]
async fn a_deleted_set_is_found_by_the_sweep() {
    let (mut guard, promo) = paused().await;
    guard.clock.advance(HOUR);
    guard.ses.delete(&promo);
    let swept = guard.sweep().await;
    assert!(matches!(&swept.looked_at[..], [(_, Seen::Gone)]), "{swept:?}");
    assert_eq!(guard.state(&promo).await.phase, Phase::Gone);
    assert_eq!(subjects(&guard).last().unwrap(), "SES guard: no longer found: promo");
}

#[tokio::test]
async fn a_set_that_is_created_again_has_nothing_to_do_with_why_the_old_one_was_paused() {
    let (mut guard, promo) = paused().await;
    guard.clock.advance(HOUR);
    guard.ses.delete(&promo);
    guard.sweep().await;
    guard.ses.create(&promo);
    let swept = guard.sweeper(&Fuse::endless()).await.created(&promo).await;
    assert_eq!(swept.discovered, std::slice::from_ref(&promo));
    let state = guard.state(&promo).await;
    assert_eq!((state.phase, state.why), (Phase::Active, None));
    assert_eq!(state.look_at, Some(plus_seconds(guard.clock.now(), 300)), "when its destinations may be there");
}

#[tokio::test]
async fn a_trial_ends_by_time_and_a_warning_when_its_mail_is_out_of_the_window() {
    let (mut guard, promo) = paused().await;
    guard.clock.advance(HOUR);
    guard.operate(order("resume")).await;
    let shop = set("shop");
    guard.mail("shop", Send, 0, 1_000, guard.clock.now()).await;
    guard.mail("shop", Bounce, 0, 45, guard.clock.now()).await;
    guard.clock.advance(6 * DAY);
    sweeps(&mut guard, 15).await;
    assert_eq!(guard.state(&promo).await.phase, Phase::Trial);
    assert_eq!(guard.state(&shop).await.phase, Phase::Warned);
    guard.clock.advance(DAY + HOUR);
    sweeps(&mut guard, 15).await;
    assert_eq!(guard.state(&promo).await.phase, Phase::Active, "without a single mail");
    assert_eq!(guard.state(&shop).await.phase, Phase::Active);
    assert!(!guard.state(&shop).await.near);
    sweeps(&mut guard, 15).await;
    let over = |subjects: Vec<String>| subjects.iter().filter(|one| *one == "SES guard: trial over for promo").count();
    assert_eq!(over(subjects(&guard)), 1, "told once");
    let history = guard.register.history(&promo, 1).await.unwrap();
    let record = (history[0].act, history[0].phase_before, history[0].phase_after, history[0].sentence.as_str());
    let sentence =
        "The trial is over: of the 0 mails sent since Fri 20 Nov 13:00 UTC 0 hard-bounced and 0 brought a complaint.";
    assert_eq!(record, (Act::TrialEnded, Phase::Trial, Phase::Active, sentence));
}

#[tokio::test]
async fn people_are_reminded_of_a_set_that_stays_paused() {
    let (mut guard, promo) = paused().await;
    guard.ses.delete(&set("shop"));
    let mut reminded = Vec::new();
    for _ in 0..16 * 24 {
        guard.clock.advance(HOUR);
        reminded.extend(guard.sweep().await.reminded);
    }
    assert_eq!(reminded, vec![promo.clone(); 8]);
    let records = guard.register.history(&promo, 50).await.unwrap();
    let evidence = |act| records.iter().find(|record| record.act == act).unwrap().evidence.clone();
    assert!(evidence(Act::StillPaused).is_some(), "the numbers of the pause go with each reminder");
    assert_eq!(evidence(Act::StillPaused), evidence(Act::Paused));
    let reminders: Vec<_> = guard.notices.all().into_iter().skip(1).collect();
    assert_eq!(reminders.len(), 8, "seven days, and a week");
    assert!(reminders.iter().all(|notice| notice.subject == "SES guard: still paused: promo"));
    insta::assert_snapshot!(reminders[7].text);
    guard.operate(order("hold")).await;
    for _ in 0..30 {
        guard.clock.advance(DAY);
        guard.sweep().await;
    }
    assert_eq!(guard.notices.all().len(), 9, "a held set is left alone");
    assert_eq!(guard.state(&promo).await.phase, Phase::Paused);
}

#[tokio::test]
async fn a_sweep_that_has_nothing_to_do_writes_nothing_and_wakes_nobody() {
    let (mut guard, _) = guard();
    guard.mail("promo", Send, 0, 1_000, at(NOON)).await;
    guard.mail("promo", Bounce, 0, 5, at(NOON)).await;
    guard.sweep().await;
    guard.register.take_stream();
    for _ in 0..15 {
        guard.clock.advance(1);
        let swept = guard.sweep_with(&Fuse::endless()).await.unwrap();
        assert!(swept.woken.is_empty() && swept.reminded.is_empty() && swept.left == 0);
    }
    assert!(guard.wakes.take().is_empty() && guard.notices.all().is_empty());
}

#[tokio::test]
async fn a_throttled_sweep_leaves_what_ses_has_to_the_pauses() {
    let names: Vec<String> = (0..30).map(|number| format!("tenant-{number}")).collect();
    let sets: Vec<SetKey> = names.iter().map(|name| set(name)).collect();
    let mut guard = Guard::of(at(NOON), &sets);
    for set in &sets {
        put(&guard, set, State::default()).await;
    }
    guard.ses.plant([SesFault::Denied, SesFault::Throttled]);
    let swept = guard.sweep().await;
    assert_eq!((guard.ses.calls().len(), swept.left), (2, 11));
    guard.clock.advance(MINUTE);
    guard.sweep().await;
    let looked_at: BTreeSet<_> = guard.ses.calls().into_iter().map(|(set, _)| set).collect();
    assert_eq!((guard.ses.calls().len(), looked_at.len()), (14, 13), "the throttled one first, the refused one last");
}

/// A sweep of so many sets: each hundredth is paused, each twentieth marked. How many it judged, how many calls it made,
/// and how many seconds it took.
async fn sweep_of(count: usize) -> (usize, u64, i64) {
    let sets: Vec<SetKey> = (0..count).map(|number| set(&format!("tenant-{number}"))).collect();
    let guard = Guard::of(at(NOON), &sets);
    let totals = Some(Totals { sends: 1_000, bounces: 12, ..Totals::default() });
    for (number, set) in sets.iter().enumerate() {
        let paused = number % 100 == 0;
        let phase = if paused { Phase::Paused } else { Phase::Active };
        guard.ses.toggle(set, !paused);
        put(&guard, set, State { phase, totals, off_since: paused.then_some(at(NOON)), ..State::default() }).await;
    }
    for number in (1..count).step_by(20) {
        let name = format!("tenant-{number}");
        let mut batch: Vec<_> = (0..100).map(|mail| receipt(&name, Send, mail, at(NOON))).collect();
        batch.extend((0..12).map(|mail| receipt(&name, Bounce, mail, at(NOON))));
        guard.count(&batch, &Fuse::endless()).await.unwrap();
    }
    let fuse = Fuse::endless();
    let swept = guard.sweep_with(&fuse).await.unwrap();
    assert_eq!((swept.left, guard.ses.calls().len()), (0, 12));
    (swept.judged.len(), fuse.calls_since(u64::MAX), guard.clock.now().duration_since(at(NOON)).as_secs())
}

#[tokio::test]
async fn ten_times_the_sets_take_a_sweep_ten_times_the_calls_and_ses_none_more() {
    let (few, calls_of_few, _) = sweep_of(1_000).await;
    let (many, calls_of_many, seconds) = sweep_of(10_000).await;
    assert!((100..140).contains(&few), "50 marks and a fifteenth of the others: {few}");
    assert!((1_000..1_400).contains(&many), "500 marks and a fifteenth of the others: {many}");
    println!("{calls_of_few} calls for 1,000 sets, {calls_of_many} for 10,000");
    assert!(calls_of_many <= 10 * calls_of_few, "{calls_of_many} calls, {calls_of_few} for a tenth of the sets");
    assert_eq!(seconds, 11, "calls to SES are a second apart");
}

#[tokio::test]
async fn a_sweep_without_time_begins_nothing() {
    let (guard, promo) = guard();
    counted(&guard).await;
    let swept = guard.sweep_until(at(NOON)).await;
    assert_eq!((swept.left, swept.judged.len(), guard.ses.calls().len()), (1, 0, 0));
    assert!(guard.state(&promo).await.to_judge, "it is due in the next minute still");
}

#[tokio::test]
async fn a_sweep_says_how_much_it_had_no_time_for() {
    for (seconds, looked_at, reminded, left) in [(0, 0, 0, 2 + 12), (2, 2, 2, 10), (12, 12, 2, 0)] {
        let sets: Vec<SetKey> = (0..20).map(|number| set(&format!("tenant-{number}"))).collect();
        let guard = Guard::of(at(NOON), &sets);
        for (number, set) in sets.iter().enumerate() {
            let late = (number < 2).then_some(plus_seconds(at(NOON), -DAY));
            let phase = if late.is_some() { Phase::Paused } else { Phase::Active };
            guard.ses.toggle(set, late.is_none());
            put(&guard, set, State { phase, off_since: late, ..State::default() }).await;
        }
        let swept = guard.sweep_until(plus_seconds(at(NOON), seconds)).await;
        let done = (swept.looked_at.len(), swept.reminded.len(), swept.left);
        assert_eq!(done, (looked_at, reminded, left), "in {seconds} s");
    }
}

#[tokio::test]
async fn the_function_sweeps_by_the_timer_and_looks_at_what_cloudtrail_names() {
    let weekly = set("marketing-weekly");
    let mut guard = Guard::of(at(NOON), std::slice::from_ref(&weekly));
    let deadline = u64::try_from(plus_seconds(at(NOON), 55).as_millisecond()).unwrap();
    let event = |file: &str| {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../events/eventbridge").join(file);
        let event: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        Errand::of(&event, &homes(""), "guard-actuate", at(NOON))
    };
    guard.ses.toggle(&weekly, false);
    let fuse = Fuse::endless();
    for (file, looks) in
        [("scheduled.json", 0), ("email-sent.json", 0), ("cloudtrail-put-configuration-set-sending-options.json", 1)]
    {
        let (sweeper, account) = (guard.sweeper(&fuse).await, guard.account_guard(&fuse).await);
        let accounts = std::slice::from_ref(&account);
        guard_sweep::handle(&sweeper, accounts, &guard.lookout(&fuse), &event(file), deadline).await.unwrap();
        assert_eq!(guard.ses.calls().len(), looks, "{file}");
    }
    guard.settle().await;
    assert_eq!(guard.state(&weekly).await.phase, Phase::External);
}

#[tokio::test]
async fn the_actuator_takes_what_a_sweep_found_waiting() {
    let (guard, promo) = guard();
    counted(&guard).await;
    guard.judge(&promo, &Fuse::endless()).await.unwrap().unwrap();
    let wake = guard_actuate::Wake::parse(json!({"sets": [promo.to_string()]})).unwrap();
    let actuator = Actuator::new(guard.register.clone(), guard.ses.clone(), guard.notices.clone(), guard.clock.clone());
    let deadline = u64::try_from(plus_seconds(at(NOON), 120).as_millisecond()).unwrap();
    let response = guard_actuate::handle(&actuator, &guard.clock, &wake, "request-1", deadline).await;
    assert!(response.batch_item_failures.is_empty() && !guard.ses.accepts(&promo));
    assert_eq!(subjects(&guard), ["SES guard: paused promo"]);
    for neither in [json!({"sets": ["promo"]}), json!({"sets": 1}), json!([]), json!({"Records": 1})] {
        assert!(guard_actuate::Wake::parse(neither.clone()).is_err(), "{neither}");
    }
}
