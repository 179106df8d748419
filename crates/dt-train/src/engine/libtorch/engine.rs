//! A training step on libtorch.

use std::sync::Arc;
use std::time::Instant;

use dt_data::Dataset;
use rayon::prelude::*;
use tch::{Device, Kind, Tensor};

use super::data::{Data, put};
use super::division::divide;
use super::forward::Forward;
use super::weights::{Weights, flatten, host};
use super::windows::Inputs;
use crate::batch::frames::DistinctFrames;
use crate::batch::{Counted, total};
use crate::definition::Precision;
use crate::device::libtorch::{Shared, below};
use crate::device::{is_gpu, is_libtorch};
use crate::engine::{Engine, Reading};
use crate::model::{Model, ParamSpec};
use crate::optim::{Moments, OptimizerConfig};

/// Parameters, optimiser, data and what a step needs, on one of libtorch's devices.
pub(crate) struct Libtorch {
    pub(super) data: Data,
    pub(super) weights: Weights,
    leaves: Vec<Shared>,
    item_frequency: Option<Shared>,
    /// What state tokens see of all, `[timesteps, context]`: 0, or -inf.
    state_mask: Shared,
    optimizer: OptimizerConfig,
    precision: Precision,
    gpu: bool,
    /// Sum of each agent's mean losses since they were last read, `[agents]`; still on the device,
    /// so that the host need not wait.
    loss: Option<Shared>,
    norm: Option<Shared>,
}

/// Windows for which another pass is worth its operations on the host, if cores have enough without
/// it: fewer take less time together, more stay in the caches.
const WORTH_A_PASS: usize = 32;

/// What a micro-batch comes to.
pub(super) struct Gradients {
    /// `[agents]`
    pub(super) loss: Tensor,
    /// `[agents, values]` of each section of the weights' layout.
    pub(super) flat: Vec<Tensor>,
}

impl Libtorch {
    /// Takes over the parameters of a model on a device of libtorch's; they become views of the
    /// engine's. Elsewhere there is no engine.
    pub(crate) fn new(
        model: &mut Model,
        optimizer: OptimizerConfig,
        precision: Precision,
        data: &Dataset,
        frames: &Arc<DistinctFrames>,
    ) -> Option<Self> {
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
        let device = below(&model.params()[0]).device();
        Some(Self {
            data: Data::new(data, frames.clone(), model, device),
            leaves: weights.leaves(precision),
            weights,
            state_mask: Shared::new(state_mask(model.config.n_ctx as i64, precision, device)),
            item_frequency: model.item_frequency.as_ref().map(|f| Shared::new(below(f))),
            optimizer,
            precision,
            gpu,
            loss: None,
            norm: None,
        })
    }

    /// One step on the distinct windows of each agent, in micro-batches for the cores of the host.
    pub(crate) fn step(
        &mut self,
        model: &Model,
        windows: &[Vec<Counted>],
        micro_batches: usize,
        factor: f64,
    ) {
        // A GPU is filled by all windows together, and each micro-batch would cost it as many
        // launches again.
        let micro_batches = match self.gpu {
            true => 1,
            false => {
                let most = windows.iter().map(Vec::len).max().unwrap_or(0);
                let cores = rayon::current_num_threads().min(micro_batches);
                (most / WORTH_A_PASS).clamp(cores, micro_batches)
            }
        };
        let divided = divide(windows, micro_batches);
        let totals: Vec<f32> = windows.iter().map(|w| total(w)).collect();
        let gradients = |agents: &Vec<Vec<Counted>>| {
            let agents: Vec<&[Counted]> = agents.iter().map(|own| &own[..]).collect();
            self.gradients(model, &agents, &totals)
        };
        let parts: Vec<Gradients> = match self.gpu {
            true => divided.iter().map(gradients).collect(),
            false => divided.par_iter().with_max_len(1).map(gradients).collect(),
        };
        let add = |mut sum: Gradients, part: Gradients| {
            sum.loss += part.loss;
            for (sum, part) in sum.flat.iter_mut().zip(part.flat) {
                *sum += part;
            }
            sum
        };
        let sum = parts.into_iter().reduce(add);
        let Gradients { loss, flat } = sum.expect("at least one micro-batch");
        let norm = self.weights.update(&flat, &self.optimizer, factor);
        if self.precision != Precision::F32 {
            self.leaves = self.weights.leaves(self.precision);
        }
        self.norm = Some(Shared::new(norm));
        self.loss = Some(Shared::new(match self.loss.take() {
            None => loss,
            Some(before) => &*before + loss,
        }));
    }

    /// Each agent's share of its mean loss, and the gradients of their sum. `totals` is the number
    /// of actions that each agent's whole batch has.
    pub(super) fn gradients(
        &self,
        model: &Model,
        agents: &[&[Counted]],
        totals: &[f32],
    ) -> Gradients {
        let inputs = Inputs::new(&self.data, agents, model);
        let leaves: Vec<&Tensor> = self.leaves.iter().map(|leaf| &**leaf).collect();
        let places = self.weights.layout.places.iter();
        let params: Vec<&Tensor> = places.map(|place| leaves[place.leaf]).collect();
        let forward = Forward {
            config: &model.config,
            index: &model.index,
            params: &params,
            item_frequency: self.item_frequency.as_deref(),
            state_mask: &self.state_mask,
        };
        let share = put(Tensor::from_slice(totals), self.data.device()).reciprocal();
        let loss = forward.loss(&inputs) * share;
        let root = loss.sum(Kind::Float);
        let grads = Tensor::run_backward(&[&root], &leaves, false, false);
        Gradients {
            loss: loss.detach(),
            flat: flatten(&self.weights.layout, &grads),
        }
    }

    /// Takes an agent out; those after it move up.
    pub(crate) fn release(&mut self, model: &mut Model, agent: usize) {
        self.weights.release(model, agent);
        self.leaves = self.weights.leaves(self.precision);
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

    /// Updates and moments of an agent, for a checkpoint; none before the first step.
    pub(crate) fn moments(
        &self,
        specs: &[ParamSpec],
        agent: usize,
    ) -> Option<(usize, Vec<Moments>)> {
        let updates = self.weights.updates;
        (updates > 0).then(|| (updates, self.weights.moments(specs, agent)))
    }

    /// Takes up the states of all agents, read from checkpoints of the same step; values and
    /// moments of a parameter follow each other agent by agent.
    pub(crate) fn restore(
        &mut self,
        specs: &[ParamSpec],
        values: &[Vec<f32>],
        updates: usize,
        moments: &[Moments],
    ) {
        self.weights.restore(specs, values, moments, updates);
        self.leaves = self.weights.leaves(self.precision);
    }
}

impl Engine for Libtorch {
    fn step(
        &mut self,
        model: &mut Model,
        windows: &[Vec<Counted>],
        micro_batches: usize,
        factor: f64,
    ) {
        Self::step(self, model, windows, micro_batches, factor);
    }

    fn read(&mut self) -> Option<Reading> {
        Self::read(self)
    }

    fn moments(&self, specs: &[ParamSpec], agent: usize) -> Option<(usize, Vec<Moments>)> {
        Self::moments(self, specs, agent)
    }

    fn restore(
        &mut self,
        model: &mut Model,
        values: Vec<Vec<f32>>,
        updates: usize,
        moments: Vec<Moments>,
    ) {
        Self::restore(self, model.specs(), &values, updates, &moments);
    }

    fn release(&mut self, model: &mut Model, agent: usize) {
        Self::release(self, model, agent);
    }

    /// Its own parts overlap, so a step is one.
    fn step_in_phases(
        &mut self,
        model: &mut Model,
        windows: &[Vec<Counted>],
        micro_batches: usize,
    ) -> Vec<(&'static str, f64)> {
        let clock = Instant::now();
        Self::step(self, model, windows, micro_batches, 1.0);
        Self::read(self);
        vec![("libtorch", clock.elapsed().as_secs_f64())]
    }
}

/// What is added to the attention scores of state tokens, which are every third from the second:
/// nothing for tokens up to their own, -inf for later ones.
fn state_mask(n_ctx: i64, precision: Precision, device: Device) -> Tensor {
    let later = Tensor::full([n_ctx, n_ctx], f64::NEG_INFINITY, (Kind::Float, device)).triu(1);
    let kind = match precision {
        Precision::F32 => Kind::Float,
        Precision::Bf16 => Kind::BFloat16,
    };
    later.slice(0, 1, None, 3).contiguous().to_kind(kind)
}
