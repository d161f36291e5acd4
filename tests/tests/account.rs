//! The account's own rate: guarded where every set is below its own line.

use std::collections::BTreeSet;

use guard_core::account::{AccountStop, AccountWatch};
use guard_core::audit::{Act, AuditRecord};
use guard_core::digest::Keeping;
use guard_core::event::SignalKind::{Bounce, Complaint, Send};
use guard_core::judge::Metric;
use guard_core::name::SetKey;
use guard_core::policy::Deployed;
use guard_core::port::{Clock, Register};
use guard_core::state::Phase;
use guard_core::steps::decide::Mode;
use guard_core::time::plus_seconds;
use guard_local::Asked;
use guard_tests::crash::Fuse;
use guard_tests::guard::Guard;
use guard_tests::mail::{ACCOUNT, REGION, at, set};
use guard_tests::story::subjects;
use jiff::Timestamp;
use serde_json::{Value, json};

const NOON: &str = "2026-11-20T12:07:00Z";
const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
/// More steps than a look at the account has.
const MANY: u64 = 400;

/// Nothing that a small account would be spared for.
const WIDE: &str = "[account]\nmax_volume = \"100 %\"";

fn account() -> SetKey {
    SetKey::account(ACCOUNT.parse().unwrap(), REGION.parse().unwrap())
}

/// A guard with this policy of an account that sent this an hour ago: name, mails, hard bounces.
async fn guard(policy: &str, sets: &[(&str, u64, u64)]) -> Guard {
    let keys: Vec<SetKey> = sets.iter().map(|(name, _, _)| set(name)).collect();
    let mut guard = Guard::of(at(NOON), &keys);
    guard.policy = Deployed::read(policy).unwrap();
    guard.keeping = Keeping::DEPLOYED;
    mail(&mut guard, sets, plus_seconds(at(NOON), -HOUR)).await;
    guard
}

async fn mail(guard: &mut Guard, sets: &[(&str, u64, u64)], sent_at: Timestamp) {
    // No two mails of an account have the same id.
    for (first, (name, sends, bounces)) in (0..).step_by(1_000_000).zip(sets) {
        guard.mail(name, Send, first, *sends, sent_at).await;
        guard.mail(name, Bounce, first, *bounces, sent_at).await;
    }
}

/// 10,600 mails, 4.28 % of which bounced; each set is below its own 10 + 5 %.
const UNDER_THEIR_LINES: [(&str, u64, u64); 4] =
    [("giant", 1_600, 24), ("promo", 4_000, 205), ("shop", 3_000, 150), ("weekly", 2_000, 75)];

/// The same in small, for what is played many times.
const SMALL: [(&str, u64, u64); 4] = [("giant", 160, 2), ("promo", 400, 25), ("shop", 300, 20), ("weekly", 200, 13)];
const SMALL_WIDE: &str = "[account]\nmin_mails = 1000\nmax_volume = \"100 %\"";

async fn phase(guard: &Guard, name: &str) -> Phase {
    guard.state(&set(name)).await.phase
}

async fn watch(guard: &Guard) -> AccountWatch {
    guard.state(&account()).await.account.map(|watch| *watch).unwrap_or_default()
}

async fn history(guard: &Guard, of: &SetKey) -> Vec<AuditRecord> {
    let mut records = guard.register.history(of, 100).await.unwrap();
    records.reverse();
    records
}

async fn acts(guard: &Guard, of: &SetKey) -> Vec<Act> {
    history(guard, of).await.into_iter().map(|record| record.act).collect()
}

/// What people were told of the account, in short.
fn told(guard: &Guard) -> Vec<String> {
    let of_account = |subject: &String| subject.ends_with(ACCOUNT);
    subjects(guard).into_iter().filter(of_account).collect()
}

/// A look in each of the next `minutes`.
async fn looks(guard: &mut Guard, minutes: i64) {
    for _ in 0..minutes {
        guard.clock.advance(MINUTE);
        guard.guard_account().await;
    }
}

#[tokio::test]
async fn sets_below_their_own_lines_are_paused_when_the_account_nears_awss() {
    let mut guard = guard(WIDE, &UNDER_THEIR_LINES).await;
    assert!(guard.ses.calls().is_empty(), "no set was paused by its own line");
    guard.guard_account().await;
    let off: Vec<&str> =
        UNDER_THEIR_LINES.iter().map(|one| one.0).filter(|name| !guard.ses.accepts(&set(name))).collect();
    assert_eq!(off, ["promo", "shop", "weekly"], "the giant is below the target");
    assert_eq!(acts(&guard, &account()).await, [Act::AccountDefended]);
    assert_eq!(told(&guard), [format!("SES guard: pausing for the account: {ACCOUNT}")]);
    let notices = guard.notices.all();
    let of = |subject: &str| notices.iter().find(|notice| notice.subject.contains(subject)).unwrap().text.clone();
    insta::assert_snapshot!(of("for the account"));
    insta::assert_snapshot!(of("paused promo"));

    let calls = guard.ses.calls().len();
    looks(&mut guard, 3 * 60).await;
    assert_eq!((guard.ses.calls().len(), told(&guard).len()), (calls, 1), "what goes on is at the target");
    assert!(watch(&guard).await.rounds.iter().all(|round| round.done));
}

#[tokio::test]
async fn a_set_that_is_bad_in_both_ways_is_paused_for_one_of_them() {
    let mut guard = guard(WIDE, &UNDER_THEIR_LINES).await;
    // 0.085 % of all mail: at the trigger, and nobody is at a line of its own.
    for (place, name, complaints) in [(1, "promo", 8), (2, "shop", 1)] {
        guard.mail(name, Complaint, place * 1_000_000, complaints, plus_seconds(at(NOON), -HOUR)).await;
    }
    guard.guard_account().await;
    let chosen: Vec<_> = watch(&guard).await.rounds.iter().map(|round| (round.metric, round.sets.len())).collect();
    assert_eq!(chosen, [(Metric::Bounce, 3)]);
    let records = history(&guard, &account()).await;
    assert_eq!(records.len(), 2, "{records:?}");
    let of_complaints = &records.iter().find(|record| record.act == Act::AccountUndefended).unwrap().sentence;
    assert!(of_complaints.contains("Those that caused it are paused already"), "{of_complaints}");
}

#[tokio::test]
async fn beyond_the_caps_people_are_told_once_and_nothing_is_paused() {
    let mut guard = guard("", &UNDER_THEIR_LINES).await;
    looks(&mut guard, 60).await;
    assert!(guard.ses.calls().is_empty());
    assert_eq!(told(&guard), [format!("SES guard: account at risk: {ACCOUNT}")]);
    insta::assert_snapshot!(guard.notices.all().last().unwrap().text);
}

#[tokio::test]
async fn rounds_wait_for_one_another_and_share_the_caps_of_fifteen_minutes() {
    let policy = "[account]\nmax_volume = \"100 %\"\nmax_sets = 1\nwait = \"5 minutes\"";
    let mut guard = guard(policy, &UNDER_THEIR_LINES).await;
    let mut paused_at = Vec::new();
    for minute in 0..60 {
        let guarded = guard.guard_account().await;
        paused_at.extend(guarded.paused.iter().map(|record| (minute, record.set.name.to_string())));
        guard.clock.advance(MINUTE);
    }
    // The choices after five minutes and after ten find the cap of the first quarter of an hour used up.
    let expected = [(0, "promo"), (15, "shop"), (30, "weekly")].map(|(minute, name)| (minute, name.to_owned()));
    assert_eq!(paused_at, expected);
    let remembered: Vec<_> = watch(&guard).await.rounds.iter().map(|round| round.sets[0].name.to_string()).collect();
    assert_eq!(remembered, ["weekly"], "the last one, for people");
}

#[tokio::test]
async fn who_must_not_be_paused_is_named_and_nobody_else_pays() {
    let exempt = "[[exempt]]\nsets = \"promo\"\nreason = \"password mails\"\nexpires = 2027-01-01\n";
    for (what, policy, mode, paused, named) in [
        ("exempt", format!("{exempt}{WIDE}"), Mode::Enforce, vec!["shop", "weekly"], "password mails"),
        ("the guard observes", WIDE.to_owned(), Mode::Observe, vec![], "the guard observes only"),
    ] {
        let mut guard = guard(&policy, &UNDER_THEIR_LINES).await;
        guard.mode = mode;
        looks(&mut guard, 30).await;
        let off: Vec<&str> =
            UNDER_THEIR_LINES.iter().map(|one| one.0).filter(|name| !guard.ses.accepts(&set(name))).collect();
        assert_eq!(off, paused, "{what}");
        let records = history(&guard, &account()).await;
        assert_eq!(records.len(), 1, "{what}: told once");
        let sentence = &records[0].sentence;
        assert!(sentence.contains("promo (205 of 4,000, 5.1 %)") && sentence.contains(named), "{what}: {sentence}");
    }
}

#[tokio::test]
async fn a_held_set_is_left_alone_even_when_it_is_held_in_the_last_moment() {
    let mut guard = guard(WIDE, &UNDER_THEIR_LINES).await;
    let hold = json!({"action": "hold", "configurationSet": "promo", "reason": "launch", "actor": "ops@example.com"});
    guard.operate(hold).await;
    guard.guard_account().await;
    assert!(guard.ses.accepts(&set("promo")) && !guard.ses.accepts(&set("shop")));
}

#[tokio::test]
async fn a_look_may_die_between_any_two_steps() {
    let mut deaths = 0;
    for steps in 0..MANY {
        let what = format!("it died after {steps} steps");
        let mut guard = guard(SMALL_WIDE, &SMALL).await;
        let survived = guard.guard_account_with(&Fuse::of(steps)).await.is_some();
        deaths += u32::from(!survived);
        guard.clock.advance(MINUTE);
        guard.guard_account().await;
        guard.settle().await;
        for name in ["promo", "shop", "weekly"] {
            assert!(!guard.ses.accepts(&set(name)), "{what}: {name}");
            let acts: Vec<Act> = acts(&guard, &set(name)).await.into_iter().filter(|act| *act != Act::Warned).collect();
            assert_eq!(acts, [Act::PauseIntended, Act::Paused], "{what}: {name}");
            assert_eq!(guard.state(&set(name)).await.generation, 1, "{what}: {name}");
        }
        assert!(guard.ses.accepts(&set("giant")), "{what}");
        assert_eq!(acts(&guard, &account()).await, [Act::AccountDefended], "{what}: one round, written down once");
        assert!(watch(&guard).await.rounds.iter().all(|round| round.done), "{what}");
        if survived {
            break;
        }
    }
    assert!(deaths > 40, "{deaths} places to die");
}

#[tokio::test]
async fn a_round_that_nobody_carried_out_in_fifteen_minutes_is_given_up_and_chosen_anew() {
    for (seconds, rounds) in [(899, 1), (900, 2)] {
        let mut guard = guard(SMALL_WIDE, &SMALL).await;
        // Who wrote the round down died before the first of its pauses.
        for steps in 0..MANY {
            guard.guard_account_with(&Fuse::of(steps)).await;
            if !watch(&guard).await.rounds.is_empty() {
                break;
            }
        }
        assert!(guard.register.pending().await.unwrap().is_empty(), "nobody is paused yet");
        guard.clock.advance(seconds);
        guard.guard_account().await;
        assert_eq!(acts(&guard, &account()).await, vec![Act::AccountDefended; rounds], "after {seconds} s");
        assert!(!guard.ses.accepts(&set("promo")), "after {seconds} s");
    }
}

#[tokio::test]
async fn what_an_operator_resumed_is_not_paused_again_by_an_unfinished_round() {
    let mut resumed = 0;
    for steps in 0..MANY {
        let mut guard = guard(SMALL_WIDE, &SMALL).await;
        let survived = guard.guard_account_with(&Fuse::of(steps)).await.is_some();
        guard.settle().await;
        let was_paused = phase(&guard, "promo").await == Phase::Paused;
        if was_paused {
            let order =
                json!({"action": "resume", "configurationSet": "promo", "reason": "clean", "actor": "ops@example.com"});
            assert_eq!(guard.operate(order).await["ok"], true);
            resumed += 1;
        }
        looks(&mut guard, 5).await;
        assert_eq!(guard.ses.accepts(&set("promo")), was_paused, "after {steps} steps");
        assert!(!guard.ses.accepts(&set("shop")) && !guard.ses.accepts(&set("weekly")), "after {steps} steps");
        if survived {
            break;
        }
    }
    assert!(resumed > 3, "{resumed} times the round was left in the middle");
}

#[tokio::test]
async fn a_resumed_set_is_not_paused_again_for_mail_sent_before() {
    let mut guard = guard(WIDE, &UNDER_THEIR_LINES).await;
    guard.guard_account().await;
    guard.clock.advance(20 * MINUTE);
    for name in ["promo", "shop", "weekly"] {
        let order =
            json!({"action": "resume", "configurationSet": name, "reason": "clean", "actor": "ops@example.com"});
        assert_eq!(guard.operate(order).await["ok"], true);
    }
    looks(&mut guard, 60).await;
    for name in ["promo", "shop", "weekly"] {
        assert!(guard.ses.accepts(&set(name)), "{name}: what it sent before its fence is over");
    }
    // And it does not go on as before.
    let now = guard.clock.now();
    guard.mail("promo", Send, 9_000_000, 3_000, now).await;
    guard.mail("promo", Bounce, 9_000_000, 150, now).await;
    looks(&mut guard, 15).await;
    assert!(!guard.ses.accepts(&set("promo")));
}

#[tokio::test]
async fn people_are_warned_once_until_the_rate_was_below() {
    let mut guard = guard(WIDE, &[("giant", 5_000, 125), ("promo", 5_000, 125)]).await;
    looks(&mut guard, 120).await;
    assert_eq!(told(&guard), [format!("SES guard: account nears its line: {ACCOUNT}")]);
    insta::assert_snapshot!(guard.notices.all().last().unwrap().text);
    let now = guard.clock.now();
    guard.mail("giant", Send, 9_000_000, 1_000, now).await;
    looks(&mut guard, 10).await;
    guard.mail("giant", Bounce, 9_000_000, 30, now).await;
    looks(&mut guard, 10).await;
    assert_eq!(told(&guard).len(), 2, "it was below in between");
    assert!(guard.ses.accepts(&set("giant")) && guard.ses.accepts(&set("promo")));
}

#[tokio::test]
async fn complaints_are_looked_at_over_three_days_and_over_one() {
    for (what, days_ago, complaints, paused) in [
        ("a spammer of today", 0, 45, true),
        ("one of the day before yesterday", 2, 90, true),
        ("one of last week", 6, 90, false),
    ] {
        let mut guard = guard(WIDE, &[]).await;
        let keys = [set("giant"), set("spam")];
        keys.iter().for_each(|key| guard.ses.create(key));
        // Lax lines of its own, so that it is the account that pauses it.
        let lax = "[profile.lax]\ncomplaint = { pause_rate = \"0.45 %\", pause_slack = 30 }\n[[assign]]\nsets = \"*\"\nprofile = \"lax\"\n";
        guard.policy = Deployed::read(&format!("{lax}{WIDE}")).unwrap();
        for day in 0..7_i64 {
            let sent_at = plus_seconds(at(NOON), -day * 24 * HOUR - HOUR);
            for chunk in 0..20_u64 {
                let first = u64::try_from(day).unwrap() * 100_000 + chunk * 1_000;
                guard.mail("giant", Send, first, 1_000, sent_at).await;
            }
        }
        let sent_at = plus_seconds(at(NOON), -days_ago * 24 * HOUR - HOUR);
        guard.mail("spam", Send, 900_000, 15_000, sent_at).await;
        guard.mail("spam", Complaint, 900_000, complaints, sent_at).await;
        assert!(guard.ses.accepts(&set("spam")), "{what}: below its own line");
        guard.guard_account().await;
        assert_eq!(!guard.ses.accepts(&set("spam")), paused, "{what}");
        assert!(guard.ses.accepts(&set("giant")), "{what}");
    }
}

#[tokio::test]
async fn the_guard_goes_on_without_ses() {
    let mut guard = guard(WIDE, &UNDER_THEIR_LINES).await;
    guard.account.plant([true, true]);
    let guarded = guard.guard_account().await;
    assert!(!guard.ses.accepts(&set("promo")), "by its own counts");
    insta::assert_snapshot!(guarded.unread.unwrap(), @"GetAccount of the account failed: GetAccount of the account: AccessDeniedException");
    guard.clock.advance(5 * MINUTE);
    assert_eq!(guard.guard_account().await.unread, None, "asked again, and answered");
}

#[tokio::test]
async fn what_ses_reckons_triggers_too_and_lowers_the_target() {
    // 1.5 % by our counts: nothing to see.
    let sets = [("giant", 8_000, 64), ("promo", 2_000, 86)];
    let mut quiet = guard(WIDE, &sets).await;
    looks(&mut quiet, 30).await;
    assert!(told(&quiet).is_empty());
    // 4.4 % by SES's: the target is 2 % · 1.5 / 4.4 of ours.
    let mut guard = guard(WIDE, &sets).await;
    guard.account.reckon(Some(44_000), None);
    guard.guard_account().await;
    assert!(!guard.ses.accepts(&set("promo")));
    assert!(guard.ses.accepts(&set("giant")), "0.8 % is above 0.68 %, but not beyond doubt");
    assert_eq!(watch(&guard).await.rounds[0].target.get(), 6_818);
}

#[tokio::test]
async fn ses_is_not_believed_when_it_speaks_of_other_mail() {
    let mut guard = guard(WIDE, &[("giant", 8_000, 24), ("promo", 2_000, 30)]).await;
    guard.account.reckon(Some(44_000), None);
    looks(&mut guard, 60).await;
    assert!(guard.ses.calls().is_empty(), "eight times what was counted");
    assert_eq!(told(&guard), [format!("SES guard: account at risk: {ACCOUNT}")]);
    let text = guard.notices.all().remove(0).text;
    assert!(text.contains("SES itself reckons 4.4 %") && text.contains("nobody is paused for it"), "{text}");
    looks(&mut guard, 24 * 60).await;
    let disputed = format!("SES guard: SES counts otherwise in {ACCOUNT}");
    assert_eq!(told(&guard)[1..], [disputed], "after a day, once");
    insta::assert_snapshot!(guard.notices.all().last().unwrap().text);
}

#[tokio::test]
async fn how_aws_treats_the_account_is_told_when_it_changes() {
    let mut guard = guard(WIDE, &[]).await;
    let mut treated = Vec::new();
    for (status, enabled, news) in [
        ("HEALTHY", true, false),
        ("PROBATION", true, true),
        ("PROBATION", true, false),
        ("SHUTDOWN", false, true),
        ("HEALTHY", false, true),
        ("HEALTHY", true, true),
        ("HEALTHY", true, false),
    ] {
        guard.account.treat(status, enabled);
        looks(&mut guard, 6).await;
        treated.extend(news.then_some(()));
        assert_eq!(told(&guard).len(), treated.len(), "{status} {enabled}");
    }
    assert_eq!(told(&guard)[0], format!("SES guard: AWS changed how it treats {ACCOUNT}"));
    let texts: Vec<String> = history(&guard, &account()).await.into_iter().map(|record| record.sentence).collect();
    insta::assert_snapshot!(texts.join("\n"));
    let mut first = self::guard(WIDE, &[]).await;
    first.account.treat("PROBATION", true);
    first.guard_account().await;
    assert_eq!(told(&first).len(), 1, "at first sight, too");
}

#[tokio::test]
async fn an_account_that_aws_stopped_is_not_defended() {
    // Or that people have stopped.
    for (status, enabled) in [("SHUTDOWN", false), ("SHUTDOWN", true), ("HEALTHY", false)] {
        let mut guard = guard(WIDE, &UNDER_THEIR_LINES).await;
        guard.account.treat(status, enabled);
        looks(&mut guard, 30).await;
        assert!(guard.ses.calls().is_empty(), "{status} {enabled}");
        assert_eq!(acts(&guard, &account()).await, [Act::AccountStandingChanged], "{status} {enabled}");
        guard.account.treat("HEALTHY", true);
        looks(&mut guard, 6).await;
        assert!(!guard.ses.accepts(&set("promo")), "as soon as it sends again");
    }
}

#[tokio::test]
async fn an_alarm_of_the_account_has_ses_asked_within_the_minute() {
    let mut guard = guard(WIDE, &[("giant", 8_000, 64), ("promo", 2_000, 86)]).await;
    looks(&mut guard, 2).await;
    guard.account.reckon(Some(44_000), None);
    looks(&mut guard, 1).await;
    assert!(guard.ses.accepts(&set("promo")), "SES is asked every five minutes");
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../events/alarm/direct-account-level.json");
    let alarm: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    guard.alarm(&alarm).await.unwrap();
    assert!(watch(&guard).await.alarmed_at.is_some());
    looks(&mut guard, 1).await;
    assert!(!guard.ses.accepts(&set("promo")));
    assert_eq!(watch(&guard).await.alarmed_at, None);
}

#[tokio::test]
async fn a_look_reads_and_writes_within_bounds() {
    const STEPS: u64 = u64::MAX;
    let calls = async |guard: &Guard| {
        let fuse = Fuse::of(STEPS);
        guard.guard_account_with(&fuse).await.unwrap();
        fuse.calls_since(STEPS)
    };
    // A read of counts asks for what is known of them, then queries the others.
    // A small account, all quiet: its state, 16 reads, SES's two answers, and the figures written down.
    let mut guard = guard(WIDE, &[("giant", 8_000, 99)]).await;
    assert_eq!(calls(&guard).await, 1 + 16 * 2 + 2 + 1);
    for minute in 1..5 {
        guard.clock.advance(MINUTE);
        assert_eq!(calls(&guard).await, 1, "below half of the warn line, after {minute} minutes");
    }
    guard.clock.advance(MINUTE);
    guard.mail("giant", Bounce, 8_000_000, 1, at(NOON)).await;
    assert_eq!(calls(&guard).await, 1 + 16 * 2 + 2 + 1, "after five");
    guard.clock.advance(MINUTE);
    assert_eq!(calls(&guard).await, 1 + 16 * 2, "at half of it each minute; nothing is written, and SES is not asked");
    guard.mail("giant", Send, 9_000_000, 42_000, at(NOON)).await;
    guard.clock.advance(MINUTE);
    assert_eq!(calls(&guard).await, 1 + 8 * 2, "50,000 mails in three days are enough to look at");

    // 400 bad sets: 200 are looked at, ten are paused.
    let names: Vec<String> = (0..400).map(|number| format!("tenant-{number}")).collect();
    let sets: Vec<(&str, u64, u64)> = names.iter().map(|name| (name.as_str(), 150, 12)).collect();
    let share = "[account]\nmax_volume = \"100 %\"\nmin_share = \"0 %\"";
    let guard = self::guard(share, &sets).await;
    let look = 1 + 8 * 2 + 2;
    let choice = 1 + 200 * (1 + 2);
    let round = 1 + 10 * 2 + 1;
    assert_eq!(calls(&guard).await, look + choice + round);
    let pending: BTreeSet<_> = guard.register.pending().await.unwrap().into_iter().map(|one| one.set).collect();
    assert_eq!(pending.len(), 10);
}

#[tokio::test]
async fn status_shows_how_the_account_stands() {
    let mut guard = guard(WIDE, &UNDER_THEIR_LINES).await;
    let status = guard.operate(json!({"action": "status"})).await;
    assert_eq!(status["account"], Value::Null, "nobody looked yet");
    guard.account.reckon(Some(41_000), Some(100));
    guard.guard_account().await;
    let status = guard.operate(json!({"action": "status"})).await;
    insta::assert_snapshot!(serde_json::to_string_pretty(&status["account"]).unwrap());
}

/// All of the account is bad, and nobody may be paused for it.
async fn nobody_may_be_paused(stop: &str, allowed: AccountStop) -> Guard {
    let policy = format!(
        "mode = \"enforce\"\n[[exempt]]\nsets = \"t-*\"\nreason = \"all of them\"\nexpires = 2027-01-01\n[account]\n{stop}\n"
    );
    let mut guard = guard(&policy, &[("t-one", 3_000, 300), ("t-two", 3_000, 270)]).await;
    guard.ses.create(&account());
    guard.account_stop = allowed;
    guard
}

const STOP: &str = "stop = { bounce = \"9 %\", complaint = \"0.45 %\" }";

fn of_account(action: &str) -> Value {
    json!({"action": action, "configurationSet": "*account*", "reason": "lists cleaned", "actor": "ops@example.com"})
}

#[tokio::test]
async fn the_account_is_stopped_only_where_policy_and_stack_say_so() {
    for (what, stop, allowed, mode, stopped) in [
        ("both", STOP, AccountStop::Allowed, Mode::Enforce, true),
        ("only the stack", "", AccountStop::Allowed, Mode::Enforce, false),
        ("only the policy", STOP, AccountStop::Forbidden, Mode::Enforce, false),
        ("the guard observes", STOP, AccountStop::Allowed, Mode::Observe, false),
        ("below the line", "stop = { bounce = \"9.6 %\" }", AccountStop::Allowed, Mode::Enforce, false),
        ("a line for complaints only", "stop = { complaint = \"0.4 %\" }", AccountStop::Allowed, Mode::Enforce, false),
    ] {
        let mut guard = nobody_may_be_paused(stop, allowed).await;
        guard.mode = mode;
        looks(&mut guard, 30).await;
        assert_eq!(!guard.ses.accepts(&account()), stopped, "{what}");
        assert!(guard.ses.accepts(&set("t-one")), "{what}");
    }
}

#[tokio::test]
async fn the_account_is_not_stopped_while_pausing_sets_is_enough() {
    let policy = format!("{WIDE}\n{STOP}");
    // 14 % bounce; without promo 1 % do.
    let mut guard = guard("", &[("giant", 6_000, 60)]).await;
    guard.policy = Deployed::read(&policy).unwrap();
    guard.account_stop = AccountStop::Allowed;
    [account(), set("promo")].iter().for_each(|key| guard.ses.create(key));
    let hold = json!({"action": "hold", "configurationSet": "promo", "reason": "launch", "actor": "ops@example.com"});
    guard.operate(hold).await;
    mail(&mut guard, &[("giant", 0, 0), ("promo", 2_000, 1_060)], at(NOON)).await;
    let release =
        json!({"action": "release", "configurationSet": "promo", "reason": "over", "actor": "ops@example.com"});
    guard.guard_account().await;
    assert!(!guard.ses.accepts(&account()), "held, it can't be paused, and what goes on is at 14 %");
    guard.operate(of_account("resume")).await;
    guard.operate(release).await;
    assert!(!guard.ses.accepts(&set("promo")) && guard.ses.accepts(&account()), "its own line pauses it now");
    looks(&mut guard, 60).await;
    assert!(guard.ses.accepts(&account()));
}

#[tokio::test]
async fn a_stop_is_carried_out_told_kept_and_taken_back_like_any_pause() {
    let mut guard = nobody_may_be_paused(STOP, AccountStop::Allowed).await;
    guard.guard_account().await;
    guard.account.treat("HEALTHY", false);
    assert!(!guard.ses.accepts(&account()));
    let acts: Vec<Act> =
        acts(&guard, &account()).await.into_iter().filter(|act| *act != Act::AccountUndefended).collect();
    assert_eq!(acts, [Act::PauseIntended, Act::Paused]);
    let stopped = format!("SES guard: stopped all sending of {ACCOUNT}");
    insta::assert_snapshot!(guard.notices.all().iter().find(|notice| notice.subject == stopped).unwrap().text);
    let so_far = told(&guard).len();
    looks(&mut guard, 12).await;
    assert_eq!(told(&guard).len(), so_far, "that the switch is off is no news, and it is not stopped twice");

    // Someone lets it send again behind the guard's back.
    guard.clock.advance(HOUR);
    guard.ses.toggle(&account(), true);
    guard.sweep().await;
    assert!(!guard.ses.accepts(&account()), "a sweep puts that right");

    guard.clock.advance(HOUR);
    let answer = guard.operate(of_account("resume")).await;
    assert_eq!((&answer["ok"], &answer["phaseAfter"]), (&json!(true), &json!("RESUMING")), "{answer}");
    guard.account.treat("HEALTHY", true);
    assert!(guard.ses.accepts(&account()));
    let told_before = told(&guard).len();
    looks(&mut guard, 60).await;
    assert!(guard.ses.accepts(&account()), "what was sent before the resume no longer counts");
    assert_eq!(guard.state(&account()).await.phase, Phase::Active);
    assert_eq!(told(&guard).len(), told_before);
}

#[tokio::test]
async fn operators_stop_the_account_only_where_the_stack_allows_it_and_never_fight_aws() {
    let mut guard = nobody_may_be_paused("", AccountStop::Forbidden).await;
    for action in ["pause", "resume", "hold", "release"] {
        assert_eq!(guard.operate(of_account(action)).await["error"]["code"], "accountStopForbidden", "{action}");
    }
    assert_eq!(guard.operate(json!({"action": "history", "configurationSet": "*account*"})).await["ok"], true);
    guard.account_stop = AccountStop::Allowed;
    assert_eq!(guard.operate(of_account("pause")).await["phaseAfter"], "PAUSING");
    assert!(!guard.ses.accepts(&account()));
    guard.account.treat("SHUTDOWN", false);
    looks(&mut guard, 6).await;
    assert_eq!(guard.operate(of_account("resume")).await["error"]["code"], "stoppedByAws");
    assert!(guard.ses.calls().iter().all(|(_, turned)| *turned != Some(true)));
    guard.account.treat("HEALTHY", false);
    looks(&mut guard, 6).await;
    assert_eq!(guard.operate(of_account("resume")).await["ok"], true);
    assert!(guard.ses.accepts(&account()));
}

#[tokio::test]
async fn a_stopped_account_is_no_set_whose_event_destinations_are_asked_for() {
    let mut guard = nobody_may_be_paused("", AccountStop::Allowed).await;
    assert_eq!(guard.operate(of_account("pause")).await["phaseAfter"], "PAUSING");
    for _ in 0..60 {
        guard.clock.advance(MINUTE);
        guard.sweep().await;
    }
    let asked = guard.ses.asked();
    let is_asked = |set| asked.contains(&Asked::Destinations(set));
    assert!(is_asked(set("t-one")) && !is_asked(account()), "{asked:?}");
}

#[tokio::test]
async fn no_set_is_resumed_while_aws_stops_the_account() {
    let mut guard = guard("", &[("promo", 300, 60)]).await;
    assert_eq!(phase(&guard, "promo").await, Phase::Paused);
    guard.account.treat("SHUTDOWN", false);
    looks(&mut guard, 6).await;
    for force in [false, true] {
        let resume = json!({"action": "resume", "configurationSet": "promo", "force": force,
            "reason": "list cleaned", "actor": "ops@example.com"});
        let refused = guard.operate(resume).await;
        assert_eq!(refused["error"]["code"], "stoppedByAws", "{refused}");
    }
    assert_eq!(phase(&guard, "promo").await, Phase::Paused);
    // Who is under review sends.
    guard.account.treat("PROBATION", true);
    looks(&mut guard, 6).await;
    let taken = guard.operate(json!({"action": "resume", "configurationSet": "promo",
        "reason": "list cleaned", "actor": "ops@example.com"}));
    assert_eq!(taken.await["ok"], true);
    assert!(guard.ses.accepts(&set("promo")));
}
