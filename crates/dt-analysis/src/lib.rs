//! Questions asked of decision transformers, and figures of the answers.
//!
//! Start from [`reproduce`], which asks an agent everything that the post asks; a [`Study`] says
//! what that is, a [`Subject`] is the agent, [`hooks`] reach into its forward pass, and
//! [`claims`] judge what was found. [`answers`] and [`post`] draw with the kit in [`figures`];
//! [`plot`] draws what datasets and runs left on disk.
//!
//! ```
//! use dt_analysis::scenario::{Study, scenarios};
//!
//! let study = Study::memory_post();
//! let prompts = scenarios(&study).unwrap();
//! assert_eq!(prompts[0].facet.to_string(), "Key, Key-Ball, 0.892");
//! ```
//!
//! [`Study`]: scenario::Study
//! [`Subject`]: subject::Subject
//!
//! What it leaves out: training and evaluation (that is `dt-train`).

pub mod activations;
pub mod adversary;
pub mod agent_study;
pub mod answers;
pub mod attribution;
pub mod claims;
pub mod effects;
pub mod errata;
mod error;
pub mod figures;
pub mod formation;
pub mod geometry;
pub mod hooks;
mod linear;
pub mod logit_diff;
pub mod mediation;
pub mod patching;
pub mod plot;
pub mod post;
pub mod post_numbers;
pub mod probe;
pub mod probing;
pub mod report;
pub mod reproduce;
pub mod scenario;
pub mod stats;
pub mod steering;
pub mod subject;
pub mod table;
pub mod transfer;
pub mod walsh;

pub use error::Error;
