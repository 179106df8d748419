//! Episodes whose actions are drawn.

use std::sync::Arc;

use dt_env::streams::{Purpose, stream};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use dt_env::EnvSpec;

use super::intervals::{Z95, wilson};
use super::record::{OutcomeCounts, SampledRecord};
use super::unseen;
use crate::model::{Model, NoHooks};
use crate::rollout::{CHUNK, Choice, Ended, Walker, walk};

/// Sampled episodes at one return-to-go; the same for any number of threads.
pub fn evaluate_sampled(
    model: &Model,
    spec: &Arc<EnvSpec>,
    rtg: f64,
    temperature: f64,
    episodes: usize,
    seed: u64,
) -> SampledRecord {
    let indices: Vec<u64> = (0..episodes as u64).collect();
    let ends: Vec<Vec<Ended>> = indices
        .par_chunks(CHUNK)
        .map(|chunk| {
            let mut rngs: Vec<ChaCha8Rng> = chunk
                .iter()
                .map(|&n| stream(seed, Purpose::Evaluation, n))
                .collect();
            let walkers = rngs.iter_mut().map(|rng| unseen(spec, rng.next_u64(), rtg));
            let mut walkers = [walkers.collect()];
            let mut choice = Choice::Sampled(temperature, rngs);
            walk(model, &mut walkers, &mut choice, &mut |_| Box::new(NoHooks));
            walkers[0].iter().map(Walker::ended).collect()
        })
        .collect();
    let ends: Vec<Ended> = ends.into_iter().flatten().collect();
    let counts = OutcomeCounts::of(ends.iter().map(|e| e.outcome));
    let success = counts.success;
    let n = episodes as f64;
    let mean_return = ends.iter().map(|e| e.total_return).sum::<f64>() / n;
    let squares = ends
        .iter()
        .map(|e| (e.total_return - mean_return).powi(2))
        .sum::<f64>();
    let half = Z95 * (squares / (n - 1.0).max(1.0) / n).sqrt();
    SampledRecord {
        rtg,
        temperature,
        episodes,
        success,
        wrong_target: counts.failed(),
        truncated: counts.truncated,
        mean_return,
        ci95: wilson(success, episodes),
        return_ci95: [mean_return - half, mean_return + half],
    }
}
