//! libtorch's own autograd against burn's decomposed path on the pure-Rust backend.

#![allow(clippy::unwrap_used)] // a test may panic

use std::sync::Arc;

use crate::burn::prelude::*;
use dt_data::{Dataset, Recipe, Window, WindowEnd, WindowSampler};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::engine::{Gradients, Libtorch};
use super::weights::host;
use super::windows::{FrameInputs, Inputs, Times};
use crate::batch::frames::DistinctFrames;
use crate::batch::{Counted, TrainBatch, train_batch};
use crate::definition::Precision;
use crate::device::{DeviceSpec, to_host};
use crate::engine::tests::{SIZES, largest_difference, loss_and_gradients, model, variants};
use crate::model::{
    Frames, InputStatistics, ItemRows, Model, ModelConfig, NoHooks, Padding, ParamSpec,
    StateEmbedding,
};
use crate::optim::{Optimizer, OptimizerConfig, Schedule};

pub(crate) fn dataset() -> Dataset {
    let text = "(name: \"w\", env: \"MiniGrid-MemoryS7FixedStart-v0\", max_steps: 50, \
                parts: [(policy: Boltzmann(temperature: 1.0), amount: Episodes(40))])";
    let recipe = Recipe::parse("w.ron", text).unwrap();
    Dataset::generate(&recipe).unwrap().0
}

/// Windows of each agent, one of each as long as can be, one counted twice.
fn draw(data: &Dataset, agents: usize, seed: u64) -> Vec<Vec<Counted>> {
    let sampler = WindowSampler::new(data, 5, WindowEnd::AnyStep);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut own = || {
        let mut windows: Vec<Window> = (0..3).map(|_| sampler.draw(&mut rng)).collect();
        windows.push(
            (0..sampler.len())
                .map(|n| sampler.get(n))
                .find(|w| w.length == 5)
                .unwrap(),
        );
        let counted = |(n, window)| Counted {
            window,
            count: if n == 0 { 2 } else { 1 },
        };
        windows.into_iter().enumerate().map(counted).collect()
    };
    (0..agents).map(|_| own()).collect()
}

/// The windows of all agents as the decomposed path reads them.
fn joined(data: &Dataset, windows: &[Vec<Counted>], config: &ModelConfig) -> TrainBatch {
    let frames = DistinctFrames::new(data);
    let own = windows
        .iter()
        .map(|w| train_batch(data, &frames, w, config, &SIZES));
    let own: Vec<TrainBatch> = own.collect();
    let mut tokens = (*own[0].tokens).clone();
    tokens.agents = own.len();
    let (mut targets, mut weights) = (own[0].targets.clone(), own[0].weights.clone());
    let mut items = ItemRows::default();
    let mut dense = Vec::new();
    for (n, batch) in own.iter().enumerate() {
        match &batch.tokens.frames {
            Frames::Dense(values) => dense.extend(values),
            Frames::Items(rows) => {
                for frame in 0..rows.frames() {
                    items.items.extend(rows.row(frame).0);
                    items.push_absent();
                }
            }
        }
        if n > 0 {
            tokens.returns_to_go.extend(&batch.tokens.returns_to_go);
            tokens.actions.extend(&batch.tokens.actions);
            tokens.times.extend(&batch.tokens.times);
            targets.extend(&batch.targets);
            weights.extend(&batch.weights);
        }
    }
    tokens.frames = match dense.is_empty() {
        true => Frames::Items(items.into()),
        false => Frames::Dense(dense),
    };
    TrainBatch {
        tokens: tokens.into(),
        targets,
        weights,
    }
}

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

fn engine(
    model: &mut Model,
    optimizer: OptimizerConfig,
    data: &Dataset,
    frames: &Arc<DistinctFrames>,
) -> Libtorch {
    Libtorch::new(model, optimizer, Precision::F32, data, frames).expect("it is on libtorch")
}

/// A parameter's gradient, agent after agent.
fn gradient(engine: &Libtorch, model: &Model, of: &Gradients, param: usize) -> Vec<f32> {
    let layout = &engine.weights.layout;
    let own = (0..model.agents() as i64).flat_map(|agent| {
        let sections: Vec<Vec<f32>> = of.flat.iter().map(|flat| host(&flat.get(agent))).collect();
        layout.values_of(param, &model.specs()[param], &sections)
    });
    own.collect()
}

/// What is gathered on the device is what [`crate::model::WindowBuilder`] makes of the windows.
#[test]
fn gathered_windows_are_the_builders() {
    let data = dataset();
    let frames = Arc::new(DistinctFrames::new(&data));
    for padding in [Padding::Aligned, Padding::ZeroFrames] {
        for state_embedding in [StateEmbedding::Grid, StateEmbedding::Dense] {
            let config = ModelConfig {
                state_embedding,
                padding,
                ..variants()[0].clone()
            };
            let mut copy = on_libtorch(&model(&config, 1, false));
            let engine = engine(&mut copy, OptimizerConfig::default(), &data, &frames);
            let windows = draw(&data, 1, 6);
            let inputs = Inputs::new(&engine.data, &[&windows[0]], &copy);
            let batch = train_batch(&data, &frames, &windows[0], &config, &SIZES);
            let tokens = &batch.tokens;
            assert_eq!(inputs.timesteps as usize, tokens.timesteps);
            assert_eq!(host(&inputs.returns), tokens.returns_to_go);
            let ints = |tensor: &tch::Tensor| -> Vec<i64> {
                Vec::try_from(tensor.to_kind(tch::Kind::Int64).view(-1)).unwrap()
            };
            let widened = |of: &[u32]| -> Vec<i64> { of.iter().map(|&n| i64::from(n)).collect() };
            assert_eq!(ints(&inputs.actions), widened(&tokens.actions));
            let Times::Rows(times) = &inputs.times else {
                panic!("times are rows of a table");
            };
            assert_eq!(ints(times), widened(&tokens.times));
            match (&inputs.frames, &tokens.frames) {
                (FrameInputs::Dense(found), Frames::Dense(expected)) => {
                    assert_eq!(&host(found), expected);
                }
                (
                    FrameInputs::Items {
                        items,
                        offsets,
                        shown,
                    },
                    Frames::Items(rows),
                ) => {
                    let (items, offsets) = (ints(items), ints(offsets));
                    for (frame, &sum) in ints(shown).iter().enumerate() {
                        let of = offsets[sum as usize]..offsets[sum as usize + 1];
                        let found = &items[of.start as usize..of.end as usize];
                        assert_eq!(found, widened(rows.row(frame).0));
                    }
                }
                _ => panic!("both are items, or both are dense"),
            }
        }
    }
}

#[test]
fn losses_and_gradients_are_those_of_the_decomposed_path() {
    let data = dataset();
    let frames = Arc::new(DistinctFrames::new(&data));
    let mut configs = variants();
    configs.push(ModelConfig {
        padding: Padding::ZeroFrames,
        ..configs[5].clone()
    });
    configs.push(ModelConfig {
        state_embedding: StateEmbedding::Dense,
        ..configs[0].clone()
    });
    for (n, config) in configs.into_iter().enumerate() {
        for agents in [1, 3] {
            let plain = model(&config, agents, false);
            let mut copy = on_libtorch(&plain);
            let engine = engine(&mut copy, OptimizerConfig::default(), &data, &frames);
            let windows = draw(&data, agents, n as u64);
            let views: Vec<&[Counted]> = windows.iter().map(|w| &w[..]).collect();
            let found = engine.gradients(&copy, &views, &vec![1.0; agents]);
            let (expected, expected_grads) =
                loss_and_gradients(&plain, &joined(&data, &windows, &config));
            let loss: f32 = host(&found.loss).iter().sum();
            assert!(
                (loss - expected).abs() < 1e-4 * expected,
                "{config:?}: {loss} {expected}"
            );
            for (param, expected) in expected_grads.iter().enumerate() {
                let spec = &copy.specs()[param];
                let grad = gradient(&engine, &copy, &found, param);
                let scale = expected.iter().fold(1.0, |m: f32, g| m.max(g.abs()));
                let difference = largest_difference(&grad, expected) / scale;
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
    let data = dataset();
    let frames = Arc::new(DistinctFrames::new(&data));
    let mut engine = engine(&mut copy, optimizer, &data, &frames);
    let mut expected = Optimizer::new(optimizer, plain.specs().len());
    for step in 0..4 {
        let windows = draw(&data, 2, step);
        engine.step(&copy, &windows, 1, 0.7);
        let mut batch = joined(&data, &windows, config);
        // Each agent's loss is the mean over its own actions.
        let half = batch.weights.len() / 2;
        for own in batch.weights.chunks_mut(half) {
            let total: f32 = own.iter().sum();
            for w in own.iter_mut() {
                *w /= total;
            }
        }
        let (_, grads) = loss_and_gradients(&plain, &batch);
        let device = plain.params()[0].device();
        let upload =
            |(spec, values): (&ParamSpec, Vec<f32>)| crate::model::upload(spec, values, &device);
        let grads = plain.specs().iter().zip(grads).map(upload).collect();
        let params = plain.params().to_vec();
        let (params, norms) = expected.step(plain.specs(), params, grads, 0.7);
        plain.set_params(params);
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
    let frames = joined(&data, &draw(&data, 2, 9), config).tokens;
    let [ours, theirs] = [&copy, &plain].map(|m| to_host(&m.forward(&frames, &mut NoHooks)));
    assert!(largest_difference(&ours, &theirs) < 1e-3);
    // A state goes out and comes back as it was.
    let of_agents = |engine: &Libtorch, specs: &[ParamSpec]| {
        let [first, second] = [0, 1].map(|agent| engine.moments(specs, agent).unwrap());
        assert_eq!((first.0, second.0), (4, 4));
        let mut moments = first.1;
        for (all, own) in moments.iter_mut().zip(second.1) {
            all.first.extend(own.first);
            all.second.extend(own.second);
        }
        moments
    };
    let moments = of_agents(&engine, copy.specs());
    let values: Vec<Vec<f32>> = copy.params().iter().map(to_host).collect();
    let zeros: Vec<Vec<f32>> = values.iter().map(|v| vec![0.0; v.len()]).collect();
    engine.restore(copy.specs(), &zeros, 4, &moments);
    assert_eq!(to_host(&copy.params()[0]), zeros[0]);
    engine.restore(copy.specs(), &values, 4, &moments);
    let back: Vec<Vec<f32>> = copy.params().iter().map(to_host).collect();
    assert_eq!(values, back);
    assert_eq!(of_agents(&engine, copy.specs()), moments);
    // An agent that leaves takes nothing of the other's.
    let second = to_host(&copy.agent(1).params()[3]);
    let (_, its_moments) = engine.moments(copy.specs(), 1).unwrap();
    engine.release(&mut copy, 0);
    assert_eq!(copy.agents(), 1);
    assert_eq!(to_host(&copy.params()[3]), second);
    assert_eq!(engine.moments(copy.specs(), 0).unwrap().1, its_moments);
}

#[test]
fn gradients_in_bfloat16_point_where_those_in_f32_do() {
    let data = dataset();
    let frames = Arc::new(DistinctFrames::new(&data));
    let optimizer = OptimizerConfig::default();
    for (n, config) in variants().into_iter().enumerate() {
        for agents in [1, 3] {
            let plain = model(&config, agents, false);
            let windows = draw(&data, agents, n as u64);
            let views: Vec<&[Counted]> = windows.iter().map(|w| &w[..]).collect();
            let [exact, rounded] = [Precision::F32, Precision::Bf16].map(|precision| {
                let mut copy = on_libtorch(&plain);
                let engine = Libtorch::new(&mut copy, optimizer, precision, &data, &frames);
                let engine = engine.expect("it is on libtorch");
                let found = engine.gradients(&copy, &views, &vec![1.0; agents]);
                let params = 0..copy.specs().len();
                let grads = params.map(|p| gradient(&engine, &copy, &found, p));
                let grads: Vec<Vec<f32>> = grads.collect();
                (host(&found.loss), grads)
            });
            for (exact, rounded) in exact.0.iter().zip(&rounded.0) {
                assert!((exact / rounded - 1.0).abs() < 2e-2, "{exact} {rounded}");
                assert_ne!(exact, rounded, "nothing was rounded");
            }
            let mut sums = [0.0_f64; 3];
            for (a, b) in exact.1.iter().flatten().zip(rounded.1.iter().flatten()) {
                let (a, b) = (f64::from(*a), f64::from(*b));
                sums = [sums[0] + a * b, sums[1] + a * a, sums[2] + b * b];
            }
            let cosine = sums[0] / (sums[1] * sums[2]).sqrt();
            assert!(cosine > 0.999, "{config:?}: {cosine}");
        }
    }
}
