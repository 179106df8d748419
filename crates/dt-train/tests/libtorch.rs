//! The same agent on libtorch as on the pure-Rust backend.

#![cfg(all(feature = "libtorch", feature = "flex"))]
#![allow(clippy::unwrap_used)] // a test may panic

mod common;

use std::fs;
use std::path::Path;

use common::{
    assert_same_run, contents, definitions, run, run_contents, start_and_kill, start_and_kill_by,
    stderr,
};
use dt_train::evaluate::EvaluationRecord;
use dt_train::run::{MetricLine, StepRecord, read_metrics};

fn train(dir: &Path, out: &str, more: &[&str]) {
    let args = ["train", "tiny.ron", "--quiet", "--out", out];
    let output = run(dir, &[&args[..], more].concat());
    assert!(output.status.success(), "{}", stderr(&output));
}

/// Asserts that two runs agree to rounding.
fn assert_agree(ours: &Path, theirs: &Path) {
    assert_eq!(evaluation(ours).exact, evaluation(theirs).exact);
    let files = |run: &Path| contents(run).into_keys().collect::<Vec<_>>();
    assert_eq!(files(ours), files(theirs));
    let (ours, theirs) = (read_metrics(ours).unwrap(), read_metrics(theirs).unwrap());
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(&theirs) {
        match (ours, theirs) {
            (MetricLine::Step(ours), MetricLine::Step(theirs)) => {
                assert_eq!(ours.step, theirs.step);
                let off = (ours.loss - theirs.loss).abs();
                assert!(off < 1e-4, "{ours:?} {theirs:?}");
            }
            (ours, theirs) => assert_eq!(ours, theirs),
        }
    }
}

fn evaluation(run: &Path) -> EvaluationRecord {
    let text = fs::read_to_string(run.join("eval.json")).unwrap();
    serde_json::from_str(&text).unwrap()
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
                MetricLine::Evaluation { .. } | MetricLine::HeldOut { .. } => None,
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
    let [ours, theirs] = ["cpu", "libtorch"].map(|out| evaluation(&dir.path().join(out)));
    assert_eq!(ours.exact, theirs.exact);
    assert_eq!(theirs.device, "libtorch");
}

#[test]
fn a_killed_run_resumes_to_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    definitions(dir.path(), 60, "keep_steps: [0, 50], checkpoint_seconds: 0");
    for more in [&[][..], &["--bf16"]] {
        let device = [&["--device", "libtorch"][..], more].concat();
        train(dir.path(), "whole", &device);
        assert!(
            start_and_kill(dir.path(), &device, 3),
            "killed while it ran"
        );
        let resume = [&device[..], &["--resume"]].concat();
        train(dir.path(), "killed", &resume);
        let [whole, killed] = ["whole", "killed"].map(|out| dir.path().join(out));
        assert_same_run(&whole, &killed);
        let definition = fs::read_to_string(whole.join("config.ron")).unwrap();
        assert_eq!(definition.contains("Bf16"), !more.is_empty());
        for run in [whole, killed] {
            fs::remove_dir_all(run).unwrap();
        }
    }
}

#[test]
fn a_step_is_traced_and_its_operations_counted() {
    let dir = tempfile::tempdir().unwrap();
    definitions(dir.path(), 5, "");
    let bench = |more: &[&str]| {
        let args = ["bench", "tiny.ron", "--steps", "2", "--json"];
        let output = run(dir.path(), &[&args[..], more].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        let record: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        record["operations"].clone()
    };
    let counts = bench(&["--device", "libtorch", "--trace", "trace.json"]);
    let decomposed = bench(&["--device", "libtorch", "--decomposed"]);
    let [fused, decomposed] = [counts, decomposed].map(|counts| {
        assert!(counts["kernel_launches"].is_null(), "there is no GPU here");
        counts["operations"].as_f64().unwrap()
    });
    assert!(
        fused > 50.0 && 2.0 * fused < decomposed,
        "{fused} {decomposed}"
    );
    let trace = fs::read(dir.path().join("trace.json")).unwrap();
    let trace: serde_json::Value = serde_json::from_slice(&trace).unwrap();
    let names: Vec<&str> = trace["traceEvents"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|event| event["name"].as_str())
        .collect();
    assert!(names.contains(&"aten::_fused_adamw_"));
    assert!(bench(&[]).is_null());
    // A trace that is there is not replaced.
    let again = [
        "bench",
        "tiny.ron",
        "--device",
        "libtorch",
        "--trace",
        "trace.json",
    ];
    let output = run(dir.path(), &again);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("trace.json"));
}

#[test]
fn seeds_that_train_together_become_the_agents_that_they_are_alone() {
    let dir = tempfile::tempdir().unwrap();
    definitions(dir.path(), 40, "keep_steps: [0, 10], checkpoint_seconds: 0");
    let together = ["--device", "libtorch", "--seeds", "3..6", "--together", "3"];
    train(dir.path(), "together", &together);
    for seed in 3..6 {
        let (alone, ours) = (format!("alone-{seed}"), format!("together/seed-{seed}"));
        let one = seed.to_string();
        train(
            dir.path(),
            &alone,
            &["--device", "libtorch", "--seed", &one],
        );
        let (alone, ours) = (dir.path().join(alone), dir.path().join(ours));
        let bytes = |run: &Path, file: &str| fs::read(run.join(file)).unwrap();
        let start = "checkpoints/step-000000/agent.safetensors";
        assert!(bytes(&alone, start) == bytes(&ours, start));
        assert_agree(&ours, &alone);
    }
    // Runs that were stopped together go on together, and one that is done is left alone.
    let folder = dir.path().join("together");
    let before = run_contents(&folder.join("seed-3"));
    for seed in [4, 5] {
        let run = folder.join(format!("seed-{seed}"));
        fs::remove_file(run.join("eval.json")).unwrap();
        fs::remove_file(run.join("agent.safetensors")).unwrap();
    }
    train(
        dir.path(),
        "together",
        &[&together[..], &["--resume"]].concat(),
    );
    assert!(before == run_contents(&folder.join("seed-3")));
    for seed in 3..6 {
        assert!(folder.join(format!("seed-{seed}/eval.json")).exists());
    }
}

#[test]
fn seeds_that_train_together_stop_when_they_would_alone() {
    let dir = tempfile::tempdir().unwrap();
    // At first these agents stand about until time is up; the longer one does, the sooner it is
    // done here.
    let extra = "stop_after_perfect: 6, checkpoint_seconds: 0";
    let path = definitions(dir.path(), 20, extra);
    let goals = "goals: [(return_to_go: 0.892, outcome: Truncated, within: 50)], returns_to_go:";
    let text = fs::read_to_string(&path).unwrap();
    let text = text.replace("returns_to_go:", goals);
    fs::write(
        &path,
        text.replace("evaluate_every: 20", "evaluate_every: 2"),
    )
    .unwrap();
    let train = |out: &str, more: &[&str]| {
        let args = ["train", "tiny.ron", "--quiet", "--device", "libtorch"];
        let output = run(dir.path(), &[&args[..], &["--out", out], more].concat());
        // 1 says that an agent does not meet its goals.
        assert!(output.status.code() < Some(2), "{}", stderr(&output));
    };
    train("together", &["--seeds", "0..3", "--together", "3"]);
    let mut ends = Vec::new();
    for seed in ["0", "1", "2"] {
        let alone = format!("alone-{seed}");
        train(&alone, &["--seed", seed]);
        let ours = dir.path().join(format!("together/seed-{seed}"));
        assert_agree(&ours, &dir.path().join(alone));
        ends.push(ours.join("checkpoints/step-000020").exists());
    }
    assert!(ends.contains(&true) && ends.contains(&false), "{ends:?}");
}

#[test]
fn only_libtorch_trains_seeds_together_or_in_bfloat16() {
    let dir = tempfile::tempdir().unwrap();
    definitions(dir.path(), 5, "");
    for asked in [&["--seeds", "0..2", "--together", "2"][..], &["--bf16"]] {
        let output = run(dir.path(), &[&["train", "tiny.ron"], asked].concat());
        assert_eq!(output.status.code(), Some(2));
        let message = stderr(&output);
        assert!(message.contains("--device libtorch"), "{message}");
        assert!(!dir.path().join("runs/tiny").exists());
    }
}

#[test]
fn runs_that_train_together_survive_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    definitions(dir.path(), 60, "keep_steps: [0, 50], checkpoint_seconds: 0");
    let together = ["--device", "libtorch", "--seeds", "0..2", "--together", "2"];
    train(dir.path(), "whole", &together);
    let log = "killed/seed-1/timing.jsonl";
    assert!(
        start_and_kill_by(dir.path(), &together, log, 4),
        "killed while they ran"
    );
    train(
        dir.path(),
        "killed",
        &[&together[..], &["--resume"]].concat(),
    );
    for seed in ["seed-0", "seed-1"] {
        let [whole, killed] = ["whole", "killed"].map(|out| dir.path().join(out).join(seed));
        assert_eq!(evaluation(&whole).exact, evaluation(&killed).exact);
        let steps = |run: &Path| read_metrics(run).unwrap().len();
        assert_eq!(steps(&whole), steps(&killed));
    }
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
