//! MiniGrid's memory worlds, bit for bit, at millions of steps a second.
//!
//! Start from [`Env`]: a definition ([`EnvSpec`], read from `envs/*.ron`), numpy's random stream
//! ([`rng::Pcg64`]) and a [`World`] with MiniGrid 3.2.0's rules. [`Batch`] steps thousands of
//! them together.
//!
//! ```
//! use dt_env::{Action, Env, EnvSpec};
//!
//! let spec = EnvSpec::builtin("MiniGrid-MemoryS7FixedStart-v0").unwrap().with_max_steps(50);
//! let mut env = Env::new(spec.into());
//! env.reset(0); // ball, with the ball at the bottom: a right turn
//! let walk = [2, 2, 2, 2, 1, 2].map(|a| env.step(Action::from_index(a).unwrap()));
//! assert!(walk[5].terminated);
//! assert_eq!(walk[5].reward, 0.892);
//! ```
//!
//! What it leaves out: MiniGrid's other task rules (`golden` lists them as partial), mission
//! text, and full observations.

mod action;
mod batch;
#[cfg(feature = "cli")]
pub mod bench;
pub mod config;
mod env;
pub mod errors;
pub mod golden;
mod grid;
pub mod render;
pub mod rng;
pub mod shared;
mod spec;
mod tile;
pub mod view;
mod world;
pub mod worlds;

pub use action::{Action, Direction, Pose};
pub use batch::Batch;
pub use env::Env;
pub use grid::{Grid, MAX_REACH};
pub use shared::streams;
pub use spec::{EnvSpec, WorldConfig};
pub use tile::{Color, DoorState, Object, Tile};
pub use world::{Mark, PickupRule, Rules, StepResult, World};
pub use worlds::memory::{Configuration, MemoryConfig, MemoryLayout, Side, TargetOrder};
