//! The fused and reduced paths against the decomposed one, and what attention may see.

#![allow(clippy::unwrap_used)] // a test may panic

use std::sync::Arc;

use crate::burn::prelude::*;
use dt_data::{Dataset, Recipe, Window, WindowEnd, WindowSampler};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::batch::frames::DistinctFrames;
use crate::batch::{Counted, TrainBatch, distinct, total, train_batch};
use crate::device::to_host;
use crate::model::*;
use crate::objective::imitation::negative_log_likelihoods;

pub(crate) const SIZES: WorldSizes = WorldSizes {
    view_size: 7,
    max_steps: 50,
    n_actions: 7,
};

fn small() -> ModelConfig {
    ModelConfig {
        n_layers: 2,
        n_heads: 2,
        d_model: 16,
        d_mlp: 24,
        n_ctx: 14,
        initial_std: 0.3,
        ..ModelConfig::default()
    }
}

/// A model of `agents` agents with random weights, biases and gains included.
pub(crate) fn model(config: &ModelConfig, agents: usize, host: bool) -> Model {
    let (specs, _) = param_specs(config, &SIZES);
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let values = specs
        .iter()
        .map(|s| {
            let middle = f32::from(u8::from(s.name.ends_with(".w"))); // gains are near 1
            let mut draw = |_| middle + 0.4 * (rng.random::<f32>() - 0.5);
            (0..agents * s.len()).map(&mut draw).collect()
        })
        .collect();
    let statistics = InputStatistics {
        item_frequency: (0..SIZES.vocabulary())
            .map(|i| (i % 5) as f32 / 5.0)
            .collect(),
        rtg_mean: 0.4,
        rtg_std: 0.3,
    };
    let mut model = Model::new(config.clone(), SIZES, &statistics, values, &Device::flex());
    model.host = host;
    model
}

/// Random windows, the last of each agent shorter than the rest.
pub(crate) fn batch(agents: usize, windows: usize, timesteps: usize, seed: u64) -> TrainBatch {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut tokens = TokenBatch::new(timesteps);
    (tokens.agents, tokens.windows) = (agents, windows);
    let mut rows = ItemRows::default();
    let (mut targets, mut weights) = (Vec::new(), Vec::new());
    for n in 0..agents * windows * timesteps {
        let filling = n / timesteps % windows == windows - 1 && n % timesteps > 1;
        tokens.returns_to_go.push(rng.random::<f32>());
        tokens.actions.push(rng.random_range(0..8));
        tokens.times.push(rng.random_range(0..50));
        targets.push(rng.random_range(0..7));
        weights.push(if filling { 0.0 } else { 1.0 });
        if filling {
            rows.push_absent();
        } else {
            let items: Vec<u32> = (0..147).map(|_| rng.random_range(0..980)).collect();
            let additions = if n % 4 == 0 {
                vec![(3, -0.5), (700, 2.0)]
            } else {
                vec![]
            };
            rows.push(&Frame::Items { items, additions });
        }
    }
    tokens.frames = Frames::Items(rows.into());
    TrainBatch {
        tokens: tokens.into(),
        targets,
        weights,
    }
}

/// Lets frames be the same as others, absent ones among them.
fn share_frames(batch: &mut TrainBatch) {
    let mut tokens = (*batch.tokens).clone();
    let Frames::Items(rows) = &tokens.frames else {
        panic!("items");
    };
    let mut rows = (**rows).clone();
    let sums = rows.ends.len() as u32;
    rows.shared = (0..sums).map(|n| n * 7 % sums / 2).collect();
    tokens.frames = Frames::Items(rows.into());
    batch.tokens = tokens.into();
}

fn logits(model: &Model, batch: &TrainBatch, hooks: &mut dyn Hooks) -> Vec<f32> {
    to_host(&model.forward(&batch.tokens, hooks))
}

pub(crate) fn loss_and_gradients(model: &Model, batch: &TrainBatch) -> (f32, Vec<Vec<f32>>) {
    let tracked = model.tracked();
    let logits = tracked.forward(&batch.tokens, &mut NoHooks);
    let loss = negative_log_likelihoods(logits, batch).sum();
    let mut grads = loss.backward();
    let grads = tracked
        .params()
        .iter()
        .map(|p| {
            to_host(
                &p.grad_remove(&mut grads)
                    .expect("every parameter is reached"),
            )
        })
        .collect();
    (loss.into_scalar::<f32>(), grads)
}

pub(crate) fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter()
        .zip(b)
        .map(|(x, y)| (x - y).abs())
        .fold(0.0, f32::max)
}

/// Wants everything and changes nothing.
struct Everything;

impl Hooks for Everything {
    fn wants(&self, _: HookPoint) -> bool {
        true
    }
}

pub(crate) fn variants() -> Vec<ModelConfig> {
    let base = small();
    vec![
        base.clone(),
        ModelConfig {
            gated_mlp: true,
            ..base.clone()
        },
        ModelConfig {
            layer_norm: LayerNorm::LNPre,
            activation: Activation::GeluNew,
            ..base.clone()
        },
        ModelConfig {
            layer_norm: LayerNorm::Off,
            activation: Activation::Silu,
            time_embedding: TimeEmbedding::Linear,
            ..base.clone()
        },
        ModelConfig {
            activation: Activation::SoluLn,
            ..base.clone()
        },
        ModelConfig {
            centre_observations: true,
            state_bias: true,
            return_to_go: ReturnToGoInput::Standardised(3.0),
            ..base
        },
    ]
}

#[test]
fn fused_kernels_equal_the_decomposed_path() {
    for config in variants() {
        for (agents, timesteps, shared) in
            [(1, 5, false), (1, 5, true), (1, 1, false), (3, 4, true)]
        {
            let mut batch = batch(agents, 6, timesteps, 11);
            if shared {
                share_frames(&mut batch);
            }
            let fused = loss_and_gradients(&model(&config, agents, true), &batch);
            let plain = loss_and_gradients(&model(&config, agents, false), &batch);
            assert!(
                (fused.0 - plain.0).abs() <= 1e-4 * plain.0.abs(),
                "{config:?}"
            );
            let (specs, _) = param_specs(&config, &SIZES);
            // The key bias has no gradient at all but rounding, so the scale has a floor.
            let largest = plain
                .1
                .iter()
                .flatten()
                .fold(0.0_f32, |m, v| m.max(v.abs()));
            for ((f, p), spec) in fused.1.iter().zip(&plain.1).zip(&specs) {
                let scale = p.iter().fold(0.01 * largest, |m, v| m.max(v.abs()));
                let off = largest_difference(f, p) / scale;
                assert!(
                    off < 1e-4,
                    "{}: {off} ({agents} agents, {config:?})",
                    spec.name
                );
            }
        }
    }
}

#[test]
fn gradients_equal_finite_differences() {
    let config = ModelConfig {
        gated_mlp: true,
        ..small()
    };
    let batch = batch(1, 3, 4, 2);
    let model = model(&config, 1, true);
    let (_, grads) = loss_and_gradients(&model, &batch);
    let loss = |model: &Model| {
        let logits = model.forward(&batch.tokens, &mut NoHooks);
        f64::from(
            negative_log_likelihoods(logits, &batch)
                .sum()
                .into_scalar::<f32>(),
        )
    };
    for (n, spec) in model.specs().iter().enumerate() {
        // The direction of the gradient itself: the largest signal a difference can have.
        let norm = grads[n].iter().map(|g| g * g).sum::<f32>().sqrt();
        // Smaller slopes drown in the rounding of an f32 loss.
        if norm < 0.1 {
            continue;
        }
        let along = |step: f32| {
            let mut moved = model.clone();
            let direction: Vec<f32> = grads[n].iter().map(|g| g / norm * step).collect();
            let mut params = moved.params().to_vec();
            let device = params[n].device();
            params[n] = params[n].clone() + upload(spec, direction, &device);
            moved.set_params(params);
            loss(&moved)
        };
        let step = 2e-3;
        let slope = (along(step) - along(-step)) / f64::from(2.0 * step);
        let off = (slope - f64::from(norm)).abs() / f64::from(norm);
        assert!(off < 0.03, "{}: slope {slope}, gradient {norm}", spec.name);
    }
}

#[test]
fn hooks_see_the_same_function() {
    for config in variants() {
        let batch = batch(1, 4, 5, 3);
        for host in [true, false] {
            let model = model(&config, 1, host);
            let plain = logits(&model, &batch, &mut NoHooks);
            let hooked = logits(&model, &batch, &mut Everything);
            let scale = plain.iter().fold(1.0_f32, |m, v| m.max(v.abs()));
            assert!(
                largest_difference(&plain, &hooked) < 1e-5 * scale,
                "{config:?}"
            );
        }
    }
}

#[test]
fn a_cache_keeps_what_it_was_asked_for() {
    let config = small();
    let model = model(&config, 1, true);
    let batch = batch(1, 3, 5, 8);
    let mut all = ActivationCache::everything();
    let logits = logits(&model, &batch, &mut all);
    for point in HookPoint::all(config.n_layers) {
        let seen = all.get(point).expect("every point is passed");
        assert_eq!(seen.values.len(), seen.dims.iter().product::<usize>());
        assert_eq!(seen.dims[0], 3, "{point}: windows come first");
    }
    let shape = |point| all.get(point).unwrap().dims.as_slice();
    assert_eq!(shape(HookPoint::StateEmbed), [3, 5, 16]);
    assert_eq!(shape(HookPoint::Pattern(1)), [3, 2, 14, 14]);
    assert_eq!(shape(HookPoint::Z(0)), [3, 14, 2, 8]);

    let mut some = ActivationCache::of([HookPoint::ResidPre(1)]);
    let fused = super::tests::logits(&model, &batch, &mut some);
    assert!(largest_difference(&logits, &fused) < 1e-5);
    assert_eq!(some.iter().count(), 1);
    let off = largest_difference(
        &some.get(HookPoint::ResidPre(1)).unwrap().values,
        &all.get(HookPoint::ResidPre(1)).unwrap().values,
    );
    assert!(off < 1e-5, "{off}");
}

#[test]
fn a_token_sees_only_earlier_tokens() {
    let config = small();
    let model = model(&config, 1, true);
    let full = batch(1, 2, 5, 4);
    let before = logits(&model, &full, &mut NoHooks);
    // Change everything of timestep 3, and the action of timestep 2, which comes before it.
    let mut changed = (*full.tokens).clone();
    changed.returns_to_go[3] += 1.0;
    changed.actions[2] = (changed.actions[2] + 1) % 7;
    changed.actions[4] = (changed.actions[4] + 1) % 7;
    let changed = TrainBatch {
        tokens: Arc::new(changed),
        ..full.clone()
    };
    let after = logits(&model, &changed, &mut NoHooks);
    assert_eq!(
        before[..3 * 7],
        after[..3 * 7],
        "states 0 to 2 see none of it"
    );
    assert!(largest_difference(&before[3 * 7..5 * 7], &after[3 * 7..5 * 7]) > 1e-3);
    assert_eq!(
        before[5 * 7..],
        after[5 * 7..],
        "the other window sees none of it"
    );

    // The last action is not read at all.
    let mut last = (*full.tokens).clone();
    last.actions[4] = (last.actions[4] + 1) % 7;
    let last = TrainBatch {
        tokens: Arc::new(last),
        ..full.clone()
    };
    assert_eq!(before, logits(&model, &last, &mut NoHooks));
}

#[test]
fn windows_that_repeat_are_computed_once() {
    let text = "(name: \"w\", env: \"MiniGrid-MemoryS7FixedStart-v0\", max_steps: 50, \
                parts: [(policy: Boltzmann(temperature: 0.2), amount: Episodes(20))])";
    let recipe = Recipe::parse("w.ron", text).unwrap();
    let (data, _) = Dataset::generate(&recipe).unwrap();
    let frames = DistinctFrames::new(&data);
    let sampler = WindowSampler::new(&data, 5, WindowEnd::AnyStep);
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let drawn: Vec<Window> = (0..60).map(|_| sampler.draw(&mut rng)).collect();
    let once = distinct(&data, &frames, &drawn);
    assert!(once.len() < 50, "{} distinct windows", once.len());
    assert_eq!(once.iter().map(|w| w.count).sum::<u32>(), 60);
    let all: Vec<Counted> = drawn
        .iter()
        .map(|&window| Counted { window, count: 1 })
        .collect();
    assert_eq!(total(&once), total(&all));
    for config in variants() {
        let model = model(&config, 1, true);
        let of = |windows: &[Counted]| {
            loss_and_gradients(
                &model,
                &train_batch(&data, &frames, windows, &config, &SIZES),
            )
        };
        let (found, expected) = (of(&once), of(&all));
        assert!(
            (found.0 - expected.0).abs() < 1e-5 * expected.0,
            "{config:?}"
        );
        let largest = expected.1.iter().flatten();
        let largest = largest.fold(0.0_f32, |m, g| m.max(g.abs()));
        for ((found, expected), spec) in found.1.iter().zip(&expected.1).zip(model.specs()) {
            let off = largest_difference(found, expected) / largest;
            assert!(off < 1e-5, "{}: {off}", spec.name);
        }
    }
}

#[test]
fn agents_side_by_side_equal_agents_alone() {
    let config = small();
    let together = model(&config, 3, true);
    let full = batch(3, 2, 4, 9);
    let all = logits(&together, &full, &mut NoHooks);
    let Frames::Items(rows) = &full.tokens.frames else {
        panic!("items");
    };
    for agent in 0..3 {
        let steps = agent * 8..(agent + 1) * 8;
        let mut own = TokenBatch::new(4);
        own.windows = 2;
        own.returns_to_go = full.tokens.returns_to_go[steps.clone()].to_vec();
        own.actions = full.tokens.actions[steps.clone()].to_vec();
        own.times = full.tokens.times[steps.clone()].to_vec();
        let mut items = ItemRows::default();
        for frame in steps.clone() {
            let (present, strengths) = rows.row(frame);
            let strengths = strengths.expect("some frames have additions");
            items.push(&Frame::Items {
                items: vec![],
                additions: present
                    .iter()
                    .copied()
                    .zip(strengths.iter().copied())
                    .collect(),
            });
        }
        own.frames = Frames::Items(items.into());
        let alone = together.agent(agent).forward(&Arc::new(own), &mut NoHooks);
        let off = largest_difference(&to_host(&alone), &all[agent * 56..(agent + 1) * 56]);
        assert!(off < 1e-5, "agent {agent}: {off}");
    }
}

#[test]
fn folded_weights_are_the_same_function() {
    let config = ModelConfig {
        centre_observations: true,
        state_bias: true,
        return_to_go: ReturnToGoInput::Standardised(3.0),
        ..small()
    };
    let statistics = InputStatistics {
        item_frequency: (0..980).map(|i| (i % 7) as f32 / 7.0).collect(),
        rtg_mean: 0.4,
        rtg_std: 0.3,
    };
    let (specs, _) = param_specs(&config, &SIZES);
    let values = initial_values(&specs, 0.3, 1);
    let device = Device::flex();
    let ours = Model::new(config.clone(), SIZES, &statistics, values.clone(), &device);
    let (plain, folded) = crate::checkpoint::fold(&config, &SIZES, &statistics, &values);
    assert!(!plain.centre_observations && !plain.state_bias);
    let neutral = InputStatistics::neutral(&SIZES);
    let theirs = Model::new(plain, SIZES, &neutral, folded, &device);
    let batch = batch(1, 4, 5, 6);
    let (a, b) = (
        logits(&ours, &batch, &mut NoHooks),
        logits(&theirs, &batch, &mut NoHooks),
    );
    assert!(largest_difference(&a, &b) < 1e-4);
}

#[test]
fn edits_of_one_token_are_what_hooks_make_of_them() {
    struct AddAt(usize, Vec<f32>);
    impl Hooks for AddAt {
        fn wants(&self, point: HookPoint) -> bool {
            point == HookPoint::ResidPre(0)
        }
        fn rank3(&mut self, _: HookPoint, x: Tensor<3>) -> Tensor<3> {
            let [_, seq, d] = x.dims();
            let mut added = vec![0.0; seq * d];
            added[self.0 * d..][..d].copy_from_slice(&self.1);
            x.clone() + Tensor::from_data(TensorData::new(added, [1, seq, d]), &x.device())
        }
    }
    for (n_layers, gated, host) in [
        (1, false, true),
        (2, true, true),
        (3, false, true),
        (2, true, false),
    ] {
        let config = ModelConfig {
            n_layers,
            gated_mlp: gated,
            ..small()
        };
        let model = model(&config, 1, host);
        let window = batch(1, 1, 4, 8).tokens;
        let d = config.d_model;
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let vectors: Vec<f32> = (0..40 * d).map(|_| rng.random::<f32>() - 0.5).collect();
        for token in [0, 1, 5, 10] {
            let found = EditedToken::new(&model, &window, token).logits(&vectors);
            for (vector, found) in vectors.chunks(d).zip(found.chunks(7)).step_by(9) {
                let logits = model.forward(&window, &mut AddAt(token, vector.to_vec()));
                let expected = to_host(&logits);
                for (a, b) in found.iter().zip(&expected[expected.len() - 7..]) {
                    assert!(
                        (a - b).abs() < 1e-5,
                        "{n_layers} layers, token {token}: {a} {b}"
                    );
                }
            }
        }
    }
}

/// Frames as each step shows them: items, strengths and dense numbers.
fn shown(frames: &Frames) -> Vec<(Vec<u32>, Vec<f32>)> {
    match frames {
        Frames::Dense(values) => values.chunks(147).map(|v| (vec![], v.to_vec())).collect(),
        Frames::Items(rows) => {
            let frame = |frame| {
                let (items, strengths) = rows.row(frame);
                (
                    items.to_vec(),
                    strengths.map_or(vec![1.0; items.len()], <[f32]>::to_vec),
                )
            };
            (0..rows.frames()).map(frame).collect()
        }
    }
}

/// What an agent has seen and done at a step of an episode of a dataset.
fn history(data: &Dataset, first_row: usize, now: usize) -> History {
    let rows = first_row..=first_row + now;
    History {
        returns_to_go: rows.clone().map(|row| data.returns_to_go[row]).collect(),
        observations: rows
            .clone()
            .map(|row| data.observation(row).to_vec())
            .collect(),
        actions: rows
            .map(|row| u32::from(data.actions[row]))
            .take(now)
            .collect(),
    }
}

#[test]
fn training_and_acting_make_the_same_tokens() {
    let text = "(name: \"w\", env: \"MiniGrid-MemoryS7FixedStart-v0\", max_steps: 50, \
                parts: [(policy: Boltzmann(temperature: 1.0), amount: Episodes(20))])";
    let recipe = Recipe::parse("w.ron", text).unwrap();
    let (data, _) = Dataset::generate(&recipe).unwrap();
    let distinct_frames = DistinctFrames::new(&data);
    let mut rng = ChaCha8Rng::seed_from_u64(12);
    for padding in [Padding::Aligned, Padding::ZeroFrames] {
        for state_embedding in [StateEmbedding::Grid, StateEmbedding::Dense] {
            let config = ModelConfig {
                state_embedding,
                padding,
                ..small()
            };
            let context = config.timesteps();
            for _ in 0..20 {
                // Some steps at which agents of some episodes are to act, all of one window length.
                let length = rng.random_range(1..=context);
                let mut cases = Vec::new();
                while cases.len() < 4 {
                    let episode = &data.episodes[rng.random_range(0..data.episodes.len())];
                    let now = match length == context {
                        true => rng.random_range(0..episode.length),
                        false => length - 1,
                    };
                    if (length..=episode.length).contains(&(now + 1)) {
                        cases.push((episode.first_row, now));
                    }
                }
                let windows: Vec<Counted> = cases
                    .iter()
                    .map(|&(first_row, now)| Counted {
                        window: Window {
                            first_row: first_row + now + 1 - length,
                            length,
                            time: now + 1 - length,
                        },
                        count: 1,
                    })
                    .collect();
                let trained = train_batch(&data, &distinct_frames, &windows, &config, &SIZES);
                let mut builder = WindowBuilder::new(&config, &SIZES, length);
                let histories = cases.iter().map(|&(row, now)| history(&data, row, now));
                let histories: Vec<History> = histories.collect();
                let mut places = Vec::new();
                for history in &histories {
                    places.push(builder.push_history(history));
                }
                let acted = builder.finish(1);
                let tokens = &trained.tokens;
                assert_eq!(tokens.timesteps, acted.timesteps);
                assert_eq!(tokens.windows, acted.windows);
                assert_eq!(tokens.returns_to_go, acted.returns_to_go);
                assert_eq!(tokens.times, acted.times);
                assert_eq!(shown(&tokens.frames), shown(&acted.frames));
                acted.check(&config, &SIZES).unwrap();
                for (n, place) in places.iter().enumerate() {
                    // All but the last action, which who acts does not know yet.
                    let last = place.end - 1;
                    let window = n * acted.timesteps..last;
                    assert_eq!(tokens.actions[window.clone()], acted.actions[window]);
                    assert_eq!(acted.actions[last], 7);
                    let (first_row, now) = cases[n];
                    assert_eq!(
                        trained.targets[last],
                        u32::from(data.actions[first_row + now])
                    );
                    // And what the words say, step by step.
                    let filling = acted.timesteps - length;
                    let front = if padding == Padding::Aligned {
                        0
                    } else {
                        filling
                    };
                    let from = now + 1 - length;
                    assert_eq!(*place, n * acted.timesteps + front..last + 1);
                    for timestep in 0..acted.timesteps {
                        let at = n * acted.timesteps + timestep;
                        let step = timestep.checked_sub(front).filter(|&s| s < length);
                        let Some(step) = step.map(|s| from + s) else {
                            let first = histories[n].returns_to_go[from] as f32;
                            let rtg = if front > 0 { first } else { 0.0 };
                            assert_eq!(acted.returns_to_go[at], rtg);
                            assert_eq!((acted.actions[at], acted.times[at]), (7, 0));
                            assert_eq!(trained.weights[at], 0.0);
                            let (items, numbers) = &shown(&acted.frames)[at];
                            assert!(items.is_empty() && numbers.iter().all(|&x| x == 0.0));
                            continue;
                        };
                        let rtg = histories[n].returns_to_go[step] as f32;
                        assert_eq!(acted.returns_to_go[at], rtg);
                        assert_eq!(acted.times[at], step as u32);
                        assert_eq!(trained.weights[at], 1.0);
                    }
                }
            }
        }
    }
}

#[test]
fn frames_of_any_kind_make_the_same_tokens() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let frames: Vec<Vec<u8>> = (0..3)
        .map(|_| (0..147).map(|_| rng.random_range(0..3)).collect())
        .collect();
    for state_embedding in [StateEmbedding::Grid, StateEmbedding::Dense] {
        let config = ModelConfig {
            state_embedding,
            ..small()
        };
        let as_frame = |bytes: &Vec<u8>| match state_embedding {
            StateEmbedding::Grid => Frame::from_observation(bytes, 7),
            StateEmbedding::Dense => Frame::Dense(bytes.iter().map(|&b| f32::from(b)).collect()),
        };
        let made: Vec<Frame> = frames.iter().map(as_frame).collect();
        let order = [0, 1, 0, 2, 1];
        let batch = |shared: bool, seen: &dyn Fn(usize) -> Seen<'static>| {
            let mut builder = match shared {
                true => WindowBuilder::sharing(&config, &SIZES, 5),
                false => WindowBuilder::new(&config, &SIZES, 5),
            };
            builder.push(order.iter().map(|&n| WindowStep {
                return_to_go: 0.5,
                seen: seen(n),
                action: Some(2),
                time: 3,
            }));
            shown(&builder.finish(1).frames)
        };
        let frames: &'static [Vec<u8>] = frames.clone().leak();
        let made: &'static [Frame] = made.leak();
        let plain = batch(false, &|n| Seen::Observation(&frames[n]));
        assert_eq!(plain, batch(false, &|n| Seen::Frame(&made[n])));
        assert_eq!(plain, batch(true, &|n| Seen::Frame(&made[n])));
        assert_eq!(
            plain,
            batch(true, &|n| Seen::Numbered(n as u32, &frames[n]))
        );
    }
}
