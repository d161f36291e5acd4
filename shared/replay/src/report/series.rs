use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::Counts;
use crate::archive::History;
use guard_core::event::SignalKind;

/// As many steps as a plot can show.
const MOST_STEPS: u32 = 160;
/// 15 minutes, an hour, 6 hours, a day, a week, 4 weeks.
const STEPS: [u32; 6] = [900, 3_600, 21_600, 86_400, 604_800, 2_419_200];

/// Counts in steps of equal length, booked to when the mail was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Series {
    /// The first step's start.
    pub from: Option<Timestamp>,
    /// A step's length.
    pub step_seconds: u32,
    /// Mails of each step.
    pub mails: Vec<u64>,
    /// Bounces of each step.
    pub bounces: Vec<u64>,
    /// Complaints of each step.
    pub complaints: Vec<u64>,
}

/// Sums by when the mail was sent.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) sends: u64,
    pub(super) bounces: u64,
    pub(super) complaints: u64,
    pub(super) prevented: u64,
}

impl Sums {
    pub(super) fn add(&mut self, kind: SignalKind, count: u64) {
        let sum = match kind {
            SignalKind::Send => &mut self.sends,
            SignalKind::Bounce => &mut self.bounces,
            SignalKind::Complaint => &mut self.complaints,
            SignalKind::Prevented => &mut self.prevented,
        };
        *sum += count;
    }

    pub(super) fn absorb(&mut self, other: Self) {
        self.sends += other.sends;
        self.bounces += other.bounces;
        self.complaints += other.complaints;
        self.prevented += other.prevented;
    }

    pub(super) fn counts(self) -> Counts {
        Counts::of(self.sends, self.bounces, self.complaints, self.prevented)
    }
}

/// A set's counts by 15 minutes in which mail was sent, only up to `until`.
pub(super) fn by_bucket(history: &History, until: Option<u32>) -> BTreeMap<u32, Sums> {
    let mut buckets: BTreeMap<u32, Sums> = BTreeMap::new();
    let sends = history.sent().map(|sent| (sent.at, SignalKind::Send, sent.count));
    let failures = history.failed().map(|failed| (failed.sent_at, failed.kind, failed.count));
    for (at, kind, count) in sends.chain(failures).filter(|(at, ..)| until.is_none_or(|until| *at < until)) {
        buckets.entry(at - at % 900).or_default().add(kind, count.into());
    }
    buckets
}

/// The span that all plots of a report share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    from: u32,
    step: u32,
    steps: usize,
}

impl Span {
    pub(super) fn over(first: u32, last: u32) -> Self {
        let fits = |step: &u32| last / step - first / step < MOST_STEPS;
        let step = STEPS.into_iter().find(fits).unwrap_or(u32::MAX / 2);
        let steps = usize::try_from(last / step - first / step + 1).unwrap_or(1);
        Self { from: first - first % step, step, steps }
    }

    pub(super) fn series(&self, buckets: &BTreeMap<u32, Sums>) -> Series {
        let mut sums = vec![Sums::default(); self.steps];
        for (at, counts) in buckets {
            let step = usize::try_from(at.saturating_sub(self.from) / self.step).unwrap_or(usize::MAX);
            if let Some(sum) = sums.get_mut(step) {
                sum.absorb(*counts);
            }
        }
        Series {
            from: Timestamp::from_second(self.from.into()).ok(),
            step_seconds: self.step,
            mails: sums.iter().map(|sum| sum.counts().mails).collect(),
            bounces: sums.iter().map(|sum| sum.bounces).collect(),
            complaints: sums.iter().map(|sum| sum.complaints).collect(),
        }
    }
}
