//! Numbers in, numbers out: no agent, no world.

pub mod logit_diff;
pub mod probes;
pub mod stats;
pub(crate) mod vectors;
pub mod walsh;
