//! A set that nobody hears of looks healthy: it is found, told of once, and where that is wanted enrolled.

use guard_core::audit::Act;
use guard_core::event::SignalKind::{Bounce, Send};
use guard_core::hearing::Gap;
use guard_core::home::Home;
use guard_core::name::SetKey;
use guard_core::notice::Notice;
use guard_core::port::{Clock, Committed, EventDestination, Register, Target};
use guard_core::state::{Change, Phase, State};
use guard_core::steps::sweep::EnrolNewSets;
use guard_core::time::plus_seconds;
use guard_local::{Asked, SesFault};
use guard_sweep::Errand;
use guard_tests::crash::Fuse;
use guard_tests::guard::Guard;
use guard_tests::mail::{at, homes, set};
use guard_tests::story::{NOON, subjects};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A guard that knows of nothing, and these sets in SES, which publish their events to nobody.
fn bare(names: &[&str]) -> Guard {
    let guard = Guard::of(at(NOON), &[]);
    names.iter().for_each(|name| guard.ses.create_bare(&set(name)));
    guard
}

/// `count` sets that publish their events to nobody.
fn fleet(count: usize) -> (Guard, Vec<SetKey>) {
    let guard = Guard::of(at(NOON), &[]);
    let sets: Vec<SetKey> = (0..count).map(|number| set(&format!("tenant-{number:05}"))).collect();
    sets.iter().for_each(|set| guard.ses.create_bare(set));
    (guard, sets)
}

/// A sweep in each of the next `minutes`.
async fn sweeps(guard: &mut Guard, minutes: i64) {
    for _ in 0..minutes {
        let next = plus_seconds(guard.clock.now(), MINUTE);
        guard.sweep().await;
        guard.clock.set(next.max(guard.clock.now()));
    }
}

async fn acts(guard: &Guard, set: &SetKey) -> Vec<Act> {
    let mut records = guard.register.history(set, 50).await.unwrap();
    records.reverse();
    records.into_iter().map(|record| record.act).collect()
}

async fn known(guard: &Guard) -> usize {
    guard.register.states().await.unwrap().len()
}

fn asked(guard: &Guard, what: fn(&Asked) -> bool) -> usize {
    guard.ses.asked().iter().filter(|one| what(one)).count()
}

fn pages(guard: &Guard) -> usize {
    asked(guard, |one| *one == Asked::ConfigurationSets)
}

fn destination(name: &str, target: Target) -> EventDestination {
    let topic = guard_local::EVENTS_TOPIC.parse().unwrap();
    EventDestination { target, ..EventDestination::of_guard(&name.parse().unwrap(), &topic) }
}

/// What people read, without links and the line that names the record.
fn letter(notice: &Notice) -> &str {
    notice.text.split("\n\nRunbook").next().unwrap_or_default()
}

fn elsewhere(name: &str) -> EventDestination {
    destination(name, Target::Other("Firehose"))
}

#[tokio::test]
async fn a_set_that_never_sent_is_found_not_to_be_heard_and_told_of_once() {
    let mut guard = bare(&["quiet"]);
    let quiet = set("quiet");
    sweeps(&mut guard, 2).await;
    assert_eq!(guard.state(&quiet).await.unheard.map(|unheard| unheard.gap), Some(Gap::NoDestination));
    assert_eq!(subjects(&guard), ["SES guard: not heard: quiet"]);
    assert_eq!(guard.notices.all()[0].detail_type, "Configuration Set Unheard");
    insta::assert_snapshot!(letter(&guard.notices.all()[0]), @r"
    None of its event destinations leads to the guard: its mail is not counted in full, so the guard can't tell when to pause it.

    Configuration set: quiet (account 111122223333, eu-west-1)
    What the guard did: nothing; the configuration set may send, and the guard will not see what comes of it.
    What to do: ses-guard enrol --region eu-west-1 --plan enrol.jsonl --sets quiet, then: ses-guard enrol --region eu-west-1 --apply enrol.jsonl
    ");

    sweeps(&mut guard, 90).await;
    assert_eq!(subjects(&guard).len(), 1, "told once");

    guard.ses.publish(&quiet, [destination("mine", Target::Topic(guard_local::EVENTS_TOPIC.to_owned()))]);
    sweeps(&mut guard, 1).await;
    assert_eq!(guard.state(&quiet).await.unheard, None);
    assert_eq!(acts(&guard, &quiet).await, [Act::Unheard, Act::HeardAgain]);
    assert_eq!(subjects(&guard)[1..], ["SES guard: heard again: quiet"], "who read of it reads that it is over");
    insta::assert_snapshot!(letter(&guard.notices.all()[1]), @r"
    SEND, BOUNCE and COMPLAINT reach the guard now; on Fri 20 Nov 12:08 UTC they did not.

    Configuration set: quiet (account 111122223333, eu-west-1)
    What the guard did: counts its mail from now on. What was sent meanwhile is counted in no way.
    What to do: nothing.
    ");
    assert_eq!(guard.state(&quiet).await.phase, Phase::Active, "it was never touched");
}

#[tokio::test]
async fn a_finding_that_changes_is_kept_and_not_told_again() {
    let mut guard = bare(&["quiet"]);
    let quiet = set("quiet");
    sweeps(&mut guard, 2).await;
    let first = guard.state(&quiet).await.unheard.unwrap();
    guard.ses.publish(&quiet, (0..10).map(|number| elsewhere(&format!("lake-{number}"))));
    sweeps(&mut guard, 1).await;
    let now = guard.state(&quiet).await.unheard.unwrap();
    assert_eq!((now.gap, now.since), (Gap::Full, first.since));
    assert_eq!(subjects(&guard).len(), 1);
}

#[tokio::test]
async fn a_fleet_of_unheard_sets_sends_a_few_notices_and_a_digest_a_day() {
    let (mut guard, sets) = fleet(600);
    sweeps(&mut guard, 60).await;
    let unheard = |subjects: &[String]| subjects.iter().filter(|one| one.contains("not heard: ")).count();
    assert_eq!((unheard(&subjects(&guard)), subjects(&guard).len()), (5, 5), "in the first hour");
    let found =
        futures::future::join_all(sets.iter().map(|set| async { guard.state(set).await.unheard.is_some() })).await;
    assert_eq!(found.into_iter().filter(|found| *found).count(), 600, "all are found: 12 a minute");

    sweeps(&mut guard, 22 * 60).await;
    assert_eq!(subjects(&guard).len(), 6);
    insta::assert_snapshot!(letter(&guard.notices.all()[5]), @r"
    600 of the 600 configuration sets that the guard knows are not heard. Without a notice of their own 595 were found so, and 0 were enrolled.

    Account: 111122223333 in eu-west-1
    What the guard did: nothing about those that are not heard; they may send, and the guard will not see what comes of it.
    What to do: see which (ses-guard list --region eu-west-1 --unheard), then: ses-guard enrol --region eu-west-1 --plan enrol.jsonl, read it, and: ses-guard enrol --region eu-west-1 --apply enrol.jsonl
    ");

    for set in &sets {
        guard.ses.publish(set, [destination("mine", Target::Topic(guard_local::EVENTS_TOPIC.to_owned()))]);
    }
    sweeps(&mut guard, 60).await;
    let told = subjects(&guard).len() - 6;
    assert_eq!(told, 5, "those who were told of by name are told of again, the other 595 are not");
    sweeps(&mut guard, 2 * 24 * 60).await;
    assert_eq!(subjects(&guard).len(), 11, "and nothing is left to tell of");
}

#[tokio::test]
async fn those_beyond_the_first_few_are_told_of_together_within_the_hour() {
    let (mut guard, _) = fleet(7);
    guard.ses.create(&set("heard"));
    sweeps(&mut guard, 70).await;
    assert_eq!(subjects(&guard).len(), 6);
    let text = &guard.notices.all()[5].text;
    let expected = "7 of the 8 configuration sets that the guard knows are not heard. Without a notice of their own 2 were \
                    found so, and 0 were enrolled.";
    assert!(text.starts_with(expected), "{text}");
}

#[tokio::test]
async fn only_the_sets_of_the_guards_own_home_are_listened_to() {
    for home in ["111122223333/us-east-1", "444455556666/eu-west-1"] {
        let mut guard = bare(&[]);
        guard.homes = homes(home);
        let there = home.parse::<Home>().unwrap().set("quiet".parse().unwrap());
        guard.ses.create_bare(&there);
        let change = Change::silent(&there, &State::default(), State::default());
        assert_eq!(guard.register.commit(&change).await.unwrap(), Committed::Done);
        let swept = guard.sweep().await;
        assert_eq!(swept.looked_at.len(), 1, "{home}: its switch is looked at");
        assert_eq!(asked(&guard, |one| matches!(one, Asked::Destinations(_))), 0, "{home}");
        assert_eq!(guard.state(&there).await.unheard, None, "{home}");
    }
}

#[tokio::test]
async fn sets_that_were_never_heard_of_are_listed_a_page_a_minute_and_once_a_day() {
    let (mut guard, _) = fleet(2_500);
    for (minute, expected) in [(1, 1_000), (2, 2_000), (3, 2_500), (4, 2_500)] {
        sweeps(&mut guard, 1).await;
        assert_eq!(known(&guard).await, expected, "after {minute} minutes");
    }
    assert_eq!(pages(&guard), 3);
    guard.sweep().await;
    assert_eq!(pages(&guard), 3, "the list is at its end");
    guard.ses.create_bare(&set("a-new-one"));
    guard.clock.advance(DAY);
    sweeps(&mut guard, 5).await;
    assert_eq!((pages(&guard), known(&guard).await), (6, 2_501));
}

#[tokio::test]
async fn two_sweeps_in_one_minute_read_one_page() {
    let (mut guard, _) = fleet(2_500);
    guard.sweep().await;
    guard.clock.advance(20);
    guard.sweep().await;
    assert_eq!(pages(&guard), 1);
}

#[tokio::test]
async fn a_list_that_ses_throttles_goes_on_and_one_it_refuses_begins_anew() {
    let (mut guard, _) = fleet(2_500);
    sweeps(&mut guard, 1).await;
    for fault in [SesFault::Throttled, SesFault::Lost] {
        // The round's twelve looks come first; the page is what is asked last.
        let (before, pages_before) = (known(&guard).await, pages(&guard));
        guard.ses.plant_in_inventory(std::iter::repeat_n(None, 12).chain([Some(fault)]));
        guard.clock.advance(MINUTE);
        guard.sweep_with(&Fuse::endless()).await.unwrap();
        assert_eq!((known(&guard).await, pages(&guard)), (before, pages_before + 1), "{fault:?}");
    }
    guard.ses.plant_in_inventory(std::iter::repeat_n(None, 12).chain([Some(SesFault::Denied)]));
    guard.clock.advance(MINUTE);
    guard.sweep_with(&Fuse::endless()).await.unwrap();
    let refused = pages(&guard);
    sweeps(&mut guard, 50).await;
    assert_eq!(pages(&guard), refused, "SES refuses each time; it is left alone for an hour");
    sweeps(&mut guard, 15).await;
    assert_eq!((pages(&guard), known(&guard).await), (refused + 3, 2_500));
}

#[tokio::test]
async fn ses_is_not_asked_for_more_once_it_throttles_or_refuses() {
    for fault in [SesFault::Throttled, SesFault::Denied] {
        let (mut guard, _) = fleet(100);
        sweeps(&mut guard, 1).await;
        let before = guard.ses.asked().len();
        guard.ses.plant_in_inventory([fault]);
        sweeps(&mut guard, 1).await;
        assert_eq!(guard.ses.asked().len() - before, 1, "{fault:?}");
        assert_eq!(guard.ses.calls().len(), 12, "the switches are looked at all the same");
        sweeps(&mut guard, 10).await;
        assert!(guard.ses.asked().len() - before > 100, "and in the next minute all goes on");
    }
}

#[tokio::test]
async fn the_limit_of_sets_is_told_of_before_it_bites() {
    let (mut guard, sets) = fleet(9_000);
    guard.ses.delete(&sets[0]);
    sweeps(&mut guard, 10).await;
    let limit = |guard: &Guard| {
        guard
            .notices
            .all()
            .into_iter()
            .filter(|notice| notice.subject.contains("few configuration sets left"))
            .collect::<Vec<_>>()
    };
    assert!(limit(&guard).is_empty(), "8,999");
    guard.ses.create_bare(&sets[0]);
    for _ in 0..3 {
        guard.clock.advance(DAY);
        sweeps(&mut guard, 10).await;
    }
    assert_eq!(limit(&guard).len(), 1, "told once");
    insta::assert_snapshot!(letter(&limit(&guard)[0]), @r"
    There are 9,000 configuration sets; SES takes 10,000 in one account and Region, and no more.

    Account: 111122223333 in eu-west-1
    What the guard did: nothing; it goes on watching all of them.
    What to do: delete configuration sets that nobody sends with, or let new tenants share one: AWS does not raise this quota.
    ");
}

/// The list was read up to its last set, and so many came before that one.
async fn read_but_for_the_last(guard: &Guard, seen: u32) {
    let account = Home::of(&set("quiet")).whole();
    let before = guard.state(&account).await;
    let mut fleet = before.fleet.clone().unwrap_or_default();
    (fleet.listing.next, fleet.listing.seen) = (Some("a".to_owned()), seen);
    let change = Change::silent(&account, &before, State { fleet: Some(fleet), ..before.clone() });
    assert_eq!(guard.register.commit(&change).await.unwrap(), Committed::Done);
}

#[tokio::test]
async fn the_limit_of_sets_is_told_of_again_only_after_there_were_fewer() {
    let mut guard = Guard::of(at(NOON), &[set("quiet")]);
    let mut told = Vec::new();
    for before in [8_999, 9_000, 8_998, 8_999] {
        read_but_for_the_last(&guard, before).await;
        sweeps(&mut guard, 2).await;
        told.push(subjects(&guard).len());
    }
    assert_eq!(told, [1, 1, 1, 2], "at 9,000, at 9,001, at 8,999, and at 9,000 again");
    insta::assert_snapshot!(letter(&guard.notices.all()[1]).lines().next().unwrap(), @"There are 9,000 configuration sets; SES takes 10,000 in one account and Region, and no more.");
}

#[tokio::test]
async fn a_set_that_cloudtrail_tells_of_is_looked_at_when_its_destinations_may_be_there() {
    let mut guard = bare(&["new"]);
    let (new, fuse) = (set("new"), Fuse::endless());
    let swept = guard.sweeper(&fuse).await.created(&new).await;
    assert_eq!(swept.discovered, std::slice::from_ref(&new));
    assert!(guard.sweeper(&fuse).await.created(&new).await.discovered.is_empty(), "told twice, known once");
    sweeps(&mut guard, 4).await;
    assert!(subjects(&guard).is_empty(), "whoever created it is not done with it yet");
    sweeps(&mut guard, 2).await;
    assert_eq!(subjects(&guard), ["SES guard: not heard: new"]);

    guard.ses.publish(&new, [destination("mine", Target::Topic(guard_local::EVENTS_TOPIC.to_owned()))]);
    guard.sweeper(&fuse).await.republished(&new).await;
    assert!(guard.state(&new).await.look_at.is_some());
    sweeps(&mut guard, 4).await;
    assert_eq!(subjects(&guard).last().unwrap(), "SES guard: heard again: new");
    guard.sweeper(&fuse).await.republished(&set("stranger")).await;
    assert_eq!(guard.state(&set("stranger")).await, State::default(), "nothing is kept of what is not known");
}

#[tokio::test]
async fn a_set_that_is_created_again_takes_its_turn_again() {
    let mut guard = bare(&["seasonal"]);
    let seasonal = set("seasonal");
    sweeps(&mut guard, 2).await;
    guard.ses.delete(&seasonal);
    sweeps(&mut guard, 1).await;
    let gone = guard.state(&seasonal).await;
    assert_eq!((gone.phase, gone.unheard), (Phase::Gone, None));
    guard.ses.create(&seasonal);
    guard.clock.advance(DAY);
    sweeps(&mut guard, 2).await;
    assert_eq!(guard.state(&seasonal).await.phase, Phase::Active);
    assert_eq!(acts(&guard, &seasonal).await, [Act::Unheard, Act::Gone, Act::FoundAgain]);

    guard.ses.delete(&seasonal);
    sweeps(&mut guard, 1).await;
    guard.ses.create(&seasonal);
    guard.sweeper(&Fuse::endless()).await.created(&seasonal).await;
    assert_eq!(guard.state(&seasonal).await.phase, Phase::Active, "a call in CloudTrail is newer than what SES said");
}

#[tokio::test]
async fn by_itself_the_sweep_enrols_nobody_unless_that_is_wanted() {
    for (enrol, enrolled, metrics) in [
        (EnrolNewSets::Off, false, false),
        (EnrolNewSets::Events, true, false),
        (EnrolNewSets::EventsAndMetrics, true, true),
    ] {
        let mut guard = bare(&["bare", "taken", "full", "analysed"]);
        let [plain, taken, full, analysed] = ["bare", "taken", "full", "analysed"].map(set);
        let others: Vec<_> = (0..10).map(|number| elsewhere(&format!("lake-{number}"))).collect();
        guard.ses.publish(&taken, [elsewhere(guard_local::DESTINATION)]);
        guard.ses.publish(&full, others.clone());
        guard.ses.publish(&analysed, others[..1].to_vec());
        guard.enrol = enrol;
        sweeps(&mut guard, 5).await;

        for (of, before) in [(&plain, 0), (&analysed, 1)] {
            assert_eq!(guard.ses.published(of).len() > before, enrolled, "{enrol:?}: {of}");
            assert_eq!(guard.state(of).await.unheard.is_none(), enrolled, "{enrol:?}: {of}");
            assert_eq!(guard.ses.published(of)[..before], others[..before], "{enrol:?}: what is there stays");
            let act = if enrolled { Act::Enrolled } else { Act::Unheard };
            assert_eq!(acts(&guard, of).await, [act], "{enrol:?}: {of}");
        }
        assert_eq!(guard.ses.published(&taken), [elsewhere(guard_local::DESTINATION)], "{enrol:?}");
        assert_eq!(guard.ses.published(&full), others, "{enrol:?}");
        let gaps = [guard.state(&taken).await.unheard, guard.state(&full).await.unheard].map(|one| one.unwrap().gap);
        assert_eq!(gaps, [Gap::NameTaken, Gap::Full], "{enrol:?}: a person is needed");
        let new_metrics = asked(&guard, |one| matches!(one, Asked::NewMetrics(_)));
        assert_eq!(new_metrics, if metrics { 2 } else { 0 }, "{enrol:?}");
        assert_eq!(subjects(&guard).len(), 4, "{enrol:?}: {:?}", subjects(&guard));
    }
}

#[tokio::test]
async fn an_enrolled_set_is_told_of_and_guarded() {
    let mut guard = bare(&["promo"]);
    guard.enrol = EnrolNewSets::Events;
    sweeps(&mut guard, 2).await;
    insta::assert_snapshot!(letter(&guard.notices.all()[0]), @r"
    It was not heard, so it was enrolled: its new event destination guard publishes SEND, BOUNCE and COMPLAINT to arn:aws:sns:eu-west-1:111122223333:guard-events.

    Configuration set: promo (account 111122223333, eu-west-1)
    What the guard did: counts its mail from now on. It changed nothing that was there.
    What to do: nothing, if the guard is to watch it. Else delete that event destination and deploy with EnrolNewSets=off; see: ses-guard history --region eu-west-1 promo
    ");
    let now = guard.clock.now();
    guard.mail("promo", Send, 0, 300, now).await;
    guard.mail("promo", Bounce, 0, 60, now).await;
    assert!(!guard.ses.accepts(&set("promo")));
}

#[tokio::test]
async fn what_was_found_before_is_enrolled_when_that_is_switched_on() {
    let mut guard = bare(&["promo"]);
    sweeps(&mut guard, 2).await;
    guard.enrol = EnrolNewSets::Events;
    sweeps(&mut guard, 2).await;
    assert_eq!(acts(&guard, &set("promo")).await, [Act::Unheard, Act::Enrolled]);
    assert_eq!(subjects(&guard), ["SES guard: not heard: promo", "SES guard: enrolled promo"]);
}

#[tokio::test]
async fn a_fleet_is_enrolled_twelve_a_minute_and_told_of_together() {
    let (mut guard, sets) = fleet(300);
    guard.enrol = EnrolNewSets::Events;
    for _ in 0..30 {
        let before = asked(&guard, |one| matches!(one, Asked::NewDestination(_)));
        sweeps(&mut guard, 1).await;
        let made = asked(&guard, |one| matches!(one, Asked::NewDestination(_))) - before;
        assert!(made <= 12, "{made} in a minute");
    }
    assert!(sets.iter().all(|set| guard.ses.published(set).len() == 1));
    sweeps(&mut guard, 90).await;
    assert_eq!(subjects(&guard).len(), 6, "five by name, and one of all the others");
    assert!(guard.notices.all()[5].text.contains("and 295 were enrolled"), "{}", guard.notices.all()[5].text);
    assert_eq!(asked(&guard, |one| matches!(one, Asked::NewDestination(_))), 300, "each once");
}

#[tokio::test]
async fn a_sweep_that_discovers_and_enrols_may_die_between_any_two_steps() {
    let mut deaths = 0;
    for steps in 0..400 {
        let what = format!("after {steps} steps");
        let mut guard = bare(&["bare", "taken"]);
        guard.enrol = EnrolNewSets::Events;
        guard.ses.publish(&set("taken"), [elsewhere(guard_local::DESTINATION)]);
        known_already(&guard, &["bare", "taken"]).await;
        let survived = guard.sweep_with(&Fuse::of(steps)).await.is_some();
        deaths += u32::from(!survived);
        guard.settle().await;
        guard.clock.advance(MINUTE);
        sweeps(&mut guard, 3).await;
        assert_eq!(guard.ses.published(&set("bare")).len(), 1, "{what}");
        assert_eq!(guard.ses.published(&set("taken")), [elsewhere(guard_local::DESTINATION)], "{what}");
        assert_eq!(guard.state(&set("bare")).await.unheard, None, "{what}");
        assert_eq!(acts(&guard, &set("taken")).await, [Act::Unheard], "{what}");
        // A destination whose answer was lost is seen to be there, and needs no record of its own.
        assert!(acts(&guard, &set("bare")).await.len() <= 1, "{what}");
        if survived {
            break;
        }
    }
    assert!(deaths > 20, "{deaths} places to die");
}

/// Has the sets known, so that the next sweep looks at them.
async fn known_already(guard: &Guard, names: &[&str]) {
    for name in names {
        let change = Change::silent(&set(name), &State::default(), State::default());
        assert_eq!(guard.register.commit(&change).await.unwrap(), Committed::Done);
    }
    guard.register.take_stream();
}

#[tokio::test]
async fn a_page_that_was_not_written_down_to_its_end_is_read_again() {
    let mut deaths = 0;
    for steps in (0..500).step_by(7) {
        let (mut guard, sets) = fleet(40);
        let survived = guard.sweep_with(&Fuse::of(steps)).await.is_some();
        deaths += u32::from(!survived);
        sweeps(&mut guard, 2).await;
        assert_eq!(known(&guard).await, sets.len(), "after {steps} steps");
        assert!(pages(&guard) <= 2, "after {steps} steps");
        if survived {
            break;
        }
    }
    assert!(deaths > 10, "{deaths} places to die");
}

#[tokio::test]
async fn a_sweep_at_its_end_begins_nothing_that_takes_longer() {
    let mut guard = bare(&["bare"]);
    guard.enrol = EnrolNewSets::EventsAndMetrics;
    guard.sweep_until(at(NOON)).await;
    assert!(guard.ses.asked().is_empty(), "no time at all");
    known_already(&guard, &["bare"]).await;
    guard.sweep_until(plus_seconds(at(NOON), 14)).await;
    assert_eq!(asked(&guard, |one| matches!(one, Asked::Destinations(_))), 1);
    assert!(guard.ses.published(&set("bare")).is_empty(), "three calls may take 15 seconds");
    assert!(guard.state(&set("bare")).await.unheard.is_some(), "it is known all the same");
    guard.clock.advance(MINUTE);
    guard.sweep_until(plus_seconds(at(NOON), 60 + 15)).await;
    assert_eq!(guard.ses.published(&set("bare")).len(), 1);
}

#[tokio::test]
async fn a_set_that_could_not_be_enrolled_is_tried_again_as_a_whole() {
    let mut guard = bare(&["bare"]);
    guard.enrol = EnrolNewSets::EventsAndMetrics;
    known_already(&guard, &["bare"]).await;
    for (what, faults, enrolled) in [
        ("SES refuses the metrics", vec![None, Some(SesFault::Denied)], false),
        ("SES throttles the destination", vec![None, None, Some(SesFault::Throttled)], false),
        ("nothing is in the way", vec![], true),
    ] {
        guard.ses.plant_in_inventory(faults);
        sweeps(&mut guard, 1).await;
        assert_eq!(guard.ses.published(&set("bare")).len() == 1, enrolled, "{what}");
    }
    assert_eq!(asked(&guard, |one| matches!(one, Asked::NewMetrics(_))), 3);
    assert_eq!(subjects(&guard), ["SES guard: not heard: bare", "SES guard: enrolled bare"]);
}

#[tokio::test]
async fn ten_thousand_unheard_sets_cost_no_more_than_their_share() {
    let (mut guard, sets) = fleet(10_000);
    for set in &sets {
        let change = Change::silent(set, &State::default(), State::default());
        assert_eq!(guard.register.commit(&change).await.unwrap(), Committed::Done);
    }
    guard.register.take_stream();
    guard.enrol = EnrolNewSets::EventsAndMetrics;
    let began = std::time::Instant::now();
    sweeps(&mut guard, 10).await;
    let took = began.elapsed();
    assert!(took.as_secs() < 300, "{took:?} for ten sweeps, without optimisation");
    for (what, calls) in [
        ("switches", guard.ses.calls().len()),
        ("destinations", asked(&guard, |one| matches!(one, Asked::Destinations(_)))),
        ("new destinations", asked(&guard, |one| matches!(one, Asked::NewDestination(_)))),
        ("new metrics", asked(&guard, |one| matches!(one, Asked::NewMetrics(_)))),
    ] {
        assert_eq!(calls, 120, "{what}: a fifth of what SES grants");
    }
    assert_eq!(pages(&guard), 10);
    let seconds = guard.clock.now().duration_since(at(NOON)).as_secs();
    assert!(seconds <= 10 * MINUTE, "{seconds} s");
}

#[tokio::test]
async fn the_function_takes_up_what_cloudtrail_tells_of_a_set() {
    let guard = bare(&["weekly"]);
    let weekly = set("weekly");
    let deadline = u64::try_from(plus_seconds(at(NOON), 55).as_millisecond()).unwrap();
    let sweeper = guard.sweeper(&Fuse::endless()).await;
    let accounts = [guard.account_guard(&Fuse::endless()).await];
    let lookout = guard.lookout(&Fuse::endless());
    guard_sweep::handle(&sweeper, &accounts, &lookout, &Errand::Created(weekly.clone()), deadline).await.unwrap();
    assert_eq!(guard.state(&weekly).await.look_at, Some(plus_seconds(at(NOON), 300)));
    guard_sweep::handle(&sweeper, &accounts, &lookout, &Errand::Republished(weekly.clone()), deadline).await.unwrap();
    assert_eq!(guard.state(&weekly).await.look_at, Some(plus_seconds(at(NOON), 300)), "it is looked at anyway");
}
