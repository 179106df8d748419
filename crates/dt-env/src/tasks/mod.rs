//! Families of worlds: how a reset lays them out.

pub mod map;
pub mod memory;
pub mod obstacles;
