//! What takes training steps: windows in, loss and gradient norm out.
//!
//! An engine trains the agents of one [`Model`], whose parameters move with every step. Another
//! backend is another implementation of [`Engine`], and a line in [`open`].

mod host;
#[cfg(feature = "libtorch")]
pub(crate) mod libtorch;
#[cfg(not(feature = "libtorch"))]
#[path = "libtorch/absent.rs"]
pub(crate) mod libtorch;
#[cfg(all(test, feature = "flex"))]
pub(crate) mod tests;

use std::sync::Arc;

use dt_data::Dataset;
use serde::Serialize;

pub(crate) use host::Host;

use crate::batch::Counted;
use crate::batch::frames::DistinctFrames;
use crate::definition::AgentConfig;
use crate::model::{Model, ParamSpec};
use crate::optim::Moments;

/// Takes training steps of all agents of a model.
pub(crate) trait Engine {
    /// One step on the distinct windows of each agent, which may be divided into so many parts;
    /// `factor` is that of the learning rate.
    fn step(
        &mut self,
        model: &mut Model,
        windows: &[Vec<Counted>],
        micro_batches: usize,
        factor: f64,
    );

    /// Numbers of the steps since the last reading, none if there were none. A device that
    /// computes while the host goes on is waited for here, and nowhere else.
    fn read(&mut self) -> Option<Reading>;

    /// Number of updates, and the moments of every parameter of an agent, in the order of `specs`;
    /// none before the first step.
    fn moments(&self, specs: &[ParamSpec], agent: usize) -> Option<(usize, Vec<Moments>)>;

    /// Takes up parameters and moments read from checkpoints of the same step, in the order of the
    /// model's specs; those of all agents follow each other.
    fn restore(
        &mut self,
        model: &mut Model,
        values: Vec<Vec<f32>>,
        updates: usize,
        moments: Vec<Moments>,
    );

    /// Takes an agent out; those after it move up.
    fn release(&mut self, model: &mut Model, agent: usize);

    /// One step, with everything in sequence where the engine can: seconds of its parts.
    fn step_in_phases(
        &mut self,
        model: &mut Model,
        windows: &[Vec<Counted>],
        micro_batches: usize,
    ) -> Vec<(&'static str, f64)>;
}

/// Numbers of each agent, as they have been read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reading {
    /// Sum of the steps' mean losses since the last reading, nats.
    pub(crate) loss_sum: Vec<f64>,
    /// Gradient's global norm at the last step, before clipping.
    pub(crate) grad_norm: Vec<f64>,
}

/// What libtorch does in a step.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct OperationsRecord {
    /// Operations that compute or move something, as the host starts them; views left out.
    pub operations: f64,
    /// Kernels that a GPU was made to run, copies left out; none without a GPU.
    pub kernel_launches: Option<f64>,
    /// Sum of their times.
    pub kernel_milliseconds: Option<f64>,
}

/// The engine for a model's device.
pub(crate) fn open(
    model: &mut Model,
    config: &AgentConfig,
    data: &Arc<Dataset>,
    frames: &Arc<DistinctFrames>,
) -> Box<dyn Engine> {
    let (optimizer, precision) = (config.optimizer, config.training.precision);
    match libtorch::open(model, optimizer, precision, data, frames) {
        Some(engine) => engine,
        None => Box::new(Host::new(model, optimizer, data.clone(), frames.clone())),
    }
}
