//! Look-backs that wait for the goals, and runs that begin with another run's state.

#![allow(clippy::unwrap_used)] // a test may panic

mod common;

use std::fs;
use std::path::Path;

use common::{assert_same_run, run, run_contents, stderr};
use dt_train::checkpoint::TrainingState;

/// Episodes that wander, so that there are look-backs.
const DATASET: &str = r#"(
    name: "tiny",
    env: "MiniGrid-MemoryS7FixedStart-v0",
    max_steps: 50,
    parts: [
        (policy: Boltzmann(temperature: 0.5), amount: Episodes(100)),
        (
            policy: Boltzmann(temperature: 0.5),
            amount: Episodes(200),
            wander: Some((policy: Boltzmann(temperature: 3.0), at_least: 8, at_most: 28)),
        ),
    ],
)"#;

/// Writes a definition whose goal, to run out of time, an agent meets before it has learned much.
fn definition(dir: &Path, name: &str, share: f64, d_model: usize) {
    fs::write(dir.join("data.ron"), DATASET).unwrap();
    let text = format!(
        r#"(
    name: "tiny",
    dataset: "{}",
    model: (n_layers: 1, n_heads: 2, d_model: {d_model}, d_mlp: 16, n_ctx: 26, initial_std: 0.05),
    training: (
        steps: 60, batch_size: 16, log_every: 3, evaluate_every: 5, window_end: EpisodeEnd,
        look_backs: Some((share: {share}, after_perfect: 2, steps: 10)),
    ),
    evaluation: (
        returns_to_go: [0.892],
        goals: [(return_to_go: 0.892, outcome: Truncated, within: 50)],
    ),
)"#,
        dir.join("data.ron").display()
    );
    fs::write(dir.join(name), text).unwrap();
}

fn train(dir: &Path, definition: &str, out: &str, more: &[&str]) {
    let args = [&["train", definition, "--quiet", "--out", out], more].concat();
    let output = run(dir, &args);
    // 1: the goals are no longer met at the end, which does not matter here.
    assert!(output.status.code().unwrap() <= 1, "{}", stderr(&output));
}

fn state(dir: &Path, checkpoint: &str) -> TrainingState {
    let text = fs::read_to_string(dir.join(checkpoint).join("state.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn look_backs_begin_when_the_goals_are_met_and_others_can_branch_there() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    definition(path, "half.ron", 0.5, 16);
    train(path, "half.ron", "half", &[]);

    // Two perfect evaluations, at steps 5 and 10, then ten steps with look-backs.
    let begun = state(path, "half/checkpoints/step-000010");
    assert_eq!(begun.look_backs_from, Some(10));
    assert_eq!(begun.perfect_in_a_row, 2);
    assert_eq!(state(path, "half/checkpoints/step-000020").step, 20);

    // The same share from there is the same run; another one is not.
    let branch = ["--branch-from", "half/checkpoints/step-000010"];
    train(path, "half.ron", "again", &branch);
    let whole = run_contents(&path.join("half"));
    let again = run_contents(&path.join("again"));
    assert!(whole["agent.safetensors"] == again["agent.safetensors"]);
    assert!(whole["eval.json"] == again["eval.json"]);
    definition(path, "none.ron", 0.0, 16);
    train(path, "none.ron", "none", &branch);
    let none = run_contents(&path.join("none"));
    assert!(whole["agent.safetensors"] != none["agent.safetensors"]);
    assert_eq!(state(path, "none/checkpoints/step-000020").step, 20);
    let record = fs::read_to_string(path.join("none/run.json")).unwrap();
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    assert_eq!(record["branched_from"]["step"], 10);

    // A branch that was killed before its first state goes on from its parent's.
    train(path, "none.ron", "killed", &branch);
    fs::remove_file(path.join("killed/eval.json")).unwrap();
    fs::remove_dir_all(path.join("killed/checkpoints")).unwrap();
    train(path, "none.ron", "killed", &["--resume"]);
    fs::remove_dir_all(path.join("none/checkpoints/step-000010")).unwrap();
    let _ = fs::remove_dir_all(path.join("killed/checkpoints/step-000010"));
    assert_same_run(&path.join("none"), &path.join("killed"));
}

#[test]
fn a_state_that_does_not_fit_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    definition(path, "tiny.ron", 0.5, 16);
    train(path, "tiny.ron", "run", &[]);
    definition(path, "wide.ron", 0.5, 32);
    let refused = |definition: &str, checkpoint: &str, part: &str| {
        let args = ["train", definition, "--quiet", "--out", "branch"];
        let output = run(path, &[&args[..], &["--branch-from", checkpoint]].concat());
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains(part), "{}", stderr(&output));
        assert!(!path.join("branch").exists());
    };
    refused("tiny.ron", "run", "no training state");
    refused(
        "wide.ron",
        "run/checkpoints/step-000010",
        "model is not that of",
    );
    fs::write(path.join("data.ron"), DATASET.replace("200", "201")).unwrap();
    refused(
        "tiny.ron",
        "run/checkpoints/step-000010",
        "dataset is not that of",
    );
}
