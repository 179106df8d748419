//! Numbers that others published, to be drawn beside those of our agents.

use std::collections::BTreeMap;

use serde::Deserialize;

/// By facet (`Key, Key-Ball, 0.892`), then by edit.
pub type ByEdit<T> = BTreeMap<String, BTreeMap<String, T>>;
/// A map of the view, `[y][x]`.
pub type Grid = Vec<Vec<f64>>;

/// Numbers of one published agent.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// What the agent is called.
    pub agent: String,
    /// Restored logit differences.
    pub restored: ByEdit<f64>,
    /// Those of further groups of edits.
    pub groups: BTreeMap<String, ByEdit<f64>>,
    /// Projection on the direction, and logit difference.
    pub projections: ByEdit<(f64, f64)>,
    /// Logit difference by coefficient of the direction.
    pub direct_intervention: ByEdit<f64>,
    /// Shares of variance, by item set.
    pub explained_variance: BTreeMap<String, Vec<f64>>,
    /// Maps of the two objects' items, by item set and component: `instruction 1`.
    pub feature_maps: BTreeMap<String, (Grid, Grid)>,
    /// Lengths by item.
    pub norms: BTreeMap<String, f64>,
}
