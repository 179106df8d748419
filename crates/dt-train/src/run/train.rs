//! A whole run: dataset, training, evaluation, files.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use dt_data::Card;
use dt_env::EnvSpec;
use dt_env::config::to_ron;

use super::branch::branch_record;
use super::directory::{BranchRecord, RunRecord, is_finished, remove_resume_points, resume_point};
use super::logs::{JsonLines, MetricLine, TimingLine};
use super::trainer::{StepRecord, Trainer};
use super::{RunError, dataset_for, input_statistics, recipe_of, window_sampler};
use crate::agent::AgentConfig;
use crate::checkpoint::{
    AgentRecord, TrainingState, check_run_dir, create_run_dir, fold, load_state, save_agent,
    save_state, write_atomic, write_dir_atomic,
};
use crate::device::DeviceSpec;
use crate::evaluate::{EvaluationRecord, ExactRecord, evaluate_exact, evaluate_sampled, meets};
use crate::model::{InputStatistics, WorldSizes};

/// Where and how a run is made.
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
    /// A step was taken, of so many.
    fn step(&mut self, _record: &StepRecord, _steps: u64) {}
    /// An exact evaluation during training.
    fn evaluated(&mut self, _step: u64, _exact: &[ExactRecord]) {}
    /// The goals that look-backs wait for are met: they are drawn from this step on.
    fn look_backs_begin(&mut self, _step: u64) {}
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
    let device = options.device.open()?;
    let recipe = recipe_of(config)?;
    let spec = recipe.env_spec()?;
    let branch_from = if options.resume {
        let before = check_same_config(config, options)?;
        before.branched_from.map(|b| PathBuf::from(b.checkpoint))
    } else {
        check_run_dir(&options.out, options.force)?;
        options.branch_from.clone()
    };

    observer.begins(Stage::Dataset);
    let clock = Instant::now();
    let (data, card, dataset_path, made) = dataset_for(&options.datasets, &recipe)?;
    observer.dataset(&card, &dataset_path, made);
    let sizes = WorldSizes {
        view_size: spec.view_size as usize,
        max_steps: spec.max_steps() as usize,
        n_actions: dt_env::Action::COUNT,
    };
    let statistics = input_statistics(&data, &sizes);
    let sampler = window_sampler(config, &data, &spec)?;
    // Checked before anything is written; a resumed run has a state of its own.
    let branch = match &branch_from {
        Some(checkpoint) if !options.resume => Some(branch_record(checkpoint, config, &card)?),
        _ => None,
    };
    let mut seconds = vec![(Stage::Dataset, clock.elapsed().as_secs_f64())];

    let trainer = Trainer::new(
        config,
        sizes,
        data.into(),
        sampler,
        &statistics,
        options.seed,
        &device,
    );
    let mut run = Run {
        config,
        options,
        spec,
        sizes,
        statistics,
        card,
        trainer,
        state: TrainingState::default(),
        branch_from,
        metrics: None,
    };
    if options.resume && is_finished(&options.out) {
        run.restore()?;
    } else {
        if options.resume {
            run.restore()?;
        } else {
            create_run_dir(&options.out, options.force)?;
            run.write_records(&dataset_path, branch)?;
            run.branch()?;
        }
        observer.begins(Stage::Training);
        let clock = Instant::now();
        run.train(observer)?;
        seconds.push((Stage::Training, clock.elapsed().as_secs_f64()));
    }

    observer.begins(Stage::Evaluation);
    let clock = Instant::now();
    let evaluation = run.finish()?;
    seconds.push((Stage::Evaluation, clock.elapsed().as_secs_f64()));
    let mut timing = JsonLines::open(&options.out.join("timing.jsonl"), None)?;
    for (stage, seconds) in &seconds {
        timing.push(&TimingLine::Stage {
            stage: stage.name().to_owned(),
            seconds: *seconds,
        })?;
    }
    let perfect = evaluation
        .exact
        .as_ref()
        .is_some_and(|exact| meets(&config.evaluation.goals, exact));
    Ok(RunSummary {
        dir: options.out.clone(),
        dataset: dataset_path,
        parameters: run.trainer.model.parameter_count(),
        steps: run.trainer.step_count(),
        stopped_early: run.trainer.step_count() < run.trainer.last_step(),
        perfect,
        evaluation,
        seconds,
    })
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

/// A run while it goes on.
struct Run<'a> {
    config: &'a AgentConfig,
    options: &'a RunOptions,
    spec: Arc<EnvSpec>,
    sizes: WorldSizes,
    statistics: InputStatistics,
    card: Card,
    trainer: Trainer,
    state: TrainingState,
    branch_from: Option<PathBuf>,
    metrics: Option<JsonLines>,
}

impl Run<'_> {
    fn write_records(
        &self,
        dataset: &std::path::Path,
        branched_from: Option<BranchRecord>,
    ) -> Result<(), RunError> {
        let out = &self.options.out;
        write_atomic(&out.join("config.ron"), to_ron(self.config).as_bytes())?;
        let record = RunRecord {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            burn: "0.22.1".to_owned(),
            git_commit: RunRecord::git_commit(),
            seed: self.options.seed,
            device: self.options.device.to_string(),
            threads: rayon::current_num_threads(),
            dataset: dataset.display().to_string(),
            dataset_blake3: self.card.content_blake3.clone(),
            branched_from,
        };
        let text = serde_json::to_string_pretty(&record).expect("a record is plain data");
        write_atomic(&out.join("run.json"), (text + "\n").as_bytes())?;
        Ok(())
    }

    /// Takes up the newest state; a run killed before its first one starts anew.
    fn restore(&mut self) -> Result<(), RunError> {
        match resume_point(&self.options.out)? {
            Some(dir) => self.load(&dir),
            None => self.branch(),
        }
    }

    /// Takes up the state that the run branches from, if it does, as a state of its own.
    fn branch(&mut self) -> Result<(), RunError> {
        let Some(checkpoint) = self.branch_from.clone() else {
            return Ok(());
        };
        self.load(&checkpoint)?;
        self.state.metrics_bytes = 0;
        let own = format!("checkpoints/step-{:06}", self.trainer.step_count());
        self.write_state(&self.options.out.join(own))
    }

    fn load(&mut self, dir: &std::path::Path) -> Result<(), RunError> {
        let specs = self.trainer.model.specs().to_vec();
        let (state, values, moments) = load_state(dir, &specs)?;
        self.trainer.restore(values, state.updates, moments);
        self.trainer.set_step(state.step);
        if self.waits_for_goals() {
            self.trainer.set_look_backs_from(state.look_backs_from);
        }
        self.state = state;
        Ok(())
    }

    fn waits_for_goals(&self) -> bool {
        let look_backs = self.config.training.look_backs;
        look_backs.is_some_and(|l| l.after_perfect > 0)
    }

    /// Whether the goals that look-backs wait for have just been met often enough; then they begin.
    fn look_backs_begin(&mut self) -> bool {
        let Some(look_backs) = self.config.training.look_backs else {
            return false;
        };
        let step = self.trainer.step_count();
        let begin = self.trainer.look_backs_from().is_none()
            && self.state.perfect_in_a_row >= look_backs.after_perfect
            && step >= look_backs.from_step;
        if begin {
            self.trainer.set_look_backs_from(Some(step));
        }
        begin
    }

    fn train(&mut self, observer: &mut dyn Observer) -> Result<(), RunError> {
        let out = self.options.out.clone();
        let training = &self.config.training;
        let path = out.join("metrics.jsonl");
        self.metrics = Some(JsonLines::open(&path, Some(self.state.metrics_bytes))?);
        let mut timing = JsonLines::open(&out.join("timing.jsonl"), None)?;
        if self.trainer.step_count() == 0 && self.keeps(0) {
            self.keep_weights()?;
        }
        let start = Instant::now();
        let mut last_line = (self.trainer.step_count(), start);
        let mut last_checkpoint = Instant::now();
        let enough = training.stop_after_perfect;
        let is_over = |run: &Self| {
            run.trainer.step_count() >= run.trainer.last_step()
                || (enough > 0 && run.state.perfect_in_a_row >= enough)
        };
        while !is_over(self) {
            self.trainer.step();
            let due = last_checkpoint.elapsed().as_secs() >= training.checkpoint_seconds;
            let stop = self.options.interrupted.load(Ordering::Relaxed);
            let step = self.trainer.step_count();
            // A GPU is let run ahead where nothing is asked of it.
            if !(stop || due || self.reads(step)) {
                continue;
            }
            let steps = self.trainer.unread_steps();
            let record = self.trainer.read();
            if !record.loss.is_finite() || !record.grad_norm.is_finite() {
                return Err(RunError::NotFinite {
                    step: record.step,
                    loss: record.loss,
                    learning_rate: record.learning_rate,
                    grad_norm: record.grad_norm,
                });
            }
            self.state.loss_sum += record.loss * steps as f64;
            observer.step(&record, self.trainer.last_step());
            if record.step.is_multiple_of(training.log_every) {
                let line = StepRecord {
                    loss: self.state.loss_sum / training.log_every as f64,
                    ..record
                };
                self.state.loss_sum = 0.0;
                self.push_metric(&MetricLine::Step(line))?;
                let now = Instant::now();
                let elapsed = now.duration_since(last_line.1).as_secs_f64();
                timing.push(&TimingLine::Step {
                    step: record.step,
                    seconds: now.duration_since(start).as_secs_f64(),
                    steps_per_second: (record.step - last_line.0) as f64 / elapsed,
                })?;
                last_line = (record.step, now);
            }
            let evaluates = record.step.is_multiple_of(training.evaluate_every);
            if evaluates {
                self.evaluate(observer)?;
            }
            if evaluates && self.look_backs_begin() {
                // Other shares of look-backs can branch from here.
                self.write_state(&out.join(format!("checkpoints/step-{:06}", record.step)))?;
                observer.look_backs_begin(record.step);
            } else if self.keeps(record.step) {
                self.keep_weights()?;
            }
            if (stop || due) && !is_over(self) {
                let dir = out.join(format!("checkpoints/resume-{:06}", record.step));
                self.write_state(&dir)?;
                remove_resume_points(&out, Some(&dir))?;
                last_checkpoint = Instant::now();
            }
            if stop && !is_over(self) {
                return Err(RunError::Interrupted(record.step));
            }
        }
        let last = format!("checkpoints/step-{:06}", self.trainer.step_count());
        self.write_state(&out.join(last))?;
        remove_resume_points(&out, None)?;
        Ok(())
    }

    fn push_metric(&mut self, line: &MetricLine) -> Result<(), RunError> {
        let metrics = self.metrics.as_mut().expect("opened before training");
        metrics.push(line)?;
        self.state.metrics_bytes = metrics.bytes();
        Ok(())
    }

    fn evaluate(&mut self, observer: &mut dyn Observer) -> Result<(), RunError> {
        let evaluation = &self.config.evaluation;
        let asked = &evaluation.returns_to_go;
        let Ok(exact) = evaluate_exact(&self.trainer.model, &self.spec, asked) else {
            return Ok(()); // too many outcomes; the last evaluation says so
        };
        if meets(&evaluation.goals, &exact) {
            self.state.perfect_in_a_row += 1;
        } else {
            self.state.perfect_in_a_row = 0;
        }
        let step = self.trainer.step_count();
        observer.evaluated(step, &exact);
        self.push_metric(&MetricLine::Evaluation {
            step,
            exact: exact.iter().map(Into::into).collect(),
        })
    }

    /// Whether a step's numbers are read before the next one is taken.
    fn reads(&self, step: u64) -> bool {
        let training = &self.config.training;
        [
            self.trainer.read_every(),
            training.log_every,
            training.evaluate_every,
        ]
        .iter()
        .any(|&every| step.is_multiple_of(every))
            || self.keeps(step)
            || step >= self.trainer.last_step()
    }

    fn keeps(&self, step: u64) -> bool {
        let training = &self.config.training;
        training.keep_steps.contains(&step)
            || (training.keep_every > 0 && step.is_multiple_of(training.keep_every))
    }

    fn agent_record(&self, model: crate::model::ModelConfig) -> AgentRecord {
        AgentRecord {
            format: 1,
            name: self.config.name.clone(),
            model,
            trained_with: self.config.model.clone(),
            sizes: self.sizes,
            env: Some((*self.spec).clone()),
            env_id: None,
            step: self.trainer.step_count(),
            seed: Some(self.options.seed),
            dataset_blake3: Some(self.card.content_blake3.clone()),
        }
    }

    fn save_agent(&self, dir: &std::path::Path) -> Result<(), crate::checkpoint::CheckpointError> {
        let values = self.trainer.values();
        let (plain, values) = fold(&self.config.model, &self.sizes, &self.statistics, &values);
        save_agent(dir, &self.agent_record(plain), &values)
    }

    /// Weights alone, for the study of training dynamics.
    fn keep_weights(&self) -> Result<(), RunError> {
        let name = format!("checkpoints/step-{:06}", self.trainer.step_count());
        let dir = self.options.out.join(name);
        Ok(write_dir_atomic(&dir, |dir| self.save_agent(dir))?)
    }

    /// Weights and all that resuming needs.
    fn write_state(&mut self, dir: &std::path::Path) -> Result<(), RunError> {
        let Some((updates, moments)) = self.trainer.moments() else {
            return Ok(()); // before the first step there is nothing to keep
        };
        self.state.step = self.trainer.step_count();
        self.state.updates = updates;
        self.state.look_backs_from = self.trainer.look_backs_from();
        let values = self.trainer.values();
        let specs = self.trainer.model.specs();
        Ok(write_dir_atomic(dir, |dir| {
            self.save_agent(dir)?;
            save_state(dir, &self.state, specs, &values, &moments)
        })?)
    }

    /// Writes the agent, measures it as it was written, and records the numbers.
    fn finish(&self) -> Result<EvaluationRecord, RunError> {
        let out = &self.options.out;
        self.save_agent(out)?;
        let device = self.options.device.open()?;
        let agent = crate::checkpoint::load_agent(out, &device)?;
        let evaluation = &self.config.evaluation;
        let exact = evaluate_exact(&agent.model, &self.spec, &evaluation.returns_to_go);
        let sampled = evaluation
            .sampled
            .iter()
            .map(|s| {
                evaluate_sampled(
                    &agent.model,
                    &self.spec,
                    s.return_to_go,
                    s.temperature,
                    s.episodes,
                    self.options.seed,
                )
            })
            .collect();
        let record = EvaluationRecord {
            env: self.spec.id.clone(),
            device: self.options.device.to_string(),
            exact_missing: exact.as_ref().err().cloned(),
            exact: exact.ok(),
            sampled,
        };
        let text = serde_json::to_string_pretty(&record).expect("a record is plain data");
        write_atomic(&out.join("eval.json"), (text + "\n").as_bytes())?;
        Ok(record)
    }
}
