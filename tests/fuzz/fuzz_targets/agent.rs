//! An agent's files either are refused, or make an agent that can walk in its world.
//!
//! An input is the length of `agent.json` (two bytes, little-endian), that file, and
//! `agent.safetensors`.

#![no_main]

use std::sync::Arc;

use dt_train::checkpoint::load_agent;
use dt_train::device::DeviceSpec;
use dt_train::evaluate::evaluate_exact;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((record, weights)) = dt_fuzz::two_files(input) else {
        return;
    };
    let folder = dt_fuzz::folder(&[("agent.json", record), ("agent.safetensors", weights)]);
    let device = DeviceSpec::Cpu.open().expect("a CPU");
    let Ok(agent) = load_agent(folder, &device) else {
        return;
    };
    let Ok(world) = agent.record.world() else {
        return;
    };
    let steps = world.max_steps().min(3);
    let world = Arc::new(world.clone().with_max_steps(steps));
    // Logits that are not finite are an error, and so are resets with too many outcomes.
    if let Ok(records) = evaluate_exact(&agent.model, &world, &[0.5]) {
        for episode in &records[0].episodes {
            assert!((1..=steps).contains(&episode.steps));
        }
    }
});
