//! Layer norm over the last axis (Ba, Kiros and Hinton, 2016), biased variance.

use std::sync::Arc;

use crate::burn::backend::flex::FlexTensor;
use crate::burn::prelude::*;

use super::glue::{HostOp, dense, host_op, input, tensor, values};
use super::simd::{dot, sum, vectorised};

#[derive(Clone, Debug)]
struct Saved {
    normalised: Arc<Vec<f32>>,
    /// Reciprocal standard deviation of each row.
    scale: Arc<Vec<f32>>,
    gain: FlexTensor,
    dims: [usize; 3],
}

/// Normalises each row of `x`, then applies gain and bias.
///
/// # Shapes
/// - `x`: `[agents, rows, d]`
/// - `gain`, `bias`: `[agents, 1, d]`
/// - output: `[agents, rows, d]`
pub(crate) fn layer_norm(x: Tensor<3>, gain: Tensor<3>, bias: Tensor<3>, eps: f32) -> Tensor<3> {
    let dims @ [agents, rows, d] = x.dims();
    let tracked = x.is_autodiff() || gain.is_autodiff();
    let inputs = [input(x), input(gain), input(bias)];
    let [x, gain, bias] = inputs.each_ref().map(dense);
    let (x, g, b) = (values(&x), values(&gain), values(&bias));
    let mut out = vec![0.0; x.len()];
    let mut normalised = vec![0.0; x.len()];
    let mut scale = vec![0.0; agents * rows];
    vectorised(
        #[inline(always)]
        || {
            for (row, scale) in scale.iter_mut().enumerate() {
                let agent = row / rows;
                let (g, b) = (&g[agent * d..][..d], &b[agent * d..][..d]);
                let at = row * d..(row + 1) * d;
                let x = &x[at.clone()];
                let mean = sum(x, |v| v) / d as f32;
                let variance = sum(x, |v| (v - mean) * (v - mean)) / d as f32;
                let s = 1.0 / (variance + eps).sqrt();
                *scale = s;
                let (n, y) = (&mut normalised[at.clone()], &mut out[at]);
                for i in 0..d {
                    n[i] = (x[i] - mean) * s;
                    y[i] = n[i] * g[i] + b[i];
                }
            }
        },
    );
    let saved = Saved {
        normalised: normalised.into(),
        scale: scale.into(),
        gain,
        dims,
    };
    host_op(&inputs, tensor(out, dims), saved, tracked)
}

impl HostOp<3> for Saved {
    fn backward(self, grad: &[f32], _: [bool; 3]) -> [Option<FlexTensor>; 3] {
        let [agents, rows, d] = self.dims;
        let gain = values(&self.gain);
        let mut dx = vec![0.0; grad.len()];
        let mut dgain = vec![0.0; agents * d];
        let mut dbias = vec![0.0; agents * d];
        let mut scaled = vec![0.0; d];
        vectorised(
            #[inline(always)]
            || {
                for row in 0..agents * rows {
                    let of_agent = row / rows * d..(row / rows + 1) * d;
                    let at = row * d..(row + 1) * d;
                    let (dy, n) = (&grad[at.clone()], &self.normalised[at.clone()]);
                    let g = &gain[of_agent.clone()];
                    let (dg, db) = (&mut dgain[of_agent.clone()], &mut dbias[of_agent]);
                    for i in 0..d {
                        scaled[i] = dy[i] * g[i];
                        dg[i] += dy[i] * n[i];
                        db[i] += dy[i];
                    }
                    let mean = sum(&scaled, |v| v) / d as f32;
                    let along = dot(&scaled, n) / d as f32;
                    let dx = &mut dx[at];
                    for i in 0..d {
                        dx[i] = self.scale[row] * (scaled[i] - mean - n[i] * along);
                    }
                }
            },
        );
        let vector = [agents, 1, d];
        [
            Some(tensor(dx, self.dims)),
            Some(tensor(dgain, vector)),
            Some(tensor(dbias, vector)),
        ]
    }
}
