//! A small agent from nothing, through the library: a recipe, a definition, a run, and what the
//! agent then does. `cargo run -p dt-train --example thirty_seconds`

use dt_train::AgentConfig;
use dt_train::run::{RunOptions, Silent, train};

const RECIPE: &str = r#"(
    name: "small",
    env: "MiniGrid-MemoryS7FixedStart-v0",
    max_steps: 50,
    parts: [
        (policy: Boltzmann(temperature: 0.3), amount: Episodes(600)),
        (policy: WrongTarget(temperature: 0.3), amount: Episodes(600)),
    ],
)"#;
const AGENT: &str = r#"(
    name: "small",
    dataset: "recipe.ron", // from this definition's folder
    model: (d_model: 64, d_mlp: 128, n_ctx: 26, initial_std: 0.17),
    optimizer: (schedule: ConstantWarmup(warmup: 50), learning_rate: 2e-3),
    training: (steps: 600, window_end: EpisodeEnd),
    evaluation: (returns_to_go: [0.892, 0.0]),
)"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("recipe.ron"), RECIPE)?;
    std::fs::write(path("agent.ron"), AGENT)?;
    let config = AgentConfig::read(&path("agent.ron"))?;
    let options = RunOptions::new(path("run"), path("datasets"), 0);
    let run = train(&config, &options, &mut Silent)?;
    println!("{} parameters, {} steps", run.parameters, run.steps);
    for asked in run.evaluation.exact.iter().flatten() {
        let (rtg, success, of) = (asked.rtg, asked.success, asked.of);
        println!("asked for {rtg}: {success} of {of} reach the target");
    }
    Ok(())
}
