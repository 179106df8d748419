//! Claim 10: one complement item does part of it.
//!
//! Statistic: restored logit difference of each single complement, pooled over usable facets; the
//! value is the mean of both. Rule: each lies in a range. Source: the post, Figure 17.

use serde::Deserialize;

use super::Judged;
use crate::Error;
use crate::papers::memory_dt::claims::Case;

/// When it passes.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Least of each.
    pub low: f64,
    /// Most of each.
    pub high: f64,
}

/// Applies the rule.
///
/// # Errors
/// If the study has no such edits.
pub fn judge(case: &Case, rule: &Thresholds) -> Result<Judged, Error> {
    let edits = case.complements()?;
    let pair = case.pooled(&edits.first).zip(case.pooled(&edits.second));
    let within = |x: f64| (rule.low..=rule.high).contains(&x);
    Ok(Judged {
        value: pair.map(|(a, b)| f64::midpoint(a, b)),
        passes: pair.map(|(a, b)| within(a) && within(b)),
        details: pair.map_or(String::new(), |(a, b)| format!("{a:.2} and {b:.2}")),
    })
}
