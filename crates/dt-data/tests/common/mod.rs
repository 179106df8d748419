//! Small recipes that several tests make datasets of.

#![allow(dead_code)] // each test file uses what it needs

use std::fs;
use std::path::Path;

use dt_data::{Dataset, Recipe, store};

/// Every demonstrator in one recipe.
pub const ALL_POLICIES: &str = r#"(
    name: "all",
    env: "DTI-MemoryS7-default",
    max_steps: 30,
    seed: 5,
    window: 4,
    parts: [
        (policy: Planner, amount: Episodes(40)),
        (policy: Boltzmann(temperature: 1.0), amount: Episodes(300)),
        (policy: WrongTarget(temperature: 0.5), amount: Episodes(50)),
        (policy: TopK(k: 2), amount: Episodes(30)),
        (policy: TopK(k: 3), amount: Episodes(30)),
        (policy: BottomK(k: 6), amount: Episodes(20)),
        (policy: Uniform, amount: Steps(per_environment: 100, environments: 3)),
        (
            policy: Mixture([(1.0, Planner), (2.0, WrongTarget(temperature: 1.0))]),
            amount: Steps(per_environment: 70, environments: 5),
        ),
    ],
)"#;

/// A few dozen steps, for tests that write it often.
pub const TINY: &str = r#"(
    name: "tiny",
    env: "MiniGrid-MemoryS7FixedStart-v0",
    max_steps: 12,
    parts: [
        (policy: Planner, amount: Episodes(2)),
        (policy: Uniform, amount: Steps(per_environment: 15, environments: 1)),
    ],
)"#;

pub fn recipe(text: &str) -> Recipe {
    Recipe::parse("test.ron", text).unwrap()
}

/// Makes a recipe's dataset at `dir`.
pub fn write(text: &str, dir: &Path) -> Dataset {
    let (data, card) = Dataset::generate(&recipe(text)).unwrap();
    store::write(dir, data.clone(), card, false).unwrap();
    data
}

/// The files of a dataset, in order.
pub fn files(dir: &Path) -> Vec<Vec<u8>> {
    ["steps.arrow", "episodes.arrow", "card.json"]
        .map(|name| fs::read(dir.join(name)).unwrap())
        .to_vec()
}

/// Names in a folder, hidden ones too.
pub fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
