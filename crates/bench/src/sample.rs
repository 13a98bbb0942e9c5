//! How things are measured: several kinds of the same deed in turn, so that what else the machine does meets all of them
//! alike. Readings are milliseconds.

use crate::done::Done;
use std::time::{Duration, Instant};

/// The readings of one deed.
#[derive(Debug, Clone, Default)]
pub struct Readings(Vec<f64>);

impl Readings {
    /// One more.
    pub fn add(&mut self, took: Duration) {
        self.0.push(took.as_secs_f64() * 1000.0);
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The middle one; zero where there is none.
    pub fn median(&self) -> f64 {
        self.part(0..self.0.len())
    }

    /// The middle one of some of them, in the order in which they were taken.
    pub fn part(&self, range: std::ops::Range<usize>) -> f64 {
        let mut sorted = self.0.get(range).unwrap_or_default().to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
    }

    /// The least one; zero where there is none.
    pub fn least(&self) -> f64 {
        let least = self.0.iter().copied().fold(f64::INFINITY, f64::min);
        if least.is_finite() { least } else { 0.0 }
    }

    /// All of the first `count` together.
    pub fn sum(&self, count: usize) -> f64 {
        self.0.iter().take(count).sum()
    }
}

/// A deed that says itself how long it took.
pub type Deed<'a> = Box<dyn FnMut() -> Done<Duration> + 'a>;

/// Does each deed once for warmth and then `times` times in turn.
pub fn in_turn<const N: usize>(times: usize, mut deeds: [Deed<'_>; N]) -> Done<[Readings; N]> {
    for deed in &mut deeds {
        deed()?;
    }
    let mut readings = [const { Readings(Vec::new()) }; N];
    for _ in 0..times {
        for (deed, readings) in deeds.iter_mut().zip(&mut readings) {
            readings.add(deed()?);
        }
    }
    Ok(readings)
}

/// How long something takes.
pub fn timed<T>(deed: impl FnOnce() -> Done<T>) -> Done<(T, Duration)> {
    let began = Instant::now();
    let value = deed()?;
    Ok((value, began.elapsed()))
}
