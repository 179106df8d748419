//! The percentile bootstrap.
//!
//! The interval of a statistic t(x) runs from the α/2 to the 1 − α/2 quantile of t over samples
//! drawn from x with replacement (Efron and Tibshirani, An Introduction to the Bootstrap, 1993,
//! chapter 13).

use dt_env::streams::{Purpose, stream};
use rand::RngExt;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::error::{StatsError, check_open};
use super::interval::Interval;
use super::sample::quantile_of_sorted;

/// A statistic and its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bootstrap {
    /// The statistic of the units as they are.
    pub estimate: f64,
    /// Quantiles of the statistic over resamples of the units.
    pub interval: Interval,
}

/// Efron's (1979) percentile interval of a statistic: its (1 − `confidence`) / 2 quantiles on
/// both sides over `resamples` draws of the units with replacement.
///
/// Units are what was drawn independently: seeds, or whole episodes, not the steps of one.
///
/// ```
/// use dt_analysis::maths::stats::{bootstrap, mean};
///
/// let seeds = [0.9, 1.1, 1.0, 0.7, 1.3];
/// let of = |units: &[f64]| mean(units).unwrap_or(f64::NAN);
/// let result = bootstrap(&seeds, of, 2000, 0.95, 1)?;
/// assert!(result.interval.contains(result.estimate));
/// # Ok::<(), dt_analysis::maths::stats::StatsError>(())
/// ```
///
/// # Errors
/// If there are no units or no resamples, `confidence` is not strictly between 0 and 1, or the
/// statistic is not finite for the units or a resample.
pub fn bootstrap<T: Clone + Send + Sync>(
    units: &[T],
    statistic: impl Fn(&[T]) -> f64 + Sync,
    resamples: usize,
    confidence: f64,
    seed: u64,
) -> Result<Bootstrap, StatsError> {
    if units.is_empty() {
        return Err(StatsError::Empty { what: "bootstrap" });
    }
    if resamples == 0 {
        return Err(StatsError::NoResamples);
    }
    check_open("confidence", confidence)?;
    let finite = |value: f64, place: &dyn Fn() -> String| match value.is_finite() {
        true => Ok(value),
        false => Err(StatsError::Statistic {
            place: place(),
            value,
        }),
    };
    let estimate = finite(statistic(units), &|| "the whole sample".to_owned())?;
    let mut values: Vec<f64> = (0..resamples)
        .into_par_iter()
        .map_init(Vec::new, |drawn, n| {
            let mut rng = stream(seed, Purpose::Bootstrap, n as u64);
            drawn.clear();
            drawn.extend((0..units.len()).map(|_| units[rng.random_range(0..units.len())].clone()));
            statistic(drawn)
        })
        .collect();
    for (n, value) in values.iter().enumerate() {
        finite(*value, &|| format!("resample {n}"))?;
    }
    values.sort_by(f64::total_cmp);
    let tail = (1.0 - confidence) / 2.0;
    let interval = Interval::new(
        quantile_of_sorted(&values, tail),
        quantile_of_sorted(&values, 1.0 - tail),
    );
    Ok(Bootstrap { estimate, interval })
}
