//! A run that begins with another run's state.

use std::path::Path;

use dt_data::Card;

use super::RunError;
use super::directory::BranchRecord;
use crate::checkpoint::{CheckpointError, TrainingState, read_agent_record, read_file};
use crate::definition::AgentConfig;

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
    let text = String::from_utf8_lossy(&read_file(&state)?).into_owned();
    let state: TrainingState =
        serde_json::from_str(&text).map_err(|e| CheckpointError::corrupt(&state, e))?;
    let tensors = read_file(&checkpoint.join("training.safetensors"))?;
    Ok(BranchRecord {
        checkpoint: checkpoint.display().to_string(),
        step: state.step,
        training_blake3: blake3::hash(&tensors).to_hex().to_string(),
    })
}
