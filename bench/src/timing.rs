//! Repeating, and what the repetitions took.

use std::sync::LazyLock;
use std::time::Instant;

use serde::Serialize;

/// Seconds of several runs of the same thing.
#[derive(Debug, Clone, Serialize)]
pub struct Runs {
    /// The fastest: what the machine can do.
    pub min: f64,
    /// The middle one: what to expect.
    pub median: f64,
    /// All, in order.
    pub seconds: Vec<f64>,
}

impl Runs {
    /// Sums up; `NaN` when there were none.
    pub fn of(seconds: Vec<f64>) -> Self {
        let mut sorted = seconds.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
        Self { min: at(0), median: at(sorted.len() / 2), seconds }
    }

    /// The time below which this part of the runs was, 0.99 for the 99th percentile.
    pub fn percentile(&self, part: f64) -> f64 {
        let mut sorted = self.seconds.clone();
        sorted.sort_by(f64::total_cmp);
        let index = (part * sorted.len() as f64).ceil() as usize;
        sorted.get(index.clamp(1, sorted.len().max(1)) - 1).copied().unwrap_or(f64::NAN)
    }
}

/// Processor seconds that this thread used so far: what other programs take is not in them. Where the system does not
/// tell, the time that went by.
pub fn processor_seconds() -> f64 {
    static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
    // Waiting for a turn brings the figure up to date.
    std::thread::yield_now();
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = told.split(' ').next().and_then(|first| first.parse::<f64>().ok());
    nanoseconds.map_or_else(|| BEGAN.elapsed().as_secs_f64(), |nanoseconds| nanoseconds / 1e9)
}

/// Runs each of several things in turn, `rounds` times over: whatever else the machine does hits all alike. The times are
/// processor time.
pub fn in_turn<const N: usize>(rounds: usize, mut things: [&mut dyn FnMut(); N]) -> [Runs; N] {
    let mut seconds = [const { Vec::new() }; N];
    for _ in 0..rounds {
        for (thing, seconds) in things.iter_mut().zip(&mut seconds) {
            let began = processor_seconds();
            thing();
            seconds.push(processor_seconds() - began);
        }
    }
    seconds.map(Runs::of)
}

/// The most memory this process held so far, in bytes; 0 where `/proc` does not tell.
pub fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    peak.and_then(|kilobytes| kilobytes.trim().parse::<u64>().ok()).unwrap_or(0) * 1_024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_run_that_was() {
        let runs = Runs::of((1..=100).rev().map(f64::from).collect());
        assert_eq!((runs.min, runs.median), (1.0, 51.0));
        for (part, seconds) in [(0.0, 1.0), (0.5, 50.0), (0.99, 99.0), (1.0, 100.0)] {
            assert_eq!(runs.percentile(part), seconds, "{part}");
        }
        assert!(Runs::of(Vec::new()).percentile(0.5).is_nan());
    }
}
