//! Linear probes: the maths alone, on a table of activations.
//!
//! A [`Task`] is activations with a label and a group for each row; cross-validation keeps the
//! rows of a group (an episode, a layout) together. Start from [`fit_ridge`] (or [`fit_ridges`],
//! for many labels at once), which chooses its strength by grouped cross-validation, or
//! [`fit_logistic`], which starts from it. What a probe is worth is told by
//! [`leave_condition_out`], [`selectivity`] and [`with_noise`].
//!
//! What it leaves out: which activations of which agent are probed.

mod check;
mod data;
mod error;
mod folds;
mod gram;
mod linear;
mod logistic;
mod quality;
mod ridge;

pub use check::{
    Condition, LeaveOut, Selectivity, control_labels, leave_condition_out, selectivity, with_noise,
};
pub use data::{Activations, Labels, Task};
pub use error::ProbeError;
pub use folds::{Part, group_folds, hash_split};
pub use linear::LinearProbe;
pub use logistic::fit_logistic;
pub use quality::Quality;
pub use ridge::{Choice, RidgeConfig, RidgeFit, StrengthError, fit_ridge, fit_ridges};
