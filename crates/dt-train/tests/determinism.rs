//! Same definition and seed: same bytes, for any number of threads, killed or not.

#![allow(clippy::unwrap_used)] // a test may panic

mod common;

use std::path::Path;

use common::{assert_same_run, contents, definitions, run, run_contents, start_and_kill, stderr};

fn train(dir: &Path, out: &str, more: &[&str]) {
    let mut args = vec!["train", "tiny.ron", "--quiet", "--out", out];
    args.extend(more);
    let output = run(dir, &args);
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn threads_change_no_byte() {
    let dir = tempfile::tempdir().unwrap();
    definitions(dir.path(), 40, "keep_steps: [0, 10], keep_every: 20");
    train(dir.path(), "one", &["--threads", "1", "--datasets", "d1"]);
    train(dir.path(), "two", &["--threads", "2", "--datasets", "d2"]);
    train(dir.path(), "five", &["--threads", "5", "--datasets", "d5"]);
    let at = |name: &str| dir.path().join(name);
    assert_same_run(&at("one"), &at("two"));
    assert_same_run(&at("one"), &at("five"));
    assert_eq!(contents(&at("d1")), contents(&at("d2")));
    assert_eq!(contents(&at("d1")), contents(&at("d5")));
    let files = run_contents(&at("one"));
    for name in [
        "agent.safetensors",
        "checkpoints/step-000000/agent.safetensors",
        "checkpoints/step-000010/agent.safetensors",
        "checkpoints/step-000020/agent.safetensors",
        "checkpoints/step-000040/training.safetensors",
        "metrics.jsonl",
        "eval.json",
    ] {
        assert!(files.contains_key(name), "{name} is missing");
    }
    // And the comparison can fail: another seed gives other bytes.
    train(dir.path(), "other", &["--seed", "1", "--datasets", "d1"]);
    let other = run_contents(&at("other"));
    assert_ne!(files["agent.safetensors"], other["agent.safetensors"]);
    assert_ne!(files["metrics.jsonl"], other["metrics.jsonl"]);
}

#[test]
fn a_killed_run_resumes_to_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    // A checkpoint after every step, so that kills fall into the writing of checkpoints too.
    definitions(
        dir.path(),
        120,
        "keep_steps: [0, 50], checkpoint_seconds: 0",
    );
    train(dir.path(), "whole", &[]);
    assert!(start_and_kill(dir.path(), &[], 3), "killed while it ran");
    let mut kills = 1;
    for lines in [1, 5, 2, 7, 3] {
        // Go on from what the last kill left, and kill again a little later.
        if !start_and_kill(dir.path(), &["--resume"], lines) {
            break;
        }
        kills += 1;
    }
    assert!(kills >= 3, "the run was killed {kills} times");
    train(dir.path(), "killed", &["--resume"]);
    assert_same_run(&dir.path().join("whole"), &dir.path().join("killed"));
}

#[test]
fn a_run_killed_before_its_first_checkpoint_starts_anew() {
    let dir = tempfile::tempdir().unwrap();
    definitions(dir.path(), 60, "checkpoint_seconds: 1000");
    train(dir.path(), "whole", &[]);
    assert!(start_and_kill(dir.path(), &[], 4));
    train(dir.path(), "killed", &["--resume"]);
    assert_same_run(&dir.path().join("whole"), &dir.path().join("killed"));
}

#[test]
fn resuming_a_finished_run_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    definitions(dir.path(), 20, "");
    train(dir.path(), "run", &[]);
    let before = run_contents(&dir.path().join("run"));
    train(dir.path(), "run", &["--resume"]);
    assert!(before == run_contents(&dir.path().join("run")));
}
