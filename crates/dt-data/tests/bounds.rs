//! Recipes and worlds at their ends: refused at once, or made at once.

#![allow(clippy::unwrap_used)] // a failed unwrap is a failed test

use std::time::{Duration, Instant};

use dt_data::{Dataset, Recipe};

fn recipe(env: &str, parts: &str) -> Result<Recipe, String> {
    let text = format!("(name: \"r\", env: {env:?}, max_steps: 50, parts: [{parts}])");
    Recipe::parse("r.ron", &text).map_err(|e| e.to_string())
}

const MEMORY: &str = "MiniGrid-MemoryS7FixedStart-v0";

#[test]
fn mixtures_have_an_end() {
    let many = "(1, Uniform),".repeat(5000);
    let error = recipe(
        MEMORY,
        &format!("(policy: Mixture([{many}]), amount: Episodes(1))"),
    );
    let error = error.unwrap_err();
    assert!(
        error.contains("`parts[0].policy`") && error.contains("5000 demonstrators"),
        "{error}"
    );
    let nested = format!("{}Uniform{}", "Mixture([(1, ".repeat(90), ")])".repeat(90));
    let error = recipe(MEMORY, &format!("(policy: {nested}, amount: Episodes(1))"));
    assert!(error.unwrap_err().len() < 4000);
    // Each part within its bounds, all of them together not.
    let some = "(1, Uniform),".repeat(100);
    let part = format!("(policy: Mixture([{some}]), amount: Episodes(1)),");
    let recipe = recipe(MEMORY, &part.repeat(500)).unwrap();
    let error = Dataset::generate(&recipe).unwrap_err().to_string();
    assert!(
        error.contains("`parts`") && error.contains(MEMORY) && error.contains("50000"),
        "{error}"
    );
}

/// Worlds that would be explored for minutes: too large, too many layouts, too much to carry.
#[test]
fn exploring_has_an_end() {
    let dir = tempfile::tempdir().unwrap();
    let wall = "#".repeat(57);
    let keys = format!("#{}#", "K".repeat(55));
    let mut rows = vec![wall.clone(), format!("#>+{}#", "K".repeat(53))];
    rows.extend(vec![keys; 50]);
    rows.push(wall);
    let rows: Vec<String> = rows.iter().map(|row| format!("{row:?}")).collect();
    let map = format!("Map((rows: [{}], success: Reach))", rows.join(","));
    for (n, world) in ["Memory((size: 57, random_length: true))", &map]
        .iter()
        .enumerate()
    {
        let path = dir.path().join(format!("{n}.ron"));
        std::fs::write(&path, format!("(id: \"Huge\", world: {world})")).unwrap();
        let part = "(policy: Uniform, amount: Episodes(1))";
        let recipe = recipe(&path.display().to_string(), part).unwrap();
        let started = Instant::now();
        let error = Dataset::generate(&recipe).unwrap_err().to_string();
        assert!(
            error.starts_with("Huge has more than") && error.contains("smaller"),
            "{error}"
        );
        // Some seconds where other tests run beside it; it was minutes.
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "{:?}",
            started.elapsed()
        );
    }
}
