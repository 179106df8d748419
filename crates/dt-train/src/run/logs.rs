//! `metrics.jsonl` (the same bytes for the same run) and `timing.jsonl` (never the same).

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::trainer::StepRecord;
use crate::checkpoint::CheckpointError;
use crate::evaluate::{EvaluationLine, HeldOutRecord};

/// A line of `metrics.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum MetricLine {
    /// Means over the steps since the last such line.
    Step(StepRecord),
    /// An exact evaluation.
    Evaluation {
        /// Steps done.
        step: u64,
        /// One entry per return-to-go.
        exact: Vec<EvaluationLine>,
    },
    /// An evaluation on held-out resets.
    HeldOut {
        /// Steps done.
        step: u64,
        /// One entry per return-to-go.
        held_out: Vec<HeldOutRecord>,
    },
}

/// A line of `timing.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TimingLine {
    /// Speed since the last such line.
    Step {
        /// Steps done.
        step: u64,
        /// Seconds since training began (or was resumed).
        seconds: f64,
        /// Steps per second.
        steps_per_second: f64,
    },
    /// A finished stage of the run.
    Stage {
        /// `dataset`, `training` or `evaluation`.
        stage: String,
        /// Seconds it took.
        seconds: f64,
    },
}

/// A file of JSON lines that is only ever added to.
pub(super) struct JsonLines {
    path: PathBuf,
    file: File,
    bytes: u64,
}

impl JsonLines {
    /// Opens a file, cut to its first `bytes` bytes (all of it: `None`).
    pub(super) fn open(path: &Path, bytes: Option<u64>) -> Result<Self, CheckpointError> {
        let open = || -> std::io::Result<(File, u64)> {
            let file = OpenOptions::new().create(true).append(true).open(path)?;
            if let Some(bytes) = bytes {
                if file.metadata()?.len() < bytes {
                    return Err(std::io::Error::other(
                        "shorter than at the checkpoint; it has been changed",
                    ));
                }
                file.set_len(bytes)?;
            }
            let length = file.metadata()?.len();
            Ok((file, length))
        };
        let (file, bytes) = open().map_err(CheckpointError::io(path))?;
        Ok(Self {
            path: path.to_owned(),
            file,
            bytes,
        })
    }

    pub(super) fn push(&mut self, line: &impl Serialize) -> Result<(), CheckpointError> {
        let mut text = serde_json::to_vec(line).expect("lines are plain data");
        text.push(b'\n');
        self.bytes += text.len() as u64;
        self.file
            .write_all(&text)
            .map_err(CheckpointError::io(&self.path))
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// Reads a run's `metrics.jsonl`.
///
/// # Errors
/// If it cannot be read; names the line that is malformed.
pub fn read_metrics(run: &Path) -> Result<Vec<MetricLine>, CheckpointError> {
    let path = run.join("metrics.jsonl");
    let file = fs::File::open(&path).map_err(CheckpointError::io(&path))?;
    BufReader::new(file)
        .lines()
        .enumerate()
        .map(|(n, line)| {
            let line = line.map_err(CheckpointError::io(&path))?;
            serde_json::from_str(&line)
                .map_err(|e| CheckpointError::corrupt(&path, format!("line {}: {e}", n + 1)))
        })
        .collect()
}
