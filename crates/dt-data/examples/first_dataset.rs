//! Makes a small dataset, writes it, reads it back and looks into it.
//!
//! `cargo run -p dt-data --example first_dataset`

use dt_data::{Dataset, Recipe, WindowEnd, WindowSampler, store};

const RECIPE: &str = r#"(
    name: "first",
    env: "MiniGrid-MemoryS7FixedStart-v0",
    max_steps: 50,
    parts: [
        (policy: Planner, amount: Episodes(50)),
        (policy: Boltzmann(temperature: 3.0), amount: Episodes(150)),
    ],
)"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (data, card) = Dataset::generate(&Recipe::parse("first.ron", RECIPE)?)?;
    let dir = std::env::temp_dir().join("first-dataset");
    store::write(&dir, data, card, true)?;
    let (data, card) = store::read(&dir)?;
    println!("{} at {}\n", card.content_blake3, dir.display());
    for d in &card.demonstrators {
        println!(
            "{:<10} {:>4} episodes, mean return {:.3}",
            d.policy, d.episodes, d.mean_return
        );
    }
    let first = &data.episodes[0];
    println!("\nits first episode: {first:#?}");
    let sampler = WindowSampler::new(&data, 9, WindowEnd::AnyStep);
    println!("\n{} windows of up to 9 steps to train on", sampler.len());
    Ok(())
}
