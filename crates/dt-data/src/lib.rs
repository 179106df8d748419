//! Trajectories from demonstrators of known quality, with provenance.
//!
//! Start from [`Recipe`] (a `datasets/*.ron` file) and [`Dataset::generate`]; [`store`] writes
//! and reads dataset directories, [`export`] writes them for others, [`WindowSampler`] draws what a transformer trains on.
//!
//! ```
//! use dt_data::{Dataset, Recipe};
//!
//! let recipe = Recipe::parse(
//!     "example.ron",
//!     r#"(
//!         name: "example",
//!         env: "MiniGrid-MemoryS7FixedStart-v0",
//!         max_steps: 50,
//!         parts: [(policy: Planner, amount: Episodes(20))],
//!     )"#,
//! )
//! .unwrap();
//! let (data, card) = Dataset::generate(&recipe).unwrap();
//! assert_eq!(data.episodes.len(), 20);
//! assert!((card.mean_return - 0.892).abs() < 1e-12);
//! ```
//!
//! What it leaves out: online learning. Demonstrators are computed, not trained.

mod card;
mod card_text;
mod dataset;
mod episode;
pub mod export;
mod exposure;
mod graph;
mod policy;
mod recipe;
mod returns;
mod rollout;
mod sight;
mod staging;
pub mod store;
mod window;

pub use card::{Card, DemonstratorCard};
pub use dataset::{DataError, Dataset, NO_ACTION};
pub use episode::{Episode, Outcome};
pub use exposure::ExposureRow;
pub use graph::{Ending, MAX_STATES, StateGraph, TooManyStates, UNREACHABLE};
pub use policy::{PlannerConfig, Policy, PolicyTable};
pub use recipe::{Amount, Part, Recipe, Wander};
pub use returns::returns_to_go;
pub use sight::instruction_sights;
pub use window::{Window, WindowEnd, WindowSampler};
