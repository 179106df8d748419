//! What an agent does: exactly over every outcome of a reset, and sampled.

pub mod calibrate;
mod exact;
mod goals;
mod intervals;
mod record;
mod sampled;

use std::sync::Arc;

use dt_env::{Env, EnvSpec};

pub use exact::{evaluate_exact, evaluate_exact_each};
pub use goals::{asked_outcome, ends_as_asked, meets};
pub use intervals::wilson;
pub use record::{EpisodeRecord, EvaluationLine, EvaluationRecord, ExactRecord, SampledRecord};
pub use sampled::evaluate_sampled;

use crate::rollout::Walker;

/// Datasets draw their environment seeds below this bit, evaluation above it.
const UNSEEN: u64 = 1 << 32;

/// An episode of a reset that no dataset holds.
fn unseen(spec: &Arc<EnvSpec>, seed: u64, rtg: f64) -> Walker {
    let mut env = Env::new(spec.clone());
    env.reset(seed | UNSEEN);
    Walker::new(env, rtg)
}
