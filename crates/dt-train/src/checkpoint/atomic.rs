//! Writes that either happen whole or not at all.

use std::path::Path;

use dt_env::files::{FilesError, FolderKind, Staging, write_file};

use super::{AgentRecord, CheckpointError, save_agent};

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
/// If `fill` fails or the folder cannot be written; what was there stays as it was. An error names
/// the place where a file would have been, not the temporary one.
pub fn write_dir_atomic(
    dir: &Path,
    fill: impl FnOnce(&Path) -> Result<(), CheckpointError>,
) -> Result<(), CheckpointError> {
    fill_and_commit(Staging::replacing(dir)?, fill)
}

/// Writes an agent that was not trained here into a folder of its own; with `force`, one that is
/// there is replaced.
///
/// # Errors
/// If the place is taken, or a file cannot be written.
pub fn save_imported(
    dir: &Path,
    force: bool,
    record: &AgentRecord,
    values: &[Vec<f32>],
) -> Result<(), CheckpointError> {
    let staging = Staging::new(dir, &AGENT_FOLDER, force).map_err(|error| match error {
        // There is no --resume of an import.
        FilesError::Exists(_) => CheckpointError::Files(error),
        other => other.into(),
    })?;
    fill_and_commit(staging, |dir| save_agent(dir, record, values))
}

/// The same for a folder in the making.
fn fill_and_commit(
    staging: Staging,
    fill: impl FnOnce(&Path) -> Result<(), CheckpointError>,
) -> Result<(), CheckpointError> {
    let (made, target) = (staging.path(), staging.target().to_owned());
    fill(&made).map_err(|error| error.moved(&made, &target))?;
    Ok(staging.commit()?)
}

/// A folder of an agent alone, as `import` writes it and other commands add to it.
pub const AGENT_FOLDER: FolderKind = FolderKind {
    name: "an imported agent",
    check: |dir| match super::read_agent_record(dir) {
        Ok(record) if record.seed.is_none() => Ok(()),
        Ok(_) => Err("holds an agent that was trained here".to_owned()),
        Err(_) => Err("has no agent.json that can be read".to_owned()),
    },
    has: |file| {
        let ours = [
            "agent.json",
            "agent.safetensors",
            "calibration.json",
            "eval.json",
        ];
        ours.iter().any(|name| file == Path::new(name))
    },
};
