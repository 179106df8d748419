//! Parts of a training step, each alone: `cargo bench -p dt-train`.

use std::sync::Arc;

use divan::{Bencher, black_box};
use dt_train::burn::prelude::*;
use dt_train::device::DeviceSpec;
use dt_train::model::{
    InputStatistics, Model, ModelConfig, NoHooks, Seen, TokenBatch, WindowBuilder, WindowStep,
    WorldSizes, initial_values, param_specs,
};
use dt_train::{Optimizer, OptimizerConfig};

/// The default agent's batch, and a micro-batch of it.
const WINDOWS: [usize; 2] = [64, 16];
const SIZES: WorldSizes = WorldSizes {
    view_size: 7,
    max_steps: 50,
    n_actions: 7,
};

fn main() {
    divan::main();
}

/// Whole windows of frames that differ.
fn batch(config: &ModelConfig, frames: &[Vec<u8>], windows: usize) -> TokenBatch {
    let context = config.timesteps();
    let mut builder = WindowBuilder::new(config, &SIZES, context);
    builder.reserve(windows);
    for window in 0..windows {
        builder.push((0..context).map(|time| WindowStep {
            return_to_go: 0.9,
            seen: Seen::Observation(&frames[(window + time) % frames.len()]),
            action: Some((time % 7) as u32),
            time: time as u32,
        }));
    }
    builder.finish(1)
}

fn frames() -> Vec<Vec<u8>> {
    let frame = |n: usize| (0..147).map(|i| ((i * 7 + n) % 3) as u8).collect();
    (0..100).map(frame).collect()
}

fn model() -> Model {
    let config = ModelConfig::default();
    let (specs, _) = param_specs(&config, &SIZES);
    let values = initial_values(&specs, config.initial_std, 0);
    let device = DeviceSpec::Cpu.open().expect("it is compiled in");
    let statistics = InputStatistics::neutral(&SIZES);
    Model::new(config, SIZES, &statistics, values, &device)
}

#[divan::bench(args = WINDOWS)]
fn windows_to_tokens(bencher: Bencher, windows: usize) {
    let (config, frames) = (ModelConfig::default(), frames());
    bencher.bench(|| batch(black_box(&config), &frames, windows));
}

#[divan::bench(args = WINDOWS)]
fn forward_pass(bencher: Bencher, windows: usize) {
    let model = model();
    let batch = Arc::new(batch(model.config(), &frames(), windows));
    bencher.bench(|| model.forward(&batch, &mut NoHooks).into_data());
}

#[divan::bench]
fn adamw_update(bencher: Bencher) {
    let model = model();
    let mut optimizer = Optimizer::new(OptimizerConfig::default(), model.specs().len());
    let grads: Vec<Tensor<3>> = model.params().iter().map(|p| p.clone() * 1e-3).collect();
    let mut params = model.params().to_vec();
    bencher.bench_local(|| {
        let old = std::mem::take(&mut params);
        params = optimizer.step(model.specs(), old, grads.clone(), 1.0).0;
    });
}
