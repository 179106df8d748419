//! Claim 4: items of the instruction cluster.
//!
//! Statistic: mean cosine of two items of the same object at exposed cue cells. Rule: the mean is
//! high, and so is each pair against pairs of a cue cell and another exposed cell (AUC). Source:
//! the post, Figures 6 and 9.

use serde::Deserialize;

use super::Judged;
use crate::Error;
use crate::maths::stats;
use crate::papers::memory_dt::claims::Case;
use crate::papers::memory_dt::evidence::OBJECTS;

/// When it passes.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Least mean cosine.
    pub least_mean: f64,
    /// Least AUC against pairs with another cell.
    pub least_auc: f64,
}

/// Applies the rule.
///
/// # Errors
/// If too few cells are exposed.
pub fn judge(case: &Case, rule: &Thresholds) -> Result<Judged, Error> {
    let cue = case.exposed_cue_cells();
    let is_cue = |cell| case.evidence.asked.cue_cells.contains(cell);
    let rest = || case.exposed.iter().filter(|c| !is_cue(c));
    let (mut among, mut across) = (Vec::new(), Vec::new());
    for object in OBJECTS {
        for (n, &a) in cue.iter().enumerate() {
            for &b in &cue[n + 1..] {
                among.extend(case.cosine((object, a), (object, b)));
            }
            for &b in rest() {
                across.extend(case.cosine((object, a), (object, b)));
            }
        }
    }
    let (mean, auc) = (stats::mean(&among)?, stats::auc(&among, &across)?);
    let passes = mean >= rule.least_mean && auc >= rule.least_auc;
    Ok(Judged::new(mean, passes, format!("AUC {auc:.2}")))
}
