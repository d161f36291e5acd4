//! The lines at which the guard is blind, as one look sees them. Each begins and ends at figures of its own, so that
//! what lies between changes nothing.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::View;
use crate::notice::sentence::{grouped, percent};
use crate::port::{Point, Vital, Vitals};
use crate::tally::BucketTally;
use crate::time::{Bucket, plus_seconds};

/// How late CloudWatch may be with SES's own count. AWS documents no figure; a count that comes later than this only
/// makes SES's number smaller, and so the guard too quiet, never too loud.
const SENDS_LATE_SECONDS: i64 = 600;
/// The hour that is compared.
const COMPARED_BUCKETS: i64 = 4;
/// The hours whose receipts are looked through for suspects.
const SUSPECT_BUCKETS: i64 = 16;
/// Fewer mails than these in the hour say nothing: half of them may be one mailing without a configuration set.
const SENDS_THAT_TELL: u64 = 50;
/// Fewer receipts than these say nothing: one redelivered batch may be all of them.
const RECEIPTS_THAT_TELL: u64 = 100;
/// Of how many receipts one may be suspect: above one in ten the judge takes all of them (see `standing`).
const SUSPECT_ONE_IN: u64 = 10;

/// Counting later than this costs healthy sets false pauses and bad ones a late one (the study behind adr/0005).
const LATE_SECONDS: u64 = 15;
/// One full batch of `actuate` at the one call a second that SES grants: later than that it does not keep up.
const ACTUATE_LATE_SECONDS: u64 = 120;
/// CloudWatch has a minute's number within two minutes.
const MINUTES_LATE_SECONDS: i64 = 120;
/// The minutes of one look; the next look takes the next five.
const LOOK_SECONDS: i64 = 300;
/// So long must `judge` not have been woken before waiting marks say that its stream is lost.
const UNWOKEN_SECONDS: i64 = 600;

/// What is looked at in one minute of the timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    minute: Timestamp,
}

impl Scope {
    /// That of this minute.
    pub fn of(minute: Timestamp) -> Self {
        Self { minute }
    }

    /// The bucket just after the compared hour: all before it is over, and CloudWatch must have SES's count of it.
    pub fn hour_end(self) -> Bucket {
        Bucket::of(plus_seconds(self.minute, -SENDS_LATE_SECONDS))
    }

    /// The first bucket of the compared hour.
    pub fn hour_start(self) -> Bucket {
        self.hour_end().plus(-COMPARED_BUCKETS)
    }

    /// The first bucket in which suspects are looked for; the last is the one before [`Scope::hour_end`].
    pub fn suspects_start(self) -> Bucket {
        self.hour_end().plus(-SUSPECT_BUCKETS)
    }

    /// From when on CloudWatch is asked.
    pub fn from(self) -> Timestamp {
        self.hour_start().start()
    }

    /// Up to when CloudWatch is asked.
    pub fn to(self) -> Timestamp {
        plus_seconds(self.minute, -MINUTES_LATE_SECONDS)
    }

    fn latest(self, vitals: &Vitals, vital: Vital, seconds: i64) -> Vec<u64> {
        let from = plus_seconds(self.to(), -seconds);
        let points = vitals.get(&vital).map_or(&[][..], Vec::as_slice);
        points.iter().filter(|point| point.at >= from && point.at < self.to()).map(|point| point.value).collect()
    }

    fn minutes(self, vitals: &Vitals, vital: Vital) -> Vec<u64> {
        self.latest(vitals, vital, LOOK_SECONDS)
    }

    /// SES's own count of the compared hour; `None` when nothing of it was published.
    fn sends(self, vitals: &Vitals) -> Option<u64> {
        let within = |point: &&Point| point.at >= self.from() && point.at < self.hour_end().start();
        let mut points = vitals.get(&Vital::Sends)?.iter().filter(within).map(|point| point.value).peekable();
        points.peek()?;
        Some(points.fold(0, u64::saturating_add))
    }
}

/// SES took at least 50 mails in the hour and the guard counted less than half of them. Over when it counts three of
/// four again; no mail at all does not end it. `tallies` are the account's.
pub fn silence(scope: Scope, vitals: &Vitals, tallies: &[BucketTally]) -> View {
    let within = |one: &&BucketTally| one.bucket >= scope.hour_start() && one.bucket < scope.hour_end();
    // At the upper end: what is counted twice, perhaps, is surely no silence.
    let counted: u64 = tallies.iter().filter(within).map(|one| one.counts.sends.upper()).sum();
    let hour = between(scope.hour_start(), scope.hour_end());
    let Some(sends) = scope.sends(vitals) else {
        return match counted >= SENDS_THAT_TELL {
            true => View::Unknown(format!(
                "CloudWatch has no Send of AWS/SES {hour}, though the guard counted {} mails",
                grouped(counted)
            )),
            false => View::Between,
        };
    };
    let numbers =
        format!("SES took {} mails {hour}, and the guard counted {} of them", grouped(sends), grouped(counted));
    if sends < SENDS_THAT_TELL {
        View::Between
    } else if counted.saturating_mul(2) < sends {
        View::Blind(format!(
            "{numbers}: the others can't pause anybody. Mail without a configuration set, of sets that do not publish to \
             the guard and to the mailbox simulator is never counted."
        ))
    } else if counted.saturating_mul(4) >= sends.saturating_mul(3) {
        View::Clear(match counted > sends {
            true => format!("SES took {} mails {hour}, and the guard counted all of them.", grouped(sends)),
            false => format!("{numbers}."),
        })
    } else {
        View::Between
    }
}

/// More than one in ten of the account's send receipts of four hours is suspect, of at least 100. Over at one in twenty.
pub fn suspect(scope: Scope, tallies: &[BucketTally]) -> View {
    let within = |one: &&BucketTally| one.bucket >= scope.suspects_start() && one.bucket < scope.hour_end();
    let (mut receipts, mut suspect) = (0_u64, 0_u64);
    for one in tallies.iter().filter(within) {
        receipts = receipts.saturating_add(one.counts.sends.receipts);
        suspect = suspect.saturating_add(one.counts.sends.suspect);
    }
    let share = percent(suspect, receipts, 1).unwrap_or("n/a".to_owned());
    let hours = between(scope.suspects_start(), scope.hour_end());
    let numbers = format!(
        "{} of the {} sends counted {hours} may be counted twice ({share})",
        grouped(suspect),
        grouped(receipts)
    );
    if suspect.saturating_mul(SUSPECT_ONE_IN * 2) <= receipts {
        View::Clear(format!("{numbers}."))
    } else if receipts >= RECEIPTS_THAT_TELL && suspect.saturating_mul(SUSPECT_ONE_IN) > receipts {
        View::Blind(format!("{numbers}. Sets are judged with all of them: paused too late rather than wrongly."))
    } else {
        View::Between
    }
}

/// Events waited more than 15 s in three minutes of five, or marks more than 15 s or intents more than two minutes in two
/// of five; or `marked` sets waited to be judged and no stream has woken `judge` for ten minutes. Over when none waited.
pub fn behind(scope: Scope, vitals: &Vitals, marked: usize) -> View {
    let events = scope.minutes(vitals, Vital::EventsAge);
    if events.is_empty() {
        return View::Unknown("CloudWatch has no ApproximateAgeOfOldestMessage of the events queue".to_owned());
    }
    let (judge, actuate) = (scope.minutes(vitals, Vital::JudgeAge), scope.minutes(vitals, Vital::ActuateAge));
    let stages = [
        ("events waited up to {} s to be counted", events, LATE_SECONDS, 3),
        ("marked configuration sets waited up to {} s to be judged", judge, LATE_SECONDS, 2),
        ("decided pauses waited up to {} s for SES", actuate, ACTUATE_LATE_SECONDS, 2),
    ];
    let (mut late, mut on_time) = (Vec::new(), true);
    for (words, ages, line, minutes) in stages {
        let over = ages.iter().filter(|age| **age > line).count();
        on_time &= over == 0;
        if over >= minutes {
            let worst = ages.iter().max().copied().unwrap_or(0);
            late.push(words.replace("{}", &grouped(worst)));
        }
    }
    // A stream that works wakes `judge` within seconds, and then its age has a point.
    if marked > 0 && scope.latest(vitals, Vital::JudgeAge, UNWOKEN_SECONDS).is_empty() {
        on_time = false;
        late.push(format!(
            "{marked} configuration sets waited to be judged, and nothing has woken judge for ten minutes"
        ));
    }
    match (late.as_slice(), on_time) {
        ([], true) => View::Clear("Nothing waits longer than it should.".to_owned()),
        ([], false) => View::Between,
        (late, _) => View::Blind(format!("In the last minutes {}. Pauses come as late.", late.join("; "))),
    }
}

/// Whether any event waited too long in a minute of the look: then what was not counted may still be on its way.
pub fn events_wait(scope: Scope, vitals: &Vitals) -> bool {
    scope.minutes(vitals, Vital::EventsAge).iter().any(|age| *age > LATE_SECONDS)
}

/// Anything waits in a dead-letter queue. SQS publishes of every queue that holds something, so a queue without numbers
/// is empty - if SQS's numbers arrive at all.
pub fn dead_letters(scope: Scope, vitals: &Vitals) -> View {
    let waiting = |vital| scope.minutes(vitals, vital).last().copied().unwrap_or(0);
    let (events, wake_ups) = (waiting(Vital::EventDeadLetters), waiting(Vital::WakeUpDeadLetters));
    if events > 0 || wake_ups > 0 {
        let numbers =
            format!("The dead-letter queues hold {} events and {} wake-up calls", grouped(events), grouped(wake_ups));
        View::Blind(format!("{numbers}. Those events are in no tally; the calls may have been for a pause."))
    } else if scope.minutes(vitals, Vital::EventsAge).is_empty() {
        View::Unknown("CloudWatch has no numbers of the guard's queues".to_owned())
    } else {
        View::Clear("Both dead-letter queues are empty.".to_owned())
    }
}

fn between(from: Bucket, end: Bucket) -> String {
    let last = plus_seconds(end.start(), -1);
    let [from, last] = [from.start(), last].map(|instant| instant.to_zoned(TimeZone::UTC));
    format!("between {} and {} UTC", from.strftime("%a %H:%M"), last.strftime("%H:%M"))
}
