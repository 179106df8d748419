//! The program `dt-env` as a user meets it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::support::{Program, root};

fn command(args: &[&str]) -> Command {
    let mut command = Program::Env.command();
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

/// Standard output of a run that must succeed and stay silent on standard error.
fn succeed(args: &[&str]) -> String {
    let output = run(args);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{args:?}: {}",
        stderr(&output)
    );
    assert_eq!(stderr(&output), "", "{args:?}");
    stdout(&output)
}

/// Standard error of a run that must fail with `code` and print no data.
fn fail(args: &[&str], code: i32) -> String {
    let output = run(args);
    assert_eq!(
        output.status.code(),
        Some(code),
        "{args:?}: {}",
        stderr(&output)
    );
    assert_eq!(stdout(&output), "", "{args:?}");
    stderr(&output)
}

fn json(args: &[&str]) -> Value {
    serde_json::from_str(&succeed(args)).unwrap()
}

fn data() -> PathBuf {
    root().join("crates/dt-env/tests/data")
}

#[test]
fn help_goes_to_stdout_and_has_an_example() {
    for name in ["list", "play", "render", "conform", "bench"] {
        let help = succeed(&[name, "--help"]);
        assert!(help.contains("Example:\n  dt-env"), "{help}");
        assert!(succeed(&["--help"]).contains(&format!("  {name} ")));
        assert!(
            succeed(&[name, "-h"]).lines().count() <= 24,
            "-h fits a screen"
        );
    }
    assert!(succeed(&["--version"]).starts_with("dt-env "));
}

#[test]
fn usage_errors_are_two() {
    for args in [
        vec!["dance"],
        vec!["list", "--colour"],
        vec!["render", "MiniGrid-MemoryS7-v0"],
        vec!["bench", "--threads", "0"],
        vec!["bench", "--batch", "99999999999"],
        vec!["bench", "--seconds", "nan"],
        vec!["bench", "--seconds", "-1"],
        vec!["play", "MiniGrid-MemoryS7-v0", "--seed", "x"],
    ] {
        assert!(!fail(&args, 2).is_empty(), "{args:?}");
    }
    assert_eq!(run(&[]).status.code(), Some(2));
}

#[test]
fn list_shows_every_builtin_environment() {
    let text = succeed(&["list"]);
    let listing = json(&["list", "--json"]);
    let environments = listing["environments"].as_array().unwrap();
    assert_eq!(text.lines().count(), environments.len() + 1);
    assert_eq!(environments.len(), dt_env::EnvSpec::all_builtin().len());
    let fixed = environments
        .iter()
        .find(|e| e["id"] == "MiniGrid-MemoryS7FixedStart-v0")
        .unwrap();
    assert_eq!(fixed["size"], serde_json::json!([7, 7]));
    assert_eq!(fixed["max_steps"], 1000);
    assert_eq!(fixed["view_size"], 7);
    assert_eq!(fixed["layouts"], 4);
    assert!(text.contains("MiniGrid-MemoryS7FixedStart-v0"));
}

#[test]
fn a_broken_pipe_is_no_error() {
    // `true` never reads: whatever is written finds the pipe closed.
    let mut reader = Command::new("true").stdin(Stdio::piped()).spawn().unwrap();
    let pipe = reader.stdin.take().unwrap();
    reader.wait().unwrap();
    let output = command(&["list"])
        .stdout(Stdio::from(pipe))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stderr(&output), "");
}

#[test]
fn play_wants_a_terminal() {
    let message = fail(&["play", "MiniGrid-MemoryS7-v0"], 2);
    assert!(message.contains("not a terminal"), "{message}");
    let message = fail(&["play", "Nowhere"], 2);
    assert!(
        message.contains("Nowhere") && message.contains("`dt-env list`"),
        "{message}"
    );
}

#[test]
fn render_writes_pictures() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name).display().to_string();
    let env = "MiniGrid-MemoryS7FixedStart-v0";
    let (png, gif) = (file("a.png"), file("b.gif"));
    assert_eq!(succeed(&["render", env, "--out", &png]).trim(), png);
    assert!(fs::read(&png).unwrap().starts_with(b"\x89PNG"));

    let walk = ["--actions", "2,forward,2,2,right,2"];
    succeed(&[&["render", env, "--out", &gif], &walk[..]].concat());
    let mut decoder = gif::DecodeOptions::new()
        .read_info(fs::File::open(&gif).unwrap())
        .unwrap();
    assert_eq!((decoder.width(), decoder.height()), (224, 224));
    let mut frames = 0;
    while decoder.read_next_frame().unwrap().is_some() {
        frames += 1;
    }
    assert_eq!(frames, 7, "the start and six steps");

    // The view differs from the world, the end from the start, and the seeds from each other.
    let mut pictures = vec![fs::read(&png).unwrap()];
    for (n, options) in [vec!["--view", "agent"], walk.to_vec(), vec!["--seed", "1"]]
        .into_iter()
        .enumerate()
    {
        let out = file(&format!("{n}.png"));
        succeed(&[&["render", env, "--out", &out], &options[..]].concat());
        let picture = fs::read(out).unwrap();
        assert!(!pictures.contains(&picture), "{options:?}");
        pictures.push(picture);
    }
}

#[test]
fn render_replaces_only_when_told() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("a.png");
    let name = out.display().to_string();
    fs::write(&out, "precious").unwrap();
    let args = ["render", "TwoRooms", "--out", &name];
    let message = fail(&args, 2);
    assert!(message.contains("--force"), "{message}");
    assert_eq!(fs::read(&out).unwrap(), b"precious");
    succeed(&[&args[..], &["--force"]].concat());
    assert!(fs::read(&out).unwrap().starts_with(b"\x89PNG"));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no leftovers");
}

#[test]
fn render_says_what_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name).display().to_string();
    let env = "MiniGrid-MemoryS7FixedStart-v0";
    let render = |options: &[&str]| fail(&[&["render", env], options].concat(), 2);
    let png = file("a.png");
    let message = render(&["--out", &file("a.jpg")]);
    assert!(message.contains(".png or .gif"), "{message}");
    let message = render(&["--out", &png, "--actions", "2,jump"]);
    assert!(
        message.contains("jump") && message.contains("2 forward"),
        "{message}"
    );
    let message = render(&["--out", &png, "--actions", "2,2,2,2,0,2,2"]);
    assert!(message.contains("ends at step 6"), "{message}");
    let nowhere = file("missing/a.png");
    let message = render(&["--out", &nowhere]);
    assert!(message.contains(&nowhere), "{message}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn bad_definitions_are_named_with_file_and_field() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mine.ron");
    let name = path.display().to_string();
    let out = dir.path().join("a.png").display().to_string();
    for (text, expected) in [
        ("(id: \"a\", world: Memory((size: 7, colour: 3)))", "colour"),
        (
            "(id: \"a\", world: Memory((size: \"big\")))",
            "world.Memory",
        ),
        ("(id: \"a\", world: Memory((size: 8)))", "world.Memory.size"),
        ("(id: \"a\"", "mine.ron:1:"),
        (
            "(id: \"a\", world: Memory((size: 7)), max_steps: 0)",
            "max_steps",
        ),
    ] {
        fs::write(&path, text).unwrap();
        for args in [
            vec!["render", &name, "--out", &out],
            vec!["play", &name],
            vec!["bench", &name],
        ] {
            let message = fail(&args, 2);
            assert!(message.contains("mine.ron"), "{message}");
            assert!(message.contains(expected), "{expected}: {message}");
        }
    }
    let message = fail(&["bench", "absent.ron"], 2);
    assert!(message.contains("absent.ron"), "{message}");
}

#[test]
fn conform_prints_a_row_per_file() {
    let dir = data().display().to_string();
    let text = succeed(&["conform", &dir]);
    let record = json(&["conform", &dir, "--json"]);
    let files = record["files"].as_array().unwrap();
    assert_eq!(text.lines().count(), files.len() + 2, "header and summary");
    assert_eq!(record["mismatch"], 0);
    assert_eq!(record["partial"], 1);
    assert_eq!(record["pass"], files.len() - 1);
    let row = |line: &str| {
        text.lines()
            .find(|l| l.starts_with(line))
            .unwrap()
            .to_owned()
    };
    assert!(row("MiniGrid-MemoryS7-v0").contains("from seed   pass"));
    assert!(row("MiniGrid-DoorKey").contains("from cells  pass"));
    assert!(row("MiniGrid-Fetch").contains("partial"));
    assert!(text.trim_end().ends_with("1 partial, 0 mismatch"), "{text}");
}

#[test]
fn conform_tells_a_mismatch_from_an_unreadable_file() {
    let dir = tempfile::tempdir().unwrap();
    let name = dir.path().display().to_string();
    assert!(fail(&["conform", &name], 2).contains("no trace files"));

    let table = fs::read_to_string(data().join("memory_seeds.json")).unwrap();
    let wrong = table.replacen("\"top\"", "\"bottom\"", 1);
    let path = dir.path().join("memory_seeds.json");
    fs::write(&path, wrong).unwrap();
    let output = run(&["conform", &name]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stdout(&output).contains("MISMATCH: MiniGrid-"),
        "{}",
        stdout(&output)
    );
    let output = run(&["conform", &name, "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let record: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(record["mismatch"], 1);
    assert_eq!(record["files"][0]["verdict"], "mismatch");
    assert!(
        record["files"][0]["detail"]
            .as_str()
            .unwrap()
            .contains("seed")
    );

    fs::write(dir.path().join("a.jsonl.gz"), "not gzip").unwrap();
    assert!(fail(&["conform", &name], 2).contains("a.jsonl.gz"));
}

#[test]
fn bench_counts_steps() {
    let quick = ["--seconds", "0.05", "--batch", "16", "--threads", "2"];
    let record = json(&[&["bench", "--json"], &quick[..]].concat());
    assert!(record["steps_per_second"].as_f64().unwrap() > 1000.0);
    assert_eq!(record["threads"], 2);
    assert_eq!(record["batch"], 16);
    assert_eq!(record["env"], "MiniGrid-MemoryS7-v0");
    assert_eq!(record["one_thread"]["threads"], 1);
    let text = succeed(&[&["bench", "TwoRooms"], &quick[..]].concat());
    assert!(
        text.contains("   1 thread ") && text.contains("   2 threads"),
        "{text}"
    );
}
