//! What an agent does: greedily over every outcome of a reset or on held-out ones, and sampled.

pub mod calibrate;
mod exact;
mod goals;
mod held_out;
mod intervals;
mod record;
mod sampled;

use std::sync::Arc;

use dt_env::{Env, EnvSpec};

pub use exact::{EvaluateError, evaluate_exact, evaluate_exact_each};
pub use goals::{AtReturn, as_asked, asks_for_success, ends_as_asked, meets};
pub use held_out::evaluate_held_out_each;
pub use intervals::wilson;
pub use record::{
    EVALUATION_BYTES, EpisodeRecord, EvaluationLine, EvaluationRecord, ExactRecord, Greedy,
    HeldOutRecord, SampledRecord,
};
pub use sampled::evaluate_sampled;

use crate::model::Model;
use crate::rollout::{NotFiniteLogits, Walker};

/// Datasets draw their environment seeds below this bit, evaluation above it.
const UNSEEN: u64 = 1 << 32;

/// An episode of a reset that no dataset holds.
fn unseen(spec: &Arc<EnvSpec>, seed: u64, rtg: f64) -> Walker {
    let mut env = Env::new(spec.clone());
    env.reset(seed | UNSEEN);
    Walker::new(env, rtg)
}

/// What each of a model's agents does greedily at each return-to-go: over every outcome of a reset
/// where these can all be tried, else after so many held-out resets.
///
/// # Errors
/// If an agent's logits are not finite.
pub fn evaluate_greedy_each(
    model: &Model,
    spec: &Arc<EnvSpec>,
    returns_to_go: &[f64],
    held_out: usize,
) -> Result<Vec<Greedy>, NotFiniteLogits> {
    let why = match evaluate_exact_each(model, spec, returns_to_go) {
        Ok(each) => return Ok(each.into_iter().map(Greedy::Exact).collect()),
        Err(EvaluateError::Logits(error)) => return Err(error),
        Err(EvaluateError::NotEnumerated(why)) => why,
    };
    let each = evaluate_held_out_each(model, spec, returns_to_go, held_out)?.into_iter();
    Ok(each
        .map(|records| Greedy::HeldOut(why.clone(), records))
        .collect())
}

/// The same of a single agent.
///
/// # Errors
/// If its logits are not finite.
pub fn evaluate_greedy(
    model: &Model,
    spec: &Arc<EnvSpec>,
    returns_to_go: &[f64],
    held_out: usize,
) -> Result<Greedy, NotFiniteLogits> {
    let mut each = evaluate_greedy_each(model, spec, returns_to_go, held_out)?;
    Ok(each.swap_remove(0))
}
