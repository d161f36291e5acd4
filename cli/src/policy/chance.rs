//! How likely a line pauses a sender, and after how many mails: the policy page's §4, computed.
//!
//! Worst case: the set is judged after every single mail and a stretch may begin at any mail. The guard's buckets and
//! its window can only be milder. Then the score of the worst stretch that ends now is a walk: each mail takes the rate
//! θ off it, each failure adds 1, it never falls below 0, and the set is paused when it reaches the slack h (Page's
//! CUSUM). Nothing is simulated and nothing is approximated, but a rate with a long fraction (see [`Fraction`]).

#![expect(clippy::indexing_slicing, reason = "each index is below the length that was allocated a few lines above it")]

use guard_core::policy::{Line, Ppm};

/// With more slack than this the exact figure takes too long, and is as good as nought.
const MOST_SLACK: u32 = 100;
/// Less than this is nothing: it moves no digit that is shown.
const NOTHING: f64 = 1e-18;

/// Below which chance (`e^(−r·h)`) a stretch that begins at a given mail ever pauses a sender that fails with this
/// probability (Wald, Lundberg). 1 for one that fails as often as the line allows, or more often.
pub(super) fn bound(line: Line, failing: f64) -> f64 {
    let rate = share(line.rate_ppm);
    if failing >= rate {
        return 1.0;
    }
    if failing <= 0.0 {
        return 0.0;
    }
    // p·e^(r(1−θ)) + (1−p)·e^(−rθ) = 1 has one root above 0: below it the left side is less than 1, beyond it more.
    let beyond = |r: f64| failing * (r * (1.0 - rate)).exp() + (1.0 - failing) * (-r * rate).exp() > 1.0;
    let (mut low, mut high) = (0.0, 1.0);
    while !beyond(high) {
        (low, high) = (high, high * 2.0);
    }
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        if beyond(middle) { high = middle } else { low = middle }
    }
    (-low * f64::from(line.slack)).exp()
}

/// The chance that a sender which fails with this probability is paused within so many mails. `None` where the slack
/// is too large to compute it; then it is next to nothing for a healthy sender.
pub(super) fn within(line: Line, failing: f64, mails: u32) -> Option<f64> {
    (line.slack <= MOST_SLACK).then(|| Walk::new(line, failing).paused_within(mails))
}

/// After how many mails a sender that fails with this probability is paused: on average, and 95 of 100 times at the
/// latest. `None` where that never happens, or can't be computed.
pub(super) fn mails_until_paused(line: Line, failing: f64) -> Option<(f64, u32)> {
    if failing <= share(line.rate_ppm) || line.slack > MOST_SLACK {
        return None;
    }
    let walk = Walk::new(line, failing);
    let late = |mails| walk.paused_within(mails) < 0.95;
    let (mut low, mut high) = (0_u32, 1_u32);
    while late(high) {
        (low, high) = (high, high.checked_mul(2)?);
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if late(middle) { low = middle } else { high = middle }
    }
    Some((walk.mean(), high))
}

fn share(ppm: Ppm) -> f64 {
    f64::from(ppm.get()) / 1e6
}

/// A rate as `fall / unit`: each mail takes `fall` off the score, each failure adds `unit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fraction {
    fall: usize,
    unit: usize,
}

impl Fraction {
    /// Exact when its lowest terms have a numerator of at most this; else the next lower such fraction, which pauses
    /// sooner by a hair: below 10 %, less than 1 in 100 of the rate is lost.
    const MOST_FALL: u32 = 16;

    fn of(rate: Ppm) -> Self {
        let ppm = rate.get().max(1);
        let gap = |fall: u32| {
            let unit = (fall * 1_000_000).div_ceil(ppm);
            (f64::from(ppm) / 1e6 - f64::from(fall) / f64::from(unit), fall, unit)
        };
        let nearest = (1..=Self::MOST_FALL).map(gap).reduce(|best, next| if next.0 < best.0 { next } else { best });
        let (_, fall, unit) = nearest.unwrap_or_else(|| gap(1));
        Self { fall: fall as usize, unit: unit as usize }
    }
}

/// The walk in blocks of `unit` mails. A block without failures takes exactly `fall` failures off the score, so at a
/// block's end an excursion from 0 stands at a whole number of failures: its level, which is below the slack.
///
/// An excursion that begins with the mail after mail `n` ends its blocks at mails `n + unit`, `n + 2·unit`, and so on.
/// All that share these ends are one row of numbers, one for each level. Row 0 are those that are about to begin.
struct Walk {
    rate: Fraction,
    failing: f64,
    /// From each level: the lowest level at the block's end, and the chances of it and those above it.
    next: Vec<(usize, Vec<f64>)>,
    /// The mails of a block after which an excursion may be back at 0, with the chance from each level.
    back: Vec<(usize, Vec<f64>)>,
    /// From each level: the chance to have been paused after so many mails of the block.
    paused: Vec<Vec<f64>>,
    /// From each level: on how many mails of the block an excursion is still under way.
    under_way: Vec<f64>,
}

impl Walk {
    fn new(line: Line, failing: f64) -> Self {
        let rate = Fraction::of(line.rate_ppm);
        let levels = (line.slack as usize).max(1);
        let Fraction { fall, unit } = rate;
        let back = (1..=fall).map(|failures| ((unit * failures).div_ceil(fall), vec![0.0; levels])).collect();
        let mut walk = Self {
            rate,
            failing,
            next: vec![(1, Vec::new()); levels],
            back,
            paused: vec![vec![0.0; unit + 1]; levels],
            under_way: vec![0.0; levels],
        };
        for level in 0..levels {
            walk.fill(level, line.slack as usize);
        }
        walk
    }

    /// One block from `level`, mail by mail. The first mail of an excursion is its first failure.
    fn fill(&mut self, level: usize, slack: usize) {
        let Fraction { fall, unit } = self.rate;
        // By failures since 0, those of before the block included; more would have been paused.
        let mut chances = vec![0.0; slack + fall + 2];
        chances[level] = 1.0;
        for mail in 1..=unit {
            let failing = if level == 0 && mail == 1 { 1.0 } else { self.failing };
            for failures in (0..chances.len()).rev() {
                let one_fewer = if failures > 0 { chances[failures - 1] } else { 0.0 };
                chances[failures] = chances[failures] * (1.0 - failing) + one_fewer * failing;
            }
            let mut paused = self.paused[level][mail - 1];
            for (failures, chance) in chances.iter_mut().enumerate().filter(|(_, chance)| **chance > 0.0) {
                let (gained, lost) = (unit * failures, fall * mail);
                if gained <= lost {
                    self.back[failures.max(1) - 1].1[level] += *chance;
                    *chance = 0.0;
                } else if gained - lost >= slack * unit {
                    paused += *chance;
                    *chance = 0.0;
                } else {
                    self.under_way[level] += *chance;
                }
            }
            self.paused[level][mail] = paused;
        }
        // Fewer failures than it takes to stay above 0 are back there by now.
        let end = |chance: &f64| *chance > NOTHING;
        let lowest = chances.iter().position(end).unwrap_or(fall + 1);
        let highest = chances.iter().rposition(end).map_or(lowest, |highest| highest + 1);
        self.next[level] = (lowest - fall, chances[lowest..highest].to_vec());
    }

    fn paused_within(&self, mails: u32) -> f64 {
        let (unit, levels, mails) = (self.rate.unit, self.next.len(), mails as usize);
        let mut at_zero = 1.0;
        let mut rows = vec![0.0; levels * unit];
        let row_of = |mail: usize| mail % unit * levels..(mail % unit + 1) * levels;
        rows[0] = self.failing;
        let (mut paused, mut before) = (0.0, vec![0.0; levels]);
        for mail in 1..=mails {
            at_zero *= 1.0 - self.failing;
            for (after, from) in self.back.iter().filter(|(after, _)| *after <= mail) {
                at_zero += dot(from, &rows[row_of(mail - after)]);
            }
            let row = &mut rows[row_of(mail)];
            if mail >= unit {
                before.copy_from_slice(row);
                paused += self.paused_after(unit, &before);
                self.step(&before, row);
            }
            row[0] = at_zero * self.failing;
        }
        let under_way = (0..unit).map(|start| self.paused_after((mails + unit - start) % unit, &rows[row_of(start)]));
        paused + under_way.sum::<f64>()
    }

    /// Of the excursions of a row, how many are paused within so many mails of their block.
    fn paused_after(&self, mails: usize, row: &[f64]) -> f64 {
        row.iter().zip(&self.paused).map(|(chance, paused)| chance * paused[mails]).sum()
    }

    /// The mean number of mails until the pause: as often as an excursion must begin until one ends in it, times what
    /// one takes.
    fn mean(&self) -> f64 {
        let (mut row, mut before) = (vec![0.0; self.next.len()], vec![0.0; self.next.len()]);
        row[0] = 1.0;
        let (mut paused, mut under_way) = (0.0, 0.0);
        while row.iter().sum::<f64>() > NOTHING {
            before.copy_from_slice(&row);
            paused += self.paused_after(self.rate.unit, &before);
            under_way += dot(&before, &self.under_way);
            self.step(&before, &mut row);
        }
        (1.0 + self.failing * under_way) / (self.failing * paused)
    }

    /// One block on.
    fn step(&self, before: &[f64], after: &mut [f64]) {
        after.fill(0.0);
        for (chance, (lowest, shares)) in before.iter().zip(&self.next) {
            if *chance > 0.0 {
                let ends = after[*lowest..].iter_mut().zip(shares);
                ends.for_each(|(end, share)| *end += chance * share);
            }
        }
    }
}

fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

#[cfg(test)]
mod tests;
