//! Logistic regression by a quasi-Newton method.
//!
//! The least of 1/n Σ log(1 + exp(−yᵢ (b + w · xᵢ))) + λ/2 |w|², yᵢ = ±1 (Hastie, Tibshirani and
//! Friedman, The Elements of Statistical Learning, 2009, § 4.4), by Newton's steps whose Hessian is
//! kept for several of them.

use faer::Side;
use faer::linalg::solvers::Llt;
use faer::prelude::Solve;

use super::data::{Labels, Task};
use super::error::ProbeError;
use super::gram::{gram, sums};
use super::linear::LinearProbe;
use super::ridge::check_strength;

/// Steps before a fit is given up; twenty are usual.
const STEPS: usize = 400;
/// Steps after which the Hessian is computed anew.
const REFRESH: usize = 40;
/// Largest part of the gradient of the mean loss at which a fit is done.
const DONE: f64 = 1e-10;

/// Fits log odds of binary labels with an L2 penalty: mean loss + `strength` / 2 · ‖w‖² over
/// standardised features, the intercept free (scikit-learn's C is 1 / (strength · rows)).
///
/// Starts from `start`, a ridge probe of the same rows as a rule, and halves steps that do not
/// reduce the loss.
///
/// # Errors
/// If the task's lists do not go together, labels are real or the same in all rows, no activation
/// varies, `start` has another width, `strength` is not positive, or the fit does not converge.
pub fn fit_logistic(
    task: &Task,
    rows: &[usize],
    start: &LinearProbe,
    strength: f64,
) -> Result<LinearProbe, ProbeError> {
    const WHAT: &str = "logistic regression";
    let Labels::Binary(labels) = task.labels else {
        return Err(ProbeError::NotBinary(WHAT));
    };
    task.check(rows, "data")?;
    check_strength(strength)?;
    let (x, d, n) = (task.activations, task.activations.d(), rows.len() as f64);
    if start.direction.len() != d {
        return Err(ProbeError::Lengths {
            what: "weights to start from",
            expected: d,
            got: start.direction.len(),
        });
    }
    let mut mean = sums(rows, d, |row, sum| {
        sum.iter_mut()
            .zip(x.row(row))
            .for_each(|(s, x)| *s += f64::from(*x));
    });
    for m in &mut mean {
        *m /= n;
    }
    let variance = sums(rows, d, |row, sum| {
        for (j, x) in x.row(row).iter().enumerate() {
            sum[j] += (f64::from(*x) - mean[j]).powi(2);
        }
    });
    // As for ridge regression: what only rounding moves gets no weight. Reciprocals, since every
    // pass over the rows needs them and divisions are slow.
    let unit: Vec<f64> = (variance.iter().zip(&mean))
        .map(|(v, m)| match v / n {
            v if v > 1e-24 * m * m => v.sqrt().recip(),
            _ => 0.0,
        })
        .collect();
    if unit.iter().all(|u| *u == 0.0) {
        return Err(ProbeError::ConstantActivations { rows: rows.len() });
    }
    // The loss and its gradient, intercept last, and the loss after that: `[d + 2]`.
    let loss = |w: &[f64]| -> Vec<f64> {
        let weights: Vec<f64> = w.iter().zip(&unit).map(|(w, u)| w * u).collect();
        // Centred by the product with the mean, once; the features' sums likewise, below.
        let offset = w[d] - dot(&weights, &mean);
        let mut out = sums(rows, d + 2, |row, sum| {
            let values = x.row(row);
            let margin = offset + dot_f32(values, &weights);
            let wrong = sigmoid(margin) - f64::from(u8::from(labels[row]));
            for (s, x) in sum.iter_mut().zip(values) {
                *s += wrong * f64::from(*x);
            }
            sum[d] += wrong;
            let signed = if labels[row] { margin } else { -margin };
            sum[d + 1] += (-signed.abs()).exp().ln_1p() + (-signed).max(0.0);
        });
        let wrong = out[d];
        for (g, m) in out.iter_mut().zip(&mean) {
            *g -= wrong * m;
        }
        for v in &mut out {
            *v /= n;
        }
        for (g, (w, u)) in out.iter_mut().zip(w.iter().zip(&unit)) {
            *g = *g * u + strength * w;
        }
        out[d + 1] += strength / 2.0 * dot(&w[..d], &w[..d]);
        out
    };
    let mut w: Vec<f64> = (start.direction.iter().zip(&unit))
        .map(|(v, u)| if *u > 0.0 { v * start.scale / u } else { 0.0 })
        .collect();
    w.push(start.intercept + start.scale * dot(&start.direction, &mean));
    let mut now = loss(&w);
    let mut curvature = Curvature::default();
    for step in 0..STEPS {
        if now[..=d].iter().all(|g| g.abs() < DONE) {
            let weights: Vec<f64> = w.iter().zip(&unit).map(|(w, u)| w * u).collect();
            let intercept = w[d] - dot(&weights, &mean);
            return Ok(LinearProbe::new(weights, intercept, strength));
        }
        if step % REFRESH == 0 {
            let mut hessian = gram(rows, d + 1, |row, out| {
                let values = x.row(row).iter().zip(mean.iter().zip(&unit));
                for (out, (x, (m, u))) in out.iter_mut().zip(values) {
                    *out = (f64::from(*x) - m) * u;
                }
                out[d] = 1.0;
                let p = sigmoid(dot(out, &w));
                let root = (p * (1.0 - p) / n).sqrt();
                for z in out.iter_mut() {
                    *z *= root;
                }
            });
            for j in 0..d {
                hessian[(j, j)] += strength;
            }
            let factors = hessian.llt(Side::Lower);
            curvature.begin(factors.map_err(|_| ProbeError::Diverged(WHAT))?);
        }
        let direction = curvature.solve(&now[..=d]);
        let slope = dot(&direction, &now[..=d]);
        let mut share = 1.0;
        let (next, after) = loop {
            let next: Vec<f64> = (0..=d).map(|j| w[j] - share * direction[j]).collect();
            let after = loss(&next);
            // The slack: near the minimum a full step changes the loss by rounding alone.
            if after[d + 1] <= now[d + 1] - 1e-4 * share * slope + 1e-14 * now[d + 1].abs() {
                break (next, after);
            }
            share /= 2.0;
            if share < 1e-10 {
                return Err(ProbeError::Diverged(WHAT));
            }
        };
        let difference = |a: &[f64], b: &[f64]| (0..=d).map(|j| a[j] - b[j]).collect();
        curvature.learn(difference(&next, &w), difference(&after, &now));
        (w, now) = (next, after);
    }
    Err(ProbeError::Diverged(WHAT))
}

/// The Hessian where it was last computed, and what the gradient's changes since then say of it:
/// BFGS in its form for few pairs (Nocedal, 1980). One pass over the rows makes a gradient, while a
/// Hessian takes as many products a row as there are pairs of features.
#[derive(Default)]
struct Curvature {
    factors: Option<Llt<f64>>,
    /// Changes of the weights and of the gradient, and the reciprocal of their product.
    pairs: Vec<(Vec<f64>, Vec<f64>, f64)>,
}

impl Curvature {
    fn begin(&mut self, factors: Llt<f64>) {
        self.factors = Some(factors);
        self.pairs.clear();
    }

    fn learn(&mut self, moved: Vec<f64>, change: Vec<f64>) {
        let product = dot(&moved, &change);
        // Positive for a convex loss, but for rounding near the minimum.
        if product > 1e-14 * dot(&change, &change).sqrt() * dot(&moved, &moved).sqrt() {
            self.pairs.push((moved, change, product.recip()));
        }
    }

    /// The inverse Hessian times a vector.
    fn solve(&self, gradient: &[f64]) -> Vec<f64> {
        let mut v = gradient.to_vec();
        let mut shares = Vec::with_capacity(self.pairs.len());
        for (moved, change, reciprocal) in self.pairs.iter().rev() {
            let share = reciprocal * dot(moved, &v);
            v.iter_mut().zip(change).for_each(|(v, c)| *v -= share * c);
            shares.push(share);
        }
        let factors = self.factors.as_ref().expect("a Hessian comes first");
        let solved = factors.solve(&faer::Col::from_fn(v.len(), |j| v[j]));
        let mut v: Vec<f64> = (0..v.len()).map(|j| solved[j]).collect();
        for ((moved, change, reciprocal), share) in self.pairs.iter().zip(shares.into_iter().rev())
        {
            let other = reciprocal * dot(change, &v);
            let factor = share - other;
            v.iter_mut().zip(moved).for_each(|(v, m)| *v += factor * m);
        }
        v
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// In eight sums side by side, as a single one would wait for itself.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (a8, a_rest) = a.as_chunks::<8>();
    let (b8, b_rest) = b.as_chunks::<8>();
    for (a, b) in a8.iter().zip(b8) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f64>() + rest
}

fn dot_f32(a: &[f32], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (a8, a_rest) = a.as_chunks::<8>();
    let (b8, b_rest) = b.as_chunks::<8>();
    for (a, b) in a8.iter().zip(b8) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += f64::from(*a) * b;
        }
    }
    let rest = a_rest.iter().zip(b_rest);
    sums.iter().sum::<f64>() + rest.map(|(a, b)| f64::from(*a) * b).sum::<f64>()
}
