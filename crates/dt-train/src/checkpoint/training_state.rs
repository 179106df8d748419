//! What a killed run needs to go on, by parameter name.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::tensors::{read_values, take};
use super::{CheckpointError, NamedTensor, read_record, write_atomic, write_tensors};
use crate::model::ParamSpec;
use crate::optim::Moments;

/// Numbers of a training state, `state.json`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingState {
    /// Steps done. Random draws are functions of the step, so this is the generators' state too.
    pub step: u64,
    /// Updates that the moments have seen.
    pub updates: usize,
    /// Perfect exact evaluations in a row.
    pub perfect_in_a_row: u32,
    /// Step from which look-backs are drawn, once it is known.
    #[serde(default)]
    pub look_backs_from: Option<u64>,
    /// Sum of the losses since the last line of `metrics.jsonl`.
    pub loss_sum: f64,
    /// Length of `metrics.jsonl`, bytes.
    pub metrics_bytes: u64,
}

/// Writes a training state into a folder.
///
/// # Errors
/// If a file cannot be written.
pub fn save_state(
    dir: &Path,
    state: &TrainingState,
    specs: &[ParamSpec],
    values: &[Vec<f32>],
    moments: &[Moments],
) -> Result<(), CheckpointError> {
    let mut tensors = Vec::with_capacity(specs.len() * 3);
    for ((spec, values), moments) in specs.iter().zip(values).zip(moments) {
        for (suffix, values) in [
            ("", values),
            (".moment_1", &moments.first),
            (".moment_2", &moments.second),
        ] {
            tensors.push(NamedTensor {
                name: format!("{}{suffix}", spec.name),
                shape: spec.disk_shape.clone(),
                values: spec.to_disk(values),
            });
        }
    }
    write_tensors(&dir.join("training.safetensors"), &tensors)?;
    let text = serde_json::to_string_pretty(state).expect("a state is plain data");
    write_atomic(&dir.join("state.json"), (text + "\n").as_bytes())
}

/// Numbers, parameter values and moments of a training state.
pub type RestoredState = (TrainingState, Vec<Vec<f32>>, Vec<Moments>);

/// Reads a training state: numbers, parameter values and moments in the order of `specs`.
///
/// # Errors
/// If a file is missing or damaged, or does not fit the parameters.
pub fn load_state(dir: &Path, specs: &[ParamSpec]) -> Result<RestoredState, CheckpointError> {
    let json = dir.join("state.json");
    let state = read_record(&json)?;
    let path = dir.join("training.safetensors");
    // Each parameter and its two moments.
    let values: usize = specs.iter().map(ParamSpec::len).sum();
    let mut tensors = read_values(&path, 3 * values as u64)?;
    let mut values = Vec::with_capacity(specs.len());
    let mut moments = Vec::with_capacity(specs.len());
    for spec in specs {
        let mut read = |suffix: &str| -> Result<Vec<f32>, CheckpointError> {
            let name = format!("{}{suffix}", spec.name);
            let disk = take(&path, &mut tensors, &name, &spec.disk_shape)?;
            Ok(spec.from_disk(&disk))
        };
        values.push(read("")?);
        moments.push(Moments {
            first: read(".moment_1")?,
            second: read(".moment_2")?,
        });
    }
    Ok((state, values, moments))
}
