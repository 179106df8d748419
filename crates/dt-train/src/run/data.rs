//! The dataset of a run: read if it is there, made if it is not.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use dt_data::{Card, Dataset, Recipe, WindowSampler, instruction_sights, store};
use dt_env::EnvSpec;
use dt_env::config::ConfigError;
use dt_env::files::{self, Lock};

use super::agent_run::Shared;
use super::observer::{Observer, Stage};
use super::plan::Plan;
use super::{RunError, input_statistics};
use crate::checkpoint::CheckpointError;
use crate::definition::AgentConfig;
use crate::model::WorldSizes;

/// The data that runs train on, and what follows from them.
pub(super) struct Prepared<'a> {
    pub(super) shared: Shared<'a>,
    pub(super) data: Arc<Dataset>,
    pub(super) sampler: WindowSampler,
    /// How long it took.
    pub(super) seconds: f64,
}

/// Reads the dataset that a plan needs, or makes it.
///
/// # Errors
/// If it cannot be had, or has not the windows that the definition asks for.
pub(super) fn prepare<'a>(
    plan: &Plan<'a>,
    observer: &mut dyn Observer,
) -> Result<Prepared<'a>, RunError> {
    observer.begins(Stage::Dataset);
    let clock = Instant::now();
    let root = &plan.options[0].datasets;
    let interrupted = &plan.options[0].interrupted;
    let mut told = false;
    let mut waits = |holder: &str| {
        if !std::mem::replace(&mut told, true) {
            observer.waits(holder);
        }
        !interrupted.load(Ordering::Relaxed)
    };
    let (data, card, dataset, made) = read_or_make(root, &plan.recipe, &plan.spec, &mut waits)?;
    observer.dataset(&card, &dataset, made);
    let sizes = WorldSizes::of(&plan.spec);
    let sampler = window_sampler(plan.config, &data, &plan.spec)?;
    Ok(Prepared {
        shared: Shared {
            config: plan.config,
            spec: plan.spec.clone(),
            sizes,
            statistics: input_statistics(&data, &sizes),
            card,
            dataset,
        },
        data: Arc::new(data),
        sampler,
        seconds: clock.elapsed().as_secs_f64(),
    })
}

/// The recipe that an agent's definition names, with its data seed if it has one.
///
/// # Errors
/// If it cannot be found or read.
pub fn recipe_of(config: &AgentConfig) -> Result<Recipe, ConfigError> {
    let mut recipe = Recipe::find(&config.dataset)?;
    if let Some(seed) = config.data_seed {
        recipe.seed = seed;
    }
    Ok(recipe)
}

/// Draws the training windows that a definition asks for.
///
/// # Errors
/// If look-backs are asked for and the data have none, or are of another world.
pub fn window_sampler(
    config: &AgentConfig,
    data: &Dataset,
    spec: &Arc<EnvSpec>,
) -> Result<WindowSampler, RunError> {
    let training = &config.training;
    let sampler = WindowSampler::new(data, config.model.timesteps(), training.window_end);
    match training.look_backs {
        None => Ok(sampler),
        Some(_) => sampler
            .with_sights(data, &instruction_sights(data, spec)?)
            .map_err(RunError::Mismatch),
    }
}

/// Folder of a recipe's dataset: its name, and a hash of all that defines it, the world included
/// and not what the world's file is called.
pub fn dataset_dir(root: &Path, recipe: &Recipe, spec: &EnvSpec) -> PathBuf {
    let defines = (anywhere(recipe), spec);
    let text = serde_json::to_string(&defines).expect("a recipe is plain data");
    let hash = blake3::hash(text.as_bytes()).to_hex();
    root.join(format!("{}-{}", recipe.name, &hash[..8]))
}

/// A recipe without the place of its world's file.
fn anywhere(recipe: &Recipe) -> Recipe {
    Recipe {
        env: String::new(),
        ..recipe.clone()
    }
}

/// Whether two recipes, each with its world, make the same data.
pub(super) fn same_data(one: (&Recipe, &EnvSpec), other: (&Recipe, &EnvSpec)) -> bool {
    anywhere(one.0) == anywhere(other.0) && one.1 == other.1
}

/// Reads the dataset of a recipe, or makes and keeps it. Also says whether it was made.
///
/// # Errors
/// If it cannot be read or made, or what lies there is of another recipe.
pub fn dataset_for(
    root: &Path,
    recipe: &Recipe,
) -> Result<(Dataset, Card, PathBuf, bool), RunError> {
    let spec = recipe.env_spec()?;
    read_or_make(root, recipe, &spec, &mut |_| true)
}

/// The same, once no other process makes it; `waits` is told who does, and whether to wait on.
fn read_or_make(
    root: &Path,
    recipe: &Recipe,
    spec: &EnvSpec,
    waits: &mut dyn FnMut(&str) -> bool,
) -> Result<(Dataset, Card, PathBuf, bool), RunError> {
    let dir = dataset_dir(root, recipe, spec);
    if let Some((data, card)) = read_kept(&dir, recipe, spec)? {
        return Ok((data, card, dir, false));
    }
    std::fs::create_dir_all(root).map_err(CheckpointError::io(root))?;
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    let lock = root.join(format!(".{name}.lock"));
    let _lock = Lock::wait_for(&lock, waits).map_err(CheckpointError::from)?;
    // Who held the lock has made it.
    if let Some((data, card)) = read_kept(&dir, recipe, spec)? {
        return Ok((data, card, dir, false));
    }
    let (data, card) = Dataset::generate(recipe)?;
    let card = store::write(&dir, data.clone(), card, false)?;
    Ok((data, card, dir, true))
}

/// The dataset in a folder, if there is one.
fn read_kept(
    dir: &Path,
    recipe: &Recipe,
    spec: &EnvSpec,
) -> Result<Option<(Dataset, Card)>, RunError> {
    // A folder without anything in it is taken like none.
    let is_there = dir.exists() && !files::list(dir).map_err(CheckpointError::from)?.is_empty();
    if !is_there {
        return Ok(None);
    }
    let (data, card) = store::read(dir)?;
    if !same_data((&card.recipe, &card.env), (recipe, spec)) {
        return Err(RunError::Mismatch(format!(
            "{} holds a dataset of another recipe; remove it",
            dir.display()
        )));
    }
    Ok(Some((data, card)))
}
