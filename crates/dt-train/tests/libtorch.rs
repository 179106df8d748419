//! The same agent on libtorch as on the pure-Rust backend.

#![cfg(all(feature = "libtorch", feature = "flex"))]
#![allow(clippy::unwrap_used)] // a test may panic

mod common;

use std::fs;
use std::path::Path;

use common::{assert_same_run, definitions, run, start_and_kill, stderr};
use dt_train::evaluate::EvaluationRecord;
use dt_train::run::{MetricLine, StepRecord, read_metrics};

fn train(dir: &Path, out: &str, more: &[&str]) {
    let args = ["train", "tiny.ron", "--quiet", "--out", out];
    let output = run(dir, &[&args[..], more].concat());
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn training_makes_the_same_agent() {
    let dir = tempfile::tempdir().unwrap();
    definitions(dir.path(), 30, "keep_steps: [0, 10]");
    train(dir.path(), "cpu", &[]);
    train(dir.path(), "libtorch", &["--device", "libtorch"]);
    // They start from the same bytes. Later weights cannot be compared one by one: where a gradient
    // is nothing but rounding, Adam takes its size away and leaves its sign. The losses can.
    let start = "checkpoints/step-000000/agent.safetensors";
    let bytes = |out: &str| fs::read(dir.path().join(out).join(start)).unwrap();
    assert!(bytes("cpu") == bytes("libtorch"));
    let losses = |out: &str| -> Vec<StepRecord> {
        let lines = read_metrics(&dir.path().join(out)).unwrap();
        lines
            .into_iter()
            .filter_map(|line| match line {
                MetricLine::Step(record) => Some(record),
                MetricLine::Evaluation { .. } => None,
            })
            .collect()
    };
    let (ours, theirs) = (losses("cpu"), losses("libtorch"));
    assert_eq!((ours.len(), theirs.len()), (10, 10));
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(ours.step, theirs.step);
        assert_eq!(ours.learning_rate, theirs.learning_rate);
        assert!(
            (ours.loss - theirs.loss).abs() < 1e-4,
            "{ours:?} {theirs:?}"
        );
        let ratio = ours.grad_norm / theirs.grad_norm;
        assert!((ratio - 1.0).abs() < 1e-2, "{ours:?} {theirs:?}");
    }
    let evaluation = |out: &str| -> EvaluationRecord {
        let text = fs::read_to_string(dir.path().join(out).join("eval.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let (ours, theirs) = (evaluation("cpu"), evaluation("libtorch"));
    assert_eq!(ours.exact, theirs.exact);
    assert_eq!(theirs.device, "libtorch");
}

#[test]
fn a_killed_run_resumes_to_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    definitions(dir.path(), 60, "keep_steps: [0, 50], checkpoint_seconds: 0");
    let device = ["--device", "libtorch"];
    train(dir.path(), "whole", &device);
    assert!(
        start_and_kill(dir.path(), &device, 3),
        "killed while it ran"
    );
    train(dir.path(), "killed", &["--device", "libtorch", "--resume"]);
    assert_same_run(&dir.path().join("whole"), &dir.path().join("killed"));
}

#[test]
fn a_gpu_that_is_not_there_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    definitions(dir.path(), 5, "");
    let output = run(
        dir.path(),
        &[
            "train",
            "tiny.ron",
            "--out",
            "run",
            "--device",
            "libtorch:cuda:63",
        ],
    );
    assert_eq!(output.status.code(), Some(2));
    let message = stderr(&output);
    assert!(message.contains("libtorch:cuda:63"), "{message}");
    assert!(!dir.path().join("run").exists());
    let output = run(dir.path(), &["devices"]);
    let listed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        listed
            .lines()
            .any(|l| l.starts_with("libtorch ") && l.contains("ready")),
        "{listed}"
    );
}
