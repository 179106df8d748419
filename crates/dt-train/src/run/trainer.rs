//! One step of the optimiser after another, in memory.

use std::sync::Arc;
use std::time::Instant;

use burn::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use dt_data::{Dataset, Window, WindowSampler};

use crate::agent::{AgentConfig, LookBackConfig};
use crate::batch::{TrainBatch, micro_batches};
use crate::loss::negative_log_likelihood;
use crate::model::{InputStatistics, Model, NoHooks, WorldSizes, initial_values, param_specs};
use crate::optim::{Optimizer, to_host};

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
    /// The optimiser and its state.
    pub optimizer: Optimizer,
    config: AgentConfig,
    sizes: WorldSizes,
    data: Arc<Dataset>,
    sampler: WindowSampler,
    seed: u64,
    step: u64,
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
        let model = Model::new(config.model.clone(), sizes, statistics, values, device);
        Self {
            optimizer: Optimizer::new(config.optimizer, &model),
            model,
            config: config.clone(),
            sizes,
            data,
            sampler,
            seed,
            step: 0,
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

    /// The windows of the step that comes next; a function of seed and step alone.
    fn next_windows(&self) -> Vec<Window> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(BATCH_STREAM << 48 | self.step);
        let draw = |_| match self.config.training.look_backs {
            None => self.sampler.draw(&mut rng),
            Some(LookBackConfig { share, from_step }) => {
                let share = if self.step < from_step { 0.0 } else { share };
                self.sampler.draw_telling(share, &mut rng)
            }
        };
        (0..self.config.training.batch_size).map(draw).collect()
    }

    /// One step. Micro-batches go to the cores of rayon's pool; gradients are added in order, so
    /// the result is the same for any number of threads.
    pub fn step(&mut self) -> StepRecord {
        let training = &self.config.training;
        let batches = micro_batches(
            &self.data,
            &self.next_windows(),
            training.micro_batches,
            &self.config.model,
            &self.sizes,
        );
        let total: f32 = batches.iter().flat_map(|b| &b.weights).sum();
        // Longest micro-batches last in the list; started first, so that cores end together.
        let mut parts: Vec<(f64, Vec<Tensor<3>>)> = batches
            .par_iter()
            .rev()
            .with_max_len(1)
            .map(|batch| gradients(&self.model, batch, total))
            .collect();
        parts.reverse();
        let loss = parts.iter().map(|p| p.0).sum::<f64>() / f64::from(total);
        let mut parts = parts.into_iter().map(|p| p.1);
        let mut grads = parts.next().expect("at least one micro-batch");
        for part in parts {
            grads = grads
                .into_par_iter()
                .zip(part)
                .map(|(sum, grad)| sum + grad)
                .collect();
        }
        let factor = self
            .config
            .optimizer
            .schedule
            .factor(self.step, training.steps);
        let norms = self.optimizer.step(&mut self.model, grads, factor);
        self.step += 1;
        StepRecord {
            step: self.step,
            loss,
            learning_rate: self.config.optimizer.learning_rate * factor,
            grad_norm: norms[0],
        }
    }

    /// Tokens of the windows of the step that comes next, filling left out.
    pub(crate) fn next_token_count(&self) -> usize {
        let windows = self.next_windows();
        windows.iter().map(|w| 3 * w.length - 1).sum()
    }

    /// One step with everything in sequence on this thread; seconds of batch building, forward
    /// passes, backward passes and the update.
    pub(crate) fn step_in_phases(&mut self) -> [f64; 4] {
        let mut seconds = [0.0; 4];
        let clock = Instant::now();
        let batches = micro_batches(
            &self.data,
            &self.next_windows(),
            self.config.training.micro_batches,
            &self.config.model,
            &self.sizes,
        );
        seconds[0] = clock.elapsed().as_secs_f64();
        let total: f32 = batches.iter().flat_map(|b| &b.weights).sum();
        let mut sum: Option<Vec<Tensor<3>>> = None;
        for batch in &batches {
            let clock = Instant::now();
            let (tracked, loss) = forward(&self.model, batch);
            seconds[1] += clock.elapsed().as_secs_f64();
            let clock = Instant::now();
            let grads = backward(&tracked, &loss, total);
            sum = Some(match sum {
                None => grads,
                Some(sum) => sum.into_iter().zip(grads).map(|(a, b)| a + b).collect(),
            });
            seconds[2] += clock.elapsed().as_secs_f64();
        }
        let clock = Instant::now();
        let grads = sum.expect("at least one micro-batch");
        self.optimizer.step(&mut self.model, grads, 1.0);
        self.step += 1;
        seconds[3] = clock.elapsed().as_secs_f64();
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
