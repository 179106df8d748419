//! The decision transformer: configuration, parameters, inputs and the forward pass.
//!
//! Tokens of timestep `t` are return-to-go, state, action; the action is predicted at the state
//! token. Formulas follow Chen et al., *Decision Transformer* (2021), with pre-norm blocks as in
//! TransformerLens.

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
    Group, ParamIndex, ParamSpec, STATE_BIAS, WorldSizes, initial_values, param_specs, upload,
};
pub(crate) use queries::Queries;
pub use transformer::{InputStatistics, Model};

#[cfg(test)]
pub(crate) mod tests;
