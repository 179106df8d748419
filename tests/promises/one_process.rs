//! A run, and an entry of a cache, is one process's at a time.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Lab, Program, Run, assert_same_run, contents, given, names};

/// Waits for something that a process that goes on is about to do.
pub fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_mins(1), "never: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A training that does not end by itself, once its run is there.
pub fn endless(lab: &Lab, out: &str) -> Child {
    lab.train_differently(1_000_000, "checkpoint_seconds: 1000,");
    let args = ["train", "tiny.ron", "--quiet", "--out", out];
    let mut command = lab.command(Program::Train, &args);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null());
    let child = child.spawn().unwrap();
    let log = lab.at(out).join("metrics.jsonl");
    wait_until("it trains", || {
        fs::metadata(&log).is_ok_and(|m| m.len() > 0)
    });
    child
}

#[test]
fn a_run_that_goes_on_is_nobody_elses() {
    let lab = Lab::new();
    let mut first = endless(&lab, "run");
    let run = ["train", "tiny.ron", "--quiet", "--out", "run"];
    for more in [&["--resume"][..], &["--force"], &["--force", "--seed", "7"]] {
        let second = lab.run(Program::Train, &[&run[..], more].concat());
        assert_eq!(second.code, Some(2), "{more:?}: {}", second.stderr);
        let said = format!("process {} ", first.id());
        assert!(second.stderr.contains(&said), "{}", second.stderr);
        assert!(second.stderr.contains("at work"), "{}", second.stderr);
    }
    first.kill().unwrap();
    first.wait().unwrap();
    // The dead hold nothing.
    lab.train_differently(20, "");
    lab.succeed(Program::Train, &[&run[..], &["--force"]].concat());
    assert!(!names(&lab.at("run")).contains(&"run.lock".to_owned()));
}

fn together(commands: impl Iterator<Item = Command>) -> Vec<Run> {
    let start = |mut c: Command| c.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let all: Vec<Child> = commands.map(|c| start(c).unwrap()).collect();
    let end = |child: Child| Run::from(child.wait_with_output().unwrap());
    all.into_iter().map(end).collect()
}

#[test]
fn of_runs_begun_at_once_in_one_folder_one_is_made() {
    let lab = Lab::new();
    let run = |out: &str| {
        let args = ["train", "tiny.ron", "--quiet", "--out", out];
        lab.command(Program::Train, &args)
    };
    let ends = together((0..4).map(|_| run("run")));
    let won = ends.iter().filter(|end| end.code == Some(0)).count();
    assert_eq!(won, 1, "{ends:?}");
    for end in ends.iter().filter(|end| end.code != Some(0)) {
        assert_eq!(end.code, Some(2), "{end:?}");
    }
    assert!(run("alone").status().unwrap().success());
    assert_same_run(&lab.at("run"), &lab.at("alone"));
}

#[test]
fn seeds_side_by_side_share_a_dataset() {
    let lab = Lab::new();
    let ends = together((0..6).map(|seed: u32| {
        let args = ["train", "tiny.ron", "--quiet", "--seed", &seed.to_string()];
        lab.command(Program::Train, &args)
    }));
    for end in &ends {
        assert_eq!(end.code, Some(0), "{}", end.stderr);
    }
    assert_eq!(names(&lab.at("runs/datasets")).len(), 1);
    assert_eq!(names(&lab.at("runs/tiny")).len(), 6);
}

#[test]
fn of_agents_imported_at_once_to_one_folder_one_is_kept() {
    let Some(file) = given("reference/MemoryGatedMLP.pt") else {
        return;
    };
    let lab = Lab::empty();
    let import = ["import", file.to_str().unwrap(), "--out", "agent"];
    let ends = together((0..3).map(|_| lab.command(Program::Train, &import)));
    let won = ends.iter().filter(|end| end.code == Some(0)).count();
    assert_eq!(won, 1, "{ends:?}");
    assert_eq!(names(lab.path()), ["agent"]);
}

#[test]
fn a_run_whose_folder_is_removed_stops_and_says_so() {
    let lab = Lab::new();
    lab.train_differently(1_000_000, "checkpoint_seconds: 0,");
    let args = ["train", "tiny.ron", "--quiet", "--out", "run"];
    let mut command = lab.command(Program::Train, &args);
    let child = command.stderr(Stdio::piped()).spawn().unwrap();
    let states = lab.at("run/checkpoints");
    wait_until("a state", || states.exists());
    fs::rename(lab.at("run"), lab.at("elsewhere")).unwrap();
    let end = Run::from(child.wait_with_output().unwrap());
    assert_eq!(end.code, Some(2), "{}", end.stderr);
    assert!(end.stderr.contains("removed or replaced"), "{}", end.stderr);
    assert!(!lab.at("run").exists(), "nothing of it is made again");
}

/// What a run is stands in its own folder: elsewhere, and without its data, it is the same.
#[test]
fn a_run_is_whole_wherever_it_is() {
    let lab = Lab::trained();
    let ask = |folder: &Path| {
        let mut command = Program::Analysis.command();
        command
            .args(["geometry", "run", "--out", "o"])
            .current_dir(folder);
        let end = Run::from(command.output().unwrap());
        assert_eq!(end.code, Some(0), "{}", end.stderr);
        contents(&folder.join("o"))
    };
    let at_home = ask(lab.path());
    let away = Lab::empty();
    fs::rename(lab.at("run"), away.at("run")).unwrap();
    drop(lab);
    assert!(at_home == ask(away.path()));
    // And it can be made again from what it holds.
    let args = ["train", "run/config.ron", "--quiet", "--out", "again"];
    away.succeed(Program::Train, &args);
    assert_same_run(&away.at("run"), &away.at("again"));
}
