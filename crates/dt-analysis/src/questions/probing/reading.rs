//! How well concepts are read at a site, where it is easy and where it is hard.

use serde::{Deserialize, Serialize};

use super::concept::{Axis, Concept};
use super::rows::Rows;
use crate::maths::probes::{Activations, Labels, LinearProbe, ProbeError, Quality};

/// Standard deviations of guessing beyond which a share is above chance.
const ABOVE: f64 = 3.0;

/// How well a concept is read at a site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// On prefixes that were not trained on, of conditions that were; none where no prefix fell
    /// to the test set, or only of one class.
    pub split: Option<Quality>,
    /// On each condition, by a probe that was fitted without it.
    pub left_out: Vec<LeftOut>,
    /// The condition that is read worst.
    pub worst: Option<LeftOut>,
    /// Whether every condition is read better than guessing would read it, by three standard
    /// deviations (or without a mistake). None where nothing could be left out, and of numbers.
    pub above_chance: Option<bool>,
}

/// A condition, and how well it is read by a probe that was fitted without it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeftOut {
    /// What was split by.
    pub axis: Axis,
    /// Which condition: `ball`, `Key-Ball`, `low`, `(3,3) right`, `5`.
    pub condition: String,
    /// Share of the larger class; none of numbers.
    pub chance: Option<f64>,
    /// How well it is read.
    pub quality: Quality,
}

impl Reading {
    /// From what was read of each condition.
    pub(super) fn new(split: Option<Quality>, left_out: Vec<LeftOut>) -> Self {
        let value = |l: &LeftOut| l.quality.headline().unwrap_or(f64::INFINITY);
        let worst = left_out.iter().min_by(|a, b| value(a).total_cmp(&value(b)));
        let above: Option<Vec<bool>> = left_out.iter().map(LeftOut::above_chance).collect();
        Self {
            split,
            worst: worst.cloned(),
            above_chance: above.and_then(|all| {
                let every = all.iter().all(|above| *above);
                (!all.is_empty()).then_some(every)
            }),
            left_out,
        }
    }

    /// Accuracy (of numbers: explained variance) on the condition that is read worst.
    pub fn worst_case(&self) -> Option<f64> {
        self.worst.as_ref().and_then(|w| w.quality.headline())
    }
}

impl LeftOut {
    fn above_chance(&self) -> Option<bool> {
        let (accuracy, chance) = (self.quality.accuracy?, self.chance?);
        let spread = (chance * (1.0 - chance) / self.quality.rows as f64).sqrt();
        Some(accuracy > chance + ABOVE * spread || accuracy >= 1.0)
    }
}

/// A probe on labels drawn at random for each pose, time, instruction, target order and
/// return-to-go: what it reads by heart (Hewitt and Liang, 2019).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ControlRecord {
    /// Accuracy of the concept on test prefixes whose context occurs in training.
    pub accuracy: f64,
    /// Accuracy of the random labels there, the mean of three labellings.
    pub control_accuracy: f64,
    /// The difference of both.
    pub selectivity: f64,
    /// Prefixes.
    pub rows: usize,
}

/// How well a probe reads some rows.
pub(super) fn judge(
    activations: &Activations,
    probe: &LinearProbe,
    labels: Labels,
    rows: &[usize],
) -> Result<Quality, ProbeError> {
    Quality::of(&probe.scores(activations, rows), labels, rows)
}

/// How well a probe from elsewhere reads each condition of some rows: none was seen.
///
/// # Errors
/// If its width is another, or there are no rows.
pub(super) fn read_with(
    probe: &LinearProbe,
    concept: Concept,
    activations: &Activations,
    rows: &Rows,
) -> Result<Reading, ProbeError> {
    let labels = rows.labels[&concept].labels();
    let all: Vec<usize> = (0..rows.cases.len()).collect();
    let judge = |of: &[usize]| judge(activations, probe, labels, of);
    let mut left_out = Vec::new();
    let axes = rows.conditions.iter();
    for (&axis, conditions) in axes.filter(|(axis, _)| concept.can_leave_out(**axis)) {
        for (id, name) in &conditions.left_out {
            let of = all
                .iter()
                .copied()
                .filter(|&row| conditions.ids[row] == *id);
            let of: Vec<usize> = of.collect();
            if is_constant(labels, &of) {
                continue;
            }
            left_out.push(LeftOut {
                axis,
                condition: name.clone(),
                chance: larger_class(labels, &of),
                quality: judge(&of)?,
            });
        }
    }
    Ok(Reading::new(Some(judge(&all)?), left_out))
}

/// Whether labels do not differ within some rows.
pub(super) fn is_constant(labels: Labels, rows: &[usize]) -> bool {
    match labels {
        Labels::Binary(labels) => rows.windows(2).all(|w| labels[w[0]] == labels[w[1]]),
        Labels::Real(labels) => rows
            .windows(2)
            .all(|w| labels[w[0]].total_cmp(&labels[w[1]]).is_eq()),
    }
}

/// Share of the larger class; none of numbers.
pub(super) fn larger_class(labels: Labels, rows: &[usize]) -> Option<f64> {
    let Labels::Binary(labels) = labels else {
        return None;
    };
    let share = rows.iter().filter(|&&row| labels[row]).count() as f64 / rows.len() as f64;
    Some(share.max(1.0 - share))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left_out(condition: &str, accuracy: f64, chance: f64) -> LeftOut {
        LeftOut {
            axis: Axis::Factor('T'),
            condition: condition.to_owned(),
            chance: Some(chance),
            quality: Quality {
                rows: 100,
                accuracy: Some(accuracy),
                auc: None,
                d_prime: None,
                r2: None,
            },
        }
    }

    #[test]
    fn the_worst_condition_counts() {
        let of = |accuracies: &[f64]| {
            let all = accuracies.iter().map(|&a| left_out("a", a, 0.5)).collect();
            Reading::new(None, all)
        };
        // Three standard deviations of guessing 100 labels: 0.15.
        assert_eq!(of(&[0.9, 0.66]).above_chance, Some(true));
        assert_eq!(of(&[0.9, 0.64]).above_chance, Some(false));
        assert_eq!(of(&[0.9, 0.64, 0.8]).worst_case(), Some(0.64));
        assert_eq!(of(&[]).above_chance, None);
        let always_the_larger = Reading::new(None, vec![left_out("a", 0.9, 0.9)]);
        assert_eq!(always_the_larger.above_chance, Some(false));
    }
}
