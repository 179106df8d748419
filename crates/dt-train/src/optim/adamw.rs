//! One tensor's update by AdamW.
//!
//! With gradient `g`, moments `m` and `v`, and `t` updates so far, this one included:
//!
//! `m ← β₁ m + (1 − β₁) g`, `v ← β₂ v + (1 − β₂) g²`,
//! `θ ← (1 − ηλ) θ − η (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)`.
//!
//! Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (2019), algorithm 2. The
//! operations and their order are those of burn-optim's `AdamW`, so that the bits are too.

use super::OptimizerConfig;
use crate::burn::prelude::*;
#[cfg(feature = "flex")]
use crate::device::is_host;

/// Moments of one parameter.
#[derive(Clone, Debug)]
pub(super) struct State {
    /// Updates they have seen.
    pub(super) updates: usize,
    /// Running mean of the gradient.
    pub(super) first: Tensor<3>,
    /// Running mean of its square.
    pub(super) second: Tensor<3>,
}

impl State {
    /// Moments that have seen nothing. Zeros are negative, as only -0 + x is x for x = -0 too.
    fn fresh(like: &Tensor<3>) -> Self {
        let zeros = Tensor::full(like.shape(), -0.0, &like.device());
        Self {
            updates: 0,
            first: zeros.clone(),
            second: zeros,
        }
    }
}

/// The numbers of one update of one tensor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Update {
    /// Decay of the first moment.
    pub(super) beta_1: f32,
    /// Decay of the second moment.
    pub(super) beta_2: f32,
    /// What the first moment is divided by: `1 − β₁ᵗ`.
    pub(super) correction_1: f32,
    /// What the second moment is divided by: `1 − β₂ᵗ`.
    pub(super) correction_2: f32,
    /// Added to the root of the second moment.
    pub(super) epsilon: f32,
    /// What weight decay leaves of a parameter: `1 − ηλ`.
    pub(super) keep: f32,
    /// Learning rate.
    pub(super) rate: f32,
}

impl Update {
    /// Shares of the new gradient and its square in the moments.
    pub(super) fn shares(&self) -> [f32; 2] {
        [1.0 - self.beta_1, 1.0 - self.beta_2]
    }
}

/// The parameter after an update with learning rate `rate` and weight decay `decay`, and its new
/// moments; without a state, moments start from zero.
pub(super) fn step(
    config: &OptimizerConfig,
    rate: f64,
    decay: f32,
    param: Tensor<3>,
    grad: Tensor<3>,
    state: Option<State>,
) -> (Tensor<3>, State) {
    let state = state.unwrap_or_else(|| State::fresh(&param));
    let updates = state.updates + 1;
    let update = Update {
        beta_1: config.beta_1,
        beta_2: config.beta_2,
        correction_1: 1.0 - config.beta_1.powi(updates as i32),
        correction_2: 1.0 - config.beta_2.powi(updates as i32),
        epsilon: config.epsilon,
        keep: (1.0 - rate * f64::from(decay)) as f32,
        rate: rate as f32,
    };
    let moments = [state.first, state.second];
    let (param, [first, second]) = match param.device() {
        #[cfg(feature = "flex")]
        device if is_host(&device) => super::host::adamw(&update, param, grad, moments),
        _ => decomposed(&update, param, grad, moments),
    };
    let state = State {
        updates,
        first,
        second,
    };
    (param, state)
}

/// The parameter and its moments after an update, by burn's own operations.
fn decomposed(
    update: &Update,
    param: Tensor<3>,
    grad: Tensor<3>,
    [first, second]: [Tensor<3>; 2],
) -> (Tensor<3>, [Tensor<3>; 2]) {
    let [u, v] = update.shares();
    let first = first.mul_scalar(update.beta_1) + grad.clone().mul_scalar(u);
    let second = second.mul_scalar(update.beta_2) + grad.square().mul_scalar(v);
    let mean = first.clone().div_scalar(update.correction_1);
    let square = second.clone().div_scalar(update.correction_2);
    let delta = mean / square.sqrt().add_scalar(update.epsilon);
    let param = param.mul_scalar(update.keep) - delta.mul_scalar(update.rate);
    (param, [first, second])
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;
    use crate::device::to_host;

    #[test]
    fn the_kernel_and_burns_operations_agree_to_the_bit() {
        let device = Device::flex();
        let values = |phase: f32| {
            let wave = (0..3 * 37).map(|i| (i as f32 * 0.7 + phase).sin() * 0.1);
            let data: Vec<f32> = wave.map(|v| if v > 0.09 { -0.0 } else { v }).collect();
            Tensor::<3>::from_data(TensorData::new(data, [1, 3, 37]), &device)
        };
        let config = OptimizerConfig::default();
        for decay in [0.0, 0.1] {
            let mut fused = (values(0.0), None);
            let mut burns = (values(0.0), State::fresh(&values(0.0)));
            for step_of_run in 1..=5 {
                // Transposed twice, as a gradient may come: not in row-major order.
                let grad = values(step_of_run as f32).swap_dims(1, 2);
                let grad = (grad.clone() + grad).swap_dims(1, 2);
                let (param, state) = step(&config, 3e-4, decay, fused.0, grad.clone(), fused.1);
                fused = (param, Some(state));
                let update = Update {
                    beta_1: config.beta_1,
                    beta_2: config.beta_2,
                    correction_1: 1.0 - config.beta_1.powi(step_of_run),
                    correction_2: 1.0 - config.beta_2.powi(step_of_run),
                    epsilon: config.epsilon,
                    keep: (1.0 - 3e-4 * f64::from(decay)) as f32,
                    rate: 3e-4,
                };
                let moments = [burns.1.first, burns.1.second];
                let (param, [first, second]) = decomposed(&update, burns.0, grad, moments);
                let updates = step_of_run as usize;
                burns = (
                    param,
                    State {
                        updates,
                        first,
                        second,
                    },
                );
            }
            let state = fused.1.expect("five updates");
            let bits = |t: &Tensor<3>| to_host(t).into_iter().map(f32::to_bits).collect::<Vec<_>>();
            assert_eq!(bits(&fused.0), bits(&burns.0));
            assert_eq!(bits(&state.first), bits(&burns.1.first));
            assert_eq!(bits(&state.second), bits(&burns.1.second));
            assert_eq!(state.updates, burns.1.updates);
        }
    }
}
