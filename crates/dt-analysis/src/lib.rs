//! Questions asked of decision transformers, and figures of the answers.
//!
//! Start from [`plot::figures`], which draws what datasets and runs left on disk, or from
//! [`post::figures`], the world and the ideas of the post that the analyses follow; [`figures`] is
//! the kit that every figure is made with.
//!
//! What it leaves out: training and evaluation (that is `dt-train`).

pub mod activations;
pub mod answers;
pub mod attribution;
pub mod claims;
pub mod effects;
pub mod errata;
mod error;
pub mod figures;
pub mod geometry;
pub mod hooks;
mod linear;
pub mod logit_diff;
pub mod mediation;
pub mod patching;
pub mod plot;
pub mod post;
pub mod post_numbers;
pub mod report;
pub mod reproduce;
pub mod scenario;
pub mod stats;
pub mod steering;
pub mod subject;
pub mod table;
pub mod walsh;

pub use error::Error;
