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
//! What it leaves out: MiniGrid's other task rules (`golden` lists them as partial) and full
//! observations.

mod batch;
#[cfg(feature = "cli")]
pub mod bench;
mod cell;
mod core;
mod env;
mod facts;
pub mod golden;
mod outcome;
pub mod render;
pub mod shared;
mod spec;
pub mod tasks;

pub use batch::Batch;
pub use cell::{Cell, CellError};
pub use core::action::{Action, Direction, Pose};
pub use core::grid::{Grid, MAX_REACH};
pub use core::tile::{Color, DoorState, Object, Tile};
pub use core::world::{Mark, PickupRule, Rules, StepResult, World};
pub use core::{rng, view};
pub use env::Env;
pub use facts::{Axis, Facts, FactsError};
pub use outcome::{Failure, Outcome};
pub use shared::{config, errors, files, streams, text};
#[cfg(feature = "cli")]
pub use shared::{shell, signals};
pub use spec::EnvSpec;
pub use tasks::memory::{Configuration, MemoryConfig, MemoryLayout, Side, TargetOrder};
pub use tasks::{Layout, WorldConfig};
