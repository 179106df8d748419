//! What training minimises.

use crate::burn::prelude::*;
use crate::burn::tensor::activation::log_softmax;

use crate::batch::TrainBatch;

/// Negative log-likelihood of each action taken, nats, times how often it was drawn.
///
/// # Shapes
/// - `logits`: `[agents, windows * timesteps, n_actions]`
/// - output: `[agents, windows * timesteps, 1]`
pub(crate) fn negative_log_likelihoods(logits: Tensor<3>, batch: &TrainBatch) -> Tensor<3> {
    let [agents, steps, _] = logits.dims();
    let device = logits.device();
    let targets: Vec<i32> = batch.targets.iter().map(|&t| t as i32).collect();
    let targets =
        Tensor::<3, Int>::from_data(TensorData::new(targets, [agents, steps, 1]), &device);
    let weights = TensorData::new(batch.weights.clone(), [agents, steps, 1]);
    let weights = Tensor::<3>::from_data(weights, &device);
    let taken = log_softmax(logits, 2).gather(2, targets);
    (taken * weights).neg()
}
