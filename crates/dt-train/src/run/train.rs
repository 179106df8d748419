//! A whole run: dataset, training, evaluation, files.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use dt_data::Card;

use super::agent_run::{AgentRun, Shared};
use super::branch::branch_record;
use super::directory::{RunRecord, is_finished};
use super::trainer::{StepRecord, Trainer};
use super::{RunError, dataset_for, group, input_statistics, recipe_of, window_sampler};
use crate::checkpoint::{check_run_dir, create_run_dir};
use crate::definition::{AgentConfig, Precision};
use crate::device::DeviceSpec;
use crate::evaluate::{EvaluationRecord, ExactRecord, meets};
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

/// Parts of a run, for progress and timing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Reading or making the dataset.
    Dataset,
    /// Training.
    Training,
    /// The last evaluation.
    Evaluation,
}

impl Stage {
    /// Name in `timing.jsonl`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dataset => "dataset",
            Self::Training => "training",
            Self::Evaluation => "evaluation",
        }
    }
}

/// Is told what a run does.
pub trait Observer {
    /// A stage begins.
    fn begins(&mut self, _stage: Stage) {}
    /// The dataset is there.
    fn dataset(&mut self, _card: &Card, _dir: &std::path::Path, _made: bool) {}
    /// A step was taken, of at most so many, by each of the agents that train together.
    fn step(&mut self, _records: &[StepRecord], _steps: u64) {}
    /// An exact evaluation during training: each agent's seed and what it did.
    fn evaluated(&mut self, _step: u64, _exact: &[(u64, Vec<ExactRecord>)]) {}
    /// The goals that an agent's look-backs wait for are met: they are drawn from this step on.
    fn look_backs_begin(&mut self, _seed: u64, _step: u64) {}
}

/// Looks away.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct RunSummary {
    /// Run directory.
    pub dir: PathBuf,
    /// Folder of the dataset.
    pub dataset: PathBuf,
    /// Values of the model's parameters.
    pub parameters: usize,
    /// Steps taken, those before a resume included.
    pub steps: u64,
    /// Whether the goals were met often enough to stop early.
    pub stopped_early: bool,
    /// Whether the last exact evaluation meets every goal.
    pub perfect: bool,
    /// Its numbers.
    pub evaluation: EvaluationRecord,
    /// Seconds of each stage.
    pub seconds: Vec<(Stage, f64)>,
}

/// Trains an agent and measures it.
///
/// # Errors
/// [`RunError`]; what lies in the run directory can be gone on with.
pub fn train(
    config: &AgentConfig,
    options: &RunOptions,
    observer: &mut dyn Observer,
) -> Result<RunSummary, RunError> {
    let mut summaries = train_together(config, std::slice::from_ref(options), observer)?;
    Ok(summaries.remove(0))
}

/// Trains several agents of one definition, a step of all at once where their device can, and
/// measures them. Each run becomes what [`train`] makes of it, but for rounding.
///
/// # Errors
/// [`RunError`]; what lies in the run directories can be gone on with.
///
/// # Panics
/// If there are no options.
pub fn train_together(
    config: &AgentConfig,
    options: &[RunOptions],
    observer: &mut dyn Observer,
) -> Result<Vec<RunSummary>, RunError> {
    let first = &options[0];
    check_precision(config, first.device)?;
    let device = first.device.open()?;
    let recipe = recipe_of(config)?;
    let spec = recipe.env_spec()?;
    // Everything is checked before anything is written.
    let mut branches = Vec::new();
    for options in options {
        branches.push(if options.resume {
            let before = check_same_config(config, options)?;
            before.branched_from.map(|b| PathBuf::from(b.checkpoint))
        } else {
            check_run_dir(&options.out, options.force)?;
            options.branch_from.clone()
        });
    }

    observer.begins(Stage::Dataset);
    let clock = Instant::now();
    let (data, card, dataset, made) = dataset_for(&first.datasets, &recipe)?;
    observer.dataset(&card, &dataset, made);
    let sizes = WorldSizes {
        view_size: spec.view_size as usize,
        max_steps: spec.max_steps() as usize,
        n_actions: dt_env::Action::COUNT,
    };
    let shared = Shared {
        config,
        sizes,
        statistics: input_statistics(&data, &sizes),
        card,
        dataset,
        spec,
    };
    let sampler = window_sampler(config, &data, &shared.spec)?;
    let data = Arc::new(data);
    let mut records = Vec::new();
    for (options, branch) in options.iter().zip(&branches) {
        records.push(match branch {
            // A resumed run has a state of its own.
            Some(checkpoint) if !options.resume => {
                Some(branch_record(checkpoint, config, &shared.card)?)
            }
            _ => None,
        });
    }
    let dataset_seconds = clock.elapsed().as_secs_f64();

    let mut runs = Vec::new();
    let mut done = Vec::new();
    for ((options, branch), record) in options.iter().zip(branches).zip(records) {
        let mut run = AgentRun::new(&shared, options);
        if options.resume {
            run.restore(branch.as_deref())?;
        } else {
            create_run_dir(&options.out, options.force)?;
            run.write_records(record)?;
            run.branch(branch.as_deref())?;
        }
        run.seconds.push((Stage::Dataset, dataset_seconds));
        done.push(options.resume && is_finished(&options.out));
        runs.push(run);
    }

    // Runs at the same step go on together.
    let mut waiting: Vec<usize> = (0..runs.len()).filter(|&n| !done[n]).collect();
    if !waiting.is_empty() {
        observer.begins(Stage::Training);
    }
    while let Some(&next) = waiting.first() {
        let step = runs[next].state.step;
        let (group, later) = waiting.into_iter().partition(|&n| {
            first.device.trains_together() && runs[n].state.step == step || n == next
        });
        waiting = later;
        let group: Vec<usize> = group;
        let mut members: Vec<&mut AgentRun> = runs
            .iter_mut()
            .enumerate()
            .filter(|(n, _)| group.contains(n))
            .map(|(_, run)| run)
            .collect();
        let seeds: Vec<u64> = members.iter().map(|run| run.options.seed).collect();
        let mut trainer = Trainer::new(
            config,
            sizes,
            data.clone(),
            sampler.clone(),
            &shared.statistics,
            &seeds,
            &device,
        );
        group::train(&mut trainer, &mut members, observer)?;
    }

    observer.begins(Stage::Evaluation);
    let mut summaries = Vec::new();
    for mut run in runs {
        let clock = Instant::now();
        let evaluation = run.finish()?;
        run.seconds
            .push((Stage::Evaluation, clock.elapsed().as_secs_f64()));
        run.write_stages()?;
        let meets = |exact: &Vec<ExactRecord>| meets(&config.evaluation.goals, exact);
        summaries.push(RunSummary {
            dir: run.options.out.clone(),
            dataset: shared.dataset.clone(),
            parameters: run.parameter_count(),
            steps: run.state.step,
            stopped_early: run.stopped_early,
            perfect: evaluation.exact.as_ref().is_some_and(meets),
            evaluation,
            seconds: run.seconds,
        });
    }
    Ok(summaries)
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
    let text = fs::read_to_string(&path).map_err(crate::checkpoint::CheckpointError::io(&path))?;
    let record: RunRecord = serde_json::from_str(&text)
        .map_err(|e| crate::checkpoint::CheckpointError::corrupt(&path, e))?;
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
