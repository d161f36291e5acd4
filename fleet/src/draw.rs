//! Random draws. The same seed, run and sender give the same numbers, whatever else was drawn.

use rand::{RngExt, SeedableRng, seq::index};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Binomial, Distribution, Exp1, Poisson, StandardNormal};

/// One sender's own source of chance.
#[derive(Debug)]
pub struct Draw(ChaCha8Rng);

impl Draw {
    /// Of this sender in this run.
    pub fn of(seed: u64, run: u32, sender: u32) -> Self {
        let mut source = ChaCha8Rng::seed_from_u64(seed);
        source.set_stream(u64::from(run) << 32 | u64::from(sender));
        Self(source)
    }

    /// Anything from `low` to `high`, alike.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.0.random::<f64>()
    }

    /// Anything from `low` to `high`, each doubling alike.
    pub fn log_between(&mut self, low: f64, high: f64) -> f64 {
        low * (high / low).powf(self.0.random())
    }

    /// Log-normal: half of the draws lie below `median`, two thirds within a factor of `e^sigma` of it.
    pub fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        let z: f64 = StandardNormal.sample(&mut self.0);
        median * (sigma * z).exp()
    }

    /// Exponential.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        let one: f64 = Exp1.sample(&mut self.0);
        mean * one
    }

    /// True in this share of the draws.
    pub fn chance(&mut self, share: f64) -> bool {
        self.0.random::<f64>() < share
    }

    /// How many of something that happens `mean` times on average.
    pub fn count(&mut self, mean: f64) -> u64 {
        Poisson::new(mean).map_or(0, |poisson| whole(poisson.sample(&mut self.0)))
    }

    /// Which of `whole` things fail, each with this probability.
    pub fn failing(&mut self, of: u64, probability: f64) -> Vec<u64> {
        let Ok(binomial) = Binomial::new(of, probability.clamp(0.0, 1.0)) else { return Vec::new() };
        let failing = binomial.sample(&mut self.0);
        let (Ok(of), Ok(failing)) = (usize::try_from(of), usize::try_from(failing)) else { return Vec::new() };
        index::sample(&mut self.0, of, failing).into_iter().map(|one| one as u64).collect()
    }
}

/// To the nearest whole number; 0 for what is below.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates, and 0 is meant below 0")]
pub fn whole(number: f64) -> u64 {
    number.round() as u64
}
