//! How well concepts are read at a site, where it is easy and where it is hard.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::concept::{Axis, Concept};
use super::config::SweepConfig;
use super::rows::{Rows, Values};
use crate::probe::{
    Activations, Labels, LinearProbe, ProbeError, Quality, Task, control_labels, fit_logistic,
    fit_ridges, with_noise,
};

/// Random labellings that a control task is averaged over.
const CONTROLS: u64 = 3;
/// Weakest penalty of a logistic probe: classes that can be told apart have no fit without one.
const WEAKEST_LOGISTIC: f64 = 1e-3;
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

/// Everything that is known of one concept at one site.
pub(super) struct Found {
    pub(super) reading: Reading,
    /// Fitted to all rows.
    pub(super) probe: LinearProbe,
    pub(super) noisy: Option<Quality>,
    pub(super) control: Option<ControlRecord>,
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

/// Fits probes of one table of activations.
pub(super) struct Reader<'a> {
    pub(super) activations: &'a Activations,
    pub(super) rows: &'a Rows,
    pub(super) config: &'a SweepConfig,
}

/// Plain test, and the control task beside it.
type Plain = (Option<Quality>, Option<ControlRecord>);
type Fits = Vec<Result<LinearProbe, ProbeError>>;

/// Labels, and which rows stay together when their probe's penalty is chosen.
#[derive(Clone, Copy)]
struct Asked<'a> {
    labels: Labels<'a>,
    together: Together,
}

#[derive(Clone, Copy, PartialEq)]
enum Together {
    /// Those of one instruction, target order and return-to-go: what is read of some must hold
    /// for others.
    Combination,
    /// None: what is learnt by heart may recur.
    Nothing,
}

impl Reader<'_> {
    /// Reads all concepts that the rows have labels of. What is wrong with one stands in its
    /// place. `extras` says whether noise and control tasks are asked for as well.
    ///
    /// # Errors
    /// If no probe can be fitted at all.
    pub(super) fn read(
        &self,
        extras: bool,
    ) -> Result<BTreeMap<Concept, Result<Found, ProbeError>>, ProbeError> {
        let concepts: Vec<(Concept, &Values)> =
            self.rows.labels.iter().map(|(c, v)| (*c, v)).collect();
        let labels: Vec<Asked> = (concepts.iter())
            .map(|(_, values)| Asked {
                labels: values.labels(),
                together: Together::Combination,
            })
            .collect();
        let all: Vec<usize> = (0..self.rows.cases.len()).collect();
        let probes = self.fit(self.activations, &labels, &all)?;
        let splits = self.split(&labels, extras)?;
        let noisy = match extras {
            true => self.noisy(&labels)?,
            false => vec![None; labels.len()],
        };
        let mut left_out: Vec<Vec<LeftOut>> = vec![Vec::new(); labels.len()];
        for (&axis, conditions) in &self.rows.conditions {
            let asked: Vec<usize> = (0..concepts.len())
                .filter(|&n| concepts[n].0.can_leave_out(axis) && probes[n].is_ok())
                .collect();
            let of_asked: Vec<Asked> = asked.iter().map(|&n| labels[n]).collect();
            for (id, name) in &conditions.left_out {
                let (test, train): (Vec<usize>, Vec<usize>) =
                    all.iter().partition(|&&row| conditions.ids[row] == *id);
                let fits = self.fit(self.activations, &of_asked, &train)?;
                for ((&n, asked), fit) in asked.iter().zip(&of_asked).zip(fits) {
                    let labels = asked.labels;
                    // Without both classes there is no fit, and nothing to be told apart.
                    let Some(probe) = fit.ok().filter(|_| !is_constant(labels, &test)) else {
                        continue;
                    };
                    left_out[n].push(LeftOut {
                        axis,
                        condition: name.clone(),
                        chance: larger_class(labels, &test),
                        quality: judge(self.activations, &probe, labels, &test)?,
                    });
                }
            }
        }
        let found = probes.into_iter().zip(splits).zip(noisy).zip(left_out);
        let found = found.map(|(((probe, (split, control)), noisy), left_out)| {
            probe.map(|probe| Found {
                reading: Reading::new(split, left_out),
                probe,
                noisy,
                control,
            })
        });
        Ok(concepts
            .iter()
            .map(|(concept, _)| *concept)
            .zip(found)
            .collect())
    }

    /// Quality on test prefixes, and against control tasks.
    fn split(&self, asked: &[Asked], extras: bool) -> Result<Vec<Plain>, ProbeError> {
        let [train, test] = &self.rows.split;
        let controls: Vec<Vec<Vec<bool>>> = match extras {
            true => asked.iter().map(|a| self.controls(a.labels)).collect(),
            false => vec![Vec::new(); asked.len()],
        };
        // Concepts of equal shares have the same control tasks; each is fitted once.
        let mut distinct: Vec<&Vec<bool>> = controls.iter().flatten().collect();
        distinct.sort_unstable();
        distinct.dedup();
        let mut all = asked.to_vec();
        all.extend(distinct.iter().map(|labels| Asked {
            labels: Labels::Binary(labels),
            together: Together::Nothing,
        }));
        let fits = self.fit(self.activations, &all, train)?;
        let known: BTreeSet<u64> = train.iter().map(|&row| self.rows.contexts[row]).collect();
        let recurring: Vec<usize> = (test.iter().copied())
            .filter(|&row| known.contains(&self.rows.contexts[row]))
            .collect();
        let quality = |fit: usize, rows: &[usize]| match &fits[fit] {
            Ok(probe) if !is_constant(all[fit].labels, rows) => {
                judge(self.activations, probe, all[fit].labels, rows).map(Some)
            }
            _ => Ok(None),
        };
        let accuracy = |fit: usize| -> Result<Option<f64>, ProbeError> {
            Ok(quality(fit, &recurring)?.and_then(|q| q.accuracy))
        };
        let mut out = Vec::new();
        for (n, of_concept) in controls.iter().enumerate() {
            let mut values = Vec::new();
            for labels in of_concept {
                let place = distinct.binary_search(&labels).expect("sorted");
                values.extend(accuracy(asked.len() + place)?);
            }
            let own = accuracy(n)?.filter(|_| !values.is_empty());
            let control = own.map(|accuracy| {
                let control_accuracy = values.iter().sum::<f64>() / values.len() as f64;
                ControlRecord {
                    accuracy,
                    control_accuracy,
                    selectivity: accuracy - control_accuracy,
                    rows: recurring.len(),
                }
            });
            out.push((quality(n, test)?, control));
        }
        Ok(out)
    }

    /// Labels of the control tasks of a concept; none of numbers.
    fn controls(&self, labels: Labels) -> Vec<Vec<bool>> {
        let Labels::Binary(labels) = labels else {
            return Vec::new();
        };
        let share = labels.iter().filter(|l| **l).count() as f64 / labels.len() as f64;
        let seeds = (0..CONTROLS).map(|n| self.config.seed ^ (n + 1));
        seeds
            .filter_map(|seed| control_labels(&self.rows.contexts, share, seed).ok())
            .collect()
    }

    fn noisy(&self, asked: &[Asked]) -> Result<Vec<Option<Quality>>, ProbeError> {
        let [train, test] = &self.rows.split;
        let noisy = with_noise(self.activations, self.config.noise, self.config.seed)?;
        let fits = self.fit(&noisy, asked, train)?;
        (fits.iter().zip(asked))
            .map(|(fit, Asked { labels, .. })| match fit {
                Ok(probe) if !is_constant(*labels, test) => {
                    judge(&noisy, probe, *labels, test).map(Some)
                }
                _ => Ok(None),
            })
            .collect()
    }

    /// A probe for each label. Too few groups, or activations that do not vary in these rows,
    /// give none.
    fn fit(
        &self,
        activations: &Activations,
        asked: &[Asked],
        rows: &[usize],
    ) -> Result<Fits, ProbeError> {
        let mut out: Vec<Option<Result<LinearProbe, ProbeError>>> = vec![None; asked.len()];
        for together in [Together::Combination, Together::Nothing] {
            let places = (0..asked.len()).filter(|&n| asked[n].together == together);
            let places: Vec<usize> = places.collect();
            if places.is_empty() {
                continue;
            }
            let labels: Vec<Labels> = places.iter().map(|&n| asked[n].labels).collect();
            let fits = match self.fit_together(activations, &labels, rows, together) {
                Err(
                    error @ (ProbeError::ConstantActivations { .. }
                    | ProbeError::FewGroups { .. }
                    | ProbeError::ConstantLabel { .. }),
                ) => vec![Err(error); labels.len()],
                fits => fits?,
            };
            for (place, fit) in places.into_iter().zip(fits) {
                out[place] = Some(fit);
            }
        }
        Ok((out.into_iter())
            .map(|fit| fit.expect("every label has a kind"))
            .collect())
    }

    fn fit_together(
        &self,
        activations: &Activations,
        labels: &[Labels],
        rows: &[usize],
        together: Together,
    ) -> Result<Fits, ProbeError> {
        let each: Vec<u32>;
        let groups = match together {
            Together::Combination => &self.rows.combinations,
            Together::Nothing => {
                each = (0..activations.rows() as u32).collect();
                &each
            }
        };
        let count = rows.iter().map(|&row| groups[row]).collect::<BTreeSet<_>>();
        let ridge = self.config.ridge(count.len());
        let fits = fit_ridges(activations, labels, groups, rows, &ridge, self.config.seed)?;
        let probes = fits.into_iter().zip(labels).map(|(fit, &labels)| {
            let probe = fit?.probe;
            if !self.config.logistic || matches!(labels, Labels::Real(_)) {
                return Ok(probe);
            }
            let task = Task {
                activations,
                labels,
                groups,
            };
            fit_logistic(&task, rows, &probe, probe.strength.max(WEAKEST_LOGISTIC))
        });
        Ok(probes.collect())
    }
}

fn judge(
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

fn larger_class(labels: Labels, rows: &[usize]) -> Option<f64> {
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
            axis: Axis::TargetOrder,
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
