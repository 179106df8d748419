//! The interval of a share.
//!
//! For k of n: low = B⁻¹(α/2; k, n − k + 1) and high = B⁻¹(1 − α/2; k + 1, n − k), B⁻¹ being the
//! quantile of the beta distribution (Clopper and Pearson, 1934).

use statrs::distribution::{Beta, ContinuousCDF};

use super::error::{StatsError, check_open};
use super::interval::Interval;

/// Clopper and Pearson's (1934) exact two-sided interval of a share: the shares that neither
/// tail of the binomial distribution rejects at (1 − `confidence`) / 2.
///
/// # Errors
/// If `count` exceeds `of`, `of` is 0, or `confidence` is not strictly between 0 and 1.
pub fn clopper_pearson(count: usize, of: usize, confidence: f64) -> Result<Interval, StatsError> {
    check_open("confidence", confidence)?;
    if of == 0 || count > of {
        return Err(StatsError::NotAShare { count, of });
    }
    let tail = (1.0 - confidence) / 2.0;
    let (passes, fails) = (count as f64, (of - count) as f64);
    // Both ends are quantiles of beta distributions, one for each tail.
    let low = match count {
        0 => 0.0,
        _ => beta_quantile(passes, fails + 1.0, tail),
    };
    let high = match of - count {
        0 => 1.0,
        _ => 1.0 - beta_quantile(fails, passes + 1.0, tail),
    };
    Ok(Interval { low, high })
}

fn beta_quantile(a: f64, b: f64, p: f64) -> f64 {
    let beta = Beta::new(a, b).expect("both shapes are at least 1");
    beta.inverse_cdf(p)
}
