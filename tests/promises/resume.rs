//! A run that is killed, at any moment, goes on with `--resume` and ends in the same bytes.

use crate::support::{Lab, Program, assert_same_run, run_contents};

fn train(lab: &Lab, out: &str, more: &[&str]) {
    let args = [&["train", "tiny.ron", "--quiet", "--out", out], more].concat();
    lab.succeed(Program::Train, &args);
}

#[test]
fn a_killed_run_resumes_to_the_same_bytes() {
    // A checkpoint after every step, so that kills fall into the writing of checkpoints too.
    let lab = Lab::with_training(120, "keep_steps: [0, 50], checkpoint_seconds: 0,");
    train(&lab, "whole", &[]);
    assert!(lab.start_and_kill(&[], 3), "killed while it ran");
    let mut kills = 1;
    for lines in [1, 5, 2, 7, 3] {
        // Go on from what the last kill left, and kill again a little later.
        if !lab.start_and_kill(&["--resume"], lines) {
            break;
        }
        kills += 1;
    }
    assert!(kills >= 3, "the run was killed {kills} times");
    train(&lab, "killed", &["--resume"]);
    assert_same_run(&lab.at("whole"), &lab.at("killed"));
}

#[test]
fn a_run_killed_before_its_first_checkpoint_starts_anew() {
    let lab = Lab::with_training(60, "checkpoint_seconds: 1000,");
    train(&lab, "whole", &[]);
    assert!(lab.start_and_kill(&[], 4));
    train(&lab, "killed", &["--resume"]);
    assert_same_run(&lab.at("whole"), &lab.at("killed"));
}

#[test]
fn resuming_a_finished_run_changes_nothing() {
    let lab = Lab::new();
    train(&lab, "run", &[]);
    let before = run_contents(&lab.at("run"));
    train(&lab, "run", &["--resume"]);
    assert!(before == run_contents(&lab.at("run")));
}
