//! One step of the optimiser after another, in memory.

use std::sync::Arc;
use std::time::Instant;

use burn::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use dt_data::{Dataset, Window, WindowSampler};

use crate::agent::AgentConfig;
use crate::batch::{TrainBatch, micro_batches};
use crate::device::is_gpu;
use crate::libtorch::Engine;
use crate::loss::negative_log_likelihood;
use crate::model::{
    InputStatistics, Model, NoHooks, WorldSizes, initial_values, param_specs, upload,
};
use crate::optim::{Moments, Optimizer, to_host};

/// Streams of a run's root seed, one per purpose.
const BATCH_STREAM: u64 = 1;

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

/// A model in training.
pub struct Trainer {
    /// The model.
    pub model: Model,
    optimizer: Optimizer,
    /// Takes the steps where the device is libtorch's.
    engine: Option<Engine>,
    config: AgentConfig,
    sizes: WorldSizes,
    data: Arc<Dataset>,
    sampler: WindowSampler,
    seed: u64,
    step: u64,
    look_backs_from: Option<u64>,
    unread: Unread,
    waits_to_read: bool,
}

/// Numbers of the steps since the last reading.
#[derive(Default)]
struct Unread {
    steps: u64,
    loss_sum: f64,
    learning_rate: f64,
    grad_norm: f64,
}

impl Trainer {
    /// A trainer at step 0, weights drawn from `seed`; [`super::window_sampler`] gives the sampler.
    pub fn new(
        config: &AgentConfig,
        sizes: WorldSizes,
        data: Arc<Dataset>,
        sampler: WindowSampler,
        statistics: &InputStatistics,
        seed: u64,
        device: &Device,
    ) -> Self {
        let (specs, index) = param_specs(&config.model, &sizes);
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
        let mut model = Model::new(config.model.clone(), sizes, statistics, values, device);
        Self {
            optimizer: Optimizer::new(config.optimizer, &model),
            engine: Engine::new(&mut model, config.optimizer),
            model,
            config: config.clone(),
            sizes,
            data,
            sampler,
            seed,
            step: 0,
            look_backs_from: config
                .training
                .look_backs
                .filter(|l| l.after_perfect == 0)
                .map(|l| l.from_step),
            unread: Unread::default(),
            waits_to_read: is_gpu(device),
        }
    }

    /// Steps done.
    pub fn step_count(&self) -> u64 {
        self.step
    }

    /// Continues from a step whose state has been restored.
    pub fn set_step(&mut self, step: u64) {
        self.step = step;
    }

    /// Step from which look-backs are drawn; none while the goals that they wait for are not met.
    pub fn look_backs_from(&self) -> Option<u64> {
        self.look_backs_from
    }

    /// Draws look-backs from here on.
    pub fn set_look_backs_from(&mut self, step: Option<u64>) {
        self.look_backs_from = step;
    }

    /// Step at which training ends at the latest.
    pub fn last_step(&self) -> u64 {
        let training = &self.config.training;
        match (training.look_backs, self.look_backs_from) {
            (Some(look_backs), Some(from)) if look_backs.steps > 0 => from + look_backs.steps,
            _ => training.steps,
        }
    }

    /// The windows of the step that comes next; a function of seed, step and the step from which
    /// look-backs are drawn.
    fn next_windows(&self) -> Vec<Window> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(BATCH_STREAM << 48 | self.step);
        let draw = |_| match self.config.training.look_backs {
            None => self.sampler.draw(&mut rng),
            Some(look_backs) => {
                let begun = self.look_backs_from.is_some_and(|from| self.step >= from);
                let share = if begun { look_backs.share } else { 0.0 };
                self.sampler.draw_telling(share, &mut rng)
            }
        };
        (0..self.config.training.batch_size).map(draw).collect()
    }

    /// One step. On the host, micro-batches go to the cores of rayon's pool; gradients are added
    /// in order, so the result is the same for any number of threads.
    pub fn step(&mut self) {
        let training = &self.config.training;
        let batches = micro_batches(
            &self.data,
            &self.next_windows(),
            training.micro_batches,
            &self.config.model,
            &self.sizes,
        );
        let schedule = &self.config.optimizer.schedule;
        let factor = schedule.factor(self.step, training.steps);
        let total: f32 = batches.iter().flat_map(|b| &b.weights).sum();
        self.unread.learning_rate = self.config.optimizer.learning_rate * factor;
        self.unread.steps += 1;
        self.step += 1;
        if let Some(engine) = &mut self.engine {
            engine.step(&self.model, &batches, &[total], factor);
            return;
        }
        // Longest micro-batches last in the list; started first, so that cores end together.
        let mut parts: Vec<(f64, Vec<Tensor<3>>)> = batches
            .par_iter()
            .rev()
            .with_max_len(1)
            .map(|batch| gradients(&self.model, batch, total))
            .collect();
        parts.reverse();
        self.unread.loss_sum += parts.iter().map(|p| p.0).sum::<f64>() / f64::from(total);
        let mut parts = parts.into_iter().map(|p| p.1);
        let mut grads = parts.next().expect("at least one micro-batch");
        for part in parts {
            grads = grads
                .into_par_iter()
                .zip(part)
                .map(|(sum, grad)| sum + grad)
                .collect();
        }
        self.unread.grad_norm = self.optimizer.step(&mut self.model, grads, factor)[0];
    }

    /// What has happened since the last reading: the mean loss, and the gradient's norm at the
    /// last step. On a GPU the host waits here, and nowhere else.
    ///
    /// # Panics
    /// If there was no step since.
    pub fn read(&mut self) -> StepRecord {
        if let Some(reading) = self.engine.as_mut().and_then(Engine::read) {
            self.unread.loss_sum = reading.loss_sum[0];
            self.unread.grad_norm = reading.grad_norm[0];
        }
        let unread = std::mem::take(&mut self.unread);
        assert!(unread.steps > 0, "a step comes before its reading");
        StepRecord {
            step: self.step,
            loss: unread.loss_sum / unread.steps as f64,
            learning_rate: unread.learning_rate,
            grad_norm: unread.grad_norm,
        }
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

    /// Moments of every parameter, and the number of updates they have seen; none before the
    /// first step.
    pub fn moments(&self) -> Option<(usize, Vec<Moments>)> {
        if let Some(engine) = &self.engine {
            return engine.moments(self.model.specs());
        }
        self.optimizer.moments()
    }

    /// Takes up parameters and moments read from a checkpoint.
    pub fn restore(&mut self, values: Vec<Vec<f32>>, updates: usize, moments: Vec<Moments>) {
        if let Some(engine) = &mut self.engine {
            engine.restore(&values, updates, &moments);
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

    /// Tokens of the windows of the step that comes next, filling left out.
    pub(crate) fn next_token_count(&self) -> usize {
        let windows = self.next_windows();
        windows.iter().map(|w| 3 * w.length - 1).sum()
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
        let batches = micro_batches(
            &self.data,
            &self.next_windows(),
            self.config.training.micro_batches,
            &self.config.model,
            &self.sizes,
        );
        add("batch", clock);
        let total: f32 = batches.iter().flat_map(|b| &b.weights).sum();
        self.step += 1;
        if let Some(engine) = &mut self.engine {
            let clock = Instant::now();
            engine.step(&self.model, &batches, &[total], 1.0);
            engine.read();
            add("libtorch", clock);
            return seconds;
        }
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

    /// Parameter values on the host, in memory order.
    pub fn values(&self) -> Vec<Vec<f32>> {
        self.model.params().iter().map(to_host).collect()
    }
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
