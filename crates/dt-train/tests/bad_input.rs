//! Bad input: one clear error, exit code 2, and nothing on disk is touched.

#![allow(clippy::unwrap_used)] // a test may panic

mod common;

use std::fs;
use std::path::Path;

use common::{agent, contents, definitions, run, stderr};

/// Runs, expects exit code 2 and an error that holds all of `parts`; returns nothing else.
fn refused(dir: &Path, args: &[&str], parts: &[&str]) {
    let before = contents(dir);
    let output = run(dir, args);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {text}");
    for part in parts {
        assert!(text.contains(part), "{args:?}: `{part}` is not in: {text}");
    }
    assert!(!text.contains("panicked"), "{text}");
    assert!(before == contents(dir), "{args:?}: files changed");
}

#[test]
fn definitions_are_checked() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    definitions(path, 10, "");
    let good = agent(&path.join("tiny-data.ron"), 10, "");
    for (change, parts) in [
        (
            ("n_ctx: 14", "n_ctx: 15"),
            &["bad.ron", "model.n_ctx", "3 T - 1"][..],
        ),
        (("d_mlp: 16", "d_mpl: 16"), &["bad.ron:4", "model", "d_mpl"]),
        (
            ("n_layers: 2", "n_layers: \"two\""),
            &["bad.ron:4", "model.n_layers"],
        ),
        (
            ("[0.892, 0.0]", "[0.892, 1.5]"),
            &["bad.ron", "evaluation", "1.5"],
        ),
        (
            ("name: \"tiny\"", "name: \"../tiny\""),
            &["bad.ron", "name"],
        ),
        (("tiny-data.ron", "absent.ron"), &["absent.ron"]),
    ] {
        let bad = good.replacen(change.0, change.1, 1);
        assert_ne!(bad, good, "{change:?}");
        fs::write(path.join("bad.ron"), bad).unwrap();
        refused(path, &["train", "bad.ron", "--out", "run"], parts);
    }
    refused(path, &["train", "nowhere.ron"], &["nowhere.ron"]);
    refused(path, &["--seeds", "5..2"], &["5..2"]);
    refused(path, &["--device", "gpu"], &["unknown device `gpu`"]);
    if !cfg!(feature = "libtorch") {
        refused(
            path,
            &["--device", "libtorch:cuda:0"],
            &["--features libtorch"],
        );
    }
    refused(path, &["--resume", "--out", "run"], &["nothing to resume"]);
}

#[test]
fn impossible_worlds_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    definitions(path, 10, "");
    let recipe = common::DATASET.replace("MiniGrid-MemoryS7FixedStart-v0", "even.ron");
    fs::write(path.join("tiny-data.ron"), recipe).unwrap();
    let train = ["train", "tiny.ron", "--out", "run"];
    let memory = "(id: \"even\", world: Memory((size: 8)))";
    fs::write(path.join("even.ron"), memory).unwrap();
    refused(path, &train, &["even.ron", "size", "must be odd"]);
    let in_wall = "(id: \"w\", world: Map((rows: [\"####\", \"#.+#\", \">###\"], success: Reach)))";
    fs::write(path.join("even.ron"), in_wall).unwrap();
    refused(
        path,
        &train,
        &["even.ron", "rows[2]", "border must be wall"],
    );
}

#[test]
fn a_run_that_is_there_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    definitions(path, 10, "");
    let train = ["train", "tiny.ron", "--quiet", "--out", "run"];
    assert!(run(path, &train).status.success());
    refused(path, &train, &["exists already", "--resume", "--force"]);
    // Resuming with another definition or seed is refused too.
    definitions(path, 11, "");
    let resume = ["train", "tiny.ron", "--quiet", "--out", "run", "--resume"];
    refused(path, &resume, &["another definition"]);
    definitions(path, 10, "");
    let with_seed = [&resume[..], &["--seed", "4"]].concat();
    refused(path, &with_seed, &["has seed 0, not 4"]);
    // --force replaces a run, and nothing that is not one.
    fs::create_dir(path.join("precious")).unwrap();
    fs::write(path.join("precious/thesis.txt"), "words").unwrap();
    let force = [
        "train", "tiny.ron", "--quiet", "--out", "precious", "--force",
    ];
    refused(path, &force, &["is not a run"]);
}

#[test]
fn damaged_agents_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    definitions(path, 10, "");
    let train = ["train", "tiny.ron", "--quiet", "--out", "run"];
    assert!(run(path, &train).status.success());
    let file = path.join("run/agent.safetensors");
    let good = fs::read(&file).unwrap();
    let eval = ["eval", "run", "--episodes", "0"];
    assert!(run(path, &eval).status.success());

    fs::write(&file, &good[..good.len() / 2]).unwrap();
    refused(
        path,
        &eval,
        &["agent.safetensors", "not a safetensors file"],
    );
    let mut header_too_long = good.clone();
    header_too_long[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    fs::write(&file, header_too_long).unwrap();
    refused(path, &eval, &["agent.safetensors"]);
    let mut not_a_number = good.clone();
    let end = not_a_number.len();
    not_a_number[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    fs::write(&file, not_a_number).unwrap();
    refused(path, &eval, &["agent.safetensors", "not finite"]);
    fs::write(&file, &good).unwrap();

    let json = path.join("run/agent.json");
    let record = fs::read_to_string(&json).unwrap();
    fs::write(
        &json,
        record.replacen("\"d_model\": 16", "\"d_model\": 32", 1),
    )
    .unwrap();
    refused(path, &eval, &["agent.safetensors", "shape"]);
    fs::write(&json, record.replacen("\"n_ctx\": 14", "\"n_ctx\": 13", 1)).unwrap();
    refused(path, &eval, &["agent.json", "n_ctx"]);
    // A world that cannot be, and one that outlasts the time table.
    let world = record.replacen("\"size\": 7", "\"size\": 8", 1);
    assert_ne!(world, record);
    fs::write(&json, world).unwrap();
    refused(path, &eval, &["agent.json", "`env`", "must be odd"]);
    let limit = record.rfind("\"max_steps\": 50").unwrap();
    let longer = [&record[..limit], "\"max_steps\": 51", &record[limit + 15..]].concat();
    fs::write(&json, longer).unwrap();
    refused(path, &eval, &["agent.json", "`env`", "step limit"]);
    fs::write(&json, "{}").unwrap();
    refused(path, &eval, &["agent.json"]);
    refused(path, &["eval", "tiny.ron"], &["agent.json"]);
    refused(
        path,
        &["eval", "run", "--rtg", "2"],
        &["--rtg", "out of range"],
    );
}

#[test]
fn damaged_datasets_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    definitions(path, 10, "");
    let train = [
        "train",
        "tiny.ron",
        "--quiet",
        "--datasets",
        "data",
        "--out",
    ];
    let into = |out: &'static str| [&train[..], &[out]].concat();
    assert!(run(path, &into("first")).status.success());
    let dataset = fs::read_dir(path.join("data"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    let steps = dataset.path().join("steps.arrow");
    let good = fs::read(&steps).unwrap();
    let mut flipped = good.clone();
    flipped[good.len() / 2] ^= 1;
    for bad in [&good[..good.len() / 3], &flipped] {
        fs::write(&steps, bad).unwrap();
        refused(path, &into("second"), &["data", "blake3"]);
    }
    // A dataset of another recipe (another world) under this one's name.
    fs::write(&steps, &good).unwrap();
    let other = common::DATASET.replace("FixedStart", "RandomDirection");
    fs::write(path.join("other-data.ron"), other).unwrap();
    let text = agent(&path.join("other-data.ron"), 10, "");
    fs::write(path.join("other.ron"), text).unwrap();
    let output = run(
        path,
        &[
            "train",
            "other.ron",
            "--quiet",
            "--datasets",
            "data2",
            "--out",
            "third",
        ],
    );
    assert!(output.status.success(), "{}", stderr(&output));
    let theirs = fs::read_dir(path.join("data2"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let ours = dataset.path();
    fs::remove_dir_all(&ours).unwrap();
    fs::rename(&theirs, &ours).unwrap();
    refused(path, &into("fourth"), &["another recipe"]);
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_is_an_error() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    definitions(path, 10, "");
    // The dataset is there before, so that nothing at all may change.
    let output = run(path, &["train", "tiny.ron", "--quiet"]);
    assert!(output.status.success(), "{}", stderr(&output));
    fs::create_dir(path.join("locked")).unwrap();
    fs::set_permissions(path.join("locked"), fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(path.join("locked/probe"), "").is_ok() {
        eprintln!("skipped: this user may write everywhere; /proc stands in");
        refused(
            path,
            &["train", "tiny.ron", "--out", "/proc/run"],
            &["/proc/run"],
        );
        return;
    }
    refused(
        path,
        &["train", "tiny.ron", "--out", "locked/run"],
        &["locked/run"],
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_loses_nothing() {
    use std::process::Command;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    definitions(path, 30, "keep_every: 1");
    let small = path.join("small");
    fs::create_dir(&small).unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
        .arg(&small)
        .output();
    if !mounted.is_ok_and(|o| o.status.success()) {
        eprintln!("skipped: no right to mount a small file system here");
        return;
    }
    let output = run(
        path,
        &["train", "tiny.ron", "--quiet", "--out", "small/run"],
    );
    let text = stderr(&output);
    let kept: Vec<_> = contents(&small).into_keys().collect();
    // What was finished before the disk filled up can still be read.
    let first = run(
        path,
        &[
            "eval",
            "small/run/checkpoints/step-000001",
            "--episodes",
            "0",
        ],
    );
    Command::new("umount").arg(&small).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(
        text.contains("small/run") && text.contains("No space left"),
        "{text}"
    );
    assert!(first.status.success(), "{}\n{kept:?}", stderr(&first));
    assert!(
        !kept.iter().any(|name| name.contains(".writing-")),
        "{kept:?}"
    );
}
