//! Folding our additions into the original's parameters.
//!
//! A state bias, the subtraction of a mean observation and an affine map of return-to-go are all
//! constants per token kind. Windows are aligned, so slot `3t + 1` always is a state and slot
//! `3t` a return-to-go: the constants go into the position rows, and the scale into the
//! return-to-go vector. The folded weights give the same function under the original's formulas.

use crate::model::{InputStatistics, ModelConfig, ReturnToGoInput, WorldSizes, param_specs};

/// Folds one agent's values (memory order, in the order of [`param_specs`]); returns the plain
/// configuration that they then have, and the values in its order.
pub fn fold(
    config: &ModelConfig,
    sizes: &WorldSizes,
    statistics: &InputStatistics,
    values: &[Vec<f32>],
) -> (ModelConfig, Vec<Vec<f32>>) {
    let (specs, index) = param_specs(config, sizes);
    let d = config.d_model;
    let mut values = values.to_vec();
    let mut of_states = vec![0.0_f64; d];
    if config.centre_observations {
        let table = &values[index.state_embedding];
        for (row, &frequency) in table.chunks_exact(d).zip(&statistics.item_frequency) {
            for (sum, &v) in of_states.iter_mut().zip(row) {
                *sum -= f64::from(frequency) * f64::from(v);
            }
        }
    }
    if let Some(bias) = index.state_bias {
        for (sum, &v) in of_states.iter_mut().zip(&values[bias]) {
            *sum += f64::from(v);
        }
    }
    let mut of_returns = vec![0.0_f64; d];
    if let ReturnToGoInput::Standardised(scale) = config.return_to_go {
        let scale = scale / statistics.rtg_std.max(1e-6);
        for (sum, v) in of_returns
            .iter_mut()
            .zip(&mut values[index.reward_embedding])
        {
            *sum = -scale * statistics.rtg_mean * f64::from(*v);
            *v = (scale * f64::from(*v)) as f32;
        }
    }
    for (slot, row) in values[index.positions].chunks_exact_mut(d).enumerate() {
        let constant = match slot % 3 {
            0 => &of_returns,
            1 => &of_states,
            _ => continue,
        };
        for (v, &c) in row.iter_mut().zip(constant) {
            *v = (f64::from(*v) + c) as f32;
        }
    }
    let plain = ModelConfig {
        centre_observations: false,
        state_bias: false,
        return_to_go: ReturnToGoInput::Raw,
        ..config.clone()
    };
    let kept = specs
        .iter()
        .zip(values)
        .filter(|(spec, _)| spec.name != crate::model::STATE_BIAS)
        .map(|(_, v)| v)
        .collect();
    (plain, kept)
}
