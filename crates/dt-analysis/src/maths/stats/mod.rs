//! Statistics of small samples: intervals, resampling, equivalence, and verdicts over seeds.
//!
//! The unit of inference is the training seed (an agent); what is passed here is one number for
//! each. Everything is f64 and repeatable: resampling takes its seed last and draws resample n
//! from stream n of one ChaCha8 generator, so that results do not depend on threads.
//!
//! Start from [`clopper_pearson`] for a share, [`t_interval`] or [`bootstrap`] for a mean,
//! [`median_interval`] for a median, [`spearman_test`] and its neighbours for a p-value, and
//! [`Verdict::of_seeds`] for what follows from it all.
//!
//! ```
//! use dt_analysis::maths::stats::{Verdict, clopper_pearson};
//!
//! let share = clopper_pearson(9, 10, 0.95)?;
//! assert!(share.low > 0.55 && share.high < 0.998);
//! assert_eq!(Verdict::of_seeds(9, 10, None)?.to_string(), "HOLDS");
//! # Ok::<(), dt_analysis::maths::stats::StatsError>(())
//! ```

mod bootstrap;
mod correlation;
mod density;
mod error;
mod interval;
mod order;
mod permutation;
mod sample;
mod separation;
mod share;
mod student;
mod verdict;

pub use bootstrap::{Bootstrap, bootstrap};
pub use correlation::{pearson, ranks, spearman};
pub use density::Density;
pub use error::StatsError;
pub use interval::{CONFIDENCE, Interval};
pub use order::{MedianInterval, median_interval};
pub use permutation::{Alternative, Permutation, paired_test, spearman_test, two_sample_test};
pub use sample::{mean, median, quantile, std};
pub use separation::{auc, d_prime};
pub use share::clopper_pearson;
pub use student::{Equivalence, t_interval, tost};
pub use verdict::{Reference, Verdict};
