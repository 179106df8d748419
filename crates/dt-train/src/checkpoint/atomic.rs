//! Writes that either happen whole or not at all.

use std::fs;
use std::path::Path;

use dt_env::files::{FilesError, Staging, write_file};

use super::CheckpointError;

impl From<FilesError> for CheckpointError {
    fn from(error: FilesError) -> Self {
        match error {
            FilesError::Io { path, source } => Self::Io { path, source },
            FilesError::Exists(path) => Self::Exists(path),
            other => Self::Files(other),
        }
    }
}

/// Writes a file under a temporary name in the same folder, then renames it.
///
/// # Errors
/// If the folder cannot be written or is full; what was there stays as it was.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), CheckpointError> {
    Ok(write_file(path, bytes)?)
}

/// Fills a temporary folder, then gives it its name; a folder of that name is replaced.
///
/// # Errors
/// If `fill` fails or the folder cannot be written; what was there stays as it was.
pub fn write_dir_atomic(
    dir: &Path,
    fill: impl FnOnce(&Path) -> Result<(), CheckpointError>,
) -> Result<(), CheckpointError> {
    let staging = Staging::replacing(dir)?;
    fill(&staging.path())?;
    Ok(staging.commit()?)
}

/// Whether a new run may take this folder: an empty one always, a run with `force`, and nothing
/// else that exists.
///
/// # Errors
/// If it may not.
pub fn check_run_dir(dir: &Path, force: bool) -> Result<(), CheckpointError> {
    let is_empty = || fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_none());
    if !dir.exists() || is_empty() {
        return Ok(());
    }
    if !force {
        return Err(CheckpointError::Exists(dir.to_owned()));
    }
    // Only what looks like a run is removed, whatever --out was given.
    let is_run = dir.join("run.json").exists() || dir.join("config.ron").exists();
    if !is_run {
        return Err(CheckpointError::corrupt(
            dir,
            "exists and is not a run; --force does not remove it",
        ));
    }
    Ok(())
}

/// Makes the folder of a new run; one that exists is an error, or is removed with `force`.
///
/// # Errors
/// If [`check_run_dir`] says no, or the folder cannot be made.
pub fn create_run_dir(dir: &Path, force: bool) -> Result<(), CheckpointError> {
    check_run_dir(dir, force)?;
    if dir.exists() {
        fs::remove_dir_all(dir).map_err(CheckpointError::io(dir))?;
    }
    fs::create_dir_all(dir).map_err(CheckpointError::io(dir))
}
