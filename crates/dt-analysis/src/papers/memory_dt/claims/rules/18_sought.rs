//! Claim 18: the sought object is represented.
//!
//! Statistic: share of facets whose answer flips when the Walsh component I⊕R (instruction and
//! return-to-go: the object that is sought) alone is reversed at the decision token, at the best
//! site before the last MLP. Rule: a least share. Source: a question of ours; the post supposes
//! such a feature.

use serde::Deserialize;

use super::Judged;
use crate::papers::memory_dt::claims::Case;
use crate::questions::walsh::WalshSite;

/// When it passes.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Least share of facets.
    pub least_share: f64,
}

/// Letters of the component.
const SOUGHT: &str = "IR";

/// Applies the rule.
pub fn judge(case: &Case, rule: &Thresholds) -> Judged {
    let last_mlp = case.evidence.last_point();
    let flips = |site: &WalshSite| site.flips.get(SOUGHT).copied();
    let before = (case.evidence.walsh.iter()).filter(|site| Some(site.point.as_str()) != last_mlp);
    let best = before
        .filter_map(|site| Some((site, flips(site)?)))
        .max_by_key(|(_, flips)| *flips);
    match best {
        Some((site, flips)) => {
            let share = flips as f64 / site.of as f64;
            let details = format!("{flips} of {} facets flip at {}", site.of, site.point);
            Judged::new(share, share >= rule.least_share, details)
        }
        None => Judged::fails("no site before the last MLP"),
    }
}
