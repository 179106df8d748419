//! Steps per second, as `dt-env bench` reports them.

use crate::shared::streams::{Purpose, stream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::Rng;
use serde::Serialize;

use crate::batch::Batch;
use crate::core::action::Action;
use crate::spec::EnvSpec;

/// Result of a benchmark; `--json` prints it as it is.
#[derive(Clone, Debug, Serialize)]
pub struct BenchRecord {
    /// Environment.
    pub env: String,
    /// Worlds stepped together by each thread.
    pub batch: usize,
    /// Threads, each with a batch of its own.
    pub threads: usize,
    /// Steps per second of all threads together: median over the repeats.
    pub steps_per_second: f64,
    /// Slowest repeat.
    pub steps_per_second_min: f64,
    /// Fastest repeat.
    pub steps_per_second_max: f64,
    /// Steps per second and thread: median over the repeats.
    pub steps_per_second_per_thread: f64,
    /// Share of steps that ended an episode and so paid for a reset.
    pub resets_per_step: f64,
    /// Number of repeats.
    pub repeats: usize,
}

/// Steps worlds of `spec` with uniformly random actions, `repeats` times for `seconds` each.
///
/// A step counts the drawing of its action, the rules, the reset where an episode ends, and the
/// observation with exact visibility, written into the batch's buffer.
///
/// # Panics
/// If `threads`, `batch` or `repeats` is 0.
pub fn bench(
    spec: &Arc<EnvSpec>,
    batch: usize,
    threads: usize,
    seconds: f64,
    repeats: usize,
) -> BenchRecord {
    assert!(threads > 0 && batch > 0 && repeats > 0);
    let mut rates = Vec::new();
    let (mut all_steps, mut all_resets) = (0_u64, 0_u64);
    for repeat in 0..repeats {
        let counts: Vec<(u64, u64, f64)> = std::thread::scope(|scope| {
            let handles: Vec<_> = (0..threads)
                .map(|thread| {
                    let seed = (repeat * threads + thread) as u64;
                    let limit = Duration::from_secs_f64(seconds);
                    scope.spawn(move || run(spec, batch, seed, limit))
                })
                .collect();
            handles
                .into_iter()
                .map(|h| h.join().expect("a bench thread does not panic"))
                .collect()
        });
        rates.push(counts.iter().map(|&(n, _, s)| n as f64 / s).sum::<f64>());
        all_steps += counts.iter().map(|c| c.0).sum::<u64>();
        all_resets += counts.iter().map(|c| c.1).sum::<u64>();
    }
    rates.sort_by(f64::total_cmp);
    let median = rates[rates.len() / 2];
    BenchRecord {
        env: spec.id.clone(),
        batch,
        threads,
        steps_per_second: median,
        steps_per_second_min: rates[0],
        steps_per_second_max: rates[rates.len() - 1],
        steps_per_second_per_thread: median / threads as f64,
        resets_per_step: all_resets as f64 / all_steps as f64,
        repeats,
    }
}

/// Steps one batch until the time is up; returns steps, resets and seconds.
fn run(spec: &Arc<EnvSpec>, size: usize, seed: u64, limit: Duration) -> (u64, u64, f64) {
    let mut batch = Batch::new(spec, size, seed.wrapping_mul(1 << 32));
    let mut rng = stream(seed, Purpose::Benchmark, 0);
    let mut bytes = vec![0; size * 2];
    let mut actions = vec![Action::Left; size];
    let (mut steps, mut resets) = (0, 0);
    let start = Instant::now();
    loop {
        for _ in 0..64 {
            rng.fill_bytes(&mut bytes);
            for (action, pair) in actions.iter_mut().zip(bytes.as_chunks::<2>().0) {
                // 16 random bits scaled to 0..7; no action is favoured by more than 1 in 9,362.
                let draw = (u32::from(u16::from_le_bytes(*pair)) * 7) >> 16;
                *action = Action::ALL[draw as usize];
            }
            batch.step(&actions);
            steps += size as u64;
            resets += batch.results().iter().filter(|r| r.is_last()).count() as u64;
        }
        if start.elapsed() >= limit {
            return (steps, resets, start.elapsed().as_secs_f64());
        }
    }
}
