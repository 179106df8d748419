//! `agent.safetensors` and `agent.json`.

use std::fs;
use std::path::{Path, PathBuf};

use burn::prelude::*;
use serde::{Deserialize, Serialize};

use dt_env::EnvSpec;

use super::tensors::take;
use super::{CheckpointError, NamedTensor, read_tensors, write_atomic, write_tensors};
use crate::model::{InputStatistics, Model, ModelConfig, WorldSizes, param_specs};

/// What `agent.json` holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentRecord {
    /// Version of the layout on disk.
    pub format: u32,
    /// Name for humans.
    pub name: String,
    /// Shape of the weights as they lie in the file, all aids folded away.
    pub model: ModelConfig,
    /// Shape and aids with which they were trained.
    pub trained_with: ModelConfig,
    /// Sizes given by the world.
    pub sizes: WorldSizes,
    /// The world.
    pub env: EnvSpec,
    /// Steps of the optimiser.
    pub step: u64,
    /// Seed of the run; absent for an imported agent.
    pub seed: Option<u64>,
    /// Content hash of the dataset; absent for an imported agent.
    pub dataset_blake3: Option<String>,
}

/// An agent that can act.
#[derive(Clone, Debug)]
pub struct Agent {
    /// What it is.
    pub record: AgentRecord,
    /// Its weights.
    pub model: Model,
    /// Folder it was read from.
    pub dir: PathBuf,
}

/// Writes an agent into a folder. `values` are in memory order, for `record.model`.
///
/// # Errors
/// If a file cannot be written.
pub fn save_agent(
    dir: &Path,
    record: &AgentRecord,
    values: &[Vec<f32>],
) -> Result<(), CheckpointError> {
    let (specs, _) = param_specs(&record.model, &record.sizes);
    let tensors: Vec<NamedTensor> = specs
        .iter()
        .zip(values)
        .map(|(spec, values)| NamedTensor {
            name: spec.name.clone(),
            shape: spec.disk_shape.clone(),
            values: spec.to_disk(values),
        })
        .collect();
    write_tensors(&dir.join("agent.safetensors"), &tensors)?;
    let text = serde_json::to_string_pretty(record).expect("a record is plain data");
    write_atomic(&dir.join("agent.json"), (text + "\n").as_bytes())
}

/// Reads an agent from a run directory, a checkpoint in one, or an imported agent.
///
/// # Errors
/// If a file is missing or damaged, or the weights do not fit the record.
pub fn load_agent(dir: &Path, device: &Device) -> Result<Agent, CheckpointError> {
    let json = dir.join("agent.json");
    if !json.exists() {
        return Err(CheckpointError::corrupt(
            dir,
            "holds no agent.json; give a run directory, a checkpoint in one, or an imported agent",
        ));
    }
    let text = fs::read_to_string(&json).map_err(CheckpointError::io(&json))?;
    let record: AgentRecord =
        serde_json::from_str(&text).map_err(|e| CheckpointError::corrupt(&json, e))?;
    let problem = record.model.problem().or_else(|| {
        let sizes = &record.sizes;
        let fits = (3..=31).contains(&sizes.view_size)
            && (1..=1 << 20).contains(&sizes.max_steps)
            && (1..=64).contains(&sizes.n_actions);
        (!fits).then(|| "field `sizes`: out of range".to_owned())
    });
    if let Some(problem) = problem {
        return Err(CheckpointError::corrupt(json, problem));
    }
    let path = dir.join("agent.safetensors");
    let mut tensors = read_tensors(&path)?;
    let (specs, _) = param_specs(&record.model, &record.sizes);
    let values = specs
        .iter()
        .map(|spec| {
            let disk = take(&path, &mut tensors, &spec.name, &spec.disk_shape)?;
            Ok(spec.from_disk(&disk))
        })
        .collect::<Result<Vec<_>, CheckpointError>>()?;
    if let Some(extra) = tensors.first() {
        return Err(CheckpointError::corrupt(
            path,
            format!("tensor `{}` does not belong to this model", extra.name),
        ));
    }
    let neutral = InputStatistics::neutral(&record.sizes);
    let model = Model::new(record.model.clone(), record.sizes, &neutral, values, device);
    Ok(Agent {
        record,
        model,
        dir: dir.to_owned(),
    })
}
