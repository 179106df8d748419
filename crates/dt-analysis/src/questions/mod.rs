//! Questions asked of agents; each returns a record.

pub mod adversary;
pub mod attribution;
pub mod edits;
pub mod formation;
pub mod geometry;
pub mod mediation;
pub mod patching;
pub mod probing;
pub mod reach;
pub mod steering;
pub mod transfer;
pub mod walsh;
