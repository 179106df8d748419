//! Questions asked of decision transformers, and figures of the answers.
//!
//! Start from [`reproduce`], which asks an agent everything that the post asks; a [`Study`] says
//! what that is, a [`Subject`] is the agent, [`hooks`] reach into its forward pass, and
//! [`claims`] judge what was found. [`answers`] and [`post`] draw with the kit in [`figures`];
//! [`plot`] draws what datasets and runs left on disk.
//!
//! ```
//! use dt_analysis::prompts::{Study, scenarios};
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

pub mod dossier;
pub mod draw;
mod error;
pub mod figures;
pub mod files;
pub mod maths;
pub mod pages;
pub mod papers;
pub mod prompts;
pub mod questions;
pub mod subject;

pub use error::Error;
