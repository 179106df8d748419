//! A tiny agent for tests that run the program.

#![allow(dead_code)] // each test file uses its own part

pub mod torch_file;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Definition of a dataset of 200 episodes.
pub const DATASET: &str = r#"(
    name: "tiny",
    env: "MiniGrid-MemoryS7FixedStart-v0",
    max_steps: 50,
    parts: [
        (policy: Boltzmann(temperature: 0.5), amount: Episodes(150)),
        (policy: WrongTarget(temperature: 0.5), amount: Episodes(50)),
    ],
)"#;

/// Definition of an agent with `steps` steps; `extra` goes into its training section.
pub fn agent(dataset: &Path, steps: u64, extra: &str) -> String {
    format!(
        r#"(
    name: "tiny",
    dataset: "{}",
    model: (n_layers: 2, n_heads: 2, d_model: 16, d_mlp: 16, n_ctx: 14, centre_observations: true),
    optimizer: (weight_decay: 0.1),
    training: (steps: {steps}, batch_size: 16, log_every: 3, evaluate_every: 20, {extra}),
    evaluation: (
        returns_to_go: [0.892, 0.0],
        sampled: [(return_to_go: 0.892, temperature: 1.0, episodes: 20)],
    ),
)"#,
        dataset.display()
    )
}

/// Writes the tiny dataset's and agent's definitions into a folder.
pub fn definitions(dir: &Path, steps: u64, extra: &str) -> std::path::PathBuf {
    let dataset = dir.join("tiny-data.ron");
    fs::write(&dataset, DATASET).unwrap();
    let path = dir.join("tiny.ron");
    fs::write(&path, agent(&dataset, steps, extra)).unwrap();
    path
}

/// The program, in a folder of its own.
pub fn dt_train(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dt-train"));
    command.current_dir(dir);
    command
}

/// Runs the program to its end.
pub fn run(dir: &Path, args: &[&str]) -> Output {
    dt_train(dir).args(args).output().unwrap()
}

/// Standard error as text.
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Content of every file below a folder, by relative path.
pub fn contents(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(dir).unwrap().display().to_string();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// Content of a run, without the two files that are allowed to differ.
pub fn run_contents(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = contents(dir);
    found.remove("run.json").expect("a run has a run.json");
    found
        .remove("timing.jsonl")
        .expect("a run has a timing.jsonl");
    found
}

/// Asserts that two runs hold the same bytes, and names the first file that differs.
pub fn assert_same_run(a: &Path, b: &Path) {
    let (a, b) = (run_contents(a), run_contents(b));
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&a), names(&b));
    for (name, bytes) in &a {
        assert!(bytes == &b[name], "{name} differs");
    }
}

/// Lets a run in `killed` go on until its log has grown by a few lines, then kills it; says whether
/// it was still running.
pub fn start_and_kill(dir: &Path, more: &[&str], lines: usize) -> bool {
    start_and_kill_by(dir, more, "killed/timing.jsonl", lines)
}

/// The same by another log, where `killed` holds several runs.
pub fn start_and_kill_by(dir: &Path, more: &[&str], log: &str, lines: usize) -> bool {
    let mut args = vec!["train", "tiny.ron", "--quiet", "--out", "killed"];
    args.extend(more);
    let mut child = dt_train(dir)
        .args(&args)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let timing = dir.join(log);
    let count = || fs::read_to_string(&timing).map_or(0, |t| t.lines().count());
    let before = count();
    let start = Instant::now();
    while count() < before + lines && start.elapsed() < Duration::from_mins(1) {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap(); // SIGKILL: nothing is tidied up
    child.wait().unwrap();
    true
}
