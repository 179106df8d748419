//! A training step on libtorch.

use rayon::prelude::*;
use tch::{Kind, Tensor};

use super::batch::{Inputs, TableRows};
use super::forward::Forward;
use super::weights::{Weights, flatten, host};
use crate::batch::TrainBatch;
use crate::device::libtorch::{Shared, below};
use crate::device::{is_gpu, is_libtorch};
use crate::model::{Model, ParamSpec, TimeEmbedding};
use crate::optim::{Moments, OptimizerConfig};

/// Parameters, optimiser and what a step needs, on one of libtorch's devices.
pub(crate) struct Engine {
    weights: Weights,
    leaves: Vec<Shared>,
    item_frequency: Option<Shared>,
    optimizer: OptimizerConfig,
    gpu: bool,
    /// Sum of each agent's mean losses since they were last read, `[agents]`; still on the device,
    /// so that the host need not wait.
    loss: Option<Shared>,
    norm: Option<Shared>,
}

/// What a micro-batch comes to.
pub(super) struct Gradients {
    /// `[agents]`
    pub(super) loss: Tensor,
    /// `[agents, parameters]`
    pub(super) flat: Tensor,
}

/// Numbers of each agent, as they have been read.
pub(crate) struct Reading {
    /// Sum of the steps' mean losses since the last reading.
    pub(crate) loss_sum: Vec<f64>,
    /// Gradient's global norm at the last step.
    pub(crate) grad_norm: Vec<f64>,
}

impl Engine {
    /// Takes over the parameters of a model on a device of libtorch's; they become views of the
    /// engine's. Elsewhere there is no engine.
    pub(crate) fn new(model: &mut Model, optimizer: OptimizerConfig) -> Option<Self> {
        if !is_libtorch(&model.params()[0].device()) {
            return None;
        }
        let gpu = is_gpu(&model.params()[0].device());
        if !gpu {
            // Cores work on micro-batches: a model this small has too little for two in one
            // operation.
            tch::set_num_threads(1);
        }
        let weights = Weights::take(model, &optimizer);
        Some(Self {
            leaves: weights.leaves(model.specs()),
            weights,
            item_frequency: model.item_frequency.as_ref().map(|f| Shared::new(below(f))),
            optimizer,
            gpu,
            loss: None,
            norm: None,
        })
    }

    /// One step; `totals` is the number of tokens that each agent's batch weighs.
    pub(crate) fn step(
        &mut self,
        model: &Model,
        batches: &[TrainBatch],
        totals: &[f32],
        factor: f64,
    ) {
        let gradients = |batch| self.gradients(model, batch, totals);
        let parts: Vec<Gradients> = match self.gpu {
            true => batches.iter().map(gradients).collect(),
            // Longest micro-batches last in the list; started first, so that cores end together.
            false => {
                let parts = batches.par_iter().rev().with_max_len(1).map(gradients);
                let mut parts: Vec<Gradients> = parts.collect();
                parts.reverse();
                parts
            }
        };
        let add = |mut sum: Gradients, part: Gradients| {
            sum.loss += part.loss;
            sum.flat += part.flat;
            sum
        };
        let sum = parts.into_iter().reduce(add);
        let Gradients { loss, flat } = sum.expect("at least one micro-batch");
        let norm = self.weights.update(flat, &self.optimizer, factor);
        self.norm = Some(Shared::new(norm));
        self.loss = Some(Shared::new(match self.loss.take() {
            None => loss,
            Some(before) => &*before + loss,
        }));
    }

    /// Each agent's share of its mean loss, and the gradients of their sum.
    pub(super) fn gradients(&self, model: &Model, batch: &TrainBatch, totals: &[f32]) -> Gradients {
        let rows = |index: usize| model.specs()[index].rows as i64;
        let index = &model.index;
        let table = model.config.time_embedding == TimeEmbedding::Embedding;
        let rows = TableRows {
            items: rows(index.state_embedding),
            actions: rows(index.action_embedding),
            times: table.then(|| rows(index.time_embedding)),
        };
        let device = self.leaves[0].device();
        let inputs = Inputs::new(batch, &rows, model.rtg_affine, device);
        let params: Vec<&Tensor> = self.leaves.iter().map(|leaf| &**leaf).collect();
        let forward = Forward {
            config: &model.config,
            index,
            params: &params,
            item_frequency: self.item_frequency.as_deref(),
        };
        let share = Tensor::from_slice(totals).reciprocal().to_device(device);
        let loss = forward.loss(&inputs) * share;
        let root = loss.sum(Kind::Float);
        let grads = Tensor::run_backward(&[&root], &params, false, false);
        Gradients {
            loss: loss.detach(),
            flat: flatten(&grads),
        }
    }

    /// Losses since the last reading; waits for the device.
    pub(crate) fn read(&mut self) -> Option<Reading> {
        let loss = self.loss.take()?;
        let norm = self.norm.take()?;
        let numbers = |tensor: &Tensor| host(tensor).into_iter().map(f64::from).collect();
        Some(Reading {
            loss_sum: numbers(&loss),
            grad_norm: numbers(&norm),
        })
    }

    /// Updates and moments, for a checkpoint; none before the first step.
    pub(crate) fn moments(&self, specs: &[ParamSpec]) -> Option<(usize, Vec<Moments>)> {
        let updates = self.weights.updates;
        (updates > 0).then(|| (updates, self.weights.moments(specs)))
    }

    /// Takes up a state read from a checkpoint.
    pub(crate) fn restore(&mut self, values: &[Vec<f32>], updates: usize, moments: &[Moments]) {
        self.weights.restore(values, moments, updates);
    }
}
