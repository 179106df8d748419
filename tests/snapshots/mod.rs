//! What the programs print, as it was when somebody last looked at it.
//!
//! A text that changes fails its test. Look at the difference; if it is meant, accept it:
//! `INSTA_UPDATE=always cargo test --workspace --test lab snapshots` writes all of them anew.

mod cards;
mod errors;
mod help;

use std::path::PathBuf;

use crate::support::{Lab, root};

/// Where the accepted texts of one kind lie.
fn accepted(kind: &str) -> PathBuf {
    root().join("tests/snapshots/accepted").join(kind)
}

/// Compares a text with the accepted one of this name.
fn assert_accepted(kind: &str, name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(accepted(kind));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// A text without what differs from lab to lab and from version to version: folders, versions,
/// hashes of contents.
fn without_places(lab: &Lab, text: &str) -> String {
    let mut text = text.to_owned();
    for path in [lab.path().canonicalize().unwrap(), lab.path().to_owned()] {
        text = text.replace(&path.display().to_string(), "[LAB]");
    }
    text = text.replace(env!("CARGO_PKG_VERSION"), "[VERSION]");
    let is_hash = |word: &str| word.len() == 64 && word.chars().all(|c| c.is_ascii_hexdigit());
    let hashes: Vec<String> = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| is_hash(word))
        .map(str::to_owned)
        .collect();
    for hash in hashes {
        text = text.replace(&hash, "[HASH]");
    }
    text
}
