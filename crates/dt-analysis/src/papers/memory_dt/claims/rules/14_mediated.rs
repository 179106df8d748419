//! Claim 14: the feature mediates the adversary's effect.
//!
//! Statistic: natural indirect effect (NIE) of the double complement through the direction that it
//! does not touch, pooled over usable facets; NDE is that of the rest. Rule: NIE near 1, NDE near
//! 0. Source: Pearl, Direct and Indirect Effects, 2001; the post shows the projections alone.

use serde::Deserialize;

use super::Judged;
use crate::maths::logit_diff::LogitDiffs;
use crate::papers::memory_dt::claims::Case;
use crate::questions::mediation::FacetMediation;

/// When it passes.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Range of the NIE.
    pub nie: (f64, f64),
    /// Most of the NDE, in absolute value.
    pub most_nde: f64,
}

/// Applies the rule.
pub fn judge(case: &Case, rule: &Thresholds) -> Judged {
    let pooled = |part: fn(&FacetMediation) -> f64| {
        let record = case.evidence.mediation.as_ref()?;
        let changes = record.facets.iter().map(|f| LogitDiffs {
            edit: part(f),
            original: f.clean,
            flipped: f.both,
        });
        case.pooled_of(&changes.collect::<Vec<_>>())
    };
    match pooled(|f| f.along).zip(pooled(|f| f.rest)) {
        Some((nie, nde)) => {
            let passes = (rule.nie.0..=rule.nie.1).contains(&nie) && nde.abs() <= rule.most_nde;
            Judged::new(nie, passes, format!("NDE {nde:.2}"))
        }
        None => Judged::fails("the edit has no effect to mediate"),
    }
}
