//! Probes of an agent: which concepts are read where, how honestly, and whether they are used.
//!
//! [`sweep_probes`] asks a [`Concept`] of every [`Site`] and gives a [`ProbeSweepRecord`]. A
//! concept counts as represented only where three things come together: each left-out condition
//! is read above chance ([`Reading`]), swapping along the probe's direction changes the turn
//! ([`SwapRecord`]), and random directions of the same length do not.
//!
//! ```
//! use dt_analysis::questions::probing::SweepConfig;
//!
//! let config = SweepConfig {
//!     concepts: vec!["IR".parse().unwrap()],
//!     ..SweepConfig::default()
//! };
//! assert!(config.concepts[0].is_interaction());
//! ```
//!
//! What it leaves out: the maths of fitting, which is [`probe`](crate::maths::probes).

mod assemble;
mod baseline;
mod concept;
mod config;
mod directions;
mod reader;
mod reading;
mod record;
mod rows;
mod site;
mod swap;
mod sweep;
mod table;
mod walks;
mod windows;

pub use concept::{Axis, Concept, Letters};
pub use config::SweepConfig;
pub use directions::{SavedDirection, check_directions, read_directions, write_directions};
pub use reading::{ControlRecord, LeftOut, Reading};
pub use record::{
    DataRecord, ObservationRecord, ProbeRecord, ProbeSweepRecord, ProbeVerdict, WalshShare,
};
pub use site::{Site, Token, probed_points};
pub use swap::{RandomSwaps, SwapRecord};
pub use sweep::{Given, Sweep, sweep_probes};
pub use table::sweep_csv;
