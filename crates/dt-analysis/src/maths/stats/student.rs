//! Student's t: the interval of a mean, and the test that it lies within margins.
//!
//! x̄ ± t_{n−1, 1−α/2} s / √n (Student, 1908); a mean is equivalent to a range where t rejects that
//! it is at or below its low end and that it is at or above its high end (Schuirmann, 1987).

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::error::{StatsError, check_many, check_open};
use super::interval::Interval;
use super::sample::{raw_mean, raw_variance};

/// What two one-sided tests say of a mean.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Equivalence {
    /// The mean.
    pub mean: f64,
    /// The larger of both one-sided p-values.
    pub p: f64,
    /// The interval of confidence 1 − 2α: 90 % for α = 0.05.
    pub interval: Interval,
    /// Whether `p` is below α, so that the mean is taken to lie within the margins.
    pub equivalent: bool,
}

/// Student's interval of a mean.
///
/// # Errors
/// If there are fewer than two values, one is not finite, or `confidence` is not strictly between
/// 0 and 1.
pub fn t_interval(values: &[f64], confidence: f64) -> Result<Interval, StatsError> {
    check_many("t interval", values, 2)?;
    check_open("confidence", confidence)?;
    let (mean, error) = mean_and_error(values);
    let half = match error {
        0.0 => 0.0,
        error => {
            error * t_distribution(values.len() - 1).inverse_cdf(f64::midpoint(1.0, confidence))
        }
    };
    Ok(Interval::new(mean - half, mean + half))
}

/// Schuirmann's (1987) two one-sided tests that a mean lies strictly within `margins`.
///
/// A sample without spread gets the limit: p is 0 within the margins, else 1.
///
/// # Errors
/// If there are fewer than two values, one is not finite, the margins are reversed or not finite,
/// or `alpha` is not strictly between 0 and 0.5.
pub fn tost(values: &[f64], margins: Interval, alpha: f64) -> Result<Equivalence, StatsError> {
    check_many("equivalence test", values, 2)?;
    let Interval { low, high } = margins;
    if !(low < high && low.is_finite() && high.is_finite()) {
        let what = "margin of equivalence";
        return Err(StatsError::Reversed { what, low, high });
    }
    if !(alpha > 0.0 && alpha < 0.5) {
        return Err(StatsError::OutOfRange {
            what: "level of the test",
            range: "strictly between 0 and 0.5",
            value: alpha,
        });
    }
    let (mean, error) = mean_and_error(values);
    // The chance of a mean at least as far inside one margin if the truth lay on it.
    let beyond = |distance: f64| match (error, distance) {
        (0.0, d) if d > 0.0 => 0.0,
        (0.0, _) => 1.0,
        _ => t_distribution(values.len() - 1).cdf(-distance / error),
    };
    let p = beyond(mean - low).max(beyond(high - mean));
    Ok(Equivalence {
        mean,
        p,
        interval: t_interval(values, 1.0 - 2.0 * alpha)?,
        equivalent: p < alpha,
    })
}

/// Mean and its standard error, of at least two values.
fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let error = (raw_variance(values) / values.len() as f64).sqrt();
    match error {
        0.0 => (values[0], 0.0),
        _ => (raw_mean(values), error),
    }
}

fn t_distribution(freedom: usize) -> StudentsT {
    StudentsT::new(0.0, 1.0, freedom as f64).expect("at least one degree of freedom")
}
