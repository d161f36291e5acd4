use jiff::Timestamp;

use super::checks::{Scope, behind, dead_letters, events_wait, silence, suspect};
use super::*;
use crate::port::{Point, Vital, Vitals};
use crate::tally::{BucketTally, Interval, PerKind};
use crate::time::{Bucket, plus_seconds};

/// The compared hour is 10:45 to 11:45, the minutes of a look are those from 11:58.
const NOON: &str = "2026-11-20T12:05:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn scope() -> Scope {
    Scope::of(at(NOON))
}

/// In every bucket of eight hours this many sends, of which these are suspect.
fn counted(receipts: u64, suspect: u64) -> Vec<BucketTally> {
    let tally = |before: i64| BucketTally {
        bucket: Bucket::of(at(NOON)).plus(-before),
        counts: PerKind { sends: Interval { receipts, recorded: 0, suspect, ids: 0 }, ..PerKind::default() },
        newest_send: None,
        newest_failure: None,
        senders: Default::default(),
    };
    (0..32).rev().map(tally).collect()
}

fn points(vital: Vital, from: &str, values: &[u64]) -> (Vital, Vec<Point>) {
    let step = |index: usize| i64::try_from(index).unwrap() * i64::from(vital.period_seconds());
    let point = |(index, value): (usize, &u64)| Point { at: plus_seconds(at(from), step(index)), value: *value };
    (vital, values.iter().enumerate().map(point).collect())
}

fn ages(vital: Vital, values: &[u64]) -> (Vital, Vec<Point>) {
    points(vital, "2026-11-20T11:58:00Z", values)
}

const IDLE: [u64; 5] = [0; 5];

fn word(view: &View) -> &'static str {
    match view {
        View::Clear(_) => "clear",
        View::Between => "between",
        View::Blind(_) => "blind",
        View::Unknown(_) => "unknown",
    }
}

#[test]
fn a_look_compares_four_buckets_that_are_over_and_that_cloudwatch_must_have() {
    for (minute, from, end) in [
        ("2026-11-20T12:09:59Z", "2026-11-20T10:45:00Z", "2026-11-20T11:45:00Z"),
        ("2026-11-20T12:10:00Z", "2026-11-20T11:00:00Z", "2026-11-20T12:00:00Z"),
        ("2026-11-20T12:24:59Z", "2026-11-20T11:00:00Z", "2026-11-20T12:00:00Z"),
    ] {
        let scope = Scope::of(at(minute));
        assert_eq!((scope.hour_start().start(), scope.hour_end().start()), (at(from), at(end)), "{minute}");
        assert_eq!(seconds(scope.suspects_start(), scope.hour_end()), 4 * 3_600);
        assert!(scope.from() < scope.to());
    }
}

fn seconds(from: Bucket, to: Bucket) -> i64 {
    to.start_second() - from.start_second()
}

#[test]
fn silence_is_half_of_fifty_mails() {
    let hour = "2026-11-20T10:45:00Z";
    let around = [("2026-11-20T10:30:00Z", 900), ("2026-11-20T11:45:00Z", 900)];
    for (what, sends, counted_each, expected) in [
        ("nothing sent, nothing counted", Some(0), 0, "between"),
        ("a handful of mails", Some(49), 0, "between"),
        ("as many as tell", Some(50), 0, "blind"),
        ("one in four of them counted", Some(50), 3, "blind"),
        ("just below half", Some(1_001), 125, "blind"),
        ("exactly half", Some(1_000), 125, "between"),
        ("just below three of four", Some(1_000), 187, "between"),
        ("three of four", Some(1_000), 188, "clear"),
        ("all", Some(1_000), 250, "clear"),
        ("several recipients a mail", Some(1_000), 700, "clear"),
        ("SES says nothing, and there was no mail", None, 0, "between"),
        ("SES says nothing, and there was hardly any", None, 12, "between"),
        ("SES says nothing, and there was mail", None, 13, "unknown"),
    ] {
        let mut vitals = Vitals::default();
        if let Some(sends) = sends {
            let (vital, mut all) = points(Vital::Sends, hour, &[sends, 0, 0, 0]);
            all.extend(around.map(|(when, value)| Point { at: at(when), value }));
            vitals.insert(vital, all);
        }
        let view = silence(scope(), &vitals, &counted(counted_each, 0));
        assert_eq!(word(&view), expected, "{what}: {view:?}");
    }
    // Counted at the upper end: what may be counted twice is no silence.
    let vitals = Vitals::from([points(Vital::Sends, hour, &[1_000])]);
    assert_eq!(word(&silence(scope(), &vitals, &counted(250, 250))), "clear");
}

#[test]
fn what_is_said_of_the_hour_never_has_more_counted_than_sent() {
    for (sends, counted_each, said) in [
        (1_000, 249, "SES took 1,000 mails between Fri 10:45 and 11:44 UTC, and the guard counted 996 of them."),
        (1_000, 250, "SES took 1,000 mails between Fri 10:45 and 11:44 UTC, and the guard counted 1,000 of them."),
        (1_000, 251, "SES took 1,000 mails between Fri 10:45 and 11:44 UTC, and the guard counted all of them."),
    ] {
        let vitals = Vitals::from([points(Vital::Sends, "2026-11-20T10:45:00Z", &[sends])]);
        let view = silence(scope(), &vitals, &counted(counted_each, 0));
        assert_eq!(view, View::Clear(said.to_owned()), "{counted_each} in each quarter of the hour");
    }
}

#[test]
fn one_late_minute_of_the_look_says_that_events_wait() {
    for (what, vitals, wait) in [
        ("nothing is known", None, false),
        ("nothing waits", Some(ages(Vital::EventsAge, &IDLE)), false),
        ("as late as they may be", Some(ages(Vital::EventsAge, &[15; 5])), false),
        ("once a second later", Some(ages(Vital::EventsAge, &[0, 0, 16, 0, 0])), true),
        ("much later", Some(ages(Vital::EventsAge, &[900; 5])), true),
        ("before this look", Some(points(Vital::EventsAge, "2026-11-20T11:53:00Z", &[900; 5])), false),
        ("judge's marks", Some(ages(Vital::JudgeAge, &[900; 5])), false),
    ] {
        assert_eq!(events_wait(scope(), &vitals.into_iter().collect()), wait, "{what}");
    }
}

#[test]
fn one_in_ten_of_a_hundred_receipts_is_too_uncertain() {
    for (what, receipts, suspects, expected) in [
        ("nothing counted", 0, 0, "clear"),
        ("one batch that came again in a small account", 6, 6, "between"),
        ("one in ten", 100, 10, "between"),
        ("just above", 100, 11, "blind"),
        ("one in twenty", 100, 5, "clear"),
        ("just above one in twenty", 100, 6, "between"),
        ("the least that tells", 7, 1, "blind"),
    ] {
        let view = suspect(scope(), &counted(receipts, suspects));
        assert_eq!(word(&view), expected, "{what}: {view:?}");
    }
}

#[test]
fn fifteen_seconds_in_three_minutes_of_five_are_behind() {
    use Vital::{ActuateAge, EventsAge, JudgeAge};
    let on_time = ages(EventsAge, &IDLE);
    for (what, vitals, marked, expected) in [
        ("nothing waits", vec![on_time.clone()], 0, "clear"),
        ("as late as it may be", vec![ages(EventsAge, &[15; 5])], 0, "clear"),
        ("a second later", vec![ages(EventsAge, &[16; 5])], 0, "blind"),
        ("for three minutes", vec![ages(EventsAge, &[0, 16, 16, 16, 0])], 0, "blind"),
        ("for two, as in a quiet queue", vec![ages(EventsAge, &[0, 16, 16, 0, 0])], 0, "between"),
        ("CloudWatch says nothing", vec![], 0, "unknown"),
        ("or of too long ago", vec![points(EventsAge, "2026-11-20T11:53:00Z", &[900; 5])], 0, "unknown"),
        ("or of a minute that it does not have yet", vec![points(EventsAge, NOON, &[900; 5])], 0, "unknown"),
        ("or of the very next", vec![points(EventsAge, "2026-11-20T12:03:00Z", &[0])], 0, "unknown"),
        ("the last minute that it must have", vec![points(EventsAge, "2026-11-20T12:02:00Z", &[0])], 0, "clear"),
        ("one slow judgement", vec![on_time.clone(), ages(JudgeAge, &[16])], 0, "between"),
        ("judgements on time", vec![on_time.clone(), ages(JudgeAge, &[15, 15])], 3, "clear"),
        ("judge is late", vec![on_time.clone(), ages(JudgeAge, &[16, 3, 16])], 0, "blind"),
        ("actuate goes at SES's pace", vec![on_time.clone(), ages(ActuateAge, &[120; 5])], 0, "clear"),
        ("actuate does not keep up", vec![on_time.clone(), ages(ActuateAge, &[121, 121])], 0, "blind"),
        ("marks, and no stream", vec![on_time.clone()], 1, "blind"),
        (
            "a mark, and a stream that woke judge nine minutes ago",
            vec![on_time.clone(), points(JudgeAge, "2026-11-20T11:54:00Z", &[1])],
            1,
            "clear",
        ),
        (
            "and one that woke it eleven minutes ago",
            vec![on_time, points(JudgeAge, "2026-11-20T11:52:00Z", &[1])],
            1,
            "blind",
        ),
    ] {
        let view = behind(scope(), &vitals.into_iter().collect(), marked);
        assert_eq!(word(&view), expected, "{what}: {view:?}");
    }
}

#[test]
fn a_queue_without_numbers_is_empty_if_other_queues_have_some() {
    use Vital::{EventDeadLetters, EventsAge, WakeUpDeadLetters};
    for (what, vitals, expected) in [
        ("no numbers at all", vec![], "unknown"),
        ("none of these two", vec![ages(EventsAge, &IDLE)], "clear"),
        ("none in them", vec![ages(EventsAge, &IDLE), ages(EventDeadLetters, &[0; 5])], "clear"),
        ("one event", vec![ages(EventDeadLetters, &[0, 0, 0, 0, 1])], "blind"),
        ("one wake-up call", vec![ages(EventsAge, &IDLE), ages(WakeUpDeadLetters, &[1; 5])], "blind"),
        ("they were put back", vec![ages(EventsAge, &IDLE), ages(EventDeadLetters, &[9, 9, 9, 0])], "clear"),
    ] {
        let view = dead_letters(scope(), &vitals.into_iter().collect());
        assert_eq!(word(&view), expected, "{what}: {view:?}");
    }
}

/// `B`lind, `C`lear, `-` between, `?` no answer; and what it leads to: `+` begins, `.` nothing, `x` over.
#[test]
fn a_blind_spot_begins_and_ends_only_by_looks_in_a_row() {
    for (spot, looks, turns) in [
        (BlindSpot::Silence, "BBBB", ".+.."),
        (BlindSpot::Silence, "BCBCB", "....."),
        (BlindSpot::Silence, "B-BB", "...+"),
        (BlindSpot::Silence, "B?B", "..+"),
        (BlindSpot::Silence, "BBCBCBCC", ".+.....x"),
        (BlindSpot::Silence, "BBC-CC", ".+...x"),
        (BlindSpot::Silence, "BBC?CC", ".+...x"),
        (BlindSpot::Silence, "BB-----", ".+....."),
        (BlindSpot::Silence, "??CC", "...."),
        (BlindSpot::Silence, "BBCCBB", ".+.x.+"),
        (BlindSpot::Behind, "BBCCBCCC", ".+.....x"),
        (BlindSpot::Suspect, "BCC", "+.x"),
        (BlindSpot::Suspect, "B-C-C-CC", "+......x"),
        (BlindSpot::DeadLetters, "BCCC", "+..x"),
        (BlindSpot::NoDefaultSet, "BBC", "+.x"),
        (BlindSpot::CantTell, "BCBB", "...+"),
    ] {
        let mut sight = Sight::beginning(at(NOON));
        let mut seen = String::new();
        for (index, look) in looks.chars().enumerate() {
            let now = plus_seconds(at(NOON), i64::try_from(index).unwrap() * 300);
            let view = match look {
                'B' => View::Blind(format!("look {index}.")),
                'C' => View::Clear("Fine.".to_owned()),
                '-' => View::Between,
                _ => View::Unknown("no answer".to_owned()),
            };
            let turn = sight.saw(spot, view, now);
            seen.push(turn.as_ref().map_or('.', |turn| if turn.begins { '+' } else { 'x' }));
            sight.checked_at = Some(now);
            let read: Sight = serde_json::from_str(&serde_json::to_string(&sight).unwrap()).unwrap();
            assert_eq!(read, sight, "{spot:?} {looks}: it is kept between any two looks");
        }
        assert_eq!(seen, turns, "{spot:?} {looks}");
    }
}

#[test]
fn since_is_the_first_look_that_showed_it() {
    let mut sight = Sight::beginning(at(NOON));
    sight.saw(BlindSpot::Silence, View::Blind("first".to_owned()), at(NOON));
    assert!(Sight::shown(Some(&Sight { checked_at: Some(at(NOON)), ..sight.clone() }), at(NOON)).is_empty());
    let later = plus_seconds(at(NOON), 900);
    let turn = sight.saw(BlindSpot::Silence, View::Blind("second".to_owned()), later).unwrap();
    assert_eq!((turn.since, turn.sentence.as_str()), (at(NOON), "second"));
    sight.saw(BlindSpot::Silence, View::Blind("third".to_owned()), later);
    sight.checked_at = Some(later);
    let shown = Sight::shown(Some(&sight), later);
    assert_eq!((shown[0].since, shown[0].sentence.as_str()), (Some(at(NOON)), "third"), "the latest numbers");
}

#[test]
fn a_guard_that_looks_no_more_says_so_when_it_is_asked() {
    let mut sight = Sight::beginning(at(NOON));
    let spots = |sight: Option<&Sight>, seconds| {
        let shown = Sight::shown(sight, plus_seconds(at(NOON), seconds));
        shown.into_iter().map(|one| one.blind_spot).collect::<Vec<_>>()
    };
    assert_eq!(spots(None, 0), [BlindSpot::Unchecked], "never");
    sight.checked_at = Some(at(NOON));
    assert!(spots(Some(&sight), 600).is_empty());
    assert_eq!(spots(Some(&sight), 601), [BlindSpot::Unchecked]);
    let sentence = &Sight::shown(Some(&sight), plus_seconds(at(NOON), 1_500))[0].sentence;
    insta::assert_snapshot!(sentence, @"The guard last looked for blind spots on Fri 20 Nov 2026 12:05 UTC, 25 minutes ago: whatever else is said here may be old.");
}

#[test]
fn a_look_is_due_every_five_minutes_of_the_timer_and_all_is_asked_by_the_quarter() {
    let mut sight = Sight::beginning(at(NOON));
    assert!(sight.is_due(at(NOON)) && sight.asks_all(at(NOON)));
    sight.checked_at = Some(at("2026-11-20T12:05:20Z"));
    for (minute, due, all) in [
        ("2026-11-20T12:05:20Z", false, false),
        ("2026-11-20T12:05:59Z", false, false),
        ("2026-11-20T12:01:00Z", false, false),
        ("2026-11-20T12:09:59Z", false, false),
        ("2026-11-20T12:10:01Z", true, true),
        ("2026-11-20T12:14:00Z", true, true),
    ] {
        assert_eq!((sight.is_due(at(minute)), sight.asks_all(at(minute))), (due, all), "{minute}");
    }
    sight.checked_at = Some(at("2026-11-20T12:10:00Z"));
    assert!(sight.is_due(at("2026-11-20T12:15:00Z")) && !sight.asks_all(at("2026-11-20T12:15:00Z")));
}

#[test]
fn nothing_is_compared_that_was_sent_before_the_guard_looked() {
    let begun = Sight::beginning(at("2026-11-20T10:45:00Z"));
    assert!(begun.covers(scope()));
    assert!(!Sight::beginning(at("2026-11-20T10:45:01Z")).covers(scope()));
}

#[test]
fn every_subject_fits_and_every_remedy_is_a_command() {
    for spot in BlindSpot::ALL.into_iter().chain([BlindSpot::Unchecked]) {
        for subject in [spot.subject(), spot.subject_when_over()] {
            assert!(format!("SES guard: {subject} 111122223333").len() <= 100, "{subject}");
        }
        let remedy = spot.remedy();
        assert!(remedy.contains("aws ") || remedy.contains("ses-guard "), "{spot:?}");
        // Whoever is woken by it has no ARN at hand: ses-guard doctor knows them.
        assert!(!remedy.contains("_ARN") && !remedy.contains(" URL"), "{spot:?}");
    }
}
