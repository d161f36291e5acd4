//! The last days of one set as a line: how much of what its pause line allows was used up when. At the top line it is
//! paused, whatever its volume; so all sets can be compared at a glance.

use std::fmt::Write;

use guard_core::judge::{Course, Metric};
use guard_core::time::Bucket;
use jiff::Timestamp;
use maud::{Markup, html};

use crate::figure;

/// What is drawn of what is used up: a quarter above the line.
const TOP_PPM: u64 = 1_250_000;
const LINE_PPM: u64 = 1_000_000;

/// A drawing's measures.
struct Canvas {
    columns: u32,
    column_width: u32,
    height: u32,
}

/// Two hours to a column of a week's window.
const SMALL: Canvas = Canvas { columns: 84, column_width: 2, height: 40 };
/// Half an hour.
const LARGE: Canvas = Canvas { columns: 336, column_width: 2, height: 150 };

/// The metric that came nearer to its line: what a row shows.
pub(crate) fn nearer(courses: &[Course; 2]) -> &Course {
    let [bounce, complaint] = courses;
    if complaint.used_ppm() > bounce.used_ppm() { complaint } else { bounce }
}

/// In a row of the table.
pub(crate) fn small(course: &Course, window: u32, now: Timestamp) -> Markup {
    drawn(course, window, now, &SMALL)
}

/// On the set's own page; without anything to draw, in words alone.
pub(crate) fn large(course: &Course, window: u32, now: Timestamp) -> Markup {
    let days = window.div_ceil(96);
    if course.worst.is_none() {
        return html! { p.sg-soft { (said(course)) "." } };
    }
    html! {
        figure.sg-chart {
            figcaption { (said(course)) }
            (drawn(course, window, now, &LARGE))
            div.sg-axis aria-hidden="true" { span { (days) " days ago" } span { "now" } }
        }
    }
}

/// The worst stretch in words.
pub(crate) fn said(course: &Course) -> String {
    let what = plural(course.metric);
    let Some(worst) = course.worst else { return format!("{what}: none beyond the rate that is allowed") };
    let limit = course.line.at(worst.sends);
    format!(
        "{what}: {} of {} in the worst stretch of {} mails ({})",
        figure::count(worst.events),
        figure::count(limit),
        figure::count(worst.sends),
        figure::percent(course.used_ppm()),
    )
}

pub(crate) fn plural(metric: Metric) -> &'static str {
    match metric {
        Metric::Bounce => "Hard bounces",
        Metric::Complaint => "Complaints",
    }
}

fn drawn(course: &Course, window: u32, now: Timestamp, canvas: &Canvas) -> Markup {
    let levels = levels(course, window, now, canvas.columns);
    let (width, height) = (canvas.columns * canvas.column_width, canvas.height);
    let at_line = y(LINE_PPM, height);
    let class = if course.used_ppm() >= LINE_PPM { "sg-spark sg-over" } else { "sg-spark" };
    let latest = levels.last().copied().unwrap_or_default();
    let label = format!("{}; now at {}. The line is where the set is paused.", said(course), figure::percent(latest));
    html! {
        svg class=(class) viewBox={ "0 0 " (width) " " (height) } preserveAspectRatio="none" role="img" aria-label=(label) {
            title { (label) }
            path.sg-area d={ "M0 " (height) (steps(&levels, canvas)) "V" (height) "Z" } {}
            path.sg-way d={ "M0 " (y(levels.first().copied().unwrap_or(0), height)) (steps(&levels, canvas)) } {}
            path.sg-line d={ "M0 " (at_line) "H" (width) } {}
        }
    }
}

/// How much was used up in each column, at its worst. A column without mail is where the one before it was.
fn levels(course: &Course, window: u32, now: Timestamp, columns: u32) -> Vec<u64> {
    let (window, columns) = (i64::from(window.max(1)), i64::from(columns));
    let oldest = Bucket::of(now).plus(1 - window);
    let column_of = |bucket: Bucket| {
        let age = (bucket.start_second() - oldest.start_second()) / guard_core::time::BUCKET_SECONDS;
        (age * columns / window).clamp(0, columns - 1)
    };
    let mut steps = course.steps.iter().peekable();
    let mut level = 0;
    let worst_in = |column: i64| {
        let mut worst = None;
        while let Some(step) = steps.next_if(|step| column_of(step.bucket) <= column) {
            worst = worst.max(Some(step.used_ppm));
            level = step.used_ppm;
        }
        worst.unwrap_or(level)
    };
    (0..columns).map(worst_in).collect()
}

/// One horizontal for each level, and a vertical to each change.
fn steps(levels: &[u64], canvas: &Canvas) -> String {
    let mut path = String::new();
    let mut before = None;
    let mut x = 0;
    for level in levels {
        let y = y(*level, canvas.height);
        if before != Some(y) {
            if before.is_some() {
                let _ = write!(path, "H{x}");
            }
            let _ = write!(path, "V{y}");
            before = Some(y);
        }
        x += canvas.column_width;
    }
    let _ = write!(path, "H{x}");
    path
}

fn y(used_ppm: u64, height: u32) -> u64 {
    let height = u64::from(height);
    height - height * used_ppm.min(TOP_PPM) / TOP_PPM
}

#[cfg(test)]
mod tests {
    use guard_core::judge::{BucketCount, course};
    use guard_core::policy::Policy;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-20T12:00:00Z".parse().unwrap()
    }

    fn bounced(mail: &[(i64, u64, u64)]) -> Course {
        let count = |&(back, sends, bounces): &(i64, u64, u64)| BucketCount {
            bucket: Bucket::of(now()).plus(-back),
            sends,
            bounces,
            complaints: 0,
        };
        let counts: Vec<BucketCount> = mail.iter().map(count).collect();
        course(&Policy::default(), &counts, Bucket::of(now()), None, Metric::Bounce)
    }

    #[test]
    fn a_line_holds_its_level_until_the_next_mail() {
        let course = bounced(&[(671, 100, 12), (336, 100, 3), (0, 2_000, 0)]);
        let levels = levels(&course, 672, now(), 84);
        assert_eq!(
            (levels.len(), levels[0], levels[40], levels[41], levels[82]),
            (84, 800_000, 800_000, 750_000, 750_000)
        );
        assert_eq!(levels[83], 0, "good mail takes it back");
    }

    #[test]
    fn a_drawing_is_small_and_says_in_words_what_it_shows() {
        let course =
            bounced(&(0..672).rev().map(|back| (back, 100, 5 + u64::try_from(back % 3).unwrap())).collect::<Vec<_>>());
        let svg = small(&course, 672, now()).into_string();
        assert!(svg.len() < 2_500, "{} bytes", svg.len());
        assert!(svg.contains("role=\"img\"") && svg.contains("Hard bounces: "), "{svg}");
        let calm = small(&bounced(&[]), 672, now()).into_string();
        assert!(calm.contains("none beyond the rate that is allowed; now at 0 %"), "{calm}");
        assert!(!calm.contains("sg-over"));
    }

    #[test]
    fn whatever_is_beyond_the_top_is_drawn_at_the_top() {
        assert_eq!((y(0, 40), y(LINE_PPM, 40), y(TOP_PPM, 40), y(u64::MAX, 40)), (40, 8, 0, 0));
    }
}
