//! A run that begins with another run's state.

use std::path::Path;

use dt_data::Card;

use super::RunError;
use super::directory::BranchRecord;
use dt_env::files;

use crate::checkpoint::{CheckpointError, TrainingState, read_agent_record, read_record};
use crate::definition::AgentConfig;
use crate::model::{ParamSpec, param_specs};

/// What `run.json` says of a branch, once it is sure that the state fits the definition: the same
/// model on the same data. Everything else may differ, as that is what branches are for.
///
/// # Errors
/// If the folder holds no training state, or one of another model or dataset.
pub(super) fn branch_record(
    checkpoint: &Path,
    config: &AgentConfig,
    card: &Card,
) -> Result<BranchRecord, RunError> {
    let state = checkpoint.join("state.json");
    if !state.exists() {
        return Err(RunError::Mismatch(format!(
            "{}: no training state; a run has one in the folder of its last step, and in that of \
             the step at which its look-backs began",
            checkpoint.display()
        )));
    }
    let agent = read_agent_record(checkpoint)?;
    let other = |what: &str| {
        Err(RunError::Mismatch(format!(
            "{}: its {what} is not that of {}",
            checkpoint.display(),
            config.name
        )))
    };
    if agent.trained_with != config.model {
        return other("model");
    }
    if agent.dataset_blake3.as_ref() != Some(&card.content_blake3) {
        return other("dataset");
    }
    let state: TrainingState = read_record(&state)?;
    let (specs, _) = param_specs(&agent.trained_with, &agent.sizes);
    // Each value and its two moments, four bytes each, and the header.
    let values: usize = specs.iter().map(ParamSpec::len).sum();
    let limit = 12 * values as u64 + (4 << 20);
    let tensors = files::read(&checkpoint.join("training.safetensors"), limit)
        .map_err(CheckpointError::from)?;
    Ok(BranchRecord {
        checkpoint: checkpoint.display().to_string(),
        step: state.step,
        training_blake3: blake3::hash(&tensors).to_hex().to_string(),
    })
}
