//! How far the runs of a sweep are.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::SweepRun;
use crate::checkpoint::{CheckpointError, read_json};
use crate::evaluate::{EVALUATION_BYTES, EvaluationRecord};
use crate::run::{MetricLine, is_finished, read_metrics};

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum RunState {
    /// Nothing is there yet.
    Waiting,
    /// It has begun, and has written so many steps to its log.
    AtStep(u64),
    /// It has come to its end.
    Done {
        /// Whether the agent meets the goals of its definition; none if it has none.
        goals_met: Option<bool>,
    },
    /// The run to branch from has come to its end without a state for it.
    LeftOut,
}

/// How far a run of the sweep in a folder is.
///
/// # Errors
/// If a file of the run cannot be read, or is damaged.
pub fn state_of(folder: &Path, run: &SweepRun) -> Result<RunState, CheckpointError> {
    let dir = folder.join(&run.folder);
    if is_finished(&dir) {
        let path = dir.join("eval.json");
        let record: EvaluationRecord = read_json(&path, EVALUATION_BYTES)?;
        let goals = &run.config.evaluation.goals;
        return Ok(RunState::Done {
            goals_met: (!goals.is_empty()).then(|| record.meets(goals)),
        });
    }
    if dir.join("metrics.jsonl").exists() {
        let step = |line: &MetricLine| match line {
            MetricLine::Step(record) => record.step,
            MetricLine::Evaluation { step, .. } | MetricLine::HeldOut { step, .. } => *step,
        };
        let lines = read_metrics(&dir)?;
        return Ok(RunState::AtStep(lines.last().map_or(0, step)));
    }
    let left_out = match &run.branch_from {
        Some(from) => is_finished(&folder.join(from)) && branch_point(&folder.join(from)).is_none(),
        None => false,
    };
    Ok(match left_out {
        true => RunState::LeftOut,
        false => RunState::Waiting,
    })
}

/// The state of a run at the step at which its look-backs began, if it began any: the first of two
/// or more that it keeps, the last of which is that of its end.
pub fn branch_point(run: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(run.join("checkpoints")).ok()?;
    let mut states: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("step-") && path.join("state.json").exists()
        })
        .collect();
    states.sort();
    (states.len() > 1).then(|| states.swap_remove(0))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test may panic

    use super::*;

    #[test]
    fn a_branch_begins_where_look_backs_began() {
        let run = tempfile::tempdir().unwrap();
        assert_eq!(branch_point(run.path()), None);
        let state = |name: &str| {
            let dir = run.path().join("checkpoints").join(name);
            fs::create_dir_all(&dir).unwrap();
            fs::write(dir.join("state.json"), "{}").unwrap();
            dir
        };
        fs::create_dir_all(run.path().join("checkpoints/step-000050")).unwrap(); // weights alone
        state("step-000700");
        assert_eq!(branch_point(run.path()), None, "that is the end of the run");
        let began = state("step-000200");
        assert_eq!(branch_point(run.path()), Some(began));
    }
}
