//! Silence is never read as health: what the guard as a whole does not see is found, told once, shown, and over by itself.

use std::collections::BTreeSet;

use guard_core::audit::Act;
use guard_core::event::SignalKind::Send;
use guard_core::name::{AccountId, Region, SetKey};
use guard_core::notice::Notice;
use guard_core::port::{Clock, Register, Vital};
use guard_core::state::{Intent, State, Totals, Why};
use guard_core::time::{Bucket, plus_seconds};
use guard_local::{Asked, SesFault};
use guard_sweep::Errand;
use guard_tests::crash::Fuse;
use guard_tests::guard::{Guard, receipt};
use guard_tests::mail::{ACCOUNT, REGION, at, set};
use serde_json::{Value, json};

/// On the hour, when the guard looks for the first time.
const BEGIN: &str = "2026-11-20T12:00:00Z";
const LOOK: i64 = 300;

/// One five minutes of the account's life.
#[derive(Debug, Clone, Copy)]
struct Life {
    /// Mails that SES takes in a quarter of an hour.
    taken: u64,
    /// Those of them whose events arrive.
    heard: u64,
    /// Seconds that events wait.
    age: u64,
}

const WELL: Life = Life { taken: 200, heard: 200, age: 0 };
const DEAF: Life = Life { taken: 200, heard: 10, age: 0 };

fn account() -> SetKey {
    SetKey::account(ACCOUNT.parse().unwrap(), REGION.parse().unwrap())
}

fn guard() -> Guard {
    Guard::of(at(BEGIN), &[set("promo"), set("shop")])
}

/// Five minutes go by, and their numbers get to CloudWatch.
async fn live(guard: &mut Guard, life: Life) {
    let before = guard.clock.now();
    guard.clock.advance(LOOK);
    let now = guard.clock.now();
    for minute in 0..5 {
        guard.monitor.publish(Vital::EventsAge, plus_seconds(before, minute * 60), life.age);
    }
    if Bucket::of(before) != Bucket::of(now) {
        let sent_at = Bucket::of(before).start();
        guard.monitor.publish(Vital::Sends, sent_at, life.taken);
        let first = sent_at.as_second().unsigned_abs() * 1_000;
        guard.mail("promo", Send, first, life.heard, sent_at).await;
    }
}

/// Looks every five minutes for so many of them.
async fn looks(guard: &mut Guard, looks: u32, life: Life) {
    for _ in 0..looks {
        live(guard, life).await;
        guard.look().await;
    }
}

fn subjects(guard: &Guard) -> Vec<String> {
    guard.notices.all().into_iter().map(|notice| notice.subject).collect()
}

/// A notice without its links, and without the record's id, which holds the number of its act.
fn words(notice: &Notice) -> String {
    notice.text.split("\nRunbook").next().unwrap().to_owned()
}

async fn status(guard: &mut Guard) -> Value {
    guard.operate(json!({"action": "status"})).await["sight"].take()
}

fn spots(sight: &Value) -> Vec<&str> {
    sight["blindSpots"].as_array().unwrap().iter().map(|one| one["blindSpot"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn mail_that_is_sent_and_not_heard_is_told_once_and_heard_again_by_itself() {
    let mut guard = guard();
    looks(&mut guard, 48, DEAF).await;
    assert_eq!(subjects(&guard), ["SES guard: does not hear what SES sends, account 111122223333"], "in four hours");
    let told = guard.notices.all().remove(0);
    assert_eq!(told.detail_type, "Counting Degraded");
    assert_eq!(told.detail["audit"]["evidence"]["blindSpot"], "silence");
    insta::assert_snapshot!(words(&told), @r#"
    SES took 800 mails between Fri 12:30 and 13:29 UTC, and the guard counted 40 of them: the others can't pause anybody. Mail without a configuration set, of sets that do not publish to the guard and to the mailbox simulator is never counted.

    Account: 111122223333 in eu-west-1
    What the guard did: nothing more; it goes on judging what it counts, and looks again every five minutes.
    What to do: see which configuration sets do not publish to the guard: ses-guard list --region eu-west-1 --unheard, and attach them: ses-guard enrol --region eu-west-1 --plan, then --apply. Give identities a default set, so that no mail is without one. Then look at the topic, its policy and its subscription: ses-guard doctor --region eu-west-1.
    "#);
    let shown = status(&mut guard).await;
    assert_eq!(spots(&shown), ["silence"]);
    assert_eq!(shown["blindSpots"][0]["since"], "2026-11-20T13:25:00Z");
    let sentence = shown["blindSpots"][0]["sentence"].as_str().unwrap().to_owned();
    assert!(
        sentence.starts_with("SES took 800 mails between Fri 14:45 and 15:44 UTC"),
        "the latest numbers: {sentence}"
    );

    let none = Life { taken: 0, heard: 0, age: 0 };
    looks(&mut guard, 24, none).await;
    assert_eq!(subjects(&guard).len(), 1, "no mail is no health");
    looks(&mut guard, 24, WELL).await;
    assert_eq!(subjects(&guard).last().unwrap(), "SES guard: hears again what SES sends, account 111122223333");
    assert_eq!(subjects(&guard).len(), 2);
    insta::assert_snapshot!(words(&guard.notices.all()[1]), @"
    Over; it was first seen on Fri 20 Nov 2026 13:25 UTC. SES took 400 mails between Fri 17:30 and 18:29 UTC, and the guard counted 400 of them.

    Account: 111122223333 in eu-west-1
    What the guard did: noted it by itself.
    What to do: nothing.
    ");
    assert_eq!(status(&mut guard).await, json!({"checkedAt": "2026-11-20T20:00:00Z", "blindSpots": []}));
    let mut records = guard.register.history(&account(), 10).await.unwrap();
    records.reverse();
    assert_eq!(records.iter().map(|one| one.act).collect::<Vec<_>>(), [Act::WentBlind, Act::SeesAgain], "on file");
}

#[tokio::test]
async fn what_was_sent_before_the_guard_came_is_no_silence() {
    let mut guard = guard();
    for hour in 1..8 {
        guard.monitor.publish(Vital::Sends, plus_seconds(at(BEGIN), -900 * hour), 10_000);
    }
    looks(&mut guard, 24, WELL).await;
    assert!(subjects(&guard).is_empty(), "{:?}", subjects(&guard));
}

#[tokio::test]
async fn a_dead_queue_is_behind_and_not_silent() {
    let mut guard = guard();
    looks(&mut guard, 18, WELL).await;
    let dead = Life { taken: 200, heard: 0, age: 16 };
    looks(&mut guard, 24, dead).await;
    assert_eq!(subjects(&guard), ["SES guard: behind, account 111122223333"]);
    assert!(guard.notices.all()[0].text.starts_with("In the last minutes events waited up to 16 s to be counted."));
    // The events come late, in the buckets of their mail.
    let now = guard.clock.now();
    for quarter in 1..=8 {
        let sent_at = Bucket::of(now).plus(-quarter).start();
        guard.mail("promo", Send, sent_at.as_second().unsigned_abs() * 1_000, 200, sent_at).await;
    }
    looks(&mut guard, 12, WELL).await;
    assert_eq!(subjects(&guard)[1..], ["SES guard: no longer behind, account 111122223333"]);
}

#[tokio::test]
async fn a_stream_that_wakes_nobody_is_found_by_the_marks_it_left() {
    let mut guard = guard();
    live(&mut guard, WELL).await;
    for _ in 0..2 {
        live(&mut guard, WELL).await;
        let looked = guard.look_with(guard.clock.now(), 3, &Fuse::endless()).await.unwrap();
        assert!(looked.faults.is_empty());
    }
    guard.settle().await;
    assert_eq!(subjects(&guard), ["SES guard: behind, account 111122223333"]);
    let text = &guard.notices.all()[0].text;
    assert!(
        text.contains("3 configuration sets waited to be judged, and nothing has woken judge for ten minutes"),
        "{text}"
    );
}

#[tokio::test]
async fn a_question_without_an_answer_is_no_health() {
    let mut guard = guard();
    looks(&mut guard, 6, WELL).await;
    guard.monitor.refuse(3);
    looks(&mut guard, 9, WELL).await;
    assert!(subjects(&guard).is_empty(), "a quarter of an hour may pass");
    guard.monitor.refuse(12);
    looks(&mut guard, 12, WELL).await;
    assert_eq!(subjects(&guard), ["SES guard: can't tell how it stands, account 111122223333"], "told once");
    let shown = status(&mut guard).await;
    assert_eq!(
        shown["blindSpots"][0]["sentence"],
        "The guard can't tell whether it is well: CloudWatch did not answer (GetMetricData of the guard's vitals: \
         AccessDenied). That is no sign of health."
    );
    looks(&mut guard, 9, WELL).await;
    assert_eq!(subjects(&guard)[1..], ["SES guard: can tell again how it stands, account 111122223333"]);
}

#[tokio::test]
async fn a_blind_spot_is_not_over_because_nobody_answered() {
    let mut guard = guard();
    looks(&mut guard, 24, DEAF).await;
    guard.monitor.refuse(24);
    looks(&mut guard, 24, WELL).await;
    assert_eq!(spots(&status(&mut guard).await), ["silence", "cantTell"]);
}

#[tokio::test]
async fn receipts_that_may_be_doubles_are_told_while_they_matter() {
    let mut guard = guard();
    looks(&mut guard, 3, WELL).await;
    let again: Vec<_> = (0..60)
        .map(|mail| guard_core::steps::count::Receipt { suspect: true, ..receipt("shop", Send, mail, at(BEGIN)) })
        .collect();
    guard.count(&again, &Fuse::endless()).await.unwrap();
    guard.mail("promo", Send, 7, 100, at(BEGIN)).await;
    looks(&mut guard, 60, Life { taken: 0, heard: 0, age: 0 }).await;
    assert_eq!(
        subjects(&guard),
        ["SES guard: counts uncertain, account 111122223333", "SES guard: counts certain again, account 111122223333"]
    );
    let sentence = guard.notices.all().remove(0).text;
    assert!(
        sentence
            .starts_with("60 of the 360 sends counted between Fri 08:15 and 12:14 UTC may be counted twice (16.7 %)."),
        "{sentence}"
    );
}

#[tokio::test]
async fn dead_letters_are_told_with_how_many_they_are() {
    let mut guard = guard();
    for minute in 0..10 {
        guard.monitor.publish(Vital::EventDeadLetters, plus_seconds(at(BEGIN), minute * 60), 12);
    }
    looks(&mut guard, 12, WELL).await;
    assert_eq!(
        subjects(&guard),
        ["SES guard: dead letters, account 111122223333", "SES guard: no more dead letters, account 111122223333"]
    );
    assert!(guard.notices.all()[0].text.starts_with("The dead-letter queues hold 12 events and 0 wake-up calls."));
}

/// Verifies `domains` and `addresses` without a default set, and one domain that has one.
fn verify(guard: &Guard, domains: u32, addresses: u32) {
    let (account, region): (AccountId, Region) = (ACCOUNT.parse().unwrap(), REGION.parse().unwrap());
    guard.ses.verify(&account, &region, "covered.example", Some(&set("promo").name));
    (0..domains).for_each(|number| guard.ses.verify(&account, &region, &format!("d{number:03}.example"), None));
    (0..addresses).for_each(|number| guard.ses.verify(&account, &region, &format!("jane{number:03}@a.example"), None));
}

#[tokio::test]
async fn all_identities_are_asked_within_the_budget_and_no_address_is_told() {
    let mut guard = guard();
    verify(&guard, 40, 30);
    let mut last = guard.clock.now();
    for look in 1..=3 {
        live(&mut guard, WELL).await;
        let (before, calls) = (guard.clock.now(), guard.ses.asked().len());
        guard.look().await;
        let made = guard.ses.asked().len() - calls;
        assert!(made <= 30, "{made} calls in look {look}");
        assert!(guard.clock.now() >= plus_seconds(before, i64::try_from(made).unwrap() - 1), "at one a second");
        last = guard.clock.now();
        guard.clock.set(before);
        assert_eq!(subjects(&guard).len(), usize::from(look == 3), "after look {look}");
    }
    guard.clock.set(last);
    let asked = guard.ses.asked();
    let of_each: Vec<_> = asked.iter().filter(|one| matches!(one, Asked::DefaultSet(_))).collect();
    assert_eq!(of_each.len(), 71, "each once");
    insta::assert_snapshot!(words(&guard.notices.all()[0]), @"
    Of the 71 identities that may send, 40 domains (d000.example, d001.example, d002.example, d003.example, d004.example and 35 more) and 30 addresses have no default configuration set: what they send without naming one is not counted, and no pause stops it.

    Account: 111122223333 in eu-west-1
    What the guard did: nothing more; it goes on judging what it counts, and looks again every five minutes.
    What to do: give each a default set: aws sesv2 put-email-identity-configuration-set-attributes --email-identity example.com --configuration-set-name NAME. All identities: aws sesv2 list-email-identities. They are looked through again within a day or two.
    ");
    looks(&mut guard, 12, WELL).await;
    assert_eq!(guard.ses.asked().len(), asked.len(), "and nobody is asked again on the same day");
    let known = format!("{:?} {:?} {}", guard.state(&account()).await, guard.notices.all(), status(&mut guard).await);
    assert!(!known.contains("jane"), "{known}");

    let (account, region): (AccountId, Region) = (ACCOUNT.parse().unwrap(), REGION.parse().unwrap());
    for identity in guard
        .ses
        .asked()
        .iter()
        .filter_map(|one| if let Asked::DefaultSet(name) = one { Some(name.clone()) } else { None })
    {
        guard.ses.verify(&account, &region, &identity, Some(&set("promo").name));
    }
    guard.clock.advance(86_400);
    looks(&mut guard, 3, WELL).await;
    assert_eq!(subjects(&guard).last().unwrap(), "SES guard: no more mail past the guard, account 111122223333");
}

#[tokio::test]
async fn a_survey_gives_way_to_pauses_and_to_throttling_and_begins_anew_when_ses_forgot_its_page() {
    let mut guard = guard();
    verify(&guard, 5, 0);
    let (pending, totals) = (Some((Intent::Pause, 1)), Some(Totals::default()));
    let waiting = State { pending, totals, why: Some(Why::guard("Over.")), ..State::default() };
    let change = guard_core::state::Change::silent(&set("shop"), &State::default(), waiting);
    let _ = guard.register.commit(&change).await.unwrap();
    guard.register.take_stream();
    live(&mut guard, WELL).await;
    guard.register.take_stream();
    let looked = guard.look_with(guard.clock.now(), 0, &Fuse::endless()).await.unwrap();
    assert!(looked.faults.is_empty() && guard.ses.asked().is_empty(), "a pause waits for SES");
    guard.actuate(&BTreeSet::from([set("shop")]), &Fuse::endless()).await.unwrap();

    guard.ses.plant_in_inventory([SesFault::Throttled]);
    looks(&mut guard, 1, WELL).await;
    assert_eq!(guard.ses.asked(), [Asked::Identities], "SES throttles");
    assert!(guard.state(&account()).await.sight.unwrap().survey.refused.is_none(), "which is no refusal");

    let forgotten = Some("forgotten".to_owned());
    for (page, fault, refused, goes_on_at) in [
        (None, SesFault::Denied, true, (None, 3)),
        (forgotten.clone(), SesFault::Throttled, false, (forgotten.clone(), 3)),
        (forgotten, SesFault::Denied, true, (None, 0)),
    ] {
        let before = guard.state(&account()).await;
        let mut underway = before.clone();
        let survey = &mut underway.sight.as_mut().unwrap().survey;
        (survey.page, survey.of_page) = (page.clone(), 3);
        let change = guard_core::state::Change::silent(&account(), &before, underway);
        let _ = guard.register.commit(&change).await.unwrap();
        guard.ses.plant_in_inventory([fault]);
        looks(&mut guard, 1, WELL).await;
        let survey = guard.state(&account()).await.sight.unwrap().survey;
        assert_eq!((survey.page, survey.of_page), goes_on_at, "{fault:?} at page {page:?}");
        let why = refused.then_some("ListEmailIdentities: SES refused the call");
        assert_eq!(survey.refused.as_deref(), why, "{fault:?} at page {page:?}");
    }
    looks(&mut guard, 1, WELL).await;
    assert_eq!(subjects(&guard).last().unwrap(), "SES guard: mail past the guard, account 111122223333");
}

#[tokio::test]
async fn an_inventory_that_is_refused_is_a_question_without_an_answer() {
    let mut guard = guard();
    guard.ses.plant_in_inventory([SesFault::Denied; 12]);
    looks(&mut guard, 12, WELL).await;
    assert_eq!(subjects(&guard), ["SES guard: can't tell how it stands, account 111122223333"]);
    looks(&mut guard, 9, WELL).await;
    assert_eq!(subjects(&guard)[1..], ["SES guard: can tell again how it stands, account 111122223333"]);
}

#[tokio::test]
async fn a_look_may_die_between_any_two_steps_and_come_twice() {
    let mut deaths = 0;
    for steps in 0..400 {
        let what = format!("after {steps} steps");
        let mut guard = guard();
        looks(&mut guard, 16, DEAF).await;
        assert!(subjects(&guard).is_empty(), "{what}");
        verify(&guard, 2, 2);
        guard.clock.advance(86_400 - 16 * LOOK);
        for _ in 0..6 {
            live(&mut guard, DEAF).await;
        }
        let minute = guard.clock.now();
        let survived = guard.look_with(minute, 0, &Fuse::of(steps)).await.is_some();
        deaths += u32::from(!survived);
        for _ in 0..2 {
            guard.look_with(minute, 0, &Fuse::endless()).await.unwrap();
        }
        guard.settle().await;
        looks(&mut guard, 6, DEAF).await;
        let mut told = subjects(&guard);
        told.sort();
        assert_eq!(
            told,
            [
                "SES guard: does not hear what SES sends, account 111122223333",
                "SES guard: mail past the guard, account 111122223333"
            ],
            "{what}"
        );
        assert_eq!(guard.register.history(&account(), 9).await.unwrap().len(), 2, "{what}");
        if survived {
            break;
        }
    }
    assert!(deaths > 30, "{deaths} places to die");
}

#[tokio::test]
async fn who_changes_the_accounts_state_meanwhile_loses_nothing() {
    let mut guard = guard();
    live(&mut guard, WELL).await;
    guard.look().await;
    live(&mut guard, WELL).await;
    // Two sweeps of one minute at once: one of them looks, the other finds that it has.
    let minute = guard.clock.now();
    let (endless, other) = (Fuse::endless(), Fuse::endless());
    let (one, two) =
        futures::future::join(guard.look_with(minute, 0, &endless), guard.look_with(minute, 0, &other)).await;
    assert!(one.unwrap().faults.is_empty() && two.unwrap().faults.is_empty());
    assert_eq!(guard.state(&account()).await.sight.unwrap().checked_at, Some(minute));
}

#[tokio::test]
async fn a_sweep_that_has_no_time_left_still_looks() {
    let guard = guard();
    let fuse = Fuse::endless();
    let looked = guard.lookout(&fuse).look(at(BEGIN), 0, at(BEGIN)).await;
    assert!(looked.faults.is_empty());
    assert_eq!(guard.state(&account()).await.sight.unwrap().checked_at, Some(at(BEGIN)));
    assert!(guard.ses.asked().is_empty(), "but calls SES no more");
}

#[tokio::test]
async fn a_time_that_is_not_the_timers_keeps_nobody_from_looking() {
    for strange in ["2019-01-01T00:00:00Z", "2999-01-01T00:00:00Z"] {
        let guard = guard();
        guard.look_with(at(strange), 0, &Fuse::endless()).await.unwrap();
        let sight = guard.state(&account()).await.sight.unwrap();
        assert_eq!((sight.begun_at, sight.checked_at), (at(BEGIN), Some(at(BEGIN))), "{strange}");
    }
}

#[tokio::test]
async fn a_guard_that_looks_no_more_is_not_shown_as_healthy() {
    let mut guard = guard();
    assert_eq!(spots(&status(&mut guard).await), ["unchecked"], "it never looked");
    looks(&mut guard, 3, WELL).await;
    assert!(spots(&status(&mut guard).await).is_empty());
    guard.clock.advance(600);
    assert!(spots(&status(&mut guard).await).is_empty());
    guard.clock.advance(1);
    assert_eq!(spots(&status(&mut guard).await), ["unchecked"]);
}

#[tokio::test]
async fn the_timer_of_each_minute_has_the_guard_look_every_fifth() {
    let mut guard = guard();
    live(&mut guard, WELL).await;
    for _ in 0..20 {
        let errand = Errand::Sweep(guard.clock.now());
        let fuse = Fuse::endless();
        let (sweeper, account) = (guard.sweeper(&fuse).await, guard.account_guard(&fuse).await);
        guard_sweep::handle(&sweeper, std::slice::from_ref(&account), &guard.lookout(&fuse), &errand, 0).await.unwrap();
        guard_sweep::handle(&sweeper, std::slice::from_ref(&account), &guard.lookout(&fuse), &errand, 0).await.unwrap();
        guard.clock.advance(60);
    }
    assert_eq!(guard.monitor.calls(), 4);
    let touched = Errand::Touched(set("promo"));
    let fuse = Fuse::endless();
    guard_sweep::handle(
        &guard.sweeper(&fuse).await,
        &[guard.account_guard(&fuse).await],
        &guard.lookout(&fuse),
        &touched,
        0,
    )
    .await
    .unwrap();
    assert_eq!(guard.monitor.calls(), 4, "only the timer looks");
}
