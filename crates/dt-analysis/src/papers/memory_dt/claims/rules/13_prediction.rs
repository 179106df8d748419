//! Claim 13: the projection predicts the logit difference.
//!
//! Statistic: share of usable facets whose edits lie on the measured intervention curve: root mean
//! square error small, as a share of the facet's range. Rule: a least share. Source: the post,
//! Figures 18 and 19; the curve is along the direction that the edit does not touch.

use serde::Deserialize;

use super::Judged;
use crate::Error;
use crate::maths::stats;
use crate::papers::memory_dt::claims::Case;

/// When it passes.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Most error of a facet that counts.
    pub most_rmse: f64,
    /// Least share of facets.
    pub least_share: f64,
}

/// Applies the rule.
///
/// # Errors
/// If no usable facet has an error.
pub fn judge(case: &Case, rule: &Thresholds) -> Result<Judged, Error> {
    let errors = &case.evidence.prediction_errors;
    let share = case
        .usable
        .share(|n| errors[n].is_some_and(|e| e <= rule.most_rmse));
    let of_usable: Vec<f64> = case.usable.of(errors).into_iter().flatten().collect();
    let median = stats::median(&of_usable)?;
    let details = format!("median error {median:.2} of the range");
    Ok(Judged::at_least(share, rule.least_share, details))
}
