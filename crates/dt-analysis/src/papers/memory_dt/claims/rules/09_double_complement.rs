//! Claim 9: two complement items flip the decision.
//!
//! Statistic: restored logit difference of the double complement, pooled over usable facets. Rule:
//! it is high, the largest logit goes to the other turn in most facets, and the same at pairs of
//! exposed cells that show no instruction does little (median over pairs of the absolute value).
//! Source: the post, Figures 17 and 20; the decoys are a control of ours.

use dt_env::Cell;
use serde::Deserialize;

use super::Judged;
use crate::Error;
use crate::maths::logit_diff::LogitDiffs;
use crate::maths::stats;
use crate::papers::memory_dt::claims::Case;
use crate::papers::memory_dt::evidence::{DecoyPair, pairs_of};

/// When it passes.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Least pooled restored logit difference.
    pub least_pooled: f64,
    /// Least share of facets that turn the other way.
    pub least_flipped: f64,
    /// Most that decoys may do.
    pub most_decoy: f64,
}

/// Applies the rule.
///
/// # Errors
/// If the study has no such edit, or a pair of decoys was not measured.
pub fn judge(case: &Case, rule: &Thresholds) -> Result<Judged, Error> {
    let effects = &case.evidence.effects;
    let both = case.complements()?.both.as_str();
    let pooled = case.pooled(both);
    let turned = case.usable.share(|n| {
        let of_facet = &effects.effects[&effects.facets[n].to_string()];
        let contrast = &case.evidence.asked.contrast;
        let side = |edit: &str| contrast.side(of_facet[edit].argmax);
        let (before, after) = (side(&effects.original), side(both));
        before.is_some() && after.is_some() && before != after
    });
    let decoys = decoys(case)?;
    let of_decoys = match decoys {
        Some((value, pairs)) => format!("decoys {value:.2} (median of {pairs} pairs)"),
        None => "no decoy cells".to_owned(),
    };
    Ok(Judged {
        value: pooled,
        passes: pooled.zip(turned).map(|(p, t)| {
            p >= rule.least_pooled
                && t >= rule.least_flipped
                && decoys.is_none_or(|(d, _)| d <= rule.most_decoy)
        }),
        details: format!(
            "other turn in {:.0} %, {of_decoys}",
            100.0 * turned.unwrap_or(0.0)
        ),
    })
}

/// Median, over pairs of exposed decoy cells, of the absolute pooled restored logit difference;
/// and the number of pairs. None without two such cells.
fn decoys(case: &Case) -> Result<Option<(f64, usize)>, Error> {
    let record = &case.evidence.decoys;
    let cells: Vec<Cell> = (record.cells.iter().copied())
        .filter(|cell| case.exposed.contains(cell))
        .collect();
    let pairs = pairs_of(&cells);
    if pairs.is_empty() || case.usable.facets.is_empty() {
        return Ok(None);
    }
    let mut pooled = Vec::new();
    for &(a, b) in &pairs {
        let is_pair = |pair: &&DecoyPair| pair.cells == (a, b);
        let pair = record.pairs.iter().find(is_pair).ok_or_else(|| {
            Error::Question(format!(
                "decoys at {a} and {b} were not measured; measure the agent again with `dt-analysis \
                 reproduce` or `study`"
            ))
        })?;
        let of_facets = pair.logit_diffs.iter().zip(&record.original);
        let changes: Vec<LogitDiffs> = of_facets
            .zip(&record.flipped)
            .map(|((&edit, &original), &flipped)| LogitDiffs {
                edit,
                original,
                flipped,
            })
            .collect();
        pooled.extend(case.pooled_of(&changes).map(f64::abs));
    }
    Ok(Some((stats::median(&pooled)?, pairs.len())))
}
