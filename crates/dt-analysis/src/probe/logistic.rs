//! Logistic regression by Newton's method.

use faer::Side;
use faer::prelude::Solve;

use super::data::{Labels, Task};
use super::error::ProbeError;
use super::gram::{gram, sums};
use super::linear::LinearProbe;
use super::ridge::check_strength;

/// Newton steps before a fit is given up; ten are usual.
const STEPS: usize = 100;
/// Largest part of the gradient of the mean loss at which a fit is done.
const DONE: f64 = 1e-10;

/// Fits log odds of binary labels with an L2 penalty: mean loss + `strength` / 2 · ‖w‖² over
/// standardised features, the intercept free (scikit-learn's C is 1 / (strength · rows)).
///
/// Starts from `start`, a ridge probe of the same rows as a rule, and halves Newton steps that
/// do not reduce the loss.
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
    mean.iter_mut().for_each(|m| *m /= n);
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
        let mut out = sums(rows, d + 2, |row, sum| {
            let centred = || (x.row(row).iter().zip(&mean)).map(|(x, m)| f64::from(*x) - m);
            let margin = w[d] + centred().zip(&weights).map(|(x, w)| x * w).sum::<f64>();
            let wrong = sigmoid(margin) - f64::from(u8::from(labels[row]));
            sum.iter_mut()
                .zip(centred())
                .for_each(|(s, x)| *s += wrong * x);
            sum[d] += wrong;
            let signed = if labels[row] { margin } else { -margin };
            sum[d + 1] += (-signed.abs()).exp().ln_1p() + (-signed).max(0.0);
        });
        out.iter_mut().for_each(|v| *v /= n);
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
    for _ in 0..STEPS {
        if now[..=d].iter().all(|g| g.abs() < DONE) {
            let weights: Vec<f64> = w.iter().zip(&unit).map(|(w, u)| w * u).collect();
            let intercept = w[d] - dot(&weights, &mean);
            return Ok(LinearProbe::new(weights, intercept, strength));
        }
        let mut hessian = gram(rows, d + 1, |row, out| {
            let values = x.row(row).iter().zip(mean.iter().zip(&unit));
            for (out, (x, (m, u))) in out.iter_mut().zip(values) {
                *out = (f64::from(*x) - m) * u;
            }
            out[d] = 1.0;
            let p = sigmoid(dot(out, &w));
            let root = (p * (1.0 - p) / n).sqrt();
            out.iter_mut().for_each(|z| *z *= root);
        });
        for j in 0..d {
            hessian[(j, j)] += strength;
        }
        let factors = hessian.llt(Side::Lower);
        let factors = factors.map_err(|_| ProbeError::Diverged(WHAT))?;
        let gradient = faer::Col::from_fn(d + 1, |j| now[j]);
        let step = factors.solve(&gradient);
        let slope: f64 = (0..=d).map(|j| step[j] * now[j]).sum();
        let mut share = 1.0;
        loop {
            let next: Vec<f64> = (0..=d).map(|j| w[j] - share * step[j]).collect();
            let after = loss(&next);
            // The slack: near the minimum a full step changes the loss by rounding alone.
            if after[d + 1] <= now[d + 1] - 1e-4 * share * slope + 1e-14 * now[d + 1].abs() {
                (w, now) = (next, after);
                break;
            }
            share /= 2.0;
            if share < 1e-10 {
                return Err(ProbeError::Diverged(WHAT));
            }
        }
    }
    Err(ProbeError::Diverged(WHAT))
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
