//! What lies in a run directory.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use dt_env::files::{self, FolderKind};
use serde::{Deserialize, Serialize};

use crate::checkpoint::{CheckpointError, read_record};

/// Held by the process that works on a run, for as long as it lives.
pub(super) const LOCK: &str = "run.lock";

/// A run directory, as `--force` may replace it: one whose record reads, and which holds only what
/// runs have.
pub const RUN_FOLDER: FolderKind = FolderKind {
    name: "a run",
    check: |dir| match read_record::<RunRecord>(&dir.join("run.json")) {
        Ok(_) => Ok(()),
        Err(_) => Err("has no run.json that can be read, so it is not a run".to_owned()),
    },
    has: is_of_a_run,
};

/// Whether a run has a file of this path within.
fn is_of_a_run(file: &Path) -> bool {
    const OWN: [&str; 10] = [
        "config.ron",
        "recipe.ron",
        "world.ron",
        "run.json",
        LOCK,
        "metrics.jsonl",
        "timing.jsonl",
        "agent.json",
        "agent.safetensors",
        "eval.json",
    ];
    const STATE: [&str; 4] = [
        "agent.json",
        "agent.safetensors",
        "state.json",
        "training.safetensors",
    ];
    let parts: Vec<&str> = file
        .components()
        .filter_map(|part| match part {
            Component::Normal(name) => name.to_str(),
            _ => None,
        })
        .collect();
    match parts[..] {
        [name] => OWN.contains(&name) || name == "calibration.json",
        ["checkpoints", folder, name] => step_of(folder).is_some() && STATE.contains(&name),
        _ => false,
    }
}

/// The step of a checkpoint's folder, `step-N` or `resume-N`.
fn step_of(name: &str) -> Option<u64> {
    let step = name
        .strip_prefix("resume-")
        .or_else(|| name.strip_prefix("step-"))?;
    step.parse().ok()
}

/// What `run.json` holds: where a run comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Version of this program.
    pub version: String,
    /// Version of burn.
    pub burn: String,
    /// Last commit that changed the sources from which this program was built, with `+` behind it
    /// where they had been changed since; absent where git could not tell.
    pub git_commit: Option<String>,
    /// Processor and what it can that the results' last digits depend on: the same bytes come from
    /// processors of which the same is said.
    #[serde(default)]
    pub processor: String,
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
    read_record(&run_of(dir)?.join("run.json")).ok()
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
        if let Some(step) = step_of(&name)
            && path.join("state.json").is_file()
        {
            found.push((step, path));
        }
    }
    Ok(found.into_iter().max().map(|(_, path)| path))
}

/// Removes the states that only resuming needs, but the one given.
pub(super) fn remove_resume_points(run: &Path, keep: Option<&Path>) -> Result<(), CheckpointError> {
    let dir = run.join("checkpoints");
    if !dir.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(&dir).map_err(CheckpointError::io(&dir))? {
        let entry = entry.map_err(CheckpointError::io(&dir))?;
        let path = entry.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let passing = name.starts_with("resume-") && step_of(&name).is_some();
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if passing && is_folder && keep != Some(path.as_path()) {
            fs::remove_dir_all(&path).map_err(CheckpointError::io(&path))?;
        }
    }
    Ok(())
}

/// Removes from a run whose lock is held what a process that was killed had in the making.
pub(super) fn sweep_run(run: &Path) {
    for dir in [run.to_owned(), run.join("checkpoints")] {
        files::sweep(&dir, Duration::ZERO);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_runs_have_is_theirs() {
        for own in [
            "run.json",
            "calibration.json",
            "checkpoints/step-000100/state.json",
            "checkpoints/resume-000001/training.safetensors",
        ] {
            assert!(is_of_a_run(Path::new(own)), "{own}");
        }
        for foreign in [
            "thesis.tex",
            "notes/run.json",
            "checkpoints/run.json",
            "checkpoints/step-x/state.json",
            "checkpoints/step-1/notes.md",
            "checkpoints/step-1/a/state.json",
        ] {
            assert!(!is_of_a_run(Path::new(foreign)), "{foreign}");
        }
    }
}
