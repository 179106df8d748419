//! The program `dt-data` as a user meets it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::support::{Program, contents, names};

/// A few dozen steps, for tests that write it often.
const TINY: &str = r#"(
    name: "tiny",
    env: "MiniGrid-MemoryS7FixedStart-v0",
    max_steps: 12,
    parts: [
        (policy: Planner, amount: Episodes(2)),
        (policy: Uniform, amount: Steps(per_environment: 15, environments: 1)),
    ],
)"#;

fn command(args: &[&str]) -> Command {
    let mut command = Program::Data.command();
    command.args(args);
    command
}

fn run(args: &[&str]) -> Output {
    command(args).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Standard output and standard error of a run that must succeed.
fn succeed(args: &[&str]) -> (String, String) {
    let output = run(args);
    let talk = stderr(&output);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {talk}");
    (stdout(&output), talk)
}

/// Standard error of a run that must fail with `code` and print no data.
fn fail(args: &[&str], code: i32) -> String {
    let output = run(args);
    let talk = stderr(&output);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {talk}");
    assert_eq!(stdout(&output), "", "{args:?}");
    talk
}

/// A folder with a recipe in it; gives the paths of the recipe and of a place beside it.
fn workplace(name: &str) -> (tempfile::TempDir, String, String) {
    let dir = tempfile::tempdir().unwrap();
    let recipe = dir.path().join("tiny.ron");
    fs::write(&recipe, TINY).unwrap();
    let place = dir.path().join(name).display().to_string();
    (dir, recipe.display().to_string(), place)
}

#[test]
fn help_goes_to_stdout_and_has_an_example() {
    for name in ["generate", "inspect", "export"] {
        let (help, _) = succeed(&[name, "--help"]);
        assert!(help.contains("Example:\n  dt-data"), "{help}");
        assert!(succeed(&["--help"]).0.contains(&format!("  {name} ")));
        let short = succeed(&[name, "-h"]).0;
        assert!(short.lines().count() <= 24, "-h fits a screen");
    }
    assert!(succeed(&["--version"]).0.starts_with("dt-data "));
}

#[test]
fn usage_errors_are_two() {
    for args in [
        vec!["dance"],
        vec!["generate", "--threads", "0"],
        vec!["generate", "--seed", "-1"],
        vec!["inspect"],
        vec!["export", "d", "--out", "e"],
        vec!["export", "d", "--format", "hdf5", "--out", "e"],
        vec![
            "export", "d", "--format", "minari", "--out", "e", "--id", "a b",
        ],
        vec!["inspect", "/no/such/dataset"],
        vec!["generate", "/no/such/recipe.ron", "--out", "/no/such"],
    ] {
        assert!(!fail(&args, 2).is_empty(), "{args:?}");
    }
    assert_eq!(run(&[]).status.code(), Some(2));
}

#[test]
fn generate_prints_the_card_and_writes_the_dataset() {
    let (dir, recipe, place) = workplace("set");
    let (card, talk) = succeed(&["generate", &recipe, "--out", &place]);
    assert!(card.starts_with("tiny: 4 episodes ("), "{card}");
    assert!(
        card.contains("planner") && card.contains("blake3 "),
        "{card}"
    );
    assert!(talk.contains("wrote") && talk.contains(" s\n"), "{talk}");
    assert_eq!(names(dir.path()), ["set", "tiny.ron"]);
    assert_eq!(succeed(&["inspect", &place]).0, card);

    let written = fs::read_to_string(Path::new(&place).join("card.json")).unwrap();
    let (json, talk) = succeed(&["inspect", &place, "--json"]);
    assert_eq!((json.as_str(), talk.as_str()), (written.as_str(), ""));
    let record: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(record["recipe"]["name"], "tiny");
    assert_eq!(record["content_blake3"].as_str().unwrap().len(), 64);

    let message = fail(&["generate", &recipe, "--out", &place], 2);
    assert!(message.contains("--force"), "{message}");
    let before = contents(Path::new(&place));
    let again = [
        "generate",
        &recipe,
        "--out",
        &place,
        "--force",
        "--threads",
        "1",
    ];
    succeed(&again);
    assert_eq!(contents(Path::new(&place)), before);
    let (json, _) = succeed(&[&again[..], &["--seed", "9", "--json"]].concat());
    let record: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(record["recipe"]["seed"], 9);
    assert_ne!(contents(Path::new(&place)), before);
    assert_eq!(names(dir.path()), ["set", "tiny.ron"], "no debris");
}

#[test]
fn places_have_defaults() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("t.ron"), TINY).unwrap();
    let run = |args: &[&str]| {
        let output = command(args).current_dir(dir.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        stdout(&output)
    };
    run(&["generate", "t.ron"]);
    assert_eq!(names(&dir.path().join("runs/datasets")), ["tiny"]);
    // The built-in recipe needs no file.
    let card = run(&["generate", "--out", "set"]);
    assert!(card.starts_with("memory: "), "{card}");
}

#[test]
fn recipe_mistakes_are_named_and_cost_nothing() {
    let (dir, recipe, place) = workplace("set");
    let wrong = TINY.replace("Planner", "Plannner");
    fs::write(&recipe, wrong).unwrap();
    let message = fail(&["generate", &recipe, "--out", &place], 2);
    assert!(message.contains("tiny.ron:6:"), "{message}");
    assert!(message.contains("parts[0].policy"), "{message}");
    assert_eq!(names(dir.path()), ["tiny.ron"]);
}

#[test]
fn verify_tells_damage_from_absence() {
    let (_dir, recipe, place) = workplace("set");
    succeed(&["generate", &recipe, "--out", &place]);
    let (card, talk) = succeed(&["inspect", &place, "--verify"]);
    assert!(card.starts_with("tiny") && !talk.is_empty());
    let file = Path::new(&place).join("episodes.arrow");
    let mut bytes = fs::read(&file).unwrap();
    bytes.pop();
    fs::write(&file, bytes).unwrap();
    let message = fail(&["inspect", &place, "--verify"], 1);
    assert!(message.contains("blake3"), "{message}");
    succeed(&["inspect", &place]);
    assert!(
        fail(
            &["export", &place, "--format", "minari", "--out", &place],
            2
        )
        .contains("blake3")
    );
    fs::remove_file(&file).unwrap();
    let message = fail(&["inspect", &place, "--verify"], 2);
    assert!(message.contains("episodes.arrow"), "{message}");
}

#[test]
fn export_writes_minaris_layout() {
    let (dir, recipe, place) = workplace("set");
    succeed(&["generate", &recipe, "--out", &place]);
    let out = dir.path().join("tiny-v3").display().to_string();
    let args = ["export", &place, "--format", "minari", "--out", &out];
    let (text, talk) = succeed(&args);
    assert!(text.contains("minari.load_dataset(\"tiny-v3\")"), "{text}");
    assert_eq!(talk, "");
    assert_eq!(names(Path::new(&out)), ["data"]);
    let data = Path::new(&out).join("data");
    assert_eq!(names(&data), ["0", "1", "2", "3", "metadata.json"]);
    assert_eq!(names(&data.join("0")), ["metadata.json", "part-0.arrow"]);
    let read = |path: &Path| -> Value { serde_json::from_slice(&fs::read(path).unwrap()).unwrap() };
    let metadata = read(&data.join("metadata.json"));
    assert_eq!(metadata["dataset_id"], "tiny-v3");
    assert_eq!(metadata["total_episodes"], 4);
    assert_eq!(metadata["data_format"], "arrow");
    assert_eq!(read(&data.join("1/metadata.json"))["policy"], "planner");

    assert!(fail(&args, 2).contains("--force"));
    let (json, _) = succeed(&[&args[..], &["--force", "--json", "--id", "lab/other-v0"]].concat());
    let record: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(record["id"], "lab/other-v0");
    assert_eq!(record["root"], Value::Null);
    assert_eq!(record["episodes"], 4);
    assert_eq!(names(dir.path()), ["set", "tiny-v3", "tiny.ron"]);
}

#[test]
fn a_broken_pipe_is_no_error() {
    let (_dir, recipe, place) = workplace("set");
    succeed(&["generate", &recipe, "--out", &place]);
    // `true` never reads: whatever is written finds the pipe closed.
    let mut reader = Command::new("true").stdin(Stdio::piped()).spawn().unwrap();
    let pipe = reader.stdin.take().unwrap();
    reader.wait().unwrap();
    let output = command(&["inspect", &place])
        .stdout(Stdio::from(pipe))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stderr(&output), "");
}
