//! `--out` of every command: nothing that is there is replaced without `--force`, which is said
//! before anything is computed; and what a killed command has left is no obstacle.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used)] // tests may panic

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use common::{small_config, write_agent};
use dt_train::model::{ModelConfig, Padding};

fn run(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dt-analysis"))
        .current_dir(dir)
        .args(args)
        .output()
        .unwrap()
}

fn succeeds(dir: &Path, args: &[&str]) {
    let output = run(dir, args);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{args:?}: {text}");
}

/// Standard error of a run that must be refused by one line and change nothing.
fn refused(dir: &Path, args: &[&str]) -> String {
    let before = contents(dir);
    let output = run(dir, args);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{args:?}: {text}");
    assert_eq!(text.lines().count(), 1, "{args:?}: {text}");
    assert!(contents(dir) == before, "{args:?} changed something");
    text
}

/// Every file below a folder, with its bytes.
fn contents(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(contents(&path));
        } else {
            found.insert(path.display().to_string(), fs::read(&path).unwrap());
        }
    }
    found
}

/// Two seeds of one small agent, and one as the authors' are.
fn agents(dir: &Path) {
    for seed in [3, 4] {
        write_agent(&dir.join(seed.to_string()), &small_config(), seed);
    }
    let padded = ModelConfig {
        padding: Padding::ZeroFrames,
        ..small_config()
    };
    write_agent(&dir.join("padded"), &padded, 5);
    let records = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/run/seed-0");
    fs::create_dir(dir.join("run")).unwrap();
    for name in ["metrics.jsonl", "eval.json", "agent.json"] {
        fs::copy(records.join(name), dir.join("run").join(name)).unwrap();
    }
}

#[test]
fn nothing_is_replaced_without_force() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    agents(dir);
    let mut tried = BTreeSet::from(["help".to_owned(), "studies".to_owned()]);
    for (command, last) in [
        ("geometry 3 --out geometry", "geometry/geometry.json"),
        ("intervene 3 --out intervene", "intervene/intervene.json"),
        ("patch 3 --out patch", "patch/patch.json"),
        ("attribute 3 --out attribute", "attribute/attribute.json"),
        ("errata padded --out errata", "errata/errata.json"),
        ("adversary 3 --out adversary", ""),
        ("transfer 3 4 --out transfer", ""),
        ("formation 3 --last --out formation", ""),
        (
            "probe 3 --episodes 20 --walks 20 --concepts I --tokens decision --out probe",
            "probe/probe.json",
        ),
        (
            "cache 3 --hooks hook_state_embed --out new/cache.safetensors",
            "",
        ),
        ("plot run --out plot", "plot/tiny-dt-training.svg"),
        ("reproduce 3 --out reproduce", "reproduce/report.html"),
        ("judge reproduce --out judge", "judge/claims.json"),
        ("study 3 --out study", "study/report.html"),
    ] {
        let args: Vec<&str> = command.split(' ').collect();
        tried.insert(args[0].to_owned());
        succeeds(dir, &args);
        let message = refused(dir, &args);
        let said = "exists already; use --force to replace it, or another --out";
        assert!(message.contains(said), "{command}: {message}");
        // Not only the first or the last place is looked at.
        if !last.is_empty() {
            let bytes = fs::read(dir.join(last)).unwrap();
            fs::remove_file(dir.join(last)).unwrap();
            let message = refused(dir, &args);
            assert!(message.contains(said), "{command}: {message}");
            fs::write(dir.join(last), bytes).unwrap();
        }
        if !["reproduce", "study"].contains(&args[0]) {
            let there: Vec<String> = contents(dir).into_keys().collect();
            succeeds(dir, &[&args[..], &["--force"]].concat());
            let again: Vec<String> = contents(dir).into_keys().collect();
            assert_eq!(there, again, "{command} leaves nothing behind");
        }
    }
    let help = String::from_utf8(run(dir, &["--help"]).stdout).unwrap();
    let (_, list) = help.split_once("Commands:\n").unwrap();
    let list = list.lines().take_while(|line| !line.is_empty());
    let commands: BTreeSet<String> = list
        .filter_map(|line| Some(line.split_whitespace().next()?.to_owned()))
        .filter(|word| help.contains(&format!("\n  {word} ")))
        .collect();
    assert!(commands.is_subset(&tried), "{commands:?} {tried:?}");

    // A report that was killed before its end: all that it left is on its list.
    let report = dir.join("reproduce");
    fs::remove_file(report.join("report.html")).unwrap();
    let mut left: Vec<String> = Vec::new();
    for folder in ["", "figures/", "evidence/"] {
        for entry in fs::read_dir(report.join(folder)).unwrap() {
            left.push(format!("{folder}{}", entry.unwrap().file_name().display()));
        }
    }
    left.push("report.html".to_owned());
    fs::write(report.join(".unfinished-report"), left.join("\n")).unwrap();
    succeeds(dir, &["reproduce", "3", "--out", "reproduce"]);
    assert!(report.join("report.html").exists());
    assert!(!report.join(".unfinished-report").exists());
}

#[test]
fn a_place_that_cannot_be_one_is_said_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    agents(dir);
    fs::write(dir.join("file"), "").unwrap();
    for args in [
        ["adversary", "3", "--out", "file"],
        ["study", "3", "--out", "file/below"],
        ["plot", "run", "--out", "file"],
    ] {
        let message = refused(dir, &args);
        assert!(message.contains("file: is no folder"), "{message}");
    }
    let into = ["cache", "3", "--hooks", "*", "--out", "run", "--force"];
    assert!(refused(dir, &into).contains("run is a folder"));
    // What `transfer` found is not the cache of a study.
    fs::create_dir(dir.join("mine")).unwrap();
    fs::write(dir.join("mine/transfer.json"), "[]").unwrap();
    let message = refused(dir, &["study", "3", "--out", "mine"]);
    assert!(
        message.contains("transfer.json exists already"),
        "{message}"
    );
}

#[cfg(unix)]
#[test]
fn pipes_are_not_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    fs::create_dir_all(dir.join("kept/evidence")).unwrap();
    fs::create_dir_all(dir.join("run")).unwrap();
    for (name, args) in [
        (
            "my.ron",
            &[
                "cache",
                "x",
                "--hooks",
                "*",
                "--out",
                "o",
                "--prompts",
                "my.ron",
            ][..],
        ),
        ("claims.ron", &["judge", "kept", "--claims", "claims.ron"]),
        ("kept/evidence/a.json", &["judge", "kept"]),
        ("run/eval.json", &["plot", "run", "--out", "o"]),
        ("run/metrics.jsonl", &["plot", "run", "--out", "o"]),
    ] {
        let made = Command::new("mkfifo").arg(dir.join(name)).status();
        if !made.is_ok_and(|status| status.success()) {
            eprintln!("skipped: no mkfifo here");
            return;
        }
        let output = run(dir, args);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains("is no file but"), "{text}");
        fs::remove_file(dir.join(name)).unwrap();
    }
}

#[test]
fn numbers_at_their_ends_are_used_or_refused() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    agents(dir);
    let small = [
        "--concepts",
        "I",
        "--tokens",
        "decision",
        "--walks",
        "20",
        "--out",
        "o",
    ];
    let largest = ["--seed", "18446744073709551615", "--episodes", "20"];
    succeeds(dir, &[&["probe", "3"], &small[..], &largest].concat());
    for (more, said) in [
        (["--folds", "0"], "at least 2 folds"),
        (["--folds", "1"], "at least 2 folds"),
        (["--folds", "18446744073709551615"], "or fewer"),
        (["--episodes", "0"], "a sweep needs episodes"),
        (["--episodes", "4294967295"], "at most 10000 episodes"),
    ] {
        let args = [&["probe", "3", "--force"], &small[..], &more].concat();
        let message = refused(dir, &args);
        assert!(message.contains(said), "{message}");
    }
}
