//! The thresholds as a drawing: for each profile and metric the share of mails that warns and pauses, by volume.

use std::error::Error;

use guard_core::judge::Metric;
use guard_core::policy::{Line, Policy, Profile, aws_pause_line, aws_review_line};
use plotters::prelude::*;

use super::explain::METRICS;

const WIDTH: u32 = 1_120;
const ROW_HEIGHT: u32 = 380;
const MAILS: std::ops::Range<f64> = 10.0..10_000_000.0;
const POINTS: u32 = 120;

const PAUSE: RGBColor = RGBColor(190, 30, 45);
const WARN: RGBColor = RGBColor(217, 130, 20);
const TRIAL: RGBColor = RGBColor(110, 60, 160);
const AWS: RGBColor = RGBColor(120, 120, 120);

/// One row for each profile, as SVG.
pub(super) fn thresholds(profiles: &[Profile]) -> Result<String, Box<dyn Error>> {
    let mut svg = String::new();
    let rows = u32::try_from(profiles.len())?;
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH, ROW_HEIGHT * rows)).into_drawing_area();
        root.fill(&WHITE)?;
        let panels = root.split_evenly((profiles.len(), METRICS.len()));
        let wanted = profiles.iter().flat_map(|profile| METRICS.map(|metric| (profile, metric)));
        for (panel, (profile, (metric, name))) in panels.iter().zip(wanted) {
            let title = format!("{}: {name} that warn and pause", profile.name);
            draw(panel, &title, &profile.policy, metric)?;
        }
        root.present()?;
    }
    Ok(svg)
}

type Panel<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

fn draw(panel: &Panel<'_>, title: &str, policy: &Policy, metric: Metric) -> Result<(), Box<dyn Error>> {
    let usual: f64 = match metric {
        Metric::Bounce => 1.0,
        Metric::Complaint => 0.01,
    };
    let lowest = usual.min(f64::from(policy.effective_warn_line(metric).rate_ppm.get()) / 2e4);
    let mut chart = ChartBuilder::on(panel)
        .caption(title, ("sans-serif", 18))
        .margin(14)
        .x_label_area_size(42)
        .y_label_area_size(62)
        .build_cartesian_2d(MAILS.log_scale(), (lowest..100.0).log_scale())?;
    chart
        .configure_mesh()
        .x_desc("mails in one stretch")
        .y_desc("share of them that failed")
        .x_label_formatter(&volume)
        .y_label_formatter(&|percent| format!("{percent} %"))
        .light_line_style(WHITE)
        .draw()?;

    let flat = |share: u32| [MAILS.start, MAILS.end].map(|mails| (mails, f64::from(share) / 1e4));
    let review = flat(aws_review_line(metric).get());
    let pause = flat(aws_pause_line(metric).get());
    for (points, label, width) in [(review, "AWS reviews the account", 1), (pause, "AWS pauses the account", 2)] {
        let style = AWS.stroke_width(width);
        let line = chart.draw_series(DashedLineSeries::new(points, 8, 8, style))?;
        line.label(label).legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style));
    }
    let warned = |mails| policy.scaled(policy.effective_warn_line(metric), mails);
    let paused = |mails| policy.scaled(policy.effective_line(metric, false), mails);
    let on_trial = |_| policy.effective_line(metric, true);
    let all = u64::MAX;
    let lines: [(&dyn Fn(u64) -> Line, _, _, _); 3] = [
        (&warned, "warned", WARN, all),
        (&on_trial, "paused on trial", TRIAL, policy.trial_sends),
        (&paused, "paused", PAUSE, all),
    ];
    for (line, label, colour, until) in lines {
        let style = colour.stroke_width(2);
        let drawn = chart.draw_series(LineSeries::new(points(line, until), style))?;
        drawn.label(label).legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], style));
    }
    let legend = &mut chart.configure_series_labels();
    legend.position(SeriesLabelPosition::UpperRight).background_style(WHITE.mix(0.9)).border_style(AWS).draw()?;
    Ok(())
}

/// The share of mails at the line, from where it is at most all of them.
fn points(line: &dyn Fn(u64) -> Line, until: u64) -> Vec<(f64, f64)> {
    let step = (MAILS.end / MAILS.start).powf(1.0 / f64::from(POINTS));
    let mails = (0..=POINTS).map(|point| MAILS.start * step.powf(f64::from(point)));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 10 to 10 million")]
    let mails = mails.map(|mails| mails.round() as u64).take_while(|mails| *mails <= until);
    #[expect(clippy::cast_precision_loss, reason = "a drawing")]
    let share = |mails: u64| (mails as f64, line(mails).allowed_micro(mails) as f64 / 1e4 / mails as f64);
    mails.map(share).filter(|(_, percent)| *percent <= 100.0).collect()
}

fn volume(mails: &f64) -> String {
    match mails {
        mails if *mails >= 1e6 => format!("{} M", mails / 1e6),
        mails if *mails >= 1e3 => format!("{} k", mails / 1e3),
        mails => format!("{mails}"),
    }
}
