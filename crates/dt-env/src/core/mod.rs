//! A step on explicit state: tiles, grid, view, world. Knows no task.

pub(crate) mod action;
pub(crate) mod grid;
pub mod rng;
pub(crate) mod tile;
pub mod view;
pub(crate) mod world;
