//! Agents from files of the original repository, saved with PyTorch.
//!
//! Such a file holds a state dict and three configurations. Reading runs nothing of it: the
//! pickle's instructions are checked first, and lengths are compared with the file before
//! anything is allocated by them.

mod archive;
mod configs;
mod pickle;

use std::collections::HashMap;
use std::path::Path;

use dt_env::EnvSpec;
use half::{bf16, f16};
use pytorch_reader::{DType, PickleValue, PytorchReader, Tensor};

use dt_env::files;

use crate::checkpoint::{AgentRecord, CheckpointError, FORMAT};
use crate::model::{TimeEmbedding, param_specs};
use configs::{TheirEnvironment, TheirModel, TheirTraining};

/// The world of the 2023 study.
const STUDY: &str = "MiniGrid-MemoryS7FixedStart-v0";
/// Step limit of that study's demonstrations.
///
/// Its files say 1,000: the limit was not read from the trajectories' metadata, so the time table
/// has 1,001 rows of which 50 were trained. With 1,000 steps a success at step 6 would be worth
/// 0.9946, while the agent was trained on, and is asked for, 0.892 = 1 - 0.9 * 6 / 50.
const STUDY_STEPS: u32 = 50;

/// Largest file that is read; the published ones have three megabytes.
const MAX_BYTES: u64 = 512 << 20;

/// Longest episode that a configuration may tell of.
const MAX_STEPS: usize = 1 << 20;

/// An agent as read from a file: what it is, its values in memory order, and the names of the
/// tensors that were left out.
pub type Imported = (AgentRecord, Vec<Vec<f32>>, Vec<String>);

/// Reads an agent of the original repository.
///
/// `max_steps` replaces the step limit of its world; the time table stays as it is.
///
/// # Errors
/// If the file cannot be read, is no decision transformer, or holds anything but tensors,
/// containers, strings and numbers.
pub fn import_pytorch(path: &Path, max_steps: Option<u32>) -> Result<Imported, CheckpointError> {
    let corrupt = |message: String| CheckpointError::corrupt(path, message);
    let length = {
        let bytes = files::read(path, MAX_BYTES)?;
        archive::pickle_of(&bytes)
            .and_then(pickle::check)
            .map_err(corrupt)?;
        bytes.len() as u64
    };
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    read(path, &name, length, max_steps).map_err(corrupt)
}

fn read(path: &Path, name: &str, length: u64, max_steps: Option<u32>) -> Result<Imported, String> {
    let file = PytorchReader::read_pickle_data(path, None).map_err(|e| e.to_string())?;
    check_values(&file)?;
    check_state_dict(&file)?;
    let tensors = PytorchReader::with_top_level_key(path, "model_state_dict")
        .map_err(|e| e.to_string())?
        .into_tensors();
    let mut tensors = without_wrappers(tensors);
    is_decision_transformer(&file, &tensors)?;
    let theirs: TheirModel = configs::read(&file, "model_config")?;
    let environment: TheirEnvironment = configs::read(&file, "environment_config")?;
    let view = environment.view_size;
    if !(3..=31).contains(&view) {
        return Err(format!(
            "environment_config.view_size: is {view}, must be from 3 to 31"
        ));
    }
    if environment.max_steps > MAX_STEPS {
        return Err(format!(
            "environment_config.max_steps: is {}, must be at most {MAX_STEPS}",
            environment.max_steps
        ));
    }
    let model = theirs.ours(view, dimension(&tensors, "state_embedding.weight", 1)?)?;
    let time_rows = match model.time_embedding {
        TimeEmbedding::Embedding => Some(dimension(&tensors, "time_embedding.weight", 0)?),
        TimeEmbedding::Linear => None,
    };
    let action_rows = dimension(&tensors, "action_embedding.0.weight", 0)?;
    let sizes = configs::sizes(view, time_rows, action_rows, &environment)?;
    if let Some(problem) = model.too_large(&sizes) {
        return Err(format!("model_config: {problem}"));
    }
    let (specs, _) = param_specs(&model, &sizes);
    // A view with stride 0 can declare more than the file holds, and so can blocks that share their
    // weights, which are there once; no more is allowed than all blocks sharing all of the file.
    let declared: u64 = specs
        .iter()
        .filter_map(|spec| tensors.get(&spec.name))
        .fold(0, |sum, t| sum.saturating_add(t.byte_len() as u64));
    if declared > length.saturating_mul(model.n_layers as u64) {
        return Err(format!(
            "declares {declared} bytes of weights in {} blocks, the whole file has {length}",
            model.n_layers
        ));
    }
    let mut values = Vec::with_capacity(specs.len());
    for spec in &specs {
        let tensor = tensors
            .remove(&spec.name)
            .ok_or_else(|| format!("tensor `{}` is missing", spec.name))?;
        values.push(spec.from_disk(&floats(&tensor, &spec.name, &spec.disk_shape)?));
    }
    let mut dropped: Vec<String> = tensors.into_keys().collect();
    dropped.sort();
    if let Some(unknown) = dropped.iter().find(|name| !is_dropped(name)) {
        return Err(format!("tensor `{unknown}` does not belong to this model"));
    }
    let env = world(&environment, sizes.max_steps, max_steps)?;
    if let Some(env) = &env
        && let Some(misfit) = sizes.misfit(env)
    {
        return Err(misfit.of_record(&env.id));
    }
    let record = AgentRecord {
        format: FORMAT,
        name: name.to_owned(),
        trained_with: model.clone(),
        model,
        sizes,
        env_id: env.is_none().then_some(environment.env_id),
        env,
        step: 0,
        seed: None,
        dataset_blake3: None,
    };
    Ok((record, values, dropped))
}

/// Tensors under the model's own names: wrappers for several devices and compiled modules put
/// theirs before all of them (pytorch#3805).
fn without_wrappers(mut tensors: HashMap<String, Tensor>) -> HashMap<String, Tensor> {
    while let Some(wrapper) = ["module.", "_orig_mod."]
        .into_iter()
        .find(|w| !tensors.is_empty() && tensors.keys().all(|name| name.starts_with(w)))
    {
        let bare = |name: String| name[wrapper.len()..].to_owned();
        tensors = tensors.into_iter().map(|(n, t)| (bare(n), t)).collect();
    }
    tensors
}

/// Refuses values that are no tensor, container, string or number.
fn check_values(value: &PickleValue) -> Result<(), String> {
    match value {
        PickleValue::Unsupported(name) if name != "torch.Tensor" => Err(format!(
            "holds a `{name}`, which has no place among weights"
        )),
        PickleValue::List(items) => items.iter().try_for_each(check_values),
        PickleValue::Dict(entries) => {
            let mut keys: Vec<&String> = entries.keys().collect();
            keys.sort();
            keys.into_iter()
                .try_for_each(|key| check_values(&entries[key]).map_err(|e| format!("{key}: {e}")))
        }
        _ => Ok(()),
    }
}

/// Refuses a state dict that holds anything but tensors side by side.
fn check_state_dict(file: &PickleValue) -> Result<(), String> {
    let PickleValue::Dict(entries) = configs::entry(file, "model_state_dict")? else {
        return Err("model_state_dict: is not a dictionary".to_owned());
    };
    let mut names: Vec<&String> = entries.keys().collect();
    names.sort();
    for name in names {
        // PyTorch keeps the modules' versions in an attribute, which the reader shows as an entry.
        let is_tensor = matches!(entries[name], PickleValue::Unsupported(_));
        if !is_tensor && name != "_metadata" {
            return Err(format!("model_state_dict: `{name}` is not a tensor"));
        }
    }
    Ok(())
}

fn is_decision_transformer(
    file: &PickleValue,
    tensors: &HashMap<String, Tensor>,
) -> Result<(), String> {
    let model_type = match configs::read::<TheirTraining>(file, "offline_config") {
        Ok(training) => training.model_type,
        Err(_) if !tensors.contains_key("reward_embedding.0.weight") => {
            let first = tensors.keys().min().map_or("nothing", String::as_str);
            return Err(format!(
                "is not a decision transformer: it has no offline_config and no \
                 `reward_embedding.0.weight` (its state dict begins with `{first}`)"
            ));
        }
        Err(message) => return Err(message),
    };
    if model_type != "decision_transformer" {
        return Err(format!(
            "is not a decision transformer: offline_config.model_type is `{model_type}`"
        ));
    }
    Ok(())
}

/// Heads that had no loss, and buffers of TransformerLens.
fn is_dropped(name: &str) -> bool {
    let in_attention = name
        .strip_prefix("transformer.blocks.")
        .and_then(|rest| rest.split_once('.'))
        .is_some_and(|(layer, rest)| {
            layer.parse::<usize>().is_ok() && ["attn.mask", "attn.IGNORE"].contains(&rest)
        });
    let heads = [
        "state_predictor.weight",
        "state_predictor.bias",
        "reward_predictor.weight",
        "reward_predictor.bias",
    ];
    in_attention || heads.contains(&name)
}

fn dimension(tensors: &HashMap<String, Tensor>, name: &str, axis: usize) -> Result<usize, String> {
    let tensor = tensors
        .get(name)
        .ok_or_else(|| format!("tensor `{name}` is missing"))?;
    match tensor.shape() {
        shape @ [_, _] => Ok(shape[axis]),
        shape => Err(format!(
            "tensor `{name}` has shape {shape:?}, expected two axes"
        )),
    }
}

fn floats(tensor: &Tensor, name: &str, shape: &[usize]) -> Result<Vec<f32>, String> {
    if tensor.shape() != shape {
        return Err(format!(
            "tensor `{name}` has shape {:?}, expected {shape:?}",
            tensor.shape()
        ));
    }
    let bytes = tensor.read().map_err(|e| e.to_string())?;
    let halves = || bytes.as_chunks::<2>().0.iter();
    let values: Vec<f32> = match tensor.dtype() {
        DType::F32 => {
            let values = bytes.as_chunks::<4>().0.iter();
            values.map(|b| f32::from_ne_bytes(*b)).collect()
        }
        // Both are exact.
        DType::F16 => halves().map(|b| f16::from_ne_bytes(*b).to_f32()).collect(),
        DType::BF16 => halves().map(|b| bf16::from_ne_bytes(*b).to_f32()).collect(),
        other => {
            return Err(format!(
                "tensor `{name}` is {other:?}, expected F32, F16 or BF16; convert the model with \
                 .float() and save it again"
            ));
        }
    };
    if !values.iter().all(|v| v.is_finite()) {
        return Err(format!("tensor `{name}` has a value that is not finite"));
    }
    Ok(values)
}

/// The agent's world, if it is one of ours.
fn world(
    environment: &TheirEnvironment,
    longest: usize,
    asked: Option<u32>,
) -> Result<Option<EnvSpec>, String> {
    let Some(spec) = EnvSpec::builtin(&environment.env_id) else {
        return match asked {
            Some(_) => Err(format!(
                "--max-steps: the world {} is not available here",
                environment.env_id
            )),
            None => Ok(None),
        };
    };
    if spec.view_size as usize != environment.view_size {
        return Err(format!(
            "environment_config.view_size: is {}, {} has {}",
            environment.view_size, spec.id, spec.view_size
        ));
    }
    let theirs = u32::try_from(environment.max_steps).unwrap_or(u32::MAX);
    let steps = asked.unwrap_or(if spec.id == STUDY {
        STUDY_STEPS
    } else {
        theirs
    });
    if steps == 0 || steps as usize > longest || steps > u32::from(u16::MAX) {
        return Err(format!(
            "a limit of {steps} steps does not fit the time table, which ends at {longest}; \
             give --max-steps"
        ));
    }
    Ok(Some(spec.with_max_steps(steps)))
}
