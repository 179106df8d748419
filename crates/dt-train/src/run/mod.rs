//! A whole run: from a definition to an agent on disk, and what it does.
//!
//! [`train`] goes through five phases: what the run is to be (`plan`), its data (`data`), its
//! folder (`agent_run`), the training loop (`group`), and the last evaluation.

mod agent_run;
mod branch;
mod data;
mod directory;
mod group;
mod logs;
mod observer;
mod plan;
mod trainer;

use std::path::PathBuf;

pub use crate::batch::input_statistics;
pub use data::{dataset_dir, dataset_for, recipe_of, window_sampler};
pub use directory::{
    BranchRecord, RUN_FOLDER, RunRecord, is_finished, resume_point, run_of, run_record,
};
pub use logs::{METRICS_BYTES, MetricLine, Metrics, TimingLine, parse_metrics, read_metrics};
pub use observer::{Observer, Silent, Stage};
pub use plan::RunOptions;
pub(crate) use plan::check_precision;
pub use trainer::{StepRecord, Trainer};

use crate::checkpoint::CheckpointError;
use crate::definition::AgentConfig;
use crate::device::DeviceError;
use crate::evaluate::EvaluationRecord;

/// What a run came to.
#[derive(Clone, Debug)]
pub struct RunSummary {
    /// Run directory.
    pub dir: PathBuf,
    /// Folder of the dataset.
    pub dataset: PathBuf,
    /// Values of the model's parameters.
    pub parameters: usize,
    /// Steps taken, those before a resume included.
    pub steps: u64,
    /// Whether the goals were met often enough to stop early.
    pub stopped_early: bool,
    /// Whether the last evaluation meets every goal.
    pub perfect: bool,
    /// Its numbers.
    pub evaluation: EvaluationRecord,
    /// Seconds of each stage.
    pub seconds: Vec<(Stage, f64)>,
}

/// Trains an agent and measures it.
///
/// # Errors
/// [`RunError`]; what lies in the run directory can be gone on with.
pub fn train(
    config: &AgentConfig,
    options: &RunOptions,
    observer: &mut dyn Observer,
) -> Result<RunSummary, RunError> {
    let mut summaries = train_together(config, std::slice::from_ref(options), observer)?;
    Ok(summaries.remove(0))
}

/// Trains several agents of one definition, a step of all at once where their device can, and
/// measures them. Each run becomes what [`train`] makes of it, but for rounding.
///
/// # Errors
/// [`RunError`]; what lies in the run directories can be gone on with.
///
/// # Panics
/// If there are no options.
pub fn train_together(
    config: &AgentConfig,
    options: &[RunOptions],
    observer: &mut dyn Observer,
) -> Result<Vec<RunSummary>, RunError> {
    let (plan, locks) = plan::plan(config, options)?;
    let prepared = data::prepare(&plan, observer)?;
    let mut runs = agent_run::open(&plan, locks, &prepared)?;
    group::train_all(&plan, &prepared, &mut runs, observer)?;
    agent_run::evaluate_all(runs, observer)
}

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
    /// The run's folder has been removed or replaced while it went on.
    #[error(
        "{0}: the run's folder was removed or replaced while it went on; begin it anew, where \
         nothing removes it"
    )]
    Gone(PathBuf),
    /// An agent gave something that is no number.
    #[error(transparent)]
    Logits(#[from] crate::rollout::NotFiniteLogits),
    /// Someone pressed Ctrl-C; a checkpoint has been written.
    #[error("stopped at step {0}; go on with --resume")]
    Interrupted(u64),
}
