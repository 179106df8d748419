//! The four programs, built from the sources as they are now.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::SystemTime;

use super::root;

/// One of the lab's programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    Env,
    Data,
    Train,
    Analysis,
}

impl Program {
    /// All four, in the order of the data's way.
    pub const ALL: [Self; 4] = [Self::Env, Self::Data, Self::Train, Self::Analysis];

    /// Its name, which is its crate's too.
    pub fn name(self) -> &'static str {
        match self {
            Self::Env => "dt-env",
            Self::Data => "dt-data",
            Self::Train => "dt-train",
            Self::Analysis => "dt-analysis",
        }
    }

    /// The program with this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|program| program.name() == name)
    }

    /// A command that runs it, with nothing to read on standard input and lines of 100 columns.
    pub fn command(self) -> Command {
        let mut command = Command::new(directory().join(self.file()));
        command.stdin(Stdio::null()).env("COLUMNS", "100");
        command
    }

    fn file(self) -> String {
        format!("{}{}", self.name(), std::env::consts::EXE_SUFFIX)
    }
}

/// What a program did.
#[derive(Debug)]
pub struct Run {
    /// Exit code; `None` if it was killed.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("programs print UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("programs print UTF-8"),
        }
    }
}

/// Where the programs lie. Cargo builds those of other crates only when it is asked to test these
/// too, so what is missing or older than its sources is built first, once.
fn directory() -> &'static Path {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    DIRECTORY.get_or_init(|| {
        let own = Path::new(env!("CARGO_BIN_EXE_dt-analysis"));
        let directory = own.parent().expect("a program lies in a folder").to_owned();
        let fresh = |program: &Program| is_fresh(&directory.join(program.file()));
        if !Program::ALL.iter().all(fresh) {
            build(&directory);
        }
        directory
    })
}

/// Whether a program is there and as young as every source that it was built from. Cargo names
/// these in `PROGRAM.d` beside it, those of the crates below it included.
fn is_fresh(program: &Path) -> bool {
    let modified = |path: &Path| -> Option<SystemTime> { fs::metadata(path).ok()?.modified().ok() };
    let Some(built) = modified(program) else {
        return false;
    };
    let Ok(list) = fs::read_to_string(program.with_extension("d")) else {
        return false;
    };
    let Some((_, sources)) = list.split_once(": ") else {
        return false;
    };
    // A space within a name is written with a backslash.
    let sources = sources.replace("\\ ", "\0");
    sources
        .split_whitespace()
        .map(|source| modified(Path::new(&source.replace('\0', " "))))
        .all(|source| source.is_some_and(|time| time <= built))
}

/// Builds all programs into `directory` (`target/PROFILE`). Processes that test side by side wait
/// for each other at cargo's own lock, and find nothing left to do.
fn build(directory: &Path) {
    let profile = match directory.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let target = directory
        .parent()
        .expect("a profile's folder lies in target");
    let status = Command::new(env!("CARGO"))
        .args([
            "build",
            "--workspace",
            "--bins",
            "--quiet",
            "--profile",
            profile,
        ])
        .arg("--target-dir")
        .arg(target)
        .current_dir(root())
        .stdin(Stdio::null())
        .status()
        .expect("cargo, which built this test, can be run");
    assert!(status.success(), "the programs do not build");
}
