//! Verdicts over agents.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::config::Claims;
use super::judge::Finding;
use crate::Error;
use crate::maths::stats::{self, CONFIDENCE, Interval, Reference, StatsError, Verdict};

/// One claim over the agents of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClaimSummary {
    /// Number of the claim.
    pub id: u32,
    /// Agents that were judged.
    pub judged: usize,
    /// Agents that pass.
    pub passes: usize,
    /// Clopper–Pearson interval of the passing share.
    pub share: Option<Interval>,
    /// Median of the statistic over the agents that have it.
    pub median: Option<f64>,
    /// Interval of that median, by order statistics; missing for fewer than six agents.
    pub interval: Option<Interval>,
    /// By the rule; missing where nothing was judged.
    pub verdict: Option<Verdict>,
}

/// Counts agents of one kind. `post` has the post's own values of the statistics.
///
/// # Errors
/// If a statistic cannot be had.
pub fn summarise(
    claims: &Claims,
    agents: &[&[Finding]],
    post: &BTreeMap<u32, f64>,
) -> Result<Vec<ClaimSummary>, Error> {
    claims
        .claims
        .iter()
        .map(|claim| {
            let of_claim = agents
                .iter()
                .filter_map(|a| a.iter().find(|f| f.id == claim.id));
            let findings: Vec<&Finding> = of_claim.collect();
            let verdicts: Vec<bool> = findings.iter().filter_map(|f| f.passes).collect();
            let values: Vec<f64> = findings.iter().filter_map(|f| f.value).collect();
            let passes = verdicts.iter().filter(|p| **p).count();
            let judged = verdicts.len();
            let several = values.len() > 1;
            // Order statistics bound a median at this confidence from six values on.
            let interval = match stats::median_interval(&values, CONFIDENCE) {
                Ok(found) if several => Some(found.interval),
                Ok(_) | Err(StatsError::TooFew { .. } | StatsError::Empty { .. }) => None,
                Err(error) => return Err(error.into()),
            };
            let reference = post
                .get(&claim.id)
                .filter(|_| several)
                .map(|&value| Reference {
                    value,
                    seeds: &values,
                });
            let verdict = match judged {
                0 => None,
                1 => Some(Verdict::of_agent(passes == 1)),
                _ => Some(Verdict::of_seeds(passes, judged, reference)?),
            };
            Ok(ClaimSummary {
                id: claim.id,
                judged,
                passes,
                share: match judged {
                    0 => None,
                    _ => Some(stats::clopper_pearson(passes, judged, CONFIDENCE)?),
                },
                median: (!values.is_empty())
                    .then(|| stats::median(&values))
                    .transpose()?,
                interval,
                verdict,
            })
        })
        .collect()
}
