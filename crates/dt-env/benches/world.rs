//! What a step, a look and a reset cost: `cargo bench -p dt-env`.

use divan::{Bencher, black_box};
use dt_env::{Action, Env, EnvSpec};

const WORLDS: [&str; 3] = [
    "MiniGrid-MemoryS7-v0",
    "MiniGrid-MemoryS17Random-v0",
    "TwoRooms",
];

fn env(id: &str) -> Env {
    Env::new(EnvSpec::builtin(id).expect("a built-in world").into())
}

/// A fixed walk of turns, steps and grasps; resets where an episode ends, as a batch does.
#[divan::bench(args = WORLDS)]
fn step(bencher: Bencher, id: &str) {
    let (mut env, mut t) = (env(id), 0_usize);
    bencher.bench_local(|| {
        t += 1;
        let result = env.step(black_box(Action::ALL[(t * 31 + t * t / 7) % 7]));
        if result.is_last() {
            env.reset_next();
        }
        result
    });
}

#[divan::bench(args = WORLDS)]
fn observe(bencher: Bencher, id: &str) {
    let env = env(id);
    let mut out = vec![0; env.spec().observation_len()];
    bencher.bench_local(|| black_box(&env).world().observe(black_box(&mut out)));
}

#[divan::bench(args = WORLDS)]
fn reset(bencher: Bencher, id: &str) {
    let mut env = env(id);
    bencher.bench_local(|| env.reset_next());
}

fn main() {
    divan::main();
}
