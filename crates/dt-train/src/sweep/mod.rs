//! Many runs from one file: which they are, where they are made, and how far they are.
//!
//! A sweep file (`agents/sweeps/*.ron`) is a grid of seeds and of values of a definition's fields;
//! [`SweepConfig::runs`] lists its runs in a fixed order, so that a number names one on any
//! machine. Each is an ordinary run, made by a process of its own ([`local`], [`slurm`]): a sweep
//! that is started again goes on with what is unfinished, and passes over what is done.

pub mod local;
mod plan;
pub mod slurm;
mod status;

pub use plan::{Axis, DataSeed, Override, SweepConfig, SweepPart, SweepRun};
pub use status::{RunState, branch_point, state_of};
