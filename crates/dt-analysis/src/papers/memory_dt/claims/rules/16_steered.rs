//! Claim 16: steering along the direction changes behaviour.
//!
//! Statistic: share of layouts in which the agent, with the opposite instruction's coefficient at
//! the first frame, walks to the other target. Rule: enough layouts, and random additions of equal
//! length rarely do. Source: the post's direct intervention, carried into a closed loop.

use serde::Deserialize;

use super::Judged;
use crate::papers::memory_dt::claims::Case;

/// When it passes.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Least number of layouts.
    pub least_layouts: usize,
    /// Most share of random additions that end so.
    pub most_random: f64,
}

/// Applies the rule.
pub fn judge(case: &Case, rule: &Thresholds) -> Judged {
    let Some(steering) = &case.evidence.steering else {
        return Judged::unjudged("no steering in closed loop");
    };
    let reached = steering.reaches_other.iter().filter(|r| **r).count();
    let of = steering.reaches_other.len();
    Judged::new(
        reached as f64 / of as f64,
        reached >= rule.least_layouts && steering.random_share <= rule.most_random,
        format!(
            "{reached} of {of} layouts; random {:.0} % of {}",
            100.0 * steering.random_share,
            steering.random_episodes
        ),
    )
}
