//! The state tokens of every window: positions 1, 4, 7 …

use crate::burn::backend::flex::FlexTensor;
use crate::burn::prelude::*;

use super::glue::{HostOp, dense, host_op, input, tensor, values};

#[derive(Clone, Debug)]
struct Saved {
    dims: [usize; 3],
    seq: usize,
}

impl Saved {
    /// Start of each state token's row, in the input.
    fn rows(&self) -> impl Iterator<Item = usize> + use<> {
        let ([agents, rows, d], seq) = (self.dims, self.seq);
        (0..agents * rows / seq)
            .flat_map(move |window| (1..seq).step_by(3).map(move |t| (window * seq + t) * d))
    }
}

/// Keeps the state tokens.
///
/// # Shapes
/// - `x`: `[agents, windows * seq, d]`, `seq = 3 * timesteps - 1`
/// - output: `[agents, windows * timesteps, d]`
pub(crate) fn state_rows(x: Tensor<3>, seq: usize) -> Tensor<3> {
    let dims @ [agents, rows, d] = x.dims();
    let tracked = x.is_autodiff();
    let saved = Saved { dims, seq };
    let inputs = [input(x)];
    let x = dense(&inputs[0]);
    let steps = rows / seq * seq.div_ceil(3);
    let mut out = Vec::with_capacity(agents * steps * d);
    for at in saved.rows() {
        out.extend_from_slice(&values(&x)[at..at + d]);
    }
    host_op(&inputs, tensor(out, [agents, steps, d]), saved, tracked)
}

impl HostOp<1> for Saved {
    fn backward(self, grad: &[f32], _: [bool; 1]) -> [Option<FlexTensor>; 1] {
        let d = self.dims[2];
        let mut dx = vec![0.0; self.dims.iter().product()];
        for (at, row) in self.rows().zip(grad.chunks_exact(d)) {
            dx[at..at + d].copy_from_slice(row);
        }
        [Some(tensor(dx, self.dims))]
    }
}
