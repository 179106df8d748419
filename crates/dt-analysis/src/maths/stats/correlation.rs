//! Correlations of paired samples.
//!
//! r = Σ (xᵢ − x̄)(yᵢ − ȳ) / √(Σ (xᵢ − x̄)² Σ (yᵢ − ȳ)²) (Pearson, 1895); ρ is r of the ranks, equal
//! values sharing their mean rank (Spearman, 1904).

use super::error::{StatsError, check_pairs};
use super::sample::{is_constant, raw_mean};

/// Pearson's correlation.
///
/// # Errors
/// If the samples differ in size, have fewer than two values, hold one that is not finite, or one
/// of them is constant.
pub fn pearson(x: &[f64], y: &[f64]) -> Result<f64, StatsError> {
    const WHAT: &str = "correlation";
    check_pairs(WHAT, x, y, 2)?;
    for sample in [x, y] {
        if is_constant(sample) {
            return Err(StatsError::Constant {
                what: WHAT,
                value: sample[0],
            });
        }
    }
    let (mean_x, mean_y) = (raw_mean(x), raw_mean(y));
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (a, b) in x.iter().zip(y) {
        let (a, b) = (a - mean_x, b - mean_y);
        xx += a * a;
        yy += b * b;
        xy += a * b;
    }
    Ok((xy / (xx.sqrt() * yy.sqrt())).clamp(-1.0, 1.0))
}

/// Spearman's rank correlation: Pearson's of the ranks, ties sharing their average rank.
///
/// # Errors
/// As for [`pearson`].
pub fn spearman(x: &[f64], y: &[f64]) -> Result<f64, StatsError> {
    check_pairs("rank correlation", x, y, 2)?;
    pearson(&ranks(x), &ranks(y))
}

/// Ranks from 1; equal values share the average of theirs. NaN ranks last.
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    // The sort tells −0 from 0, but keeps them next to each other: they tie here.
    for tied in order.chunk_by(|&a, &b| values[a] == values[b]) {
        for &n in tied {
            ranks[n] = before as f64 + (tied.len() + 1) as f64 / 2.0;
        }
        before += tied.len();
    }
    ranks
}
