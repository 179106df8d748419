//! What a run is to be: all that can be checked before anything is written.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::burn::prelude::*;
use dt_data::Recipe;
use dt_env::EnvSpec;

use super::directory::RunRecord;
use super::{RunError, recipe_of};
use crate::checkpoint::{CheckpointError, check_run_dir};
use crate::definition::{AgentConfig, Precision};
use crate::device::DeviceSpec;

/// Where and how a run is made.
///
/// Runs that are made together differ in `out`, `seed` and `resume` alone.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Run directory.
    pub out: PathBuf,
    /// Folder of datasets.
    pub datasets: PathBuf,
    /// Root of the run's random streams.
    pub seed: u64,
    /// Device.
    pub device: DeviceSpec,
    /// Replace a run that is there.
    pub force: bool,
    /// Go on with a run that is there.
    pub resume: bool,
    /// Begin with the training state in this folder instead of new weights.
    pub branch_from: Option<PathBuf>,
    /// Set from outside to stop after the current step, with a checkpoint.
    pub interrupted: Arc<AtomicBool>,
}

impl RunOptions {
    /// A new run in a folder, on the default device, with its dataset under `datasets`.
    pub fn new(out: impl Into<PathBuf>, datasets: impl Into<PathBuf>, seed: u64) -> Self {
        Self {
            out: out.into(),
            datasets: datasets.into(),
            seed,
            device: DeviceSpec::default(),
            force: false,
            resume: false,
            branch_from: None,
            interrupted: Arc::default(),
        }
    }
}

/// Runs that can be made.
pub(super) struct Plan<'a> {
    pub(super) config: &'a AgentConfig,
    /// One for each run.
    pub(super) options: &'a [RunOptions],
    /// Where all of them compute.
    pub(super) device: Device,
    pub(super) recipe: Recipe,
    pub(super) spec: Arc<EnvSpec>,
    /// The state that each run begins with; none where its weights are new.
    pub(super) branches: Vec<Option<PathBuf>>,
}

/// Checks what a definition and the options ask for.
///
/// # Errors
/// If a run's folder may not be taken or gone on with, or the device or the world cannot be had.
///
/// # Panics
/// If there are no options.
pub(super) fn plan<'a>(
    config: &'a AgentConfig,
    options: &'a [RunOptions],
) -> Result<Plan<'a>, RunError> {
    let first = &options[0];
    check_precision(config, first.device)?;
    let device = first.device.open()?;
    let recipe = recipe_of(config)?;
    let spec = recipe.env_spec()?;
    let branches = options
        .iter()
        .map(|options| {
            if options.resume {
                let before = check_same_config(config, options)?;
                return Ok(before.branched_from.map(|b| PathBuf::from(b.checkpoint)));
            }
            check_run_dir(&options.out, options.force)?;
            Ok(options.branch_from.clone())
        })
        .collect::<Result<_, RunError>>()?;
    Ok(Plan {
        config,
        options,
        device,
        recipe,
        spec,
        branches,
    })
}

/// Only libtorch computes in other numbers than F32.
pub(crate) fn check_precision(config: &AgentConfig, device: DeviceSpec) -> Result<(), RunError> {
    match (config.training.precision, device) {
        (Precision::F32, _) | (_, DeviceSpec::Libtorch | DeviceSpec::LibtorchCuda(_)) => Ok(()),
        (Precision::Bf16, DeviceSpec::Cpu) => Err(RunError::Mismatch(format!(
            "precision Bf16: {device} computes in F32; use --device libtorch or libtorch:cuda:N"
        ))),
    }
}

fn check_same_config(config: &AgentConfig, options: &RunOptions) -> Result<RunRecord, RunError> {
    let path = options.out.join("config.ron");
    if !path.exists() {
        return Err(RunError::Mismatch(format!(
            "{}: nothing to resume, there is no config.ron",
            options.out.display()
        )));
    }
    let before = AgentConfig::read(&path)?;
    if before != *config {
        return Err(RunError::Mismatch(format!(
            "{}: this run was made with another definition; resume it with that file, or start \
             another with --out",
            path.display()
        )));
    }
    let path = options.out.join("run.json");
    let text = fs::read_to_string(&path).map_err(CheckpointError::io(&path))?;
    let record: RunRecord =
        serde_json::from_str(&text).map_err(|e| CheckpointError::corrupt(&path, e))?;
    if record.seed != options.seed {
        return Err(RunError::Mismatch(format!(
            "{}: this run has seed {}, not {}",
            path.display(),
            record.seed,
            options.seed
        )));
    }
    Ok(record)
}
