//! Nothing is replaced without `--force`, and with it nothing is left behind.

use std::fs;

use crate::support::{Lab, Program, contents, given, names};

/// Makes something twice: the second time is refused and changes nothing; with `--force` it is
/// made anew where it was.
fn is_kept(lab: &Lab, program: Program, args: &[&str]) {
    let called = format!("{} {args:?}", program.name());
    lab.succeed(program, args);
    let there = names(lab.path());
    let message = lab.refuse(program, args);
    assert!(message.contains("--force"), "{called}: {message}");
    assert_eq!(message.lines().count(), 1, "{called}: {message}");
    lab.succeed(program, &[args, &["--force"]].concat());
    assert_eq!(names(lab.path()), there, "{called} leaves nothing behind");
}

#[test]
fn worlds_and_datasets_are_kept() {
    let lab = Lab::new();
    is_kept(
        &lab,
        Program::Env,
        &["render", "TwoRooms", "--out", "world.png"],
    );
    is_kept(
        &lab,
        Program::Data,
        &["generate", "tiny-data.ron", "--out", "data"],
    );
    let export = ["export", "data", "--format", "minari", "--out", "minari-v0"];
    is_kept(&lab, Program::Data, &export);
}

#[test]
fn runs_are_kept() {
    let lab = Lab::new();
    // `train` offers to go on as well, and replaces only what is a run.
    let train = ["train", "tiny.ron", "--quiet", "--out", "run"];
    lab.succeed(Program::Train, &train);
    let message = lab.refuse(Program::Train, &train);
    assert!(
        message.contains("--force") && message.contains("--resume"),
        "{message}"
    );
    lab.succeed(Program::Train, &[&train[..], &["--force"]].concat());
    fs::create_dir(lab.at("precious")).unwrap();
    lab.write("precious/thesis.txt", "words");
    let over = [
        "train", "tiny.ron", "--quiet", "--out", "precious", "--force",
    ];
    assert!(
        lab.refuse(Program::Train, &over)
            .contains("it is not a run")
    );
    // Not by the names of two files alone, either.
    lab.write("precious/config.ron", lab.read("tiny.ron"));
    assert!(
        lab.refuse(Program::Train, &over)
            .contains("it is not a run")
    );
    lab.write("precious/run.json", "{}");
    assert!(
        lab.refuse(Program::Train, &over)
            .contains("it is not a run")
    );
    lab.write("precious/run.json", lab.read("run/run.json"));
    let message = lab.refuse(Program::Train, &over);
    assert!(message.contains("holds thesis.txt"), "{message}");
    // Nor is the folder that one stands in.
    let within = ["train", "../tiny.ron", "--quiet", "--force", "--out", "."];
    let mut command = lab.command(Program::Train, &within);
    let output = command.current_dir(lab.at("run")).output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("is the current folder"), "{message}");
    assert!(lab.at("run/eval.json").exists() && lab.at("precious/thesis.txt").exists());
}

#[test]
fn calibrations_are_kept() {
    let lab = Lab::trained();
    let calibrate = ["calibrate", "run", "--points", "2", "--episodes", "2"];
    is_kept(&lab, Program::Train, &calibrate);
}

#[test]
fn imported_agents_are_kept() {
    let Some(file) = given("reference/MemoryGatedMLP.pt") else {
        return;
    };
    let lab = Lab::empty();
    let import = ["import", file.to_str().unwrap(), "--out", "agent"];
    is_kept(&lab, Program::Train, &import);
}

#[test]
fn answers_are_kept() {
    let lab = Lab::trained();
    for (out, args) in [
        ("figures", &["plot", "run"][..]),
        ("geometry", &["geometry", "run"]),
        ("attribution", &["attribute", "run"]),
    ] {
        is_kept(&lab, Program::Analysis, &[args, &["--out", out]].concat());
    }
    let cache = ["cache", "run", "--hooks", "blocks.*.hook_resid_post"];
    is_kept(
        &lab,
        Program::Analysis,
        &[&cache[..], &["--out", "a.safetensors"]].concat(),
    );
}

#[test]
fn an_answer_that_fails_leaves_nothing() {
    let lab = Lab::trained();
    lab.write("wrong.ron", "(name: \"wrong\", colour: 3)");
    let before = contents(lab.path());
    let args = [
        "geometry",
        "run",
        "--study",
        "wrong.ron",
        "--out",
        "geometry",
    ];
    let message = lab.refuse(Program::Analysis, &args);
    assert!(message.contains("wrong.ron"), "{message}");
    assert!(before == contents(lab.path()));
    assert!(!lab.at("geometry").exists());
}
