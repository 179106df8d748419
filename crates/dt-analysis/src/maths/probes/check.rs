//! What a probe's accuracy is worth: left-out conditions, control tasks and noise.
//!
//! Selectivity = accuracy on the labels − accuracy on labels drawn at random for each context
//! (Hewitt and Liang, Designing and Interpreting Probes with Control Tasks, 2019).

use dt_env::streams::{Purpose, stream};
use rand_distr::StandardNormal;
use std::collections::{BTreeMap, BTreeSet};

use rand::RngExt;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::data::{Activations, Labels, Task, check_rows};
use super::error::ProbeError;
use super::folds::seeded;
use super::quality::Quality;
use super::ridge::{RidgeConfig, fit_ridge};

/// Every condition left out once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeaveOut {
    /// By condition, in ascending order.
    pub conditions: Vec<Condition>,
    /// The one that is read worst.
    pub worst: Condition,
}

/// A condition, read by a probe that was fitted without it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// Its id.
    pub condition: u32,
    /// How well it is read.
    pub quality: Quality,
}

/// A probe against one that can only memorise contexts (Hewitt and Liang, 2019).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Selectivity {
    /// Accuracy on the test rows.
    pub accuracy: f64,
    /// Accuracy on labels drawn at random for each context.
    pub control_accuracy: f64,
    /// The difference of both.
    pub selectivity: f64,
    /// Test rows, those alone whose context occurs in training.
    pub rows: usize,
}

/// Fits a probe to all conditions but one and judges it on that one, for each in turn.
///
/// # Errors
/// If there are fewer than two conditions or not one for each row, or a fit fails.
pub fn leave_condition_out(
    task: &Task,
    conditions: &[u32],
    config: &RidgeConfig,
    seed: u64,
) -> Result<LeaveOut, ProbeError> {
    let rows = task.activations.rows();
    check_length("conditions", rows, conditions.len())?;
    let ids: BTreeSet<u32> = conditions.iter().copied().collect();
    if ids.len() < 2 {
        return Err(ProbeError::FewConditions(ids.len()));
    }
    let mut judged = Vec::new();
    for condition in ids {
        let (test, train): (Vec<usize>, Vec<usize>) =
            (0..rows).partition(|&row| conditions[row] == condition);
        let fit = fit_ridge(task, &train, config, seed)?;
        let scores = fit.probe.scores(task.activations, &test);
        let quality = Quality::of(&scores, task.labels, &test)?;
        judged.push(Condition { condition, quality });
    }
    let value = |c: &Condition| c.quality.headline().unwrap_or(f64::INFINITY);
    let worst = judged.iter().min_by(|a, b| value(a).total_cmp(&value(b)));
    Ok(LeaveOut {
        worst: *worst.expect("at least two conditions"),
        conditions: judged,
    })
}

/// A random label for each distinct context, the same wherever it occurs: true for a share of
/// them, but for at least one and not for all.
///
/// # Errors
/// If the share is not within 0 to 1, or there are fewer than two distinct contexts.
pub fn control_labels(
    contexts: &[u64],
    share_true: f64,
    seed: u64,
) -> Result<Vec<bool>, ProbeError> {
    if !(0.0..=1.0).contains(&share_true) {
        return Err(ProbeError::OutOfRange {
            what: "share of true labels",
            range: "within 0 to 1",
            value: share_true,
        });
    }
    let distinct: BTreeSet<u64> = contexts.iter().copied().collect();
    let mut order: Vec<u64> = distinct.into_iter().collect();
    if order.len() < 2 {
        return Err(ProbeError::FewContexts(order.len()));
    }
    order.sort_by_key(|&context| (seeded(context, seed), context));
    let share = (order.len() as f64 * share_true).round() as usize;
    let share = share.clamp(1, order.len() - 1);
    let labels: BTreeMap<u64, bool> = (order.iter().enumerate())
        .map(|(n, context)| (*context, n < share))
        .collect();
    Ok(contexts.iter().map(|context| labels[context]).collect())
}

/// Fits the task and a control task to `train` and compares both on the rows of `test` whose
/// context occurs in training. As large a share of contexts is true in the control task as of
/// labels in the task, so that always guessing the larger class gains nothing on it.
///
/// # Errors
/// If labels are real, there is not one context for each row, none recurs or all are the same, or
/// a fit fails.
pub fn selectivity(
    task: &Task,
    contexts: &[u64],
    [train, test]: [&[usize]; 2],
    config: &RidgeConfig,
    seed: u64,
) -> Result<Selectivity, ProbeError> {
    let Labels::Binary(labels) = task.labels else {
        return Err(ProbeError::NotBinary("control task"));
    };
    let all = task.activations.rows();
    check_length("contexts", all, contexts.len())?;
    check_length("labels", all, labels.len())?;
    check_rows(train, all)?;
    check_rows(test, all)?;
    let known: BTreeSet<u64> = train.iter().map(|&row| contexts[row]).collect();
    let recurring = test.iter().filter(|&&row| known.contains(&contexts[row]));
    let test: Vec<usize> = recurring.copied().collect();
    if test.is_empty() {
        return Err(ProbeError::NoRecurringContext);
    }
    let share_true = labels.iter().filter(|l| **l).count() as f64 / all as f64;
    let control = control_labels(contexts, share_true, seed)?;
    let control = Task {
        labels: Labels::Binary(&control),
        ..*task
    };
    let accuracy = |task: &Task| -> Result<f64, ProbeError> {
        let probe = fit_ridge(task, train, config, seed)?.probe;
        let scores = probe.scores(task.activations, &test);
        let quality = Quality::of(&scores, task.labels, &test)?;
        Ok(quality.accuracy.expect("labels are binary"))
    };
    let (accuracy, control_accuracy) = (accuracy(task)?, accuracy(&control)?);
    Ok(Selectivity {
        accuracy,
        control_accuracy,
        selectivity: accuracy - control_accuracy,
        rows: test.len(),
    })
}

/// Activations with normal noise of `fraction` of each feature's standard deviation. Row n takes
/// its noise from stream n.
///
/// # Errors
/// If the fraction is negative or not finite, or a sum exceeds what f32 holds.
pub fn with_noise(
    activations: &Activations,
    fraction: f64,
    seed: u64,
) -> Result<Activations, ProbeError> {
    if !(fraction >= 0.0 && fraction.is_finite()) {
        return Err(ProbeError::OutOfRange {
            what: "fraction of noise",
            range: "finite and at least 0",
            value: fraction,
        });
    }
    let (rows, d) = (activations.rows(), activations.d());
    let (mut mean, mut square) = (vec![0.0; d], vec![0.0; d]);
    for row in 0..rows {
        let values = mean.iter_mut().zip(activations.row(row));
        values.for_each(|(sum, x)| *sum += f64::from(*x) / rows as f64);
    }
    for row in 0..rows {
        for (j, x) in activations.row(row).iter().enumerate() {
            square[j] += (f64::from(*x) - mean[j]).powi(2) / rows as f64;
        }
    }
    let scale: Vec<f64> = square.iter().map(|s| s.sqrt() * fraction).collect();
    let noisy: Vec<Vec<f32>> = (0..rows)
        .into_par_iter()
        .map(|row| {
            let mut rng = stream(seed, Purpose::ProbeNoise, row as u64);
            let values = activations.row(row).iter().zip(&scale);
            let noisy = values.map(|(x, scale)| {
                let z: f64 = rng.sample(StandardNormal);
                (f64::from(*x) + scale * z) as f32
            });
            noisy.collect()
        })
        .collect();
    Activations::new(rows, d, noisy.concat())
}

fn check_length(what: &'static str, expected: usize, got: usize) -> Result<(), ProbeError> {
    match got == expected {
        true => Ok(()),
        false => Err(ProbeError::Lengths {
            what,
            expected,
            got,
        }),
    }
}
