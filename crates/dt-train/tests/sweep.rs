//! A sweep from its file to its last agent, by the program.

#![allow(clippy::unwrap_used)] // a test may panic

mod common;

use std::fs;
use std::path::Path;

use common::{definitions, dt_train, run};

/// Two seeds of two agents.
const SWEEP: &str = r#"(
    parts: [
        (
            agent: "tiny.ron", // beside this file
            name: "tiny-{training.batch_size}",
            axes: [(field: "training.batch_size", values: [8, 16])],
            seeds: (4, 6),
            data_seed: Every(1),
        ),
    ],
)"#;

fn text_of(output: &std::process::Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    String::from_utf8_lossy(out).into_owned() + &String::from_utf8_lossy(err)
}

fn sweep(dir: &Path, args: &[&str]) -> String {
    let args = [
        &["sweep", "sweep.ron", "--out", "runs", "--datasets", "data"],
        args,
    ]
    .concat();
    let output = run(dir, &args);
    assert!(output.status.success(), "{}", text_of(&output));
    text_of(&output)
}

#[test]
fn a_sweep_is_made_once_and_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    definitions(dir, 6, "");
    fs::write(dir.join("sweep.ron"), SWEEP).unwrap();
    let before = sweep(dir, &["--status"]);
    assert!(
        before.contains("0 of 4 done") && before.contains("4 waiting"),
        "{before}"
    );

    // One of them alone, by its number.
    let one = sweep(dir, &["--only", "3", "--threads", "1"]);
    assert!(one.contains("tiny-16, seed 5"), "{one}");
    let alone = fs::read(dir.join("runs/tiny-16/seed-5/eval.json")).unwrap();
    // What a process leaves that was killed before its run began.
    let killed = dir.join("runs/tiny-8/seed-4");
    fs::create_dir_all(killed.join(".writing-dead/new")).unwrap();

    let all = sweep(dir, &["--jobs", "2", "--threads", "1"]);
    assert!(all.contains("4 runs, 1 of them done"), "{all}");
    assert!(all.contains("4 of 4 done"), "{all}");
    let again = fs::read(dir.join("runs/tiny-16/seed-5/eval.json")).unwrap();
    assert_eq!(alone, again, "it was not made again");
    assert!(dir.join("runs/tiny-8-5.log").exists());

    // A run of a sweep is the run that its definition and seeds make.
    let args = [
        "train",
        "runs/tiny-16/seed-5/config.ron",
        "--seed",
        "5",
        "--quiet",
    ];
    let args = [
        &args[..],
        &["--out", "single", "--datasets", "data", "--threads", "1"],
    ]
    .concat();
    assert!(run(dir, &args).status.success());
    for file in ["agent.safetensors", "metrics.jsonl", "config.ron"] {
        let of = |run: &str| fs::read(dir.join(run).join(file)).unwrap();
        assert!(of("single") == of("runs/tiny-16/seed-5"), "{file}");
    }
    let done = sweep(dir, &["--status", "--json"]);
    let rows: serde_json::Value = serde_json::from_str(&done).unwrap();
    assert_eq!(rows[2]["run"], "tiny-16/seed-4");
    assert_eq!(rows[2]["state"], "done");
    assert_eq!(rows[3]["data_seed"], 1);
    let few = sweep(dir, &["--status", "--seeds", "5..6"]);
    assert!(few.contains("2 of 2 done"), "{few}");
}

#[test]
fn a_script_for_slurm_makes_the_same_runs() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    definitions(dir, 6, "");
    fs::write(dir.join("sweep.ron"), SWEEP).unwrap();
    let script = sweep(dir, &["--on", "slurm", "--jobs", "3"]);
    assert!(script.contains("#SBATCH --array=0-3%3\n"), "{script}");
    // A stand-in for a node: `srun` runs what it is given.
    let bin = dir.join("bin");
    fs::create_dir(&bin).unwrap();
    fs::write(bin.join("srun"), "#!/bin/sh\nexec \"$@\"\n").unwrap();
    fs::write(dir.join("job.sh"), &script).unwrap();
    let chmod = std::process::Command::new("chmod")
        .arg("+x")
        .arg(bin.join("srun"))
        .status();
    assert!(chmod.unwrap().success());
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let output = std::process::Command::new("bash")
        .arg("job.sh")
        .current_dir(dir)
        .env("PATH", path)
        .env("SLURM_ARRAY_TASK_ID", "2")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text_of(&output));
    assert!(dir.join("runs/tiny-16/seed-4/eval.json").exists());
}

#[test]
fn a_failing_run_is_named_and_the_others_are_made() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    definitions(dir, 4, "");
    fs::write(dir.join("sweep.ron"), SWEEP).unwrap();
    // Not a run: nothing that a sweep would remove.
    let taken = dir.join("runs/tiny-8/seed-5");
    fs::create_dir_all(&taken).unwrap();
    fs::write(taken.join("letter.txt"), "mine").unwrap();
    let args = ["sweep", "sweep.ron", "--out", "runs", "--datasets", "data"];
    let output = dt_train(dir).args(args).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = text_of(&output);
    assert!(
        said.contains("1 of the runs failed: runs/tiny-8-5.log"),
        "{said}"
    );
    assert!(taken.join("letter.txt").exists());
    assert!(dir.join("runs/tiny-16/seed-5/eval.json").exists());
}

/// An agent whose goal, to run out of time, is met before it has learned much; then look-backs are
/// drawn.
fn looks_back(dir: &Path, name: &str, after_perfect: u32) {
    let data = r#"(
        name: "wandering",
        env: "MiniGrid-MemoryS7FixedStart-v0",
        max_steps: 50,
        parts: [(
            policy: Boltzmann(temperature: 0.5),
            amount: Episodes(200),
            wander: Some((policy: Boltzmann(temperature: 3.0), at_least: 8, at_most: 28)),
        )],
    )"#;
    fs::write(dir.join("data.ron"), data).unwrap();
    let text = format!(
        r#"(
            name: "{name}",
            dataset: "data.ron",
            model: (n_layers: 1, n_heads: 2, d_model: 16, d_mlp: 16, n_ctx: 26),
            training: (
                steps: 20, batch_size: 16, evaluate_every: 5, window_end: EpisodeEnd,
                look_backs: Some((share: 0.5, after_perfect: {after_perfect}, steps: 10)),
            ),
            evaluation: (
                returns_to_go: [0.892],
                goals: [(return_to_go: 0.892, outcome: Truncated, within: 50)],
            ),
        )"#
    );
    fs::write(dir.join(format!("{name}.ron")), text).unwrap();
}

#[test]
fn branches_begin_where_look_backs_do() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    looks_back(dir, "base", 1);
    looks_back(dir, "never", 50);
    let runs = |base: &str| {
        format!(
            r#"(agent: "{base}.ron", seeds: (0, 1)),
               (agent: "{base}.ron", seeds: (0, 1), name: "{base}-branch",
                branch_from: "{base}/seed-{{seed}}",
                set: [(field: "training.look_backs.share", value: 0.25)]),"#
        )
    };
    let text = format!("(parts: [{} {}])", runs("base"), runs("never"));
    fs::write(dir.join("sweep.ron"), text).unwrap();
    let early = [
        "sweep",
        "sweep.ron",
        "--out",
        "runs",
        "--datasets",
        "data",
        "--only",
        "1",
    ];
    let output = run(dir, &early);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text_of(&output).contains("not done yet"),
        "{}",
        text_of(&output)
    );

    let all = sweep(dir, &[]);
    assert!(all.contains("3 of 4 done"), "{all}");
    assert!(all.contains("never-branch/seed-0  left out"), "{all}");
    let record = fs::read_to_string(dir.join("runs/base-branch/seed-0/run.json")).unwrap();
    assert!(
        record.contains("runs/base/seed-0/checkpoints/step-000005"),
        "{record}"
    );
}
