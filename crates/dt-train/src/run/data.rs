//! The dataset of a run: read if it is there, made if it is not.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use dt_data::{Card, Dataset, Recipe, WindowSampler, instruction_sights, store};
use dt_env::EnvSpec;
use dt_env::config::ConfigError;

use super::agent_run::Shared;
use super::observer::{Observer, Stage};
use super::plan::Plan;
use super::{RunError, input_statistics};
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
    let (data, card, dataset, made) = dataset_for(root, &plan.recipe)?;
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

/// Folder of a recipe's dataset: its name, and a hash of all that defines it.
pub fn dataset_dir(root: &Path, recipe: &Recipe) -> PathBuf {
    let text = serde_json::to_string(recipe).expect("a recipe is plain data");
    let hash = blake3::hash(text.as_bytes()).to_hex();
    root.join(format!("{}-{}", recipe.name, &hash[..8]))
}

/// Reads the dataset of a recipe, or makes and keeps it. Also says whether it was made.
///
/// # Errors
/// If it cannot be read or made, or what lies there is of another recipe.
pub fn dataset_for(
    root: &Path,
    recipe: &Recipe,
) -> Result<(Dataset, Card, PathBuf, bool), RunError> {
    let dir = dataset_dir(root, recipe);
    if dir.exists() {
        let (data, card) = store::read(&dir)?;
        if card.recipe != *recipe {
            return Err(RunError::Mismatch(format!(
                "{} holds a dataset of another recipe; remove it",
                dir.display()
            )));
        }
        return Ok((data, card, dir, false));
    }
    let (data, card) = Dataset::generate(recipe)?;
    match store::write(&dir, data.clone(), card, false) {
        Ok(card) => Ok((data, card, dir, true)),
        // Another process has made the same one in the meantime.
        Err(_) if dir.exists() => {
            let (data, card) = store::read(&dir)?;
            Ok((data, card, dir, false))
        }
        Err(error) => Err(error.into()),
    }
}
