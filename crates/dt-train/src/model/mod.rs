//! The decision transformer: configuration, parameters, inputs and the forward pass.
//!
//! Tokens of timestep `t` are return-to-go, state, action; the action is predicted at the state
//! token. Formulas follow Chen et al., *Decision Transformer* (2021), with pre-norm blocks as in
//! TransformerLens.
//!
//! A change of architecture touches:
//!
//! 1. `config`: its option, a default that changes no agent, and what it cannot go with.
//! 2. `params`: names, shapes (on disk and in memory), groups and initial values of what it adds.
//! 3. The forward pass: `embed`, `attention`, `mlp`, `block` or `transformer`, written with burn's
//!    operations; that path is the reference. Activations to be seen or changed are `hooks`.
//! 4. `kernels`, if the fused host path should know it; else it must be kept from it.
//! 5. `edited_token`, which computes parts of the pass again.
//! 6. `engine/libtorch/forward.rs`, and `layout.rs` for its parameters.
//! 7. `checkpoint/fold.rs`, if it can be folded into the original's parameters, and
//!    `formats/pytorch_2023/`, if agents that are imported have it.
//! 8. `engine/tests.rs`: a line in `variants()` puts it before all tests of equal paths.
//!
//! What a window looks like in tokens is `window`'s alone.

mod attention;
mod block;
mod cache;
mod config;
mod edited_token;
mod embed;
mod hooks;
mod input;
#[cfg(feature = "flex")]
pub(crate) mod kernels;
#[cfg(not(feature = "flex"))]
#[path = "kernels/absent.rs"]
pub(crate) mod kernels;
mod mlp;
mod norm;
mod params;
mod queries;
mod transformer;
mod window;

pub use cache::{ActivationCache, Recorded};
pub use config::{
    Activation, LayerNorm, ModelConfig, Padding, ReturnToGoInput, StateEmbedding, TimeEmbedding,
};
pub use edited_token::EditedToken;
pub use hooks::{HookPoint, Hooks, NoHooks, UnknownHookPoint};
pub use input::{Frame, Frames, ItemRows, TokenBatch, item_index, push_items};
#[cfg(feature = "libtorch")]
pub(crate) use norm::LN_EPS;
pub use params::{
    Group, Misfit, ParamIndex, ParamSpec, STATE_BIAS, WorldSizes, initial_values, param_specs,
    upload,
};
pub(crate) use queries::Queries;
pub use transformer::{InputStatistics, Model};
pub use window::{History, Seen, WindowBuilder, WindowStep};
