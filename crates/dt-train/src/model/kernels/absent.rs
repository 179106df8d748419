//! In place of the fused host kernels where the pure-Rust backend is not compiled in: no model is
//! on the host then, and none of these is called.

use std::sync::Arc;

use crate::burn::prelude::*;

use crate::model::{ItemRows, Queries, TokenBatch};

const NEVER: &str = "host kernels are only called on the flex backend";

/// Embedding tables, each `[agents, rows, d]`.
#[allow(dead_code)] // made, and never read
pub(crate) struct TokenTables {
    pub(crate) states: Tensor<3>,
    pub(crate) reward: Tensor<3>,
    pub(crate) actions: Tensor<3>,
    pub(crate) times: Tensor<3>,
    pub(crate) positions: Tensor<3>,
}

pub(crate) fn supports_heads(_: usize, _: usize) -> bool {
    false
}

pub(crate) fn attention(
    _: Tensor<3>,
    _: Tensor<3>,
    _: Tensor<3>,
    _: usize,
    _: usize,
    _: Queries,
) -> Tensor<3> {
    unreachable!("{NEVER}")
}

pub(crate) fn embedding_sum(_: Tensor<3>, _: Arc<ItemRows>) -> Tensor<3> {
    unreachable!("{NEVER}")
}

pub(crate) fn layer_norm(_: Tensor<3>, _: Tensor<3>, _: Tensor<3>, _: f32) -> Tensor<3> {
    unreachable!("{NEVER}")
}

pub(crate) fn state_rows(_: Tensor<3>, _: usize) -> Tensor<3> {
    unreachable!("{NEVER}")
}

pub(crate) fn tokens(_: TokenTables, _: Arc<TokenBatch>, _: Arc<Vec<f32>>) -> Tensor<3> {
    unreachable!("{NEVER}")
}
