//! Statistics over the prompts, for claims 8 to 15 and 18.

use crate::Error;
use crate::maths::logit_diff::{LogitDiffs, pooled_restored};
use crate::maths::vectors::{dot, to_f64};
use crate::prompts::PromptSet;
use crate::prompts::{Change, EditConfig, Put, Scenario, Study};
use crate::questions::edits::{EffectsRecord, clean_direction, intervention_curve};
use crate::subject::Experiment;
use crate::subject::TokenKind;
use dt_env::Cell;
use dt_train::model::HookPoint;

/// Coefficients at which an intervention curve is measured.
const CURVE: usize = 31;
/// Most decoy cells that are paired; more are thinned evenly.
const DECOYS: usize = 10;

/// Facets of an agent that a claim can be asked of.
pub(super) struct Usable {
    /// Places in the study's order.
    pub facets: Vec<usize>,
    /// Facets whose original prompt's logit difference has the right sign.
    pub right_sign: usize,
}

impl Usable {
    pub fn new(set: &PromptSet, effects: &EffectsRecord, range: f64) -> Self {
        let diffs = effects.diffs(&effects.original);
        let right = |n: usize| {
            let wanted = set.wanted_sign(n).unwrap_or(0.0);
            diffs[n].original * wanted > 0.0
        };
        let wide = |n: usize| (diffs[n].flipped - diffs[n].original).abs() >= range;
        Self {
            facets: (0..diffs.len()).filter(|&n| right(n) && wide(n)).collect(),
            right_sign: (0..diffs.len()).filter(|&n| right(n)).count(),
        }
    }

    /// Of one value per facet, those of usable facets.
    pub fn of<T: Copy>(&self, values: &[T]) -> Vec<T> {
        self.facets.iter().map(|&n| values[n]).collect()
    }

    /// Share of usable facets for which something holds.
    pub fn share(&self, holds: impl Fn(usize) -> bool) -> Option<f64> {
        let count = self.facets.iter().filter(|&&n| holds(n)).count();
        (!self.facets.is_empty()).then(|| count as f64 / self.facets.len() as f64)
    }
}

/// The edit that complements two cells, and those that complement one of them.
pub(super) struct Complements<'a> {
    pub both: &'a EditConfig,
    pub first: &'a EditConfig,
    pub second: &'a EditConfig,
}

impl<'a> Complements<'a> {
    pub fn find(study: &'a Study) -> Option<Self> {
        let axis = &study.main_factor().ok()?.axis;
        let with = |count| {
            study
                .edits
                .iter()
                .filter(move |e| e.complements(axis, count))
        };
        let both = with(2).next()?;
        let single = |n: usize| with(1).find(|e| e.changes[0] == both.changes[n]);
        Some(Self {
            both,
            first: single(0)?,
            second: single(1)?,
        })
    }
}

/// Pooled restored logit difference of the double complement at pairs of decoy cells: median of
/// the absolute values over all pairs. `None` without two free cells.
pub(super) fn decoys(
    experiment: &Experiment,
    usable: &Usable,
    exposed: &[Cell],
) -> Result<Option<(f64, usize)>, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let study = &set.study;
    let view = subject.view();
    let agent = Cell::of_agent(view);
    let start = study.frame("start")?;
    let main = study.main_factor()?;
    let objects: Vec<u8> = (main.objects.iter())
        .flat_map(|(a, b)| [*a as u8, *b as u8])
        .collect();
    // A cell that shows a target or the instruction at the start is no decoy.
    let is_free = |cell: &Cell| {
        let object = |s: &Scenario| s.observations[start][cell.index(view) * 3];
        set.scenarios.iter().all(|s| !objects.contains(&object(s)))
    };
    let cells: Vec<Cell> = exposed
        .iter()
        .filter(|c| !main.cells.contains(c) && **c != agent && is_free(c))
        .copied()
        .collect();
    let every = cells.len().div_ceil(DECOYS).max(1);
    let cells: Vec<Cell> = cells.into_iter().step_by(every).collect();
    let originals = subject.logit_diffs(&set.of(study.original())?);
    let flipped = subject.logit_diffs(&set.of(study.flipped())?);
    let (mut prompts, mut pairs) = (Vec::new(), 0);
    for (n, &a) in cells.iter().enumerate() {
        for &b in &cells[n + 1..] {
            let change = |cell| Change {
                at: "start".to_owned(),
                cell,
                put: Put::Other(main.axis.clone()),
                color: None,
                state: None,
            };
            let edit = EditConfig {
                name: "decoys".to_owned(),
                flip: Vec::new(),
                changes: vec![change(a), change(b)],
            };
            prompts.extend(
                usable
                    .of(&set.of(&edit)?.iter().collect::<Vec<_>>())
                    .into_iter()
                    .cloned(),
            );
            pairs += 1;
        }
    }
    if pairs == 0 || usable.facets.is_empty() {
        return Ok(None);
    }
    let diffs = subject.logit_diffs(&prompts);
    let (originals, flipped) = (usable.of(&originals), usable.of(&flipped));
    let pooled: Vec<f64> = diffs
        .chunks(originals.len())
        .filter_map(|edited| {
            let changes: Vec<LogitDiffs> = edited
                .iter()
                .zip(&originals)
                .zip(&flipped)
                .map(|((&edit, &original), &flipped)| LogitDiffs {
                    edit,
                    original,
                    flipped,
                })
                .collect();
            pooled_restored(&changes).map(f64::abs)
        })
        .collect();
    Ok(Some((crate::maths::stats::median(&pooled)?, pairs)))
}

/// Root mean square error of the logit differences that the measured intervention curves predict
/// for a study's edits, as a share of the facet's range; one value per facet.
///
/// Each edit is read along the direction that it does not touch, at the residual stream before
/// the first block, and compared with the original prompt's curve along that direction.
pub(super) fn prediction_errors(experiment: &Experiment) -> Result<Vec<Option<f64>>, Error> {
    let Experiment {
        subject,
        prompts: set,
    } = *experiment;
    let study = &set.study;
    let start = study.site_step();
    let token = subject.token(start, TokenKind::State);
    let originals = set.of(study.original())?;
    let mut errors: Vec<Vec<(f64, f64)>> = vec![Vec::new(); originals.len()];
    for edit in &study.edits {
        let Some(direction) = clean_direction(experiment, edit)? else {
            continue;
        };
        let prompts = set.of(edit)?;
        let (cache, logits) = subject.cache(&prompts, [HookPoint::ResidPre(0)]);
        let recorded = cache.get(HookPoint::ResidPre(0)).expect("recorded");
        let (own, _) = subject.cache(&originals, [HookPoint::ResidPre(0)]);
        let own = own.get(HookPoint::ResidPre(0)).expect("recorded");
        for (n, logits) in logits.iter().enumerate() {
            let at = dot(&to_f64(recorded.at(n, token)), &direction);
            let here = dot(&to_f64(own.at(n, token)), &direction);
            let measured = subject.difference(logits);
            let reach = (at - here).abs().max(0.5) * 1.05;
            let coefficients: Vec<f64> = (0..CURVE)
                .map(|k| here + reach * (2.0 * k as f64 / (CURVE - 1) as f64 - 1.0))
                .collect();
            let curve = intervention_curve(experiment, &originals[n], &direction, &coefficients);
            errors[n].push((interpolate(&coefficients, &curve, at), measured));
        }
    }
    Ok(errors
        .iter()
        .map(|of_facet| {
            let measured = || of_facet.iter().map(|e| e.1);
            let range = measured().fold(f64::NEG_INFINITY, f64::max)
                - measured().fold(f64::INFINITY, f64::min);
            let mean = of_facet.iter().map(|(p, m)| (p - m).powi(2)).sum::<f64>()
                / of_facet.len().max(1) as f64;
            crate::maths::logit_diff::share(mean.sqrt(), range)
        })
        .collect())
}

/// Value of a piecewise linear curve; its ends go on level.
fn interpolate(xs: &[f64], ys: &[f64], x: f64) -> f64 {
    let after = xs.partition_point(|&k| k < x);
    if after == 0 {
        return ys[0];
    }
    if after == xs.len() {
        return ys[ys.len() - 1];
    }
    let t = (x - xs[after - 1]) / (xs[after] - xs[after - 1]);
    ys[after - 1] + t * (ys[after] - ys[after - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_are_read_between_their_points() {
        let (xs, ys) = ([0.0, 1.0, 2.0], [0.0, 10.0, 0.0]);
        assert_eq!(interpolate(&xs, &ys, 0.25), 2.5);
        assert_eq!(interpolate(&xs, &ys, 1.5), 5.0);
        assert_eq!(interpolate(&xs, &ys, -3.0), 0.0);
        assert_eq!(interpolate(&xs, &ys, 9.0), 0.0);
    }

    #[test]
    fn the_complements_are_found_by_what_they_change() {
        let study = Study::memory_post();
        let found = Complements::find(&study).unwrap();
        assert_eq!(found.both.name, "Complement (0,5), (4,2)");
        assert_eq!(found.second.name, "Complement (4,2)");
    }
}
