//! Agents whose steps are taken together, on libtorch.

#![allow(clippy::unwrap_used)] // a test may panic

use std::sync::Arc;

use dt_data::{WindowEnd, WindowSampler};

use super::Trainer;
use crate::batch::input_statistics;
use crate::device::DeviceSpec;
use crate::engine::libtorch::tests::dataset;
use crate::engine::tests::{SIZES, variants};
use crate::model::ModelConfig;

#[test]
fn agents_that_train_together_train_as_alone() {
    let data = Arc::new(dataset());
    let mut config = crate::AgentConfig::default_memory();
    config.model = ModelConfig {
        gated_mlp: true,
        centre_observations: true,
        ..variants()[0].clone()
    };
    config.optimizer.clip_norm = Some(0.5); // clips some steps of some agents
    // Where a gradient is nothing but rounding (that of an item that no frame lacks, once frames
    // are centred), Adam would make a step of it.
    config.optimizer.epsilon = 1e-6;
    config.training.batch_size = 12;
    let statistics = input_statistics(&data, &SIZES);
    let device = DeviceSpec::Libtorch.open().unwrap();
    let sampler = WindowSampler::new(&data, config.model.timesteps(), WindowEnd::AnyStep);
    let trainer = |seeds: &[u64]| {
        Trainer::new(
            &config,
            SIZES,
            data.clone(),
            sampler.clone(),
            &statistics,
            seeds,
            &device,
        )
    };
    let seeds = [3, 8, 21];
    let mut all = trainer(&seeds);
    let mut records = Vec::new();
    for step in 0..10 {
        all.step();
        records.push(all.read());
        if step == 5 {
            all.release(1); // the others go on as if nothing had happened
        }
    }
    for (agent, seed) in [3, 21].into_iter().enumerate() {
        let mut alone = trainer(&[seed]);
        for records in &records {
            alone.step();
            let own = alone.read()[0];
            let together = records[if records.len() == 3 { 2 * agent } else { agent }];
            assert!((own.loss - together.loss).abs() < 1e-5 * own.loss);
            assert!((own.grad_norm / together.grad_norm - 1.0).abs() < 1e-4);
        }
        let (ours, theirs) = (all.values(agent), alone.values(0));
        let mut sums = [0.0_f64; 2];
        for ((spec, ours), theirs) in all.model.specs().iter().zip(&ours).zip(&theirs) {
            // This gradient is rounding, whose size Adam takes away.
            if spec.name.ends_with("b_K") {
                continue;
            }
            for (a, b) in ours.iter().zip(theirs) {
                sums[0] += f64::from(a - b).powi(2);
                sums[1] += f64::from(*b).powi(2);
            }
        }
        let relative = (sums[0] / sums[1]).sqrt();
        assert!(relative < 1e-5, "seed {seed}: {relative:e}");
    }
}
