//! Activation patching: which activations carry the main factor to the decision.
//!
//! Clean is the original prompt, corrupted the one with the factor flipped. Activations of
//! the clean run are copied into the corrupted one, cell by cell, and each cell's value is
//! [`restored`](crate::maths::logit_diff::restored): 1 where it brings the clean answer back.

mod path;
mod sweep;

pub use path::{PathRecord, Receiver, Sender, path_patching};
pub use sweep::{
    PatchMap, PatchingRecord, Sweep, all_sweeps, head_sweep, patch_all_sites, sweep,
    token_head_sweep, token_sweep,
};
