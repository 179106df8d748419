//! One step of the optimiser after another, in memory.

use dt_env::streams::{Purpose, stream};
use std::sync::Arc;
use std::time::Instant;

use crate::burn::prelude::*;
use serde::{Deserialize, Serialize};

use dt_data::{Dataset, Window, WindowSampler};

use crate::batch::frames::DistinctFrames;
use crate::batch::{Counted, distinct};
use crate::definition::AgentConfig;
use crate::device::{is_gpu, to_host};
use crate::engine::{self, Engine, Host, Reading};
use crate::model::{InputStatistics, Model, WorldSizes, initial_values, param_specs};
use crate::optim::Moments;

/// A line of `metrics.jsonl`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// Steps done, this one included.
    pub step: u64,
    /// Mean negative log-likelihood of the actions, nats.
    pub loss: f64,
    /// Learning rate of the step.
    pub learning_rate: f64,
    /// Global norm of the gradient before clipping.
    pub grad_norm: f64,
}

/// Agents of one definition in training, each with a seed of its own, step by step together.
pub struct Trainer {
    /// The model, whose agents are those in training.
    pub model: Model,
    engine: Box<dyn Engine>,
    config: AgentConfig,
    data: Arc<Dataset>,
    frames: Arc<DistinctFrames>,
    sampler: WindowSampler,
    agents: Vec<AgentInTraining>,
    step: u64,
    /// Steps since the last reading.
    unread_steps: u64,
    /// Learning rate of the last step.
    learning_rate: f64,
    waits_to_read: bool,
}

/// What is an agent's own.
#[derive(Clone, Copy, Debug)]
struct AgentInTraining {
    seed: u64,
    look_backs_from: Option<u64>,
}

impl Trainer {
    /// A trainer at step 0, an agent for each seed, from which its weights are drawn;
    /// [`super::window_sampler`] gives the sampler.
    ///
    /// # Panics
    /// If there are no seeds, or several on a device that trains agents one by one
    /// ([`crate::device::DeviceSpec::trains_together`] tells).
    pub fn new(
        config: &AgentConfig,
        sizes: WorldSizes,
        data: Arc<Dataset>,
        sampler: WindowSampler,
        statistics: &InputStatistics,
        seeds: &[u64],
        device: &Device,
    ) -> Self {
        let mut all: Vec<Vec<f32>> = Vec::new();
        for &seed in seeds {
            let values = first_values(config, &sizes, statistics, seed);
            if all.is_empty() {
                all = values;
            } else {
                for (all, own) in all.iter_mut().zip(values) {
                    all.extend(own);
                }
            }
        }
        let mut model = Model::new(config.model.clone(), sizes, statistics, all, device);
        let frames = Arc::new(DistinctFrames::new(&data));
        let engine = engine::open(&mut model, config, &data, &frames);
        let look_backs_from = config
            .training
            .look_backs
            .filter(|l| l.after_perfect == 0)
            .map(|l| l.from_step);
        let agent = |&seed| AgentInTraining {
            seed,
            look_backs_from,
        };
        Self {
            engine,
            model,
            config: config.clone(),
            frames,
            data,
            sampler,
            agents: seeds.iter().map(agent).collect(),
            step: 0,
            unread_steps: 0,
            learning_rate: 0.0,
            waits_to_read: is_gpu(device),
        }
    }

    /// Seeds of the agents in training.
    pub fn seeds(&self) -> impl Iterator<Item = u64> {
        self.agents.iter().map(|agent| agent.seed)
    }

    /// Steps done.
    pub fn step_count(&self) -> u64 {
        self.step
    }

    /// Continues from a step whose state has been restored.
    pub fn set_step(&mut self, step: u64) {
        self.step = step;
    }

    /// Step from which an agent's look-backs are drawn; none while the goals that they wait for
    /// are not met.
    pub fn look_backs_from(&self, agent: usize) -> Option<u64> {
        self.agents[agent].look_backs_from
    }

    /// Draws look-backs from here on.
    pub fn set_look_backs_from(&mut self, agent: usize, step: Option<u64>) {
        self.agents[agent].look_backs_from = step;
    }

    /// Step at which an agent's training ends at the latest.
    pub fn last_step(&self, agent: usize) -> u64 {
        let training = &self.config.training;
        match (training.look_backs, self.agents[agent].look_backs_from) {
            (Some(look_backs), Some(from)) if look_backs.steps > 0 => {
                from.saturating_add(look_backs.steps)
            }
            _ => training.steps,
        }
    }

    /// The windows of each agent at the step that comes next.
    fn next_windows(&self) -> Vec<Vec<Window>> {
        self.agents.iter().map(|a| self.draw_windows(a)).collect()
    }

    /// The same without repetitions.
    fn next_distinct_windows(&self) -> Vec<Vec<Counted>> {
        let windows = self.next_windows();
        let own = |w: &Vec<Window>| distinct(&self.data, &self.frames, w);
        windows.iter().map(own).collect()
    }

    /// A function of seed, step and the step from which look-backs are drawn.
    fn draw_windows(&self, agent: &AgentInTraining) -> Vec<Window> {
        let mut rng = stream(agent.seed, Purpose::Batch, self.step);
        let draw = |_| match self.config.training.look_backs {
            None => self.sampler.draw(&mut rng),
            Some(look_backs) => {
                let begun = agent.look_backs_from.is_some_and(|from| self.step >= from);
                let share = if begun { look_backs.share } else { 0.0 };
                self.sampler.draw_telling(share, &mut rng)
            }
        };
        (0..self.config.training.batch_size).map(draw).collect()
    }

    /// One step.
    pub fn step(&mut self) {
        let windows = self.next_distinct_windows();
        let training = &self.config.training;
        let schedule = &self.config.optimizer.schedule;
        let factor = schedule.factor(self.step, training.steps);
        self.learning_rate = self.config.optimizer.learning_rate * factor;
        self.unread_steps += 1;
        self.step += 1;
        let micro_batches = training.micro_batches;
        self.engine
            .step(&mut self.model, &windows, micro_batches, factor);
    }

    /// What has happened since the last reading, for each agent: the mean loss, and the gradient's
    /// norm at the last step. On a GPU the host waits here, and nowhere else.
    ///
    /// # Panics
    /// If there was no step since.
    pub fn read(&mut self) -> Vec<StepRecord> {
        let reading = self.engine.read();
        let Reading {
            loss_sum,
            grad_norm,
        } = reading.expect("a step comes before its reading");
        let steps = std::mem::take(&mut self.unread_steps) as f64;
        let record = |(loss_sum, grad_norm): (f64, f64)| StepRecord {
            step: self.step,
            loss: loss_sum / steps,
            learning_rate: self.learning_rate,
            grad_norm,
        };
        loss_sum.into_iter().zip(grad_norm).map(record).collect()
    }

    /// Takes an agent out; those after it move up.
    ///
    /// # Panics
    /// If it is the only one, or steps have not been read.
    pub fn release(&mut self, agent: usize) {
        assert!(self.agents.len() > 1 && self.unread_steps == 0);
        self.engine.release(&mut self.model, agent);
        self.agents.remove(agent);
    }

    /// Steps since the last reading.
    pub fn unread_steps(&self) -> u64 {
        self.unread_steps
    }

    /// Steps between readings: every step on the host, where reading costs nothing.
    pub fn read_every(&self) -> u64 {
        if self.waits_to_read {
            self.config.training.log_every
        } else {
            1
        }
    }

    /// Moments of every parameter of an agent, and the number of updates they have seen; none
    /// before the first step.
    pub fn moments(&self, agent: usize) -> Option<(usize, Vec<Moments>)> {
        self.engine.moments(self.model.specs(), agent)
    }

    /// Takes up parameters and moments read from checkpoints of the same step; those of all agents
    /// follow each other.
    pub fn restore(&mut self, values: Vec<Vec<f32>>, updates: usize, moments: Vec<Moments>) {
        self.engine
            .restore(&mut self.model, values, updates, moments);
    }

    /// Tokens of the windows of the step that comes next, filling left out: as they were drawn, and
    /// those that are computed.
    pub(crate) fn next_token_counts(&self) -> [usize; 2] {
        let windows = self.next_distinct_windows();
        let tokens = |w: &Counted| 3 * w.window.length - 1;
        let drawn = windows.iter().flatten();
        [
            drawn.map(|w| tokens(w) * w.count as usize).sum(),
            windows.iter().flatten().map(tokens).sum(),
        ]
    }

    /// From here on, burn's own operations instead of fused ones and libtorch's autograd.
    pub(crate) fn decompose(&mut self) {
        self.model.host = false;
        let (data, frames) = (self.data.clone(), self.frames.clone());
        let optimizer = self.config.optimizer;
        self.engine = Box::new(Host::new(&self.model, optimizer, data, frames));
    }

    /// One step with everything in sequence, where the engine can: seconds of its parts.
    pub(crate) fn step_in_phases(&mut self) -> Vec<(&'static str, f64)> {
        let clock = Instant::now();
        let windows = self.next_distinct_windows();
        let drawing = clock.elapsed().as_secs_f64();
        let micro_batches = self.config.training.micro_batches;
        self.step += 1;
        let mut phases = self
            .engine
            .step_in_phases(&mut self.model, &windows, micro_batches);
        match phases.iter_mut().find(|(name, _)| *name == "batch") {
            Some((_, seconds)) => *seconds += drawing,
            None => phases.insert(0, ("batch", drawing)),
        }
        phases
    }

    /// Parameter values of an agent on the host, in memory order.
    pub fn values(&self, agent: usize) -> Vec<Vec<f32>> {
        let model = self.model.agent(agent);
        model.params().iter().map(to_host).collect()
    }
}

/// Weights that training begins with.
fn first_values(
    config: &AgentConfig,
    sizes: &WorldSizes,
    statistics: &InputStatistics,
    seed: u64,
) -> Vec<Vec<f32>> {
    let (specs, index) = param_specs(&config.model, sizes);
    let mut values = initial_values(&specs, config.model.initial_std, seed);
    if let Some(bias) = index.state_bias {
        let d = config.model.d_model;
        let table = &values[index.state_embedding];
        let mut mean = vec![0.0_f64; d];
        for (row, &frequency) in table.chunks_exact(d).zip(&statistics.item_frequency) {
            for (sum, &v) in mean.iter_mut().zip(row) {
                *sum += f64::from(frequency) * f64::from(v);
            }
        }
        values[bias] = mean.iter().map(|&m| -m as f32).collect();
    }
    values
}

#[cfg(all(test, feature = "libtorch", feature = "flex"))]
mod tests;
