//! What a run is to be: all that can be checked before anything is written.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::burn::prelude::*;
use dt_data::{Outcome, Recipe};
use dt_env::EnvSpec;
use dt_env::files::{Lock, Staging};

use super::data::same_data;
use super::directory::{LOCK, RUN_FOLDER, RunRecord};
use super::{RunError, recipe_of};
use crate::checkpoint::{CheckpointError, read_record};
use crate::definition::{AgentConfig, Precision};
use crate::device::DeviceSpec;
use crate::model::WorldSizes;

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

/// Locks of the runs that are there already, to go on with or to replace.
pub(super) type Locks = Vec<Option<Lock>>;

/// Checks what a definition and the options ask for, and takes the locks of runs that are there.
///
/// # Errors
/// If a run's folder may not be taken or gone on with, or the device or the world cannot be had.
///
/// # Panics
/// If there are no options.
pub(super) fn plan<'a>(
    config: &'a AgentConfig,
    options: &'a [RunOptions],
) -> Result<(Plan<'a>, Locks), RunError> {
    let first = &options[0];
    check_precision(config, first.device)?;
    let device = first.device.open()?;
    let recipe = recipe_of(config)?;
    let spec = recipe.env_spec()?;
    if let Some(message) = config.model.too_large(&WorldSizes::of(&spec)) {
        return Err(RunError::Mismatch(format!("{}: {message}", config.name)));
    }
    check_goals(config, &spec)?;
    let (mut branches, mut locks) = (Vec::new(), Locks::new());
    for options in options {
        let lock = || Lock::take(&options.out.join(LOCK)).map_err(CheckpointError::from);
        if options.resume {
            locks.push(Some(lock()?));
            let before = check_same_config(config, (&recipe, &spec), options)?;
            branches.push(before.branched_from.map(|b| PathBuf::from(b.checkpoint)));
            continue;
        }
        Staging::check(&options.out, &RUN_FOLDER, options.force).map_err(CheckpointError::from)?;
        let is_there = options.out.join("run.json").exists();
        locks.push(if is_there { Some(lock()?) } else { None });
        branches.push(options.branch_from.clone());
    }
    let plan = Plan {
        config,
        options,
        device,
        recipe,
        spec,
        branches,
    };
    Ok((plan, locks))
}

/// Goals ask for outcomes that the world has.
fn check_goals(config: &AgentConfig, spec: &EnvSpec) -> Result<(), RunError> {
    let possible = spec.failures();
    for (n, goal) in config.evaluation.goals.iter().enumerate() {
        let outcome = goal.outcome.outcome();
        if let Outcome::Failure(kind) = outcome
            && !possible.contains(&kind)
        {
            return Err(RunError::Mismatch(format!(
                "{}: field `evaluation.goals[{n}].outcome`: {:?} never happens in {}, so that the \
                 goal cannot be met",
                config.name, goal.outcome, spec.id
            )));
        }
    }
    Ok(())
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

fn check_same_config(
    config: &AgentConfig,
    data: (&Recipe, &EnvSpec),
    options: &RunOptions,
) -> Result<RunRecord, RunError> {
    let path = options.out.join("config.ron");
    if !path.exists() {
        return Err(RunError::Mismatch(format!(
            "{}: nothing to resume, there is no config.ron",
            options.out.display()
        )));
    }
    let before = AgentConfig::read(&path)?;
    if !is_same(&before, config, data)? {
        return Err(RunError::Mismatch(format!(
            "{}: this run was made with another definition; resume it with that file, or start \
             another with --out",
            path.display()
        )));
    }
    let path = options.out.join("run.json");
    let record: RunRecord = read_record(&path)?;
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

/// Whether a run was made with this definition and these data, whatever the files are called.
fn is_same(
    before: &AgentConfig,
    config: &AgentConfig,
    data: (&Recipe, &EnvSpec),
) -> Result<bool, RunError> {
    if before == config {
        return Ok(true);
    }
    let all_but_data = AgentConfig {
        dataset: config.dataset.clone(),
        ..before.clone()
    };
    if all_but_data != *config {
        return Ok(false);
    }
    let recipe = recipe_of(before)?;
    let spec = recipe.env_spec()?;
    Ok(same_data((&recipe, &spec), data))
}
