//! Ridge regression, its strength chosen by grouped cross-validation.

use faer::{Mat, Side};
use serde::{Deserialize, Serialize};

use super::data::Task;
use super::error::ProbeError;
use super::folds::group_folds;
use super::gram::{gram, sums};
use super::linear::LinearProbe;
use super::quality::Quality;

/// How a ridge probe is fitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RidgeConfig {
    /// Folds of the cross-validation.
    pub folds: usize,
    /// Strengths to choose from (see [`LinearProbe::strength`]).
    pub strengths: Vec<f64>,
}

/// A fitted probe, and what cross-validation said of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RidgeFit {
    /// Fitted on all rows, with the best strength.
    pub probe: LinearProbe,
    /// What each strength came to.
    pub strengths: Vec<StrengthError>,
    /// Of the best strength, each row scored by the probe of the folds that it is not in. The
    /// strength was chosen on these very rows; judge on others where that matters.
    pub held_out: Quality,
}

/// A strength and its mean squared error on rows that were held out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StrengthError {
    /// The strength.
    pub strength: f64,
    /// The error.
    pub error: f64,
}

impl Default for RidgeConfig {
    fn default() -> Self {
        Self {
            folds: 5,
            strengths: (-6..=3).map(|power| 10_f64.powi(power)).collect(),
        }
    }
}

/// Fits a ridge probe to some rows of a task. The strength has the least squared error over
/// grouped folds; of equal ones the strongest wins.
///
/// Features are standardised, the intercept is free. One Gram matrix for each fold, and one
/// eigendecomposition for what is left without it, serve all strengths.
///
/// # Errors
/// If the task's lists do not go together, a label is not finite, labels are the same in all rows
/// (or in those left by a fold), no activation varies, there are fewer groups than folds, or a
/// strength is not positive.
pub fn fit_ridge(
    task: &Task,
    rows: &[usize],
    config: &RidgeConfig,
    seed: u64,
) -> Result<RidgeFit, ProbeError> {
    task.check(rows, "data")?;
    let strengths = check_strengths(&config.strengths)?;
    let groups: Vec<u32> = rows.iter().map(|&row| task.groups[row]).collect();
    let fold_of = group_folds(&groups, config.folds, seed)?;
    let folds: Vec<Vec<usize>> = (0..config.folds)
        .map(|fold| {
            let of_fold = rows.iter().zip(&fold_of).filter(|(_, f)| **f == fold);
            of_fold.map(|(row, _)| *row).collect()
        })
        .collect();
    let centre = Centre::of(task, rows);
    let moments: Vec<Mat<f64>> = folds
        .iter()
        .map(|rows| centre.moments(task, rows))
        .collect();
    let without = |left_out: Option<usize>| {
        let mut sum = Mat::zeros(centre.width(), centre.width());
        for (_, part) in moments
            .iter()
            .enumerate()
            .filter(|(n, _)| Some(*n) != left_out)
        {
            sum += part;
        }
        sum
    };
    let mut errors = vec![0.0; strengths.len()];
    let mut path = Vec::new(); // solvers of the folds
    for (fold, held) in moments.iter().enumerate() {
        let solver = Solver::of(&without(Some(fold)), &centre, "rows outside a fold")?;
        for (error, strength) in errors.iter_mut().zip(&strengths) {
            *error += squared_error(held, &solver.solve(*strength));
        }
        path.push(solver);
    }
    let scored: Vec<StrengthError> = (strengths.iter().zip(&errors))
        .map(|(&strength, error)| StrengthError {
            strength,
            error: error / rows.len() as f64,
        })
        .collect();
    let best = scored.iter().min_by(|a, b| {
        let by_error = a.error.total_cmp(&b.error);
        by_error.then(b.strength.total_cmp(&a.strength))
    });
    let best = best.expect("there are strengths").strength;
    let (mut scores, mut order) = (Vec::new(), Vec::new());
    for (rows, solver) in folds.iter().zip(&path) {
        let probe = centre.probe(&solver.solve(best), best);
        scores.extend(probe.scores(task.activations, rows));
        order.extend(rows);
    }
    let all = Solver::of(&without(None), &centre, "data")?;
    Ok(RidgeFit {
        probe: centre.probe(&all.solve(best), best),
        strengths: scored,
        held_out: Quality::of(&scores, task.labels, &order)?,
    })
}

fn check_strengths(strengths: &[f64]) -> Result<Vec<f64>, ProbeError> {
    if strengths.is_empty() {
        return Err(ProbeError::Lengths {
            what: "strengths to choose from",
            expected: 1,
            got: 0,
        });
    }
    for &value in strengths {
        check_strength(value)?;
    }
    Ok(strengths.to_vec())
}

pub(super) fn check_strength(value: f64) -> Result<(), ProbeError> {
    match value > 0.0 && value.is_finite() {
        true => Ok(()),
        false => Err(ProbeError::OutOfRange {
            what: "strength",
            range: "positive and finite",
            value,
        }),
    }
}

/// Means over all rows: sums of products about them lose no digits.
struct Centre {
    x: Vec<f64>,
    y: f64,
}

/// Weights of centred activations, and an intercept.
struct Weights {
    w: Vec<f64>,
    b: f64,
}

impl Centre {
    fn of(task: &Task, rows: &[usize]) -> Self {
        let d = task.activations.d();
        let mut x = sums(rows, d + 1, |row, sum| {
            for (total, x) in sum.iter_mut().zip(task.activations.row(row)) {
                *total += f64::from(*x);
            }
            sum[d] += task.labels.target(row);
        });
        x.iter_mut().for_each(|total| *total /= rows.len() as f64);
        let y = x.pop().expect("the label comes last");
        Self { x, y }
    }

    /// Activations, a one and the label.
    fn width(&self) -> usize {
        self.x.len() + 2
    }

    fn moments(&self, task: &Task, rows: &[usize]) -> Mat<f64> {
        let d = self.x.len();
        gram(rows, self.width(), |row, out| {
            let values = task.activations.row(row).iter().zip(&self.x);
            for (out, (x, mean)) in out.iter_mut().zip(values) {
                *out = f64::from(*x) - mean;
            }
            out[d] = 1.0;
            out[d + 1] = task.labels.target(row) - self.y;
        })
    }

    fn probe(&self, weights: &Weights, strength: f64) -> LinearProbe {
        let shift: f64 = weights.w.iter().zip(&self.x).map(|(w, m)| w * m).sum();
        LinearProbe::new(weights.w.clone(), self.y + weights.b - shift, strength)
    }
}

/// Σ (y − b − w·x)² from sums of products.
fn squared_error(moments: &Mat<f64>, weights: &Weights) -> f64 {
    let mut v: Vec<f64> = weights.w.iter().map(|w| -w).collect();
    v.extend([-weights.b, 1.0]);
    let rows = (0..v.len()).map(|i| {
        let product: f64 = (0..v.len()).map(|j| moments[(j, i)] * v[j]).sum();
        v[i] * product
    });
    rows.sum::<f64>().max(0.0)
}

/// The eigenvectors of the standardised Gram matrix: all strengths are one product away.
struct Solver {
    vectors: Mat<f64>,
    values: Vec<f64>,
    /// The products of features and label, along the eigenvectors.
    along: Vec<f64>,
    mean_x: Vec<f64>,
    std: Vec<f64>,
    mean_y: f64,
}

impl Solver {
    fn of(moments: &Mat<f64>, centre: &Centre, place: &'static str) -> Result<Self, ProbeError> {
        let d = centre.x.len();
        let n = moments[(d, d)];
        let mean: Vec<f64> = (0..d + 2).map(|j| moments[(j, d)] / n).collect();
        let covariance = |i: usize, j: usize| moments[(i, j)] / n - mean[i] * mean[j];
        let rounding =
            |j: usize, centre: f64| 1e-13 * moments[(j, j)] / n + 1e-24 * centre * centre;
        // A feature that only rounding moves is left alone: it gets no weight.
        let std: Vec<f64> = (0..d)
            .map(|j| match covariance(j, j) {
                v if v > rounding(j, centre.x[j]) => v.sqrt(),
                _ => f64::INFINITY,
            })
            .collect();
        let rows = n as usize;
        if covariance(d + 1, d + 1) <= rounding(d + 1, centre.y) {
            return Err(ProbeError::ConstantLabel { rows, place });
        }
        if std.iter().all(|s| s.is_infinite()) {
            return Err(ProbeError::ConstantActivations { rows });
        }
        let correlations = Mat::from_fn(d, d, |i, j| covariance(i, j) / (std[i] * std[j]));
        let eigen = correlations
            .self_adjoint_eigen(Side::Lower)
            .map_err(|_| ProbeError::Diverged("ridge regression"))?;
        let vectors = eigen.U().to_owned();
        let values = (0..d).map(|k| eigen.S()[k].max(0.0)).collect();
        let along = (0..d)
            .map(|k| {
                (0..d)
                    .map(|j| vectors[(j, k)] * covariance(j, d + 1) / std[j])
                    .sum()
            })
            .collect();
        Ok(Self {
            vectors,
            values,
            along,
            mean_x: mean[..d].to_vec(),
            std,
            mean_y: mean[d + 1],
        })
    }

    fn solve(&self, strength: f64) -> Weights {
        let d = self.std.len();
        let mut w = vec![0.0; d];
        for k in 0..d {
            let along = self.along[k] / (self.values[k] + strength);
            for (j, w) in w.iter_mut().enumerate() {
                *w += self.vectors[(j, k)] * along;
            }
        }
        w.iter_mut().zip(&self.std).for_each(|(w, std)| *w /= std);
        let shift: f64 = w.iter().zip(&self.mean_x).map(|(w, m)| w * m).sum();
        Weights {
            w,
            b: self.mean_y - shift,
        }
    }
}
