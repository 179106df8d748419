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
mod dataset;
mod demonstrators;
mod episode;
mod errors;
pub mod export;
mod generate;
mod replay;
mod returns;
pub mod store;
mod window;

pub use card::exposure::ExposureRow;
pub use card::{Card, DemonstratorCard};
pub use dataset::{Dataset, NO_ACTION};
pub use demonstrators::graph::{Ending, MAX_STATES, StateGraph, UNREACHABLE};
pub use demonstrators::policy::{PlannerConfig, Policy, PolicyTable};
pub use demonstrators::recipe::{Amount, Part, Recipe, Wander};
pub use episode::{Episode, Outcome};
pub use errors::{DataError, TooManyStates};
pub use replay::{instruction_sights, replay};
pub use returns::returns_to_go;
pub use window::{Window, WindowEnd, WindowSampler};
