//! What exploring a world and drawing a window cost: `cargo bench -p dt-data`.

use std::sync::Arc;

use divan::{Bencher, black_box};
use dt_data::{Dataset, Recipe, StateGraph, WindowEnd, WindowSampler};
use dt_env::EnvSpec;
use rand::SeedableRng;

#[divan::bench(args = ["MiniGrid-MemoryS7FixedStart-v0", "MiniGrid-MemoryS13-v0"])]
fn explore_a_graph(bencher: Bencher, id: &str) {
    let spec = Arc::new(EnvSpec::builtin(id).expect("a built-in world"));
    let layout = spec.layouts().expect("memory worlds are listed")[0].0;
    bencher.bench_local(|| StateGraph::explore(black_box(&spec), &[layout]));
}

#[divan::bench]
fn draw_a_window(bencher: Bencher) {
    let recipe = Recipe::find("memory").expect("a built-in recipe");
    let (data, _) = Dataset::generate(&recipe).expect("its world is small");
    let sampler = WindowSampler::new(&data, 9, WindowEnd::AnyStep);
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
    bencher.bench_local(|| sampler.draw(&mut rng));
}

fn main() {
    divan::main();
}
