//! What the tests here share: where the project is, its four programs, a temporary lab.

pub mod folders;
pub mod help;
pub mod lab;
pub mod programs;

use std::path::{Path, PathBuf};

pub use folders::{assert_same_run, contents, names, run_contents};
pub use lab::Lab;
pub use programs::{Program, Run};

/// The project's folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .expect("this crate lies two folders below the project")
}

/// The text of a file of the project.
pub fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A file that is given beside the project, or `None` and a message: whoever has only the project
/// cannot run the test, and should see that it was not run.
pub fn given(path: &str) -> Option<PathBuf> {
    let place = root().join("../shared").join(path);
    if place.exists() {
        return Some(place);
    }
    eprintln!("skipped: shared/{path} is not here");
    None
}
