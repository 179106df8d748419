//! `agent.safetensors` and `agent.json`.

use std::path::{Path, PathBuf};

use crate::burn::prelude::*;
use serde::{Deserialize, Serialize};

use dt_env::EnvSpec;

use super::tensors::{read_values, take};
use super::{CheckpointError, NamedTensor, read_record, write_atomic, write_tensors};
use crate::model::{InputStatistics, Model, ModelConfig, ParamSpec, WorldSizes, param_specs};

/// Version of the layout on disk that is read and written.
pub const FORMAT: u32 = 1;

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
    /// The world; absent where it is none of ours.
    pub env: Option<EnvSpec>,
    /// Its name, where `env` is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env_id: Option<String>,
    /// Steps of the optimiser.
    pub step: u64,
    /// Seed of the run; absent for an imported agent.
    pub seed: Option<u64>,
    /// Content hash of the dataset; absent for an imported agent.
    pub dataset_blake3: Option<String>,
}

impl AgentRecord {
    /// The world's name.
    pub fn world_id(&self) -> &str {
        match (&self.env, &self.env_id) {
            (Some(env), _) => &env.id,
            (None, Some(id)) => id,
            (None, None) => "unknown",
        }
    }

    /// The world, which acting needs.
    ///
    /// # Errors
    /// A sentence, if it is none of ours.
    pub fn world(&self) -> Result<&EnvSpec, String> {
        self.env.as_ref().ok_or_else(|| {
            format!(
                "the world of {}, {}, is not available here: its weights can be looked at, but it \
                 cannot act",
                self.name,
                self.world_id()
            )
        })
    }

    /// What makes this record impossible, if anything does.
    pub(crate) fn problem(&self) -> Option<String> {
        if self.format != FORMAT {
            return Some(format!(
                "field `format`: is {}, this version reads {FORMAT}",
                self.format
            ));
        }
        let sizes = &self.sizes;
        if !sizes.in_range() {
            return Some("field `sizes`: out of range".to_owned());
        }
        for (field, model) in [("model", &self.model), ("trained_with", &self.trained_with)] {
            let problem = model.problem().or_else(|| model.too_large(sizes));
            if let Some(problem) = problem {
                // The model names its fields as `model.n_layers`.
                return Some(problem.replacen("`model.", &format!("`{field}."), 1));
            }
        }
        let env = self.env.as_ref()?;
        if let Some(problem) = env.problem() {
            return Some(format!("field `env`: {problem}"));
        }
        sizes.misfit(env).map(|misfit| misfit.of_record(&env.id))
    }
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

/// Reads what an agent's weights mean.
///
/// # Errors
/// If the file is missing or damaged.
pub(crate) fn read_agent_record(dir: &Path) -> Result<AgentRecord, CheckpointError> {
    let json = dir.join("agent.json");
    if !json.exists() {
        return Err(CheckpointError::corrupt(
            dir,
            "holds no agent.json; give a run directory, a checkpoint in one, or an imported agent",
        ));
    }
    let record: AgentRecord = read_record(&json)?;
    if let Some(problem) = record.problem() {
        return Err(CheckpointError::corrupt(json, problem));
    }
    Ok(record)
}

/// Reads an agent from a run directory, a checkpoint in one, or an imported agent.
///
/// # Errors
/// If a file is missing or damaged, or the weights do not fit the record.
pub fn load_agent(dir: &Path, device: &Device) -> Result<Agent, CheckpointError> {
    let record = read_agent_record(dir)?;
    let path = dir.join("agent.safetensors");
    let (specs, _) = param_specs(&record.model, &record.sizes);
    let count: usize = specs.iter().map(ParamSpec::len).sum();
    let mut tensors = read_values(&path, count as u64)?;
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
