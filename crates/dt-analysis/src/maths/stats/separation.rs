//! How far apart two samples lie.
//!
//! AUC = U / (n m), U counting the pairs that are in order (Mann and Whitney, 1947);
//! d′ = (x̄ − ȳ) / √((s_x² + s_y²) / 2) (Green and Swets, Signal Detection Theory, 1966).

use super::correlation::ranks;
use super::error::{StatsError, check, check_many};
use super::sample::{raw_mean, raw_variance};

/// Area under the ROC curve: the chance that a value of `positive` exceeds one of `negative`, a
/// tie counting half (Mann and Whitney's U over the number of pairs).
///
/// # Errors
/// If a sample is empty or holds a value that is not finite.
pub fn auc(positive: &[f64], negative: &[f64]) -> Result<f64, StatsError> {
    const WHAT: &str = "area under the ROC curve";
    check(WHAT, positive)?;
    check(WHAT, negative)?;
    let all = ranks(&[positive, negative].concat());
    let (n, m) = (positive.len() as f64, negative.len() as f64);
    let sum: f64 = all[..positive.len()].iter().sum();
    Ok((sum - n * (n + 1.0) / 2.0) / (n * m))
}

/// Sensitivity index d′: the difference of means over the root of the mean of both variances
/// (n − 1 in the denominator).
///
/// # Errors
/// If a sample has fewer than two values, holds one that is not finite, or both are constant.
pub fn d_prime(positive: &[f64], negative: &[f64]) -> Result<f64, StatsError> {
    const WHAT: &str = "sensitivity index d′";
    check_many(WHAT, positive, 2)?;
    check_many(WHAT, negative, 2)?;
    let variance = f64::midpoint(raw_variance(positive), raw_variance(negative));
    if variance == 0.0 {
        return Err(StatsError::Constant {
            what: WHAT,
            value: positive[0],
        });
    }
    Ok((raw_mean(positive) - raw_mean(negative)) / variance.sqrt())
}
