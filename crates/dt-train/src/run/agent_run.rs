//! One agent's run directory while the agent is trained.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use dt_data::{Card, Recipe};
use dt_env::EnvSpec;
use dt_env::config::to_ron;
use dt_env::files::{FilesError, Lock, Staging};

use super::branch::branch_record;
use super::data::Prepared;
use super::directory::{
    BranchRecord, LOCK, RUN_FOLDER, RunRecord, is_finished, remove_resume_points, resume_point,
    sweep_run,
};
use super::logs::{JsonLines, MetricLine, TimingLine};
use super::observer::{Observer, Stage};
use super::plan::{Locks, Plan, RunOptions};
use super::trainer::Trainer;
use super::{RunError, RunSummary};
use crate::checkpoint::{
    AgentRecord, CheckpointError, FORMAT, TrainingState, fold, load_agent, load_state, save_agent,
    save_state, write_atomic, write_dir_atomic,
};
use crate::definition::AgentConfig;
use crate::device::processor;
use crate::evaluate::{EvaluationRecord, evaluate_greedy, evaluate_sampled};
use crate::model::{InputStatistics, WorldSizes, param_specs};
use crate::optim::Moments;

/// What runs of one definition share.
pub(super) struct Shared<'a> {
    pub(super) config: &'a AgentConfig,
    pub(super) spec: Arc<EnvSpec>,
    pub(super) sizes: WorldSizes,
    pub(super) statistics: InputStatistics,
    pub(super) card: Card,
    /// Folder of the dataset.
    pub(super) dataset: PathBuf,
}

/// A run while it goes on.
pub(super) struct AgentRun<'a> {
    pub(super) shared: &'a Shared<'a>,
    pub(super) options: &'a RunOptions,
    pub(super) state: TrainingState,
    /// Values and moments that training goes on with; none where it begins anew.
    pub(super) start: Option<(Vec<Vec<f32>>, Vec<Moments>)>,
    pub(super) stopped_early: bool,
    pub(super) seconds: Vec<(Stage, f64)>,
    /// Says that the run's folder is this process's.
    lock: Lock,
    metrics: Option<JsonLines>,
    timing: Option<JsonLines>,
    /// Values when training has ended.
    values: Vec<Vec<f32>>,
    /// Whether it had ended before.
    pub(super) finished: bool,
}

/// Makes the folders of new runs, and takes up the states of those that are gone on with.
///
/// # Errors
/// If a folder cannot be made or read, or a state to begin with is not of the definition's model
/// and data; this is found before any folder is touched.
pub(super) fn open<'a>(
    plan: &Plan<'a>,
    locks: Locks,
    prepared: &'a Prepared<'a>,
) -> Result<Vec<AgentRun<'a>>, RunError> {
    let shared = &prepared.shared;
    let mut records = Vec::new();
    for (options, branch) in plan.options.iter().zip(&plan.branches) {
        records.push(match branch {
            // A resumed run has a state of its own.
            Some(checkpoint) if !options.resume => {
                Some(branch_record(checkpoint, plan.config, &shared.card)?)
            }
            _ => None,
        });
    }
    let mut runs = Vec::new();
    let rest = plan.branches.iter().zip(records).zip(locks);
    for (options, ((branch, record), lock)) in plan.options.iter().zip(rest) {
        let mut run = match lock {
            Some(lock) if options.resume => AgentRun::new(shared, options, lock),
            replaced => {
                let lock = create(plan, shared, options, record)?;
                // The folder that it was of has gone by now.
                drop(replaced);
                AgentRun::new(shared, options, lock)
            }
        };
        if options.resume {
            sweep_run(&options.out);
            run.restore(branch.as_deref())?;
        } else {
            run.branch(branch.as_deref())?;
        }
        run.seconds.push((Stage::Dataset, prepared.seconds));
        run.finished = options.resume && is_finished(&options.out);
        runs.push(run);
    }
    Ok(runs)
}

/// Makes the folder of a new run, whole with all that says what it is, and this process's from the
/// first moment.
fn create(
    plan: &Plan,
    shared: &Shared,
    options: &RunOptions,
    branched_from: Option<BranchRecord>,
) -> Result<Lock, RunError> {
    let new = || -> Result<Lock, FilesError> {
        let staging = Staging::new(&options.out, &RUN_FOLDER, options.force)?;
        for (name, text) in records(plan, shared, options, branched_from) {
            staging.write(name, text.as_bytes())?;
        }
        let mut lock = Lock::take(&staging.path().join(LOCK))?;
        let place = staging.target().join(LOCK);
        staging.commit()?;
        lock.moved_to(&place);
        Ok(lock)
    };
    Ok(new().map_err(CheckpointError::from)?)
}

/// What a run is, as files of its own: a run that is copied elsewhere is whole.
fn records(
    plan: &Plan,
    shared: &Shared,
    options: &RunOptions,
    branched_from: Option<BranchRecord>,
) -> [(&'static str, String); 4] {
    let config = AgentConfig {
        dataset: "recipe.ron".to_owned(),
        ..plan.config.clone()
    };
    let recipe = Recipe {
        env: "world.ron".to_owned(),
        ..plan.recipe.clone()
    };
    let record = RunRecord {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        burn: "0.22.1".to_owned(),
        git_commit: option_env!("DT_GIT_COMMIT").map(str::to_owned),
        processor: processor(),
        seed: options.seed,
        device: options.device.to_string(),
        threads: rayon::current_num_threads(),
        dataset: shared.dataset.display().to_string(),
        dataset_blake3: shared.card.content_blake3.clone(),
        branched_from,
    };
    let record = serde_json::to_string_pretty(&record).expect("a record is plain data");
    [
        ("config.ron", to_ron(&config)),
        ("recipe.ron", to_ron(&recipe)),
        ("world.ron", to_ron(&*shared.spec)),
        ("run.json", record + "\n"),
    ]
}

/// Writes each agent that has been trained, measures it, and says what its run came to.
///
/// # Errors
/// If a file cannot be written.
pub(super) fn evaluate_all(
    runs: Vec<AgentRun>,
    observer: &mut dyn Observer,
) -> Result<Vec<RunSummary>, RunError> {
    observer.begins(Stage::Evaluation);
    let mut summaries = Vec::new();
    for mut run in runs {
        let clock = Instant::now();
        let evaluation = run.finish()?;
        let seconds = clock.elapsed().as_secs_f64();
        run.seconds.push((Stage::Evaluation, seconds));
        run.write_stages()?;
        let goals = &run.shared.config.evaluation.goals;
        summaries.push(RunSummary {
            dir: run.options.out.clone(),
            dataset: run.shared.dataset.clone(),
            parameters: run.parameter_count(),
            steps: run.state.step,
            stopped_early: run.stopped_early,
            perfect: evaluation.meets(goals),
            evaluation,
            seconds: run.seconds,
        });
    }
    Ok(summaries)
}

impl<'a> AgentRun<'a> {
    pub(super) fn new(shared: &'a Shared<'a>, options: &'a RunOptions, lock: Lock) -> Self {
        Self {
            shared,
            options,
            state: TrainingState::default(),
            start: None,
            stopped_early: false,
            seconds: Vec::new(),
            lock,
            metrics: None,
            timing: None,
            values: Vec::new(),
            finished: false,
        }
    }

    /// Takes up the newest state; a run killed before its first one starts anew.
    pub(super) fn restore(&mut self, branch_from: Option<&Path>) -> Result<(), RunError> {
        match resume_point(&self.options.out)? {
            Some(dir) => self.load(&dir),
            None => self.branch(branch_from),
        }
    }

    /// Takes up the state that the run branches from, if it does, as a state of its own.
    pub(super) fn branch(&mut self, branch_from: Option<&Path>) -> Result<(), RunError> {
        let Some(checkpoint) = branch_from else {
            return Ok(());
        };
        self.load(checkpoint)?;
        self.state.metrics_bytes = 0;
        let own = format!("checkpoints/step-{:06}", self.state.step);
        let (values, moments) = self.start.as_ref().expect("it was loaded");
        self.write_files(&self.options.out.join(own), values, moments)
    }

    fn load(&mut self, dir: &Path) -> Result<(), RunError> {
        let (specs, _) = param_specs(&self.shared.config.model, &self.shared.sizes);
        let (state, values, moments) = load_state(dir, &specs)?;
        self.state = state;
        let enough = self.shared.config.training.stop_after_perfect;
        self.stopped_early = enough > 0 && state.perfect_in_a_row >= enough;
        self.values.clone_from(&values);
        self.start = Some((values, moments));
        Ok(())
    }

    /// Opens the logs at the state's place in them.
    pub(super) fn open_logs(&mut self) -> Result<(), RunError> {
        let out = &self.options.out;
        let metrics = JsonLines::open(&out.join("metrics.jsonl"), Some(self.state.metrics_bytes))?;
        self.metrics = Some(metrics);
        self.timing = Some(JsonLines::open(&out.join("timing.jsonl"), None)?);
        Ok(())
    }

    pub(super) fn push_metric(&mut self, line: &MetricLine) -> Result<(), RunError> {
        let metrics = self.metrics.as_mut().expect("opened before training");
        metrics.push(line)?;
        self.state.metrics_bytes = metrics.bytes();
        Ok(())
    }

    pub(super) fn push_timing(&mut self, line: &TimingLine) -> Result<(), RunError> {
        let timing = self.timing.as_mut().expect("opened before training");
        Ok(timing.push(line)?)
    }

    /// Says so if the run's folder has gone, before anything is written that would make half of it
    /// again.
    fn check_there(&self) -> Result<(), RunError> {
        let out = &self.options.out;
        match self.lock.is_there() && out.join("run.json").exists() {
            true => Ok(()),
            false => Err(RunError::Gone(out.clone())),
        }
    }

    /// What went wrong with a write: that the folder has gone, if it has.
    fn why(&self, error: CheckpointError) -> RunError {
        match self.check_there() {
            Ok(()) => error.into(),
            Err(gone) => gone,
        }
    }

    /// Weights alone, for the study of training dynamics.
    pub(super) fn keep_weights(&self, trainer: &Trainer, agent: usize) -> Result<(), RunError> {
        self.check_there()?;
        let step = trainer.step_count();
        let dir = self.options.out.join(format!("checkpoints/step-{step:06}"));
        let values = trainer.values(agent);
        write_dir_atomic(&dir, |dir| self.save_agent(dir, step, &values))
            .map_err(|error| self.why(error))
    }

    /// Weights and all that resuming needs; before the first step there is nothing to keep.
    pub(super) fn write_state(
        &mut self,
        name: &str,
        trainer: &Trainer,
        agent: usize,
    ) -> Result<(), RunError> {
        self.check_there()?;
        self.state.step = trainer.step_count();
        if let Some(metrics) = &self.metrics {
            metrics.sync()?;
        }
        let Some((updates, moments)) = trainer.moments(agent) else {
            return Ok(());
        };
        self.state.updates = updates;
        self.state.look_backs_from = trainer.look_backs_from(agent);
        let dir = self.options.out.join("checkpoints").join(name);
        self.write_files(&dir, &trainer.values(agent), &moments)
    }

    fn write_files(
        &self,
        dir: &Path,
        values: &[Vec<f32>],
        moments: &[Moments],
    ) -> Result<(), RunError> {
        let (specs, _) = param_specs(&self.shared.config.model, &self.shared.sizes);
        write_dir_atomic(dir, |dir| {
            self.save_agent(dir, self.state.step, values)?;
            save_state(dir, &self.state, &specs, values, moments)
        })
        .map_err(|error| self.why(error))
    }

    /// Keeps the last state, and what the evaluation needs.
    pub(super) fn end(&mut self, trainer: &Trainer, agent: usize) -> Result<(), RunError> {
        let step = trainer.step_count();
        self.write_state(&format!("step-{step:06}"), trainer, agent)?;
        remove_resume_points(&self.options.out, None)?;
        self.stopped_early = step < trainer.last_step(agent);
        self.values = trainer.values(agent);
        Ok(())
    }

    fn save_agent(
        &self,
        dir: &Path,
        step: u64,
        values: &[Vec<f32>],
    ) -> Result<(), CheckpointError> {
        let Shared {
            config,
            sizes,
            statistics,
            ..
        } = self.shared;
        let (plain, values) = fold(&config.model, sizes, statistics, values);
        let record = AgentRecord {
            format: FORMAT,
            name: config.name.clone(),
            model: plain,
            trained_with: config.model.clone(),
            sizes: *sizes,
            env: Some((*self.shared.spec).clone()),
            env_id: None,
            step,
            seed: Some(self.options.seed),
            dataset_blake3: Some(self.shared.card.content_blake3.clone()),
        };
        save_agent(dir, &record, &values)
    }

    /// Number of values of the agent's parameters.
    pub(super) fn parameter_count(&self) -> usize {
        self.values.iter().map(Vec::len).sum()
    }

    /// Writes the agent, measures it as it was written, and records the numbers.
    ///
    /// # Errors
    /// Among others [`RunError::Interrupted`]: what is left is measured when the run is resumed.
    pub(super) fn finish(&self) -> Result<EvaluationRecord, RunError> {
        self.check_there()?;
        let go_on = || match self.options.interrupted.load(Ordering::Relaxed) {
            true => Err(RunError::Interrupted(self.state.step)),
            false => Ok(()),
        };
        let out = &self.options.out;
        self.save_agent(out, self.state.step, &self.values)?;
        let device = self.options.device.open()?;
        let agent = load_agent(out, &device)?;
        go_on()?;
        let spec = &self.shared.spec;
        let evaluation = &self.shared.config.evaluation;
        let returns_to_go = &evaluation.returns_to_go;
        let greedy = evaluate_greedy(&agent.model, spec, returns_to_go, evaluation.held_out)?;
        let mut sampled = Vec::new();
        for asked in &evaluation.sampled {
            go_on()?;
            let seed = self.options.seed;
            sampled.push(evaluate_sampled(&agent.model, spec, asked, seed)?);
        }
        let (env, device) = (spec.id.clone(), self.options.device.to_string());
        let record = EvaluationRecord::new(env, device, greedy, sampled);
        let text = serde_json::to_string_pretty(&record).expect("a record is plain data");
        write_atomic(&out.join("eval.json"), (text + "\n").as_bytes())?;
        Ok(record)
    }

    /// Writes the seconds of each stage.
    pub(super) fn write_stages(&self) -> Result<(), RunError> {
        let mut timing = JsonLines::open(&self.options.out.join("timing.jsonl"), None)?;
        for (stage, seconds) in &self.seconds {
            timing.push(&TimingLine::Stage {
                stage: stage.name().to_owned(),
                seconds: *seconds,
            })?;
        }
        Ok(())
    }
}
