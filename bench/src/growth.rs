//! How cost grows: with the mail, the sets, the share of the largest set, and the size of batches. Drawn as SVG.

use std::error::Error;
use std::path::Path;

use plotters::prelude::*;
use serde::Serialize;

use crate::money::{of_a_million_mails, sum};
use crate::units::{Cost, Load, Way, cost};

/// Read units of a typical set's decision.
const WINDOW_READS: f64 = 25.0;
/// Lambda begins with five pollers, each of which waits a second for a batch.
const POLLERS: u64 = 5;
/// About as many events as a point of a curve takes, so that none takes long.
const EVENTS: u64 = 150_000;
/// So much higher than its highest point is a picture, for the legend.
const ROOM: f64 = 1.35;

/// One point of a curve.
#[derive(Debug, Clone, Serialize)]
pub struct Point {
    /// Where it stands.
    pub x: f64,
    /// What it costs DynamoDB.
    pub cost: Cost,
    /// Dollars for a million mails.
    pub dollars: f64,
}

/// One curve.
#[derive(Debug, Clone, Serialize)]
pub struct Curve {
    /// Its file.
    pub name: &'static str,
    /// What grows.
    pub what: &'static str,
    /// Its points, from left to right.
    pub points: Vec<Point>,
}

/// All four.
pub fn curves() -> Vec<Curve> {
    let base = Load { name: "", batches: POLLERS, events: 200, sets: 1_000, seconds: 1, hot_percent: 50 };
    let curve = |name, what, loads: Vec<(f64, Load)>| Curve {
        name,
        what,
        points: loads.into_iter().map(|(x, load)| point(x, &load)).collect(),
    };
    let events = [10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000];
    let sets = [10, 30, 100, 300, 1_000, 3_000, 10_000];
    let hot = [1, 3, 10, 20, 30, 50, 70, 90];
    let batches = [10, 20, 50, 100, 200, 500, 1_000];
    vec![
        curve("events", "events an hour", events.map(|hourly| (hourly as f64, of_rate(&base, hourly))).to_vec()),
        curve("sets", "configuration sets", sets.map(|sets| (sets as f64, Load { sets, ..base })).to_vec()),
        curve(
            "hot",
            "% of the mail is the largest set's",
            hot.map(|part| (part as f64, Load { hot_percent: part, ..base })).to_vec(),
        ),
        curve(
            "batch",
            "events in a batch",
            batches.map(|events| (events as f64, Load { events, batches: 1_000 / events, ..base })).to_vec(),
        ),
    ]
}

/// The batches that so many events an hour come in.
fn of_rate(base: &Load, hourly: u64) -> Load {
    let each = (hourly / 3_600 / POLLERS).clamp(1, 1_000);
    Load { events: each, batches: (hourly / 3_600 / each).max(1), ..*base }
}

fn point(x: f64, load: &Load) -> Point {
    // From the start of a bucket on, in which the ids of small sets still have room; a bucket lasts 900 seconds.
    let seconds = (EVENTS / (load.batches * load.events)).clamp(1, 900) / 2;
    let load = Load { seconds: seconds.max(1), ..*load };
    let cost = cost(&load, Way::Shipped);
    Point { x, cost, dollars: sum(&of_a_million_mails(&cost, load.events as f64, WINDOW_READS)) }
}

/// Draws a curve's write units and dollars.
pub fn draw(curve: &Curve, folder: &Path) -> Result<(), Box<dyn Error>> {
    let path = folder.join(format!("{}.svg", curve.name));
    let area = SVGBackend::new(&path, (640, 320)).into_drawing_area();
    area.fill(&WHITE)?;
    let (first, last) = (curve.points.first().map_or(1.0, |at| at.x), curve.points.last().map_or(1.0, |at| at.x));
    let highest = curve.points.iter().map(|at| at.dollars.max(at.cost.units)).fold(1.0, f64::max) * ROOM;
    let mut chart = ChartBuilder::on(&area)
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(44)
        .build_cartesian_2d((first..last).log_scale(), 0.0..highest)?;
    let whole = |x: &f64| match *x {
        x if x >= 1e6 => format!("{:.0}M", x / 1e6),
        x if x >= 1e3 => format!("{:.0}k", x / 1e3),
        x => format!("{x:.0}"),
    };
    chart.configure_mesh().x_desc(curve.what).x_labels(4).x_label_formatter(&whole).light_line_style(WHITE).draw()?;
    let dollars = LineSeries::new(curve.points.iter().map(|at| (at.x, at.dollars)), BLUE.stroke_width(2)).point_size(3);
    chart
        .draw_series(dollars)?
        .label("$ per million mails")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 16, y)], BLUE));
    let units = LineSeries::new(curve.points.iter().map(|at| (at.x, at.cost.units)), RED.stroke_width(2)).point_size(3);
    chart
        .draw_series(units)?
        .label("write units per event")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 16, y)], RED));
    let corner = SeriesLabelPosition::UpperRight;
    chart.configure_series_labels().position(corner).background_style(WHITE).border_style(BLACK).draw()?;
    Ok(area.present()?)
}
