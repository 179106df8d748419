//! The training loop, of one agent or of several that take their steps together.

use std::sync::atomic::Ordering;
use std::time::Instant;

use super::RunError;
use super::agent_run::AgentRun;
use super::data::Prepared;
use super::directory::remove_resume_points;
use super::logs::{MetricLine, TimingLine};
use super::observer::{Observer, Stage};
use super::plan::Plan;
use super::trainer::{StepRecord, Trainer};
use crate::definition::TrainingConfig;
use crate::evaluate::{Greedy, evaluate_greedy_each};

/// Trains all runs that have not come to their end, those at the same step together where their
/// device can.
///
/// # Errors
/// What goes wrong with one stops all; each run can be gone on with.
pub(super) fn train_all(
    plan: &Plan,
    prepared: &Prepared,
    runs: &mut [AgentRun],
    observer: &mut dyn Observer,
) -> Result<(), RunError> {
    let mut waiting: Vec<&mut AgentRun> = runs.iter_mut().filter(|run| !run.finished).collect();
    if !waiting.is_empty() {
        observer.begins(Stage::Training);
    }
    while !waiting.is_empty() {
        let step = waiting[0].state.step;
        let mut group = vec![waiting.remove(0)];
        if plan.options[0].device.trains_together() {
            group.extend(waiting.extract_if(.., |run| run.state.step == step));
        }
        let seeds: Vec<u64> = group.iter().map(|run| run.options.seed).collect();
        let mut trainer = Trainer::new(
            plan.config,
            prepared.shared.sizes,
            prepared.data.clone(),
            prepared.sampler.clone(),
            &prepared.shared.statistics,
            &seeds,
            &plan.device,
        );
        train(&mut trainer, &mut group, observer)?;
    }
    Ok(())
}

/// Trains the agents of a new trainer to the end of their runs, which are in the same order and at
/// the same step.
///
/// # Errors
/// What goes wrong with one stops all; each run can be gone on with.
fn train(
    trainer: &mut Trainer,
    runs: &mut [&mut AgentRun],
    observer: &mut dyn Observer,
) -> Result<(), RunError> {
    restore(trainer, runs);
    for (agent, run) in runs.iter_mut().enumerate() {
        run.open_logs()?;
        if trainer.step_count() == 0 && keeps(&run.shared.config.training, 0) {
            run.keep_weights(trainer, agent)?;
        }
    }
    let clock = Instant::now();
    let mut group = Group {
        active: (0..runs.len()).collect(),
        last_line: (trainer.step_count(), clock),
        trainer,
        runs,
        start: clock,
        last_checkpoint: clock,
    };
    loop {
        group.release()?;
        if group.active.is_empty() {
            return Ok(());
        }
        group.step(observer)?;
    }
}

/// Takes up the states that the runs go on from.
fn restore(trainer: &mut Trainer, runs: &mut [&mut AgentRun]) {
    let Some((mut values, mut moments)) = runs[0].start.take() else {
        return;
    };
    for run in &mut runs[1..] {
        let (more_values, more_moments) = run.start.take().expect("all are at the same step");
        for (all, own) in values.iter_mut().zip(more_values) {
            all.extend(own);
        }
        for (all, own) in moments.iter_mut().zip(more_moments) {
            all.first.extend(own.first);
            all.second.extend(own.second);
        }
    }
    trainer.restore(values, runs[0].state.updates, moments);
    trainer.set_step(runs[0].state.step);
    for (agent, run) in runs.iter().enumerate() {
        let look_backs = run.shared.config.training.look_backs;
        // Otherwise the definition says from where.
        if look_backs.is_some_and(|l| l.after_perfect > 0) {
            trainer.set_look_backs_from(agent, run.state.look_backs_from);
        }
    }
}

/// Agents that train together.
struct Group<'a, 'b, 'c> {
    trainer: &'a mut Trainer,
    runs: &'a mut [&'b mut AgentRun<'c>],
    /// The run of each of the trainer's agents.
    active: Vec<usize>,
    start: Instant,
    /// Step and time of the last line in the logs.
    last_line: (u64, Instant),
    last_checkpoint: Instant,
}

impl Group<'_, '_, '_> {
    fn training(&self) -> &TrainingConfig {
        &self.runs[0].shared.config.training
    }

    /// Whether an agent's training has come to its end.
    fn is_over(&self, agent: usize) -> bool {
        let enough = self.training().stop_after_perfect;
        let in_a_row = self.runs[self.active[agent]].state.perfect_in_a_row;
        self.trainer.step_count() >= self.trainer.last_step(agent)
            || (enough > 0 && in_a_row >= enough)
    }

    /// Ends the runs that are over; the others train on without their agents.
    fn release(&mut self) -> Result<(), RunError> {
        for agent in (0..self.active.len()).rev() {
            if !self.is_over(agent) {
                continue;
            }
            let run = &mut *self.runs[self.active[agent]];
            run.end(self.trainer, agent)?;
            let seconds = self.start.elapsed().as_secs_f64();
            run.seconds.push((Stage::Training, seconds));
            if self.active.len() > 1 {
                self.trainer.release(agent);
            }
            self.active.remove(agent);
        }
        Ok(())
    }

    /// One step, and what is due after it.
    fn step(&mut self, observer: &mut dyn Observer) -> Result<(), RunError> {
        self.trainer.step();
        let options = self.runs[0].options;
        let patience = self.training().checkpoint_seconds;
        let due = self.last_checkpoint.elapsed().as_secs() >= patience;
        let stop = options.interrupted.load(Ordering::Relaxed);
        let step = self.trainer.step_count();
        // A GPU is let run ahead where nothing is asked of it.
        if !(stop || due || self.reads(step)) {
            return Ok(());
        }
        let steps = self.trainer.unread_steps();
        let records = self.trainer.read();
        self.note(&records, steps)?;
        let last_step = (0..self.active.len()).map(|a| self.trainer.last_step(a));
        observer.step(&records, last_step.max().unwrap_or(step));
        let evaluates = step.is_multiple_of(self.training().evaluate_every);
        if evaluates {
            self.evaluate(observer)?;
        }
        for agent in 0..self.active.len() {
            let begin = evaluates && self.look_backs_begin(agent);
            let keep = keeps(self.training(), step);
            let over = self.is_over(agent);
            let run = &mut *self.runs[self.active[agent]];
            if begin {
                // Other shares of look-backs can branch from here.
                run.write_state(&format!("step-{step:06}"), self.trainer, agent)?;
                observer.look_backs_begin(run.options.seed, step);
            } else if keep {
                run.keep_weights(self.trainer, agent)?;
            }
            if (stop || due) && !over {
                let name = format!("resume-{step:06}");
                run.write_state(&name, self.trainer, agent)?;
                let dir = run.options.out.join("checkpoints").join(name);
                remove_resume_points(&run.options.out, Some(&dir))?;
            }
        }
        if due {
            self.last_checkpoint = Instant::now();
        }
        if stop {
            self.release()?;
            if !self.active.is_empty() {
                return Err(RunError::Interrupted(step));
            }
        }
        Ok(())
    }

    /// Adds the numbers of the steps since the last reading to the logs.
    fn note(&mut self, records: &[StepRecord], steps: u64) -> Result<(), RunError> {
        let log_every = self.training().log_every;
        let step = self.trainer.step_count();
        let now = Instant::now();
        let writes = step.is_multiple_of(log_every);
        for (&n, record) in self.active.iter().zip(records) {
            let run = &mut *self.runs[n];
            if !record.loss.is_finite() || !record.grad_norm.is_finite() {
                return Err(RunError::NotFinite {
                    seed: run.options.seed,
                    step,
                    loss: record.loss,
                    learning_rate: record.learning_rate,
                    grad_norm: record.grad_norm,
                });
            }
            run.state.loss_sum += record.loss * steps as f64;
            if writes {
                let line = StepRecord {
                    loss: run.state.loss_sum / log_every as f64,
                    ..*record
                };
                run.state.loss_sum = 0.0;
                run.push_metric(&MetricLine::Step(line))?;
                let elapsed = now.duration_since(self.last_line.1).as_secs_f64();
                run.push_timing(&TimingLine::Step {
                    step,
                    seconds: now.duration_since(self.start).as_secs_f64(),
                    steps_per_second: (step - self.last_line.0) as f64 / elapsed,
                })?;
            }
        }
        if writes {
            self.last_line = (step, now);
        }
        Ok(())
    }

    /// Measures every agent, greedily.
    fn evaluate(&mut self, observer: &mut dyn Observer) -> Result<(), RunError> {
        let shared = self.runs[0].shared;
        let evaluation = &shared.config.evaluation;
        let model = &self.trainer.model;
        let (rtgs, held_out) = (&evaluation.returns_to_go, evaluation.held_out);
        let all = evaluate_greedy_each(model, &shared.spec, rtgs, held_out)?;
        let step = self.trainer.step_count();
        let all: Vec<_> = self.trainer.seeds().zip(all).collect();
        observer.evaluated(step, &all);
        for (&n, (_, greedy)) in self.active.iter().zip(&all) {
            let run = &mut *self.runs[n];
            if greedy.meets(&evaluation.goals) {
                run.state.perfect_in_a_row += 1;
            } else {
                run.state.perfect_in_a_row = 0;
            }
            run.push_metric(&match greedy {
                Greedy::Exact(exact) => MetricLine::Evaluation {
                    step,
                    exact: exact.iter().map(Into::into).collect(),
                },
                Greedy::HeldOut(_, records) => MetricLine::HeldOut {
                    step,
                    held_out: records.clone(),
                },
            })?;
        }
        Ok(())
    }

    /// Whether the goals that an agent's look-backs wait for have just been met often enough; then
    /// they begin.
    fn look_backs_begin(&mut self, agent: usize) -> bool {
        let Some(look_backs) = self.training().look_backs else {
            return false;
        };
        let step = self.trainer.step_count();
        let in_a_row = self.runs[self.active[agent]].state.perfect_in_a_row;
        let begin = self.trainer.look_backs_from(agent).is_none()
            && in_a_row >= look_backs.after_perfect
            && step >= look_backs.from_step;
        if begin {
            self.trainer.set_look_backs_from(agent, Some(step));
        }
        begin
    }

    /// Whether a step's numbers are read before the next one is taken.
    fn reads(&self, step: u64) -> bool {
        let training = self.training();
        let every = [
            self.trainer.read_every(),
            training.log_every,
            training.evaluate_every,
        ];
        every.iter().any(|&every| step.is_multiple_of(every))
            || keeps(training, step)
            || (0..self.active.len()).any(|agent| step >= self.trainer.last_step(agent))
    }
}

/// Whether the weights of a step are kept.
fn keeps(training: &TrainingConfig, step: u64) -> bool {
    training.keep_steps.contains(&step)
        || (training.keep_every > 0 && step.is_multiple_of(training.keep_every))
}
