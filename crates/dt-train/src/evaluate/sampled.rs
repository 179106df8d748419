//! Episodes whose actions are drawn.

use std::sync::Arc;

use dt_env::streams::{Purpose, stream};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use dt_data::Outcome;
use dt_env::EnvSpec;

use super::intervals::{mean_interval, wilson};
use super::record::{OutcomeCounts, SampledRecord};
use super::unseen;
use crate::definition::SampledConfig;
use crate::model::{Model, NoHooks};
use crate::rollout::{CHUNK, Choice, Ended, NotFiniteLogits, Walker, walk};

/// Sampled episodes as they are asked for; the same for any number of threads.
///
/// # Errors
/// If the agent's logits are not finite.
pub fn evaluate_sampled(
    model: &Model,
    spec: &Arc<EnvSpec>,
    asked: &SampledConfig,
    seed: u64,
) -> Result<SampledRecord, NotFiniteLogits> {
    let SampledConfig {
        return_to_go: rtg,
        temperature,
        episodes,
    } = *asked;
    let indices: Vec<u64> = (0..episodes as u64).collect();
    let ends: Vec<Vec<Ended>> = indices
        .par_chunks(CHUNK)
        .map(|chunk| -> Result<_, NotFiniteLogits> {
            let mut rngs: Vec<ChaCha8Rng> = chunk
                .iter()
                .map(|&n| stream(seed, Purpose::Evaluation, n))
                .collect();
            let walkers = rngs.iter_mut().map(|rng| unseen(spec, rng.next_u64(), rtg));
            let mut walkers = [walkers.collect()];
            let mut choice = Choice::Sampled(temperature, rngs);
            walk(model, &mut walkers, &mut choice, &mut |_| Box::new(NoHooks))?;
            Ok(walkers[0].iter().map(Walker::ended).collect())
        })
        .collect::<Result<_, _>>()?;
    let ends: Vec<Ended> = ends.into_iter().flatten().collect();
    let counts = OutcomeCounts::of(ends.iter().map(|e| e.outcome));
    let success = counts.success;
    let returns: Vec<f64> = ends.iter().map(|e| e.total_return).collect();
    let succeeded: Vec<bool> = ends.iter().map(|e| e.outcome == Outcome::Success).collect();
    let mean_return = returns.iter().sum::<f64>() / episodes as f64;
    Ok(SampledRecord {
        rtg,
        temperature,
        episodes,
        success,
        wrong_target: counts.failed(),
        truncated: counts.truncated,
        mean_return,
        ci95: wilson(success, episodes),
        return_ci95: mean_interval(&returns, &succeeded),
    })
}
