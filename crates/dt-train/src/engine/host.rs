//! Training on burn's own backends: micro-batches go to the cores of rayon's pool.

use std::sync::Arc;
use std::time::Instant;

use crate::burn::prelude::*;
use dt_data::Dataset;
use rayon::prelude::*;

use super::{Engine, Reading};
use crate::batch::frames::DistinctFrames;
use crate::batch::{Counted, TrainBatch, by_length, total, train_batch};
use crate::device::to_host;
use crate::model::{Model, NoHooks, ParamSpec, upload};
use crate::objective::imitation::negative_log_likelihoods;
use crate::optim::{Moments, Optimizer, OptimizerConfig};

/// The optimiser, and the data that windows are of. It trains one agent.
pub(crate) struct Host {
    optimizer: Optimizer,
    data: Arc<Dataset>,
    frames: Arc<DistinctFrames>,
    unread: Option<Reading>,
}

impl Host {
    /// An engine without history.
    ///
    /// # Panics
    /// If the model has several agents.
    pub(crate) fn new(
        model: &Model,
        optimizer: OptimizerConfig,
        data: Arc<Dataset>,
        frames: Arc<DistinctFrames>,
    ) -> Self {
        assert_eq!(model.agents(), 1, "agents are trained one by one here");
        Self {
            optimizer: Optimizer::new(optimizer, model.specs().len()),
            data,
            frames,
            unread: None,
        }
    }

    fn train_batch(&self, model: &Model, windows: &[Counted]) -> TrainBatch {
        let (data, frames) = (&self.data, &self.frames);
        train_batch(data, frames, windows, model.config(), model.sizes())
    }

    /// Moves the model's parameters, and returns the gradient's norm.
    fn update(&mut self, model: &mut Model, grads: Vec<Tensor<3>>, factor: f64) -> Vec<f64> {
        let params = model.params().to_vec();
        let (params, norms) = self.optimizer.step(model.specs(), params, grads, factor);
        model.set_params(params);
        norms
    }
}

impl Engine for Host {
    /// Gradients are added in order, so the result is the same for any number of threads.
    fn step(
        &mut self,
        model: &mut Model,
        windows: &[Vec<Counted>],
        micro_batches: usize,
        factor: f64,
    ) {
        let windows = &windows[0];
        let total = total(windows);
        // Longest micro-batches last in the list; started first, so that cores end together.
        let mut parts: Vec<(f64, Vec<Tensor<3>>)> = by_length(windows, micro_batches)
            .par_iter()
            .rev()
            .with_max_len(1)
            .map(|windows| gradients(model, &self.train_batch(model, windows), total))
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
        let grad_norm = self.update(model, grads, factor);
        let before = self.unread.take().map_or(0.0, |unread| unread.loss_sum[0]);
        self.unread = Some(Reading {
            loss_sum: vec![before + loss],
            grad_norm,
        });
    }

    fn read(&mut self) -> Option<Reading> {
        self.unread.take()
    }

    fn moments(&self, _: &[ParamSpec], _: usize) -> Option<(usize, Vec<Moments>)> {
        self.optimizer.moments()
    }

    fn restore(
        &mut self,
        model: &mut Model,
        values: Vec<Vec<f32>>,
        updates: usize,
        moments: Vec<Moments>,
    ) {
        let device = model.params()[0].device();
        let params = model.specs().iter().zip(values);
        let params = params.map(|(spec, values)| upload(spec, values, &device));
        let params = params.collect();
        model.set_params(params);
        self.optimizer
            .restore(updates, moments, model.specs(), &device);
    }

    fn release(&mut self, _: &mut Model, _: usize) {
        unreachable!("the only agent is not taken out");
    }

    fn step_in_phases(
        &mut self,
        model: &mut Model,
        windows: &[Vec<Counted>],
        micro_batches: usize,
    ) -> Vec<(&'static str, f64)> {
        let mut seconds = [0.0; 4];
        let mut clock = Instant::now();
        let mut spent_on = |phase: usize| {
            let now = Instant::now();
            seconds[phase] += now.duration_since(clock).as_secs_f64();
            clock = now;
        };
        let windows = &windows[0];
        let total = total(windows);
        let divided = by_length(windows, micro_batches);
        let batches = divided.iter().map(|w| self.train_batch(model, w));
        let batches: Vec<TrainBatch> = batches.collect();
        spent_on(0);
        let mut sum: Option<Vec<Tensor<3>>> = None;
        for batch in &batches {
            let (tracked, losses) = forward(model, batch);
            spent_on(1);
            let grads = backward(&tracked, losses, total);
            sum = Some(match sum {
                None => grads,
                Some(sum) => sum.into_iter().zip(grads).map(|(a, b)| a + b).collect(),
            });
            spent_on(2);
        }
        self.update(model, sum.expect("at least one micro-batch"), 1.0);
        spent_on(3);
        let phases = ["batch", "forward", "backward", "optimizer"];
        phases.into_iter().zip(seconds).collect()
    }
}

/// Summed loss of a micro-batch, and the gradients of its share of the mean loss.
fn gradients(model: &Model, batch: &TrainBatch, total: f32) -> (f64, Vec<Tensor<3>>) {
    let (tracked, losses) = forward(model, batch);
    // Summed in order here: a tensor's sum is rounded as the processor's vectors are wide.
    let sum = to_host(&losses).into_iter().map(f64::from).sum();
    (sum, backward(&tracked, losses, total))
}

/// A model that is tracked, and the losses of a micro-batch: a number for each step of it.
fn forward(model: &Model, batch: &TrainBatch) -> (Model, Tensor<3>) {
    let tracked = model.tracked();
    let logits = tracked.forward(&batch.tokens, &mut NoHooks);
    let losses = negative_log_likelihoods(logits, batch);
    (tracked, losses)
}

fn backward(tracked: &Model, losses: Tensor<3>, total: f32) -> Vec<Tensor<3>> {
    let mut grads = (losses.sum() / total).backward();
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
