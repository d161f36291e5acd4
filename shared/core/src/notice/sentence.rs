//! The one sentence that says what was judged and why, in the set's own numbers.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::judge::{Finding, Judgement, Metric, Stretch, Verdict};
use crate::policy::Line;
use crate::state::Totals;
use crate::time::{Bucket, plus_seconds};

/// What was judged, whatever the verdict is; as if a pause was carried out.
pub fn judged(judgement: &Judgement, now: Timestamp) -> String {
    with_trial(explained(judgement, &when(decisive(judgement), now)), judgement)
}

/// The set was paused.
pub fn paused(judgement: &Judgement, now: Timestamp) -> String {
    told(PAUSED, judgement, now)
}

/// The set would have been paused, but for this: that the guard observes only, say.
pub fn would_pause(judgement: &Judgement, now: Timestamp, because: &str) -> String {
    told(&format!("Would have paused ({because})"), judgement, now)
}

/// The set's owner is warned.
pub fn warned(judgement: &Judgement, now: Timestamp) -> String {
    told(WARNED, judgement, now)
}

/// A resumed set has kept below its lines. `fresh` is since when its mail counts.
pub fn trial_ended(totals: &Totals, fresh: Option<Bucket>) -> String {
    let since = fresh.map_or(String::new(), |fresh| {
        format!(" since {} UTC", fresh.start().to_zoned(TimeZone::UTC).strftime("%a %-d %b %H:%M"))
    });
    let Totals { sends, bounces, complaints, prevented: _ } = *totals;
    format!(
        "The trial is over: of the {} mails sent{since} {} hard-bounced and {} brought a complaint.",
        grouped(sends),
        grouped(bounces),
        grouped(complaints)
    )
}

/// The sentence for the verdict, with the time of the mail as given.
pub fn explained(judgement: &Judgement, when: &str) -> String {
    let lead = match judgement.verdict {
        Verdict::Ok => return "OK.".to_owned(),
        Verdict::Warn => WARNED,
        Verdict::DataFault => NOT_JUDGED,
        Verdict::Pause => PAUSED,
    };
    format!("{lead}: {}.", measured(decisive(judgement), when))
}

/// How a set of which nothing else is to be said stands: the window's totals, and what would pause it were they all in
/// one stretch.
pub fn standing(totals: &Totals, bounce: Line, complaint: Line) -> String {
    let sends = totals.sends;
    if (sends, totals.bounces, totals.complaints) == (0, 0, 0) {
        return "No mail was sent in the window.".to_owned();
    }
    let share = |what, metric, events, line: Line| {
        let rate = rate(metric, events, sends).unwrap_or("n/a".to_owned());
        format!("{what} {} ({rate}, limit {} = {})", grouped(events), grouped(line.at(sends)), spelled(line))
    };
    format!(
        "Mails sent in the window {}: {}, {}.",
        grouped(sends),
        share("hard bounces", Metric::Bounce, totals.bounces, bounce),
        share("complaints", Metric::Complaint, totals.complaints, complaint),
    )
}

/// One metric's numbers: what failed, of how much, and how much may.
pub fn measured(finding: &Finding, when: &str) -> String {
    let (events, sends) = (grouped(finding.events()), grouped(finding.sends()));
    let failed = match finding.metric {
        Metric::Bounce => "hard-bounced",
        Metric::Complaint => "were reported as spam",
    };
    let rate = rate(finding.metric, finding.events(), finding.sends()).unwrap_or("n/a".to_owned());
    let (limit, line) = (grouped(finding.limit()), spelled(finding.line));
    format!(
        "{events} of the {sends} mails sent {when} {failed} ({rate}); the limit for that many mails is {limit} ({line})"
    )
}

/// When the worst stretch's mail was sent. A weekday alone is enough for one day of the last seven; everything else
/// has its date, and its year if that is not the present one.
pub fn when(finding: &Finding, now: Timestamp) -> String {
    finding.stretch.map_or("in the window".to_owned(), |stretch| between(&stretch, now))
}

pub(crate) const BOUNCE_DECIMALS: u32 = 1;
pub(crate) const COMPLAINT_DECIMALS: u32 = 3;

const PAUSED: &str = "Sending was paused";
const WARNED: &str = "Warning";
const NOT_JUDGED: &str = "Not judged (more failures than sends were counted - check the event stream)";

fn told(lead: &str, judgement: &Judgement, now: Timestamp) -> String {
    let finding = decisive(judgement);
    with_trial(format!("{lead}: {}.", measured(finding, &when(finding, now))), judgement)
}

fn with_trial(mut sentence: String, judgement: &Judgement) -> String {
    if judgement.trial && judgement.verdict > Verdict::Ok {
        sentence.push_str(" The set is on trial after its resume and is judged more strictly.");
    }
    sentence
}

fn decisive(judgement: &Judgement) -> &Finding {
    judgement.finding(judgement.because.unwrap_or(Metric::Bounce))
}

fn between(stretch: &Stretch, now: Timestamp) -> String {
    let [first, last, now] =
        [stretch.from.start(), plus_seconds(stretch.to.end(), -1), now].map(|instant| instant.to_zoned(TimeZone::UTC));
    let same_day = first.date() == last.date();
    let days_ago = (now.date() - first.date()).get_days();
    let dated = if first.year() == now.year() { "%a %-d %b %H:%M" } else { "%a %-d %b %Y %H:%M" };
    let from = if same_day && (0..7).contains(&days_ago) { "%a %H:%M" } else { dated };
    let to = if same_day { "%H:%M" } else { dated };
    format!("between {} and {} UTC", first.strftime(from), last.strftime(to))
}

/// `10 + 5 %`.
fn spelled(line: Line) -> String {
    format!("{} + {}", grouped(line.slack.into()), line.rate_ppm)
}

/// So much of it failed, in percent: bounces to a tenth, complaints to a thousandth. `None` of nothing.
pub fn rate(metric: Metric, part: u64, whole: u64) -> Option<String> {
    let decimals = match metric {
        Metric::Bounce => BOUNCE_DECIMALS,
        Metric::Complaint => COMPLAINT_DECIMALS,
    };
    percent(part, whole, decimals)
}

/// Rounded half up; `None` of nothing.
pub(crate) fn percent(part: u64, whole: u64, decimals: u32) -> Option<String> {
    let one = 10_u128.pow(decimals);
    let rounded = (u128::from(part) * 100 * one + u128::from(whole) / 2).checked_div(u128::from(whole))?;
    let width = usize::try_from(decimals).ok()?;
    Some(format!("{}.{:0width$} %", rounded / one, rounded % one))
}

/// With a comma between thousands.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{BucketCount, judge};
    use crate::policy::Policy;
    use crate::time::Bucket;

    fn instant(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn bucket(text: &str) -> Bucket {
        Bucket::of(instant(text))
    }

    /// All in one bucket, at 14:00 of Monday 16 November; judged on Tuesday.
    fn judgement(sends: u64, bounces: u64, complaints: u64, fresh: Option<Bucket>) -> Judgement {
        let count = BucketCount { bucket: bucket("2026-11-16T14:00:00Z"), sends, bounces, complaints };
        judge(&Policy::default(), &[count], bucket("2026-11-17T09:00:00Z"), fresh)
    }

    #[test]
    fn each_verdict_has_its_sentence() {
        let now = instant("2026-11-17T09:14:02Z");
        let fresh = Some(bucket("2026-11-16T00:00:00Z"));
        for (judgement, sentence) in [
            (
                judgement(1_240, 98, 0, None),
                "Sending was paused: 98 of the 1,240 mails sent between Mon 14:00 and 14:14 UTC hard-bounced (7.9 %); \
                 the limit for that many mails is 72 (10 + 5 %).",
            ),
            (
                judgement(1_200_000, 0, 1_205, None),
                "Sending was paused: 1,205 of the 1,200,000 mails sent between Mon 14:00 and 14:14 UTC were reported as \
                 spam (0.100 %); the limit for that many mails is 1,205 (5 + 0.1 %).",
            ),
            (
                judgement(1_000, 59, 0, None),
                "Warning: 59 of the 1,000 mails sent between Mon 14:00 and 14:14 UTC hard-bounced (5.9 %); the limit for \
                 that many mails is 40 (10 + 3 %).",
            ),
            (
                judgement(0, 10, 0, None),
                "Not judged (more failures than sends were counted - check the event stream): 10 of the 0 mails sent \
                 between Mon 14:00 and 14:14 UTC hard-bounced (n/a); the limit for that many mails is 10 (10 + 5 %).",
            ),
            (
                judgement(50, 8, 0, fresh),
                "Sending was paused: 8 of the 50 mails sent between Mon 14:00 and 14:14 UTC hard-bounced (16.0 %); the \
                 limit for that many mails is 8 (5 + 5 %). The set is on trial after its resume and is judged more \
                 strictly.",
            ),
            (judgement(1_000, 1, 0, None), "OK."),
            (judgement(1_000, 1, 0, fresh), "OK."),
        ] {
            assert_eq!(judged(&judgement, now), sentence);
        }
    }

    #[test]
    fn a_sentence_says_what_was_done_about_it() {
        let now = instant("2026-11-17T09:14:02Z");
        let over = judgement(1_240, 98, 0, None);
        let rest = "98 of the 1,240 mails sent between Mon 14:00 and 14:14 UTC hard-bounced (7.9 %); the limit for that \
                    many mails is 72 (10 + 5 %).";
        assert_eq!(paused(&over, now), format!("Sending was paused: {rest}"));
        assert_eq!(warned(&over, now), format!("Warning: {rest}"));
        let because = "the guard observes only";
        assert_eq!(would_pause(&over, now, because), format!("Would have paused ({because}): {rest}"));
    }

    #[test]
    fn the_time_is_as_short_as_it_can_be_without_doubt() {
        let now = "2026-11-20T09:14:02Z";
        for (what, from, to, now, phrase) in [
            ("one bucket today", "2026-11-20T09:00:00Z", "2026-11-20T09:00:00Z", now, "Fri 09:00 and 09:14"),
            ("six days ago", "2026-11-14T00:00:00Z", "2026-11-14T23:45:00Z", now, "Sat 00:00 and 23:59"),
            ("seven days ago", "2026-11-13T14:00:00Z", "2026-11-13T16:45:00Z", now, "Fri 13 Nov 14:00 and 16:59"),
            (
                "over midnight",
                "2026-11-16T14:00:00Z",
                "2026-11-17T09:00:00Z",
                now,
                "Mon 16 Nov 14:00 and Tue 17 Nov 09:14",
            ),
            ("one digit", "2026-11-08T14:00:00Z", "2026-11-08T14:00:00Z", now, "Sun 8 Nov 14:00 and 14:14"),
            (
                "over the new year",
                "2026-12-31T22:00:00Z",
                "2027-01-01T01:00:00Z",
                "2027-01-01T02:00:00Z",
                "Thu 31 Dec 2026 22:00 and Fri 1 Jan 2027 01:14",
            ),
            (
                "the last week of last year",
                "2026-12-31T22:00:00Z",
                "2026-12-31T22:00:00Z",
                "2027-01-01T02:00:00Z",
                "Thu 22:00 and 22:14",
            ),
        ] {
            let stretch = Stretch { from: bucket(from), to: bucket(to), sends: 1, events: 1 };
            assert_eq!(between(&stretch, instant(now)), format!("between {phrase} UTC"), "{what}");
        }
        let edge = |second| Bucket::starting_at(second - second % 900).unwrap();
        let stretch = Stretch { from: edge(i64::MIN), to: edge(i64::MAX), sends: 1, events: 1 };
        assert!(between(&stretch, plus_seconds(Timestamp::MAX, 1)).ends_with("UTC"), "the ends of time do no harm");
    }

    #[test]
    fn a_quiet_set_is_described_by_its_totals() {
        let policy = Policy::default();
        let lines = [Metric::Bounce, Metric::Complaint].map(|metric| policy.effective_line(metric, false));
        for (sends, bounces, complaints, sentence) in [
            (0, 0, 0, "No mail was sent in the window."),
            (
                1_240,
                12,
                1,
                "Mails sent in the window 1,240: hard bounces 12 (1.0 %, limit 72 = 10 + 5 %), complaints 1 (0.081 %, \
                 limit 7 = 5 + 0.1 %).",
            ),
            (
                0,
                2,
                0,
                "Mails sent in the window 0: hard bounces 2 (n/a, limit 10 = 10 + 5 %), complaints 0 (n/a, limit 5 = 5 + \
                 0.1 %).",
            ),
        ] {
            let totals = Totals { sends, bounces, complaints, ..Totals::default() };
            assert_eq!(standing(&totals, lines[0], lines[1]), sentence);
        }
    }

    #[test]
    fn numbers_are_grouped_and_rates_rounded_half_up() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (999_999, "999,999"), (1_234_567, "1,234,567")]
        {
            assert_eq!(grouped(number), text);
        }
        for (part, whole, decimals, text) in [
            (0, 1, 1, Some("0.0 %")),
            (57, 400, 1, Some("14.3 %")),
            (1, 2_000, 1, Some("0.1 %")),
            (1, 2_001, 1, Some("0.0 %")),
            (15, 10_000, 3, Some("0.150 %")),
            (u64::MAX, 1, 3, Some("1844674407370955161500.000 %")),
            (1, 0, 1, None),
        ] {
            assert_eq!(percent(part, whole, decimals).as_deref(), text, "{part} of {whole}");
        }
    }
}
