//! Training: from a definition and a dataset to an agent on disk.

mod agent_run;
mod branch;
mod data;
mod directory;
mod group;
mod logs;
mod statistics;
mod train;
mod trainer;

pub use data::{dataset_dir, dataset_for, recipe_of, window_sampler};
pub use directory::{BranchRecord, RunRecord, is_finished, resume_point};
pub use logs::{EvaluationLine, MetricLine, TimingLine, read_metrics};
pub use statistics::input_statistics;
pub(crate) use train::check_precision;
pub use train::{Observer, RunOptions, RunSummary, Silent, Stage, train, train_together};
pub use trainer::{StepRecord, Trainer};

use crate::checkpoint::CheckpointError;
use crate::device::DeviceError;

/// Why a run could not be made.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A definition is wrong.
    #[error(transparent)]
    Config(#[from] dt_env::config::ConfigError),
    /// The dataset could not be made or read.
    #[error(transparent)]
    Data(#[from] dt_data::DataError),
    /// A checkpoint or a file of the run could not be read or written.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The device cannot be used.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The dataset is of another world than the agent's definition asks for.
    #[error("{0}")]
    Mismatch(String),
    /// The loss is not a number.
    #[error(
        "seed {seed}: the loss is {loss} at step {step} (learning rate {learning_rate:.3e}, gradient norm \
         {grad_norm:.3e}); lower optimizer.learning_rate or set optimizer.clip_norm"
    )]
    NotFinite {
        /// Seed of the run.
        seed: u64,
        /// Step, from 1.
        step: u64,
        /// The loss.
        loss: f64,
        /// Learning rate of the step.
        learning_rate: f64,
        /// Global norm of the gradient.
        grad_norm: f64,
    },
    /// Someone pressed Ctrl-C; a checkpoint has been written.
    #[error("stopped at step {0}; go on with --resume")]
    Interrupted(u64),
}
