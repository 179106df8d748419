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

mod agent;
mod batch;
pub mod bench;
pub mod calibrate;
pub mod checkpoint;
pub mod device;
pub mod evaluate;
mod frames;
#[cfg(feature = "flex")]
mod kernels;
#[cfg(not(feature = "flex"))]
#[path = "kernels/absent.rs"]
mod kernels;
#[cfg(feature = "libtorch")]
mod libtorch;
#[cfg(not(feature = "libtorch"))]
#[path = "libtorch/absent.rs"]
mod libtorch;
mod loss;
pub mod model;
mod optim;
pub mod parity;
pub mod run;

pub use agent::{
    AgentConfig, EvaluationConfig, Goal, GoalOutcome, LookBackConfig, Precision, SampledConfig,
    TrainingConfig,
};
pub use optim::{Moments, Optimizer, OptimizerConfig, Schedule, to_host};
