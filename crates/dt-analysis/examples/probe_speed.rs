//! Measures a ridge probe and a logistic one on 100,000 × 256 synthetic activations, as JSON.
//!
//!     RAYON_NUM_THREADS=2 cargo run -p dt-analysis --example probe_speed

#![allow(clippy::print_stdout)]

use std::time::Instant;

use dt_analysis::maths::probes::{
    Activations, Labels, ProbeError, RidgeConfig, Task, fit_logistic, fit_ridge,
};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

fn main() -> Result<(), ProbeError> {
    let (rows, d) = (100_000, 256);
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let values = (0..rows * d).map(|_| rng.random::<f32>() - 0.5).collect();
    let activations = Activations::new(rows, d, values)?;
    let labels: Vec<bool> = (0..rows)
        .map(|row| activations.row(row)[..16].iter().sum::<f32>() + rng.random::<f32>() > 0.5)
        .collect();
    let groups: Vec<u32> = (0..rows as u32).map(|row| row / 10).collect();
    let task = Task {
        activations: &activations,
        labels: Labels::Binary(&labels),
        groups: &groups,
    };
    let all: Vec<usize> = (0..rows).collect();
    let config = RidgeConfig::default();
    let start = Instant::now();
    let fit = fit_ridge(&task, &all, &config, 0)?;
    let ridge = start.elapsed().as_secs_f64();
    let start = Instant::now();
    fit_logistic(&task, &all, &fit.probe, 1e-3)?;
    let logistic = start.elapsed().as_secs_f64();
    let record = serde_json::json!({
        "rows": rows,
        "d": d,
        "folds": config.folds,
        "strengths": config.strengths.len(),
        "threads": rayon::current_num_threads(),
        "ridge_seconds": ridge,
        "logistic_seconds": logistic,
        "held_out": fit.held_out,
    });
    println!("{record}");
    Ok(())
}
