//! A direction that is read: ŷ = b + c (w · x), |w| = 1 (Alain and Bengio, Understanding
//! Intermediate Layers Using Linear Classifier Probes, 2016).

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::data::Activations;

/// A linear map from an activation to a label: `intercept + scale · (direction · x)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinearProbe {
    /// Unit vector in the space of activations, `[d]`; zero if nothing can be read.
    pub direction: Vec<f64>,
    /// The score of an activation of zeros.
    pub intercept: f64,
    /// By how much the score grows along the direction.
    pub scale: f64,
    /// The penalty: λ of (mean loss) + λ‖w‖² (ridge) or + λ/2 ‖w‖² (logistic), features having
    /// standard deviation 1.
    pub strength: f64,
}

impl LinearProbe {
    /// From weights in the space of activations.
    pub(super) fn new(weights: Vec<f64>, intercept: f64, strength: f64) -> Self {
        let scale = weights.iter().map(|w| w * w).sum::<f64>().sqrt();
        let mut direction = weights;
        if scale > 0.0 {
            for w in &mut direction {
                *w /= scale;
            }
        }
        Self {
            direction,
            intercept,
            scale,
            strength,
        }
    }

    /// What is read from one activation, `[d]`: an estimate of a real label; of a binary one the
    /// log odds (logistic) or an estimate of +1 or −1 (ridge).
    pub fn score(&self, activation: &[f32]) -> f64 {
        let along = self.direction.iter().zip(activation);
        let along: f64 = along.map(|(w, x)| w * f64::from(*x)).sum();
        self.intercept + self.scale * along
    }

    /// The class that is read: whether the score is above 0.
    pub fn predict(&self, activation: &[f32]) -> bool {
        self.score(activation) > 0.0
    }

    /// Scores of some rows, in their order.
    pub fn scores(&self, activations: &Activations, rows: &[usize]) -> Vec<f64> {
        let rows = rows.par_iter();
        rows.map(|&row| self.score(activations.row(row))).collect()
    }
}
