//! When an agent's feature forms: at once with the task, or gradually after it.

use std::collections::BTreeMap;

use dt_data::Outcome;
use dt_env::Cell;
use dt_train::model::NoHooks;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::maths::logit_diff::{LogitDiffs, pooled_restored};
use crate::maths::vectors::{cosine, minus};
use crate::maths::walsh::is_factorial;
use crate::prompts::{Item, Study, items_at};
use crate::questions::adversary::{Mode, Placement, answers_to, double_complement};
use crate::questions::edits::direction_pca;
use crate::questions::steering::{all_starts, walk_from};
use crate::questions::walsh::{residual_points, walsh};
use crate::subject::embedding::initial_embeddings;
use crate::subject::{Experiment, Subject};

/// Below it the feature forms at once with the task, above [`GRADUAL`] gradually.
const AT_ONCE: f64 = 0.5;
/// See [`AT_ONCE`].
const GRADUAL: f64 = 2.0;

/// An agent through its training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FormationRecord {
    /// Kept weights, in order of their steps.
    pub points: Vec<FormationPoint>,
    /// Step at which each item's alignment passes half of its final value, where that is at
    /// least 0.3.
    pub midpoints: BTreeMap<Item, f64>,
    /// Steps at which the share of episodes that do as asked has gone 10 % and 90 % of the way
    /// from the plateau to all.
    pub exit: Option<(f64, f64)>,
    /// Spread of the midpoints over the width of the exit.
    pub spread: Option<f64>,
    /// What that says.
    pub verdict: Formation,
}

/// How a feature forms over cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Formation {
    /// In all cells as the task is solved.
    AtOnce,
    /// In one cell after the other.
    Gradual,
    /// In between, or too few cells have it.
    Undecided,
}

/// An agent at one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FormationPoint {
    /// Steps of training.
    pub step: u64,
    /// Share of greedy episodes, at all returns-to-go, that do as asked: succeed at a high one,
    /// fail at a low one. In worlds that cannot be failed, share of prompts whose choice is the
    /// wanted one.
    pub as_asked: f64,
    /// Cosine of each item's movement since step 0 with the final direction, items of the first
    /// object as they are, of the second reversed.
    pub alignment: BTreeMap<Item, f64>,
    /// Share of variance of the direction set's first component.
    pub component: f64,
    /// At each cell that can show the main factor, cosine of the difference of the direction
    /// set's two objects with that where the start frame shows the factor (the mean of several
    /// cells). Empty where the start frame does not show it.
    #[serde(default)]
    pub cosines: Vec<(Cell, f64)>,
    /// Pooled restored logit difference of the study's double complement.
    pub double_complement: Option<f64>,
    /// Prompts that it turns decidedly.
    pub turned: usize,
    /// Share of the residual stream's variance over prompts, at the decision before the last
    /// block's MLP, that each set of the study's factors has.
    pub bits: BTreeMap<String, f64>,
}

/// Follows an agent through earlier states of it, in the order of their steps; the last one is the
/// experiment's own or like it.
///
/// # Errors
/// If there are fewer than three states, or the agent's weights before training are not known.
pub fn formation(experiment: &Experiment, states: &[Subject]) -> Result<FormationRecord, Error> {
    let Experiment {
        subject: last,
        prompts: set,
    } = *experiment;
    if states.len() < 3 {
        return Err(Error::Question(format!(
            "{}: {} checkpoints with weights are kept, formation needs three or more; train with \
             `keep_every` or `keep_steps`",
            last.name,
            states.len()
        )));
    }
    let direction = direction_pca(experiment)?.components.swap_remove(0);
    let initial = initial_embeddings(last)?.ok_or_else(|| {
        Error::Question(format!("{}: its weights at step 0 are unknown", last.name))
    })?;
    let points = states
        .iter()
        .map(|state| {
            let experiment = Experiment::new(state, set);
            point(&experiment, &direction, Some(&initial))
        })
        .collect::<Result<_, _>>()?;
    Ok(judge(points))
}

/// What [`formation`] says of an agent's last step, which needs no earlier one.
///
/// # Errors
/// If the study has no direction or no main factor, or kept weights cannot be read.
pub fn last_point(experiment: &Experiment) -> Result<FormationPoint, Error> {
    let direction = direction_pca(experiment)?.components.swap_remove(0);
    let initial = initial_embeddings(experiment.subject)?;
    point(experiment, &direction, initial.as_deref())
}

/// Every cell at which the world can show the main factor, if the study says; else those of the
/// direction.
fn cells_of(study: &Study) -> Result<&[Cell], Error> {
    Ok(match study.main_factor()?.cells.as_slice() {
        [] => &study.direction_set()?.cells,
        cells => cells,
    })
}

/// See [`FormationPoint::cosines`].
fn cosines(experiment: &Experiment, embeddings: &[Vec<f64>]) -> Result<Vec<(Cell, f64)>, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let (first, second) = set.study.direction_set()?.objects;
    let row = |object, cell| &embeddings[Item::new(object, cell).index(subject.view())];
    let difference = |cell| minus(row(first, cell), row(second, cell));
    let axis = &set.study.main_factor()?.axis;
    let shown = set.shown_at(axis, "start")?;
    // A cosine takes no notice of lengths: the sum stands for the mean.
    let Some(own) = shown.iter().map(|&cell| difference(cell)).reduce(|sum, d| {
        let pairs = sum.iter().zip(&d);
        pairs.map(|(a, b)| a + b).collect()
    }) else {
        return Ok(Vec::new());
    };
    let cosines = cells_of(&set.study)?.iter().map(|&cell| {
        let with_own = cosine(&difference(cell), &own).unwrap_or(0.0);
        (cell, with_own)
    });
    Ok(cosines.collect())
}

fn point(
    experiment: &Experiment,
    direction: &[f64],
    initial: Option<&[Vec<f64>]>,
) -> Result<FormationPoint, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let study = &set.study;
    let embeddings = subject.embeddings();
    let view = subject.view();
    let objects = study.direction_set()?.objects;
    let mut alignment = BTreeMap::new();
    if let Some(initial) = initial {
        for item in items_at(objects, cells_of(study)?) {
            let n = item.index(view);
            let sign = if item.object == objects.0 { 1.0 } else { -1.0 };
            let moved = minus(&embeddings[n], &initial[n]);
            alignment.insert(item, sign * cosine(&moved, direction).unwrap_or(0.0));
        }
    }
    let starts = all_starts(set)?;
    let ends = walk_from(subject, &starts, |_| Box::new(NoHooks))?;
    let middle = study.middle_return();
    let can_fail = starts.iter().all(|s| !s.spec.failures().is_empty());
    let asked = match can_fail || study.wanted.is_empty() {
        true => {
            let asked = starts.iter().zip(&ends).filter(|(start, end)| {
                if start.rtg > middle || !can_fail {
                    end.outcome == Outcome::Success
                } else {
                    matches!(end.outcome, Outcome::Failure(_))
                }
            });
            asked.count()
        }
        // Where nothing but time ends an episode, a layout may have no success to ask for.
        false => {
            let diffs = subject.logit_diffs(&set.of(study.original())?);
            let wanted = |n: usize| set.wanted_sign(n).unwrap_or(0.0);
            let diffs = diffs.iter().enumerate();
            diffs.filter(|(n, diff)| *diff * wanted(*n) > 0.0).count()
        }
    };
    let as_asked = asked as f64 / starts.len() as f64;

    let double = double_complement(study, &study.site);
    let changes = double.iter().flat_map(|e| &e.changes);
    let placements = changes.map(|c| Placement {
        other: true,
        cell: c.cell,
    });
    let edits = match double {
        Some(_) => vec![placements.collect::<Vec<_>>()],
        None => Vec::new(),
    };
    let facets = match edits.is_empty() {
        true => Vec::new(),
        false => answers_to(experiment, study.site_step(), Mode::Replacing, &edits)?,
    };
    let changes: Vec<LogitDiffs> = facets
        .iter()
        .map(|f| LogitDiffs {
            edit: f64::from(f.answers[0].logit_diff),
            original: f64::from(f.original.logit_diff),
            flipped: f64::from(f.flipped.logit_diff),
        })
        .collect();
    let flipped = facets
        .iter()
        .filter(|f| f.is_flipped(0, subject.contrast()));
    let points = residual_points(subject.n_layers());
    let before_last_mlp = points[points.len() - 2];
    let bits = match is_factorial(&set.signs()) {
        true => {
            walsh(experiment, &[before_last_mlp], "decision")?
                .swap_remove(0)
                .variance
        }
        false => BTreeMap::new(),
    };
    Ok(FormationPoint {
        step: subject.agent.record.step,
        as_asked,
        alignment,
        component: direction_pca(experiment)?.explained_variance_ratio[0],
        cosines: cosines(experiment, &embeddings)?,
        double_complement: pooled_restored(&changes),
        turned: flipped.count(),
        bits,
    })
}

/// Step at which a series first passes a level, between its points.
fn crossing(points: &[(f64, f64)], level: f64) -> Option<f64> {
    let after = points.iter().position(|p| p.1 >= level)?;
    if after == 0 {
        return Some(points[0].0);
    }
    let ((x0, y0), (x1, y1)) = (points[after - 1], points[after]);
    Some(x0 + (level - y0) / (y1 - y0) * (x1 - x0))
}

/// Least final alignment of an item that has the feature.
const ALIGNED: f64 = 0.3;

fn judge(points: Vec<FormationPoint>) -> FormationRecord {
    let last = points.last().expect("three or more");
    let series = |value: &dyn Fn(&FormationPoint) -> f64| -> Vec<(f64, f64)> {
        points.iter().map(|p| (p.step as f64, value(p))).collect()
    };
    let midpoints: BTreeMap<Item, f64> = last
        .alignment
        .iter()
        .filter(|(_, value)| **value >= ALIGNED)
        .filter_map(|(item, value)| {
            let of = series(&|p| p.alignment[item]);
            Some((*item, crossing(&of, value / 2.0)?))
        })
        .collect();
    // An agent that guesses does as asked in half of its episodes.
    let asked = series(&|p| p.as_asked);
    let exit = crossing(&asked, 0.55).zip(crossing(&asked, 0.95));
    let spread = match exit {
        Some((from, to)) if midpoints.len() >= 4 && to > from => {
            let values = || midpoints.values().copied();
            let range = values().fold(f64::MIN, f64::max) - values().fold(f64::MAX, f64::min);
            Some(range / (to - from))
        }
        _ => None,
    };
    let verdict = match spread {
        Some(s) if s < AT_ONCE => Formation::AtOnce,
        Some(s) if s > GRADUAL => Formation::Gradual,
        _ => Formation::Undecided,
    };
    FormationRecord {
        points,
        midpoints,
        exit,
        spread,
        verdict,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(n: usize) -> Item {
        Item::new(dt_env::Object::Door, dt_env::Cell::new(n, 0))
    }

    fn at(step: u64, as_asked: f64, alignment: &[f64]) -> FormationPoint {
        let items = (0..alignment.len()).map(item);
        FormationPoint {
            step,
            as_asked,
            alignment: items.zip(alignment.iter().copied()).collect(),
            component: 0.0,
            cosines: Vec::new(),
            double_complement: None,
            turned: 0,
            bits: BTreeMap::new(),
        }
    }

    #[test]
    fn crossings_lie_between_points() {
        let points = [(0.0, 0.0), (10.0, 1.0), (20.0, 0.5)];
        assert_eq!(crossing(&points, 0.25), Some(2.5));
        assert_eq!(crossing(&points, 0.0), Some(0.0));
        assert_eq!(crossing(&points, 2.0), None);
    }

    #[test]
    fn spread_midpoints_are_gradual_and_joint_ones_at_once() {
        let gradual = judge(vec![
            at(0, 0.5, &[0.0, 0.0, 0.0, 0.0]),
            at(100, 1.0, &[0.8, 0.0, 0.0, 0.0]),
            at(1000, 1.0, &[0.8, 0.1, 0.2, 0.8]),
            at(2000, 1.0, &[0.8, 0.8, 0.8, 0.8]),
        ]);
        assert_eq!(gradual.verdict, Formation::Gradual);
        assert_eq!(gradual.midpoints[&item(0)], 50.0);
        let (from, to) = gradual.exit.unwrap();
        assert!((from - 10.0).abs() < 1e-9 && (to - 90.0).abs() < 1e-9);
        let joint = judge(vec![
            at(0, 0.5, &[0.0; 4]),
            at(100, 1.0, &[0.8; 4]),
            at(200, 1.0, &[0.8; 4]),
        ]);
        assert_eq!(joint.verdict, Formation::AtOnce);
        let nowhere = judge(vec![
            at(0, 0.5, &[0.0]),
            at(1, 0.5, &[0.1]),
            at(2, 0.5, &[0.9]),
        ]);
        assert_eq!(nowhere.verdict, Formation::Undecided);
    }
}
