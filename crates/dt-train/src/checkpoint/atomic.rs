//! Writes that either happen whole or not at all.

use std::fs;
use std::io::Write;
use std::path::Path;

use super::CheckpointError;

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Writes a file under a temporary name in the same folder, then renames it.
///
/// # Errors
/// If the folder cannot be written or is full; what was there stays as it was.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), CheckpointError> {
    let write = || -> std::io::Result<()> {
        let mut file = tempfile::Builder::new()
            .prefix(".writing-")
            .tempfile_in(parent(path))?;
        file.write_all(bytes)?;
        file.as_file().sync_data()?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let readable = fs::Permissions::from_mode(0o644);
            file.as_file().set_permissions(readable)?;
        }
        file.persist(path).map_err(|e| e.error)?;
        Ok(())
    };
    write().map_err(CheckpointError::io(path))
}

/// Fills a temporary folder, then gives it its name; a folder of that name is replaced.
///
/// # Errors
/// If `fill` fails or the folder cannot be written; what was there stays as it was.
pub fn write_dir_atomic(
    dir: &Path,
    fill: impl FnOnce(&Path) -> Result<(), CheckpointError>,
) -> Result<(), CheckpointError> {
    let io = || CheckpointError::io(dir);
    fs::create_dir_all(parent(dir)).map_err(io())?;
    let staging = tempfile::Builder::new()
        .prefix(".writing-")
        .tempdir_in(parent(dir))
        .map_err(io())?;
    fill(staging.path())?;
    let staging = staging.keep();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&staging, fs::Permissions::from_mode(0o755)).map_err(io())?;
    }
    if dir.exists() {
        fs::remove_dir_all(dir).map_err(io())?;
    }
    fs::rename(&staging, dir).map_err(io())
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
