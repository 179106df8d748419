//! Ridge regression, its strength chosen by grouped cross-validation.
//!
//! w = (Xᵀ X + λ I)⁻¹ Xᵀ y (Hoerl and Kennard, 1970); with Xᵀ X = Q Λ Qᵀ every λ is one product:
//! w = Q (Λ + λ I)⁻¹ Qᵀ Xᵀ y.

use faer::{Mat, Side};
use serde::{Deserialize, Serialize};

use super::data::{Activations, Labels, Task};
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
    /// Whether each feature is brought to standard deviation 1. Without, all are divided by one
    /// number, the root of their mean variance: directions in which activations vary little stay
    /// small, and a strong penalty leaves the difference of the classes' means.
    pub standardise: bool,
    /// What the strength is chosen by.
    pub choice: Choice,
}

/// What held-out rows say of a strength.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Choice {
    /// The least squared error; of equal ones the strongest penalty.
    #[default]
    Error,
    /// The strongest penalty that costs nothing: of those with the most classes read right, the
    /// strongest, whose direction is most like the difference of the classes' means. Of numbers,
    /// the strongest whose error is within a hundredth of their variance of the least.
    Strongest,
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

/// A strength and how it does on rows that were held out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StrengthError {
    /// The strength.
    pub strength: f64,
    /// Mean squared error.
    pub error: f64,
    /// Share of classes read right, where the strength is chosen by it.
    pub accuracy: Option<f64>,
}

impl Default for RidgeConfig {
    fn default() -> Self {
        Self {
            folds: 5,
            strengths: (-6..=3).map(|power| 10_f64.powi(power)).collect(),
            standardise: true,
            choice: Choice::Error,
        }
    }
}

/// Fits a ridge probe to some rows of a task. The strength does best over grouped folds
/// ([`Choice`]).
///
/// The intercept is free. One Gram matrix for each fold, and one
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
    let labels = [task.labels];
    let mut fits = fit_ridges(task.activations, &labels, task.groups, rows, config, seed)?;
    fits.remove(0)
}

/// The same for several labels of the same rows, which share Gram matrices and
/// eigendecompositions: the time of one fit, nearly.
///
/// # Errors
/// What concerns all labels. What is wrong with one of them stands in its place.
pub fn fit_ridges(
    activations: &Activations,
    labels: &[Labels],
    groups: &[u32],
    rows: &[usize],
    config: &RidgeConfig,
    seed: u64,
) -> Result<Vec<Result<RidgeFit, ProbeError>>, ProbeError> {
    let checks: Vec<Result<(), ProbeError>> = labels
        .iter()
        .map(|&labels| {
            let task = Task {
                activations,
                labels,
                groups,
            };
            task.check(rows, "data")
        })
        .collect();
    check_strengths(&config.strengths)?;
    let sound: Vec<Labels> = (labels.iter().zip(&checks))
        .filter_map(|(labels, check)| check.is_ok().then_some(*labels))
        .collect();
    let fits = match sound.is_empty() {
        true => Vec::new(),
        false => Shared {
            activations,
            labels: &sound,
        }
        .fit(rows, groups, config, seed)?,
    };
    let mut fits = fits.into_iter();
    let put = |check: Result<(), ProbeError>| {
        check.and_then(|()| fits.next().expect("a fit for each sound label"))
    };
    Ok(checks.into_iter().map(put).collect())
}

fn check_strengths(strengths: &[f64]) -> Result<(), ProbeError> {
    if strengths.is_empty() {
        return Err(ProbeError::Lengths {
            what: "strengths to choose from",
            expected: 1,
            got: 0,
        });
    }
    strengths
        .iter()
        .try_for_each(|&value| check_strength(value))
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

/// The strength that is chosen, of labels of some variance; none if all errors overflow.
fn best_of(scored: &[StrengthError], choice: Choice, variance: f64) -> Option<f64> {
    let least = scored.iter().map(|s| s.error).fold(f64::INFINITY, f64::min);
    let most = scored.iter().filter_map(|s| s.accuracy).fold(0.0, f64::max);
    let slack = match choice {
        Choice::Error => 0.0,
        Choice::Strongest => 0.01 * variance,
    };
    let good = scored.iter().filter(|s| match s.accuracy {
        Some(accuracy) => accuracy >= most,
        None => s.error <= least + slack,
    });
    good.map(|s| s.strength).reduce(f64::max)
}

/// Labels that are fitted to the same activations.
struct Shared<'a> {
    activations: &'a Activations,
    labels: &'a [Labels<'a>],
}

/// Means over all rows: sums of products about them lose no digits.
struct Centre {
    x: Vec<f64>,
    y: Vec<f64>,
}

/// Weights of centred activations, and an intercept.
struct Weights {
    w: Vec<f64>,
    b: f64,
}

impl Shared<'_> {
    fn fit(
        &self,
        rows: &[usize],
        groups: &[u32],
        config: &RidgeConfig,
        seed: u64,
    ) -> Result<Vec<Result<RidgeFit, ProbeError>>, ProbeError> {
        let groups: Vec<u32> = rows.iter().map(|&row| groups[row]).collect();
        let fold_of = group_folds(&groups, config.folds, seed)?;
        let folds: Vec<Vec<usize>> = (0..config.folds)
            .map(|fold| {
                let of_fold = rows.iter().zip(&fold_of).filter(|(_, f)| **f == fold);
                of_fold.map(|(row, _)| *row).collect()
            })
            .collect();
        let centre = self.centre(rows);
        let moments: Vec<Mat<f64>> = folds
            .iter()
            .map(|rows| self.moments(&centre, rows))
            .collect();
        let without = |left_out: Option<usize>| {
            let mut sum = Mat::zeros(self.width(), self.width());
            for (_, part) in moments
                .iter()
                .enumerate()
                .filter(|(n, _)| Some(*n) != left_out)
            {
                sum += part;
            }
            sum
        };
        let standardise = config.standardise;
        let solver = |moments: &Mat<f64>, place| Solver::of(moments, &centre, standardise, place);
        let path = (0..folds.len())
            .map(|fold| solver(&without(Some(fold)), "rows outside a fold"))
            .collect::<Result<Vec<_>, _>>()?;
        let all = solver(&without(None), "data")?;
        let strengths = &config.strengths;
        let fit = |label: usize| -> Result<RidgeFit, ProbeError> {
            let mut errors = vec![0.0; strengths.len()];
            for (held, solver) in moments.iter().zip(&path) {
                for (error, strength) in errors.iter_mut().zip(strengths) {
                    *error += squared_error(held, &solver.solve(label, *strength)?, label);
                }
            }
            let mut scored = Vec::new();
            for (&strength, error) in strengths.iter().zip(&errors) {
                let accuracy = match (config.choice, self.labels[label]) {
                    (Choice::Strongest, Labels::Binary(labels)) => {
                        let mut right = 0;
                        for (rows, solver) in folds.iter().zip(&path) {
                            let weights = solver.solve(label, strength)?;
                            let probe = centre.probe(&weights, label, strength);
                            let scores = probe.scores(self.activations, rows);
                            let read = scores.iter().zip(rows);
                            right += read.filter(|(s, row)| (**s > 0.0) == labels[**row]).count();
                        }
                        Some(right as f64 / rows.len() as f64)
                    }
                    _ => None,
                };
                scored.push(StrengthError {
                    strength,
                    error: error / rows.len() as f64,
                    accuracy,
                });
            }
            let best = best_of(&scored, config.choice, self.variance(label, rows));
            let best = best.ok_or(ProbeError::Diverged("ridge regression"))?;
            let (mut scores, mut order) = (Vec::new(), Vec::new());
            for (rows, solver) in folds.iter().zip(&path) {
                let probe = centre.probe(&solver.solve(label, best)?, label, best);
                scores.extend(probe.scores(self.activations, rows));
                order.extend(rows);
            }
            Ok(RidgeFit {
                probe: centre.probe(&all.solve(label, best)?, label, best),
                strengths: scored,
                held_out: Quality::of(&scores, self.labels[label], &order)?,
            })
        };
        Ok((0..self.labels.len()).map(fit).collect())
    }

    fn variance(&self, label: usize, rows: &[usize]) -> f64 {
        let values = || rows.iter().map(|&row| self.labels[label].target(row));
        let mean = values().sum::<f64>() / rows.len() as f64;
        values().map(|y| (y - mean).powi(2)).sum::<f64>() / rows.len() as f64
    }

    fn centre(&self, rows: &[usize]) -> Centre {
        let d = self.activations.d();
        let mut x = sums(rows, d + self.labels.len(), |row, sum| {
            for (total, x) in sum.iter_mut().zip(self.activations.row(row)) {
                *total += f64::from(*x);
            }
            for (total, labels) in sum[d..].iter_mut().zip(self.labels) {
                *total += labels.target(row);
            }
        });
        for total in &mut x {
            *total /= rows.len() as f64;
        }
        let y = x.split_off(d);
        Centre { x, y }
    }

    /// Activations, a one and the labels.
    fn width(&self) -> usize {
        self.activations.d() + 1 + self.labels.len()
    }

    fn moments(&self, centre: &Centre, rows: &[usize]) -> Mat<f64> {
        let d = centre.x.len();
        gram(rows, self.width(), |row, out| {
            let values = self.activations.row(row).iter().zip(&centre.x);
            for (out, (x, mean)) in out.iter_mut().zip(values) {
                *out = f64::from(*x) - mean;
            }
            out[d] = 1.0;
            let labels = self.labels.iter().zip(&centre.y);
            for (out, (labels, mean)) in out[d + 1..].iter_mut().zip(labels) {
                *out = labels.target(row) - mean;
            }
        })
    }
}

impl Centre {
    fn probe(&self, weights: &Weights, label: usize, strength: f64) -> LinearProbe {
        let shift: f64 = weights.w.iter().zip(&self.x).map(|(w, m)| w * m).sum();
        let intercept = self.y[label] + weights.b - shift;
        LinearProbe::new(weights.w.clone(), intercept, strength)
    }
}

/// Σ (y − b − w·x)² from sums of products.
fn squared_error(moments: &Mat<f64>, weights: &Weights, label: usize) -> f64 {
    let d = weights.w.len();
    let mut v: Vec<f64> = weights.w.iter().map(|w| -w).collect();
    v.extend([-weights.b, 1.0]);
    let place = |n: usize| if n > d { d + 1 + label } else { n };
    let rows = (0..v.len()).map(|i| {
        let product: f64 = (0..v.len())
            .map(|j| moments[(place(j), place(i))] * v[j])
            .sum();
        v[i] * product
    });
    rows.sum::<f64>().max(0.0)
}

/// The eigenvectors of the standardised Gram matrix: all strengths are one product away.
struct Solver {
    vectors: Mat<f64>,
    values: Vec<f64>,
    /// The products of features and each label, along the eigenvectors.
    along: Vec<Result<Vec<f64>, ProbeError>>,
    mean_x: Vec<f64>,
    std: Vec<f64>,
    mean_y: Vec<f64>,
}

impl Solver {
    fn of(
        moments: &Mat<f64>,
        centre: &Centre,
        standardise: bool,
        place: &'static str,
    ) -> Result<Self, ProbeError> {
        let d = centre.x.len();
        let n = moments[(d, d)];
        let mean: Vec<f64> = (0..moments.nrows()).map(|j| moments[(j, d)] / n).collect();
        let covariance = |i: usize, j: usize| moments[(i, j)] / n - mean[i] * mean[j];
        let rounding =
            |j: usize, centre: f64| 1e-13 * moments[(j, j)] / n + 1e-24 * centre * centre;
        // A feature that only rounding moves is left alone: it gets no weight.
        let mut std: Vec<f64> = (0..d)
            .map(|j| match covariance(j, j) {
                v if v > rounding(j, centre.x[j]) => v.sqrt(),
                _ => f64::INFINITY,
            })
            .collect();
        let rows = n as usize;
        if std.iter().all(|s| s.is_infinite()) {
            return Err(ProbeError::ConstantActivations { rows });
        }
        if !standardise {
            let varying = || std.iter().filter(|s| s.is_finite());
            let mean_square = varying().map(|s| s * s).sum::<f64>() / varying().count() as f64;
            let common = mean_square.sqrt();
            let finite = std.iter_mut().filter(|s| s.is_finite());
            finite.for_each(|s| *s = common);
        }
        let correlations = Mat::from_fn(d, d, |i, j| covariance(i, j) / (std[i] * std[j]));
        let eigen = correlations
            .self_adjoint_eigen(Side::Lower)
            .map_err(|_| ProbeError::Diverged("ridge regression"))?;
        let vectors = eigen.U().to_owned();
        let values = (0..d).map(|k| eigen.S()[k].max(0.0)).collect();
        let along = (centre.y.iter().enumerate())
            .map(|(label, &middle)| {
                let y = d + 1 + label;
                if covariance(y, y) <= rounding(y, middle) {
                    return Err(ProbeError::ConstantLabel { rows, place });
                }
                let along = |k: usize| -> f64 {
                    (0..d)
                        .map(|j| vectors[(j, k)] * covariance(j, y) / std[j])
                        .sum()
                };
                Ok((0..d).map(along).collect())
            })
            .collect();
        Ok(Self {
            along,
            vectors,
            values,
            mean_x: mean[..d].to_vec(),
            std,
            mean_y: mean[d + 1..].to_vec(),
        })
    }

    fn solve(&self, label: usize, strength: f64) -> Result<Weights, ProbeError> {
        let d = self.std.len();
        let of_label = self.along[label].as_ref().map_err(Clone::clone)?;
        let mut w = vec![0.0; d];
        for (k, along) in of_label.iter().enumerate() {
            let along = along / (self.values[k] + strength);
            for (j, w) in w.iter_mut().enumerate() {
                *w += self.vectors[(j, k)] * along;
            }
        }
        w.iter_mut().zip(&self.std).for_each(|(w, std)| *w /= std);
        let shift: f64 = w.iter().zip(&self.mean_x).map(|(w, m)| w * m).sum();
        Ok(Weights {
            w,
            b: self.mean_y[label] - shift,
        })
    }
}
