//! A temporary lab: a folder that is gone when the test is over, with definitions so small that
//! the whole chain takes seconds (`tests/data`).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{Program, Run, contents, root};

/// A folder of its own, in which the programs run.
pub struct Lab {
    dir: tempfile::TempDir,
}

impl Lab {
    /// An empty one.
    pub fn empty() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    /// One with the tiny definitions: `tiny.ron`, an agent of a few steps, and its data,
    /// `tiny-data.ron`.
    pub fn new() -> Self {
        let lab = Self::empty();
        for name in ["tiny.ron", "tiny-data.ron"] {
            lab.write(name, definition(name));
        }
        lab
    }

    /// One whose agent trains for `steps`, with more in its training section.
    pub fn with_training(steps: u64, extra: &str) -> Self {
        let lab = Self::new();
        lab.train_differently(steps, extra);
        lab
    }

    /// Gives the agent another number of steps, and more in its training section.
    pub fn train_differently(&self, steps: u64, extra: &str) {
        let text = definition("tiny.ron");
        assert!(text.contains("(steps: 20,"));
        let changed = text.replacen("(steps: 20,", &format!("(steps: {steps}, {extra}"), 1);
        self.write("tiny.ron", changed);
    }

    /// A lab that holds a trained tiny agent in `run`, its dataset in `datasets`.
    pub fn trained() -> Self {
        let lab = Self::new();
        lab.succeed(
            Program::Train,
            &[
                "train",
                "tiny.ron",
                "--quiet",
                "--datasets",
                "datasets",
                "--out",
                "run",
            ],
        );
        lab
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Where `name` is, or would be.
    pub fn at(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.at(name), content).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.at(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_str(&self.read(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// A command of a program in this folder.
    pub fn command(&self, program: Program, args: &[&str]) -> Command {
        let mut command = program.command();
        command.args(args).current_dir(self.path());
        command
    }

    /// Runs a program to its end.
    pub fn run(&self, program: Program, args: &[&str]) -> Run {
        self.command(program, args).output().unwrap().into()
    }

    /// Standard output of a run that must succeed.
    pub fn succeed(&self, program: Program, args: &[&str]) -> String {
        let run = self.run(program, args);
        let name = program.name();
        assert_eq!(run.code, Some(0), "{name} {args:?}: {}", run.stderr);
        run.stdout
    }

    /// The error of a run that must be refused: exit code 2, nothing on standard output, no file
    /// touched, and on standard error, whatever was said before, one line that begins with
    /// `error: `.
    pub fn refuse(&self, program: Program, args: &[&str]) -> String {
        let before = contents(self.path());
        let run = self.run(program, args);
        let called = format!("{} {args:?}: {}", program.name(), run.stderr);
        assert_eq!(run.code, Some(2), "{called}");
        assert_eq!(run.stdout, "", "{called}");
        assert!(!run.stderr.contains("panicked"), "{called}");
        assert!(before == contents(self.path()), "{called}files changed");
        let is_error = |line: &&str| line.starts_with("error: ");
        assert_eq!(run.stderr.lines().filter(is_error).count(), 1, "{called}");
        let talk = run.stderr.lines().take_while(|line| !is_error(line));
        let talk: usize = talk.map(|line| line.len() + 1).sum();
        run.stderr[talk..].to_owned()
    }

    /// Lets a run in `killed` go on until its log has grown by a few lines, then kills it; says
    /// whether it was still running.
    pub fn start_and_kill(&self, more: &[&str], lines: usize) -> bool {
        let args = [&["train", "tiny.ron", "--quiet", "--out", "killed"], more].concat();
        let mut child = self
            .command(Program::Train, &args)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let log = self.at("killed/timing.jsonl");
        let count = || fs::read_to_string(&log).map_or(0, |text| text.lines().count());
        let before = count();
        let start = Instant::now();
        while count() < before + lines && start.elapsed() < Duration::from_mins(1) {
            if child.try_wait().unwrap().is_some() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        child.kill().unwrap(); // SIGKILL: nothing is tidied up
        child.wait().unwrap();
        true
    }
}

/// One of the tiny definitions of `tests/data`.
pub fn definition(name: &str) -> String {
    fs::read_to_string(root().join("tests/data").join(name)).unwrap()
}
