//! Signals, and streams that are closed, lose nothing.

use std::fs;
use std::process::{Command, Stdio};

use super::one_process::{endless, wait_until};
use crate::support::{Lab, Program, Run, assert_same_run};

fn signal(name: &str, id: u32) {
    let mut kill = Command::new("kill");
    let status = kill.args([&format!("-{name}"), &id.to_string()]).status();
    assert!(status.unwrap().success());
}

#[test]
fn each_signal_that_ends_a_run_leaves_its_state() {
    for name in ["INT", "TERM", "HUP"] {
        let lab = Lab::new();
        let mut child = endless(&lab, "run");
        signal(name, child.id());
        assert_eq!(child.wait().unwrap().code(), Some(2), "{name}");
        let states = fs::read_dir(lab.at("run/checkpoints")).unwrap();
        let state = states.map(|entry| entry.unwrap().file_name()).next();
        let state = state.expect("a state was written").into_string().unwrap();
        assert!(state.starts_with("resume-"), "{name}: {state}");
    }
}

#[test]
fn a_hangup_that_is_ignored_stays_ignored() {
    let lab = Lab::with_training(400, "");
    let args = ["train", "tiny.ron", "--quiet", "--out", "run"];
    let plain = lab.command(Program::Train, &args);
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$@\"", "sh"]);
    command.arg(plain.get_program()).args(plain.get_args());
    command.current_dir(lab.path()).stdin(Stdio::null());
    let child = command.stderr(Stdio::piped()).spawn().unwrap();
    let log = lab.at("run/metrics.jsonl");
    wait_until("it trains", || log.exists());
    signal("HUP", child.id());
    let end = Run::from(child.wait_with_output().unwrap());
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    assert!(lab.at("run/eval.json").exists());
}

#[test]
fn nobody_need_read_what_is_said() {
    let lab = Lab::with_training(60, "");
    let train = |out: &str| {
        let args = ["train", "tiny.ron", "--out", out];
        let mut command = lab.command(Program::Train, &args);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        if out == "unread" {
            drop(child.stderr.take());
        }
        child.wait_with_output().unwrap()
    };
    assert!(train("unread").status.success());
    assert!(train("read").status.success());
    assert_same_run(&lab.at("unread"), &lab.at("read"));
}
