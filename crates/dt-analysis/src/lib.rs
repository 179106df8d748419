//! Questions asked of decision transformers, and figures of the answers.
//!
//! Start from a [`Study`](prompts::Study): which world, prompts and edits. A
//! [`PromptSet`](prompts::PromptSet) lays it out, a [`Subject`](subject::Subject) is an agent, and
//! an [`Experiment`](subject::Experiment) is both: what every question in [`questions`] is asked
//! of. [`figures`] draws their records with the kit in [`draw`]; [`papers`] are made with all of it.
//!
//! ```
//! use dt_analysis::prompts::{PromptSet, Study};
//!
//! let set = PromptSet::new(&Study::memory_post())?;
//! assert_eq!(set.scenarios[0].facet.to_string(), "Key, Key-Ball, 0.892");
//! # Ok::<(), dt_analysis::Error>(())
//! ```
//!
//! What it leaves out: training and evaluation (that is `dt-train`).

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
