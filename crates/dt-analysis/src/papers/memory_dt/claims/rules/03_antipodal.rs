//! Claim 3: key and ball at one cell are antipodal.
//!
//! Statistic: median cosine of the key and the ball item of a cell, over exposed cells. Rule: the
//! median is low, and so is each pair against pairs of key and ball at different exposed cells
//! (AUC). Source: the post, Figures 6 and 7.

use dt_env::Object;
use serde::Deserialize;

use super::Judged;
use crate::Error;
use crate::maths::stats;
use crate::papers::memory_dt::claims::Case;

/// When it passes.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Most that the median may be.
    pub most_median: f64,
    /// Least AUC against pairs of other cells.
    pub least_auc: f64,
}

/// Applies the rule.
///
/// # Errors
/// If too few cells are exposed.
pub fn judge(case: &Case, rule: &Thresholds) -> Result<Judged, Error> {
    let (mut same, mut other) = (Vec::new(), Vec::new());
    for &a in &case.exposed {
        for &b in &case.exposed {
            let Some(cosine) = case.cosine((Object::Key, a), (Object::Ball, b)) else {
                continue;
            };
            match a == b {
                true => same.push(cosine),
                false => other.push(cosine),
            }
        }
    }
    let down = |values: &[f64]| values.iter().map(|v| -v).collect::<Vec<f64>>();
    let auc = stats::auc(&down(&same), &down(&other))?;
    let median = stats::median(&same)?;
    Ok(Judged::new(
        median,
        median <= rule.most_median && auc >= rule.least_auc,
        format!("AUC {auc:.2} over {} exposed cells", case.exposed.len()),
    ))
}
