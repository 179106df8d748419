//! Mean, spread and quantiles of one sample.
//!
//! x̄ = Σ xᵢ / n; s² = Σ (xᵢ − x̄)² / (n − 1); quantiles are those of type 7 of Hyndman and Fan
//! (Sample Quantiles in Statistical Packages, 1996).

use super::error::{StatsError, check, check_many};

/// Mean of some values.
///
/// # Errors
/// If there are none, or one is not finite.
pub fn mean(values: &[f64]) -> Result<f64, StatsError> {
    check("mean", values)?;
    Ok(raw_mean(values))
}

/// Standard deviation, with n − 1 in the denominator.
///
/// # Errors
/// If there are fewer than two values, or one is not finite.
pub fn std(values: &[f64]) -> Result<f64, StatsError> {
    check_many("standard deviation", values, 2)?;
    Ok(raw_variance(values).sqrt())
}

/// Median; of an even number of values, the mean of the middle two.
///
/// # Errors
/// If there are none, or one is not finite.
pub fn median(values: &[f64]) -> Result<f64, StatsError> {
    check("median", values)?;
    let sorted = sorted(values);
    let middle = sorted.len() / 2;
    Ok(match sorted.len() % 2 {
        1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    })
}

/// The `q` quantile by Hyndman and Fan's (1996) type 7, numpy's default: linear between order
/// statistics, value k of n standing at k / (n − 1), k from 0.
///
/// # Errors
/// If there are no values, one is not finite, or `q` is outside 0 to 1.
pub fn quantile(values: &[f64], q: f64) -> Result<f64, StatsError> {
    check("quantile", values)?;
    if !(0.0..=1.0).contains(&q) {
        return Err(StatsError::OutOfRange {
            what: "quantile",
            range: "between 0 and 1",
            value: q,
        });
    }
    Ok(quantile_of_sorted(&sorted(values), q))
}

/// [`quantile`] of values that are sorted, finite and at least one.
pub(super) fn quantile_of_sorted(sorted: &[f64], q: f64) -> f64 {
    let place = q * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
}

pub(super) fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// [`mean`] of values that were checked.
pub(super) fn raw_mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Variance of at least two values that were checked; exactly 0 if all are equal.
pub(super) fn raw_variance(values: &[f64]) -> f64 {
    if is_constant(values) {
        return 0.0; // the mean of equal values may be off by its last bit
    }
    let mean = raw_mean(values);
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    squares / (values.len() - 1) as f64
}

/// Whether all values are equal.
pub(super) fn is_constant(values: &[f64]) -> bool {
    values.iter().all(|v| *v == values[0])
}
