//! Who is told what a run does.

use std::path::Path;

use dt_data::Card;

use super::trainer::StepRecord;
use crate::evaluate::Greedy;

/// Parts of a run, for progress and timing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Reading or making the dataset.
    Dataset,
    /// Training.
    Training,
    /// The last evaluation.
    Evaluation,
}

impl Stage {
    /// Name in `timing.jsonl`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dataset => "dataset",
            Self::Training => "training",
            Self::Evaluation => "evaluation",
        }
    }
}

/// Is told what a run does.
pub trait Observer {
    /// A stage begins.
    fn begins(&mut self, _stage: Stage) {}
    /// Another process makes the same dataset, and is waited for.
    fn waits(&mut self, _holder: &str) {}
    /// The dataset is there.
    fn dataset(&mut self, _card: &Card, _dir: &Path, _made: bool) {}
    /// A step was taken, of at most so many, by each of the agents that train together.
    fn step(&mut self, _records: &[StepRecord], _steps: u64) {}
    /// An evaluation during training: each agent's seed and what it did.
    fn evaluated(&mut self, _step: u64, _greedy: &[(u64, Greedy)]) {}
    /// The goals that an agent's look-backs wait for are met: they are drawn from this step on.
    fn look_backs_begin(&mut self, _seed: u64, _step: u64) {}
}

/// Looks away.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {}
