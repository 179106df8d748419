//! Decision transformers on gridworld trajectories: trained, measured, resumable.
//!
//! Start from [`AgentConfig`] (an `agents/*.ron` file) and [`run::train`], which makes a run
//! directory; [`checkpoint::load_agent`] reads the agent back, and [`evaluate`] says what it does.
//!
//! ```
//! use dt_train::AgentConfig;
//!
//! let agent = AgentConfig::default_memory();
//! assert_eq!(agent.model.timesteps(), 9);
//! ```
//!
//! What it leaves out: drawing (that is `dt-analysis`), and learning from rewards.

mod batch;
pub mod bench;
pub mod burn;
pub mod checkpoint;
mod definition;
pub mod device;
mod engine;
pub mod evaluate;
pub mod formats;
pub mod model;
mod objective;
mod optim;
pub mod rollout;
pub mod run;
pub mod sweep;

pub use definition::{
    AgentConfig, EvaluationConfig, Goal, GoalOutcome, LookBackConfig, MAX_EPISODES, Precision,
    SampledConfig, TrainingConfig,
};
pub use device::to_host;
pub use optim::{Moments, Optimizer, OptimizerConfig, Schedule};
