//! Claim 11: the effects of two complement items do not add up.
//!
//! Statistic: share of usable facets in which |both − first − second| of the restored logit
//! differences is large. Rule: a least share. Source: the post, Figure 17.

use serde::Deserialize;

use super::Judged;
use crate::Error;
use crate::papers::memory_dt::claims::Case;

/// When it passes.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// The difference must be above.
    pub above: f64,
    /// Least share of facets.
    pub least_share: f64,
}

/// Applies the rule.
///
/// # Errors
/// If the study has no such edits.
pub fn judge(case: &Case, rule: &Thresholds) -> Result<Judged, Error> {
    let edits = case.complements()?;
    let share = case.usable.share(|n| {
        let restored = [&edits.both, &edits.first, &edits.second].map(|e| case.restored(n, e));
        matches!(restored, [Some(x), Some(a), Some(b)] if (x - a - b).abs() > rule.above)
    });
    let details = case.usable_facets();
    Ok(Judged::at_least(share, rule.least_share, details))
}
