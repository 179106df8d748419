//! Claim 2: lengths of item vectors follow exposure.
//!
//! Statistic: Spearman's ρ of ‖E − E₀‖, how far training moved an item's vector, and the log of
//! the frames that show the item, over key and ball items that were seen; p by permutation. Rule:
//! ρ large, p small. Source: the post, on norms of embeddings; Good, Permutation Tests, 2000.

use dt_env::Cell;
use serde::Deserialize;

use super::Judged;
use crate::Error;
use crate::maths::stats;
use crate::maths::vectors::{minus, norm, to_f64};
use crate::papers::memory_dt::claims::Case;
use crate::papers::memory_dt::evidence::OBJECTS;
use crate::prompts::Item;

/// When it passes.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Least ρ.
    pub least_rho: f64,
    /// p must be below.
    pub p_below: f64,
}

/// Permutations behind p.
const PERMUTATIONS: usize = 9_999;

/// Applies the rule.
///
/// # Errors
/// If too few items were seen.
pub fn judge(case: &Case, rule: &Thresholds) -> Result<Judged, Error> {
    let evidence = case.evidence;
    if evidence.items.values().any(|item| item.initial.is_none()) {
        let details = "its weights before training are not known";
        return Ok(Judged::unjudged(details));
    }
    let (mut moved, mut frames) = (Vec::new(), Vec::new());
    for object in OBJECTS {
        for n in 0..evidence.view * evidence.view {
            let item = Item::new(object, Cell::from_index(n, evidence.view));
            let known = &evidence.items[&item];
            let Some(initial) = &known.initial else {
                continue;
            };
            if known.frames > 0 {
                moved.push(norm(&minus(&to_f64(&known.vector), &to_f64(initial))));
                frames.push((known.frames as f64).ln());
            }
        }
    }
    let rho = stats::spearman(&moved, &frames)?;
    let greater = stats::Alternative::Greater;
    let p = stats::spearman_test(&moved, &frames, greater, PERMUTATIONS, 0)?.p;
    let passes = rho >= rule.least_rho && p < rule.p_below;
    Ok(Judged::new(
        rho,
        passes,
        format!("ρ = {rho:.2}, p = {p:.4}"),
    ))
}
