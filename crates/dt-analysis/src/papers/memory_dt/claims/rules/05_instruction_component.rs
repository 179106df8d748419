//! Claim 5: one component separates key from ball instructions.
//!
//! Statistic: share of variance of the first principal component of the instruction items. Rule:
//! the share is large, all keys lie above all balls on it, and a fit without a cell orders that
//! cell's key and ball right, for every cell. Source: the post, Figures 9 and 10.

use dt_env::Object;
use serde::Deserialize;

use super::Judged;
use crate::Error;
use crate::papers::memory_dt::claims::Case;
use crate::prompts::Item;
use crate::questions::geometry::{Pca, set_pca};

/// When it passes.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Least share of variance.
    pub least_ratio: f64,
}

/// Applies the rule.
///
/// # Errors
/// If the items have no components.
pub fn judge(case: &Case, rule: &Thresholds) -> Result<Judged, Error> {
    let (set, view) = (
        case.evidence.asked.item_set("instruction")?,
        case.evidence.view,
    );
    let pca = set_pca(&case.embeddings, view, set)?;
    let scores = |object| {
        let items = pca.items.iter().zip(&pca.scores);
        items
            .filter(move |(i, _)| i.object == object)
            .map(|(_, s)| s[0])
    };
    let lowest_key = scores(Object::Key).fold(f64::INFINITY, f64::min);
    let highest_ball = scores(Object::Ball).fold(f64::NEG_INFINITY, f64::max);
    let separated = lowest_key > highest_ball;
    let mut right = 0;
    for &left_out in &set.cells {
        let items = pca.items.iter().copied();
        let others: Vec<Item> = items.filter(|i| i.cell != left_out).collect();
        let fitted = Pca::fit(&case.embeddings, view, &others, &[])?;
        let score = |object| fitted.project(case.vector(object, left_out), 0);
        right += usize::from(score(Object::Key) > score(Object::Ball));
    }
    let (ratio, of) = (pca.explained_variance_ratio[0], set.cells.len());
    Ok(Judged::new(
        ratio,
        ratio >= rule.least_ratio && separated && right == of,
        format!(
            "keys and balls {}separated, {right} of {of} left-out pairs right",
            if separated { "" } else { "not " }
        ),
    ))
}
