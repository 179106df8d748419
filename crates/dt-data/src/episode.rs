//! One episode: what happened, and where it comes from.

use serde::{Deserialize, Serialize};

/// How an episode ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The task was done.
    Success,
    /// The task ended without reward: in a memory world, at the wrong target.
    WrongTarget,
    /// The step limit came first.
    Truncated,
    /// The collection stopped in the middle; marked truncated on its last step.
    Cut,
}

impl Outcome {
    /// All of them, in the order of tables.
    pub const ALL: [Self; 4] = [Self::Success, Self::WrongTarget, Self::Truncated, Self::Cut];

    /// Name in files and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::WrongTarget => "wrong_target",
            Self::Truncated => "truncated",
            Self::Cut => "cut",
        }
    }
}

/// Provenance and summary of one episode: a row of `episodes.arrow`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Episode {
    /// Row of its first step in `steps.arrow`; its final observation follows its last step.
    pub first_row: usize,
    /// Number of actions.
    pub length: usize,
    /// Demonstrator.
    pub policy: String,
    /// Its temperature, where it has one.
    pub temperature: Option<f64>,
    /// `reset(seed)` of the environment gives this episode's layout.
    pub env_seed: u64,
    /// `key` or `ball`, in a memory world.
    pub instruction: Option<String>,
    /// Left and right target, in a memory world.
    pub left_right: Option<String>,
    /// Side of the matching target, in a memory world.
    pub target_side: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// Sum of its rewards.
    pub total_return: f64,
}
