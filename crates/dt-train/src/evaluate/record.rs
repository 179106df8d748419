//! What an evaluation writes down.

use serde::{Deserialize, Serialize};

use dt_data::Outcome;

/// What `eval.json` holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EvaluationRecord {
    /// Environment.
    pub env: String,
    /// Device that computed.
    pub device: String,
    /// Greedy over all distinct outcomes of a reset, or null where there are too many.
    pub exact: Option<Vec<ExactRecord>>,
    /// Why `exact` is null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exact_missing: Option<String>,
    /// Sampled episodes.
    pub sampled: Vec<SampledRecord>,
}

/// Greedy episodes at one return-to-go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExactRecord {
    /// Return-to-go that was asked for.
    pub rtg: f64,
    /// Episodes that ended with reward.
    pub success: usize,
    /// Episodes that ended at the other target.
    pub wrong_target: usize,
    /// Episodes that ran into the step limit.
    pub truncated: usize,
    /// Number of episodes.
    pub of: usize,
    /// Mean return, weighted by the probability of each reset.
    pub mean_return: f64,
    /// One entry per outcome of a reset.
    pub episodes: Vec<EpisodeRecord>,
}

/// One greedy episode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpisodeRecord {
    /// `key` or `ball`, in a memory world.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instruction: Option<String>,
    /// Left and right target, in a memory world.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_right: Option<String>,
    /// Probability of this reset.
    pub probability: f64,
    /// How it ended.
    pub outcome: Outcome,
    /// Number of actions.
    pub steps: u32,
    /// Return.
    #[serde(rename = "return")]
    pub total_return: f64,
}

/// Sampled episodes at one return-to-go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SampledRecord {
    /// Return-to-go that was asked for.
    pub rtg: f64,
    /// Temperature of the softmax.
    pub temperature: f64,
    /// Number of episodes.
    pub episodes: usize,
    /// Episodes that ended with reward.
    pub success: usize,
    /// Episodes that ended at the other target.
    pub wrong_target: usize,
    /// Episodes that ran into the step limit.
    pub truncated: usize,
    /// Mean return.
    pub mean_return: f64,
    /// Wilson's 95 % interval of the share of successes.
    pub ci95: [f64; 2],
    /// 95 % interval of the mean return, by its standard error.
    pub return_ci95: [f64; 2],
}

/// Exact evaluation at one return-to-go, without its episodes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EvaluationLine {
    /// Return-to-go that was asked for.
    pub rtg: f64,
    /// Episodes that ended with reward.
    pub success: usize,
    /// Episodes that ended at the other target.
    pub wrong_target: usize,
    /// Episodes that ran into the step limit.
    pub truncated: usize,
    /// Number of episodes.
    pub of: usize,
    /// Mean return.
    pub mean_return: f64,
}

impl From<&ExactRecord> for EvaluationLine {
    fn from(record: &ExactRecord) -> Self {
        Self {
            rtg: record.rtg,
            success: record.success,
            wrong_target: record.wrong_target,
            truncated: record.truncated,
            of: record.of,
            mean_return: record.mean_return,
        }
    }
}
