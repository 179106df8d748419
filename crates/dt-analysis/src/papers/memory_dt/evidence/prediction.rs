//! How well the measured intervention curves predict what edits do.

use dt_train::model::HookPoint;

use crate::Error;
use crate::maths::logit_diff::share;
use crate::maths::vectors::{dot, to_f64};
use crate::questions::edits::{clean_direction, intervention_curve};
use crate::subject::{Experiment, TokenKind};

/// Coefficients at which an intervention curve is measured.
const CURVE: usize = 31;

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
            share(mean.sqrt(), range)
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
}
