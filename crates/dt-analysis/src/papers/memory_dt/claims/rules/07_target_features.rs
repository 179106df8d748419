//! Claim 7: there are two target features, one by position.
//!
//! Statistic: share of variance of the first two principal components of the target items. Rule:
//! the share is large; absolute cosines are high within the targets of each frame (start, end)
//! and low across. Source: the post, Figures 12 and 13.

use dt_env::{Cell, Object};
use serde::Deserialize;

use super::Judged;
use crate::Error;
use crate::maths::stats;
use crate::papers::memory_dt::claims::Case;
use crate::papers::memory_dt::evidence::OBJECTS;
use crate::questions::geometry::set_pca;

/// When it passes.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Least share of variance.
    pub least_ratio: f64,
    /// Least mean absolute cosine within each frame's targets.
    pub least_within: f64,
    /// Most that it may be across frames.
    pub most_across: f64,
}

/// Applies the rule.
///
/// # Errors
/// If the items have no components, or a frame shows too few targets.
pub fn judge(case: &Case, rule: &Thresholds) -> Result<Judged, Error> {
    let asked = &case.evidence.asked;
    let pca = set_pca(
        &case.embeddings,
        case.evidence.view,
        asked.item_set("target")?,
    )?;
    let ratio: f64 = pca.explained_variance_ratio.iter().take(2).sum();
    let items = |cells: &[Cell]| -> Vec<(Object, Cell)> {
        let of = |object| cells.iter().map(move |&cell| (object, cell));
        OBJECTS.into_iter().flat_map(of).collect()
    };
    let groups: Vec<_> = asked.target_cells.iter().map(|c| items(c)).collect();
    let (mut within, mut across) = (Vec::new(), Vec::new());
    for (g, group) in groups.iter().enumerate() {
        let mut own = Vec::new();
        for (n, &a) in group.iter().enumerate() {
            for &b in &group[n + 1..] {
                own.extend(case.cosine(a, b).map(f64::abs));
            }
            for &b in groups[g + 1..].iter().flatten() {
                across.extend(case.cosine(a, b).map(f64::abs));
            }
        }
        within.push(stats::mean(&own)?);
    }
    let across = stats::mean(&across)?;
    let passes = ratio >= rule.least_ratio
        && within.iter().all(|&w| w >= rule.least_within)
        && across <= rule.most_across;
    let each: Vec<String> = within.iter().map(|w| format!("{w:.2}")).collect();
    Ok(Judged::new(
        ratio,
        passes,
        format!("|cos| within {}, across {across:.2}", each.join(" and ")),
    ))
}
