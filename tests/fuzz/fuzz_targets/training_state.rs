//! A training state either is refused, or gives every parameter of a tiny model its three lists
//! of values, and reads the same after it was written.
//!
//! An input is the length of `state.json` (two bytes, little-endian), that file, and
//! `training.safetensors`.

#![no_main]

use dt_train::checkpoint::{load_state, save_state};
use dt_train::model::{ModelConfig, StateEmbedding, WorldSizes, param_specs};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((state, tensors)) = dt_fuzz::two_files(input) else {
        return;
    };
    let config = ModelConfig {
        n_layers: 1,
        n_heads: 1,
        d_model: 2,
        d_mlp: 1,
        n_ctx: 5,
        state_embedding: StateEmbedding::Dense,
        ..ModelConfig::default()
    };
    let sizes = WorldSizes {
        view_size: 3,
        max_steps: 3,
        n_actions: 7,
    };
    let (specs, _) = param_specs(&config, &sizes);
    let files = [("state.json", state), ("training.safetensors", tensors)];
    let folder = dt_fuzz::folder(&files);
    let Ok((state, values, moments)) = load_state(folder, &specs) else {
        return;
    };
    assert_eq!((values.len(), moments.len()), (specs.len(), specs.len()));
    for ((spec, values), moments) in specs.iter().zip(&values).zip(&moments) {
        for list in [values, &moments.first, &moments.second] {
            assert_eq!(list.len(), spec.len());
            assert!(list.iter().all(|v| v.is_finite()));
        }
    }
    save_state(folder, &state, &specs, &values, &moments).expect("what is read is written");
    let again = load_state(folder, &specs).expect("what is written reads");
    assert_eq!(again, (state, values, moments));
});
