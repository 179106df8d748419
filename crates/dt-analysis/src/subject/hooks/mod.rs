//! What can be done to a forward pass: patch, steer, freeze, measure gradients, and all of them
//! together.
//!
//! Each is a [`Hooks`](dt_train::model::Hooks) implementation for the windows of one pass, and
//! [`Chain`] composes them in order. A pass without hooks and one with hooks that change nothing
//! give the same numbers.

mod chain;
mod gradient;
mod patch;
mod steer;

pub use chain::Chain;
pub use gradient::Gradients;
pub use patch::{Freeze, Patch, Spot};
pub use steer::{Add, SetCoefficient};
