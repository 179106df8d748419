//! What an evaluation writes down.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use dt_data::Outcome;
use dt_env::{Facts, Failure};

use super::goals::meets;
use crate::definition::Goal;

/// Largest `eval.json` that is read: of a thousand returns-to-go with thousands of episodes each.
pub const EVALUATION_BYTES: u64 = 256 << 20;

/// What `eval.json` holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EvaluationRecord {
    /// Environment.
    pub env: String,
    /// Device that computed.
    pub device: String,
    /// Greedy over all distinct outcomes of a reset, or null where they cannot all be tried.
    pub exact: Option<Vec<ExactRecord>>,
    /// Why `exact` is null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exact_missing: Option<String>,
    /// In its place: greedy after resets that no dataset holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_out: Option<Vec<HeldOutRecord>>,
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
    /// What the reset decided.
    #[serde(default, skip_serializing_if = "Facts::is_empty")]
    pub facts: Facts,
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

/// Greedy episodes at one return-to-go, after resets that no dataset holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeldOutRecord {
    /// Return-to-go that was asked for.
    pub rtg: f64,
    /// Number of episodes.
    pub episodes: usize,
    /// Episodes that ended with reward.
    pub success: usize,
    /// Episodes that ended otherwise, by how the task was failed; kinds that did not come up are
    /// left out.
    pub failures: BTreeMap<Failure, usize>,
    /// Episodes that ran into the step limit.
    pub truncated: usize,
    /// Number of actions of the longest.
    pub most_steps: u32,
    /// Mean return.
    pub mean_return: f64,
    /// Wilson's 95 % interval of the share of successes.
    pub ci95: [f64; 2],
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
    /// 95 % interval of the mean return; null where one episode alone tells nothing of it.
    pub return_ci95: Option<[f64; 2]>,
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

/// How often episodes ended in which way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct OutcomeCounts {
    pub(super) success: usize,
    pub(super) failures: BTreeMap<Failure, usize>,
    pub(super) truncated: usize,
}

impl OutcomeCounts {
    pub(super) fn of(outcomes: impl Iterator<Item = Outcome>) -> Self {
        let mut counts = Self::default();
        for outcome in outcomes {
            match outcome {
                Outcome::Success => counts.success += 1,
                Outcome::Failure(kind) => *counts.failures.entry(kind).or_default() += 1,
                Outcome::Truncated => counts.truncated += 1,
                Outcome::Cut => unreachable!("episodes are walked to their end"),
            }
        }
        counts
    }

    /// All ways to fail together.
    pub(super) fn failed(&self) -> usize {
        self.failures.values().sum()
    }
}

/// What an agent does greedily, as far as it can be measured in its world.
#[derive(Clone, Debug, PartialEq)]
pub enum Greedy {
    /// Over every outcome of a reset.
    Exact(Vec<ExactRecord>),
    /// Where these cannot all be tried: why, and after resets that no dataset holds.
    HeldOut(String, Vec<HeldOutRecord>),
}

impl Greedy {
    /// Whether every episode at each goal's return-to-go ends as asked; not where there are no
    /// goals.
    pub fn meets(&self, goals: &[Goal]) -> bool {
        match self {
            Self::Exact(records) => meets(goals, records),
            Self::HeldOut(_, records) => meets(goals, records),
        }
    }
}

impl EvaluationRecord {
    /// A record of what was measured.
    pub fn new(env: String, device: String, greedy: Greedy, sampled: Vec<SampledRecord>) -> Self {
        let (exact, exact_missing, held_out) = match greedy {
            Greedy::Exact(records) => (Some(records), None, None),
            Greedy::HeldOut(why, records) => (None, Some(why), Some(records)),
        };
        Self {
            env,
            device,
            exact,
            exact_missing,
            held_out,
            sampled,
        }
    }

    /// Whether every greedy episode at each goal's return-to-go ends as asked; not where there are
    /// no goals.
    pub fn meets(&self, goals: &[Goal]) -> bool {
        match (&self.exact, &self.held_out) {
            (Some(records), _) => meets(goals, records),
            (None, Some(records)) => meets(goals, records),
            (None, None) => false,
        }
    }
}
