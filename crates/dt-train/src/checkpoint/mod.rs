//! Agents and training states on disk.
//!
//! An agent is `agent.safetensors` (weights under the original repository's names and shapes) and
//! `agent.json` (what they mean). A training state adds what a killed run needs to go on.

mod agent_files;
mod atomic;
mod fold;
mod tensors;
mod training_state;

pub(crate) use agent_files::read_agent_record;
pub use agent_files::{Agent, AgentRecord, load_agent, save_agent};
pub use atomic::{check_run_dir, create_run_dir, write_atomic, write_dir_atomic};
pub use fold::fold;
pub use tensors::{NamedTensor, read_tensors, write_tensors};
pub use training_state::{RestoredState, TrainingState, load_state, save_state};

use std::fs;
use std::path::{Path, PathBuf};

use dt_env::files::FilesError;

/// Largest file that is read into memory.
const MAX_BYTES: u64 = 4 << 30;

/// Reads a whole file, unless it is far larger than any of ours.
///
/// # Errors
/// If it cannot be read, or is too large.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, CheckpointError> {
    let length = fs::metadata(path).map_err(CheckpointError::io(path))?.len();
    if length > MAX_BYTES {
        return Err(CheckpointError::corrupt(
            path,
            format!("has {length} bytes, more than {MAX_BYTES}"),
        ));
    }
    fs::read(path).map_err(CheckpointError::io(path))
}

/// Why an agent or a training state could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{path}: {message}")]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// It is no file, or too large, or its place is not to be had.
    #[error(transparent)]
    Files(FilesError),
    /// The place is taken.
    #[error(
        "{0} exists already; use --resume to go on with it, --force to replace it, or another --out or --seed"
    )]
    Exists(PathBuf),
}

impl CheckpointError {
    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }

    #[allow(clippy::needless_pass_by_value)] // callers hand over what they have
    pub(crate) fn corrupt(path: impl Into<PathBuf>, message: impl ToString) -> Self {
        Self::Corrupt {
            path: path.into(),
            message: message.to_string(),
        }
    }
}
