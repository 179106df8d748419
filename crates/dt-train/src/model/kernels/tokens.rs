//! Assembles the token sequence from its embeddings.
//!
//! Token `3t` is the return-to-go, `3t + 1` the state, `3t + 2` the action of timestep `t`; all
//! three get the time embedding of the step, and each its slot's position embedding.

use std::sync::Arc;

use crate::burn::backend::flex::FlexTensor;
use crate::burn::prelude::*;

use super::glue::{HostOp, dense, host_op, input, tensor, values};
use super::simd::{add, axpy, vectorised};
use crate::model::TokenBatch;

/// Embedding tables, each `[agents, rows, d]`.
pub(crate) struct TokenTables {
    /// State embeddings of the batch, `[agents, steps, d]`.
    pub(crate) states: Tensor<3>,
    /// Return-to-go vector, one row.
    pub(crate) reward: Tensor<3>,
    /// Action table.
    pub(crate) actions: Tensor<3>,
    /// Time table.
    pub(crate) times: Tensor<3>,
    /// Position table.
    pub(crate) positions: Tensor<3>,
}

#[derive(Clone, Debug)]
struct Saved {
    batch: Arc<TokenBatch>,
    /// Return-to-go of each step, as it is embedded.
    returns: Arc<Vec<f32>>,
    /// Rows of each input.
    rows: [usize; 5],
    d: usize,
}

/// Sums the embeddings of every token.
///
/// # Shapes
/// - `returns`: `agents * windows * timesteps` values
/// - output: `[agents, windows * seq, d]`, `seq = 3 * timesteps - 1`
pub(crate) fn tokens(
    tables: TokenTables,
    batch: Arc<TokenBatch>,
    returns: Arc<Vec<f32>>,
) -> Tensor<3> {
    let [agents, _, d] = tables.states.dims();
    let tracked = tables.states.is_autodiff();
    let inputs = [
        input(tables.states),
        input(tables.reward),
        input(tables.actions),
        input(tables.times),
        input(tables.positions),
    ];
    let dense = inputs.each_ref().map(dense);
    let [states, reward, actions, times, positions] = dense.each_ref().map(values);
    let rows = dense.each_ref().map(|t| values(t).len() / d / agents);
    let (windows, timesteps, seq) = (batch.windows, batch.timesteps, batch.seq());
    let mut out = vec![0.0; agents * windows * seq * d];
    vectorised(
        #[inline(always)]
        || {
            for (n, token) in out.chunks_exact_mut(d).enumerate() {
                let (window, slot) = (n / seq, n % seq);
                let agent = window / windows;
                let step = window * timesteps + slot / 3;
                let row = |which: usize, i: usize| (agent * rows[which] + i) * d;
                match slot % 3 {
                    0 => axpy(token, returns[step], &reward[row(1, 0)..][..d]),
                    1 => token.copy_from_slice(&states[step * d..][..d]),
                    _ => {
                        let at = row(2, batch.actions[step] as usize);
                        token.copy_from_slice(&actions[at..][..d]);
                    }
                }
                add(token, &times[row(3, batch.times[step] as usize)..][..d]);
                add(token, &positions[row(4, slot)..][..d]);
            }
        },
    );
    let shape = [agents, windows * seq, d];
    let saved = Saved {
        batch,
        returns,
        rows,
        d,
    };
    host_op(&inputs, tensor(out, shape), saved, tracked)
}

impl HostOp<5> for Saved {
    fn backward(self, grad: &[f32], _: [bool; 5]) -> [Option<FlexTensor>; 5] {
        let (batch, d) = (&*self.batch, self.d);
        let (agents, windows, timesteps) = (batch.agents, batch.windows, batch.timesteps);
        let seq = batch.seq();
        let mut out = self.rows.map(|rows| vec![0.0; agents * rows * d]);
        let [states, reward, actions, times, positions] = &mut out;
        vectorised(
            #[inline(always)]
            || {
                for (n, grad) in grad.chunks_exact(d).enumerate() {
                    let (window, slot) = (n / seq, n % seq);
                    let agent = window / windows;
                    let step = window * timesteps + slot / 3;
                    let row = |which: usize, i: usize| (agent * self.rows[which] + i) * d;
                    match slot % 3 {
                        0 => axpy(&mut reward[row(1, 0)..][..d], self.returns[step], grad),
                        1 => states[step * d..][..d].copy_from_slice(grad),
                        _ => {
                            let at = row(2, batch.actions[step] as usize);
                            add(&mut actions[at..][..d], grad);
                        }
                    }
                    add(&mut times[row(3, batch.times[step] as usize)..][..d], grad);
                    add(&mut positions[row(4, slot)..][..d], grad);
                }
            },
        );
        let mut rows = self.rows.into_iter();
        out.map(|values| {
            let rows = rows.next().expect("as many shapes as inputs");
            Some(tensor(values, [agents, rows, d]))
        })
    }
}
