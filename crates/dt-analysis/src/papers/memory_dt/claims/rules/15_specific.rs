//! Claim 15: the direction is specific.
//!
//! Statistic: share of usable facets in which the part of the double complement along the
//! direction has more effect than a high quantile of random directions of its length. Rule: a
//! least share. Source: a control of ours of the post's direct interventions.

use serde::Deserialize;

use super::Judged;
use crate::Error;
use crate::maths::stats;
use crate::papers::memory_dt::claims::Case;

/// When it passes.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Random directions a facet.
    pub random: usize,
    /// Quantile of their effects that must be beaten.
    pub quantile: f64,
    /// Least share of facets.
    pub least_share: f64,
}

/// Applies the rule.
///
/// # Errors
/// If fewer random directions were measured than it asks for.
pub fn judge(case: &Case, rule: &Thresholds) -> Result<Judged, Error> {
    let Some(record) = &case.evidence.mediation else {
        return Ok(Judged::fails("no direction without the edited cells"));
    };
    let (asked, measured) = (rule.random, case.evidence.random_directions);
    if asked > measured {
        return Err(Error::Question(format!(
            "asks for {asked} random directions a facet, and {measured} were measured; measure \
             the agent again under these claims with `dt-analysis reproduce` or `study`"
        )));
    }
    let share = case.usable.share(|n| {
        let facet = &record.facets[n];
        // Directions are drawn one after another, so that the first of more are what fewer
        // would have been.
        let random = &facet.random[..asked.min(facet.random.len())];
        let beaten = stats::quantile(random, rule.quantile).ok();
        facet.nie().zip(beaten).is_some_and(|(nie, q)| nie > q)
    });
    let details = format!("{asked} random directions a facet");
    Ok(Judged::at_least(share, rule.least_share, details))
}
