//! Fused operations with their own backward passes, on the host's memory.
//!
//! Under autodiff, burn decomposes layer norm, attention and embedding sums into many small
//! operations. On the pure-Rust CPU backend the tensors lie in host memory, so each of these is
//! one loop over slices forward and one backward. Everywhere else (and wherever a hook wants to
//! see inside) `model` takes the decomposed path; tests equate both.

mod attention;
mod embedding_sum;
mod glue;
mod layer_norm;
mod simd;
mod state_rows;
mod tokens;

pub(crate) use attention::{attention, supports_heads};
pub(crate) use embedding_sum::embedding_sum;
pub(crate) use layer_norm::layer_norm;
pub(crate) use state_rows::state_rows;
pub(crate) use tokens::{TokenTables, tokens};
