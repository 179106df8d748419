//! How well labels are read: the share of classes read right, AUC and d′ (see
//! [`stats`](crate::maths::stats)), and R² = 1 − Σ (yᵢ − ŷᵢ)² / Σ (yᵢ − ȳ)².

use serde::{Deserialize, Serialize};

use super::data::{Labels, check_rows};
use super::error::ProbeError;
use crate::maths::stats::{StatsError, auc, d_prime};

/// How well a probe's scores tell the labels of some rows. What does not exist there (the AUC
/// where only one class occurs) is missing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// How many rows were judged.
    pub rows: usize,
    /// Share of classes read right, of binary labels.
    pub accuracy: Option<f64>,
    /// Area under the ROC curve, of binary labels.
    pub auc: Option<f64>,
    /// Separation of the scores of both classes, of binary labels.
    pub d_prime: Option<f64>,
    /// Share of the labels' variance that is explained, of real labels; negative if the mean
    /// would do better.
    pub r2: Option<f64>,
}

impl Quality {
    /// Judges scores against the labels of `rows`.
    ///
    /// # Errors
    /// If there are no rows, one does not exist, or there is not one score for each.
    pub fn of(scores: &[f64], labels: Labels, rows: &[usize]) -> Result<Self, ProbeError> {
        if rows.is_empty() {
            return Err(StatsError::Empty {
                what: "quality of a probe",
            }
            .into());
        }
        if scores.len() != rows.len() {
            return Err(ProbeError::Lengths {
                what: "scores",
                expected: rows.len(),
                got: scores.len(),
            });
        }
        check_rows(rows, labels.len())?;
        let mut quality = Self {
            rows: rows.len(),
            accuracy: None,
            auc: None,
            d_prime: None,
            r2: None,
        };
        let pairs = || scores.iter().copied().zip(rows);
        match labels {
            Labels::Binary(labels) => {
                let right = pairs().filter(|&(score, &row)| (score > 0.0) == labels[row]);
                quality.accuracy = Some(right.count() as f64 / rows.len() as f64);
                let of = |class| -> Vec<f64> {
                    let kept = pairs().filter(|&(_, &row)| labels[row] == class);
                    kept.map(|(score, _)| score).collect()
                };
                let (positive, negative) = (of(true), of(false));
                quality.auc = auc(&positive, &negative).ok();
                quality.d_prime = d_prime(&positive, &negative).ok();
            }
            Labels::Real(labels) => {
                let mean = rows.iter().map(|&row| labels[row]).sum::<f64>() / rows.len() as f64;
                let sum = |of: &dyn Fn(f64, f64) -> f64| -> f64 {
                    pairs()
                        .map(|(score, &row)| of(score, labels[row]).powi(2))
                        .sum()
                };
                let (left, all) = (sum(&|s, y| y - s), sum(&|_, y| y - mean));
                quality.r2 = (all > 0.0).then(|| 1.0 - left / all);
            }
        }
        Ok(quality)
    }

    /// The number that probes are compared by: accuracy, or explained variance.
    pub fn headline(&self) -> Option<f64> {
        self.accuracy.or(self.r2)
    }
}
