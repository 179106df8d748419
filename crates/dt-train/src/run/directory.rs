//! What lies in a run directory.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::checkpoint::CheckpointError;

/// What `run.json` holds: where a run comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Version of this program.
    pub version: String,
    /// Version of burn.
    pub burn: String,
    /// Commit of the source tree in which the program ran, if git could tell.
    pub git_commit: Option<String>,
    /// Root of the run's random streams.
    pub seed: u64,
    /// Device that computes.
    pub device: String,
    /// Threads that work on micro-batches.
    pub threads: usize,
    /// Folder of the dataset.
    pub dataset: String,
    /// Its content hash.
    pub dataset_blake3: String,
    /// The run's first state, if another run trained it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branched_from: Option<BranchRecord>,
}

/// The state of another run from which a run goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BranchRecord {
    /// Folder of the state.
    pub checkpoint: String,
    /// Steps that it has behind it.
    pub step: u64,
    /// Hash of `training.safetensors`: the weights and the optimiser's moments.
    pub training_blake3: String,
}

impl RunRecord {
    pub(super) fn git_commit() -> Option<String> {
        let output = std::process::Command::new("git")
            .args(["rev-parse", "HEAD"])
            .stderr(std::process::Stdio::null())
            .output()
            .ok()?;
        let commit = String::from_utf8(output.stdout).ok()?.trim().to_owned();
        (output.status.success() && !commit.is_empty()).then_some(commit)
    }
}

/// The run that an agent's folder belongs to: itself, or two levels up for a checkpoint.
pub fn run_of(dir: &Path) -> Option<&Path> {
    let above = dir.parent().and_then(Path::parent);
    [Some(dir), above]
        .into_iter()
        .flatten()
        .find(|d| d.join("run.json").exists())
}

/// Where the run of an agent's folder comes from, if it is there and can be read.
pub fn run_record(dir: &Path) -> Option<RunRecord> {
    let text = fs::read_to_string(run_of(dir)?.join("run.json")).ok()?;
    serde_json::from_str(&text).ok()
}

/// Whether a run has come to its end.
pub fn is_finished(run: &Path) -> bool {
    run.join("eval.json").exists()
}

/// Folder of the newest state that a killed run left.
///
/// # Errors
/// If the folder of checkpoints cannot be read.
pub fn resume_point(run: &Path) -> Result<Option<PathBuf>, CheckpointError> {
    let dir = run.join("checkpoints");
    if !dir.exists() {
        return Ok(None);
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(&dir).map_err(CheckpointError::io(&dir))? {
        let path = entry.map_err(CheckpointError::io(&dir))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let step = name
            .strip_prefix("resume-")
            .or_else(|| name.strip_prefix("step-"))
            .and_then(|n| n.parse::<u64>().ok());
        if let Some(step) = step
            && path.join("state.json").exists()
        {
            found.push((step, path));
        }
    }
    Ok(found.into_iter().max().map(|(_, path)| path))
}

/// Removes half-written folders and the states that only resuming needs, but the one given.
pub(super) fn remove_resume_points(run: &Path, keep: Option<&Path>) -> Result<(), CheckpointError> {
    let dir = run.join("checkpoints");
    if !dir.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(&dir).map_err(CheckpointError::io(&dir))? {
        let path = entry.map_err(CheckpointError::io(&dir))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let passing = name.starts_with("resume-") || name.starts_with(".writing-");
        if passing && keep != Some(path.as_path()) {
            fs::remove_dir_all(&path).map_err(CheckpointError::io(&path))?;
        }
    }
    Ok(())
}
