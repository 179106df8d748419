//! Replays episodes recorded with Python's MiniGrid and compares every byte.
//!
//! Start from [`conform`]. A trace file holds one JSON object (an episode) per line, gzipped; a
//! folder of them may also hold `memory_seeds.json`, a table of layouts by seed.

mod replay;
mod seeds;
mod trace;

use std::path::{Path, PathBuf};

pub use replay::{Mismatch, replay_episode};
pub use seeds::check_seed_table;
pub use trace::{Trace, each_trace, parse_traces, read_traces};

use trace::unpacked;

use crate::shared::files::{self, FilesError};

/// Why traces could not be compared at all.
#[derive(Debug, thiserror::Error)]
pub enum GoldenError {
    /// A file or folder could not be read.
    #[error("cannot read {0}")]
    Read(#[from] FilesError),
    /// A line is not a trace.
    #[error("{path}: line {line}: {message}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Line, from 1 (0: the whole file).
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// The folder holds nothing to compare.
    #[error("{0}: no trace files (*.jsonl.gz) here")]
    Empty(PathBuf),
}

/// How far a file agrees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything is equal.
    Pass,
    /// Everything is equal but reward and termination, whose rule does not exist here.
    Partial,
    /// A rule that exists gives something else.
    Mismatch(String),
}

/// Result of one file.
#[derive(Clone, Debug)]
pub struct FileReport {
    /// Name of the file.
    pub file: String,
    /// Episodes (rows, for the seed table).
    pub episodes: usize,
    /// Steps compared.
    pub steps: usize,
    /// Whether worlds were made from seeds (memory family) or from recorded cells.
    pub from_seed: bool,
    /// How far it agrees.
    pub verdict: Verdict,
}

/// Largest file that is read; the largest recorded one has under 1 MB.
const MAX_FILE: u64 = 64 << 20;

/// Replays every trace file of a folder, in order of name.
///
/// # Errors
/// If the folder or a file cannot be read, or is not a trace file.
pub fn conform(dir: &Path) -> Result<Vec<FileReport>, GoldenError> {
    let mut files = files::list(dir)?;
    files.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".jsonl.gz") || name == "memory_seeds.json"
    });
    if files.is_empty() {
        return Err(GoldenError::Empty(dir.to_owned()));
    }
    files.iter().map(|path| conform_file(path)).collect()
}

/// Replays one trace file, or checks one seed table.
///
/// # Errors
/// If the file cannot be read or is malformed.
pub fn conform_file(path: &Path) -> Result<FileReport, GoldenError> {
    let file = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    if file.ends_with(".json") {
        return check_seed_table(path, files::open(path, MAX_FILE)?);
    }
    let mut report = FileReport {
        file,
        episodes: 0,
        steps: 0,
        from_seed: true,
        verdict: Verdict::Pass,
    };
    let file = files::open(path, MAX_FILE)?;
    each_trace(path, unpacked(file), |trace| {
        if matches!(report.verdict, Verdict::Mismatch(_)) {
            return Ok(());
        }
        report.episodes += 1;
        report.steps += trace.actions.len();
        match replay_episode(&trace)? {
            Ok(done) => {
                report.from_seed &= done.from_seed;
                if !done.task_rule_exists && report.verdict == Verdict::Pass {
                    report.verdict = Verdict::Partial;
                }
            }
            Err(mismatch) => {
                let text = format!("episode {}: {mismatch}", report.episodes);
                report.verdict = Verdict::Mismatch(text);
            }
        }
        Ok(())
    })?;
    Ok(report)
}
