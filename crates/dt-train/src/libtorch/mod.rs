//! Training on libtorch, on the CPU or a GPU.
//!
//! Under burn's autodiff, layer norm, attention and softmax are decomposed into many small
//! operations, each a pass over memory and, on a GPU, a kernel launch. Here the same forward pass
//! is written with libtorch's own fused operations and differentiated by its own autograd, and all
//! parameters lie in one tensor, so that an update is a dozen operations for any number of them.
//! The model's parameters are views of that tensor: evaluation, checkpoints and hooks see every
//! update at once. Tests equate losses and gradients with those of the decomposed path.

mod data;
mod engine;
mod forward;
mod weights;
mod windows;

#[cfg(all(test, feature = "flex"))]
mod tests;

pub(crate) use engine::Engine;
