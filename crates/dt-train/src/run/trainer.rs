//! One step of the optimiser after another, in memory.

use dt_env::streams::{Purpose, stream};
use std::sync::Arc;
use std::time::Instant;

use crate::burn::prelude::*;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use dt_data::{Dataset, Window, WindowSampler};

use crate::batch::frames::DistinctFrames;
use crate::batch::{Counted, TrainBatch, by_length, distinct, total, train_batch};
use crate::definition::AgentConfig;
use crate::device::is_gpu;
use crate::engine::libtorch::Engine;
use crate::model::{
    InputStatistics, Model, NoHooks, WorldSizes, initial_values, param_specs, upload,
};
use crate::objective::imitation::negative_log_likelihood;
use crate::optim::{Moments, Optimizer, to_host};

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
    optimizer: Optimizer,
    /// Takes the steps where the device is libtorch's.
    engine: Option<Engine>,
    config: AgentConfig,
    sizes: WorldSizes,
    data: Arc<Dataset>,
    frames: Arc<DistinctFrames>,
    sampler: WindowSampler,
    agents: Vec<AgentInTraining>,
    step: u64,
    unread: Unread,
    waits_to_read: bool,
}

/// What is an agent's own.
#[derive(Clone, Copy, Debug)]
struct AgentInTraining {
    seed: u64,
    look_backs_from: Option<u64>,
}

/// Numbers of the steps since the last reading; the lists have an entry for each agent.
#[derive(Default)]
struct Unread {
    steps: u64,
    learning_rate: f64,
    loss_sum: Vec<f64>,
    grad_norm: Vec<f64>,
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
        let engine = Engine::new(
            &mut model,
            config.optimizer,
            config.training.precision,
            &data,
            &frames,
        );
        assert!(seeds.len() == 1 || engine.is_some());
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
            optimizer: Optimizer::new(config.optimizer, &model),
            engine,
            model,
            config: config.clone(),
            sizes,
            frames,
            data,
            sampler,
            agents: seeds.iter().map(agent).collect(),
            step: 0,
            unread: Unread::default(),
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
            (Some(look_backs), Some(from)) if look_backs.steps > 0 => from + look_backs.steps,
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

    /// One step. On the host, micro-batches go to the cores of rayon's pool; gradients are added
    /// in order, so the result is the same for any number of threads.
    pub fn step(&mut self) {
        let windows = self.next_distinct_windows();
        let training = &self.config.training;
        let schedule = &self.config.optimizer.schedule;
        let factor = schedule.factor(self.step, training.steps);
        self.unread.learning_rate = self.config.optimizer.learning_rate * factor;
        self.unread.steps += 1;
        self.step += 1;
        if let Some(engine) = &mut self.engine {
            engine.step(&self.model, &windows, training.micro_batches, factor);
            return;
        }
        let [windows] = &windows[..] else {
            unreachable!("checked when the trainer was made");
        };
        let total = total(windows);
        // Longest micro-batches last in the list; started first, so that cores end together.
        let mut parts: Vec<(f64, Vec<Tensor<3>>)> = by_length(windows, training.micro_batches)
            .par_iter()
            .rev()
            .with_max_len(1)
            .map(|windows| gradients(&self.model, &self.train_batch(windows), total))
            .collect();
        parts.reverse();
        let loss = parts.iter().map(|p| p.0).sum::<f64>() / f64::from(total);
        match &mut self.unread.loss_sum[..] {
            [sum] => *sum += loss,
            _ => self.unread.loss_sum = vec![loss],
        }
        let mut parts = parts.into_iter().map(|p| p.1);
        let mut grads = parts.next().expect("at least one micro-batch");
        for part in parts {
            grads = grads
                .into_par_iter()
                .zip(part)
                .map(|(sum, grad)| sum + grad)
                .collect();
        }
        self.unread.grad_norm = self.optimizer.step(&mut self.model, grads, factor);
    }

    fn train_batch(&self, windows: &[Counted]) -> TrainBatch {
        let (data, frames) = (&self.data, &self.frames);
        train_batch(data, frames, windows, &self.config.model, &self.sizes)
    }

    /// What has happened since the last reading, for each agent: the mean loss, and the gradient's
    /// norm at the last step. On a GPU the host waits here, and nowhere else.
    ///
    /// # Panics
    /// If there was no step since.
    pub fn read(&mut self) -> Vec<StepRecord> {
        if let Some(reading) = self.engine.as_mut().and_then(Engine::read) {
            self.unread.loss_sum = reading.loss_sum;
            self.unread.grad_norm = reading.grad_norm;
        }
        let unread = std::mem::take(&mut self.unread);
        assert!(unread.steps > 0, "a step comes before its reading");
        let numbers = unread.loss_sum.iter().zip(unread.grad_norm);
        let record = |(loss_sum, grad_norm): (&f64, f64)| StepRecord {
            step: self.step,
            loss: loss_sum / unread.steps as f64,
            learning_rate: unread.learning_rate,
            grad_norm,
        };
        numbers.map(record).collect()
    }

    /// Takes an agent out; those after it move up.
    ///
    /// # Panics
    /// If it is the only one, or steps have not been read.
    pub fn release(&mut self, agent: usize) {
        assert!(self.agents.len() > 1 && self.unread.steps == 0);
        let engine = self.engine.as_mut().expect("several agents have one");
        engine.release(&mut self.model, agent);
        self.agents.remove(agent);
    }

    /// Steps since the last reading.
    pub fn unread_steps(&self) -> u64 {
        self.unread.steps
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
        if let Some(engine) = &self.engine {
            return engine.moments(self.model.specs(), agent);
        }
        self.optimizer.moments()
    }

    /// Takes up parameters and moments read from checkpoints of the same step; those of all agents
    /// follow each other.
    pub fn restore(&mut self, values: Vec<Vec<f32>>, updates: usize, moments: Vec<Moments>) {
        if let Some(engine) = &mut self.engine {
            engine.restore(self.model.specs(), &values, updates, &moments);
            return;
        }
        let specs = self.model.specs().to_vec();
        let device = self.model.params()[0].device();
        let params = specs
            .iter()
            .zip(values)
            .map(|(spec, values)| upload(spec, values, &device))
            .collect();
        self.model.set_params(params);
        self.optimizer.restore(updates, moments, &specs, &device);
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
        self.engine = None;
    }

    /// One step with everything in sequence on this thread: seconds of its parts.
    pub(crate) fn step_in_phases(&mut self) -> Vec<(&'static str, f64)> {
        let mut seconds: Vec<(&str, f64)> = Vec::new();
        let mut add = |name: &'static str, from: Instant| {
            let elapsed = from.elapsed().as_secs_f64();
            match seconds.iter_mut().find(|(other, _)| *other == name) {
                Some((_, sum)) => *sum += elapsed,
                None => seconds.push((name, elapsed)),
            }
        };
        let clock = Instant::now();
        let windows = self.next_distinct_windows();
        let micro_batches = self.config.training.micro_batches;
        self.step += 1;
        if let Some(engine) = &mut self.engine {
            add("batch", clock);
            let clock = Instant::now();
            engine.step(&self.model, &windows, micro_batches, 1.0);
            engine.read();
            add("libtorch", clock);
            return seconds;
        }
        let divided = by_length(&windows[0], micro_batches);
        let batches: Vec<TrainBatch> = divided.iter().map(|w| self.train_batch(w)).collect();
        add("batch", clock);
        let total = total(&windows[0]);
        let mut sum: Option<Vec<Tensor<3>>> = None;
        for batch in &batches {
            let clock = Instant::now();
            let (tracked, loss) = forward(&self.model, batch);
            add("forward", clock);
            let clock = Instant::now();
            let grads = backward(&tracked, &loss, total);
            sum = Some(match sum {
                None => grads,
                Some(sum) => sum.into_iter().zip(grads).map(|(a, b)| a + b).collect(),
            });
            add("backward", clock);
        }
        let clock = Instant::now();
        let grads = sum.expect("at least one micro-batch");
        self.optimizer.step(&mut self.model, grads, 1.0);
        add("optimizer", clock);
        seconds
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

/// Summed loss of a micro-batch, and the gradients of its share of the mean loss.
fn gradients(model: &Model, batch: &TrainBatch, total: f32) -> (f64, Vec<Tensor<3>>) {
    let (tracked, loss) = forward(model, batch);
    let grads = backward(&tracked, &loss, total);
    (f64::from(loss.into_scalar::<f32>()), grads)
}

fn forward(model: &Model, batch: &TrainBatch) -> (Model, Tensor<1>) {
    let tracked = model.tracked();
    let logits = tracked.forward(&batch.tokens, &mut NoHooks);
    let loss = negative_log_likelihood(logits, batch);
    (tracked, loss)
}

fn backward(tracked: &Model, loss: &Tensor<1>, total: f32) -> Vec<Tensor<3>> {
    let mut grads = (loss.clone() / total).backward();
    let params = tracked.params().iter();
    params
        .map(|param| {
            // A parameter that this batch does not reach has no gradient.
            param
                .grad_remove(&mut grads)
                .unwrap_or_else(|| Tensor::zeros(param.dims(), &param.device().inner()))
        })
        .collect()
}
