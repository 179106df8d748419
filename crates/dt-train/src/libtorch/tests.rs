//! libtorch's own autograd against burn's decomposed path on the pure-Rust backend.

use burn::prelude::*;

use super::engine::Engine;
use super::weights::host;
use crate::device::DeviceSpec;
use crate::model::tests::{SIZES, batch, largest_difference, loss_and_gradients, model, variants};
use crate::model::{InputStatistics, Model, NoHooks, ParamSpec};
use crate::optim::{Optimizer, OptimizerConfig, Schedule, to_host};

/// The same model on libtorch's CPU.
fn on_libtorch(model: &Model) -> Model {
    let device = DeviceSpec::Libtorch
        .open()
        .expect("libtorch is compiled in");
    let values = model.params().iter().map(to_host).collect();
    let statistics = InputStatistics {
        item_frequency: (0..SIZES.vocabulary())
            .map(|i| (i % 5) as f32 / 5.0)
            .collect(),
        rtg_mean: 0.4,
        rtg_std: 0.3,
    };
    Model::new(model.config().clone(), SIZES, &statistics, values, &device)
}

#[test]
fn losses_and_gradients_are_those_of_the_decomposed_path() {
    for (n, config) in variants().into_iter().enumerate() {
        for agents in [1, 3] {
            let plain = model(&config, agents, false);
            let mut copy = on_libtorch(&plain);
            let engine = Engine::new(&mut copy, OptimizerConfig::default()).expect("an engine");
            let batch = batch(agents, 4, 5, n as u64);
            let found = engine.gradients(&copy, &batch, &vec![1.0; agents]);
            let (expected, expected_grads) = loss_and_gradients(&plain, &batch);
            let loss: f32 = host(&found.loss).iter().sum();
            assert!(
                (loss - expected).abs() < 1e-4 * expected,
                "{config:?}: {loss} {expected}"
            );
            let mut at = 0;
            for (spec, expected) in copy.specs().iter().zip(&expected_grads) {
                let grad = found.flat.narrow(1, at, spec.len() as i64);
                at += spec.len() as i64;
                let scale = expected.iter().fold(1.0, |m: f32, g| m.max(g.abs()));
                let difference = largest_difference(&host(&grad), expected) / scale;
                assert!(difference < 1e-4, "{}, {config:?}: {difference}", spec.name);
            }
        }
    }
}

#[test]
fn an_update_is_the_optimizers() {
    let config = &variants()[1];
    let optimizer = OptimizerConfig {
        weight_decay: 0.3,
        schedule: Schedule::Constant,
        state_embedding_rate: 0.5,
        clip_norm: Some(0.5),
        ..OptimizerConfig::default()
    };
    let mut plain = model(config, 2, false);
    let mut copy = on_libtorch(&plain);
    let mut engine = Engine::new(&mut copy, optimizer).expect("an engine");
    let mut expected = Optimizer::new(optimizer, &plain);
    for step in 0..4 {
        let batch = batch(2, 4, 5, step);
        engine.step(&copy, std::slice::from_ref(&batch), &[1.0, 1.0], 0.7);
        let (_, grads) = loss_and_gradients(&plain, &batch);
        let device = plain.params()[0].device();
        let upload =
            |(spec, values): (&ParamSpec, Vec<f32>)| crate::model::upload(spec, values, &device);
        let grads = plain.specs().iter().zip(grads).map(upload).collect();
        let norms = expected.step(&mut plain, grads, 0.7);
        let reading = engine.read().expect("a step was taken");
        for (norm, expected) in reading.grad_norm.iter().zip(&norms) {
            assert!((norm / expected - 1.0).abs() < 1e-4, "{norm} {expected}");
        }
    }
    // The model's parameters are views of the engine's: they have moved with them.
    let moved: Vec<Tensor<3>> = copy.params().to_vec();
    for ((spec, moved), expected) in plain.specs().iter().zip(&moved).zip(plain.params()) {
        // Softmax does not see what all keys share: this gradient is rounding, whose size Adam
        // takes away.
        if spec.name.ends_with("b_K") {
            continue;
        }
        let difference = largest_difference(&to_host(moved), &to_host(expected));
        assert!(difference < 2e-5, "{}: {difference}", spec.name);
    }
    let frames = batch(2, 4, 5, 9).tokens;
    let [ours, theirs] = [&copy, &plain].map(|m| to_host(&m.forward(&frames, &mut NoHooks)));
    assert!(largest_difference(&ours, &theirs) < 1e-3);
    // A state goes out and comes back as it was.
    let (updates, moments) = engine.moments(copy.specs()).expect("steps were taken");
    assert_eq!(updates, 4);
    let values: Vec<Vec<f32>> = copy.params().iter().map(to_host).collect();
    let zeros: Vec<Vec<f32>> = values.iter().map(|v| vec![0.0; v.len()]).collect();
    engine.restore(&zeros, 4, &moments);
    assert_eq!(to_host(&copy.params()[0]), zeros[0]);
    engine.restore(&values, updates, &moments);
    let back: Vec<Vec<f32>> = copy.params().iter().map(to_host).collect();
    assert_eq!(values, back);
    assert_eq!(engine.moments(copy.specs()).expect("restored").1, moments);
}
