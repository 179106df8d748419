//! Claim 6: the instruction feature is smeared over cells.
//!
//! Statistic: mean cosine of key − ball at each other exposed cue cell with the direction of the
//! cue's own cell. Rule: high in enough of these cells. Source: the post, on the instruction
//! items; the direction is fitted at one cell so that it cannot have learnt of the others.

use dt_env::Object;
use serde::Deserialize;

use super::Judged;
use crate::Error;
use crate::maths::stats;
use crate::maths::vectors::{dot, minus, norm};
use crate::papers::memory_dt::claims::Case;
use crate::questions::geometry::direction_from_cells;

/// When it passes.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Least cosine of a cell that counts.
    pub least_cosine: f64,
    /// Least share of cells that count.
    pub least_share: f64,
    /// Least number of them.
    pub least_cells: usize,
}

/// Applies the rule.
///
/// # Errors
/// If no other cell is exposed, or the cue's own cell has no direction.
pub fn judge(case: &Case, rule: &Thresholds) -> Result<Judged, Error> {
    let cue = case.evidence.asked.cue;
    let objects = (Object::Key, Object::Ball);
    let own = direction_from_cells(&case.embeddings, case.evidence.view, objects, &[cue])?;
    let (mut values, mut each) = (Vec::new(), Vec::new());
    for cell in case.exposed_cue_cells() {
        let difference = minus(
            case.vector(Object::Key, cell),
            case.vector(Object::Ball, cell),
        );
        let length = norm(&difference);
        if cell != cue && length > 0.0 {
            let cosine = dot(&difference, &own) / length;
            each.push(format!("{cell} {cosine:.2}"));
            values.push(cosine);
        }
    }
    let high = values.iter().filter(|&&c| c >= rule.least_cosine).count();
    let enough = high as f64 >= rule.least_share * values.len() as f64;
    let passes = high >= rule.least_cells && enough;
    Ok(Judged::new(stats::mean(&values)?, passes, each.join(", ")))
}
