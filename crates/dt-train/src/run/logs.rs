//! `metrics.jsonl` (the same bytes for the same run) and `timing.jsonl` (never the same).

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use dt_env::{config, files};
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

    /// Brings all lines to the disk, as the state that counts them will be: a power cut must not
    /// leave fewer.
    pub(super) fn sync(&self) -> Result<(), CheckpointError> {
        self.file
            .sync_data()
            .map_err(CheckpointError::io(&self.path))
    }
}

/// Largest `metrics.jsonl` that is read: some two million lines.
pub const METRICS_BYTES: u64 = 256 << 20;

/// What a `metrics.jsonl` says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metrics {
    /// Its whole lines.
    pub lines: Vec<MetricLine>,
    /// Number, from 1, of a last line without an end: it is being written, or was when a run was
    /// killed or its disk was full. Resuming cuts it off.
    pub half_line: Option<usize>,
}

/// Reads the text of a `metrics.jsonl`; `path` only names it in errors.
///
/// # Errors
/// If a line is malformed, by its number.
pub fn parse_metrics(path: &Path, text: &str) -> Result<Metrics, CheckpointError> {
    let mut metrics = Metrics::default();
    for (n, line) in text.split_inclusive('\n').enumerate() {
        // What is half written of a line of ours is still text that begins as one.
        let is_half = !line.ends_with('\n') && line.starts_with('{') && line.is_ascii();
        match config::parse_json(line) {
            Ok(line) => metrics.lines.push(line),
            Err(_) if is_half => metrics.half_line = Some(n + 1),
            Err(e) => {
                let message = format!("line {}: {e}", n + 1);
                return Err(CheckpointError::corrupt(path, message));
            }
        }
    }
    Ok(metrics)
}

/// Reads the whole lines of a run's `metrics.jsonl`.
///
/// # Errors
/// If it cannot be read; names the line that is malformed.
pub fn read_metrics(run: &Path) -> Result<Vec<MetricLine>, CheckpointError> {
    let path = run.join("metrics.jsonl");
    let text = files::read_text(&path, METRICS_BYTES)?;
    Ok(parse_metrics(&path, &text)?.lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn whole_lines_are_read_and_others_named() {
        let run = tempfile::tempdir().unwrap();
        let path = run.path().join("metrics.jsonl");
        let line = "{\"step\":1,\"loss\":0.5,\"learning_rate\":0.1,\"grad_norm\":1.0}\n";
        fs::write(&path, format!("{line}{}", &line[..30])).unwrap();
        assert_eq!(read_metrics(run.path()).unwrap().len(), 1);
        let metrics = parse_metrics(&path, &format!("{line}{}", &line[..30])).unwrap();
        assert_eq!((metrics.lines.len(), metrics.half_line), (1, Some(2)));
        // A whole line that lacks its end alone is a line.
        let metrics = parse_metrics(&path, line.trim_end()).unwrap();
        assert_eq!((metrics.lines.len(), metrics.half_line), (1, None));
        fs::write(&path, format!("{}\n{line}", &line[..30])).unwrap();
        let error = read_metrics(run.path()).unwrap_err().to_string();
        assert!(error.contains("metrics.jsonl: line 1"), "{error}");
        fs::write(&path, b"\xff\0").unwrap();
        let error = read_metrics(run.path()).unwrap_err().to_string();
        assert!(error.contains("utf-8"), "{error}");
        fs::write(&path, "garbage").unwrap();
        let error = read_metrics(run.path()).unwrap_err().to_string();
        assert!(error.contains("line 1"), "{error}");
    }
}
