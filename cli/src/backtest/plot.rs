//! Plots as SVG in the page, drawn with classes: the page's style gives them the reader's light or dark colours. (A
//! plotting library would write fixed ones.)

use guard_replay::Series;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, html};

const WIDTH: f64 = 720.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 10.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 24.0;
/// A label of a time is about so wide.
const LABEL: f64 = 110.0;

/// A line with a value for each step; without one it breaks off.
pub(super) struct Line<'a> {
    pub(super) label: &'a str,
    pub(super) class: String,
    pub(super) values: Vec<Option<f64>>,
}

/// Something that happened at a time.
pub(super) struct Mark {
    pub(super) at: Timestamp,
    pub(super) label: String,
    pub(super) class: String,
}

/// A scale from 0 that ends at a round number.
struct Scale {
    top: f64,
    step: f64,
    height: f64,
}

impl Scale {
    fn over(greatest: f64, height: f64) -> Self {
        let greatest = if greatest.is_finite() && greatest > 0.0 { greatest } else { 1.0 };
        let rough = greatest / 4.0;
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0].map(|round| round * power).into_iter().find(|step| *step >= rough);
        let step = step.unwrap_or(rough);
        Self { top: (greatest / step).ceil() * step, step, height }
    }

    fn y(&self, value: f64) -> f64 {
        TOP + self.height * (1.0 - value / self.top)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        (0_u32..=12).map(|tick| f64::from(tick) * self.step).take_while(|tick| *tick <= self.top * 1.001)
    }
}

/// Where a time is drawn.
struct Axis {
    from: i64,
    step: i64,
    steps: usize,
}

impl Axis {
    fn of(series: &Series) -> Self {
        let from = series.from.map_or(0, Timestamp::as_second);
        Self { from, step: i64::from(series.step_seconds.max(1)), steps: series.mails.len().max(1) }
    }

    fn step_width(&self) -> f64 {
        (WIDTH - LEFT - RIGHT) / self.steps as f64
    }

    fn x(&self, step: usize) -> f64 {
        LEFT + self.step_width() * step as f64
    }

    fn x_of(&self, at: Timestamp) -> f64 {
        let steps = (at.as_second() - self.from) as f64 / self.step as f64;
        (LEFT + self.step_width() * steps).clamp(LEFT, WIDTH - RIGHT)
    }

    fn start(&self, step: usize) -> Timestamp {
        let steps = i64::try_from(step).unwrap_or(0);
        Timestamp::from_second(self.from.saturating_add(self.step.saturating_mul(steps))).unwrap_or(Timestamp::MAX)
    }

    fn label(&self, step: usize, format: &str) -> String {
        self.start(step).to_zoned(TimeZone::UTC).strftime(format).to_string()
    }

    fn labels(&self) -> Vec<(f64, String)> {
        let format = if self.step * (self.steps as i64) <= 2 * 86_400 { "%-d %b %H:%M" } else { "%-d %b %Y" };
        let every = (LABEL / self.step_width()).ceil().max(1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at least 1, and few")]
        let every = every as usize;
        let last = WIDTH - RIGHT - LABEL / 2.0;
        let steps = (0..self.steps).step_by(every).map(|step| (self.x(step), self.label(step, format)));
        steps.filter(|(x, _)| *x <= last).collect()
    }
}

/// Shares of mails over time, with the line at which AWS looks into the account.
pub(super) fn rates(series: &Series, lines: &[Line<'_>], review_percent: f64, decimals: usize) -> Markup {
    let axis = Axis::of(series);
    let values = lines.iter().flat_map(|line| line.values.iter().flatten().copied());
    let scale = Scale::over(values.fold(review_percent * 1.15, f64::max), 170.0);
    let what = lines.iter().map(|line| line.label).collect::<Vec<_>>().join(", ");
    let review = scale.y(review_percent);
    html! {
        svg viewBox=(view_box(scale.height)) role="img" aria-label=(format!("Shares over time: {what}")) {
            (grid(&scale, &axis, |tick| format!("{tick:.decimals$} %")))
            path.review d=(format!("M{LEFT} {review:.1}H{:.1}", WIDTH - RIGHT)) {}
            @for line in lines {
                path class=(format!("line {}", line.class)) d=(path_of(&line.values, &axis, &scale)) {
                    title { (line.label) }
                }
            }
            text.halo x=(WIDTH - RIGHT) y=(format!("{:.1}", review - 5.0)) text-anchor="end" {
                "AWS reviews the account"
            }
        }
    }
}

/// Amounts over time, with what happened.
pub(super) fn amounts(series: &Series, values: &[u64], class: &str, what: &str, marks: &[Mark]) -> Markup {
    let axis = Axis::of(series);
    let scale = Scale::over(values.iter().copied().max().unwrap_or(0).max(4) as f64, 90.0);
    let width = (axis.step_width() - 1.0).max(0.8);
    html! {
        svg viewBox=(view_box(scale.height)) role="img" aria-label=(format!("{what} over time")) {
            (grid(&scale, &axis, short))
            @for (step, value) in values.iter().enumerate().filter(|(_, value)| **value > 0) {
                @let y = scale.y(*value as f64);
                rect class=(class) x=(format!("{:.1}", axis.x(step))) y=(format!("{y:.1}")) width=(format!("{width:.1}"))
                    height=(format!("{:.1}", TOP + scale.height - y)) {
                    title { (axis.label(step, "%-d %b %Y %H:%M")) ": " (value) " " (what) }
                }
            }
            @for mark in marks {
                @let x = axis.x_of(mark.at);
                path class=(format!("mark {}", mark.class))
                    d=(format!("M{x:.1} {TOP}V{:.1}", TOP + scale.height)) { title { (mark.label) } }
            }
        }
    }
}

fn view_box(height: f64) -> String {
    format!("0 0 {WIDTH} {}", TOP + height + BOTTOM)
}

fn grid(scale: &Scale, axis: &Axis, label: impl Fn(f64) -> String) -> Markup {
    html! {
        @for tick in scale.ticks() {
            @let y = scale.y(tick);
            path.grid d=(format!("M{LEFT} {y:.1}H{:.1}", WIDTH - RIGHT)) {}
            text x=(LEFT - 6.0) y=(format!("{:.1}", y + 4.0)) text-anchor="end" { (label(tick)) }
        }
        @for (x, label) in axis.labels() {
            text x=(format!("{x:.1}")) y=(format!("{:.1}", TOP + scale.height + 17.0)) { (label) }
        }
    }
}

/// Through the middle of each step; a value alone is a dot.
fn path_of(values: &[Option<f64>], axis: &Axis, scale: &Scale) -> String {
    let mut path = String::new();
    let mut drawing = false;
    for (step, value) in values.iter().enumerate() {
        if let Some(value) = value {
            let (x, y) = (axis.x(step) + axis.step_width() / 2.0, scale.y(*value));
            path += &if drawing { format!("L{x:.1} {y:.1}") } else { format!("M{x:.1} {y:.1}h0") };
        }
        drawing = value.is_some();
    }
    path
}

fn short(number: f64) -> String {
    match number {
        number if number >= 1e6 => format!("{} M", number / 1e6),
        number if number >= 1e4 => format!("{} k", number / 1e3),
        number => format!("{number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_ends_at_a_round_number_above_everything() {
        for (greatest, top, ticks) in [
            (0.0, 1.0, 5),
            (f64::NAN, 1.0, 5),
            (4.0, 4.0, 5),
            (5.75, 6.0, 4),
            (100.0, 100.0, 5),
            (1_234.0, 1_500.0, 4),
            (0.115, 0.15, 4),
        ] {
            let scale = Scale::over(greatest, 100.0);
            assert!((scale.top - top).abs() < 1e-9, "{greatest}: {}", scale.top);
            assert_eq!(scale.ticks().count(), ticks, "{greatest}");
        }
    }

    #[test]
    fn a_line_breaks_off_where_there_is_no_value() {
        let series = Series { step_seconds: 900, mails: vec![1; 4], ..Series::default() };
        let axis = Axis::of(&series);
        let path = path_of(&[Some(1.0), None, Some(1.0), Some(0.0)], &axis, &Scale::over(1.0, 100.0));
        assert_eq!(path.matches('M').count(), 2);
        assert_eq!(path.matches('L').count(), 1);
    }
}
