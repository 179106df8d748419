//! Questions asked of decision transformers, and figures of the answers.
//!
//! Start from [`plot::figures`], which draws what datasets and runs left on disk; [`figures`] is
//! the kit that every figure is made with.
//!
//! What it leaves out: training and evaluation (that is `dt-train`).

mod error;
pub mod figures;
pub mod plot;
pub mod probe;
pub mod stats;

pub use error::Error;
