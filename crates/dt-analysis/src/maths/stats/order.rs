//! The interval of a median.
//!
//! P(x₍k₎ ≤ median ≤ x₍n−k+1₎) ≥ 1 − 2 Σ_{i<k} C(n, i) / 2ⁿ (Thompson, 1936).

use serde::{Deserialize, Serialize};

use super::error::{StatsError, check, check_open};
use super::interval::Interval;
use super::sample::sorted;

/// An interval between two order statistics.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MedianInterval {
    /// From the k-th smallest value to the k-th largest.
    pub interval: Interval,
    /// The least chance that it covers the median, whatever the distribution: at least the
    /// confidence asked for, more in small samples.
    pub coverage: f64,
}

/// The narrowest interval from the k-th smallest to the k-th largest value that covers the median
/// with at least `confidence`, by the binomial distribution (Thompson, 1936).
///
/// # Errors
/// If there are too few values for any such interval (fewer than 6 for 95 %), one is not finite,
/// or `confidence` is not strictly between 0 and 1.
pub fn median_interval(values: &[f64], confidence: f64) -> Result<MedianInterval, StatsError> {
    const WHAT: &str = "interval of the median";
    check(WHAT, values)?;
    check_open("confidence", confidence)?;
    let n = values.len();
    // Chance that k values of n lie below the median, in logarithms: 2⁻ⁿ is 0 from n = 1,075 on.
    let mut term = -(n as f64) * std::f64::consts::LN_2;
    let mut below = term.exp(); // that at most k do
    let mut best = None;
    let mut k = 1;
    // The ends must not cross.
    while 2.0 * below <= 1.0 - confidence + 1e-12 && 2 * k <= n {
        best = Some((k, 1.0 - 2.0 * below));
        term += ((n - k + 1) as f64 / k as f64).ln();
        below += term.exp();
        k += 1;
    }
    let Some((k, coverage)) = best else {
        let needs = 1.0 - ((1.0 - confidence) + 1e-12).log2();
        return Err(StatsError::TooFew {
            what: WHAT,
            needs: needs.ceil() as usize,
            got: n,
        });
    };
    let sorted = sorted(values);
    Ok(MedianInterval {
        interval: Interval::new(sorted[k - 1], sorted[n - k]),
        coverage,
    })
}
