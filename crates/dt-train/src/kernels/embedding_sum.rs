//! Sums of embedding rows: an observation's vector is the sum of its items' vectors.

use std::sync::Arc;

use burn::backend::flex::FlexTensor;
use burn::prelude::*;

use super::glue::{HostOp, dense, host_op, input, tensor, values};
use super::simd::{add, axpy, vectorised};
use crate::model::ItemRows;

#[derive(Clone, Debug)]
struct Saved {
    rows: Arc<ItemRows>,
    dims: [usize; 3],
}

/// Sums the table's rows that each frame names.
///
/// # Shapes
/// - `table`: `[agents, vocabulary, d]`
/// - `rows`: `agents * frames` frames, agent by agent
/// - output: `[agents, frames, d]`
pub(crate) fn embedding_sum(table: Tensor<3>, rows: Arc<ItemRows>) -> Tensor<3> {
    let dims @ [agents, vocabulary, d] = table.dims();
    let tracked = table.is_autodiff();
    let frames = rows.frames() / agents;
    let inputs = [input(table)];
    let table = dense(&inputs[0]);
    let mut out = vec![0.0; agents * frames * d];
    vectorised(
        #[inline(always)]
        || {
            for (n, sum) in out.chunks_exact_mut(d).enumerate() {
                let table = &values(&table)[n / frames * vocabulary * d..][..vocabulary * d];
                let (items, strengths) = rows.row(n);
                match strengths {
                    None => {
                        for &item in items {
                            add(sum, &table[item as usize * d..][..d]);
                        }
                    }
                    Some(strengths) => {
                        for (&item, &strength) in items.iter().zip(strengths) {
                            axpy(sum, strength, &table[item as usize * d..][..d]);
                        }
                    }
                }
            }
        },
    );
    let saved = Saved { rows, dims };
    host_op(&inputs, tensor(out, [agents, frames, d]), saved, tracked)
}

impl HostOp<1> for Saved {
    fn backward(self, grad: &[f32], _: [bool; 1]) -> [Option<FlexTensor>; 1] {
        let [agents, vocabulary, d] = self.dims;
        let frames = self.rows.frames() / agents;
        let mut dtable = vec![0.0; agents * vocabulary * d];
        vectorised(
            #[inline(always)]
            || {
                for (n, grad) in grad.chunks_exact(d).enumerate() {
                    let table = &mut dtable[n / frames * vocabulary * d..][..vocabulary * d];
                    let (items, strengths) = self.rows.row(n);
                    for (i, &item) in items.iter().enumerate() {
                        let row = &mut table[item as usize * d..][..d];
                        match strengths {
                            None => add(row, grad),
                            Some(strengths) => axpy(row, strengths[i], grad),
                        }
                    }
                }
            },
        );
        [Some(tensor(dtable, self.dims))]
    }
}
