//! The post's published numbers, as `studies/post-numbers.ron` has them.

use std::collections::BTreeMap;

use dt_env::config;
use serde::Deserialize;

use crate::figures::published::{ByEdit, Grid, Published};

const NUMBERS: &str = include_str!("../../../../../studies/post-numbers.ron");

/// Published numbers, by facet (`Key, Key-Ball, 0.892`) and edit.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostNumbers {
    /// Values of claims' statistics.
    pub claims: BTreeMap<u32, f64>,
    /// Figure 17 as published.
    pub restored_published: ByEdit<f64>,
    /// The same with aligned actions.
    pub restored_aligned: ByEdit<f64>,
    /// Figure 18: projection and logit difference.
    pub projections: ByEdit<(f64, f64)>,
    /// Figure 19: logit difference by coefficient.
    pub direct_intervention: ByEdit<f64>,
    /// Figure 20 as published.
    pub gated_published: ByEdit<f64>,
    /// Complements of the targets.
    pub target_complements: ByEdit<f64>,
    /// Shares of variance, by item set.
    pub explained_variance: BTreeMap<String, Vec<f64>>,
    /// Maps of keys and of balls, by item set and component: `instruction 1`.
    pub feature_maps: BTreeMap<String, (Grid, Grid)>,
    /// Lengths by item.
    pub norms: BTreeMap<String, f64>,
}

impl PostNumbers {
    /// The numbers.
    ///
    /// # Panics
    /// Never in a released build: a test reads them.
    pub fn read() -> Self {
        config::parse_ron("studies/post-numbers.ron", NUMBERS).expect("the built-in file is valid")
    }

    /// What figures draw beside our agents. The bars have aligned actions, as ours.
    pub fn beside(&self) -> Published {
        Published {
            agent: "MemoryDT".to_owned(),
            restored: self.restored_aligned.clone(),
            groups: BTreeMap::from([("targets".to_owned(), self.target_complements.clone())]),
            projections: self.projections.clone(),
            direct_intervention: self.direct_intervention.clone(),
            explained_variance: self.explained_variance.clone(),
            feature_maps: self.feature_maps.clone(),
            norms: self.norms.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_read() {
        let numbers = PostNumbers::read();
        assert_eq!(numbers.restored_published.len(), 8);
        assert_eq!(numbers.norms.len(), 980);
        assert_eq!(
            numbers.restored_published["Ball, Ball-Key, 0.892"]["Complement (0,5)"],
            0.35
        );
    }
}
