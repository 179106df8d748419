//! The program `dt-analysis` as a user meets it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::support::{Program, root};

fn command(args: &[&str]) -> Command {
    let mut command = Program::Analysis.command();
    command
        .args(args)
        .current_dir(root().join("crates/dt-analysis/tests/data"));
    command
}

fn run(args: &[&str]) -> Output {
    command(args).output().unwrap()
}

/// Standard output of a run that must succeed and stay silent on standard error.
fn succeed(args: &[&str]) -> String {
    let output = run(args);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{args:?}: {stderr}");
    assert_eq!(stderr, "", "{args:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Standard error of a run that must fail with 2 and print no data.
fn fail(args: &[&str]) -> String {
    let output = run(args);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
    assert!(output.stdout.is_empty(), "{args:?}");
    stderr
}

#[test]
fn help_goes_to_stdout_and_has_an_example() {
    let help = succeed(&["plot", "--help"]);
    assert!(help.contains("Example:\n  dt-analysis plot"), "{help}");
    assert!(succeed(&["--help"]).contains("  plot "));
    assert!(succeed(&["plot", "-h"]).lines().count() <= 24);
    assert!(succeed(&["--version"]).starts_with("dt-analysis "));
}

#[test]
fn usage_errors_are_two() {
    for args in [
        vec!["dance"],
        vec!["plot"],
        vec!["plot", "dataset"],
        vec!["plot", "--out", "figures"],
    ] {
        assert!(!fail(&args).is_empty(), "{args:?}");
    }
    assert_eq!(run(&[]).status.code(), Some(2));
}

#[test]
fn plot_draws_and_refuses_to_overwrite() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("new/figures");
    let out = out.display().to_string();
    let args = ["plot", "dataset", "run/seed-0", "run/seed-1", "--out", &out];
    let printed = succeed(&args);
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines.len(), 8, "{printed}");
    for line in &lines {
        assert!(line.ends_with(".svg") && Path::new(line).exists(), "{line}");
    }
    let message = fail(&args);
    assert!(
        message.contains("--force") && message.contains(".svg"),
        "{message}"
    );
    assert_eq!(message.lines().count(), 1, "{message}");
    let json = succeed(&[&args[..], &["--force", "--json"]].concat());
    let record: serde_json::Value = serde_json::from_str(&json).unwrap();
    let figures = record["figures"].as_array().unwrap();
    assert_eq!(figures.len(), 8);
    for figure in figures {
        for file in figure["files"].as_array().unwrap() {
            assert!(Path::new(file.as_str().unwrap()).exists());
        }
    }
    assert_eq!(fs::read_dir(&out).unwrap().count(), 32, "no leftovers");
}

#[test]
fn a_path_that_is_neither_is_one_clear_error() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("figures");
    let message = fail(&[
        "plot",
        "dataset",
        "run",
        "--out",
        &out.display().to_string(),
    ]);
    assert_eq!(message.lines().count(), 1, "{message}");
    assert!(
        message.starts_with("error: run is neither a dataset"),
        "{message}"
    );
    assert!(!out.exists(), "nothing is written");
    let message = fail(&["plot", "nowhere", "--out", &out.display().to_string()]);
    assert!(message.contains("nowhere"), "{message}");
}

#[test]
fn a_broken_pipe_is_no_error() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().display().to_string();
    // `true` never reads: whatever is written finds the pipe closed.
    let mut reader = Command::new("true").stdin(Stdio::piped()).spawn().unwrap();
    let pipe = reader.stdin.take().unwrap();
    reader.wait().unwrap();
    let output = command(&["plot", "dataset", "--out", &out])
        .stdout(Stdio::from(pipe))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty());
}
