//! Bad input: one clear error that names file, place and remedy, exit code 2, and nothing on disk
//! is touched.

use std::fs;

use crate::support::lab::definition;
use crate::support::{Lab, Program, assert_same_run, contents};

const TRAIN: [&str; 5] = ["train", "tiny.ron", "--quiet", "--out", "run"];

/// Runs `dt-train`, which must refuse with an error that holds all of `parts`.
fn refused(lab: &Lab, args: &[&str], parts: &[&str]) {
    let text = lab.refuse(Program::Train, args);
    for part in parts {
        assert!(text.contains(part), "{args:?}: `{part}` is not in: {text}");
    }
}

fn trained(lab: &Lab, args: &[&str]) {
    lab.succeed(Program::Train, args);
}

#[test]
fn definitions_are_checked() {
    let lab = Lab::new();
    let good = definition("tiny.ron");
    for (change, parts) in [
        (
            ("n_ctx: 14", "n_ctx: 15"),
            &["bad.ron", "model.n_ctx", "3 T - 1"][..],
        ),
        (("d_mlp: 16", "d_mpl: 16"), &["bad.ron:5", "model", "d_mpl"]),
        (
            ("n_layers: 2", "n_layers: \"two\""),
            &["bad.ron:5", "model.n_layers"],
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
        fs::write(lab.at("bad.ron"), bad).unwrap();
        refused(&lab, &["train", "bad.ron", "--out", "run"], parts);
    }
    refused(&lab, &["train", "nowhere.ron"], &["nowhere.ron"]);
    refused(&lab, &["--seeds", "5..2"], &["5..2"]);
    refused(&lab, &["--device", "gpu"], &["unknown device `gpu`"]);
    if !cfg!(feature = "libtorch") {
        refused(
            &lab,
            &["--device", "libtorch:cuda:0"],
            &["--features libtorch"],
        );
    }
}

#[test]
fn impossible_worlds_are_refused() {
    let lab = Lab::new();
    let recipe = definition("tiny-data.ron").replace("MiniGrid-MemoryS7FixedStart-v0", "even.ron");
    fs::write(lab.at("tiny-data.ron"), recipe).unwrap();
    let train = ["train", "tiny.ron", "--out", "run"];
    let memory = "(id: \"even\", world: Memory((size: 8)))";
    fs::write(lab.at("even.ron"), memory).unwrap();
    refused(&lab, &train, &["even.ron", "size", "must be odd"]);
    let in_wall = "(id: \"w\", world: Map((rows: [\"####\", \"#.+#\", \">###\"], success: Reach)))";
    fs::write(lab.at("even.ron"), in_wall).unwrap();
    refused(
        &lab,
        &train,
        &["even.ron", "rows[2]", "border must be wall"],
    );
}

#[test]
fn a_run_that_is_there_is_kept() {
    let lab = Lab::new();
    trained(&lab, &TRAIN);
    refused(&lab, &TRAIN, &["exists already", "--resume", "--force"]);
    // Resuming with another definition or seed is refused too.
    lab.train_differently(11, "");
    let resume = [&TRAIN[..], &["--resume"]].concat();
    refused(&lab, &resume, &["another definition"]);
    lab.write("tiny.ron", definition("tiny.ron"));
    let with_seed = [&resume[..], &["--seed", "4"]].concat();
    refused(&lab, &with_seed, &["has seed 0, not 4"]);
    // --force replaces a run, and nothing that is not one.
    fs::create_dir(lab.at("precious")).unwrap();
    fs::write(lab.at("precious/thesis.txt"), "words").unwrap();
    let force = [
        "train", "tiny.ron", "--quiet", "--out", "precious", "--force",
    ];
    refused(&lab, &force, &["it is not a run"]);
}

#[test]
fn resuming_what_has_not_begun_begins_it() {
    let lab = Lab::new();
    trained(&lab, &TRAIN);
    trained(
        &lab,
        &["train", "tiny.ron", "--quiet", "--out", "other", "--resume"],
    );
    assert_same_run(&lab.at("run"), &lab.at("other"));
}

#[test]
fn numbers_at_their_ends_are_used_or_refused() {
    let lab = Lab::new();
    let most = u64::MAX.to_string();
    let train = [
        "train", "tiny.ron", "--quiet", "--out", "most", "--seed", &most,
    ];
    trained(&lab, &train);
    assert_eq!(lab.json("most/run.json")["seed"], u64::MAX);
    let all = format!("0..{most}");
    refused(&lab, &["train", "tiny.ron", "--seeds", &all], &["--seeds"]);
    for (option, value) in [
        ("--episodes", &*most),
        ("--temperature", "nan"),
        ("--temperature", "-1"),
        ("--min-success", "2"),
        ("--min-success", "nan"),
        ("--held-out", "0"),
    ] {
        let set = format!("{option}={value}");
        refused(&lab, &["eval", "most", &set], &[option]);
    }
    let good = definition("tiny.ron");
    for (change, field) in [
        (
            ("batch_size: 16", "batch_size: 18446744073709551615"),
            "batch_size",
        ),
        (
            ("batch_size: 16", "batch_size: 1000000000000"),
            "batch_size",
        ),
        (
            (
                "n_layers: 2, n_heads: 2, d_model: 16, d_mlp: 16",
                "n_layers: 64, n_heads: 2, d_model: 16384, d_mlp: 65536",
            ),
            "n_layers",
        ),
    ] {
        let bad = good.replacen(change.0, change.1, 1);
        assert_ne!(bad, good, "{change:?}");
        lab.write("bad.ron", bad);
        refused(&lab, &["train", "bad.ron", "--out", "run"], &[field]);
    }
}

#[test]
fn damaged_agents_are_refused() {
    let lab = Lab::new();
    trained(&lab, &TRAIN);
    let file = lab.at("run/agent.safetensors");
    let good = fs::read(&file).unwrap();
    let eval = ["eval", "run", "--episodes", "0"];
    trained(&lab, &eval);

    fs::write(&file, &good[..good.len() / 2]).unwrap();
    refused(
        &lab,
        &eval,
        &["agent.safetensors", "not a safetensors file"],
    );
    let mut header_too_long = good.clone();
    header_too_long[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    fs::write(&file, header_too_long).unwrap();
    refused(&lab, &eval, &["agent.safetensors"]);
    let mut not_a_number = good.clone();
    let end = not_a_number.len();
    not_a_number[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    fs::write(&file, not_a_number).unwrap();
    refused(&lab, &eval, &["agent.safetensors", "not finite"]);
    // Finite ones whose sums are not.
    let mut overflows = good.clone();
    let header = 8 + u64::from_le_bytes(good[..8].try_into().unwrap()) as usize;
    for value in overflows[header..].chunks_exact_mut(4) {
        value.copy_from_slice(&3e38_f32.to_le_bytes());
    }
    fs::write(&file, overflows).unwrap();
    refused(&lab, &eval, &["run", "logits are not finite"]);
    fs::write(&file, &good).unwrap();

    let json = lab.at("run/agent.json");
    let record = fs::read_to_string(&json).unwrap();
    fs::write(
        &json,
        record.replacen("\"d_model\": 16", "\"d_model\": 32", 1),
    )
    .unwrap();
    refused(&lab, &eval, &["agent.safetensors", "shape"]);
    fs::write(&json, record.replacen("\"n_ctx\": 14", "\"n_ctx\": 13", 1)).unwrap();
    refused(&lab, &eval, &["agent.json", "n_ctx"]);
    // A world that cannot be, and one that outlasts the time table.
    let world = record.replacen("\"size\": 7", "\"size\": 8", 1);
    assert_ne!(world, record);
    fs::write(&json, world).unwrap();
    refused(&lab, &eval, &["agent.json", "`env`", "must be odd"]);
    let limit = record.rfind("\"max_steps\": 50").unwrap();
    let longer = [&record[..limit], "\"max_steps\": 51", &record[limit + 15..]].concat();
    fs::write(&json, longer).unwrap();
    refused(&lab, &eval, &["agent.json", "`sizes.max_steps`", "step 51"]);
    fs::write(&json, "{}").unwrap();
    refused(&lab, &eval, &["agent.json"]);
    refused(&lab, &["eval", "tiny.ron"], &["agent.json"]);
    refused(
        &lab,
        &["eval", "run", "--rtg", "2"],
        &["--rtg", "out of range"],
    );
}

#[test]
fn damaged_datasets_are_refused() {
    let lab = Lab::new();
    let train = [
        "train",
        "tiny.ron",
        "--quiet",
        "--datasets",
        "data",
        "--out",
    ];
    let into = |out: &'static str| [&train[..], &[out]].concat();
    trained(&lab, &into("first"));
    let dataset = fs::read_dir(lab.at("data"))
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
        refused(&lab, &into("second"), &["data", "blake3"]);
    }
    // A dataset of another recipe (another world) under this one's name.
    fs::write(&steps, &good).unwrap();
    let other = definition("tiny-data.ron").replace("FixedStart", "RandomDirection");
    fs::write(lab.at("other-data.ron"), other).unwrap();
    let text = definition("tiny.ron").replace("tiny-data.ron", "other-data.ron");
    fs::write(lab.at("other.ron"), text).unwrap();
    trained(
        &lab,
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
    let theirs = fs::read_dir(lab.at("data2"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let ours = dataset.path();
    fs::remove_dir_all(&ours).unwrap();
    fs::rename(&theirs, &ours).unwrap();
    refused(&lab, &into("fourth"), &["another recipe"]);
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_is_an_error() {
    use std::os::unix::fs::PermissionsExt;
    let lab = Lab::new();
    // The dataset is there before, so that nothing at all may change.
    trained(&lab, &["train", "tiny.ron", "--quiet"]);
    fs::create_dir(lab.at("locked")).unwrap();
    fs::set_permissions(lab.at("locked"), fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(lab.at("locked/probe"), "").is_ok() {
        eprintln!("skipped: this user may write everywhere; /proc stands in");
        refused(
            &lab,
            &["train", "tiny.ron", "--out", "/proc/run"],
            &["/proc/run"],
        );
        return;
    }
    refused(
        &lab,
        &["train", "tiny.ron", "--out", "locked/run"],
        &["locked/run"],
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_loses_nothing() {
    use std::process::Command;
    let lab = Lab::with_training(30, "keep_every: 1,");
    let small = lab.at("small");
    fs::create_dir(&small).unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
        .arg(&small)
        .output();
    if !mounted.is_ok_and(|o| o.status.success()) {
        eprintln!("skipped: no right to mount a small file system here");
        return;
    }
    let output = lab.run(
        Program::Train,
        &["train", "tiny.ron", "--quiet", "--out", "small/run"],
    );
    let text = output.stderr;
    let kept: Vec<_> = contents(&small).into_keys().collect();
    // What was finished before the disk filled up can still be read.
    let first = lab.run(
        Program::Train,
        &[
            "eval",
            "small/run/checkpoints/step-000001",
            "--episodes",
            "0",
        ],
    );
    Command::new("umount").arg(&small).output().unwrap();
    assert_eq!(output.code, Some(2), "{text}");
    assert!(
        text.contains("small/run") && text.contains("No space left"),
        "{text}"
    );
    assert_eq!(first.code, Some(0), "{}\n{kept:?}", first.stderr);
    assert!(
        !kept.iter().any(|name| name.contains(".writing-")),
        "{kept:?}"
    );
}
