//! Fits of all probes of a site, which share their equations.

use std::collections::{BTreeMap, BTreeSet};

use super::concept::Concept;
use super::config::SweepConfig;
use super::reading::{ControlRecord, LeftOut, Reading, is_constant, judge, larger_class};
use super::rows::{Rows, Values};
use crate::maths::probes::{
    Activations, Labels, LinearProbe, ProbeError, Quality, Task, control_labels, fit_logistic,
    fit_ridges, with_noise,
};

/// Random labellings that a control task is averaged over.
const CONTROLS: u64 = 3;
/// Weakest penalty of a logistic probe: classes that can be told apart have no fit without one.
const WEAKEST_LOGISTIC: f64 = 1e-3;

/// A probe with what is known of it, or why there is none.
pub(super) type Outcome = Result<Found, String>;

/// Everything that is known of one concept at one site.
pub(super) struct Found {
    pub(super) reading: Reading,
    /// Fitted to all rows.
    pub(super) probe: LinearProbe,
    pub(super) noisy: Option<Quality>,
    pub(super) control: Option<ControlRecord>,
}

/// Reads all concepts of one table, or says why one cannot be.
///
/// # Errors
/// If the rows do not go together.
pub(super) fn fitted(
    activations: &Activations,
    rows: &Rows,
    config: &SweepConfig,
    extras: bool,
) -> Result<BTreeMap<Concept, Outcome>, ProbeError> {
    let reader = Reader {
        activations,
        rows,
        config,
    };
    let found = reader.read(extras)?.into_iter();
    Ok(found
        .map(|(concept, found)| (concept, found.map_err(|e| e.to_string())))
        .collect())
}

/// Fits probes of one table of activations.
struct Reader<'a> {
    activations: &'a Activations,
    rows: &'a Rows,
    config: &'a SweepConfig,
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
    fn read(
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
                    if is_constant(labels, &test) {
                        continue; // nothing to be told apart
                    }
                    let probe = match fit {
                        Ok(probe) => probe,
                        // Where nothing varies nothing is read: that is a guess, no excuse.
                        Err(ProbeError::ConstantActivations { .. }) => self.guess(),
                        Err(_) => continue, // one class alone to learn from
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

    /// A probe that reads nothing.
    fn guess(&self) -> LinearProbe {
        LinearProbe {
            direction: vec![0.0; self.activations.d()],
            intercept: 0.0,
            scale: 0.0,
            strength: f64::INFINITY,
        }
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
