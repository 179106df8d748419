//! Training on libtorch, on the CPU or a GPU.
//!
//! Under burn's autodiff, layer norm, attention and softmax are decomposed into many small
//! operations, each a pass over memory and, on a GPU, a kernel launch. Here the same forward pass
//! is written with libtorch's own fused operations and differentiated by its own autograd, and all
//! parameters lie in a few tensors, so that an update is as few operations for any number of them.
//! The model's parameters are views of those: evaluation, checkpoints and hooks see every
//! update at once. Tests equate losses and gradients with those of the decomposed path.

mod data;
mod division;
mod engine;
mod ffi;
mod files;
mod forward;
mod layout;
mod trace;
mod weights;
mod windows;

#[cfg(all(test, feature = "flex"))]
pub(crate) mod tests;

use std::sync::Arc;

use engine::Libtorch;

use dt_data::Dataset;

use super::Engine;
use crate::batch::frames::DistinctFrames;
use crate::definition::Precision;
use crate::model::Model;
use crate::optim::OptimizerConfig;

/// An engine that takes over the parameters of a model on a device of libtorch's; elsewhere there is
/// none.
pub(crate) fn open(
    model: &mut Model,
    optimizer: OptimizerConfig,
    precision: Precision,
    data: &Dataset,
    frames: &Arc<DistinctFrames>,
) -> Option<Box<dyn Engine>> {
    let engine = Libtorch::new(model, optimizer, precision, data, frames)?;
    Some(Box::new(engine))
}

pub(crate) use files::profile;
