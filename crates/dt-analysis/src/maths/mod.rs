//! Numbers in, numbers out: no agent, no world, no file. Every file opens with its equation and
//! where it is from.

pub mod logit_diff;
pub mod pca;
pub mod probes;
pub mod stats;
pub(crate) mod vectors;
pub mod walsh;
