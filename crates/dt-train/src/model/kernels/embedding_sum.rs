//! Sums of embedding rows: an observation's vector is the sum of its items' vectors.

use std::sync::Arc;

use crate::burn::backend::flex::FlexTensor;
use crate::burn::prelude::*;

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
            let table_of =
                |agent: usize| &values(&table)[agent * vocabulary * d..][..vocabulary * d];
            if shares(&rows, agents) {
                let mut sums = vec![0.0; rows.ends.len() * d];
                for (n, sum) in sums.chunks_exact_mut(d).enumerate() {
                    add_items(sum, table_of(0), rows.sum(n));
                }
                for (out, &n) in out.chunks_exact_mut(d).zip(&rows.shared) {
                    out.copy_from_slice(&sums[n as usize * d..][..d]);
                }
            } else {
                for (n, sum) in out.chunks_exact_mut(d).enumerate() {
                    add_items(sum, table_of(n / frames), rows.row(n));
                }
            }
        },
    );
    let saved = Saved { rows, dims };
    host_op(&inputs, tensor(out, [agents, frames, d]), saved, tracked)
}

/// Whether frames that share a sum have it computed once; each agent has sums of its own.
fn shares(rows: &ItemRows, agents: usize) -> bool {
    agents == 1 && !rows.shared.is_empty()
}

#[inline(always)]
fn add_items(sum: &mut [f32], table: &[f32], (items, strengths): (&[u32], Option<&[f32]>)) {
    let d = sum.len();
    for (i, &item) in items.iter().enumerate() {
        let row = &table[item as usize * d..][..d];
        match strengths {
            None => add(sum, row),
            Some(strengths) => axpy(sum, strengths[i], row),
        }
    }
}

/// Adds the gradient of a sum to the rows of its items.
#[inline(always)]
fn add_to_items(table: &mut [f32], grad: &[f32], (items, strengths): (&[u32], Option<&[f32]>)) {
    let d = grad.len();
    for (i, &item) in items.iter().enumerate() {
        let row = &mut table[item as usize * d..][..d];
        match strengths {
            None => add(row, grad),
            Some(strengths) => axpy(row, strengths[i], grad),
        }
    }
}

impl HostOp<1> for Saved {
    fn backward(self, grad: &[f32], _: [bool; 1]) -> [Option<FlexTensor>; 1] {
        let [agents, vocabulary, d] = self.dims;
        let frames = self.rows.frames() / agents;
        let mut dtable = vec![0.0; agents * vocabulary * d];
        vectorised(
            #[inline(always)]
            || {
                let rows = &*self.rows;
                if shares(rows, agents) {
                    let mut sums = vec![0.0; rows.ends.len() * d];
                    for (grad, &n) in grad.chunks_exact(d).zip(&rows.shared) {
                        add(&mut sums[n as usize * d..][..d], grad);
                    }
                    for (n, grad) in sums.chunks_exact(d).enumerate() {
                        add_to_items(&mut dtable, grad, rows.sum(n));
                    }
                } else {
                    for (n, grad) in grad.chunks_exact(d).enumerate() {
                        let table = &mut dtable[n / frames * vocabulary * d..][..vocabulary * d];
                        add_to_items(table, grad, rows.row(n));
                    }
                }
            },
        );
        [Some(tensor(dtable, self.dims))]
    }
}
